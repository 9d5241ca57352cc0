"""Random streams for the engine: drawn as a list of segments, so that a failing one shrinks to a few of them."""

from __future__ import annotations

import random  # noqa: TID251 - seeded
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.model import (
    Effect,
    Event,
    HumanAction,
    IncidentOpened,
    Level,
    MentionScored,
    Signals,
    SourceHealth,
    Tick,
    VolumeSample,
    VolumeSampled,
)
from crisiswatch.rules.model import Block, CalendarEvent, Condition, MentionFilter, Rule, Ruleset, Schedule, Settle
from crisiswatch.sentiment.stage import score_by_source
from crisiswatch.testing.mentions import Mentions

START = datetime(2024, 3, 29, 20, 0, tzinfo=UTC)  # two days before the clocks change in Rome
SOURCES = ("blogs", "forum", "x")
SENTIMENTS = ("negative", "negative", "neutral", "positive")


def rule(rule_id: str, level: Level, *conditions: Condition, window: int = 15, **fields: object) -> Rule:
    """A rule with one level."""
    fields.setdefault("levels", ((level, Block(conditions)),))
    return Rule(id=rule_id, title=rule_id.title(), alert=rule_id, window=window, **fields)  # type: ignore[arg-type]


def at_least(measure: str, bound: float, against: str | None = None) -> Condition:
    return Condition(measure, "at_least", bound, against)


def at_most(measure: str, bound: float) -> Condition:
    return Condition(measure, "at_most", bound)


NEGATIVE = MentionFilter("negative")
WAVE = rule(
    "wave",
    Level.WARNING,
    mentions=NEGATIVE,
    hold=3,
    settle=Settle(15, 0.5),
    levels=(
        (Level.WARNING, Block((at_least("surprise", 10.0), at_least("count", 6), at_least("authors", 4)))),
        (Level.CRITICAL, Block((at_least("surprise", 1.0), at_least("count", 15), at_least("sources", 2)))),
    ),
)
HOUR = rule(
    "hour", Level.WATCH, at_least("surprise", 100.0), at_least("count", 5), window=60, mentions=NEGATIVE,
    settle=Settle(20), unless_open=("wave",), status="trial",
)  # fmt: skip
LOUD = rule("loud", Level.WARNING, at_least("largest_audience", 5000), window=30, settle=Settle(10))
REACH = rule("reach", Level.WATCH, at_least("reach", 20000), window=45, mentions=MentionFilter(languages=("it", "en")))
SOUR = rule(
    "sour", Level.WATCH, at_least("share", 0.5), at_least("count", 4), window=120, mentions=NEGATIVE, hold=10,
    settle=Settle(30),
    only_during=Schedule(frozenset({0, 4, 5, 6}), 22 * 60, 6 * 60, ZoneInfo("Europe/Rome")),
)  # fmt: skip
GROWTH = rule("growth", Level.WATCH, at_least("growth", 2, "previous_window"), at_least("count", 3), window=20)
WEEKLY = rule("weekly", Level.WATCH, at_least("growth", 2, "same_hours_last_week"), at_least("count", 5), window=60)
HUSH = rule("hush", Level.WATCH, at_most("count", 1), window=30, hold=20, settle=Settle(10))
EITHER = rule(
    "either",
    Level.WATCH,
    window=10,
    mentions=MentionFilter(words=("acme coffee", "wrong"), ignore_words=("morning",)),
    settle=Settle(6),
    levels=(
        (
            Level.WATCH,
            Block(
                any_of=(Block((at_least("count", 4),)), Block((at_least("authors", 2), at_most("share", 0.9)))),
                none_of=(Block((at_most("sources", 1), at_least("count", 9))),),
            ),
        ),
    ),
)
ONLY_X = rule("only-x", Level.WARNING, at_least("count", 5), window=15, mentions=MentionFilter(sources=("x",)))
ORGANIC = rule("organic", Level.WATCH, at_least("organic", 5), at_most("organic", 60), window=25, settle=Settle(10))
UPSET = rule(
    "upset", Level.WATCH, at_least("complaints", 4), at_least("count", 6), at_most("questions", 40), window=30,
    mentions=NEGATIVE, settle=Settle(10),
)  # fmt: skip
GRAVE = rule(
    "grave", Level.WARNING, at_least("severity", 1.5), at_least("surprise", 100.0), window=20, settle=Settle(10),
    mentions=MentionFilter("negative", flags=("complaint",), severity=("safety", "recall"), themes=("delivery",)),
)  # fmt: skip
RULES = (WAVE, HOUR, LOUD, REACH, SOUR, GROWTH, WEEKLY, HUSH, EITHER, ONLY_X, ORGANIC, UPSET, GRAVE)
CALENDAR = (CalendarEvent("evening show", 20 * 60 + 30, 22 * 60, weekly=True),)


