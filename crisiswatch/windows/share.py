"""How many posts were negative, from their exact number and a sample that was read.

The share of negative posts has a Beta distribution: a prior of a and b pseudo-posts (Jeffreys' 1/2 each if nothing is
known; Brown, Cai and DasGupta, 2001), to which the sample adds what it found. A post that stands for ``w`` posts is
counted as less than one: with unequal weights n posts tell as much as n_eff = (sum w)^2 / sum w^2 (Kish, 1965). The
posts that nobody read are then beta-binomial (Gelman and others, Bayesian Data Analysis, 3rd ed., 2.4 and A.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from statistics import NormalDist

__all__ = ["JEFFREYS", "Share", "Volume", "learned", "negative_volume"]

_EXACT = 2000
"""Unread posts up to which the distribution is added up term by term; beyond, it is taken for normal."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is known of a share: a Beta(``a``, ``b``)."""

    a: float = 0.5
    b: float = 0.5

    @property
    def mean(self) -> float:
        """The expected share."""
        return self.a / (self.a + self.b)

    def faded(self, keep: float) -> Share:
        """The same after a while: the part ``keep`` of what was learned is still believed."""
        return Share(0.5 + (self.a - 0.5) * keep, 0.5 + (self.b - 0.5) * keep)


JEFFREYS = Share()
"""Nothing known."""


@dataclass(frozen=True, slots=True)
class Volume:
    """An estimated number of negative posts and the interval it lies in with the wanted probability."""

    expected: float
    low: float
    high: float


def learned(prior: Share, sample: Iterable[tuple[float, float]]) -> Share:
    """What is known of the share after a ``sample`` of (weight, probability of being negative) was read."""
    rows = list(sample)
    total = sum(weight for weight, _ in rows)
    if total <= 0:
        return prior
    effective = total * total / sum(weight * weight for weight, _ in rows)
    share = sum(weight * min(max(negative, 0.0), 1.0) for weight, negative in rows) / total
    return Share(prior.a + effective * share, prior.b + effective * (1 - share))


def negative_volume(
    count: int, sample: Iterable[tuple[float, float]], *, prior: Share = JEFFREYS, level: float = 0.95
) -> Volume:
    """The number of negative posts among ``count``, of which those in ``sample`` were read.

    ``sample`` holds (weight, probability of being negative) of each post read; ``level`` is the probability that the
    number lies in the interval. With every post read and judged surely, the interval is the number itself.
    """
    rows = list(sample)
    seen = sum(min(max(negative, 0.0), 1.0) for _, negative in rows)
    unread = max(0, count - len(rows))
    if not unread:
        return Volume(seen, seen, seen)
    share = learned(prior, rows)
    low, high = _interval(unread, share, level)
    return Volume(seen + unread * share.mean, seen + low, seen + high)


def _interval(number: int, share: Share, level: float) -> tuple[float, float]:
    """The central interval of a beta-binomial of ``number`` trials."""
    tail = (1 - level) / 2
    if number > _EXACT:
        a, b = share.a, share.b
        spread = sqrt(number * a * b * (a + b + number) / ((a + b) ** 2 * (a + b + 1)))
        reach = NormalDist().inv_cdf(1 - tail) * spread
        centre = number * share.mean
        return max(0.0, centre - reach), min(float(number), centre + reach)
    a, b = share.a, share.b
    low, high, total = None, number, 0.0
    # C(n, k) B(k + a, n - k + b) / B(a, b), from one k to the next by its ratio, in logarithms because it may be tiny.
    mass = lgamma(number + b) - lgamma(number + a + b) + lgamma(a + b) - lgamma(b)
    for value in range(number + 1):
        total += exp(mass)
        if low is None and total > tail:
            low = value
        if total >= 1 - tail:
            high = value
            break
        if value < number:
            mass += log((number - value) * (value + a) / ((value + 1) * (number - value - 1 + b)))
    return float(low or 0), float(high)
