"""Rule tests: the stories beside a rule, played in virtual time through the very core the daemon runs.

A story begins on a Monday at midnight UTC (`BEGIN`). Its sources stay healthy but for the outages it tells of, so
silence in a story is silence and never blindness; every brand list is left out, so that a rule is tested whatever it
watches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crisiswatch.config import Expectation, MentionSpec, Outage, RuleTest, RuleTestFile, load_rules
from crisiswatch.engine import State, fold
from crisiswatch.engine.program import program_for
from crisiswatch.matching import normalise
from crisiswatch.model import (
    Effect,
    Event,
    Explained,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    Mention,
    MentionScored,
    Score,
    Signals,
    SourceHealth,
    Text,
    Tick,
    VolumeSample,
    VolumeSampled,
)
from crisiswatch.rules.filters import Admission
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment.signals import signals_of

__all__ = ["BEGIN", "Failure", "RuleTestResult", "run_rule_test", "run_rule_tests"]

BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
"""When every story begins: a Monday, 00:00 UTC."""

BRAND = "story"
SCORES: Mapping[str, Score] = {
    "negative": Score(0.8, 0.15, 0.05, "story"),
    "neutral": Score(0.1, 0.8, 0.1, "story"),
    "positive": Score(0.05, 0.15, 0.8, "story"),
}
HEARTBEAT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that was not met: where it stands, what it says, and what happened instead, with times."""

    file: Path
    line: int
    expected: str
    happened: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{place}: expected {self.expected}; {self.happened}"


