"""What a mention says beyond its mood, as filters and as measures of a window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.model import Incident, IncidentOpened, Level, MentionScored, SignalCounts, Signals, Tick
from crisiswatch.rules.model import MentionFilter, Ruleset
from crisiswatch.testing.mentions import Mentions
from tests.engine.streams import at_least, at_most, rule

NOON = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
COMPLAINT, QUESTION = Signals(("complaint",)), Signals(("question",))
HURT = Signals(("complaint",), ("safety",), ("quality",))
LATE = Signals(themes=("delivery",))


def wave(*signals: Signals, sentiment: str = "negative", weight: float = 1.0) -> list[MentionScored]:
    """One mention a minute, each with what it says."""
    made = Mentions(1)
    return [
        replace(made.one(NOON + timedelta(minutes=at), sentiment, weight=weight), signals=said)
        for at, said in enumerate(signals)
    ]


def opened(events: list[MentionScored], *rules: object, wait: int = 1) -> list[Incident]:
    events = [*events, Tick(events[-1].at + timedelta(minutes=wait))]
    _, effects = fold(State("acme"), events, Ruleset(rules))  # type: ignore[arg-type]
    return [effect.incident for effect in effects if isinstance(effect, IncidentOpened)]


@pytest.mark.parametrize(
    ("wanted", "counted"),
    [
        (MentionFilter(flags=("complaint",)), 2),
        (MentionFilter(flags=("complaint", "question")), 3),
        (MentionFilter(severity=("recall", "safety")), 1),
        (MentionFilter(themes=("delivery",)), 1),
        (MentionFilter(flags=("complaint",), severity=("safety",), themes=("quality",)), 1),
        (MentionFilter(flags=("question",), severity=("safety",)), 0),
        (MentionFilter(), 5),
    ],
)
def test_a_rule_counts_what_says_one_of_each_list(wanted, counted):
    events = wave(COMPLAINT, QUESTION, HURT, LATE, Signals())
    found = opened(events, rule("some", Level.WATCH, at_least("count", 1), mentions=wanted))
    # the window's figures as they are when the last mention is in
    state, _ = fold(
        State("acme"),
        [*events, Tick(events[-1].at + timedelta(minutes=1))],
        Ruleset((rule("some", Level.WATCH, at_least("count", 1), mentions=wanted),)),
    )
    (kept,) = state.series.values()
    assert kept.series.early[15].count == 1000 * counted
    assert kept.series.early[15].total == 5000, "what a share is a share of stays everything said"
    assert bool(found) is bool(counted)


def test_complaints_and_questions_are_counted_among_what_the_rule_counts():
    both = Signals(("complaint", "question"))
    wanted = rule(
        "upset",
        Level.WARNING,
        at_least("complaints", 3),
        at_least("questions", 2),
        mentions=MentionFilter("negative"),
    )
    assert not opened(wave(COMPLAINT, both, both, sentiment="neutral"), wanted)
    assert not opened(wave(COMPLAINT, COMPLAINT, both), wanted)
    (incident,) = opened(wave(COMPLAINT, both, both), wanted)
    assert incident.reading.signals == SignalCounts(3.0, 2.0, 0.0)
    assert [(gate.measure, gate.value) for gate in incident.gates] == [("complaints", 3.0), ("questions", 2.0)]


def test_severity_adds_up_how_grave_each_mention_is():
    grave = Signals(severity=("safety",)), Signals(severity=("news", "safety")), Signals(severity=("news",))
    wanted = rule("grave", Level.CRITICAL, at_least("severity", 2.0))
    assert not opened(wave(*grave[:2], Signals()), wanted)
    (incident,) = opened(wave(*grave), wanted)
    said = incident.reading.signals
    assert said is not None
    assert said.severity == pytest.approx(0.8 + (1 - 0.2 * 0.6) + 0.4)
    assert said.categories == (("safety", 2.0), ("news", 2.0))


def test_a_sampled_source_counts_with_its_weight():
    (incident,) = opened(wave(HURT, weight=2.5), rule("grave", Level.WATCH, at_least("severity", 2)))
    assert incident.reading.signals == SignalCounts(2.5, 0.0, 2.0, (("safety", 2.5),))


def test_at_least_is_judged_at_once_and_at_most_waits_for_stragglers():
    at_once = rule("at-once", Level.WATCH, at_least("complaints", 1))
    waits = rule("waits", Level.WATCH, at_least("count", 1), at_most("complaints", 1))
    assert [one.rule for one in opened(wave(COMPLAINT), at_once, waits)] == ["at-once"]
    assert [one.rule for one in opened(wave(COMPLAINT), at_once, waits, wait=14)] == ["at-once", "waits"]


def test_a_mention_of_which_nothing_is_known_passes_no_such_filter_and_adds_nothing():
    assert not opened(wave(Signals()), rule("late", Level.WATCH, at_least("count", 1), mentions=MentionFilter(
        themes=("delivery",)
    )))  # fmt: skip
    (incident,) = opened(wave(Signals()), rule("any", Level.WATCH, at_least("count", 1)))
    assert incident.reading.signals is None


def test_what_was_said_survives_a_crash_and_costs_nothing_where_nothing_was():
    rules = Ruleset((rule("hurt", Level.WARNING, at_least("count", 2)),))
    state, _ = fold(State("acme"), wave(HURT, QUESTION, HURT), rules)
    again = decode(encode(state))
    assert encode(again) == encode(state)
    end = Tick(NOON + timedelta(minutes=4))
    assert fold(again, [end], rules)[1] == fold(state, [end], rules)[1]
    quiet, _ = fold(State("acme"), wave(Signals(), LATE), rules)
    plain, _ = fold(State("acme"), wave(Signals(), Signals()), rules)
    assert encode(quiet) == encode(plain)
