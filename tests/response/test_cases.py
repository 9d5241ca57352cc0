from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from crisiswatch.alerts.answers import answer
from crisiswatch.errors import ActRefused
from crisiswatch.model import Act, Level, Phase, Reminder, Stage, StandDown, VerdictKind
from crisiswatch.response import Ended, Plan, Rung, adopt, next_due, respond, verified
from tests.response.stories import ID, NOON, PLAN, Story, at, change, does, opening, over, rising, snapshot


def test_it_opens_with_the_playbook_and_its_clocks() -> None:
    story = Story(opening())
    assert [(step.role, step.due) for step in story.case.steps] == [("duty", at(10)), ("product", at(30)), ("", None)]
    assert (story.case.revision, story.stages(), story.kinds()) == (1, ["opened"], ["opened"])
    assert next_due(story.case, PLAN) == at(10)


def test_the_first_who_takes_it_has_it() -> None:
    story = Story(opening(), does(1, "acknowledge", "ada"), does(2, "acknowledge", "ada"))
    assert (story.case.acknowledged_by, story.case.acknowledged_at, story.case.revision) == ("ada", at(1), 2)
    before = story.case
    second = does(3, "acknowledge", "bo")
    story.tell(second, does(4, "acknowledge", "bo"))
    assert story.case.acknowledged_by == "ada"
    assert [line.actor for line in story.log if line.kind == "acknowledge"] == ["ada", "bo"]
    assert answer(before, story.case, second) == "ada has had it since 3 Mar 2026, 12:01 UTC."
    assert answer(before, story.case, second, ZoneInfo("Europe/Rome")) == "ada has had it since 3 Mar 2026, 13:01 CET."


def test_nobody_has_it_and_the_chain_is_climbed_until_somebody_does() -> None:
    quiet = replace(PLAN, steps=())
    story = Story(opening(Level.CRITICAL), plan=quiet).until(60)
    assert story.reminders() == [("unacknowledged", 15), ("unacknowledged", 30)]
    assert [sending.receivers for sending in story.sent[1:]] == [("boss",), ("chief",)]
    assert (story.case.rung, story.case.escalated_to) == (2, ("boss", "chief"))
    taken = Story(opening(Level.CRITICAL), does(14, "acknowledge"), plan=quiet).until(60)
    assert taken.reminders() == []


def test_a_rung_for_a_level_counts_from_when_that_level_was_reached() -> None:
    story = Story(opening(), rising(40), plan=replace(PLAN, steps=())).until(200)
    assert story.reminders() == [("unacknowledged", 15), ("unacknowledged", 70)]


def test_a_chain_of_one_rung_without_receivers_reminds_those_who_know() -> None:
    story = Story(opening(), plan=Plan(rungs=(Rung(5),))).until(10)
    assert [(sending.stage, sending.receivers) for sending in story.sent] == [
        (Stage.OPENED, None),
        (Stage.REMINDED, None),
    ]


def test_steps_that_are_late_are_told_once_together_and_climb() -> None:
    both = Plan(tuple(replace(step, within_minutes=10) for step in PLAN.steps[:2]), PLAN.rungs)
    story = Story(opening(), does(1, "acknowledge"), plan=both).until(500)
    assert story.reminders() == [("step_overdue", 10)]
    assert (story.sent[-1].receivers, story.sent[-1].joining) == (None, ("boss",))
    assert story.sent[-1].reminder is not None
    assert story.sent[-1].reminder.subject == "Take the lead; Find out"
    assert all(step.overdue for step in story.case.steps)


def test_a_step_is_done_once_and_can_be_opened_again() -> None:
    story = Story(
        opening(), does(1, "acknowledge"), does(2, "step_done", step="1"), does(3, "step_done", "bo", step="1")
    )
    assert (story.case.steps[0].done_by, story.case.steps[0].done_at) == ("ada", at(2))
    story.tell(does(4, "step_reopened", step="1"), does(5, "step_reopened", step="1"))
    assert story.case.steps[0].done_at is None
    assert story.until(10).reminders() == [("step_overdue", 10)]
    again = Story(opening(), does(2, "step_done", step="1"), does(12, "step_reopened", step="1")).until(13)
    assert again.reminders() == []  # whoever opened it again knows that it is late
    assert again.case.steps[0].overdue