@dataclass(frozen=True, slots=True)
class RuleTestResult:
    """How one story went. ``effects`` is what the core said of it, for those who want to look closer.

    The core is given only the rules that match one of the story's mentions: of others there are no effects, and the
    brand's meter, `MeterMoved`, may be read off another rule than a daemon with all of them would read it off.
    """

    file: Path
    name: str
    line: int
    failures: tuple[Failure, ...]
    mentions: int
    effects: tuple[Effect, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation was met."""
        return not self.failures


@dataclass(slots=True)
class Life:
    """One incident's life as times since the story began; ``until`` None: it was still open at the end."""

    rule: str
    levels: list[tuple[timedelta, Level]]
    until: timedelta | None = None

    @property
    def since(self) -> timedelta:
        return self.levels[0][0]

    def open_between(self, start: timedelta, end: timedelta) -> bool:
        """Whether it was open at some moment from ``start`` up to and with ``end``."""
        return self.since <= end and (self.until is None or self.until > start)

    def level_until(self, end: timedelta) -> Level:
        """The highest level it had reached by ``end``."""
        return max((level for at, level in self.levels if at <= end), default=Level.CALM)

    def __str__(self) -> str:
        told = ", ".join(f"{level.word} at {words(at)}" for at, level in self.levels)
        return f"{self.rule}: {told}, " + (
            "still open when the story ends" if self.until is None else f"over at {words(self.until)}"
        )


def run_rule_tests(files: Sequence[RuleTestFile], ruleset: Ruleset | None = None) -> list[RuleTestResult]:
    """Play every story of ``files``, in order.

    Each file is played with the rules it names, or with ``ruleset`` if one is given. Raises `ConfigError` when a rule
    file has problems.
    """
    results = []
    for file in files:
        rules = load_rules(file.rules) if ruleset is None else ruleset
        results += _play(file.path, file.tests, rules)
    return results


def run_rule_test(path: Path, test: RuleTest, ruleset: Ruleset) -> RuleTestResult:
    """Play one story and compare what happened with what it expects."""
    return _play(path, [test], ruleset)[0]


@dataclass(frozen=True, slots=True)
class _Story:
    """A story made ready: all it tells the core, in order, and the rules that it can concern."""

    test: RuleTest
    mentions: int
    events: Sequence[Event]
    ruleset: Ruleset


def _play(path: Path, tests: Sequence[RuleTest], ruleset: Ruleset) -> list[RuleTestResult]:
    """Play stories; a beginning that several share, such as a week of calm, is played once for all of them."""
    anywhere = replace(ruleset, rules=tuple(replace(rule, brands=None) for rule in ruleset.rules))
    stories = [_made_ready(test, anywhere) for test in tests]
    effects: dict[int, list[Effect]] = {}
    for rules in dict.fromkeys(story.ruleset for story in stories):
        alike = {place: story.events for place, story in enumerate(stories) if story.ruleset == rules}
        effects.update(_fold_together(alike, rules))
    return [_compared(path, story, effects[place]) for place, story in enumerate(stories)]


def _made_ready(test: RuleTest, ruleset: Ruleset) -> _Story:
    mentions = sorted(
        (event for place, spec in enumerate(test.mentions) for event in _mentions(place, spec)),
        key=lambda event: event.at,
    )
    end = max([_last(each) for each in test.expect] + [event.at - BEGIN for event in mentions]) + HEARTBEAT
    sources = sorted({event.mention.source for event in mentions})
    events = list(_with_heartbeats(mentions, sources, end, test.outages))
    return _Story(test, len(mentions), events, _concerned(ruleset, mentions))


def _concerned(ruleset: Ruleset, mentions: Sequence[MentionScored]) -> Ruleset:
    """Leave out the rules that cannot hold without a mention and match none of the story's: they say nothing in it.

    Stories stand with every rule that theirs asks after (``unless_open``); following those takes most of the time.
    """
    kinds = {_kind(event): event for event in mentions}.values()
    idle = {
        plan.rule.id
        for plan in program_for(ruleset, BRAND).rules
        if plan.floor > 0 and not any(_counts(Admission(plan.rule.mentions), event) for event in kinds)
    }
    return replace(ruleset, rules=tuple(rule for rule in ruleset.rules if rule.id not in idle))


def _kind(event: MentionScored) -> tuple[object, ...]:
    """All of a made-up mention that a rule's filter reads."""
    mention = event.mention
    return mention.source, mention.lang, mention.text, event.score.label, event.signals


def _counts(admission: Admission, event: MentionScored) -> bool:
    return admission.admits(event.mention, event.score.label, event.signals)


def _fold_together(stories: Mapping[int, Sequence[Event]], rules: Ruleset) -> dict[int, list[Effect]]:
    """Fold several stories, each beginning that some of them share once; gives the effects of each."""
    told: dict[int, list[Effect]] = {}
    waiting = [(State(BRAND), 0, list[Effect](), list(stories))]
    while waiting:
        state, begin, before, group = waiting.pop()
        end = _shared([stories[place] for place in group], begin)
        state, effects = fold(state, stories[group[0]][begin:end], rules)
        effects = [*before, *effects]
        parting: dict[Event | None, list[int]] = {}
        for place in group:
            parting.setdefault(stories[place][end] if end < len(stories[place]) else None, []).append(place)
        told.update(dict.fromkeys(parting.pop(None, []), effects))
        waiting += [(state, end, effects, each) for each in parting.values()]
    return told


def _shared(stories: Sequence[Sequence[Event]], begin: int) -> int:
    """How far the stories are the same, if they are up to ``begin``."""
    for place, events in enumerate(zip(*(story[begin:] for story in stories), strict=False), begin):
        if any(event != events[0] for event in events):
            return place
    return min(len(story) for story in stories)


def _compared(path: Path, story: _Story, effects: Sequence[Effect]) -> RuleTestResult:
    test, lives = story.test, _lives(effects)
    failures = tuple(
        Failure(path, expected.line, _said(expected), _happened(expected, lives, effects))
        for expected in test.expect
        if not _met(expected, lives)
    )
    return RuleTestResult(path, test.name, test.line, failures, story.mentions, tuple(effects))


def words(span: timedelta) -> str:
    """``14d3h25m``: a time in a story as its author writes it."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"


def _mentions(place: int, spec: MentionSpec) -> Iterator[MentionScored]:
    if spec.every is not None and spec.until is not None:
        count, step = max(-((spec.at - spec.until) // spec.every), 0), spec.every
    else:
        count, step = spec.count, spec.over / max(spec.count, 1)
    signals = _signals(spec)
    for number in range(count):
        source = spec.sources[number % len(spec.sources)]
        author = number if isinstance(spec.authors, str) else number % spec.authors
        at = BEGIN + spec.at + step * number
        mention = Mention(
            uid=f"{source}:{place}.{number}",
            source=source,
            created_at=at,
            text=spec.text or "Something about the brand",
            author_id=f"{place}.{author}",
            author_followers=spec.audience,
            lang=spec.lang,
        )
        yield MentionScored(at, mention, SCORES[spec.sentiment], signals=signals)


def _signals(spec: MentionSpec) -> Signals:
    """What the mentions say beyond their mood: what the story says of that, and for the rest what their text says."""
    text = Text(spec.text or "", spec.lang)
    read = signals_of(text, normalise(text.text))
    return Signals(
        read.flags if spec.flags is None else spec.flags,
        read.severity if spec.severity is None else spec.severity,
        spec.themes,
    )


def _with_heartbeats(
    mentions: Sequence[MentionScored], sources: Sequence[str], end: timedelta, outages: Sequence[Outage] = ()
) -> Iterator[Event]:
    """Put a sign of life of every source into every minute from its first mention on, and end on a tick.

    In an outage there is none, and what is said then is never heard.
    """
    first = {name: min(event.at for event in mentions if event.mention.source == name) for name in sources}
    at, place = BEGIN, 0
    while at < BEGIN + end:
        yield from _turns(outages, at)
        for name in sources:
            if at >= first[name] and not _out(outages, name, at):
                yield VolumeSampled(at, VolumeSample(source=name, brand=BRAND, start=at, seconds=60, count=0))
        at += HEARTBEAT
        while place < len(mentions) and mentions[place].at < at:
            if not _out(outages, mentions[place].mention.source, mentions[place].at):
                yield mentions[place]
            place += 1
    yield Tick(BEGIN + end)


def _out(outages: Sequence[Outage], source: str, at: datetime) -> bool:
    return any(each.source == source and each.at <= at - BEGIN < each.until for each in outages)


def _turns(outages: Sequence[Outage], at: datetime) -> Iterator[SourceHealth]:
    """What the daemon is told in the minute from ``at``: a source fails, or is read again."""
    for each in outages:
        for moment, healthy in ((each.at, False), (each.until, True)):
            if at <= BEGIN + moment < at + HEARTBEAT:
                yield SourceHealth(at, each.source, healthy, "" if healthy else "failing")


def _lives(effects: Sequence[Effect]) -> list[Life]:
    found: dict[str, Life] = {}
    for effect in effects:
        if isinstance(effect, IncidentOpened | IncidentChanged | IncidentResolved):
            _note(found, effect.at - BEGIN, effect.incident, over=isinstance(effect, IncidentResolved))
    return list(found.values())


def _note(found: dict[str, Life], at: timedelta, incident: Incident, *, over: bool) -> None:
    life = found.setdefault(incident.id, Life(incident.rule, []))
    if not life.levels or life.levels[-1][1] != incident.level:
        life.levels.append((at, incident.level))
    if over:
        life.until = at


def _span(expected: Expectation) -> tuple[timedelta, timedelta]:
    if expected.between is not None:
        return expected.between
    return timedelta(0), expected.by or timedelta(0)


def _last(expected: Expectation) -> timedelta:
    return _span(expected)[1]


def _met(expected: Expectation, lives: Sequence[Life]) -> bool:
    start, end = _span(expected)
    if expected.none:  # `by` a time means: at that time
        start = start if expected.between is not None else end
        return not any(life.open_between(start, end) for life in lives)
    if expected.incidents is not None:
        return sum(start <= life.since <= end for life in lives) == expected.incidents
    level = expected.level or Level.WATCH
    return any(
        life.rule == expected.incident and life.open_between(start, end) and life.level_until(end) >= level
        for life in lives
    )


def _said(expected: Expectation) -> str:
    start, end = _span(expected)
    when = f"by {words(end)}" if expected.between is None else f"between {words(start)} and {words(end)}"
    if expected.none:
        return f"no open incident {when}"
    if expected.incidents is not None:
        return f"{expected.incidents} incidents opened {when}"
    level = f" at {expected.level.word}" if expected.level is not None else ""
    return f"an incident of {expected.incident}{level} {when}"


def _happened(expected: Expectation, lives: Sequence[Life], effects: Sequence[Effect]) -> str:
    about = [life for life in lives if expected.incident in (None, life.rule)]
    if about:
        return "what happened: " + "; ".join(str(life) for life in about)
    held = [
        f"{effect.rule} was held back by {effect.held_back_by} at {words(effect.at - BEGIN)}"
        for effect in effects
        if isinstance(effect, Explained) and expected.incident in (None, effect.rule)
    ]
    whose = f" of {expected.incident}" if expected.incident else ""
    return "; ".join([f"no incident{whose} was opened", *held[:3]])
