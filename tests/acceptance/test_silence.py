"""A silence by the command line, through the daemon's API, on the page and in the channel."""

from __future__ import annotations

from tests.acceptance.world import WEB, World


def test_a_silence_is_on_the_page_in_the_channel_and_keeps_an_incident_back_until_it_ends(here: World) -> None:
    told = {"brand": "acme-coffee", "minutes": 60, "reason": "a recall drill <b>", "by": "anna"}
    begun = WEB.post(f"{here.url}/api/v1/silences", json=told)
    assert begun.status_code == 200
    assert begun.json()["ends"].startswith("2026-03-03T13:00")
    page = here.get("/").text
    assert "a recall drill &lt;b&gt;" in page
    assert here.get("/api/v1/status").json()["silences"][0]["by"] == "anna"
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    (announced,) = here.slack.roots()
    assert announced.text.startswith("Acme Coffee is silenced until 3 Mar 2026, 13:00 UTC")
    ended = WEB.post(f"{here.url}/api/v1/silences/{begun.json()['id']}/end", json={"actor": "bo"})
    assert ended.json()["ended_by"] == "bo"
    here.delivered()
    told_now = [root.text for root in here.slack.roots()[1:]]
    assert sum("someone says a product hurt them" in text for text in told_now) == 1
    assert sum("no longer silenced" in text and "1 incident opened meanwhile" in text for text in told_now) == 1
    assert len(told_now) == 2
    assert "Silences" not in here.get("/").text


def test_what_makes_no_sense_is_refused_in_words(here: World) -> None:
    whole = {"brand": "acme-coffee", "minutes": 60, "reason": "tests", "by": "anna"}
    for wrong, status, why in (
        ({"brand": "nobody"}, 404, "there is no brand"),
        ({"minutes": "long"}, 409, "how long"),
        ({"minutes": 10**5}, 409, "30 days"),
        ({"level": "calm"}, 409, "watch, warning or critical"),
        ({"reason": ""}, 409, "a reason"),
        ({"by": 7}, 409, "are texts"),
    ):
        answer = WEB.post(f"{here.url}/api/v1/silences", json=whole | wrong)
        assert (answer.status_code, why in answer.json()["error"]) == (status, True), wrong
    assert WEB.post(f"{here.url}/api/v1/silences/9/end").status_code == 404
    assert WEB.post(f"{here.url}/api/v1/silences", content=b"[").status_code == 400
    assert here.get("/api/v1/silences").json() == {"silences": []}
