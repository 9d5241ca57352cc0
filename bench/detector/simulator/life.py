"""A brand's ordinary life: how many mentions a bin may expect, and which share of them is negative."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter  # type: ignore[import-untyped]

from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BINS_PER_MONTH, Floats

__all__ = ["BIN_MINUTES", "FIRST_MONDAY", "Life", "live", "log_uniform", "wander"]

BIN_MINUTES = 5
FIRST_MONDAY = 28_401_120  # Monday 2024-01-01 00:00 UTC, in minutes since 1970
GRAVE = (0.008, 0.06)  # of ordinary complaints, by brand, have grave words; `gravity` tells what was measured
LOCAL_OFFSETS = (-8, -5, -3, 0, 1, 2, 5, 8, 9, 10)  # hours a brand's public is ahead of UTC


@dataclass(frozen=True, slots=True)
class Life:
    """What a bin may expect on an ordinary day: mentions (``level``), the negative ``share`` of them, and the noise.

    ``jitter`` is the variance of the gamma factor (of mean one) that every bin's level is multiplied with. ``day`` says
    for every bin which local calendar day it lies on, counted from the first; ``minute`` when the first bin starts
    (minutes UTC since 1970); ``shifted`` the bin of a permanent change of level, if there is one. ``grave``: the usual
    part of complaints with grave words.
    """

    level: Floats
    share: Floats
    jitter: float
    day: np.ndarray[tuple[int], np.dtype[np.int64]]
    minute: int
    grave: float
    shifted: int | None = None


def live(
    rng: np.random.Generator, rate: float, bins: int, *, minute: int = FIRST_MONDAY, settled: bool = False
) -> Life:
    """Draw a brand with ``rate`` mentions an hour and follow it for so many ``bins``.

    ``settled`` leaves out what makes one month unlike the next: the trend and the permanent change of level.
    """
    clock = minute // BIN_MINUTES + np.arange(bins) + int(rng.choice(LOCAL_OFFSETS)) * BINS_PER_HOUR
    level = rate / BINS_PER_HOUR * _season(rng, clock)
    level *= np.exp(wander(rng, bins, spread=rng.uniform(0.12, 0.35), hours=rng.uniform(1.5, 8)))
    usual = rng.uniform(0.06, 0.40)
    doubt = wander(rng, bins, spread=rng.uniform(0.12, 0.40), hours=rng.uniform(4, 24))
    share = 1 / (1 + np.exp(-(np.log(usual / (1 - usual)) + doubt)))
    shifted = None
    if not settled:
        level *= _trend(rng, bins)
        shifted = _shift(rng, level)
    day = clock // BINS_PER_DAY
    return Life(
        level, share, log_uniform(rng, 0.02, 0.35), day - day[0], minute, log_uniform(rng.spawn(1)[0], *GRAVE), shifted
    )


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A factor between ``low`` and ``high``, doubling being as likely at either end."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def wander(rng: np.random.Generator, bins: int, *, spread: float, hours: float) -> Floats:
    """An Ornstein-Uhlenbeck path around zero: stationary, of standard deviation ``spread``, forgetting in ``hours``.

    It is sampled exactly, as the autoregression x[t] = a x[t-1] + e with a = exp(-1 / (hours in bins)) and a variance
    of e of (1 - a^2) spread^2; x[0] is drawn from the stationary law.
    """
    keep = float(np.exp(-1 / (hours * BINS_PER_HOUR)))
    pushes = rng.normal(0, spread * np.sqrt(1 - keep**2), bins)
    pushes[0] = rng.normal(0, spread)
    return np.asarray(lfilter([1.0], [1.0, -keep], pushes), dtype=np.float64)


def _season(rng: np.random.Generator, clock: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats:
    """A day's curve (two harmonics, mean one) times the weekend's factor, for bins counted in local time since 1970."""
    angle = 2 * np.pi * np.arange(BINS_PER_DAY) / BINS_PER_DAY
    peak = 2 * np.pi * rng.uniform(11, 21) / 24
    curve = rng.uniform(0.4, 1.1) * np.cos(angle - peak) + rng.uniform(0.05, 0.35) * np.cos(
        2 * (angle - rng.uniform(0, 2 * np.pi))
    )
    curve = np.exp(curve)
    curve /= curve.mean()
    weekend = (clock // BINS_PER_DAY + 3) % 7 >= 5  # 1970 began on a Thursday
    return np.asarray(curve[clock % BINS_PER_DAY] * np.where(weekend, rng.uniform(0.5, 1.15), 1.0), dtype=np.float64)


def _trend(rng: np.random.Generator, bins: int) -> Floats:
    """Steady growth or decline of -20 to +60 % a month."""
    return np.asarray((1 + rng.uniform(-0.2, 0.6)) ** (np.arange(bins) / BINS_PER_MONTH), dtype=np.float64)


def _shift(rng: np.random.Generator, level: Floats) -> int | None:
    """Three brands in ten become better known at a stroke: raises ``level`` in place, and tells from which bin on."""
    if rng.random() >= 0.3:
        return None
    since = int(rng.uniform(0.15, 0.85) * len(level))
    level[since:] *= rng.uniform(1.4, 2.5)
    return since
