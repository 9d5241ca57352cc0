"""The detector's reasons as a few plain sentences: what is usual, where it shows most, since when, what next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from crisiswatch.alerts.words import about, exact, moment, rarity, roughly, span
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


def story(reading: Reading, since: datetime | None, zone: tzinfo = UTC) -> str:
    """Sentences on what `reading` shows; empty where no detector was asked or it is still learning.

    `since` is when it began. Times are told in `zone`, without the date where that is the reading's own.
    """
    if reading.expected is None or reading.learning:
        return ""
    window = reading.end - reading.start
    usual = f"Usually {roughly(reading.expected)} in {span(window)}{_range(reading.low, reading.high)}"
    parts = [f"{usual}; {_now(reading)}.", *_outlook(reading, window, since, zone)]
    if reading.false_alarms_per_month is not None:
        parts.append(f"So unusual by chance alone: {rarity(reading.false_alarms_per_month)}.")
    return " ".join(parts)


def range_words(low: float, high: float) -> str:
    """``1 to 9``; what is less than one mention is none."""
    return f"{about(low) if low >= 1 else '0'} to {about(max(high, 1.0))}"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f" ({range_words(low, high)})"


def _now(reading: Reading) -> str:
    """The count, and what is left of it without copies where they are many: the detector goes by that."""
    now = f"{exact(reading.observed)} now"
    if reading.organic is None or reading.organic > MOSTLY * reading.observed:
        return now
    return f"{now}, {roughly(reading.organic)} with copies discounted"


def _outlook(reading: Reading, window: timedelta, since: datetime | None, zone: tzinfo) -> list[str]:
    why, rate = reading.reasons, reading.false_alarms_per_month
    if why is None:
        return []
    parts = []
    if rate is None or rate < NOTHING_UNUSUAL:
        length = timedelta(minutes=why.minutes)
        figures = "" if length == window else f": {roughly(why.observed)}, usually {roughly(why.expected)}"
        parts.append(f"Strongest over {span(length)}{figures}.")
        if since is not None:
            day = moment(reading.end, zone).partition(", ")[0] + ", "
            parts.append(f"Since about {moment(since, zone).removeprefix(day)}.")
    parts.append(f"If it goes on like this, {roughly(why.next_hour)} in the next hour.")
    return parts
