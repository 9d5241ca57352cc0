"""river's detectors that measure in standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt
from typing import Any

from crisiswatch.detector.scored import Look
from crisiswatch.detector.stock.memory import LastWeek, river

__all__ = ["Gaussian", "QuantileFilter", "StandardDeviation"]


class Gaussian(LastWeek):
    """`anomaly.GaussianScorer` over the hours of a week.

    river's score 2 |cdf - 1/2| is two-sided and 1 from about eight standard deviations on, where 30 and 600 mentions
    look alike: the score here is the distance above the same Gaussian's mean in its standard deviations. Its rolling
    variance can turn negative by rounding (and then it fails); fitted anew each hour, it never takes a value back.
    """

    name = "river-gaussian"

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give standard deviations above the mean."""
        mean, deviation = self.outlook(own, look)
        return (look.hour - mean) / max(deviation, 1.0)

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]:  # noqa: ARG002
        """Mean and standard deviation of river's Gaussian."""
        gaussian = _gaussian(self._oldest_first(own)).gaussian
        return float(gaussian.mu), float(gaussian.sigma)


@lru_cache(maxsize=256)
def _gaussian(hours: tuple[float, ...]) -> Any:
    scorer = river("anomaly").GaussianScorer(window_size=LastWeek.keep, grace_period=24)
    for count in hours:
        scorer.learn_one(None, count)
    return scorer


class StandardDeviation:
    """`anomaly.StandardAbsoluteDeviation` over all hours ever: count, mean and sum of squares are all it knows.

    Two-sided in river; here only the upper side scores.
    """

    name = "river-standard-deviation"
    warm = 24.0

    def fresh(self) -> list[float]:
        """Give hours, mean, and sum of squared deviations."""
        return [0.0, 0.0, 0.0]

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give river's score, with a standard deviation of at least one mention."""
        above = look.hour - own[1]
        return min(float(self._rebuilt(own).score_one(None, look.hour)), above) if above > 0.0 else 0.0

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]:  # noqa: ARG002
        """Mean and standard deviation of all hours."""
        return own[1], sqrt(max(self._rebuilt(own).variance.get(), 0.0))

    def learn_bin(self, own: list[float], count: float) -> None:
        """Wait for the hour to end."""

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:  # noqa: ARG002
        """Learn the hour."""
        model = self._rebuilt(own)
        model.learn_one(None, count)
        own[:] = [model.variance.mean.n, model.variance.mean.get(), model.variance._S]  # noqa: SLF001

    @staticmethod
    def _rebuilt(own: Sequence[float]) -> Any:
        model = river("anomaly").StandardAbsoluteDeviation()
        for mean in (model.variance.mean, model.sub_stat):
            mean.n, mean._mean = own[0], own[1]  # noqa: SLF001 - river keeps its means to itself
        model.variance._S = own[2]  # noqa: SLF001
        return model


class QuantileFilter(LastWeek):
    """`anomaly.QuantileFilter` at the 99 % quantile of the scores of `StandardAbsoluteDeviation`, over a week's hours.

    river answers yes or no; the score here is how many times the filter's quantile (at least one deviation) the hour's
    score is: from 1 on river says yes. The filter is protected, so it does not learn what it filters out. It is not
    put around `GaussianScorer`: most scores of a bad day are then 1, and so is their quantile.
    """

    name = "river-quantile-filter"

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the multiple of the quantile."""
        model = _filter(self._oldest_first(own))
        inner = model.anomaly_detector
        above = look.hour - inner.sub_stat.get()
        if above <= 0.0:
            return 0.0
        quantile = max(float(model.quantile.get() or 0.0), 1.0)
        return min(float(inner.score_one(None, look.hour)), float(above)) / quantile


@lru_cache(maxsize=256)
def _filter(hours: tuple[float, ...]) -> Any:
    inner = river("anomaly").StandardAbsoluteDeviation()
    for count in hours[:12]:  # a second value differs from the first by infinitely many standard deviations
        inner.learn_one(None, count)
    model = river("anomaly").QuantileFilter(inner, q=0.99)
    for count in hours[12:]:
        model.learn_one(None, count)
    return model
