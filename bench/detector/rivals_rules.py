"""The documented rules as scorers: the vendors' and the health departments', each a function of its published knobs.

Windows are bins of five minutes. One mention is added on both sides of a ratio; a standard deviation is at least one
mention. All look at negatives; totals are for the share gate.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from bench.detector import rivals_series as series
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BrandStream, Floats, Scorer

__all__ = [
    "cusum",
    "ears",
    "ears_rolling",
    "ewma",
    "farrington",
    "fixed_multiple",
    "gated",
    "last_hour",
    "mean_plus_sd",
    "same_hours",
]

HOUR, DAY, WEEK = BINS_PER_HOUR, BINS_PER_DAY, 7 * BINS_PER_DAY


def gated(scorer: Scorer, window: int = HOUR, *, lift: float = 1.3, least: float = 0.0) -> Scorer:
    """The scorer where the share of negatives and their number in the window are high enough, else 0."""

    def score(stream: BrandStream) -> Floats:
        gate = series.share_gate(stream, scorer(stream), window, lift)
        return series.at_least(stream, gate, window, least)

    return score


def last_hour(window: int = HOUR, past: int = 12 * HOUR) -> Scorer:
    """The last ``window`` as a multiple of the mean of the ``past`` before it."""

    def score(stream: BrandStream) -> Floats:
        negative, _ = series.spoken(stream)
        seen = series.before(series.up(stream), past, gap=window - 1)
        usual = series.before(negative, past, gap=window - 1) / np.maximum(seen, 1.0) * window
        return series.silenced(stream, (series.last(negative, window) + 1.0) / (usual + 1.0), learned=past)

    return score


def mean_plus_sd(window: int = HOUR, days: int = 7) -> Scorer:
    """How many standard deviations of so many ``days`` the window lies above their mean."""

    def score(stream: BrandStream) -> Floats:
        past = series.week_before(stream, window, days)
        above = series.last(series.spoken(stream)[0], window) - past.mean
        return series.silenced(stream, above / np.maximum(past.deviation, 1.0), learned=DAY)

    return score


def fixed_multiple(window: int = HOUR, days: int = 7) -> Scorer:
    """The window as a multiple of the mean of so many ``days``."""
    return last_hour(window, days * DAY)


def same_hours(window: int = HOUR, weeks: int = 4) -> Scorer:
    """The window as a multiple of the mean of the same window in the ``weeks`` before."""

    def score(stream: BrandStream) -> Floats:
        past = series.moments(series.same_windows(stream, window, [WEEK * week for week in range(1, weeks + 1)]))
        ratio = (series.last(series.spoken(stream)[0], window) + 1.0) / (past.mean + 1.0)
        return series.silenced(stream, np.where(past.mass > 0, ratio, 0.0), learned=WEEK)

    return score


def ears(kind: int = 2, window: int = HOUR, days: int = 7) -> Scorer:
    """EARS C1 (the ``days`` before), C2 (two more days of guard) or C3 (C2 of three windows), the same hour of each.

    Hutwagner et al. (2003).
    """

    def score(stream: BrandStream) -> Floats:
        guard = 0 if kind == 1 else 2
        past = series.moments(series.same_windows(stream, window, [DAY * (1 + guard + day) for day in range(days)]))
        return _deviations(stream, past, window, kind, learned=DAY * (3 + guard))

    return score


def ears_rolling(kind: int = 2, window: int = HOUR, baseline: int = 7) -> Scorer:
    """The same with the ``baseline`` windows before for its days."""

    def score(stream: BrandStream) -> Floats:
        guard = 0 if kind == 1 else 2
        lags = [window * (1 + guard + place) for place in range(baseline)]
        past = series.moments(series.same_windows(stream, window, lags))
        return _deviations(stream, past, window, kind, learned=DAY)

    return score


def farrington(window: int = HOUR, days: int = 14, around: int = 1, guard: int = 0, passes: int = 2) -> Scorer:
    """Quasi-Poisson of the same window and those up to ``around`` hours beside it on ``days`` days, on the 2/3 scale.

    Farrington et al. (1996), reweighted as by Noufaily et al. (2013) in so many ``passes`` (in the first an outbreak
    hides behind the dispersion that it causes), no trend; the score is the z at which the upper bound meets the count.
    ``guard`` days are left out.
    """
    lags = [DAY * (1 + guard + day) + HOUR * beside for day in range(days) for beside in range(-around, around + 1)]

    def score(stream: BrandStream) -> Floats:
        rows = series.same_windows(stream, window, lags)
        there = np.isfinite(rows)
        rows = np.where(there, rows, 0.0)
        mean, phi, mass = _quasi_poisson(rows, there.astype(np.float64))
        for _ in range(passes):
            residual = 1.5 * (np.cbrt(rows / mean) ** 2 - 1.0) * np.sqrt(mean / phi)
            weights = np.where(residual > 2.58, 1.0 / np.maximum(residual, 1.0) ** 2, 1.0) * there
            mean, phi, mass = _quasi_poisson(rows, weights)
        count = series.last(series.spoken(stream)[0], window)
        spread = np.sqrt(phi * (1.0 + 1.0 / np.maximum(mass, 1.0)) / mean)
        z = 1.5 * (np.cbrt(count / mean) ** 2 - 1.0) / spread
        return series.silenced(stream, np.where(mass >= 3, z, 0.0), learned=3 * DAY)

    return score


def ewma(short: float = 3.0, long: float = 3 * DAY) -> Scorer:
    """Exponentially weighted mean of half-life ``short`` bins, in standard deviations above that of ``long`` ones.

    The deviation is that of a bin, shrunk as the short mean's is.
    """

    def score(stream: BrandStream) -> Floats:
        seen = stream.exposure > 0
        values = stream.negative[seen]
        quick, slow = _faded(values, short), _faded(values, long)
        square = _faded(values * values, long)
        lag = np.minimum(np.arange(len(values)), 1)  # learned before this bin
        mean, wide = slow[np.arange(len(values)) - lag], square[np.arange(len(values)) - lag]
        keep = 2.0 ** (-1.0 / short)
        deviation = np.sqrt(np.maximum(wide - mean * mean, 0.05) * (1.0 - keep) / (1.0 + keep))
        full = np.zeros(stream.bins)
        full[seen] = (quick - mean) / deviation
        return series.silenced(stream, full, learned=DAY)

    return score


def cusum(times: float = 2.0, dispersion: float = 0.5, most: float = 50.0) -> Scorer:
    """Negative binomial CUSUM for a mean so many ``times`` the seven days', summing no higher than ``most``.

    Lucas (1985) with the likelihood ratio of the negative binomial. Without an upper end the sum outlives a crisis by
    days.
    """

    def score(stream: BrandStream) -> Floats:
        negative, _ = series.spoken(stream)
        seen = series.up(stream)
        mean = series.before(negative, WEEK, gap=HOUR) / np.maximum(series.before(seen, WEEK, gap=HOUR), 1.0)
        usual = dispersion * np.maximum(mean, 0.01)
        gain = negative * np.log(times * (1.0 + usual) / (1.0 + times * usual))
        step = (gain - np.log((1.0 + times * usual) / (1.0 + usual)) / dispersion) * seen
        total, sums = 0.0, []
        for one in step.tolist():
            total = min(max(total + one, 0.0), most)
            sums.append(total)
        return series.silenced(stream, np.array(sums), learned=DAY)

    return score


def _deviations(stream: BrandStream, past: series.Past, window: int, kind: int, *, learned: int) -> Floats:
    """Standard deviations above the past; for C3 the sum over three windows of what exceeds one."""
    above = series.last(series.spoken(stream)[0], window) - past.mean
    z = np.where(past.mass >= 3, above / np.maximum(past.deviation, 1.0), 0.0)
    if kind == 3:
        z = np.sum([np.maximum(np.nan_to_num(series.lagged(z, window * back)) - 1.0, 0.0) for back in range(3)], axis=0)
    return series.silenced(stream, z, learned=learned)


def _quasi_poisson(rows: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean (at least 0.1), dispersion (at least 1) and mass of each column."""
    mass = weights.sum(axis=0)
    mean = np.maximum((weights * rows).sum(axis=0) / np.maximum(mass, 1e-9), 0.1)
    scatter = (weights * (rows - mean) ** 2).sum(axis=0) / mean
    return mean, np.maximum(scatter / np.maximum(mass - 1.0, 1.0), 1.0), mass


def _faded(values: Floats, half_life: float) -> Floats:
    """Exponentially weighted mean, as if it had begun long ago with the weights at hand."""
    keep = 2.0 ** (-1.0 / half_life)
    sums = lfilter([1.0], [1.0, -keep], values)
    weights = (1.0 - keep ** np.arange(1, len(values) + 1)) / (1.0 - keep)
    mean: Floats = sums / weights
    return mean
