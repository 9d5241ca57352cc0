"""An incident's life as the people in Slack, at an inbox and in front of the page see it."""

from __future__ import annotations

import json
import math

from crisiswatch.sources.webhook import sign
from tests.acceptance.world import BURNED, SECRET, WEB, World, until

HOUR = 60


def test_a_post_pushed_at_minute_one_is_in_slack_by_minute_three(here: World) -> None:
    here.at(1)
    answer = here.push(here.mention(1))
    assert (answer.status_code, answer.json()["stored"]["accepted"]) == (202, 1)
    here.at(3)
    root = here.message()
    assert "someone says a product hurt them" in root.text
    assert BURNED in json.dumps(root.blocks)


def test_three_people_make_one_message_that_is_edited_and_a_reply_that_nobody_misses(here: World) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    here.push(here.mention(2), here.mention(3))
    here.calm_down(4)
    root = here.message()
    assert root.edits >= 1  # the chart comes by edits of its own
    until(lambda: any(block["type"] == "image" for block in root.blocks), "the chart is in the message")
    assert "several people" in root.text
    (reply,) = here.thread()
    assert reply.broadcast
    assert "now critical" in reply.text


def test_the_whole_life_of_an_incident_in_slack_and_by_mail(here: World) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    here.do_the_playbook()
    here.push(here.mention(2), here.mention(3))
    here.calm_down(4, 2.8 * HOUR, 7 * HOUR)
    assert here.do(here.incidents()[0]["id"], "promise_kept", promise=1).status_code == 200
    assert here.do(here.incidents()[0]["id"], "stand_down").status_code == 200
    here.calm_down(8 * HOUR)
    root = here.message()
    assert "no new safety reports" in root.text
    escalated, *_, resolved = here.thread()
    assert (escalated.broadcast, resolved.broadcast) == (True, False)
    assert "no new safety reports" in resolved.text
    first, *rest = (mail.message for mail in here.smtp.mails)
    assert "someone says" in first["Subject"]
    assert first["In-Reply-To"] is None
    for later in rest:
        assert first["Message-ID"].strip() in later["References"]
    told = [part.get_body(("plain",)).get_content().split("\n", 1)[0] for part in (first, *rest)]
    assert [line.split(" · ")[-1].strip() for line in told] == [
        "new",
        "escalated",
        "waiting for you",
        "waiting for you",
        "calming down",
        "RESOLVED",
    ]
    assert len({mail["Message-ID"] for mail in (first, *rest)}) == len(told)
    shown = len(here.slack.messages)
    here.calm_down(30 * HOUR)
    assert len(here.slack.messages) == shown
    assert len(here.smtp.mails) == len(told)


def test_the_pages_and_the_metrics_tell_what_happened(here: World) -> None:
    assert here.get("/-/healthy").status_code == 200
    assert here.get("/-/ready").json() == {"status": "ready", "engine": "alive", "store": "ok", "config": "ok"}
    here.at(1)
    here.push(here.mention(1), here.mention(2, "nothing about anybody"))
    here.push(here.mention(1))
    here.calm_down(2)
    assert "Not calm" in here.get("/").text
    assert "Someone says a product hurt them" in here.get("/").text
    assert BURNED not in here.get("/").text
    (incident,) = here.incidents()
    assert (incident["rule"], incident["level"], incident["phase"]) == ("product-safety", "warning", "open")
    open_now = {"brand": "acme-coffee", "level": "warning", "state": "open"}
    assert here.metric("incidents", **open_now) == 1
    opened = {"brand": "acme-coffee", "rule": "product-safety", "level": "warning"}
    assert here.metric("incidents_opened_total", **opened) == 1
    for outcome in ("accepted", "unmatched", "duplicate"):
        assert here.metric("mentions_total", source="helpdesk", outcome=outcome) == 1
    assert here.metric("hook_requests_total", source="helpdesk", status="202") == 2
    for receiver in ("pr-slack", "pr-mail"):
        until(lambda who=receiver: here.metric("deliveries_total", receiver=who, outcome="sent"), "deliveries counted")
    here.calm_down(9 * HOUR)
    assert here.metric("incidents", **open_now) == 0
    assert "Not calm" not in here.get("/").text
    assert here.incidents()[0]["reason"] == "calm"
    assert here.metric("store_conflicts_total") == 0