def test_a_snooze_holds_back_reminders_and_news_but_not_edits() -> None:
    story = Story(opening(), does(1, "acknowledge"), does(5, "snooze", for_="60"))
    story.tell(change(20, Stage.UPDATED), change(30, Stage.CALMING, 3))
    assert story.stages() == ["opened", "updated", "updated", "updated", "updated"]
    story.until(64)
    assert story.reminders() == []
    story.until(65)
    assert (story.case.snooze, story.reminders()) == (None, [("step_overdue", 65)])
    assert story.kinds()[-2:] == ["wake", "reminded"]


@pytest.mark.parametrize(("wanted", "words"), [("calm", "until it is calm."), ("60", "until 3 Mar 13:03 UTC.")])
def test_who_snoozes_what_nobody_has_has_it(wanted: str, words: str) -> None:
    story = Story(opening(), does(3, "snooze", "bo", for_=wanted)).until(200)
    assert (story.case.acknowledged_by, story.case.acknowledged_at) == ("bo", at(3))
    assert [line.text for line in story.log][1:3] == ["Has it, by snoozing it.", "Snoozed " + words]
    assert "unacknowledged" not in [kind for kind, _ in story.reminders()]


def test_a_snooze_until_it_is_calm_ends_with_the_figures_and_with_a_higher_level() -> None:
    asleep = Story(opening(), does(1, "acknowledge"), does(2, "snooze", for_="calm"), does(3, "snooze", for_="calm"))
    assert asleep.case.revision == 3
    assert asleep.until(1000).reminders() == []
    woken = Story(opening(), does(1, "acknowledge"), does(2, "snooze", for_="calm"), rising(5))
    assert (woken.case.snooze, woken.stages()[-1], woken.case.acknowledged_by) == (None, "escalated", "ada")
    assert asleep.tell(over(1001)).stages()[-1] == "resolved"


def test_who_ends_a_snooze_is_reminded_at_once_of_what_fell_due() -> None:
    story = Story(opening(), does(1, "acknowledge"), does(2, "snooze", for_="calm"), does(50.5, "wake", "bo")).until(52)
    assert story.reminders() == [("step_overdue", 51)]
    assert [line.at for line in story.log] == sorted(line.at for line in story.log)


def test_assigning_it_takes_it_too() -> None:
    story = Story(
        opening(), does(1, "assign", to=" the  press\noffice "), does(2, "assign", "bo", to="the press office")
    )
    case = story.case
    assert (case.acknowledged_by, case.assigned_to, case.assigned_by) == ("ada", "the press office", "ada")
    assert story.kinds() == ["opened", "assign"]


def test_who_it_is_assigned_to_is_told_and_who_takes_it_by_assigning_it_knows() -> None:
    story = Story(opening(), does(1, "assign", to="bo"))
    assert story.stages() == ["opened", "reminded"]
    assert story.reminders() == [("assigned_to", 1)]
    assert story.sent[-1].reminder == Reminder("assigned_to", "bo")
    story.tell(does(2, "assign", "cy", to="cy"))
    assert story.stages()[-1] == "updated"


def test_a_promise_rings_before_it_is_due_and_once_when_it_was_missed() -> None:
    promise = does(2, "promise", text="next update", due="2026-03-03T14:00:00+01:00")
    story = Story(opening(), does(1, "acknowledge"), promise, promise, plan=Plan()).until(500)
    assert story.reminders() == [("promise_due", 45.0), ("promise_missed", 60.0)]
    kept = Story(opening(), promise, does(50, "promise_kept", "bo", promise="1"), plan=Plan()).until(500)
    assert kept.reminders() == [("promise_due", 45.0)]
    assert kept.case.promises[0].kept_by == "bo"
    short = does(2, "promise", text="a word", due=at(10).isoformat())
    assert Story(opening(), short, plan=Plan()).until(20).reminders() == [
        ("promise_due", 8.0),
        ("promise_missed", 10.0),
    ]


def test_a_promise_outlives_its_incident() -> None:
    story = Story(opening(), does(2, "promise", text="a report", due=at(120).isoformat()), over(30), plan=Plan())
    assert (story.case.ending, story.case.closed_at) == ("calm", None)
    story.until(500)
    assert [kind for kind, _ in story.reminders()] == ["promise_due", "promise_missed"]
    assert story.case.closed_at == at(120)


