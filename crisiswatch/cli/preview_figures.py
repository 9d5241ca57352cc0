"""Figures for the incident of a preview, made so that one level of its rule holds: what the alert could really say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from crisiswatch.matching import normalise
from crisiswatch.model import Level, Reading, Reasons, SignalCounts
from crisiswatch.rules.judge import asks_for_blindness, level_held
from crisiswatch.rules.model import Block, Condition, Rule
from crisiswatch.sentiment.severity import severity, weight_of

__all__ = ["Figures", "asks", "calm", "figures", "of_blindness", "stand_in"]

_ABOVE = (1.4, 1.2, 1.1, 1.0)
"""How far above its bounds a level is shown: as far as the next level still does not hold."""
_UNASKED = 24.0
"""Mentions where the level asks for no number of them."""
_PLACES = ("x", "reddit", "news", "bluesky", "mastodon", "hackernews")
_LARGEST = 1_900
_USUAL = 0.12
"""What is usual, as a part of what a level that asks for surprise shows."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A reading with what is in none: minutes of blindness, and the growth against what the rule compares with."""

    reading: Reading
    blind_for: float = 0.0
    growth: float | None = None
    complete: bool = True

    def value(self, measure: str, against: str | None) -> float | None:
        """Give a measure by its name in the rule language; see `crisiswatch.rules.judge.Measures`."""
        del against
        reading, said = self.reading, self.reading.signals or SignalCounts()
        found = {
            "count": reading.observed,
            "organic": reading.organic,
            "complaints": said.complaints,
            "questions": said.questions,
            "severity": said.severity,
            "authors": reading.authors,
            "sources": len(reading.sources),
            "reach": reading.reach or 0,
            "largest_audience": reading.largest_audience or 0,
            "share": reading.share,
            "growth": self.growth,
            "surprise": reading.false_alarms_per_month,
            "blind_for": self.blind_for,
        }.get(measure)
        return None if found is None else float(found)


def figures(rule: Rule, level: Level, end: datetime) -> Figures:
    """What ``rule`` could see when ``level`` is the one that holds, as far as its lines can be met together."""
    lowest, block = rule.levels[0][0], dict(rule.levels)[level]
    usual = None if level is lowest else figures(rule, lowest, end).reading  # it does not change with the level
    made = [_met(rule, block, end, above, usual) for above in _ABOVE]
    return next((each for each in made if level_held(rule, each, early=False) is level), made[0])


