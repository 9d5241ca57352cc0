"""What a chart of an incident shows, as plain data, and how it is made of an incident and of stored counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.story import range_words
from crisiswatch.alerts.words import clean, clip, exact, span, times
from crisiswatch.charts.band import band_of
from crisiswatch.model import Blind, Case, Incident, Level, Reading, StandDown

__all__ = ["ChartData", "Mark", "MarkKind", "from_history", "from_incident"]

STEP = timedelta(minutes=5)
"""The length of a step of `Incident.trend`."""
MOST_STEPS = 60
"""More bars than this can't be told apart on a phone."""
_STEPS = tuple(timedelta(minutes=each) for each in (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080))
_LARGEST = 1e12
_MOST_MARKS = 8


class MarkKind(StrEnum):
    """What happened at a marked moment."""

    OPENED = "opened"
    ESCALATED = "escalated"
    EASED = "eased"
    ACKNOWLEDGED = "acknowledged"
    CALMING = "calming"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment to mark, with a word for it, and the level that it came to, if any:
    ``Mark(at, MarkKind.ESCALATED, "critical", Level.CRITICAL)``."""

    at: datetime
    kind: MarkKind
    label: str
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartData:
    """Mentions in steps of ``step``, oldest first, the last one ending at ``end``; what is not finite is a gap.

    ``band`` is what is usual in one step (low, expected, high); None where nobody knows. ``levels`` say which level was
    in force from when on, ``marks`` what happened, ``blind`` from when to when a source was not heard (None: still).
    ``title`` is one sentence, ``what`` says what is counted: ``mentions`` or ``negative``. Times are told in ``zone``,
    words in ``language``. ``drill``: an exercise, and the picture says so.
    """

    title: str
    end: datetime
    step: timedelta = STEP
    counts: tuple[float, ...] = ()
    band: tuple[float, float, float] | None = None
    levels: tuple[tuple[Level, datetime], ...] = ()
    marks: tuple[Mark, ...] = ()
    blind: tuple[tuple[datetime, datetime | None], ...] = ()
    what: str = "mentions"
    zone: tzinfo = UTC
    drill: bool = False
    drill_words: str = "DRILL: an exercise"
    language: str = "en"

    @property
    def start(self) -> datetime:
        """Where the first step begins."""
        return self.end - self.step * max(len(self.counts), 1)


def from_incident(
    incident: Incident,
    case: Case | None = None,
    *,
    calming: Sequence[datetime] = (),
    brand: str = "",
    zone: tzinfo = UTC,
    drill: bool = False,
    lang: str = "en",
) -> ChartData:
    """The last hours of an incident by its own ``trend``: nothing but the snapshot is needed.

    ``calming`` are the moments from which it calmed down.
    """
    return ChartData(
        title=_title(incident, case, brand or incident.brand, lang),
        end=incident.reading.end,
        counts=tuple(_sane(count) for count in incident.trend),
        band=None if incident.of_blindness else band_of(_usual(incident), STEP),
        levels=incident.levels,
        marks=_marks(incident, case, calming, lang),
        blind=_spells(incident.blind),
        zone=zone,
        drill=drill,
        language=lang,
    )


def from_history(
    incident: Incident,
    minutes: Iterable[tuple[datetime, float]],
    start: datetime,
    end: datetime,
    case: Case | None = None,
    *,
    calming: Sequence[datetime] = (),
    blind: Iterable[Blind] = (),
    same: bool = True,
    what: str = "mentions",
    brand: str = "",
    zone: tzinfo = UTC,
    drill: bool = False,
    lang: str = "en",
) -> ChartData:
    """A whole incident from ``start`` to ``end``, in steps coarse enough to be told apart.

    ``minutes`` are counts by the minute they began in (`Store.counts`: one entry a minute and source), in any order.
    ``same``: they count what the incident's rule counts, so that what is usual for the rule may be drawn with them.
    ``calming`` are the moments from which it calmed down, ``blind`` further spells than the incident's own.
    """
    step = next((each for each in _STEPS if end - start <= each * MOST_STEPS), _STEPS[-1])
    end = max(end, start + step)
    steps = min(math.ceil((end - start) / step), MOST_STEPS * 10)
    counts = [0.0] * steps
    for at, count in minutes:
        place = (at - (end - step * steps)) // step
        if 0 <= place < steps:
            counts[place] += _sane(count)
    return ChartData(
        title=_title(incident, case, brand or incident.brand, lang),
        end=end,
        step=step,
        counts=tuple(counts),
        band=band_of(_usual(incident), step) if same and not incident.of_blindness else None,
        levels=incident.levels,
        marks=_marks(incident, case, calming, lang),
        blind=_spells([*incident.blind, *blind]),
        what=what,
        zone=zone,
        drill=drill,
        language=lang,
    )


def _usual(incident: Incident) -> Reading:
    """The reading that knows best what is usual: the present one, unless it has nothing to say."""
    return incident.reading if incident.reading.expected is not None else incident.peak


def _sane(count: float) -> float:
    """A count that can be drawn; not a number stays that, as a gap."""
    try:
        return count if math.isnan(count) else min(max(float(count), 0.0), _LARGEST)
    except OverflowError:
        return _LARGEST


def _awaited(case: Case | None) -> bool:
    """Whether the figures are calm, but a person has still to say that it is over."""
    return case is not None and case.stand_down is StandDown.AWAITED


def _title(incident: Incident, case: Case | None, brand: str, lang: str) -> str:
    name = clip(clean(brand), 40)
    if incident.of_blindness:
        dark = ", ".join(dict.fromkeys(clip(clean(each.source), 30) for each in incident.blind if each.until is None))
        return phrase(lang, "chart.dark" if dark else "chart.heard", brand=name, sources=dark)
    over = incident.resolved_at is not None
    reading = incident.peak if over else incident.reading
    window = span(reading.end - reading.start, lang)
    figure = _compared(phrase(lang, "in_window", n=exact(reading.observed, lang), window=window), reading, lang)
    key = ("calm" if _awaited(case) else "over") if over else "now"
    return phrase(lang, f"chart.{key}", brand=name, figure=figure)


def _compared(figure: str, reading: Reading, lang: str) -> str:
    if reading.expected is None or reading.learning:
        return figure
    if reading.expected >= 0.5 and reading.observed > 1.5 * reading.expected:
        more = times(reading.observed, reading.expected, lang)
        return phrase(lang, "chart.times", figure=figure, times=more)
    if reading.low is not None and reading.high is not None:
        return phrase(lang, "chart.usually", figure=figure, range=range_words(reading.low, reading.high, lang))
    return figure


def _marks(incident: Incident, case: Case | None, calming: Sequence[datetime], lang: str) -> tuple[Mark, ...]:
    """What happened, the opening and each change of level with the level's own word."""
    found = [Mark(incident.opened_at, MarkKind.OPENED, _word(incident.level, lang), incident.level)]
    before = Level.CALM
    for number, (level, at) in enumerate(incident.levels):
        if number == 0:
            found = [Mark(incident.opened_at, MarkKind.OPENED, _word(level, lang), level)]
        else:
            kind = MarkKind.ESCALATED if level > before else MarkKind.EASED
            found.append(Mark(at, kind, _word(level, lang), level))
        before = level
    taken = (case.acknowledged_at if case is not None else None) or incident.acknowledged_at
    if taken is not None:
        found.append(Mark(taken, MarkKind.ACKNOWLEDGED, phrase(lang, "chart.taken")))
    found += [Mark(at, MarkKind.CALMING, phrase(lang, "chart.calming")) for at in calming]
    if incident.resolved_at is not None:
        word = phrase(lang, "level.calm" if _awaited(case) else "chart.ended")
        found.append(Mark(incident.resolved_at, MarkKind.ENDED, word))
    return tuple(sorted(found, key=lambda mark: mark.at)[-_MOST_MARKS:])


def _word(level: Level, lang: str) -> str:
    return phrase(lang, f"level.{level.word}")


def _spells(blind: Iterable[Blind]) -> tuple[tuple[datetime, datetime | None], ...]:
    """When something was not heard, whichever source it was: spells that touch are one."""
    merged: list[tuple[datetime, datetime | None]] = []
    for each in sorted(blind, key=lambda spell: spell.since):
        since, until = merged[-1] if merged else (each.since, each.since)
        if merged and (until is None or each.since <= until):
            ends = None if until is None or each.until is None else max(until, each.until)
            merged[-1] = (since, ends)
        else:
            merged.append((each.since, each.until))
    return tuple(merged)
