"""Short memories of hourly counts as flat numbers: the last hours, and the last counts of each hour of day or week.

Counts are kept with five digits, so that a month of them stays short as text. Empty places are -1.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

__all__ = ["EMPTY", "moments", "push", "rounded", "slot", "values"]

EMPTY = -1.0


def rounded(count: float) -> float:
    """Give the count with five digits."""
    return float(f"{count:.5g}")


def push(own: list[float], count: float, start: int, size: int) -> None:
    """Put a count in front of the ``size`` places from ``start`` on; the oldest one falls out."""
    own[start : start + size] = [rounded(count), *own[start : start + size - 1]]


def values(own: Sequence[float], start: int, size: int) -> list[float]:
    """The filled ones of ``size`` places, newest first."""
    return [one for one in own[start : start + size] if one >= 0.0]


def slot(hour: int, slots: int) -> int:
    """The place of an hour since 1970 in the day (24 slots) or the week (168)."""
    return hour % slots


def moments(sample: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation (of the population: one value deviates by 0); 0 and 0 without values."""
    if not sample:
        return 0.0, 0.0
    mean = sum(sample) / len(sample)
    return mean, sqrt(sum((one - mean) ** 2 for one in sample) / len(sample))
