"""What becomes of a message that waits when a newer one of the same incident comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crisiswatch.model import Reminder, Stage
from crisiswatch.store.bodies import Body, body_from_json, body_to_json, takes_over
from tests.store.samples import NOON, incident, owed


def waiting(kind: str, subject: str = "Take the lead"):
    body = body_to_json(Body(incident=incident(), reminder=Reminder(kind, subject, None, 0)))
    return owed(2, Stage.REMINDED, body=body, not_before=NOON + timedelta(minutes=10))


@pytest.mark.parametrize("kind", ["step_overdue", "unacknowledged", "step_failed"])
def test_that_it_calms_is_told_at_once_though_a_reminder_waits_for_its_turn(kind):
    calming = owed(3, Stage.CALMING, body=body_to_json(Body(incident=incident())))
    told = takes_over(calming, waiting(kind))
    assert (told.stage, told.not_before) == (Stage.CALMING, calming.not_before)
    assert body_from_json(told.body).reminder is None


def test_a_promise_is_kept_by_the_word_that_it_calms():
    calming = owed(3, Stage.CALMING, body=body_to_json(Body(incident=incident())))
    told = takes_over(calming, waiting("promise_due", "The next update"))
    assert told.stage is Stage.REMINDED
    assert body_from_json(told.body).reminder.kind == "promise_due"


@pytest.mark.parametrize("order", [("assigned_to", "step_overdue"), ("step_overdue", "assigned_to")])
def test_whoever_it_was_given_to_is_called_whatever_else_is_reminded_of_meanwhile(order):
    who = {"assigned_to": "U0ADALACE", "step_overdue": "Take the lead"}
    later = body_to_json(Body(incident=incident(), reminder=Reminder(order[1], who[order[1]])))
    told = body_from_json(takes_over(owed(3, Stage.REMINDED, body=later), waiting(order[0], who[order[0]])).body)
    assert told.reminder == Reminder("assigned_to", "U0ADALACE")
