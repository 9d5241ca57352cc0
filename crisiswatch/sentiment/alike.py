"""One scorer's answers brought to another's scale, by texts that both have read.

Two scorers draw the line between negative and neutral at different places. Where one stands in for the other now and
then, a change in who reads would look like a change in what is said. Three weights, one for each class, move the one's
line to where the other's is: a shift of the log-odds, as `crisiswatch.sentiment.priors.corrected` makes it. They keep
the order of the texts, so that a wave of negative ones is one to both.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import sqrt

from crisiswatch.model import Score
from crisiswatch.sentiment.priors import EVEN, Classes, corrected

__all__ = ["FEW", "alike"]

FEW = 30
"""Texts that both have read, below which nothing is said."""

BELIEF = 10.0  # texts: how firmly the two are believed to agree before they have read any
MOST = 20.0  # times a weight may be another: what nobody has seen yet must stay possible
ROUNDS, SETTLED = 60, 1e-5
_LEAST = 1e-6


def alike(theirs: Sequence[Score], ours: Sequence[Score]) -> Classes | None:
    """Give the weights that make of ``theirs`` what ``ours`` say on the whole; the n-th scores are of the same text.

    Between calibrated scorers the expected number of each class becomes the same, else how often each is the most
    likely one. Weights sum to 1; None where there are fewer than `FEW` texts.
    """
    if len(theirs) < FEW:
        return None
    rows = [_parts(score) for score in theirs]
    if all(score.calibrated for score in (*theirs, *ours)):
        found = _by_sums(rows, _wanted(rows, [(s.negative, s.neutral, s.positive) for s in ours]))
    else:
        found = _by_labels(rows, _wanted([_label(score) for score in theirs], [_label(score) for score in ours]))
    low = max(found) / MOST
    kept = [max(each, low) for each in found]
    negative, positive = (round(kept[place] / sum(kept), 5) for place in (0, 2))
    return negative, round(1.0 - negative - positive, 5), positive


def _wanted(theirs: Sequence[Classes], ours: Sequence[Classes]) -> Classes:
    """What part of the texts each class is to get: ours, with a few texts' worth of theirs."""
    negative, neutral, positive = (
        (sum(row[place] for row in ours) + BELIEF * sum(row[place] for row in theirs) / len(theirs))
        / (len(ours) + BELIEF)
        for place in range(3)
    )
    return negative, neutral, positive


def _by_sums(rows: Sequence[Classes], wanted: Classes) -> Classes:
    """By turns: each weight grows by what its class lacks."""
    weights = EVEN
    for _ in range(ROUNDS):
        moved = [corrected(row, weights) for row in rows]
        lack = [wanted[place] / max(sum(row[place] for row in moved) / len(rows), _LEAST) for place in range(3)]
        weights = _normal((weights[0] * lack[0], weights[1] * lack[1], weights[2] * lack[2]))
        if max(abs(each - 1.0) for each in lack) < SETTLED:
            break
    return weights


def _by_labels(rows: Sequence[Classes], wanted: Classes) -> Classes:
    """By turns: the weight of negative, then that of positive, is put where the wanted number of texts gets it."""
    weights = [1.0, 1.0, 1.0]
    for _ in range(ROUNDS):
        before = list(weights)
        for place in (0, 2):
            others = [each for each in range(3) if each != place]
            needed = sorted(max(row[each] * weights[each] for each in others) / row[place] for row in rows)
            weights[place] = _between(needed, round(wanted[place] * len(rows)))
        if max(abs(one / other - 1.0) for one, other in zip(weights, before, strict=True)) < SETTLED:
            break
    return _normal((weights[0], weights[1], weights[2]))


def _between(needed: Sequence[float], count: int) -> float:
    """A weight that is enough for ``count`` texts, or for the next number where some need the same."""
    if count > 0:
        value = needed[count - 1]
        below, upto = bisect_left(needed, value), bisect_right(needed, value)
        count = below if count - below < upto - count else upto
    if count == 0:
        return needed[0] / 2.0
    if count == len(needed):
        return needed[-1] * 2.0
    return sqrt(needed[count - 1] * needed[count])


def _parts(score: Score) -> Classes:
    return max(score.negative, _LEAST), max(score.neutral, _LEAST), max(score.positive, _LEAST)


def _label(score: Score) -> Classes:
    label = score.label.value
    return float(label == "negative"), float(label == "neutral"), float(label == "positive")


def _normal(weights: Classes) -> Classes:
    whole = sum(weights)
    return weights[0] / whole, weights[1] / whole, weights[2] / whole
