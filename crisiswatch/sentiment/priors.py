"""How common each class is in one stream, learned without a label, and scores corrected for it.

A model is trained where the classes come in one proportion and read where they come in another: a help desk gets three
complaints in five texts, a fan page one in twenty. Saerens, Latinne and Decaestecker (Neural Computation 14, 2002) give
the proportions that explain a stream's scores best by expectation and maximisation, and the correction by Bayes::

    p'(class | text)  ~  p(class | text) * share(class) / trained(class)

A stream is one brand's mentions from one source in one language. What is recent is kept as a histogram of scores,
never as texts: a few hundred bytes, the same in whatever order the mentions came.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["DAILY", "ENOUGH", "EVEN", "Classes", "StreamPrior", "corrected", "reestimated"]

Classes = tuple[float, float, float]
"""Negative, neutral, positive; sums to 1."""

EVEN: Classes = (1 / 3, 1 / 3, 1 / 3)
"""What the shipped model was trained at."""

ENOUGH = 100.0
"""Recent texts below which nothing is said about a stream."""

DAILY = 0.9
"""What a day leaves of the weight of the days before it: about ten days count."""

BELIEF = 40.0  # texts: how firmly the trained proportions are believed before a stream has spoken
LEAST = 0.01  # no class is believed to be rarer
ROUNDS, SETTLED = 300, 1e-6
WORTH_IT = 0.05  # relative change of the expected negatives below which a new correction is none

_EDGES = (0.01, 0.03, 0.07, 0.13, 0.22, 0.35, 0.5, 0.65, 0.78, 0.87, 0.93, 0.97, 0.99)
_CENTRES = (0.004, *((low + high) / 2 for low, high in pairwise(_EDGES)), 0.996)
_SIDE = len(_CENTRES)


def corrected(score: Classes, shares: Classes, trained: Classes = EVEN) -> Classes:
    """Give a score as a model would that was trained where the classes come in ``shares``."""
    negative, neutral, positive = (p * s / t for p, s, t in zip(score, shares, trained, strict=True))
    whole = negative + neutral + positive
    return (negative / whole, neutral / whole, positive / whole) if whole > 0.0 else score


def reestimated(cells: Mapping[int, float], assumed: Classes = EVEN, belief: float = BELIEF) -> Classes:
    """Give the proportions that explain a histogram of scores of the shipped model best.

    ``belief`` texts are taken to have had the proportions ``assumed`` (a Dirichlet prior), so that few texts change
    little; no class gets less than 1 %. An empty histogram gives ``assumed``. Rounded, so that the last digit does not
    depend on a machine.
    """
    texts = sum(cells.values())
    if not texts:
        return assumed
    rows = [(_centre(cell), weight) for cell, weight in sorted(cells.items())]
    shares = assumed
    for _ in range(ROUNDS):
        sums = [belief * each for each in assumed]
        for score, weight in rows:
            for place, part in enumerate(corrected(score, shares)):
                sums[place] += weight * part
        new = tuple(each / (texts + belief) for each in sums)
        moved = max(abs(one - other) for one, other in zip(new, shares, strict=True))
        shares = (new[0], new[1], new[2])
        if moved < SETTLED:
            break
    floored = [max(each, LEAST) for each in shares]
    negative, positive = round(floored[0] / sum(floored), 4), round(floored[2] / sum(floored), 4)
    return negative, round(1.0 - negative - positive, 4), positive


@dataclass(slots=True)
class StreamPrior:
    """What is known of one stream: the ``shares`` in force and its recent uncorrected scores.

    ``version`` counts the shares that were in force: at 0 they are still ``assumed``, those of the brand's other
    streams or else the trained ones. ``cells`` is the histogram; ``born`` the minute of the first mention, ``latest``
    how many there were since somebody set it to 0.
    """

    shares: Classes = EVEN
    assumed: Classes = EVEN
    version: int = 0
    cells: dict[int, float] = field(default_factory=dict)
    born: int = 0
    latest: int = 0

    def hear(self, score: Classes) -> None:
        """Remember an uncorrected score."""
        cell = bisect_right(_EDGES, score[0]) * _SIDE + bisect_right(_EDGES, score[2])
        self.cells[cell] = self.cells.get(cell, 0.0) + 1.0
        self.latest += 1

    def expected(self) -> tuple[Classes, Classes]:
        """Sums of p and of p^2 of each class over the recent mentions, by the shares in force."""
        sums, squares = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        for cell, weight in sorted(self.cells.items()):
            for place, part in enumerate(corrected(_centre(cell), self.shares)):
                sums[place] += weight * part
                squares[place] += weight * part * part
        return (sums[0], sums[1], sums[2]), (squares[0], squares[1], squares[2])

    @property
    def texts(self) -> float:
        """Recent mentions."""
        return sum(self.cells.values())

    def revise(self) -> bool:
        """Estimate the shares anew; says whether other ones are in force now.

        They stay where fewer than `ENOUGH` texts are known, or where the expected negatives would change by less than
        a twentieth.
        """
        if self.texts < ENOUGH:
            return False
        before, old = self.expected()[0][0], self.shares
        self.shares = reestimated(self.cells, self.assumed)
        self.version = max(self.version, 1)
        if abs(self.expected()[0][0] - before) <= WORTH_IT * before:
            self.shares = old
            return False
        self.version += 1
        return True

    def fade(self, days: int) -> None:
        """Let the days before count less; what is hardly there any more is gone."""
        factor = DAILY ** min(days, 60)
        self.cells = {cell: round(w * factor, 3) for cell, w in self.cells.items() if w * factor >= 0.05}

    def copy(self) -> StreamPrior:
        """Give an independent copy."""
        return StreamPrior(self.shares, self.assumed, self.version, dict(self.cells), self.born, self.latest)


def _centre(cell: int) -> Classes:
    """The score that a cell of the histogram stands for."""
    negative, positive = _CENTRES[cell // _SIDE], _CENTRES[cell % _SIDE]
    neutral = max(1.0 - negative - positive, 0.004)
    whole = negative + neutral + positive
    return negative / whole, neutral / whole, positive / whole
