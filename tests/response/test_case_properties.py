"""However often somebody looks at the clock, a case is the same; and it comes back from the store as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.errors import ActRefused, StateError
from crisiswatch.model import (
    Act,
    Case,
    CaseStep,
    Decision,
    HumanAction,
    IncidentChanged,
    IncidentResolved,
    Level,
    Promise,
    Reminder,
    Snooze,
    Stage,
    StandDown,
    Tick,
    Verdict,
    VerdictKind,
)
from crisiswatch.response import (
    Happening,
    Plan,
    Rung,
    Sending,
    case_from_json,
    case_to_dict,
    case_to_json,
    next_due,
    respond,
    verified,
)
from crisiswatch.response.codec import reminder_from_dict, reminder_to_dict
from tests.response.stories import NOON, STEPS, at, change, does, opening, over, rising

LENGTH = 12 * 60  # minutes of a story
_seconds = st.integers(0, LENGTH * 60)
_details = {
    Act.ASSIGN: st.fixed_dictionaries({"to": st.sampled_from(["ada", "bo"])}),
    Act.SNOOZE: st.fixed_dictionaries({"for_": st.sampled_from(["calm", "1", "30", "240"])}),
    Act.STEP_DONE: st.fixed_dictionaries({"step": st.sampled_from(["1", "2", "3", "4"])}),
    Act.STEP_REOPENED: st.fixed_dictionaries({"step": st.sampled_from(["1", "2", "3"])}),
    Act.VERDICT: st.fixed_dictionaries({"kind": st.sampled_from([*VerdictKind]), "reason": st.sampled_from(["", "x"])}),
    Act.PROMISE: st.fixed_dictionaries(
        {"text": st.sampled_from(["a", "b"]), "due": _seconds.map(lambda s: at(s / 60).isoformat())}
    ),
    Act.PROMISE_KEPT: st.fixed_dictionaries({"promise": st.sampled_from(["1", "2"])}),
    Act.NOTE: st.fixed_dictionaries({"text": st.sampled_from(["one", "two"])}),
}


@st.composite
def _acts(draw: st.DrawFn) -> HumanAction:
    act = draw(st.sampled_from([each for each in Act if each is not Act.RESOLVE]))
    detail = draw(_details.get(act, st.just({})))
    return does(draw(_seconds) / 60, act.value, draw(st.sampled_from(["ada", "bo", "cy"])), **detail)


@st.composite
def _stories(draw: st.DrawFn) -> list[Happening]:
    """An incident's effects, at whole minutes and in a possible order, and people's acts at any second."""
    ends = draw(st.integers(2, LENGTH))
    told: list[Happening] = []
    if draw(st.booleans()):
        told.append(rising(draw(st.integers(1, ends - 1))))
    level = Level.CRITICAL if told else Level.WARNING
    for stage in draw(st.lists(st.sampled_from([Stage.UPDATED, Stage.CALMING]), max_size=4)):
        minute = draw(st.integers(1, ends - 1))
        risen = bool(told) and told[0].at <= at(minute)
        told.append(change(minute, stage, level=Level.CRITICAL if risen else Level.WARNING))
    if draw(st.booleans()):
        told.append(over(ends, level, draw(st.sampled_from(["calm", "calm", "by_hand"]))))
    acts = draw(st.lists(_acts(), max_size=12))
    rank = {IncidentChanged: 0, IncidentResolved: 1, HumanAction: 2}
    return [opening(), *sorted([*told, *acts], key=lambda each: (each.at, rank[type(each)]))]


_plans = st.builds(
    Plan,
    steps=st.just(STEPS),
    rungs=st.lists(
        st.builds(
            Rung,
            st.integers(0, 90),
            st.sampled_from([(), ("boss",), ("boss", "chief")]),
            st.sampled_from([frozenset(), frozenset({Level.CRITICAL})]),
        ),
        max_size=3,
    ).map(tuple),
    confirm=st.sampled_from([frozenset(), frozenset({Level.CRITICAL})]),
)


def _lived(
    story: list[Happening], plan: Plan, every: timedelta, end: datetime, *, stored: bool = False
) -> tuple[Case, list[Decision], list[Sending]]:
    """Tell a story with ticks between; ``stored``: the case goes through its JSON each time."""
    case: Case | None = None
    log: list[Decision] = []
    sent: list[Sending] = []
    clock = NOON
    queue = list(story)
    while queue or clock < end:
        clock = min(clock + every, end)
        due = [each for each in queue if each.at <= clock]
        queue = queue[len(due) :]
        for each in [*due, Tick(clock)]:
            try:
                case, decisions, sendings = respond(case, each, plan)
            except ActRefused:
                continue
            log += decisions
            sent += sendings
            if stored:
                case = case_from_json(case_to_json(case))
    assert case is not None
    return case, log, sent


@given(
    story=_stories(),
    plan=_plans,
    every=st.sampled_from([timedelta(seconds=7), timedelta(minutes=13), timedelta(hours=5), timedelta(days=9)]),
)
def test_any_tick_gives_the_same_case_the_same_log_and_the_same_messages(
    story: list[Happening], plan: Plan, every: timedelta
) -> None:
    end = at(LENGTH + 60)
    case, log, sent = _lived(story, plan, timedelta(minutes=1), end)
    assert _lived(story, plan, every, end, stored=every > timedelta(minutes=1)) == (case, log, sent)
    assert verified(log, case) == ""
    assert [line.at for line in log] == sorted(line.at for line in log)
    assert [sending.case.revision for sending in sent] == list(range(1, len(sent) + 1))
    due = next_due(case, plan)
    assert due is None or due > end
    assert sum(sending.stage is Stage.RESOLVED for sending in sent) == bool(case.ending)


@given(
    story=_stories(), plan=_plans, number=st.integers(0, 10**6), what=st.sampled_from(["text", "actor", "kind", "drop"])
)
def test_whoever_changes_a_line_of_the_log_is_found_out(
    story: list[Happening], plan: Plan, number: int, what: str
) -> None:
    from dataclasses import replace

    case, log, _ = _lived(story, plan, timedelta(days=1), at(LENGTH))
    place = number % len(log)
    if what == "drop":
        log.pop(place)
    else:
        log[place] = replace(log[place], **{what: getattr(log[place], what) + "!"})
    assert verified(log, case) != ""


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_when = st.integers(0, 2**40).map(lambda micros: NOON + timedelta(microseconds=micros))
_maybe = st.none() | _when
_levels = st.sampled_from([Level.WATCH, Level.WARNING, Level.CRITICAL])
_cases = st.builds(
    Case,
    incident=_text,
    brand=_text,
    rule=_text,
    alert=_text,
    opened_at=_when,
    revision=st.integers(1, 2**40),
    acknowledged_by=_text,
    acknowledged_at=_maybe,
    assigned_to=_text,
    assigned_by=_text,
    snooze=st.none() | st.builds(Snooze, by=_text, at=_when, until=_maybe),
    verdict=st.none() | st.builds(Verdict, kind=st.sampled_from(VerdictKind), by=_text, at=_when, reason=_text),
    steps=st.lists(
        st.builds(CaseStep, step=_text, role=_text, due=_maybe, done_by=_text, done_at=_maybe, overdue=st.booleans()),
        max_size=3,
    ).map(tuple),
    promises=st.lists(
        st.builds(
            Promise,
            text=_text,
            due=_when,
            by=_text,
            at=_when,
            kept_by=_text,
            kept_at=_maybe,
            rung=st.booleans(),
            missed=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    rung=st.integers(0, 9),
    sector=st.lists(_text, max_size=2).map(tuple),
    stand_down=st.sampled_from(StandDown),
    stood_down_by=_text,
    closed_at=_maybe,
    levels=st.lists(st.tuples(_levels, _when), max_size=3).map(tuple),
    also=st.lists(_text, max_size=2).map(tuple),
    climbed=st.lists(st.integers(1, 9), max_size=3).map(tuple),
    escalated_to=st.lists(_text, max_size=2).map(tuple),
    calm_at=_maybe,
    asked=st.integers(0, 99),
    ending=_text,
    followed_by=_text,
    decisions=st.integers(0, 999),
    chain=_text,
    noted=_text,
    touched_at=_maybe,
    taken_by_verdict=st.booleans(),
)


@given(case=_cases)
def test_a_case_comes_back_as_it_was_also_with_what_a_newer_version_added(case: Case) -> None:
    assert case_from_json(case_to_json(case)) == case
    data = case_to_dict(case)
    assert case_from_json(json.dumps(data | {"weather": "fine"})) == case


@given(kind=_text, subject=_text, due=_maybe, rung=st.integers(0, 9), numbers=st.lists(st.integers(1, 50)))
def test_a_reminder_comes_back_as_it_was(
    kind: str, subject: str, due: datetime | None, rung: int, numbers: list[int]
) -> None:
    reminder = Reminder(kind, subject, due, rung, tuple(numbers))
    assert reminder_from_dict(reminder_to_dict(reminder)) == reminder


def test_a_case_of_a_newer_format_and_a_damaged_one_are_errors_in_words() -> None:
    whole = Case(incident="i", brand="b", rule="r", alert="a", opened_at=datetime(2026, 3, 3, tzinfo=UTC))
    with pytest.raises(StateError, match="newer"):
        case_from_json(json.dumps(case_to_dict(whole) | {"format": 2}))
    for damaged in ("", "[]", "{}", case_to_json(whole).replace('"steps":[]', '"steps":[1]')):
        with pytest.raises(StateError, match="can't be read"):
            case_from_json(damaged)
