"""What a brand's stream is put together from before anybody counts it: expected mentions, noise, crises, outages."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bench.detector.simulator.gravity import Gravity
from bench.detector.simulator.life import Life
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BrandStream, Floats, Spell

__all__ = ["FALSE_NEGATIVE", "FALSE_POSITIVE", "Outage", "Scene"]

FALSE_POSITIVE = 0.03
"""Part of the mentions without complaint that the classifier takes for negative."""
FALSE_NEGATIVE = 0.10
"""Part of the negative mentions that it lets pass."""


@dataclass(frozen=True, slots=True)
class Outage:
    """Bins ``start`` to ``end`` were not collected; ``flagged``: and it was noticed. What was missed is delivered
    within ``late`` bins afterwards, or never (0).
    """

    start: int
    end: int
    flagged: bool
    late: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One brand's mentions by origin, all in expected mentions a bin by their true tone, to be filled in place.

    ``negative`` and ``other`` are what the clairvoyant knows: ordinary life and every benign event. ``stray_*`` are
    small clusters and bursts that nobody could expect, ``crisis_*`` the crises. ``ordinary`` is the negative part of
    life without any event, which amplitudes refer to.
    """

    life: Life
    ordinary: Floats
    negative: Floats
    other: Floats
    stray_negative: Floats
    stray_other: Floats
    crisis_negative: Floats
    crisis_other: Floats
    known: npt.NDArray[np.bool_]
    crises: list[Spell] = field(default_factory=list)
    benign: list[Spell] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)

    @classmethod
    def of(cls, life: Life) -> Scene:
        """A scene in which nothing but ordinary ``life`` takes place."""
        bins = len(life.level)
        negative = life.level * life.share
        scene = cls(
            life=life,
            ordinary=negative.copy(),
            negative=negative,
            other=life.level - negative,
            stray_negative=np.zeros(bins),
            stray_other=np.zeros(bins),
            crisis_negative=np.zeros(bins),
            crisis_other=np.zeros(bins),
            known=np.zeros(bins, dtype=np.bool_),
        )
        if life.shifted is not None:
            scene.benign.append(Spell(life.shifted, min(life.shifted + BINS_PER_DAY, bins), "shift"))
        return scene

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return len(self.negative)

    def usual(self, at: int) -> float:
        """Expected negative mentions a bin around bin ``at`` if nothing special happens."""
        return _around(self.ordinary, at)

    def crowd(self, at: int) -> float:
        """Expected mentions a bin around bin ``at`` if nothing special happens."""
        return _around(self.life.level, at)

    def busy(self, start: int, end: int, grace: int = 0) -> bool:
        """Whether a crisis (with ``grace`` bins on either side) or an outage shares a bin with ``start`` to ``end``."""
        in_crisis = any(start < c.end + grace and c.start - grace < end for c in self.crises)
        return in_crisis or any(start < o.end + o.late and o.start < end for o in self.outages)

    def observe(self, rng: np.random.Generator, name: str, rate: float) -> BrandStream:
        """Draw what is counted: noisy levels, Poisson mentions, a classifier that errs, grave words, and outages.

        Thinning a Poisson count by a classifier gives independent Poisson counts, so the two classes are drawn at once.
        Grave words are drawn from a generator of their own: without them, everything else would be the same.
        """
        marks = rng.spawn(1)[0]
        noise = rng.gamma(1 / self.life.jitter, self.life.jitter, self.bins)
        upset = (self.negative + self.crisis_negative) * noise + self.stray_negative
        calm = (self.other + self.crisis_other) * noise + self.stray_other
        negative = rng.poisson(_taken_for_negative(upset, calm)).astype(np.float64)
        total = negative + rng.poisson(upset + calm - _taken_for_negative(upset, calm))
        marked = marks.binomial(negative.astype(np.int64), self._marked_part(marks, noise)).astype(np.float64)
        mean_negative, mean_total = _taken_for_negative(self.negative, self.other), self.negative + self.other
        exposure = np.ones(self.bins)
        for outage in self.outages:
            parts = rng.dirichlet(np.ones(outage.late)) if outage.late else np.zeros(0)
            for means in (mean_total, mean_negative):
                _lose(means, outage, parts * means[outage.start : outage.end].sum())
            late = _deliver_late(rng, total, negative, outage, parts)
            _mark_late(marks, marked, outage, late)
            if outage.flagged:
                exposure[outage.start : outage.end] = 0.0
        return BrandStream(
            name=name,
            rate=rate,
            start=self.life.minute,
            total=total,
            negative=negative,
            exposure=exposure,
            known=self.known,
            mean_total=mean_total,
            mean_negative=mean_negative,
            crises=tuple(sorted(self.crises, key=lambda spell: spell.start)),
            benign=tuple(sorted(self.benign, key=lambda spell: spell.start)),
            marked=marked,
        )

    def _marked_part(self, marks: np.random.Generator, noise: Floats) -> Floats:
        """The part of what is taken for negative that has grave words, for every bin."""
        clusters = tuple(spell for spell in self.benign if spell.kind == "cluster")
        part = Gravity(marks, self.life.grave, self.bins, tuple(self.crises), clusters)
        life, crisis = self.negative * noise, self.crisis_negative * noise
        calm = (self.other + self.crisis_other) * noise + self.stray_other
        grave = life * part.usual + crisis * part.crisis + self.stray_negative * part.stray
        taken = _taken_for_negative(life + crisis + self.stray_negative, calm)
        marked = (1 - FALSE_NEGATIVE) * grave + FALSE_POSITIVE * part.misread * calm
        return np.asarray(np.clip(marked / np.maximum(taken, 1e-300), 0.0, 1.0), dtype=np.float64)


