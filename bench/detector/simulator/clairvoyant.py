"""The bound: a detector that knows what every bin may expect, so that only noise stands between it and a crisis.

It is a bound on what negatives alone can show. Noise that both counts share it does not use, so a detector that did so
very well could in principle pass it somewhere.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import nbinom  # type: ignore[import-untyped]

from bench.detector.simulator.scene import FALSE_POSITIVE
from bench.detector.stream import BrandStream, Floats

__all__ = ["clairvoyant"]

WINDOWS = (3, 6, 12, 36, 72)  # bins
LASTING = 0.02  # variance of the unexplained factor that a whole window shares
FLEETING = 0.15  # and of that which every bin draws anew
DEEPEST = 300.0  # -log10 of the smallest tail that a double still tells from zero


def clairvoyant(stream: BrandStream) -> Floats:
    """The most surprising of several windows' negatives: -log10 of the negative binomial upper tail P(N >= n).

    The mean is the true one, and what the classifier misreads of mentions beyond the true total.
    The dispersion is a fixed guess, the same for all brands: variance = mean + (0.02 + 0.15 / bins) mean^2.
    Bins in which the sources are known to be down score nothing.
    """
    if stream.mean_negative is None or stream.mean_total is None:
        message = f"{stream.name} does not tell its true means"
        raise ValueError(message)
    scores = np.zeros(stream.bins)
    for width in WINDOWS:
        seen, mean = _sums(stream.negative, width), _sums(stream.mean_negative, width)
        beyond = _sums(stream.total, width) - _sums(stream.mean_total, width)
        mean = mean + FALSE_POSITIVE * np.maximum(beyond, 0.0)
        at = np.flatnonzero((seen > mean) & (stream.exposure > 0))
        shape = 1 / (LASTING + FLEETING / width)
        tail = nbinom.sf(seen[at] - 1, shape, shape / (shape + mean[at]))
        scores[at] = np.maximum(scores[at], np.minimum(-np.log10(np.maximum(tail, 1e-305)), DEEPEST))
    return scores


def _sums(series: Floats, width: int) -> Floats:
    """For every bin the sum of it and the bins before it, ``width`` in all (fewer at the start)."""
    upto = np.concatenate([np.zeros(width), np.cumsum(series)])
    return np.asarray(np.maximum(upto[width:] - upto[:-width], 0.0), dtype=np.float64)
