"""A promise rings before it is missed, whoever sleeps or wants to be left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crisiswatch.rules.model import Settle
from crisiswatch.store import Store
from tests.calm.house import House, counting, night_for, to

LASTING = replace(counting(), settle=Settle(1000, 0.5))


def promises(house: House, minutes: int) -> str:
    """Somebody takes the open incident and promises an update."""
    (incident,) = house.store.incidents("acme", open_only=True)
    due = house.clock.now() + timedelta(minutes=minutes)
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.pipeline.act(incident.id, "promise", "anna", {"text": "The next update", "due": due.isoformat()})
    house.dispatch()
    return incident.id


def reminders(house: House, receiver: str) -> list[tuple[str, str]]:
    got = zip(house.at(receiver).at, house.at(receiver).got, strict=True)
    return [(f"{at:%H:%M}", each.reminder.kind) for at, each in got if each.reminder is not None]


def test_in_quiet_hours_a_promise_rings_at_once_for_whoever_hears_of_critical_incidents(store: Store) -> None:
    house = House(store, to("desk"), quiet=[night_for("desk")])
    house.until(19, 55)
    house.says("acme", times=2)
    house.passes(1)
    promises(house, 60)
    house.until(22)
    assert reminders(house, "desk") == [("20:41", "promise_due"), ("20:56", "promise_missed")]


def test_whoever_wants_nothing_at_night_has_it_in_the_first_message_of_the_morning(store: Store) -> None:
    house = House(store, to("desk"), to("slack"), slacks=["slack"], quiet=[night_for("desk", "slack", but=frozenset())])
    house.until(19, 55)
    house.says("acme", times=2)
    house.passes(1)
    promises(house, 60)
    house.until(20, 45)  # it calms down after it rang
    house.until(7, 0, 10)
    for receiver in ("desk", "slack"):
        assert reminders(house, receiver) == [("07:00", "promise_missed")]


def test_of_two_promises_in_the_same_words_the_one_that_was_kept_does_not_ring_in_the_morning(store: Store) -> None:
    house = House(store, to("desk"), rules=[LASTING], quiet=[night_for("desk", but=frozenset())])
    house.until(19, 50)
    house.says("acme", times=3)
    house.passes(1)
    incident = promises(house, 40)
    promises(house, 30 * 60)
    house.until(20, 21)  # the first rang at 20:16, and waits
    house.pipeline.act(incident, "promise_kept", "anna", {"promise": "1"})
    house.until(7, 30, 10)
    assert reminders(house, "desk") == []


def test_calming_keeps_the_promise_that_rang_before_it(store: Store) -> None:
    house = House(store, to("desk"), quiet=[night_for("desk", but=frozenset())])
    house.until(19, 50)
    house.says("acme", times=6)
    house.passes(1)
    promises(house, 27)
    house.until(20, 40)
    rows = store.outbox_rows(status="pending")
    assert len(rows) == 1
    assert "promise" in rows[0].body
    house.until(7, 0, 20)
    assert reminders(house, "desk")[-1] == ("07:00", "promise_missed")


def test_whoever_it_is_assigned_to_is_told_in_a_message_of_its_own(store: Store) -> None:
    house = House(store, to("mail"), to("slack"), slacks=["slack"])
    house.says("acme", times=6)
    house.passes(1)
    (incident,) = house.store.incidents("acme", open_only=True)
    for who in ("U0ADALACE", "U0GRACEH"):  # the second is not put off, though it comes soon after the first
        house.pipeline.act(incident.id, "assign", "anna", {"to": who})
        house.dispatch()
    for receiver in ("mail", "slack"):
        assert house.at(receiver).stages() == ["opened", "reminded", "reminded"]
        last = house.at(receiver).got[-1].reminder
        assert last is not None
        assert (last.kind, last.subject) == ("assigned_to", "U0GRACEH")


@pytest.mark.parametrize("wanted", ["240", "calm"])
def test_a_promise_rings_through_a_snooze(store: Store, wanted: str) -> None:
    house = House(store, to("desk"))
    house.says("acme", times=6)
    house.passes(1)
    incident = promises(house, 20)
    house.pipeline.act(incident, "snooze", "anna", {"for": wanted})
    house.passes(25)
    assert reminders(house, "desk") == [("18:16", "promise_due"), ("18:21", "promise_missed")]