@dataclass(frozen=True)
class Segment:
    """A stretch of a stream: what it is, how long (minutes), how many mentions, from where."""

    kind: str
    minutes: int
    count: int
    sources: tuple[str, ...]
    delay: int


MINUTES = st.sampled_from((0, 1, 2, 5, 7, 15, 40, 90, 240, 600, 1500))
KINDS = ("usual", "usual", "wave", "wave", "silence", "fails", "recovers", "sampled", "backfill", "counted", "counted")


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    kind = draw(st.sampled_from(KINDS))
    minutes = draw(st.sampled_from((600, 3000, 8000)) if kind == "silence" and draw(st.booleans()) else MINUTES)
    sources = tuple(sorted(draw(st.sets(st.sampled_from(SOURCES), min_size=1, max_size=3))))
    return Segment(
        kind,
        minutes,
        draw(st.sampled_from((1, 2, 5, 12, 30, 60, 120))),
        sources,
        draw(st.sampled_from((0, 0, 1, 4, 9, 70))),
    )


def make(parts: Sequence[Segment], seed: int) -> list[Event]:
    """The events of the segments, one after the other, in order of arrival."""
    chance, mentions = random.Random(seed), Mentions(seed)
    events: list[Event] = []
    now = START
    for part in parts:
        end = now + timedelta(minutes=part.minutes)
        if part.kind in ("fails", "recovers"):
            healthy = part.kind == "recovers"
            events += [SourceHealth(now, name, healthy, "" if healthy else "failing") for name in part.sources]
        elif part.kind == "sampled":
            sample = VolumeSample(source=part.sources[0], brand="acme", start=now, seconds=60, count=part.count)
            events.append(VolumeSampled(now, sample))
        elif part.kind == "counted":
            events += _counted(part, now, chance, mentions)
        elif part.kind != "silence":
            events += _mentions(part, now, chance, mentions)
        now = end
    return sorted(events, key=lambda event: event.at)


