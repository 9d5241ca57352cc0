"""Running sums and means over a stream, for rules that compare a window with the past; one number a bin.

A bin without exposure is missing data: it adds nothing, neither mentions nor time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.detector.stream import BINS_PER_DAY, BrandStream, Floats

__all__ = ["Past", "at_least", "before", "lagged", "last", "share_gate", "silenced"]

WEEK = 7 * BINS_PER_DAY


@dataclass(frozen=True, slots=True)
class Past:
    """What a rule may compare with, for each bin: ``mean`` and ``deviation`` of a window, from ``mass`` bins."""

    mean: Floats
    deviation: Floats
    mass: Floats


def last(values: Floats, window: int) -> Floats:
    """Sum of the ``window`` bins up to and with each bin; fewer at the beginning."""
    return before(values, window, gap=-1)


def before(values: Floats, length: int, *, gap: int = 0) -> Floats:
    """Sum of the ``length`` bins that end ``gap`` bins before each bin; fewer at the beginning."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    end = np.clip(np.arange(len(values)) - gap, 0, len(values))
    summed: Floats = sums[end] - sums[np.maximum(end - length, 0)]
    return summed


def lagged(values: Floats, bins: int) -> Floats:
    """What each bin's value was so many ``bins`` ago; not a number before the beginning."""
    if bins >= len(values):
        return np.full(len(values), np.nan)
    return np.concatenate([np.full(bins, np.nan), values[: len(values) - bins]])


def up(stream: BrandStream) -> Floats:
    """1 for bins with exposure, otherwise 0."""
    return (stream.exposure > 0).astype(np.float64)


def spoken(stream: BrandStream) -> tuple[Floats, Floats]:
    """Negatives and totals, 0 where there was no exposure."""
    seen = stream.exposure > 0
    return np.where(seen, stream.negative, 0.0), np.where(seen, stream.total, 0.0)


def silenced(stream: BrandStream, scores: Floats, *, learned: int) -> Floats:
    """The scores, 0 where nothing could be seen, where nothing is known yet (``learned`` bins), or where below 0."""
    known = (np.cumsum(up(stream)) > learned) & (stream.exposure > 0) & np.isfinite(scores)
    return np.where(known, np.maximum(np.nan_to_num(scores), 0.0), 0.0)


def at_least(stream: BrandStream, scores: Floats, window: int, least: float) -> Floats:
    """The scores of windows with at least so many negatives; 0 for the others."""
    return np.where(last(spoken(stream)[0], window) >= least, scores, 0.0)


def share_gate(stream: BrandStream, scores: Floats, window: int, lift: float) -> Floats:
    """The scores of windows whose share of negatives is at least ``lift`` x that of the seven days before; else 0."""
    negative, total = spoken(stream)
    usual = before(negative, WEEK, gap=window - 1) / np.maximum(before(total, WEEK, gap=window - 1), 1.0)
    return np.where(last(negative, window) >= lift * usual * last(total, window), scores, 0.0)


def week_before(stream: BrandStream, window: int, days: int = 7) -> Past:
    """Mean and standard deviation of windows in the ``days`` before each window, by sliding sums."""
    negative, _ = spoken(stream)
    seen = up(stream)
    length = days * BINS_PER_DAY
    sums = last(negative, window) * seen
    mass = before(seen, length, gap=window - 1)
    many = np.maximum(mass, 1.0)
    mean = before(negative, length, gap=window - 1) / many * window
    sliding = before(sums, length, gap=window - 1) / many
    square = before(sums * sums, length, gap=window - 1) / many
    return Past(mean, np.sqrt(np.maximum(square - sliding * sliding, 0.0)), mass)


def same_windows(stream: BrandStream, window: int, lags: list[int]) -> Floats:
    """The same window at each of the ``lags``: a row a lag; not a number where half of it or more was not seen."""
    negative, _ = spoken(stream)
    seen = last(up(stream), window)
    whole = np.where(seen > window / 2, last(negative, window) * window / np.maximum(seen, 1.0), np.nan)
    whole[: window - 1] = np.nan
    return np.stack([lagged(whole, lag) for lag in lags])


def moments(rows: Floats) -> Past:
    """Mean and standard deviation down the columns, of what is a number."""
    there = np.isfinite(rows)
    values = np.where(there, rows, 0.0)
    mass = there.sum(axis=0).astype(np.float64)
    mean = values.sum(axis=0) / np.maximum(mass, 1.0)
    scatter = (np.where(there, rows - mean, 0.0) ** 2).sum(axis=0) / np.maximum(mass - 1.0, 1.0)
    return Past(mean, np.sqrt(scatter), mass)
