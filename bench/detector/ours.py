"""Our detector as a scorer of whole streams, and the score at which it states a number of false alarms a month."""

from __future__ import annotations

from dataclasses import dataclass
from math import log10

import numpy as np

from bench.detector.stream import BINS_PER_HOUR, BINS_PER_MONTH, BrandStream, Floats, Scorer
from crisiswatch.detector.layout import Tuning
from crisiswatch.detector.surge import LEARNING, Surge

__all__ = ["NAME", "OurScorer", "SilentFirst", "stated", "surge"]

NAME = "crisiswatch"
BIN_MINUTES = 60 // BINS_PER_HOUR


@dataclass(frozen=True, slots=True)
class OurScorer:
    """`Surge` fed with a stream's bins one by one, each scored before it is learned; can be sent to other processes.

    ``grave``: it is also told how many of the negatives have grave words, where the stream knows.
    """

    tuning: Tuning | None = None
    grave: bool = True

    def __call__(self, stream: BrandStream) -> Floats:
        """One score a bin, in decades: 10^-score times a bin such a value comes when nothing is wrong."""
        model = Surge(self.tuning)
        score_one, learn_one = model.score_one, model.learn_one
        scores = np.zeros(stream.bins)
        columns = zip(
            range(stream.start, stream.start + BIN_MINUTES * stream.bins, BIN_MINUTES),
            stream.negative.tolist(),
            stream.total.tolist(),
            stream.exposure.tolist(),
            stream.known.tolist(),
            [None] * stream.bins if stream.marked is None or not self.grave else stream.marked.tolist(),
            strict=True,
        )
        for at, (minute, count, total, exposure, known, marked) in enumerate(columns):
            x = {"minute": minute, "count": count, "total": total, "exposure": exposure, "known": known}
            if marked is not None:
                x["marked"] = marked
            scores[at] = score_one(x)
            learn_one(x)
        return scores


@dataclass(frozen=True, slots=True)
class SilentFirst:
    """A scorer that says nothing while the product still takes the detector to be learning: its first hours."""

    scorer: Scorer

    def __call__(self, stream: BrandStream) -> Floats:
        scores = self.scorer(stream)
        scores[: int(LEARNING)] = 0.0
        return scores


def surge(tuning: Tuning | None = None, *, grave: bool = True) -> Scorer:
    """Our detector with this tuning; None is what ships. Without ``grave`` it sees counts alone, as all others do."""
    return OurScorer(tuning, grave)


def stated(per_month: float) -> float:
    """The score that our detector says is reached so many times a month when nothing is wrong: 3.94 for once."""
    return log10(BINS_PER_MONTH / per_month)
