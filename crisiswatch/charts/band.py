"""What is usual in a step of a chart: the detector's expectation of its window, brought to another length of time."""

from __future__ import annotations

import math
from datetime import timedelta

from crisiswatch.model import Reading

__all__ = ["band_of", "interval"]

Z90 = 1.6449
"""Standard deviations on each side that hold 90 % of a normal distribution."""
_MANY = 400.0


def band_of(reading: Reading, step: timedelta) -> tuple[float, float, float] | None:
    """(low, expected, high) mentions in a step as long as ``step``; None while nothing is known of what is usual.

    The mean goes with the length of time, the 90 % interval does not: counts scatter with variance
    mean + dispersion x mean^2. The dispersion is the detector's; where it does not say, the one that its interval
    around the window's mean implies.
    """
    window = (reading.end - reading.start).total_seconds()
    expected = reading.expected
    if reading.learning or expected is None or not 0 <= expected < math.inf or window <= 0:
        return None
    share = step.total_seconds() / window
    low, high = reading.low, reading.high
    known = low is not None and high is not None and 0 <= low <= high < math.inf
    if known and share == 1:
        return low or 0.0, expected, high or 0.0
    return _scaled(reading, expected, share, known=known)


def _scaled(reading: Reading, expected: float, share: float, *, known: bool) -> tuple[float, float, float]:
    mean = expected * share
    dispersion = 0.0
    if reading.reasons is not None and 0 <= reading.reasons.dispersion < math.inf:
        dispersion = reading.reasons.dispersion
    elif known and expected > 0:
        deviation = ((reading.high or 0.0) - (reading.low or 0.0)) / (2 * Z90)
        dispersion = max((deviation**2 - expected) / expected**2, 0.0)
    low, high = interval(mean, dispersion)
    return low, mean, high


def interval(mean: float, dispersion: float) -> tuple[float, float]:
    """The central 90 % of a negative binomial (Poisson where ``dispersion`` is 0) with this mean; both ends belong."""
    if mean <= 0:
        return 0.0, 0.0
    if mean > _MANY or dispersion > _MANY:
        spread = Z90 * math.sqrt(mean + dispersion * mean**2)
        return max(mean - spread, 0.0), mean + spread
    mass = (1 + dispersion * mean) ** (-1 / dispersion) if dispersion > 1e-9 else math.exp(-mean)
    growth = mean / (1 + dispersion * mean)
    count, below, low = 0, mass, 0.0
    while below < 0.95 and count < 100_000:
        if below < 0.05:
            low = count + 1.0
        mass *= growth * (1 + count * dispersion) / (count + 1)
        count += 1
        below += mass
    return low, float(count)
