"""The scoring rule of the Numenta Anomaly Benchmark, from its published definition.

A. Lavin, S. Ahmad: Evaluating Real-Time Anomaly Detection Algorithms - the Numenta Anomaly Benchmark (ICMLA 2015), with
the details of the benchmark's scorer as it is today (its threshold sweep). Positions are in rows:

- In a window of ``w`` rows ending at row ``r``, a detection at row ``i`` is at ``x = -(r - i + 1) / w``: -1 at the
  first row. Only the earliest detection counts, with ``S(x) / S(-1)``, so that one at the first row is worth 1. A
  window without any costs the profile's price of a miss.
- Outside, a detection is at ``x = (i - r) / (w - 1)`` past the latest window (before the first one: far away) and costs
  ``-S(x)`` times the price of a false alarm; from ``x = 3`` on that is all of it. Each row counts.
- ``S(x) = 2 / (1 + exp(5 x)) - 1``. Rows of the probationary period count for nothing.
- One threshold for all files of a profile, the best of all there are; a detection is a score not below it.
- The result is ``100 (score - null) / (perfect - null)``: ``null`` never detects anything, ``perfect`` detects every
  window in its first row and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bench.detector.nab.series import TweetSeries
from bench.detector.stream import Floats

__all__ = ["PROFILES", "Counts", "Profile", "best", "counts_at", "score_at", "sigmoid", "worth"]

FAR = 3.0
"""Window widths behind a window's end from which on a false alarm has its full price."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a window found at once, a false alarm and a missed window weigh."""

    hit: float
    false_alarm: float
    miss: float


PROFILES = {
    "standard": Profile(1.0, 0.11, 1.0),
    "reward_low_FP_rate": Profile(1.0, 0.22, 1.0),
    "reward_low_FN_rate": Profile(1.0, 0.11, 2.0),
}
"""The benchmark's application profiles."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Windows found, windows there are, and rows that were false alarms."""

    hits: int
    windows: int
    false_rows: int


@dataclass(frozen=True, slots=True)
class _Rows:
    """The scored rows of all files: what a detection there is worth, and in which window (-1: none) it is."""

    score: Floats
    worth: Floats
    window: npt.NDArray[np.int64]
    windows: int


def sigmoid(x: float) -> float:
    """Give the reward, 1 to -1, at a place relative to a window: -1 its first row, 0 just behind it."""
    return -1.0 if x >= FAR else 2.0 / (1.0 + float(np.exp(5.0 * x))) - 1.0


def worth(series: TweetSeries) -> Floats:
    """Give what a detection at each row is worth before weighing: 0..1 in a window, negative outside."""
    rows = np.arange(len(series.values), dtype=np.float64)
    place = np.full(len(rows), FAR)
    for first, last in series.windows:
        place[last + 1 :] = (rows[last + 1 :] - last) / max(last - first, 1)
    for first, last in series.windows:
        place[first : last + 1] = -(last - rows[first : last + 1] + 1) / (last - first + 1)
    reward = np.where(place >= FAR, -1.0, 2.0 / (1.0 + np.exp(5.0 * np.minimum(place, FAR))) - 1.0)
    return np.where(place < 0.0, reward / sigmoid(-1.0), reward)


def score_at(series: Sequence[TweetSeries], scores: Sequence[Floats], threshold: float, profile: str) -> float:
    """Give the normalised score over all files when every row with a score of at least ``threshold`` is a detection."""
    rows = _gather(series, scores)
    return _normalised(_raw(rows, rows.score >= threshold, PROFILES[profile]), rows, PROFILES[profile])


def counts_at(series: Sequence[TweetSeries], scores: Sequence[Floats], threshold: float) -> Counts:
    """Give what a threshold finds and what it raises for nothing, in plain numbers."""
    rows = _gather(series, scores)
    fired = rows.window[rows.score >= threshold]
    return Counts(len(np.unique(fired[fired >= 0])), rows.windows, int((fired < 0).sum()))


def best(series: Sequence[TweetSeries], scores: Sequence[Floats], profile: str) -> tuple[float, float]:
    """Give the best normalised score any one threshold reaches over all files, and the highest such threshold.

    The threshold is infinite where it is best to say nothing; the score is then 0.
    """
    rows, weights = _gather(series, scores), PROFILES[profile]
    order = np.argsort(-rows.score, kind="stable")
    score, window = rows.score[order], rows.window[order]
    gain = np.where(window < 0, rows.worth[order] * weights.false_alarm, 0.0)
    for number in range(rows.windows):
        at = np.flatnonzero(window == number)
        so_far = np.maximum.accumulate(rows.worth[order[at]] * weights.hit)
        gain[at] = np.diff(so_far, prepend=-weights.miss)
    total = np.cumsum(gain) - weights.miss * rows.windows
    ends = np.flatnonzero(np.append(score[1:] != score[:-1], True))  # rows with equal scores are detected together
    top = ends[np.argmax(total[ends])]
    reached, threshold = _normalised(float(total[top]), rows, weights), float(score[top])
    return (reached, threshold) if reached > 0.0 else (0.0, float("inf"))


def _gather(series: Sequence[TweetSeries], scores: Sequence[Floats]) -> _Rows:
    score, values, window, windows = [], [], [], 0
    for one, given in zip(series, scores, strict=True):
        if len(given) != len(one.values) or np.isnan(given).any():
            raise ValueError(f"{one.name}: one score a row, and a number each, not {len(given)} for {len(one.values)}")
        inside, windows = _windows(one, windows)
        score.append(np.asarray(given, dtype=np.float64)[one.probation :])
        values.append(worth(one)[one.probation :])
        window.append(inside[one.probation :])
    return _Rows(np.concatenate(score), np.concatenate(values), np.concatenate(window), windows)


def _windows(series: TweetSeries, first_number: int) -> tuple[npt.NDArray[np.int64], int]:
    """Number the windows that reach out of the probationary period; the others can't be found, so they don't count."""
    inside, number = np.full(len(series.values), -1, dtype=np.int64), first_number
    for (_, before), (first, _) in pairwise(series.windows):
        if first <= before:
            raise ValueError(f"{series.name}: windows overlap")
    for first, last in series.windows:
        if last >= series.probation:
            inside[first : last + 1] = number
            number += 1
    return inside, number


def _raw(rows: _Rows, fired: npt.NDArray[np.bool_], weights: Profile) -> float:
    wrong = float(rows.worth[fired & (rows.window < 0)].sum()) * weights.false_alarm
    found = np.full(rows.windows, -weights.miss)
    hit = fired & (rows.window >= 0)
    np.maximum.at(found, rows.window[hit], rows.worth[hit] * weights.hit)
    return wrong + float(found.sum())


def _normalised(raw: float, rows: _Rows, weights: Profile) -> float:
    null, perfect = -weights.miss * rows.windows, weights.hit * rows.windows
    return 100.0 * (raw - null) / (perfect - null)
