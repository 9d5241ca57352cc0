"""The project's first property: however a stream is cut, ticked and interrupted, it tells the same story."""

from __future__ import annotations

import os
import random  # noqa: TID251 - seeded
from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import seed as reproducible
from hypothesis import strategies as st

from crisiswatch.engine import State, encode, fold, step
from crisiswatch.model import Event, MentionScored, RulesChanged, SourceHealth, Tick, VolumeSample, VolumeSampled
from crisiswatch.rules.model import Ruleset
from crisiswatch.testing.mentions import Mentions
from crisiswatch.windows import minute_of
from tests.engine.streams import (
    CALENDAR,
    EITHER,
    GROWTH,
    RULES,
    START,
    end_of,
    hands,
    live,
    make,
    one_shot,
    segments,
    with_ticks,
)

ON_CI = "CRISISWATCH_HYPOTHESIS_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("CRISISWATCH_HYPOTHESIS_EXAMPLES", "16"))
SHARDS = 4
"""In how many parts the first property is tried, so that they can run side by side."""

STREAMS = st.lists(segments(), min_size=1, max_size=9)
SEEDS = st.integers(0, 2**16)
FEWER = settings(max_examples=max(1, settings().max_examples // 2))
"""For the properties beside the first one, each of which takes seconds."""
RULESETS = st.sets(st.sampled_from(RULES), min_size=1).map(
    lambda some: Ruleset(tuple(sorted(some, key=lambda r: r.id)), calendar=CALENDAR)
)
TICKS = st.sampled_from(
    (None, timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(days=1))
)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_any_cut_any_tick_and_any_crash_tell_the_same_story(shard):
    part = settings(max_examples=-(-EXAMPLES // SHARDS))(
        given(STREAMS, SEEDS, RULESETS, TICKS, st.sampled_from((0.0, 0.1, 0.5)))(_any_cut_tells_the_same_story)
    )
    reproducible(shard)(part)() if ON_CI else part()


def _any_cut_tells_the_same_story(parts, seed, rules, every, crashes):
    events = make(parts, seed)
    effects, _ = one_shot(events, rules)
    events = sorted([*events, *hands(effects, seed)], key=lambda event: event.at)
    told, left = one_shot(events, rules)
    if every is not None and end_of(events) - START > timedelta(days=2):
        every = max(every, timedelta(minutes=1))
    again, remains = live(with_ticks(events, every), rules, seed, crashes)
    assert again == told
    assert remains == left


@FEWER
@given(parts=STREAMS, seed=SEEDS, before=RULESETS, after=RULESETS)
def test_a_reload_in_the_middle_is_replayed_like_it_was_lived(parts, seed, before, after):
    events = make(parts, seed)
    middle = START + (end_of(events) - START) / 2
    first = [event for event in events if event.at <= middle]
    then: list[Event] = [RulesChanged(middle), *(event for event in events if event.at > middle), Tick(end_of(events))]

    def lived(*, apart: bool) -> tuple[list, bytes]:
        state, effects = State("acme"), []
        for part, rules in (([*first, Tick(middle)], before), (then, after)):
            for batch in [[event] for event in part] if apart else [part]:
                state, said = fold(state, batch, rules)
                effects += said
        return effects, encode(state)

    assert lived(apart=len(events) < 300) == lived(apart=False)


@FEWER
@given(parts=STREAMS, seed=SEEDS, rules=RULESETS)
def test_the_order_within_an_arrival_minute_changes_nothing(parts, seed, rules):
    events = make(parts, seed)
    chance = random.Random(seed)
    shuffled: list[Event] = []
    for _, group in groupby(events, key=lambda event: (minute_of(event.at), isinstance(event, MentionScored))):
        same = list(group)
        if isinstance(same[0], MentionScored):
            chance.shuffle(same)
        shuffled += same
    assert one_shot(shuffled, rules) == one_shot(events, rules)


@settings(max_examples=max(1, settings().max_examples // 6))  # the whole state is compared after each event: slow
@given(parts=STREAMS, seed=SEEDS, rules=RULESETS)
def test_a_step_leaves_the_state_it_was_given_as_it_was(parts, seed, rules):
    events = [*make(parts, seed)[-40:]]
    state, _ = fold(State("acme"), make(parts, seed)[:-40], rules)
    for event in [*events, Tick(end_of(events))]:
        before = encode(state)
        after, _ = step(state, event, rules)
        assert encode(state) == before
        state = after


def test_a_mention_dated_three_days_ahead_closes_nobodys_windows():
    calm = Mentions(1).steady(START, START + timedelta(hours=2), timedelta(minutes=2), "negative")
    wrong = Mentions(2).one(START + timedelta(days=3, hours=1), "neutral", source="x", arrives=calm[30].at)
    rules = Ruleset(RULES)
    with_it, _ = fold(State("acme"), [*calm[:31], wrong, *calm[31:]], rules)
    without, _ = fold(State("acme"), calm, rules)
    assert with_it.closed == without.closed
    assert with_it.late == without.late == 0


def test_sleeping_through_hours_forgets_what_minutes_would_have_forgotten():
    """Whatever the minute at which somebody wakes: what is kept for the trend depends on time alone."""
    spoken = Mentions(4).steady(START, START + timedelta(minutes=30), timedelta(minutes=5), "negative", source="forum")
    asleep = SourceHealth(START + timedelta(minutes=31), "forum", healthy=False, reason="failing")
    rules = Ruleset((EITHER, GROWTH))
    for woken in range(300, 480, 7):
        end = Tick(START + timedelta(minutes=31 + woken))
        ticks = [Tick(START + timedelta(minutes=31 + minute)) for minute in range(1, woken)]
        at_once, _ = fold(State("acme"), [*spoken, asleep, end], rules)
        by_minute, _ = fold(State("acme"), [*spoken, asleep, *ticks, end], rules)
        assert encode(at_once) == encode(by_minute)


def test_nobody_sleeps_while_a_source_that_is_not_read_is_still_counted():
    """Out of budget is no reason to stop counting: the watermark waits for the next count, tick or no tick."""
    counts = VolumeSample(source="x", brand="acme", start=START, seconds=600, count=0, counts=(0,) * 10, sampled=True)
    events: list[Event] = [
        VolumeSampled(START + timedelta(minutes=10), counts),
        SourceHealth(START + timedelta(minutes=11), "x", healthy=False, reason="out_of_budget"),
    ]
    state, _ = fold(State("acme"), [*events, Tick(START + timedelta(minutes=50))], Ruleset((EITHER, GROWTH)))
    assert state.closed <= minute_of(START + timedelta(minutes=10))
