"""The alert layer that every detector is judged behind: when a series of scores tells somebody."""

from __future__ import annotations

import numpy as np

from bench.detector.stream import BINS_PER_HOUR, Floats

__all__ = ["CLOSED_AFTER", "REMIND_AFTER", "WORSE", "fires"]

CLOSED_AFTER = 2 * BINS_PER_HOUR
"""An incident is over once so many bins in a row stayed below the threshold."""
REMIND_AFTER = 6 * BINS_PER_HOUR
"""While it is open, it is told again so many bins after the last time ..."""
WORSE = 1.3
"""... or as soon as the score is so many times the highest that was told."""


def fires(scores: Floats, threshold: float) -> list[int]:
    """The bins in which somebody is told, in order; all at or above ``threshold`` (scores that are no number are not).

    Scores are taken to be at least 0; an infinite one cannot be exceeded.
    Only bins that reach the threshold are looked at, so a sweep over high thresholds is cheap.
    """
    at = np.flatnonzero(scores >= threshold)
    told: list[int] = []
    seen, best = -CLOSED_AFTER - 1, 0.0
    for where, score in zip(at.tolist(), scores[at].tolist(), strict=True):
        fresh = where - seen > CLOSED_AFTER
        if fresh or (score > best and score >= WORSE * best) or where - told[-1] >= REMIND_AFTER:
            told.append(where)
            best = score if fresh else max(best, score)
        seen = where
    return told