def calm(rule: Rule, end: datetime) -> Figures:
    """What ``rule`` sees when it is over: less than its lowest level asks for, and every source can be heard."""
    level, block = rule.levels[0]
    opening = figures(rule, level, end).reading
    if asks_for_blindness(block):
        return Figures(opening)
    return Figures(_reading(rule, _Wanted(0.25 * opening.observed // 1, judged=12.0), end, usual=opening))


def asks(rule: Rule, measure: str) -> bool:
    """Whether a level of ``rule`` asks for ``measure``."""
    return any(line.measure == measure for _, block in rule.levels for line in _lines(block))


def of_blindness(rule: Rule) -> bool:
    """Whether the rule is about sources that can't be heard, not about what is said."""
    return all(asks_for_blindness(block) for _, block in rule.levels)


def stand_in(alert: str) -> Rule:
    """A rule for an alert that no rule uses."""

    def block(count: float, authors: float, surprise: float) -> Block:
        bounds = {"count": count, "authors": authors, "surprise": surprise}
        return Block(tuple(Condition(measure, "at_least", bound) for measure, bound in bounds.items()))

    levels = ((Level.WARNING, block(20.0, 12.0, 1.0)), (Level.CRITICAL, block(60.0, 30.0, 0.1)))
    return Rule(id=alert, title=alert, window=15, levels=levels, alert=alert)


@dataclass(frozen=True, slots=True)
class _Wanted:
    count: float
    authors: float = 0.0
    organic: float | None = None
    sources: int = 2
    share: float | None = None
    reach: float = 0.0
    audience: float = 0.0
    severity: float = 0.0
    complaints: float = 0.0
    questions: float = 0.0
    judged: float | None = None


def _met(rule: Rule, block: Block, end: datetime, above: float, usual: Reading | None) -> Figures:
    """Figures that are ``above`` times what each line of ``block`` asks for at least, and below what it allows."""
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    for line in _lines(block):
        if line.measure == "surprise" or line.operator == "at_most":
            most[line.measure] = min(most.get(line.measure, line.bound), line.bound)
        else:
            least[line.measure] = max(least.get(line.measure, line.bound), line.bound)

    def over(measure: str) -> float:
        return min(least.get(measure, 0.0) * above, most.get(measure, float("inf")))

    organic = over("organic")
    everybody = max(over("count"), organic / 0.92, *(over(each) for each in ("authors", "complaints", "questions")))
    count = float(ceil(round(max(everybody, over("severity") / 0.8), 6))) or _UNASKED
    if "count" in most and "count" not in least:
        count = float(int(min(count, most["count"] / 2)))
    if of_blindness(rule):
        count = 3.0
    share = min(over("share"), 0.95) if "share" in least or "share" in most else None
    wanted = _Wanted(
        count,
        authors=min(max(over("authors"), 0.88 * count), most.get("authors", count)),
        organic=most["organic"] * 0.7 if "organic" in most else None,
        sources=max(ceil(least.get("sources", 0.0)), min(2, int(most.get("sources", 2.0)))),
        share=share,
        reach=over("reach"),
        audience=over("largest_audience"),
        severity=over("severity"),
        complaints=over("complaints"),
        questions=over("questions"),
        judged=most["surprise"] * 0.4 / above if "surprise" in most else None,
    )
    growth = over("growth") if "growth" in least or "growth" in most else None
    return Figures(
        _reading(rule, wanted, end, usual), round(over("blind_for")), None if growth is None else round(growth, 2)
    )


def _reading(rule: Rule, wanted: _Wanted, end: datetime, usual: Reading | None = None) -> Reading:
    count, judged = wanted.count, asks(rule, "surprise")
    filtered = bool(rule.mentions.words or rule.mentions.severity or rule.mentions.flags or rule.mentions.themes)
    share = wanted.share or (0.06 if filtered else 0.667 if rule.mentions.sentiment != "any" else 1.0)
    expected = round(_USUAL * count, 1) if usual is None else usual.expected or 0.0
    places = rule.mentions.sources or _PLACES
    audience = max(wanted.audience, _LARGEST)
    return Reading(
        start=end - timedelta(minutes=rule.window),
        end=end,
        observed=count,
        total=max(ceil(count / share), count) if count else 30.0,
        authors=round(wanted.authors or 0.88 * count),
        sources=tuple(sorted(places[: wanted.sources])) if count else (),
        organic=(round(0.92 * count) if wanted.organic is None else round(wanted.organic)) if _texts(rule) else None,
        reach=round(max(wanted.reach, audience + 400 * (count - 1))) if count else None,
        largest_audience=round(audience) if count else None,
        share=round(share, 3) if count else 0.0,
        expected=expected if judged else None,
        low=round(0.3 * expected, 1) if judged else None,
        high=round(2.1 * expected, 1) if judged else None,
        false_alarms_per_month=(wanted.judged or 0.02) if judged else None,
        reasons=_reasons(rule.window, count, expected, share, end) if judged and count else None,
        signals=_signals(rule, wanted) if count and not of_blindness(rule) else None,
    )


def _reasons(window: int, count: float, expected: float, share: float, end: datetime) -> Reasons:
    """Why: where the window is short, the hour shows it better."""
    minutes = max(window, 60)
    usual = expected * minutes / window
    return Reasons(
        minutes=minutes,
        observed=round(count * (1.6 if window < minutes else 1.0)),
        expected=round(usual, 1),
        low=round(0.45 * usual, 1),
        high=round(1.75 * usual, 1),
        since=end - timedelta(minutes=max(40, window * 7 // 10)),
        next_hour=round(0.9 * count * 60 / window, 1),
        level=round(expected * 50 / window, 1),
        hour_of_day=1.2,
        day_of_week=1.0,
        hour_of_week=1.0,
        dispersion=0.1,
        share=round(0.92 * share, 3),
        usual_share=round(0.42 * share, 3),
    )


def _signals(rule: Rule, wanted: _Wanted) -> SignalCounts:
    """What is said beyond the mood; grave words of the kinds that the rule itself looks for."""
    count, kinds = wanted.count, _kinds(rule)
    if not kinds and wanted.severity:
        kinds = ("safety",)
    counts = [(kind, float(max(1, round(count / (1 + place * 2))))) for place, kind in enumerate(kinds)]
    weight = max(wanted.severity, sum(weight_of((kind,)) * each for kind, each in counts[:1]))
    complaints = max(wanted.complaints, round(0.6 * count))
    questions = max(wanted.questions, round(0.2 * count), 1.0)
    return SignalCounts(float(complaints), float(questions), round(weight, 3), tuple(counts))


def _kinds(rule: Rule) -> tuple[str, ...]:
    """At most two kinds of grave words: those that the rule's filter names, or those that its own words are of."""
    if rule.mentions.severity:
        return tuple(sorted(rule.mentions.severity, key=lambda kind: -weight_of((kind,))))[:2]
    found = Counter(each.label for word in rule.mentions.words for each in severity(normalise(word)).reasons)
    return tuple(kind for kind, _ in found.most_common(1))


def _texts(rule: Rule) -> bool:
    return asks(rule, "organic") or asks(rule, "surprise")


def _lines(block: Block) -> Iterator[Condition]:
    """The lines to be met: of the alternatives all, and none of those under ``none``."""
    yield from block.conditions
    for inner in block.any_of:
        yield from _lines(inner)