def test_the_last_verdict_counts_also_after_the_end() -> None:
    story = Story(opening(), does(1, "verdict", kind="useful"), over(30), does(60, "verdict", "bo", kind="false_alarm"))
    assert story.case.verdict is not None
    assert (story.case.verdict.kind, story.case.verdict.by) == (VerdictKind.FALSE_ALARM, "bo")
    with pytest.raises(ActRefused, match="needs a reason"):
        story.tell(does(61, "verdict", kind="not_a_crisis"))
    story.tell(does(62, "verdict", kind="not_a_crisis", reason="joke"))
    assert story.case.verdict.reason == "joke"


def test_what_was_critical_waits_for_a_person_to_say_that_it_is_over() -> None:
    story = Story(opening(), rising(5), does(6, "acknowledge"), plan=replace(PLAN, steps=()))
    story.tell(over(60, Level.CRITICAL))
    assert (story.case.stand_down, story.stages()[-1], story.case.closed_at) == (StandDown.AWAITED, "calming", None)
    story.until(60 + 50 * 60)
    assert story.reminders() == [("stand_down_awaited", 180 + 24 * 60 * day) for day in range(3)]
    story.tell(does(4000, "stand_down", "bo"))
    assert (story.case.stand_down, story.case.stood_down_by) == (StandDown.CONFIRMED, "bo")
    assert story.case.ended_at == at(4000)
    assert (story.stages()[-1], story.case.closed_at, story.case.ending) == ("resolved", at(4000), "calm")
    assert story.until(9000).case.closed_at == at(4000)
    for late in (does(9001, "acknowledge"), does(9001, "stand_down"), does(9001, "resolve"), does(9001, "snooze")):
        with pytest.raises(ActRefused, match="over already"):
            story.tell(late)


@pytest.mark.parametrize(("until", "asked"), [("30", "calming"), ("150", "reminded")])
def test_who_slept_while_it_became_calm_is_asked_as_soon_as_the_snooze_is_over(until: str, asked: str) -> None:
    story = Story(opening(Level.CRITICAL), does(50, "snooze", for_=until), plan=replace(PLAN, steps=(), rungs=()))
    story.tell(over(60, Level.CRITICAL))
    assert story.stages()[-1] == "updated"
    ends = 50 + int(until)
    assert story.until(ends).stages()[-1] == asked
    again = Story(opening(Level.CRITICAL), does(50, "snooze", for_="400"), plan=replace(PLAN, steps=(), rungs=()))
    again.tell(over(60, Level.CRITICAL), does(ends, "wake")).until(ends + 1)
    assert again.stages()[-1] == asked
    assert story.stages().count("calming") + story.stages().count("reminded") == 1


def test_what_flares_up_again_is_told_as_the_new_incident() -> None:
    story = Story(opening(Level.CRITICAL), over(60, Level.CRITICAL), plan=replace(PLAN, steps=()))
    story.tell(Ended(at(90), "flared_up", "acme.wave.20260303T1330Z"))
    assert (story.case.ending, story.case.followed_by, story.stages()[-1]) == (
        "flared_up",
        "acme.wave.20260303T1330Z",
        "resolved",
    )
    assert story.log[-1].text == "It flared up again as acme.wave.20260303T1330Z."


