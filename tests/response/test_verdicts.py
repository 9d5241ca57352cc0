"""What a verdict stops: whoever says that it is a false alarm, or no crisis, has it, and nobody is reminded of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crisiswatch.model import Level, Reminder, StandDown
from crisiswatch.model.alert import PlaybookStep
from crisiswatch.store.bodies import reminder_is_settled
from tests.response.stories import PLAN, STEPS, Story, at, does, opening, over, rising

DISMISSALS = [{"kind": "false_alarm"}, {"kind": "not_a_crisis", "reason": "irony"}]


@pytest.mark.parametrize("verdict", DISMISSALS)
def test_after_a_false_alarm_nobody_is_reminded_and_it_is_not_escalated(verdict) -> None:
    story = Story(opening(Level.CRITICAL), does(2, "verdict", "ada", **verdict)).until(24 * 60)
    assert (story.case.acknowledged_by, story.case.acknowledged_at) == ("ada", at(2))
    assert story.reminders() == []
    assert not any(step.overdue for step in story.case.steps)
    assert [line.text for line in story.log if line.kind == "acknowledge"] == ["Has it, by saying what it was."]


def test_useful_is_no_reason_to_stop() -> None:
    story = Story(opening(), does(2, "verdict", kind="useful")).until(20)
    assert story.case.acknowledged_by == ""
    assert [kind for kind, _ in story.reminders()] == ["step_overdue"]


def test_who_has_it_keeps_it_whoever_judges() -> None:
    story = Story(opening(), does(1, "acknowledge", "ada"), does(2, "verdict", "bo", kind="false_alarm")).until(500)
    assert story.case.acknowledged_by == "ada"
    assert story.reminders() == []


def test_whoever_takes_the_word_back_is_reminded_of_what_is_late() -> None:
    story = Story(opening(), does(2, "verdict", kind="false_alarm"), does(60, "verdict", kind="useful")).until(70)
    assert [kind for kind, _ in story.reminders()] == ["step_overdue"]


def test_a_word_on_a_warning_says_nothing_of_what_becomes_critical() -> None:
    story = Story(opening(), does(2, "verdict", kind="false_alarm"), rising(30))
    assert story.case.acknowledged_by == ""
    assert story.log[-2].text == "Nobody has it any more: ada only said what it was before."
    story.until(70)
    assert story.reminders() == [("step_overdue", 30), ("unacknowledged", 60)]
    assert (story.case.climbed, story.case.escalated_to) == ((1, 2), ("boss", "chief"))


def test_each_rung_has_its_time_from_the_rise() -> None:
    bare = replace(PLAN, steps=())
    story = Story(opening(), does(2, "verdict", kind="false_alarm"), rising(30), plan=bare).until(70)
    assert story.reminders() == [("unacknowledged", 45), ("unacknowledged", 60)]


@pytest.mark.parametrize("act", [does(9, "acknowledge"), does(9, "acknowledge", "bo"), does(9, "assign", to="bo")])
def test_whoever_took_it_besides_the_verdict_has_it_when_it_gets_worse(act) -> None:
    story = Story(opening(), does(2, "verdict", kind="false_alarm"), act, rising(30)).until(60)
    assert story.case.acknowledged_by in {"ada", "bo"}
    assert "unacknowledged" not in [kind for kind, _ in story.reminders()]


def test_a_promise_rings_all_the_same() -> None:
    promised = does(1, "promise", text="more", due=at(60).isoformat())
    story = Story(opening(), promised, does(2, "verdict", kind="false_alarm")).until(100)
    assert [kind for kind, _ in story.reminders()] == ["promise_due", "promise_missed"]


@pytest.mark.parametrize("verdict", DISMISSALS)
def test_what_a_person_called_no_crisis_is_over_when_it_is_calm(verdict) -> None:
    story = Story(opening(Level.CRITICAL), does(2, "verdict", **verdict), over(60, Level.CRITICAL))
    assert (story.case.stand_down, story.case.ending, story.stages()[-1]) == (StandDown.NOT_NEEDED, "calm", "resolved")


@pytest.mark.parametrize("verdict", DISMISSALS)
def test_who_calls_it_no_crisis_while_it_waits_has_said_that_it_is_over(verdict) -> None:
    story = Story(opening(Level.CRITICAL), over(60, Level.CRITICAL), does(70, "verdict", **verdict))
    assert (story.case.stand_down, story.case.stood_down_by) == (StandDown.CONFIRMED, "ada")
    assert (story.case.ending, story.case.ended_at, story.stages()[-1]) == ("calm", at(70), "resolved")
    assert [line.kind for line in story.log[-3:]] == ["verdict", "acknowledge", "stand_down"]
    assert len(story.log) == len(story.tell(does(71, "verdict", **verdict)).until(5000).log)


def test_what_was_useful_and_is_calm_still_waits_for_a_word_that_it_is_over() -> None:
    story = Story(opening(Level.CRITICAL), over(60, Level.CRITICAL), does(70, "verdict", kind="useful"))
    assert story.case.stand_down is StandDown.AWAITED
    assert story.until(190).reminders()[-1] == ("stand_down_awaited", 180)


def test_a_verdict_after_the_end_takes_nothing() -> None:
    story = Story(opening(), over(60), does(70, "verdict", kind="false_alarm"))
    assert (story.case.acknowledged_by, story.stages()[-1]) == ("", "updated")


def test_a_reminder_of_a_step_that_still_waits_for_its_hour_is_settled_by_the_verdict() -> None:
    late = Reminder("step_overdue", "Take the lead")
    assert not reminder_is_settled(late, Story(opening(), does(2, "verdict", kind="useful")).case)
    assert reminder_is_settled(late, Story(opening(), does(2, "verdict", kind="false_alarm")).case)


def test_a_reminder_that_a_receiver_could_not_be_told_is_settled_by_doing_the_step() -> None:
    failed = Reminder("step_failed", "Take the lead")
    story = Story(opening())
    assert not reminder_is_settled(failed, story.case)
    assert reminder_is_settled(failed, story.tell(does(2, "step_done", step="1")).case)


def test_a_step_that_was_done_is_not_kept_late_by_another_in_the_same_words() -> None:
    twice = replace(PLAN, steps=(STEPS[0], PlaybookStep("Take the lead", "duty", 90)))
    story = Story(opening(), plan=twice).until(12)
    (late,) = [each.reminder for each in story.sent if each.reminder is not None]
    assert late.numbers == (1,)
    assert not reminder_is_settled(late, story.case)
    assert reminder_is_settled(late, story.tell(does(20, "step_done", step="1")).case)