def test_a_post_in_a_file_is_told_as_well_and_half_a_line_waits_for_its_end(here: World) -> None:
    here.at(1)
    line = json.dumps(here.mention(1)) + "\n"
    feed = here.folder / "inbox" / "feed.jsonl"
    feed.write_text(line[:40], encoding="utf-8")
    here.app.look_now()
    here.at(3)
    assert not here.slack.messages
    feed.write_text(line, encoding="utf-8")
    here.app.look_now()
    until(lambda: here.metric("mentions_total", source="exports", outcome="accepted"), "the line was read")
    here.calm_down(4)
    assert "someone says a product hurt them" in here.message().text


def test_who_takes_an_incident_is_seen_by_everybody(here: World) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    here.message()
    name = here.incidents()[0]["id"]
    answer = WEB.post(f"{here.url}/api/v1/incidents/{name}/acknowledge", json={"actor": "Ada"})
    assert answer.json()["acknowledged_by"] == "Ada"
    here.delivered()
    assert "Ada" in json.dumps(here.message().blocks)
    assert not here.thread()
    assert WEB.post(f"{here.url}/api/v1/incidents/{name}/resolve", json={"actor": "Ada"}).status_code == 200
    here.delivered()
    assert len(here.thread()) == 1
    assert here.incidents()[0]["reason"] == "by_hand"


def test_a_broken_receiver_delays_nobody_else_and_gets_its_message_later(here: World) -> None:
    from crisiswatch.testing.fake_slack import Fault

    here.slack.script("chat.postMessage", Fault.rate_limited(120))
    here.at(1)
    here.push(here.mention(1))
    here.at(2)
    until(lambda: here.smtp.mails, "the mail is there")
    until(here.put_off, "Slack's answer, to come again in two minutes, is written down")
    assert not here.slack.messages
    here.at(5)
    here.delivered()
    assert len(here.slack.roots()) == 1
    assert not here.thread()


def test_a_webhook_is_up_from_its_first_mention_and_nobody_calls_it_blind_before(here: World) -> None:
    here.at(1)
    assert math.isnan(here.metric("source_up", source="helpdesk"))
    assert here.push(here.mention(1)).status_code == 202
    assert here.metric("source_up", source="helpdesk") == 1


def test_bodies_that_are_not_as_they_should_be_are_refused_and_open_nothing(here: World) -> None:
    here.at(20)
    now = here.clock.now()
    good = json.dumps([here.mention(1)]).encode()
    big = b"[" + b" " * 1_000_000 + b"]"
    words = b"burned, burned"
    cases = {
        "unsigned": (good, "", 401),
        "forged": (good, sign(b"another secret", good, now), 401),
        "signed for another body": (good, sign(SECRET, words, now), 401),
        "late": (good, sign(SECRET, good, now.replace(minute=14)), 401),
        "early": (good, sign(SECRET, good, now.replace(minute=26)), 401),
        "too big": (big, sign(SECRET, big, now), 413),
        "no JSON": (words, sign(SECRET, words, now), 400),
    }
    for why, (body, signature, status) in cases.items():
        answer = here.push(body=body, x_crisiswatch_signature=signature)
        assert answer.status_code == status, why
        assert answer.json()["error"], why
        assert SECRET.decode() not in answer.text
    assert WEB.post(f"{here.url}/hooks/nobody", content=good).status_code == 404
    here.at(22)
    assert here.metric("mentions_total", source="helpdesk", outcome="accepted") == 0
    assert not here.incidents()
    assert here.metric("hook_requests_total", source="helpdesk", status="401") == 5
    assert here.metric("hook_requests_total", source="helpdesk", status="400") == 1


def test_a_bad_mention_among_good_ones_is_told_and_set_aside(here: World) -> None:
    here.at(1)
    answer = here.push(here.mention(1), {"text": 7})
    assert answer.status_code == 202
    assert answer.json()["refused"][0]["where"] == "helpdesk:2"
    assert here.metric("mentions_total", source="helpdesk", outcome="refused") == 1
    here.calm_down(2)
    assert here.message()
