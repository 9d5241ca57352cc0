"""Few ticks with round values: numbers on one side, moments in the reader's time zone below."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from crisiswatch.alerts.phrases import phrase
from crisiswatch.charts.data import ChartData

__all__ = ["Ticks", "moment_ticks", "number_ticks", "short"]

Ticks = list[tuple[float, str]]
"""Places from 0 to 1 along the axis with their labels."""

_MINUTES = (15, 30, 60, 120, 180, 360, 720, 1440, 2880, 4320, 10080, 20160, 43200)
_MOST = 4
_EDGE = 0.06


def number_ticks(top: float) -> list[float]:
    """0 and two to four round values up to ``top``."""
    raw = max(top / 4, 1.0)
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * each for each in (1, 2, 3, 4, 5, 10) if size * each >= raw)
    return [step * number for number in range(int(top / step) + 1)]


def short(value: float) -> str:
    """A count in at most five characters: ``91``, ``1,250``, ``12k``, ``3.4M``."""
    for size, word in ((1e12, "T"), (1e9, "G"), (1e6, "M")):
        if value >= size:
            return f"{value / size:.1f}".removesuffix(".0") + word
    return f"{value / 1e3:.0f}k" if value >= 1e4 else f"{round(value):,}"


def moment_ticks(data: ChartData) -> Ticks:
    """At most five moments on round local times; the first names the time zone, days are named where there are many."""
    whole = data.end - data.start
    every = next((m for m in _MINUTES if whole / timedelta(minutes=m) <= _MOST + 0.5), _MINUTES[-1])
    try:
        found = _round_moments(data, every)
        return _labelled(data, found, whole, days=every >= 1440)
    except (OverflowError, ValueError):
        return []


def _round_moments(data: ChartData, every: int) -> list[datetime]:
    local = data.start.astimezone(data.zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    wall = midnight
    found: list[datetime] = []
    while len(found) <= _MOST + 1:
        at = wall.replace(tzinfo=data.zone).astimezone(UTC)
        if at > data.end:
            break
        if at >= data.start:
            found.append(at)
        wall += timedelta(minutes=every)
    return found


def _labelled(data: ChartData, moments: list[datetime], whole: timedelta, *, days: bool) -> Ticks:
    ticks: Ticks = []
    for at in moments:
        place = (at - data.start) / whole
        if not _EDGE <= place <= 1 - _EDGE / 2:
            continue
        local = at.astimezone(data.zone)
        day = f"{local.day} {phrase(data.language, f'month.{local.month}')}"
        label = day if days else f"{local.hour:02}:{local.minute:02}"
        if not days and local.hour == local.minute == 0:
            label = day
        if not ticks and not days:
            name = local.tzname() or "UTC"
            label += f" UTC{name}" if name[:1] in "+-" else f" {name}"
        ticks.append((place, label))
    return ticks
