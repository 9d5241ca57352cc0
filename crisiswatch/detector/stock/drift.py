"""river's drift detectors, taken as detectors of an upward change in the five-minute counts."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

from crisiswatch.detector import rings
from crisiswatch.detector.scored import Look
from crisiswatch.detector.stock.memory import river

__all__ = ["Adwin", "PageHinkley"]


class Adwin:
    """`drift.ADWIN` over the last twenty hours of five-minute counts.

    river says yes in the bin in which it cuts its window, and nothing about how much. The score of an hour in which it
    said yes is how far the window's mean rose during that hour, in standard deviations of a Poisson hour. ADWIN gives
    up its oldest counts bit by bit, so the mean follows a wave late and by part: it tells a wave from calm, and little
    more.
    """

    name = "river-adwin"
    warm = 20.0
    keep = 240
    recent = 12

    def fresh(self) -> list[float]:
        """Give its numbers before anything was learned: the counts, newest first."""
        return [rings.EMPTY] * self.keep

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the rise of the mean, if river said yes."""
        model = river("drift").ADWIN(clock=1)
        before, changed = 0.0, False
        known = [*reversed(rings.values(own, 0, self.keep)), *look.bins]
        for place, count in enumerate(known, self.recent - len(known)):
            if place == 0:
                before = model.estimation
            model.update(count)
            changed = changed or (place >= 0 and model.drift_detected)
        rise = self.recent * (model.estimation - before)
        return float(rise / sqrt(self.recent * before + 1.0)) if changed else 0.0

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]:  # noqa: ARG002
        """Mean of the remembered bins, and their deviation as if hours rose and fell as a whole."""
        mean, deviation = rings.moments(rings.values(own, 0, self.keep))
        return 12.0 * mean, sqrt(12.0) * deviation

    def learn_bin(self, own: list[float], count: float) -> None:
        """Put the bin in front."""
        rings.push(own, count, 0, self.keep)

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:
        """Bins were learned already."""


class PageHinkley:
    """`drift.PageHinkley`, upwards, of five-minute counts in standard deviations from a week's mean.

    river says yes when its sum passes the threshold (50) and begins anew; the score is the sum itself, how far it has
    risen from its lowest, the highest of the last hour. It has no scale of its own: with raw counts the
    threshold is nothing at 5,000 mentions an hour and out of reach at one.
    """

    name = "river-page-hinkley"
    warm = 24.0
    fade = 0.5 ** (1.0 / (7 * 288))
    held = 12
    allowance = 0.5
    """Standard deviations that a bin may lie above the mean without adding to the sum."""

    def fresh(self) -> list[float]:
        """Give faded bins, sum and sum of squares; the highest score of late and its age in bins; river's numbers."""
        return [0.0, 0.0, 0.0, 0.0, 0.0, *self._numbers(self._rebuilt(None))]

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the highest sum of the last hour, with the bins not learned yet."""
        model, highest = self._rebuilt(own), own[3] if own[4] < self.held else 0.0
        for count in look.bins:
            model.update(self._standard(own, count))
            highest = max(highest, self._risen(model))
        return highest

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]:  # noqa: ARG002
        """Faded mean and deviation."""
        mean, deviation = self._moments(own)
        return 12.0 * mean, sqrt(12.0) * deviation

    def learn_bin(self, own: list[float], count: float) -> None:
        """Let river's test see the bin, then the mean."""
        model = self._rebuilt(own)
        model.update(self._standard(own, count))
        own[5:] = self._numbers(model)
        risen = self._risen(model)
        own[3], own[4] = (risen, 0.0) if risen >= own[3] or own[4] >= self.held else (own[3], own[4] + 1.0)
        for place, power in enumerate((1.0, count, count * count)):
            own[place] = own[place] * self.fade + power

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:
        """Bins were learned already."""

    @staticmethod
    def _moments(own: Sequence[float]) -> tuple[float, float]:
        if own[0] <= 0.0:
            return 0.0, 0.0
        mean = own[1] / own[0]
        return mean, sqrt(max(own[2] / own[0] - mean * mean, 0.0))

    @staticmethod
    def _risen(model: Any) -> float:
        """How far the sum is over its lowest."""
        return max(float(model._sum_increase - model._min_increase), 0.0)  # noqa: SLF001

    def _standard(self, own: Sequence[float], count: float) -> float:
        mean, deviation = self._moments(own)
        return (count - mean) / max(deviation, 1.0)

    def _rebuilt(self, own: Sequence[float] | None) -> Any:
        model = river("drift").PageHinkley(mode="up", delta=self.allowance)
        if own is not None and own[5] > 0.0:
            model._x_mean.n, model._x_mean._mean = own[5], own[6]  # noqa: SLF001 - river gives no other way in
            model._sum_increase, model._min_increase = own[7], own[8]  # noqa: SLF001
            model._drift_detected = own[9] > 0.0  # noqa: SLF001
        return model

    @staticmethod
    def _numbers(model: Any) -> list[float]:
        """Bins since it began anew, their mean, the sum, its lowest, and whether it just said yes."""
        if model._x_mean.n == 0.0:  # noqa: SLF001
            return [0.0] * 5
        mean, total, lowest = model._x_mean.get(), model._sum_increase, model._min_increase  # noqa: SLF001
        return [model._x_mean.n, mean, total, lowest, float(model.drift_detected)]  # noqa: SLF001
