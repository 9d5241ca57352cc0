"""river's ensembles of weak detectors, fitted to the last hours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log1p
from typing import Any

from crisiswatch.detector.scored import Look
from crisiswatch.detector.stock.memory import LastWeek, river

__all__ = ["HalfSpaceTrees", "Loda"]


class HalfSpaceTrees(LastWeek):
    """`anomaly.HalfSpaceTrees` of the hour's count and the time of day, over the last four days in windows of one.

    The count goes in as count / (count + mean), so it stays between 0 and 1 however large. river's score is 1 - mass;
    here it is 1 / mass, which spreads out the part next to 1. Counts below the mean score nothing. Beyond the largest
    hour of the window all counts fall into the same empty leaf: that is where it saturates, by nature.
    """

    name = "river-half-space-trees"
    warm = 72.0
    keep = 4 * 24

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the inverse of the mass around the hour."""
        hours = self._oldest_first(own)
        mean = sum(hours) / max(len(hours), 1)
        if look.hour <= mean:
            return 0.0
        trees = _trees(hours, int(own[self.keep]))
        return 1.0 / max(1.0 - float(trees.score_one(_point(look.hour, mean, look.end - 30))), 1e-6)

    def fresh(self) -> list[float]:
        """Give its numbers before anything was learned: the counts, then the hour of the newest."""
        return [*super().fresh(), -1.0]

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:
        """Put the hour in front."""
        super().learn_hour(own, hour, count)
        own[self.keep] = float(hour)


def _point(count: float, mean: float, minute: int) -> dict[str, float]:
    return {"count": count / (count + mean + 1.0), "time": minute % 1440 / 1440.0}


@lru_cache(maxsize=64)
def _trees(hours: tuple[float, ...], newest: int) -> Any:
    """The trees that learned these hours; hours that were missing count as never having been."""
    mean = sum(hours) / max(len(hours), 1)
    trees = river("anomaly").HalfSpaceTrees(n_trees=10, height=6, window_size=24, seed=1)
    for back, count in zip(range(len(hours) - 1, -1, -1), hours, strict=True):
        trees.learn_one(_point(count, mean, (newest - back) * 60 + 30))
    return trees


class Loda(LastWeek):
    """`anomaly.LODA` of the logarithm of the hour's count, over the last four days.

    With one feature its projections differ in scale alone, so ten are enough. A count above every remembered one, or in
    a gap between two, has density 0, and all such counts get the same score (27.6) from river, which an ordinary brand
    reaches every other day: so above the largest count the score is raised by the ratio to it. Counts below the mean
    score nothing.
    """

    name = "river-loda"
    warm = 72.0
    keep = 4 * 24

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the mean negative logarithm of the densities, raised beyond what is remembered."""
        hours = self._oldest_first(own)
        if not hours or look.hour <= sum(hours) / len(hours):
            return 0.0
        beyond = max((look.hour + 1.0) / (max(hours) + 1.0), 1.0)
        return float(_loda(hours).score_one({"count": log1p(look.hour)})) * beyond


@lru_cache(maxsize=64)
def _loda(hours: tuple[float, ...]) -> Any:
    model = river("anomaly").LODA(n_bins=10, n_random_cuts=10, seed=1)
    for count in hours:
        model.learn_one({"count": log1p(count)})
    return model
