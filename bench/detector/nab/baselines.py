"""Simple rules to try the benchmark with: what anybody would write first."""

from __future__ import annotations

import numpy as np

from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BrandStream, Floats, Scorer

__all__ = ["BASELINES", "hour_against_half_a_day", "sigmas_of_a_week"]


def sigmas_of_a_week(stream: BrandStream) -> Floats:
    """Standard deviations above the mean of the 7 days before, in five-minute bins."""
    values = stream.negative
    before = np.arange(len(values))
    since = np.maximum(before - 7 * BINS_PER_DAY, 0)
    count = np.maximum(before - since, 1)
    sums, squares = _running(values), _running(values * values)
    mean = (sums[before] - sums[since]) / count
    variance = np.maximum((squares[before] - squares[since]) / count - mean * mean, 0.0)
    return np.where(before >= BINS_PER_DAY, np.maximum(values - mean, 0.0) / np.maximum(np.sqrt(variance), 1e-3), 0.0)


def hour_against_half_a_day(stream: BrandStream) -> Floats:
    """The last hour over the mean hour of the 12 hours before it; one mention is added to both."""
    sums = _running(stream.negative)
    end = np.arange(1, len(stream.negative) + 1)
    hour = np.maximum(end - BINS_PER_HOUR, 0)
    past = np.maximum(hour - 12 * BINS_PER_HOUR, 0)
    usual = (sums[hour] - sums[past]) / 12
    return np.where(past > 0, (sums[end] - sums[hour] + 1.0) / (usual + 1.0), 0.0)


BASELINES: dict[str, Scorer] = {
    "3 sigma, 5 min / 7 d": sigmas_of_a_week,
    "last hour / 12 h": hour_against_half_a_day,
}


def _running(values: Floats) -> Floats:
    """Sums of everything before each place; one longer than the values."""
    return np.concatenate([[0.0], np.cumsum(values)])
