"""How common each class is in one stream, learned without a label, and scores corrected for it.

A model is trained where the classes come in one proportion and read where they come in another: a help desk gets three
complaints in five texts, a fan page one in twenty. Saerens, Latinne and Decaestecker (Neural Computation 14, 2002) give
the proportions that explain a stream's scores best by expectation and maximisation, and the correction by Bayes::

    p'(class | text)  ~  p(class | text) * share(class) / trained(class)

A stream is one brand's mentions from one source in one language. What is recent is kept as scores, never as texts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["ENOUGH", "EVEN", "RECENT", "Classes", "StreamPrior", "corrected", "reestimated"]

Classes = tuple[float, float, float]
"""Negative, neutral, positive; sums to 1."""

EVEN: Classes = (1 / 3, 1 / 3, 1 / 3)
RECENT = 500
"""Scores of a stream that are remembered."""
ENOUGH = 100
"""Scores below which nothing is said about a stream."""
BELIEF = 40.0  # texts: how firmly the trained proportions are believed before a stream has spoken
LEAST = 0.01  # no class is believed to be rarer
ROUNDS = 200
SETTLED = 1e-5
WORTH_IT = 0.05  # relative change of the expected negatives below which a new correction is none


def reestimated(scores: NDArray[np.float64], trained: Classes = EVEN, belief: float = BELIEF) -> Classes:
    """Give the proportions that explain ``scores`` (n, 3), probabilities of a model trained at ``trained``, best.

    ``belief`` texts are taken to have had the trained proportions (a Dirichlet prior), so that few texts change
    little; no class gets less than 1 %. Empty ``scores`` give ``trained``.
    """
    base = np.asarray(trained, dtype=np.float64)
    shares, n = base.copy(), len(scores)
    if not n:
        return trained
    odds = scores / base
    for _ in range(ROUNDS):
        weighted = odds * shares
        posterior = weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12)
        new = (posterior.sum(axis=0) + belief * base) / (n + belief)
        moved = float(np.abs(new - shares).max())
        shares = new
        if moved < SETTLED:
            break
    shares = np.maximum(shares, LEAST)
    negative, neutral, positive = (float(share) for share in shares / shares.sum())
    return negative, neutral, positive


def corrected(scores: NDArray[np.float64], shares: Classes, trained: Classes = EVEN) -> NDArray[np.float64]:
    """Give ``scores`` (n, 3) as a model would that was trained where the classes come in ``shares``."""
    weighted = scores * (np.asarray(shares) / np.asarray(trained))
    done: NDArray[np.float64] = weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12)
    return done


@dataclass(slots=True)
class StreamPrior:
    """What is known of one stream: ``shares`` in force since ``version``, and its recent uncorrected scores.

    ``version`` 0: nothing is corrected yet. Scores are kept in thousandths, so that what is written to the store and
    read again gives the same shares.
    """

    shares: Classes = EVEN
    version: int = 0
    unread: int = 0
    recent: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RECENT))

    def hear(self, scores: Sequence[Classes]) -> None:
        """Remember uncorrected scores."""
        self.recent.extend((round(1000 * negative), round(1000 * positive)) for negative, _, positive in scores)
        self.unread += len(scores)

    def scores(self) -> NDArray[np.float64]:
        """The remembered scores, (n, 3)."""
        if not self.recent:
            return np.zeros((0, 3))
        sides = np.asarray(self.recent, dtype=np.float64) / 1000.0
        return np.column_stack([sides[:, 0], np.maximum(1.0 - sides.sum(axis=1), 0.0), sides[:, 1]])

    def revise(self, trained: Classes = EVEN) -> tuple[float, float] | None:
        """Estimate the shares anew; gives the expected negatives of the recent texts before and after, if it matters.

        None, and nothing is changed, where fewer than `ENOUGH` texts are known, or where the expected negatives would
        change by less than a twentieth.
        """
        self.unread = 0
        if len(self.recent) < ENOUGH:
            return None
        scores = self.scores()
        shares = reestimated(scores, trained)
        before = float(corrected(scores, self.shares, trained)[:, 0].sum())
        after = float(corrected(scores, shares, trained)[:, 0].sum())
        if abs(after - before) <= WORTH_IT * before:
            return None
        self.shares, self.version = shares, self.version + 1
        return before, after
