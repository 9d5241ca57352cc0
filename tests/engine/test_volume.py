"""A source that counts everything and reads a part of it: its volume is the counts, times what the part read tells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.model import (
    Effect,
    Event,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    Signals,
    SourceHealth,
    Tick,
    VolumeSample,
    VolumeSampled,
)
from crisiswatch.rules.model import MentionFilter, Ruleset
from crisiswatch.testing.mentions import Mentions
from tests.engine.streams import at_least, rule

START = datetime(2024, 3, 4, 0, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEGATIVE = MentionFilter("negative")
WAVE = rule("wave", Level.WARNING, at_least("surprise", 1.0), at_least("count", 20), window=60, mentions=NEGATIVE)
MANY = rule("many", Level.WATCH, at_least("count", 100), window=60, mentions=NEGATIVE)
ALL = rule("all", Level.WATCH, at_least("count", 1000), window=60)
TICK = 5  # minutes from one count to the next


class Week:
    """Counts every five minutes, and some posts of them read, one in ``share`` of them negative."""

    def __init__(self, seed: int = 3) -> None:
        self.mentions = Mentions(seed)
        self.events: list[Event] = []
        self.now = START
        self.told = 0.0

    def count(self, minutes: Sequence[int], **fields: object) -> None:
        """Count these minutes, now that they are over."""
        given = {"counts": tuple(minutes), "sampled": True, **fields}
        sample = VolumeSample(
            source="x", brand="acme", start=self.now, seconds=60 * len(minutes), count=sum(minutes), **given
        )
        self.now += len(minutes) * MINUTE
        self.events.append(VolumeSampled(self.now + timedelta(seconds=31), sample))

    def read(self, posts: int, negative: int, weight: float, *, minutes: int = TICK, **fields: object) -> None:
        """Read posts spread over the last minutes, the negative ones among the others."""
        for at in range(posts):
            upset = at * negative // posts != (at + 1) * negative // posts
            created = self.now - minutes * MINUTE + at * minutes * MINUTE / posts
            arrives = self.now + timedelta(seconds=33)
            sentiment = "negative" if upset else "neutral"
            self.events.append(self.mentions.one(created, sentiment, arrives=arrives, weight=weight, **fields))

    def live(self, time: timedelta, rate: int, share: Callable[[float], float] | float, *, part: int = 20) -> None:
        """Live for a while at so many posts a minute, of which one in ``part`` is read."""
        end = self.now + time
        while self.now < end:
            self.count([rate] * TICK)
            posts = max(1, rate * TICK // part)
            self.told += posts * (share if isinstance(share, float) else share(self.now.hour))
            negative = int(self.told)
            self.told -= negative
            self.read(posts, min(posts, negative), rate * TICK / posts)


def run(events: Sequence[Event], *rules: object) -> tuple[State, list[Effect]]:
    end = max(event.at for event in events) + 30 * MINUTE
    return fold(State("acme"), [*events, Tick(end)], Ruleset(tuple(rules)))  # type: ignore[arg-type]


def opened(effects: Sequence[Effect]) -> list[IncidentOpened]:
    return [effect for effect in effects if isinstance(effect, IncidentOpened)]


def test_a_calm_stream_of_which_little_is_read_raises_nothing():
    week = Week()
    week.live(36 * HOUR, 8, 0.15)
    _, effects = run(week.events, WAVE)
    assert opened(effects) == []


def test_posts_in_lumps_are_no_wave():
    """Once in six hours some posts are read, and each stands for a hundred."""
    week = Week()
    for _ in range(9):
        for _ in range(71):
            week.count([8] * TICK)
        week.count([8] * TICK)
        week.read(28, 4, 102.0, minutes=360)
    _, effects = run(week.events, WAVE, MANY)
    assert opened(effects) == []


def test_more_negatives_at_the_same_volume_open_an_incident():
    week = Week()
    week.live(2 * DAY, 8, 0.15)
    begins = week.now
    week.live(2 * HOUR, 8, 0.7, part=4)
    _, effects = run(week.events, WAVE)
    (one,) = opened(effects)
    assert begins < one.at <= begins + HOUR
    assert one.incident.reading.share is not None
    assert one.incident.reading.share > 0.2


def test_more_volume_with_the_same_share_is_counted_as_exactly_as_the_source_counts():
    """As a wave it is none: the detector asks for a larger share too, read in full or not."""
    many = rule("many", Level.WATCH, at_least("count", 300), window=60, mentions=NEGATIVE)
    week = Week()
    week.live(10 * HOUR, 8, 0.25)
    begins = week.now
    week.live(2 * HOUR, 60, 0.25)
    _, effects = run(week.events, many)
    (one,) = opened(effects)
    assert begins < one.at <= begins + HOUR
    last = [each.incident for each in effects if isinstance(each, IncidentChanged | IncidentResolved)][-1]
    assert last.mentions == pytest.approx(120 * 60 * 0.25, rel=0.15)
    assert last.peak.observed == pytest.approx(60 * 60 * 0.25, rel=0.1)
    assert last.peak.total == pytest.approx(3600, rel=0.05)


def test_what_is_read_counts_once_whether_it_is_a_sample_or_everything():
    for weight, posts in ((5.0, 20), (1.0, 100), (1.0, 20)):
        week = Week()
        for _ in range(12):
            week.count([20] * TICK)
            week.read(posts, posts // 4, weight)
        state, _ = run(week.events, ALL, MANY)
        everything, negative = (state.series[key].series for key in state.series)
        if "negative" in next(iter(state.series)):
            everything, negative = negative, everything
        assert sum(bucket.total for bucket in everything.buckets.values()) == 1_200_000
        assert sum(bucket.count for bucket in everything.buckets.values()) == 1_200_000
        total = sum(bucket.total for bucket in negative.buckets.values())
        assert total == pytest.approx(1_200_000, abs=200)
        assert sum(bucket.count for bucket in negative.buckets.values()) == pytest.approx(300_000, rel=0.1)


def test_of_posts_that_were_all_read_the_negatives_are_known_and_not_estimated():
    week = Week()
    week.live(DAY, 4, 0.1)
    week.count([4] * TICK)
    week.read(20, 19, 1.0)
    state, _ = run(week.events, MANY)
    (kept,) = state.series.values()
    last = [bucket.count for minute, bucket in sorted(kept.series.buckets.items())][-TICK:]
    assert sum(last) == pytest.approx(19_000, abs=10)


def test_nothing_is_made_of_counts_before_anything_was_read_but_for_a_rule_that_counts_everything():
    week = Week()
    for _ in range(24):
        week.count([20] * TICK)
    state, effects = run(week.events, ALL, MANY)
    assert [one.incident.rule for one in opened(effects)] == ["all"]
    assert all(
        bucket.count == bucket.total for kept in state.series.values() for bucket in kept.series.buckets.values()
    )


def test_the_share_that_was_learned_lasts_while_nothing_is_read():
    week = Week()
    week.live(DAY, 20, 0.05)
    for _ in range(12 * 12):
        week.count([20] * TICK)
    _, effects = run(week.events, WAVE, replace(MANY, levels=rule("m", Level.WATCH, at_least("count", 120)).levels))
    assert opened(effects) == []


def test_counts_come_twice_or_overlap_and_are_counted_once():
    week = Week()
    week.live(HOUR, 10, 0.5)
    twice = [
        copy for event in week.events for copy in ([event, event] if isinstance(event, VolumeSampled) else [event])
    ]
    once, again = (run(events, ALL)[0].series["any|||||"].series for events in (week.events, twice))
    assert once.bins == again.bins
    assert sum(once.bins.values()) == 600_000


def test_counts_without_their_minutes_are_spread_evenly_to_the_last_mention():
    week = Week()
    week.now += 20 * MINUTE
    week.events.append(
        VolumeSampled(
            week.now,
            VolumeSample(source="x", brand="acme", start=START, seconds=600, count=17, sampled=True),
        )
    )
    state, _ = run(week.events, ALL)
    assert sorted({bucket.total for bucket in state.series["any|||||"].series.buckets.values()}) == [1000, 2000]
    assert sum(bucket.total for bucket in state.series["any|||||"].series.buckets.values()) == 17_000


def test_a_source_that_reads_everything_again_is_judged_by_what_it_brings():
    week = Week()
    week.live(HOUR, 10, 0.5)
    week.count([10] * TICK, sampled=False)
    week.read(3, 3, 1.0, minutes=1)
    state, _ = run(week.events, ALL)
    assert state.volumes == {}
    assert sum(state.series["any|||||"].series.bins.values()) == 603_000


def test_what_is_read_of_an_own_account_alone_is_not_taken_for_all_that_is_said():
    week = Week()
    week.live(DAY, 20, 0.1)
    for _ in range(24):
        week.count([20] * TICK)
        week.read(2, 2, 1.0)
    state, _ = run(week.events, MANY)
    (kept,) = state.series.values()
    last = [bucket for minute, bucket in sorted(kept.series.buckets.items())][-60:]
    assert sum(b.count for b in last) < 0.25 * sum(b.total for b in last)


def test_what_is_said_beyond_the_mood_is_estimated_in_the_same_way():
    upset = rule("upset", Level.WATCH, at_least("complaints", 50), window=60, mentions=NEGATIVE)
    week = Week()
    for _ in range(12):
        week.count([20] * TICK)
        week.read(10, 8, 10.0)
    said = Signals(("complaint",), ("safety",), ())
    events = [event if isinstance(event, VolumeSampled) else replace(event, signals=said) for event in week.events]
    _, effects = run(events, upset)
    reading = opened(effects)[-1].incident.reading
    assert reading.signals is not None
    assert reading.signals.complaints == pytest.approx(reading.observed, rel=0.01)
    assert reading.signals.categories[0][1] == pytest.approx(reading.observed, rel=0.01)


def test_a_source_that_is_counted_while_it_has_no_money_to_read_is_not_blind_to_its_volume():
    week = Week()
    week.live(30 * HOUR, 8, 0.15)
    events = list(week.events)
    for _ in range(60):
        week.count([8] * TICK)
        broke = SourceHealth(week.events[-1].at + timedelta(seconds=2), "x", False, "out_of_budget")
        events += [week.events[-1], replace(broke, healthy=True, reason="", at=week.events[-1].at), broke]
    _, effects = run(events, WAVE)
    assert opened(effects) == []


def test_detectors_wait_for_the_counts_and_not_for_ever():
    week = Week()
    week.live(DAY, 8, 0.15)
    state, _ = fold(State("acme"), [*week.events, Tick(week.now + 40 * MINUTE)], Ruleset((WAVE,)))
    assert state.closed * 60 <= week.now.timestamp()
    state, _ = fold(state, [Tick(week.now + DAY)], Ruleset((WAVE,)))
    assert state.closed * 60 >= (week.now + DAY - HOUR).timestamp()


def test_a_crash_between_counts_and_posts_changes_nothing():
    week = Week()
    week.live(HOUR, 30, 0.3)
    rules = Ruleset((WAVE, MANY, ALL))
    whole, effects = fold(State("acme"), week.events, rules)
    state, told = State("acme"), []
    for event in week.events:
        state, said = fold(decode(encode(state)), [event], rules)
        told += said
    assert encode(state) == encode(whole)
    assert told == effects
