"""How often a score is reached when nothing is wrong, learned from the score's own past.

Exceedances of a threshold come in clusters; their number and their peaks' excess give a generalised Pareto tail (Coles,
An Introduction to Statistical Modeling of Extreme Values, 2001, chapter 4), fitted by moments, which says how rare a
higher score is. A prior worth some days keeps the first weeks sane, and an excess counts for no more than a given
reach: a crisis that was met is no reason to be deaf to the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, log10

from crisiswatch.detector.layout import DAY

__all__ = ["Tail"]

HEAVIEST = 0.45  # a heavier tail would have no variance to fit it by
LN10 = log(10.0)


@dataclass(frozen=True, slots=True)
class Tail:
    """The tail of one score; its numbers are ``s[at:at + 5]``: clusters, excess, excess squared, open peak, quiet bins.

    ``threshold`` is in the score's decades; ``quiet``: bins below the threshold that close a cluster.
    The prior of ``prior_days`` believes in ``prior_rate`` clusters a bin of ``prior_mean`` excess each.
    """

    at: int
    threshold: float
    quiet: int
    prior_rate: float
    prior_mean: float
    prior_days: float

    def learn(self, s: list[float], score: float, reach: float) -> bool:
        """Take in the score of one bin; an excess counts up to ``reach``. Says whether a cluster is open now."""
        at = self.at
        if score > self.threshold:
            s[at + 3] = max(s[at + 3], round(score, 4))
            s[at + 4] = 0.0
        elif s[at + 3] > 0.0:
            s[at + 4] += 1.0
            if s[at + 4] >= self.quiet:
                excess = min(s[at + 3] - self.threshold, reach)
                s[at] += 1.0
                s[at + 1] += excess
                s[at + 2] += excess * excess
                s[at + 3] = s[at + 4] = 0.0
        return s[at + 3] > 0.0

    def fade(self, s: list[float], factor: float) -> None:
        """Let the past count less."""
        for place in range(self.at, self.at + 3):
            s[place] = round(s[place] * factor, 6)

    def rarity(self, s: list[float], score: float, bins: float) -> float:
        """-log10 of the clusters a bin that reach ``score``; ``bins``: how many (discounted) were learned from."""
        at = self.at
        prior_bins = self.prior_days * DAY
        prior = self.prior_rate * prior_bins
        clusters = prior + s[at]
        base = -log10(clusters / (prior_bins + bins))
        over = score - self.threshold
        if over <= 0.0:
            return max(base * score / self.threshold, 0.0)
        mean = (prior * self.prior_mean + s[at + 1]) / clusters
        square = (prior * 2.0 * self.prior_mean * self.prior_mean + s[at + 2]) / clusters
        shape = min(max(0.5 * (1.0 - mean * mean / (square - mean * mean)), 0.0), HEAVIEST)
        scale = mean * (1.0 - shape)
        if shape < 1e-3:
            return base + over / scale / LN10
        return base + log10(1.0 + shape * over / scale) / shape
