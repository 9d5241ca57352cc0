"""Rules as monitoring services and health departments document them, by name, for comparison and for who trusts them.

They publish no constants. Here every rule gives a score without any, and `rarity` turns it into false alarms a month
by the rule's own history at this brand, which is more than the published rules do. One mention is added on both sides
of a ratio, and a standard deviation counts as at least one mention: otherwise the first mention of a quiet week would
be beyond belief. None of them looks at the share of matching mentions: a neutral flood of a brand whose rule counts
everything is a crisis to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt

from crisiswatch.detector import rings
from crisiswatch.detector.scored import Look, Method, Scored

__all__ = ["RULES", "EarsC2", "Farrington", "LastHours", "SameHours", "rule"]

Moments = tuple[float, float]


def _ratio(count: float, usual: Moments) -> float:
    """How many times the usual: 0 up to the mean, so that quiet hours are no scores."""
    return (count + 1.0) / (usual[0] + 1.0) if count > usual[0] else 0.0


def _deviations(count: float, usual: Moments) -> float:
    return (count - usual[0]) / max(usual[1], 1.0)


@dataclass(frozen=True, slots=True)
class LastHours:
    """The last hour against the ``keep`` hours before it, by ``compare``.

    `last-hour` (12 h, ratio), `mean-plus-sd` (7 days, standard deviations) and `fixed-multiple` (7 days, ratio). Own
    numbers: the newest hour, then the counts, newest first.
    """

    name: str
    keep: int
    warm: float
    compare: Callable[[float, Moments], float]

    def fresh(self) -> list[float]:
        """Give its numbers before anything was learned; one hour more than needed, as the newest may overlap."""
        return [rings.EMPTY] * (self.keep + 2)

    def outlook(self, own: Sequence[float], look: Look) -> Moments:
        """Mean and standard deviation of the hours that ended before the last hour began."""
        overlaps = (own[0] + 1.0) * 60.0 > look.end - 60
        return rings.moments(rings.values(own, 2 if overlaps else 1, self.keep))

    def score(self, own: Sequence[float], look: Look) -> float:
        """Compare the hour with the usual one."""
        return self.compare(look.hour, self.outlook(own, look))

    def learn_bin(self, own: list[float], count: float) -> None:
        """Wait for the hour to end."""

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:
        """Put the hour in front."""
        own[0] = float(hour)
        rings.push(own, count, 1, self.keep + 1)


class _Slots:
    """Counts of the last ``keep`` days (24 slots) or weeks (168), for each hour of them, newest first."""

    name: str
    warm: float
    slots: int
    keep: int

    def fresh(self) -> list[float]:
        """Give its numbers before anything was learned."""
        return [rings.EMPTY] * (self.slots * self.keep)

    def learn_bin(self, own: list[float], count: float) -> None:
        """Wait for the hour to end."""

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:
        """Put the hour in front of its slot."""
        rings.push(own, count, self.keep * rings.slot(hour, self.slots), self.keep)

    def _at(self, own: Sequence[float], minute: int, gap: int = 0) -> list[float]:
        """Counts of the hour that holds most of the sixty minutes from ``minute`` on, but for the ``gap`` newest."""
        place = self.keep * rings.slot((minute + 30) // 60, self.slots)
        return rings.values(own, place + gap, self.keep - gap)


class SameHours(_Slots):
    """`same-hours`: the last hour against the mean of the same hour in the four weeks before, as a ratio."""

    name, warm, slots, keep = "same-hours", 7 * 24.0, 168, 4

    def outlook(self, own: Sequence[float], look: Look) -> Moments:
        """Mean and standard deviation of the same hours."""
        return rings.moments(self._at(own, look.end - 60))

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the ratio."""
        return _ratio(look.hour, self.outlook(own, look))


class EarsC2(_Slots):
    """`ears-c2`: standard deviations above the mean of seven values, the two newest left out as a guard.

    Hutwagner et al., The bioterrorism preparedness and response Early Aberration Reporting System (2003), with the same
    hour of nine days for its days.
    """

    name, warm, slots, keep = "ears-c2", 5 * 24.0, 24, 9

    def outlook(self, own: Sequence[float], look: Look) -> Moments:
        """Mean and standard deviation of the same hour, three to nine days ago; of any days while those are few."""
        baseline = self._at(own, look.end - 60, gap=2)
        return rings.moments(baseline if len(baseline) >= 3 else self._at(own, look.end - 60))

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give the standard deviations."""
        return _deviations(look.hour, self.outlook(own, look))


class Farrington(_Slots):
    """`farrington`: quasi-Poisson of the same hour and its neighbours in fourteen days, on the 2/3-power scale.

    Farrington et al., A statistical algorithm for the early detection of outbreaks (1996), with the reweighting of
    past outbreaks of Noufaily et al. (2013) and without a trend. The score is the z at which the upper bound would
    meet the count.
    """

    name, warm, slots, keep = "farrington", 3 * 24.0, 24, 14
    outbreak = 2.58

    def outlook(self, own: Sequence[float], look: Look) -> Moments:
        """Mean and standard deviation of the hours around this hour of day, the newest day left out where it can be."""
        around = (-60, 0, 60)
        sample = [one for shift in around for one in self._at(own, look.end - 60 + shift, gap=1)]
        if len(sample) < 6:
            sample = [one for shift in around for one in self._at(own, look.end - 60 + shift)]
        weights = [1.0] * len(sample)
        mean, dispersion = self._fit(sample, weights)
        for _ in range(2):  # in the first pass an outbreak hides behind the dispersion that it causes
            weights = [self._weight(one, mean, dispersion) for one in sample]
            mean, dispersion = self._fit(sample, weights)
        return mean, sqrt(dispersion * mean * (1.0 + 1.0 / max(sum(weights), 1.0)))

    def score(self, own: Sequence[float], look: Look) -> float:
        """Give z."""
        mean, deviation = self.outlook(own, look)
        return 1.5 * (float((look.hour / mean) ** (2.0 / 3.0)) - 1.0) * mean / deviation

    @staticmethod
    def _fit(sample: Sequence[float], weights: Sequence[float]) -> Moments:
        """Mean (at least a tenth of a mention) and dispersion (at least 1)."""
        mass = max(sum(weights), 1e-9)
        mean = max(sum(w * y for w, y in zip(weights, sample, strict=True)) / mass, 0.1)
        scatter = sum(w * (y - mean) ** 2 / mean for w, y in zip(weights, sample, strict=True))
        return mean, max(scatter / max(mass - 1.0, 1.0), 1.0)

    def _weight(self, count: float, mean: float, dispersion: float) -> float:
        """A past outbreak counts the less the more it stood out (its Anscombe residual)."""
        residual = 1.5 * (float((count / mean) ** (2.0 / 3.0)) - 1.0) * sqrt(mean / dispersion)
        return 1.0 if residual < self.outbreak else 1.0 / (residual * residual)


RULES: dict[str, Callable[[], Method]] = {
    "last-hour": lambda: LastHours("last-hour", 12, 13.0, _ratio),
    "mean-plus-sd": lambda: LastHours("mean-plus-sd", 7 * 24, 24.0, _deviations),
    "fixed-multiple": lambda: LastHours("fixed-multiple", 7 * 24, 24.0, _ratio),
    "same-hours": SameHours,
    "ears-c2": EarsC2,
    "farrington": Farrington,
}


def rule(name: str) -> Scored:
    """Give the rule called ``name`` as a detector."""
    return Scored(RULES[name]())
