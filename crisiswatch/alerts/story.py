"""The detector's reasons as a few plain sentences: what is usual, where it shows most, since when, what next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import about, exact, moment, rarity, roughly, since_about, span
from crisiswatch.model import Incident, Reading

__all__ = ["began", "range_words", "story"]

MOSTLY = 0.8
NOTHING_UNUSUAL = 60.0
"""False alarms a month from which on nobody would speak of anything unusual: twice a day."""


def began(incident: Incident) -> datetime:
    """When it most likely began: as the incident's peak shows it, and never after the rule noticed."""
    for reading in (incident.peak, incident.reading):
        if reading.reasons is not None and reading.reasons.since is not None:
            return min(reading.reasons.since, incident.opened_at)
    return incident.opened_at


def story(reading: Reading, since: datetime | None, zone: tzinfo = UTC, lang: str = "en") -> str:
    """Sentences on what `reading` shows; empty where no detector was asked or it is still learning.

    `since` is when it began. Times are told in `zone`, without the date where that is the reading's own.
    """
    if reading.expected is None or reading.learning:
        return ""
    window = reading.end - reading.start
    usual = roughly(reading.expected, lang)
    between = _range(reading.low, reading.high, lang)
    parts = [
        phrase(lang, "story.usual", n=usual, window=span(window, lang), range=between, now=_now(reading, lang)),
        *_outlook(reading, window, since, zone, lang),
    ]
    if reading.false_alarms_per_month is not None:
        parts.append(phrase(lang, "story.chance", rarity=rarity(reading.false_alarms_per_month, lang)))
    return " ".join(parts)


def range_words(low: float, high: float, lang: str = "en") -> str:
    """``1 to 9``; what is less than one mention is none."""
    least = about(low, lang) if low >= 1 else "0"
    return phrase(lang, "range", low=least, high=about(max(high, 1.0), lang))


def _range(low: float | None, high: float | None, lang: str) -> str:
    return "" if low is None or high is None else phrase(lang, "story.range", range=range_words(low, high, lang))


def _now(reading: Reading, lang: str) -> str:
    """The count, and what is left of it without copies where they are many: the detector goes by that."""
    now = exact(reading.observed, lang)
    if reading.organic is None or reading.organic > MOSTLY * reading.observed:
        return phrase(lang, "story.now", n=now)
    return phrase(lang, "story.copies", n=now, organic=roughly(reading.organic, lang))


def _outlook(reading: Reading, window: timedelta, since: datetime | None, zone: tzinfo, lang: str) -> list[str]:
    why, rate = reading.reasons, reading.false_alarms_per_month
    if why is None:
        return []
    parts = []
    if rate is None or rate < NOTHING_UNUSUAL:
        length = timedelta(minutes=why.minutes)
        observed, expected = roughly(why.observed, lang), roughly(why.expected, lang)
        figures = "" if length == window else phrase(lang, "story.figures", n=observed, expected=expected)
        parts.append(phrase(lang, "story.strongest", window=span(length, lang), figures=figures))
        if since is not None:
            day = moment(reading.end, zone, lang).partition(", ")[0] + ", "
            at = since_about(since, zone, lang) if lang == "it" else moment(since, zone, lang).removeprefix(day)
            parts.append(phrase(lang, "story.since", at=at))
    parts.append(phrase(lang, "story.next", n=roughly(why.next_hour, lang)))
    return parts
