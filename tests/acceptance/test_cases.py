"""What people do about an incident, through the daemon's own door."""

from __future__ import annotations

from typing import Any

import pytest

from crisiswatch.cli.incidents import list_incidents
from crisiswatch.cli.page import Format
from crisiswatch.response import case_to_dict, verified
from tests.acceptance.world import World

HOUR = 60


def opened(here: World) -> str:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    return str(here.incidents()[0]["id"])


def case(here: World) -> dict[str, Any]:
    found: dict[str, Any] = here.incidents()[0]["case"]
    return found


def test_an_act_is_kept_told_in_the_message_and_in_the_log(here: World) -> None:
    name = opened(here)
    done = here.do(name, "step_done", step=1)
    assert (done.status_code, done.json()["answer"]) == (200, "Step 1 was done by Ada, 3 Mar 2026, 12:02 UTC.")
    assert here.do(name, "acknowledge", "Bo").json()["acknowledged_by"] == "Bo"
    assert here.do(name, "acknowledge", "Cy").json()["answer"] == "Bo has had it since 3 Mar 2026, 12:02 UTC."
    assert here.do(name, "snooze", for_="60").json()["case"]["snooze"]["by"] == "Ada"
    assert here.do(name, "verdict", kind="not_a_crisis").status_code == 409
    assert here.do(name, "verdict", kind="not_a_crisis", reason="joke").status_code == 200
    assert here.do(name, "step_done", step=99).json() == {"error": "there is no step 99 of 9"}
    assert here.do("acme-coffee.wave.never", "acknowledge").status_code == 404
    here.delivered()
    assert case(here)["steps"][0]["done_by"] == "Ada"
    assert "Bo has had it" in str(here.message().blocks)
    log = here.get(f"/api/v1/incidents/{name}/log").json()["decisions"]
    assert [line["kind"] for line in log] == [
        "opened",
        "step_done",
        "acknowledge",
        "acknowledge",
        "snooze",
        "verdict",
    ]
    kept = here.app.store.case(name)
    assert kept is not None
    assert verified(here.app.store.decisions(name), kept) == ""


def test_what_is_late_is_told_once_also_by_a_daemon_that_was_killed_meanwhile(here: World) -> None:
    name = opened(here)
    here.do(name, "acknowledge")
    here.delivered()
    here.abandon()
    here.start_another()
    here.at(2 * HOUR)
    first = here.app.store.case(name)
    assert first is not None
    here.at(3 * HOUR)
    again = here.app.store.case(name)
    assert again is not None
    reminded = [line.text for line in here.app.store.decisions(name) if line.kind == "reminded"]
    assert len(reminded) == len({step.due for step in first.steps if step.due is not None})
    assert case_to_dict(again)["steps"] == case_to_dict(first)["steps"]
    assert verified(here.app.store.decisions(name), again) == ""


def test_what_waits_for_a_person_is_open_wherever_one_looks(here: World, capsys: pytest.CaptureFixture[str]) -> None:
    here.at(1)
    here.push(*(here.mention(number) for number in range(1, 6)))
    here.calm_down(2)
    name = here.incidents()[0]["id"]
    for minute in range(25, 401, 25):
        here.calm_down(minute)
    waits = "over in the figures, waits for a person to confirm"
    assert case(here)["stand_down"] == "awaited"
    assert (here.incidents()[0]["open"], here.incidents()[0]["awaited"]) == (True, True)
    page = here.get("/").text
    assert "1 open incident." in page
    assert waits in page
    assert here.get(f"/incidents/{name}/post-mortem.md").status_code == 404
    assert [each.id for each in here.app.store.incidents(open_only=True)] == [name]
    labels = {"brand": "acme-coffee", "level": "critical", "state": "awaited"}
    assert here.metric("incidents", **labels) == 1.0
    capsys.readouterr()
    assert list_incidents(here.config, Format.TEXT, only_open=True, brand=None, limit=20) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert (name in said, waits in said) == (True, True)
    here.do(name, "stand_down", "Bo")
    assert here.app.store.incidents(open_only=True) == []
    assert not here.incidents()[0]["open"]
    assert here.metric("incidents", **labels) == 0.0
    assert "No incident is open" in here.get("/").text
    assert here.get(f"/incidents/{name}/post-mortem.md").status_code == 200