@pytest.mark.parametrize("reason", ["by_hand", "rule_removed"])
def test_nobody_is_asked_to_confirm_what_somebody_ended(reason: str) -> None:
    story = Story(opening(Level.CRITICAL), over(60, Level.CRITICAL, reason))
    assert (story.case.ending, story.stages()[-1], story.case.closed_at) == (reason, "resolved", at(60))


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (does(1, "dance"), "nobody can dance"),
        (does(1, "step_done", step="9"), "no step 9 of 3"),
        (does(1, "step_done", step="-1"), "which step"),
        (does(1, "step_done"), "which step"),
        (does(1, "assign"), "to whom"),
        (does(1, "snooze", for_="a while"), "how many minutes"),
        (does(1, "snooze", for_="999999"), "how many minutes"),
        (does(1, "verdict", kind="boring"), "a verdict is one of"),
        (does(1, "promise", text="more", due="2026-03-03T11:00:00Z"), "in the past"),
        (does(1, "promise", text="more", due="2026-03-03T15:00:00"), "with its zone"),
        (does(1, "promise", text="more", due="soon"), "as a time"),
        (does(1, "promise", text="more", due="2999-03-03T15:00:00Z"), "within a year"),
        (does(1, "promise", due="2026-03-03T15:00:00Z"), "what is promised"),
        (does(1, "promise_kept", promise="1"), "no promise 1 of 0"),
        (does(1, "stand_down"), "not calm yet"),
        (does(1, "note", text="\n "), "needs a text"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(act, why) -> None:
    story = Story(opening())
    with pytest.raises(ActRefused, match=why):
        story.tell(act)


def test_an_act_on_nothing_is_refused() -> None:
    with pytest.raises(ActRefused) as refused:
        respond(None, does(1, "acknowledge"))
    assert refused.value.missing


@pytest.mark.parametrize(
    "act",
    [
        does(2, "acknowledge"),
        does(2, "assign", to="bo"),
        does(2, "snooze", for_="60"),
        does(2, "snooze", for_="calm"),
        does(2, "wake"),
        does(2, "step_done", step="2"),
        does(2, "verdict", kind="useful"),
        does(2, "promise", text="more", due="2026-03-03T15:00:00Z"),
        does(2, "note", text="we wait for the lab"),
    ],
)
def test_the_same_act_again_changes_nothing(act) -> None:
    story = Story(opening(), act)
    before = (story.case, len(story.log), len(story.sent))
    story.tell(replace(act, at=act.at + timedelta(seconds=5)))
    assert (story.case, len(story.log), len(story.sent)) == before


def test_every_act_has_an_answer() -> None:
    story = Story(opening(), does(1, "promise", text="more", due="2026-03-03T15:00:00Z"))
    details = {
        Act.ASSIGN: {"to": "bo"},
        Act.SNOOZE: {"for_": "60"},
        Act.STEP_DONE: {"step": "1"},
        Act.STEP_REOPENED: {"step": "1"},
        Act.VERDICT: {"kind": "useful"},
        Act.PROMISE: {"text": "again", "due": "2026-03-03T16:00:00Z"},
        Act.PROMISE_KEPT: {"promise": "1"},
        Act.NOTE: {"text": "hm"},
    }
    for act in Act:
        if act is Act.STAND_DOWN:
            continue
        asked = does(3, act.value, **details.get(act, {}))
        case, _, _ = respond(story.case, asked, PLAN)
        assert answer(story.case, case, asked).endswith(".")
        assert answer(story.case, case, asked, lang="it") != answer(story.case, case, asked)


def test_an_incident_from_before_there_were_cases_gets_one_that_reminds_of_nothing_old() -> None:
    story = Story(change(120, Stage.UPDATED, version=7))
    assert (story.case.revision, story.stages(), story.reminders()) == (7, ["updated"], [])
    assert [step.overdue for step in story.case.steps] == [True, True, False]
    assert story.until(1000).reminders() == []
    gone = adopt(snapshot(3, phase=Phase.RESOLVED, resolved_at=at(5), reason="calm"), at(50), PLAN)
    assert (gone.closed_at, gone.ending, next_due(gone, PLAN)) == (at(5), "calm", None)


def test_the_log_tells_when_a_line_was_changed_or_dropped() -> None:
    story = Story(opening(), does(1, "acknowledge"), does(2, "note", text="one"), does(3, "note", text="two"), over(30))
    log = story.log
    assert [line.number for line in log] == list(range(1, len(log) + 1))
    assert verified(log, story.case) == ""
    assert {line.incident for line in log} == {ID}
    assert verified([*log[:2], replace(log[2], text="never"), *log[3:]]) == "line 3 was changed, or one before it"
    assert verified([*log[:2], replace(log[2], at=NOON), *log[3:]]) == "line 3 was changed, or one before it"
    assert verified([*log[:1], *log[2:]]) == "line 2 is missing: after it comes line 3"
    assert verified(log[:-1]) == ""
    assert verified(log[:-1], story.case) == f"the log has {len(log) - 1} lines where {len(log)} were written"