def _counted(part: Segment, start: datetime, chance: random.Random, mentions: Mentions) -> Iterable[Event]:
    """Counts of every minute in a few rounds, some of them twice, late or without their minutes, and posts of them.

    Some posts come before their counts, some long after; some are read in full.
    """
    source, every = part.sources[0], max(1, min(part.minutes // 3, 60))
    negative = chance.choice((0.1, 0.9))
    for begin in range(0, part.minutes, every):
        length = min(every, part.minutes - begin)
        counts = tuple(chance.randrange(part.count) for _ in range(length))
        first = start + timedelta(minutes=begin)
        sample = VolumeSample(
            source=source,
            brand="acme",
            start=first,
            seconds=60 * length,
            count=sum(counts),
            counts=counts if chance.random() < 0.7 else (),
            sampled=True,
            backfill=chance.random() < 0.1,
        )
        arrives = first + timedelta(minutes=length, seconds=chance.choice((30, 30, 30, 5000)))
        yield VolumeSampled(arrives, sample)
        if chance.random() < 0.2:
            yield VolumeSampled(arrives + timedelta(minutes=chance.choice((0, 1, 9))), sample)
        read = chance.randrange(min(8, sum(counts) + 1))
        for _ in range(read):
            made = mentions.one(
                first + timedelta(seconds=chance.randrange(60 * length)),
                "negative" if chance.random() < negative else "positive",
                source=source,
                arrives=arrives + timedelta(seconds=chance.choice((0, 1, 1, 70, 400))),
                author=f"a{chance.randrange(2000)}",
                weight=chance.choice((1.0, sum(counts) / read)),
            )
            said = Signals(chance.choice(((), ("complaint",))), chance.choice(((), ("safety",))), ())
            yield replace(made, score=replace(made.score, calibrated=chance.random() < 0.5), signals=said)


def _mentions(part: Segment, start: datetime, chance: random.Random, mentions: Mentions) -> Iterable[MentionScored]:
    seconds = part.minutes * 60
    count = part.count if part.kind != "usual" else part.count + part.minutes // 8
    apart = random.Random(
        f"{seconds}.{count}"
    )  # what is said is drawn by itself, so that kept streams stay as they are
    theirs = random.Random(f"native {seconds}.{count}")
    for _ in range(count):
        arrives = start + timedelta(seconds=chance.randrange(seconds + 1))
        delay = chance.randrange(part.delay * 60 + 1)
        if part.kind == "backfill":
            delay = chance.randrange(8 * 3600)
        if chance.random() < 0.01:
            delay = -3 * 86400  # an author's clock three days ahead
        made = mentions.one(
            arrives - timedelta(seconds=delay),
            "negative" if part.kind == "wave" else chance.choice(SENTIMENTS),
            source=chance.choice(part.sources),
            arrives=arrives,
            author=f"a{chance.randrange(2000)}",
            author_followers=chance.choice((None, 10, 300, 9000)),
            lang=chance.choice((None, "it", "en-GB", "fr")),
            weight=chance.choice((1.0, 1.0, 1.0, 2.5)),
            repost_of=chance.choice((None, None, None, "x:1")),
        )
        said = Signals(
            apart.choice(((), ("complaint",), ("question",), ("complaint", "question"))),
            apart.choice(((), (), ("safety",), ("news", "recall"))),
            apart.choice(((), ("delivery",), ("staff", "delivery"))),
        )
        yield _with_native(replace(made, score=replace(made.score, calibrated=chance.random() < 0.3)), theirs, said)


def _with_native(made: MentionScored, chance: random.Random, said: Signals) -> MentionScored:
    """One mention in eight has a score of its source's own, which stands in for the scorer's where it is clear."""
    if chance.random() >= 0.125:
        return replace(made, signals=said)
    native = {"negative": -0.8, "neutral": 0.1, "positive": 0.6}[made.score.label.value]
    mention = replace(made.mention, native_sentiment=native)
    return replace(made, mention=mention, score=score_by_source(native) or made.score, signals=said)


def hands(effects: Sequence[Effect], seed: int) -> list[Event]:
    """People who acknowledge and resolve some of the incidents these effects open, some of them twice."""
    chance = random.Random(seed)
    events: list[Event] = []
    for effect in effects:
        if isinstance(effect, IncidentOpened) and chance.random() < 0.5:
            at = effect.at + timedelta(seconds=chance.randrange(1, 3600))
            action = chance.choice(("acknowledge", "resolve", "resolve"))
            events += [HumanAction(at, effect.incident.id, action, "Kim")] * chance.choice((1, 2))
    return events


def end_of(events: Sequence[Event]) -> datetime:
    return max((event.at for event in events), default=START) + timedelta(minutes=30)


def one_shot(events: Sequence[Event], rules: Ruleset) -> tuple[list[Effect], bytes]:
    """Everything in a single batch, with one tick at the end."""
    state, effects = fold(State("acme"), [*events, Tick(end_of(events))], rules)
    return effects, encode(state)


def with_ticks(events: Sequence[Event], every: timedelta | None) -> list[Event]:
    """The same events with ticks between them, as a daemon's clock would bring them."""
    end = end_of(events)
    ticks: list[Event] = [Tick(end)]
    at = events[0].at if events else end
    while every is not None and (at := at + every) < end:
        ticks.append(Tick(at))
    return sorted([*events, *ticks], key=lambda event: event.at)


def live(events: Sequence[Event], rules: Ruleset, seed: int, crashes: float) -> tuple[list[Effect], bytes]:
    """The events in random batches, with a crash (only the bytes survive) after some of them."""
    chance, state, effects = random.Random(seed), State("acme"), []
    place = 0
    while place < len(events):
        size = chance.choice((1, 1, 2, 5, 40, 500))
        state, said = fold(state, events[place : place + size], rules)
        effects += said
        place += size
        if chance.random() < crashes:
            state = decode(encode(state))
    return effects, encode(state)


SEEDS_FOR_FIXTURE = (
    Segment("usual", 600, 30, ("forum", "x"), 4),
    Segment("fails", 5, 1, ("blogs",), 0),
    Segment("wave", 15, 60, ("forum", "x"), 1),
    Segment("usual", 7, 12, ("forum", "x"), 4),
)
"""What the kept state has lived through."""
