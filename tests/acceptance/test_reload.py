"""A configuration that is changed while it runs: good ones are taken, bad ones are told and change nothing."""

from __future__ import annotations

from tests.acceptance.world import WEB, World

RULES = "rules/starter"


def edit(here: World, name: str, old: str, new: str) -> None:
    path = here.folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_word_counts_from_the_reload_on(here: World) -> None:
    here.at(1)
    here.push(here.mention(1, "Acme Coffee gave me a strange wobble"))
    here.at(3)
    assert not here.incidents()
    edit(here, f"{RULES}/product-safety.yaml", "- injured\n", "- injured\n        - wobble\n")
    assert here.app.reload() == (True, [])
    here.push(here.mention(2, "Acme Coffee gave me a strange wobble"))
    here.calm_down(5)
    assert here.incidents()[0]["rule"] == "product-safety"
    assert here.message()


def test_a_bad_file_keeps_the_old_configuration_and_everybody_can_see_why(here: World) -> None:
    edit(here, f"{RULES}/product-safety.yaml", "window: 30m", "windwo: 30m")
    good, problems = here.app.reload()
    assert not good
    assert any("windwo" in problem for problem in problems)
    ready = here.get("/-/ready")
    assert ready.status_code == 200
    assert any("windwo" in problem for problem in ready.json()["config"])
    assert here.metric("config_last_reload_successful") == 0
    assert "windwo" in here.get("/").text
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    assert here.message()
    edit(here, f"{RULES}/product-safety.yaml", "windwo: 30m", "window: 30m")
    answer = WEB.post(f"{here.url}/-/reload")
    assert (answer.status_code, answer.json()["status"]) == (200, "reloaded")
    assert here.metric("config_last_reload_successful") == 1
    assert here.get("/-/ready").json()["config"] == "ok"


def test_an_open_incident_lives_through_a_reload(here: World) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    root = here.message()
    assert here.app.reload()[0]
    here.push(here.mention(2), here.mention(3))
    here.calm_down(4)
    assert here.message().ts == root.ts
    assert len(here.thread()) == 1


def test_the_incident_of_a_rule_that_was_removed_ends_in_slack(here: World) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    here.message()
    (here.folder / RULES / "product-safety.yaml").unlink()
    (here.folder / RULES / "product-safety.test.yaml").unlink()
    edit(here, f"{RULES}/big-voice.yaml", "    unless_open: [product-safety]", "    #")
    for topic in ("bot-wave", "paracrisis"):
        edit(here, f"rules/topics/{topic}.yaml", "      - product-safety\n", "")
    assert here.app.reload()[0], here.get("/-/ready").text
    here.delivered()
    assert here.incidents()[0]["reason"] == "rule_removed"
    (reply,) = here.thread()
    assert "no longer watched, because the rule was removed" in reply.text
    here.push(here.mention(2), here.mention(3), here.mention(4))
    here.calm_down(5)
    assert len(here.incidents()) == 1


def test_a_receiver_that_comes_in_with_a_reload_is_told_of_what_comes_next(here: World) -> None:
    edit(here, "crisiswatch.yaml", "receivers: [pr-slack, pr-mail]", "receivers: [pr-slack]")
    assert here.app.reload()[0]
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    assert here.message()
    edit(here, "crisiswatch.yaml", "receivers: [pr-slack]", "receivers: [pr-slack, pr-mail]")
    assert here.app.reload()[0]
    here.push(here.mention(2), here.mention(3))
    here.calm_down(4)
    (mail,) = here.smtp.mails
    assert "several people" in mail.message["Subject"]