def _around(series: Floats, at: int) -> float:
    """The mean of the two hours around a bin, or of the day around it if that is more.

    What goes round the world at night is not measured against the few who are awake.
    """
    reaches = (BINS_PER_HOUR, BINS_PER_DAY // 2)
    return max(float(series[max(0, at - reach) : at + reach].mean()) for reach in reaches)


def _taken_for_negative(upset: Floats, calm: Floats) -> Floats:
    """What the classifier calls negative of ``upset`` mentions, that are, and ``calm`` ones, that are not."""
    return (1 - FALSE_NEGATIVE) * upset + FALSE_POSITIVE * calm


def _deliver_late(rng: np.random.Generator, total: Floats, negative: Floats, outage: Outage, parts: Floats) -> Floats:
    """Take an outage's mentions out of both counts, and put them behind it where they are delivered late.

    Gives the negative ones that come late, by bin.
    """
    missed = total[outage.start : outage.end].sum()
    upset = negative[outage.start : outage.end].sum()
    late_negative = rng.multinomial(int(upset), parts) if outage.late else parts
    late_other = rng.multinomial(int(missed - upset), parts) if outage.late else parts
    _lose(total, outage, np.asarray(late_negative + late_other, dtype=np.float64))
    _lose(negative, outage, np.asarray(late_negative, dtype=np.float64))
    return np.asarray(late_negative, dtype=np.float64)


def _mark_late(marks: np.random.Generator, marked: Floats, outage: Outage, late: Floats) -> None:
    """The same for those with grave words: they are somewhere among the negative ones that come late."""
    missed = int(marked[outage.start : outage.end].sum())
    with_words = marks.multivariate_hypergeometric(late.astype(np.int64), missed) if outage.late else late
    _lose(marked, outage, np.asarray(with_words, dtype=np.float64))


def _lose(series: Floats, outage: Outage, late: Floats) -> None:
    """Empty the outage's bins of one series and add what comes ``late`` to the bins after it, all in place."""
    series[outage.start : outage.end] = 0.0
    series[outage.end : outage.end + outage.late] += late[: len(series) - outage.end]
