"""Exercises through the real daemon, with the Slack and the mail server of the acceptance stories."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from crisiswatch.clock import ManualClock, SystemClock
from crisiswatch.config import load
from crisiswatch.drill import Drill, report_lines, request_from
from crisiswatch.drill.report import _reminders
from crisiswatch.model import Reminder, Stage
from crisiswatch.store import Body, OutboxRow, body_to_json
from crisiswatch.testing.notifiers import an_incident
from tests.acceptance.world import WEB, World, until, world
from tests.cli.support import GOOD, STREAM
from tests.notifiers.common import NOW

ASKED = {"alert": "negative-wave", "level": "critical", "minutes": 40}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def begin(here: World, **asked: object) -> str:
    answer = WEB.post(f"{here.url}/api/v1/drills", json={**ASKED, **asked})
    assert answer.status_code == 200, answer.text
    name = str(answer.json()["id"])
    until(lambda: view(here, name)["state"] == "running", "the drill runs")
    return name


def view(here: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = here.get(f"/api/v1/drills/{name}").json()
    return found


def opened(here: World, name: str) -> dict[str, Any]:
    """The incident of the drill, once it is critical and its messages are out."""
    for minute in (1, 2, 3, 4, 5):
        here.at(minute)
        until(lambda m=minute: said(here) >= 8 * m, "the crowd speaks")
    until(lambda: view(here, name)["incidents"] and view(here, name)["incidents"][0]["level"] == "critical", "critical")
    until(here.slack.roots, "a message is in the channel")
    found: dict[str, Any] = view(here, name)["incidents"][0]
    return found


def said(here: World) -> int:
    (drill,) = here.app.drills._drills.values()
    return drill.store.last_seq()


def mails(here: World) -> list[Any]:
    return [mail.message for mail in here.smtp.mails]


def test_a_drill_goes_through_the_real_receivers_and_tells_who_had_it_when(here: World) -> None:
    name = begin(here)
    incident = opened(here, name)
    assert ".drill-" in incident["id"]
    (root,) = here.slack.roots()
    assert "DRILL" in str(root.blocks)
    here.at(9)
    assert here.do(incident["id"], "acknowledge", "Ada").json()["drill"] is True
    assert here.do(incident["id"], "step_done", "Bo", step=2).status_code == 200
    WEB.post(f"{here.url}/api/v1/drills/{name}/end")
    until(lambda: view(here, name)["state"] == "over", "it is over")
    report = view(here, name)
    (told,) = report["incidents"]
    assert (told["acknowledged_by"], told["ending"]) == ("Ada", "by_hand")
    assert 7 * 60 <= told["acknowledged_after_seconds"] <= 9 * 60
    assert [step["done_by"] for step in told["steps"][:2]] == ["Ada", "Bo"]  # taking it does the first
    assert report["messages"]["pr-slack"]["failed"] == report["messages"]["pr-slack"]["waiting"] == 0
    assert "DRILL over" in str(here.slack.roots()[0].blocks)
    subjects = [str(mail["Subject"]) for mail in mails(here)]
    assert subjects
    assert all("DRILL" in subject for subject in subjects)
    assert any("DRILL over" in subject for subject in subjects), "the report came by mail"
    assert here.do(incident["id"], "acknowledge", "Cy").json()["error"] == "the drill is over"


def test_nothing_of_a_drill_is_in_what_is_real(here: World) -> None:
    name = begin(here)
    opened(here, name)
    assert here.incidents() == []
    assert here.metric("incidents_opened_total", brand="acme-coffee", rule="negative-wave", level="warning") == 0
    assert here.app.store.last_seq() == 0
    assert here.app.store.outbox_rows() == []
    WEB.post(f"{here.url}/api/v1/drills/{name}/end")
    until(lambda: view(here, name)["state"] == "over", "it is over")


def test_it_ends_by_itself_and_one_runs_at_a_time(here: World) -> None:
    name = begin(here, minutes=6)
    opened(here, name)
    again = WEB.post(f"{here.url}/api/v1/drills", json=ASKED)
    assert (again.status_code, again.json()["error"]) == (422, "a drill is under way already; end it first")
    here.at(7)
    until(lambda: view(here, name)["state"] == "over", "it is over")
    report = view(here, name)
    assert report["ended"] == "time"
    assert report["incidents"][0]["acknowledged_by"] == ""


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"alert": "nope"}, "there is no alert 'nope'"),
        ({"alert": ""}, "say which alert to drill, or which recording to play"),
        ({"receivers": ["fax"]}, "there is no receiver 'fax'; there are: pr-slack, pr-mail"),
        ({"speed": 0}, "`speed` is a number from 0.1 to 100"),
        ({"brand": "other"}, "there is no brand 'other'; there are: acme-coffee"),
        ({"level": "doom"}, "there is no level 'doom'; there are: watch, warning, critical"),
        ({"colour": "red"}, "not by 'colour'"),
        ({"alert": "", "scenario": "/nowhere.jsonl", "nonsense": 1}, "not by 'nonsense'"),
    ],
)
def test_what_can_not_be_drilled_is_said_in_words(here: World, asked: dict[str, object], answer: str) -> None:
    refused = WEB.post(f"{here.url}/api/v1/drills", json={**ASKED, **asked})
    assert refused.status_code == 422
    assert answer in refused.json()["error"]


def test_a_recording_is_judged_by_the_real_rules_and_opens_soon_after_the_drill_begins(tmp_path: Path) -> None:
    loaded = load(GOOD)
    printed = io.StringIO()
    request = request_from({"scenario": str(STREAM), "receivers": ["console"], "speed": 100, "minutes": 2})
    drill = Drill(loaded, request, SystemClock(), console=printed)
    drill.start()
    until(lambda: drill.view()["incidents"], "the recording's crisis")
    drill.end()
    assert drill.wait(60.0)
    report = drill.view()
    (incident,) = report["incidents"][:1]
    assert incident["id"].startswith("acme.drill-")
    assert incident["acknowledged_by"] == ""
    assert report["messages"]["console"]["sent"] >= 2
    assert "DRILL" in printed.getvalue()
    assert "2017" not in printed.getvalue()


def test_in_a_fast_drill_reminders_come_faster_too_and_only_those_that_arrived_are_told() -> None:
    clock = ManualClock(NOW)
    drill = Drill(load(GOOD), request_from({**ASKED, "speed": 60}), clock)
    try:
        assert drill._plan.remind_every == timedelta(seconds=10)
        incident = an_incident(opened_at=NOW)
        body = body_to_json(Body(incident=incident, reminder=Reminder("unacknowledged")))
        rows = [
            OutboxRow(
                id=f"{incident.id}/{version}/{receiver}", incident=incident.id, version=version, receiver=receiver,
                stage=Stage.REMINDED, priority=0, body=body, created_at=NOW, status=status,
            )
            for version, receiver, status in (
                (2, "pr-slack", "sent"), (2, "pr-mail", "pending"), (3, "pr-slack", "superseded"), (3, "pr-mail", "dead"),
            )
        ]  # fmt: skip
        drill.clock.let_go()
        (told,) = _reminders(incident, rows, drill.clock)
        assert told["receivers"] == ["pr-slack"]
    finally:
        drill.store.close()
        drill._folder.cleanup()


def test_the_report_speaks_italian() -> None:
    report = {
        "alert": "negative-wave", "scenario": "", "speed": 1.0, "ended": "time", "messages": {},
        "incidents": [{
            "id": "a", "title": "Onda", "acknowledged_by": "Ada", "acknowledged_after_seconds": 190.0, "reminders": [],
            "steps": [{"step": "Verifica", "done_by": "", "done_after_seconds": None, "overdue": True}],
        }],
    }  # fmt: skip
    assert report_lines(report, "it") == [
        "ESERCITAZIONE finita: Onda",
        "È finita perché il tempo era scaduto.",
        "Ada l'ha preso in carico 3 min dopo l'apertura.",
        "0 passi su 1 fatti, 1 in ritardo.",
        "- Verifica: non fatto",
    ]
