"""From a raw score to false alarms a month: how often scores as high were seen before, and how that goes on.

A ladder of levels counts episodes: a level is counted when a score reaches it, at most once in two hours, as people
would have been told. Above the highest level that was reached often enough the rate falls as a power of the score (a
Pareto tail), with the slope found at the ladder's top. Old episodes fade with a half-life of four weeks. A ladder
starts with a week that nobody lived: an episode a day at the lowest level, and a tail of power 3. Scores are to be
scaled so that 1 is nothing to write home about.

A score that saturates gets no rarer than its ceiling was seen: the history of a ceiling reached twice a month says two
a month, whatever happens. Detectors therefore hand over what stands behind a saturated score where they can.

The ladder is a slice of a detector's flat state: bins watched (faded), bins watched (all), and for each level the
episodes (faded) and the bin of the last one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import exp, log, sqrt

from crisiswatch.detector.base import MONTH
from crisiswatch.windows import BIN

__all__ = ["MOST", "SIZE", "fade", "fresh", "interval", "note", "per_month"]

LEVELS = tuple(2.0 ** (step / 2) for step in range(21))
"""Raw scores of 1 to 1024, each 1.41 times the one below."""
SIZE = 2 + 2 * len(LEVELS)
APART = 120 // BIN
MOST = MONTH / 120.0
"""False alarms a month if every episode were one; also what a score below every level gives."""
ENOUGH = 3.0
"""So many episodes make a level's rate worth believing."""
FLATTEST, STEEPEST = 1.0, 8.0
PRIOR_DAYS, PRIOR_POWER = 7, 3.0
UNSEEN = 0.5  # episodes, added to each count: what was never seen is not impossible
HALF_LIFE_HOURS = 28 * 24
BINS_PER_MONTH = MONTH / BIN
_FADED, _ALL, _COUNTS, _LAST = 0, 1, 2, 2 + len(LEVELS)


def fresh() -> list[float]:
    """Give a ladder that has seen nothing but what is assumed."""
    assumed = [PRIOR_DAYS * level**-PRIOR_POWER for level in LEVELS]
    return [PRIOR_DAYS * 1440.0 / BIN, 0.0, *assumed, *([float(-APART)] * len(LEVELS))]


def note(state: list[float], at: int, score: float) -> None:
    """Take the score of one more bin into the ladder that starts at place ``at``, in place."""
    state[at + _FADED] += 1.0
    state[at + _ALL] += 1.0
    now = state[at + _ALL]
    for level in range(bisect_right(LEVELS, score)):
        if now - state[at + _LAST + level] >= APART:
            state[at + _COUNTS + level] += 1.0
            state[at + _LAST + level] = now


def fade(state: list[float], at: int) -> None:
    """Let an hour pass over the ladder's memory, in place."""
    factor = 0.5 ** (1.0 / HALF_LIFE_HOURS)
    state[at + _FADED] *= factor
    for place in range(at + _COUNTS, at + _LAST):
        state[place] *= factor


def per_month(state: Sequence[float], at: int, score: float) -> float:
    """How often a month scores reach ``score``, by the ladder that starts at place ``at``."""
    below = bisect_right(LEVELS, score) - 1
    if below < 0:
        return MOST
    months = max(state[at + _FADED], 1440.0 / BIN) / BINS_PER_MONTH
    counts = state[at + _COUNTS : at + _LAST]
    top = max((level for level, count in enumerate(counts) if count >= ENOUGH), default=0)
    if below < top:
        part = log(score / LEVELS[below]) / log(LEVELS[below + 1] / LEVELS[below])
        between = exp((1.0 - part) * log(counts[below]) + part * log(counts[below + 1]))
        return min(MOST, between / months)
    return min(MOST, max(counts[top], UNSEEN) / months * exp(-_slope(counts, top) * log(score / LEVELS[top])))


def _slope(counts: Sequence[float], top: int) -> float:
    """The tail's power: how the counts fall from two levels below the top to the level above it."""
    low, high = max(top - 2, 0), min(top + 1, len(LEVELS) - 1)
    if low == high:
        return FLATTEST
    fall = log((counts[low] + UNSEEN) / (counts[high] + UNSEEN)) / log(LEVELS[high] / LEVELS[low])
    return min(max(fall, FLATTEST), STEEPEST)


def interval(mean: float, deviation: float, length: float) -> tuple[float, float, float]:
    """Expected count of ``length`` minutes with its 5 % and 95 % points, from an hour's mean and standard deviation.

    Shorter windows are taken as independent pieces of the hour, longer ones as rising and falling as a whole. The
    deviation is never taken below that of a Poisson count.
    """
    hours = length / 60.0
    expected = max(mean, 0.0) * hours
    spread = max(deviation * max(hours, sqrt(hours)), sqrt(expected))
    return max(expected - 1.645 * spread, 0.0), expected, expected + 1.645 * spread
