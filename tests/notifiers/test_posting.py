"""Webhook, PagerDuty and apprise: what exactly is sent, and that it is what the pages promise."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.config import Secret
from crisiswatch.errors import TryLater, Unknown
from crisiswatch.model import (
    Case,
    CaseStep,
    Delivery,
    Level,
    Notice,
    Promise,
    Reminder,
    Snooze,
    Stage,
    StandDown,
    Verdict,
    VerdictKind,
)
from crisiswatch.notifiers import apprise as apprise_module
from crisiswatch.notifiers.apprise import AppriseNotifier, service_of
from crisiswatch.notifiers.incident_v1 import message_schema
from crisiswatch.notifiers.pagerduty import PagerDutyNotifier
from crisiswatch.notifiers.webhook import WebhookNotifier
from crisiswatch.sources.webhook import BadSignature, verify
from crisiswatch.testing.fake_http import Answer
from crisiswatch.testing.fake_receivers import FakeReceiver, fake_pagerduty
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, an_incident, some_evidence
from tests.notifiers.common import NOW, words
from tests.support import ROOT

SECRET = "s3cret"
VALIDATOR = jsonschema.Draft202012Validator(message_schema(), format_checker=jsonschema.FormatChecker())
CASE = Case(
    incident="acme-coffee-negative-wave-1",
    brand="acme-coffee",
    rule="negative-wave",
    alert="negative-wave",
    opened_at=NOW,
    revision=7,
    acknowledged_by="U012AB3CD",
    acknowledged_at=NOW,
    assigned_to="product",
    snooze=Snooze("U012AB3CD", NOW, NOW + timedelta(hours=1)),
    verdict=Verdict(VerdictKind.USEFUL, "U012AB3CD", NOW, "early enough"),
    steps=(CaseStep(step="Check the claim", role="product", due=NOW, overdue=True), CaseStep(step="Answer")),
    promises=(Promise(text="next update", due=NOW, by="U012AB3CD", at=NOW),),
    sector=("other-coffee",),
    stand_down=StandDown.AWAITED,
)
NOTICE = Notice(id="storm-1", kind="storm", at=NOW, headline="500 incidents at once", lines=("acme: 3", "other: 1"))


@pytest.fixture
def server() -> Iterator[FakeReceiver]:
    with FakeReceiver(lambda asked, body: None) as made:
        yield made


def webhook(server: FakeReceiver, **options: Any) -> WebhookNotifier:
    return WebhookNotifier(words(), ManualClock(NOW), url=server.url, secret=SECRET, timeout=2, **options)


def deliveries() -> list[Delivery]:
    """One of every kind, and one with every hostile text."""
    found = [a_delivery(stage, number, previous=True, case=CASE) for number, stage in enumerate(Stage, 1)]
    found.append(
        a_delivery(Stage.REMINDED, 9, reminder=Reminder("step_overdue", "Check the claim", NOW, 2), drill=True)
    )
    found.append(replace(a_delivery(), notice=NOTICE, link="https://watch.example/"))
    for text in HOSTILE_TEXTS:
        hostile = an_incident(title=text, because=text, rule=text[:90], id=f"i{text[:60]}")
        found.append(a_delivery(incident=hostile, evidence=some_evidence(text)))
    reading = replace(an_incident().reading, expected=float("nan"), high=float("inf"))
    found.append(a_delivery(incident=an_incident(reading=reading)))
    return found


# --- webhook


@pytest.mark.parametrize("posts", [False, True])
def test_every_message_is_as_the_published_schema_says(server: FakeReceiver, posts: bool) -> None:
    desk = webhook(server, posts=posts)
    for delivery in deliveries():
        VALIDATOR.validate(json.loads(desk.body(delivery)))


def test_the_published_schema_is_kept_and_only_ever_grows() -> None:
    kept = json.loads((ROOT / "tests" / "fixtures" / "incident.v1.schema.json").read_text(encoding="utf-8"))
    assert lost(kept, message_schema()) == []


def lost(before: Any, now: Any, where: str = "") -> list[str]:
    """What a reader could rely on and no longer can: a field, its type, that it is always there."""
    if isinstance(before, dict):
        if not isinstance(now, dict):
            return [where]
        kept = {key: value for key, value in before.items() if key not in {"description", "title"}}
        return [each for key, value in kept.items() for each in lost(value, now.get(key), f"{where}/{key}")]
    if isinstance(before, list):
        return [f"{where}: {item}" for item in before if item not in (now or ())]
    return [] if before == now else [where]


def test_a_field_that_is_gone_or_changed_is_noticed() -> None:
    schema = message_schema()
    assert lost(schema, schema) == []
    changed = json.loads(json.dumps(schema))
    del changed["properties"]["headline"]
    changed["required"].remove("event")
    changed["$defs"]["CasePart"]["properties"]["revision"]["type"] = "string"
    assert len(lost(schema, changed)) >= 3


def test_a_message_says_who_has_it_what_is_done_and_what_is_promised(server: FakeReceiver) -> None:
    webhook(server).send(a_delivery(Stage.UPDATED, 2, previous=True, case=CASE, link="https://watch.example/1"))
    (body,) = server.taken
    assert (body["schema"], body["event"], body["drill"]) == ("crisiswatch.incident.v1", "updated", False)
    assert body["incident"]["id"] == "acme-coffee-negative-wave-1"
    assert body["figures"]["observed"] == 131
    case = body["case"]
    assert (case["acknowledged_by"], case["revision"], case["verdict"]["kind"]) == ("U012AB3CD", 7, "useful")
    assert [(step["number"], step["overdue"]) for step in case["steps"]] == [(1, True), (2, False)]
    assert case["promises"][0]["text"] == "next update"
    assert body["links"] == {
        "page": "https://watch.example/1",
        "explain": "crisiswatch explain acme-coffee-negative-wave-1",
    }


def test_reminders_notices_and_drills_say_what_they_are(server: FakeReceiver) -> None:
    desk = webhook(server)
    desk.send(a_delivery(Stage.REMINDED, 3, reminder=Reminder("unacknowledged", rung=1), drill=True))
    desk.send(replace(a_delivery(), notice=NOTICE))
    reminded, notice = server.taken
    assert (reminded["event"], reminded["reminder"]["kind"], reminded["drill"]) == ("reminded", "unacknowledged", True)
    assert reminded["headline"].startswith("DRILL")
    assert (notice["event"], notice["incident"], notice["notice"]["headline"]) == ("notice", None, NOTICE.headline)


def test_no_words_of_a_post_leave_unless_they_are_asked_for(server: FakeReceiver) -> None:
    canary = "canarywords about burnt beans"
    delivery = a_delivery(evidence=some_evidence(canary))
    assert b"canarywords" not in webhook(server).body(delivery)
    asked = json.loads(webhook(server, posts=True).body(delivery))
    assert [post["text"] for post in asked["posts"]] == [canary, canary]


def test_the_signature_is_the_one_of_our_own_webhook_and_of_the_page(server: FakeReceiver) -> None:
    webhook(server, token=lambda: "bearer-1").send(a_delivery())
    (asked,) = server.requests
    header = asked.headers["x-crisiswatch-signature"]
    verify(SECRET.encode(), header, asked.body, NOW)
    with pytest.raises(BadSignature):
        verify(SECRET.encode(), header, asked.body + b" ", NOW)
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "receivers.md").read_text("utf-8"), re.DOTALL)
    assert len(code.strip().splitlines()) <= 10
    space: dict[str, Any] = {}
    exec(code, space)
    space["time"] = type("Time", (), {"time": staticmethod(NOW.timestamp)})
    assert space["verified"](SECRET.encode(), header, asked.body)
    assert not space["verified"](b"other", header, asked.body)
    space["time"] = type("Time", (), {"time": staticmethod((NOW + timedelta(minutes=6)).timestamp)})
    assert not space["verified"](SECRET.encode(), header, asked.body)
    assert asked.headers["authorization"] == "Bearer bearer-1"
    assert asked.headers["idempotency-key"] == "acme-coffee-negative-wave-1/1/receiver"
    assert asked.headers["x-crisiswatch-event"] == "opened"
    stamp, _, digest = header.partition(",v1=")
    expected = hmac.new(SECRET.encode(), stamp.removeprefix("t=").encode() + b"." + asked.body, hashlib.sha256)
    assert digest == expected.hexdigest()


def test_a_secret_that_is_missing_is_waited_for_and_the_address_is_never_told(monkeypatch, server) -> None:
    monkeypatch.delenv("HOOK_KEY", raising=False)
    desk = WebhookNotifier(words(), ManualClock(NOW), url=f"{server.url}/hunter2", secret=Secret(env="HOOK_KEY"))
    with pytest.raises(TryLater, match="HOOK_KEY"):
        desk.send(a_delivery())
    monkeypatch.setenv("HOOK_KEY", "k")
    for answer in (Answer(401), Answer(500), Answer(503)):
        server.next = [answer]
        with pytest.raises((TryLater, Unknown)) as caught:
            desk.send(a_delivery())
        assert "hunter2" not in caught.value.detail


# --- PagerDuty


@pytest.fixture
def pager() -> Iterator[FakeReceiver]:
    with fake_pagerduty("key") as made:
        yield made


def pagerduty(server: FakeReceiver) -> PagerDutyNotifier:
    return PagerDutyNotifier(words(), ManualClock(NOW), routing_key="key", base_url=server.url, timeout=2)


def actions(server: FakeReceiver) -> list[str]:
    return [body["event_action"] for body in server.taken]


def test_an_incident_is_triggered_acknowledged_once_and_resolved(pager: FakeReceiver) -> None:
    desk = pagerduty(pager)
    memory = desk.send(a_delivery()).memory
    known = {"previous": True}
    memory = desk.send(a_delivery(Stage.UPDATED, 2, memory=memory, case=CASE, **known)).memory
    memory = desk.send(a_delivery(Stage.UPDATED, 3, memory=memory, case=CASE, **known)).memory
    memory = desk.send(a_delivery(Stage.ESCALATED, 4, memory=memory, case=CASE, **known)).memory
    memory = desk.send(a_delivery(Stage.CALMING, 5, memory=memory, case=CASE, **known)).memory
    desk.send(a_delivery(Stage.RESOLVED, 6, memory=memory, case=CASE, **known))
    assert actions(pager) == ["trigger", "acknowledge", "trigger", "resolve"]
    assert {body["dedup_key"] for body in pager.taken} == {"acme-coffee-negative-wave-1"}


def test_severity_follows_the_level_and_a_drill_says_so(pager: FakeReceiver) -> None:
    desk = pagerduty(pager)
    for level in (Level.WATCH, Level.WARNING, Level.CRITICAL):
        desk.send(a_delivery(incident=an_incident(level=level), drill=True, link="https://watch.example/1"))
    payloads = [body["payload"] for body in pager.taken]
    assert [payload["severity"] for payload in payloads] == ["warning", "error", "critical"]
    assert all(payload["summary"].startswith("DRILL: ") for payload in payloads)
    assert payloads[0]["custom_details"]["figures"]["Mentions now"] == "131 in 15 minutes"
    assert pager.taken[0]["links"][0]["href"] == pager.taken[0]["client_url"] == "https://watch.example/1"


def test_of_reminders_only_that_nobody_has_it_reaches_pagerduty_and_of_notices_none(pager: FakeReceiver) -> None:
    desk = pagerduty(pager)
    desk.send(a_delivery(Stage.REMINDED, 2, previous=True, reminder=Reminder("step_overdue", "Check")))
    desk.send(replace(a_delivery(), notice=NOTICE))
    assert actions(pager) == []
    desk.send(a_delivery(Stage.REMINDED, 3, previous=True, reminder=Reminder("unacknowledged")))
    assert actions(pager) == ["trigger"]


def test_an_id_that_is_too_long_keeps_its_own_key(pager: FakeReceiver) -> None:
    desk = pagerduty(pager)
    for end in "ab":
        desk.send(a_delivery(incident=an_incident(id="x" * 300 + end)))
    assert len({body["dedup_key"] for body in pager.taken}) == 2


# --- apprise


def chat(server: FakeReceiver, kind: str = "json", path: str = "hook") -> AppriseNotifier:
    return AppriseNotifier(words(), f"{kind}{server.url.removeprefix('http')}/{path}?rto=2")


def test_a_short_text_with_the_news_who_has_it_and_a_link(server: FakeReceiver) -> None:
    desk = chat(server)
    desk.send(a_delivery(link="https://watch.example/1", drill=True))
    desk.send(a_delivery(Stage.RESOLVED, 2, previous=True))
    first, last = server.taken
    assert first["title"] == "DRILL · [WARNING · new] Acme Coffee: unusual wave of negative mentions"
    assert "Nobody has taken it yet." in first["message"]
    assert "First: Take the lead" in first["message"]
    assert len(first["message"]) <= 1500
    assert (first["type"], last["type"]) == ("warning", "success")
    assert last["title"].startswith("[RESOLVED]")


def test_other_services_take_it_too(server: FakeReceiver) -> None:
    chat(server, "gotify", "TOKEN").send(a_delivery())
    chat(server, "ntfy", "topic").send(a_delivery())
    gotify, ntfy = server.taken
    assert "unusual wave" in gotify["title"]
    assert ntfy["topic"] == "topic"


def test_only_news_reaches_a_small_screen(server: FakeReceiver) -> None:
    desk = chat(server)
    for stage in (Stage.UPDATED, Stage.CALMING):
        desk.send(a_delivery(stage, 2, previous=True))
    assert server.taken == []
    desk.send(a_delivery(Stage.REMINDED, 3, previous=True, reminder=Reminder("unacknowledged")))
    desk.send(replace(a_delivery(), notice=NOTICE))
    assert len(server.taken) == 2
    assert (server.taken[1]["title"], server.taken[1]["message"]) == (NOTICE.headline, "acme: 3\nother: 1")
    desk.send(a_delivery(Stage.CALMING, 4, previous=True, case=CASE))
    assert "waits for a person to confirm" in server.taken[2]["message"]


def test_neither_address_nor_text_is_printed_or_part_of_an_error(server, capfd) -> None:
    server.always = Answer(401)
    address = f"json://me:hunter2@{server.url.removeprefix('http://')}/hunter3"
    with pytest.raises(TryLater) as caught:
        AppriseNotifier(words(), address).send(a_delivery())
    with pytest.raises(TryLater, match="no service") as unknown:
        AppriseNotifier(words(), "pigeon://hunter2").send(a_delivery())
    said = caught.value.detail + unknown.value.detail + "".join(capfd.readouterr())
    assert "hunter" not in said
    assert service_of("tgram://123456789:abcdefg_hijklmnop/12315544/") == "Telegram"
    assert service_of("pigeon://x") is None


def test_without_the_extra_a_message_waits_and_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setattr(apprise_module, "library", lambda: None)
    with pytest.raises(TryLater, match=r"pip install 'crisiswatch\[apprise\]'"):
        AppriseNotifier(words(), "json://localhost").send(a_delivery())
