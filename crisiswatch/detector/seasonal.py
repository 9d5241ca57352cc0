"""The first detector: counts against a seasonal, over-dispersed baseline, with the share of matching mentions as gate.

`SeasonalCounts` is a river estimator (``learn_one``, ``score_one``); `SeasonalDetector` puts it behind the seam. The
model: total mentions per bin are negative binomial around level x season (hour of day, day of week, hour of week, each
shrunk towards 1); the matching ones are a discounted share of them. Three upper tails are joined: volume, matching
volume, and share given volume, so that a flood of neutral mentions is not taken for a crisis.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log10, sqrt
from typing import Any

from river.base import AnomalyDetector

from crisiswatch.detector import tails
from crisiswatch.detector.base import MONTH, Bin, DetectorState, Explanation, Verdict, Window
from crisiswatch.windows import BIN

__all__ = ["SeasonalCounts", "SeasonalDetector"]

VERSION = 1.0
# Places in the flat state.
_VERSION, _A, _B, _BINS, _K, _N, _PHI_N, _PHI_K, _RHO, _UPDATES, _HOUR, _HOUR_Y, _HOUR_MU = range(13)
_QUARTER, _QUARTER_K, _QUARTER_N, _QUARTER_MU = range(13, 17)
_HOD, _DOW, _HOW = 17, 17 + 48, 17 + 48 + 14  # each cell is a pair: weighted ratio, weight
_SIZE = _HOW + 336

LEVEL_FADE = 2.0 ** (-1.0 / (4 * 288))  # half-life 4 days of bins
SHARE_FADE = 2.0 ** (-1.0 / (5 * 288))  # half-life 5 days
SEASON_FADE = {_HOD: 2.0 ** (-1.0 / 28), _DOW: 2.0 ** (-1.0 / 96), _HOW: 0.5**0.25}  # half-life 28 days of each cell
SEASON_PRIOR = {_HOD: 4.0, _DOW: 400.0, _HOW: 25.0}  # 1 / tau^2, how firmly a factor is believed to be 1
LEVEL_PRIOR_BINS, PRIOR_RATE = 2.0, 0.05
SHARE_PRIOR, SHARE_PRIOR_WEIGHT = 0.25, 4.0
MEAN_CAPPED_TAIL = 0.40  # mean of min(-log10 p, 2) when p is uniform (0.43), less a little for discreteness
LEARNING_BINS = 72  # six hours
BENIGN_SURGE = 1.5  # decades: how rare a surge without a crisis is, per look
MATCHING_ALONE = 3.0


class SeasonalCounts(AnomalyDetector):
    """Seasonal negative binomial counts, as a river estimator.

    ``learn_one`` takes ``{"minute", "count", "total", "exposure"}`` of a closed bin; ``score_one`` takes
    ``{"minute", "length", "count", "total"}`` of a window that ends at ``minute`` and returns -log10 of the joint tail
    probability: 0 is usual, 3 is one in a thousand looks. Scoring changes nothing.
    """

    def __init__(self) -> None:
        self.state = _fresh()

    @classmethod
    def resume(cls, state: list[float]) -> SeasonalCounts:
        """Go on from the flat numbers of an earlier instance; the list is used, not copied."""
        model = cls.__new__(cls)
        model.state = state
        return model

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Take in one closed bin; a bin without exposure is missing data and changes nothing."""
        s = self.state
        minute = int(x.get("minute", s[_BINS] * BIN))
        count = float(x.get("count", 0.0))
        total = max(float(x.get("total", count)), count)
        exposure = float(x.get("exposure", 1.0))
        if exposure <= 0.05:
            return
        season = _season(s, minute + BIN / 2)
        expected = _level(s) * season * exposure
        seen = total if s[_BINS] < 12 else min(total, expected + 3.0 * sqrt(_variance(s, expected)) + 1.0)
        self._learn_level(seen, season * exposure)
        self._learn_share(count, total, expected)
        self._learn_season(minute, seen, expected)
        self._learn_dispersion(minute, count, total, expected)
        s[_BINS] += 1.0

    def score_one(self, x: dict[Any, Any]) -> float:
        """Give -log10 of the probability that a usual window looks at least like this."""
        s = self.state
        minute = float(x.get("minute", s[_BINS] * BIN))
        count = float(x.get("count", 0.0))
        total = max(float(x.get("total", count)), count)
        return self.surprise(count, total, *self.outlook(minute, float(x.get("length", 15.0))))

    def surprise(self, count: float, total: float, mean: float, share: float, ignorance: float) -> float:
        """Give the score of a window whose `outlook` is known."""
        s = self.state
        volume = tails.negative_binomial(total, mean, s[_PHI_N] + ignorance)
        if share > 0.98:
            return volume
        matching = tails.negative_binomial(count, mean * share, s[_PHI_K] + ignorance)
        gate = tails.binomial(count, total, share, s[_RHO])
        both = volume + gate
        fisher = both - log10(1.0 + both * tails.LN10)
        return _join(fisher, gate + BENIGN_SURGE, matching + MATCHING_ALONE)

    def outlook(self, end: float, length: float) -> tuple[float, float, float]:
        """Expected total of the window, expected share of matching mentions, and the ignorance added to dispersion."""
        s = self.state
        level = _level(s)
        pieces = max(round(length / 60), 1)
        step = length / pieces
        season = sum(_season(s, end - (i + 0.5) * step) for i in range(pieces)) / pieces
        bins = length / BIN
        mean = level * max(season, 0.5) * bins  # a quiet hour is not held against a brand
        share = (s[_K] + SHARE_PRIOR * SHARE_PRIOR_WEIGHT) / (s[_N] + SHARE_PRIOR_WEIGHT)
        ignorance = 1.0 / (s[_A] + 1.0) + 0.5 / (1.0 + s[_BINS] / 144.0)
        return mean, share, ignorance

    def _learn_level(self, seen: float, exposure: float) -> None:
        s = self.state
        s[_A] = s[_A] * LEVEL_FADE + seen
        s[_B] = s[_B] * LEVEL_FADE + exposure

    def _learn_share(self, count: float, total: float, expected: float) -> None:
        s = self.state
        weight = min(1.0, 12.0 * (expected + 1.0) / total) if total > 0 else 1.0  # a bin counts at most as an hour
        s[_K] = s[_K] * SHARE_FADE + weight * count
        s[_N] = s[_N] * SHARE_FADE + weight * total

    def _learn_season(self, minute: int, seen: float, expected: float) -> None:
        s = self.state
        hour = float(minute // 60)
        if s[_HOUR] != hour:
            if s[_HOUR] >= 0.0 and s[_BINS] >= 24 and s[_HOUR_MU] > 0.0:
                self._close_hour(int(s[_HOUR]), s[_HOUR_Y], s[_HOUR_MU])
            s[_HOUR], s[_HOUR_Y], s[_HOUR_MU] = hour, 0.0, 0.0
        s[_HOUR_Y] += seen
        s[_HOUR_MU] += expected

    def _close_hour(self, hour: int, seen: float, expected: float) -> None:
        s = self.state
        ratio = min(seen / expected, 4.0)
        precision = 1.0 / (1.0 / expected + s[_PHI_N])
        for place, cell in _cells(hour):
            factor = _factor(s, place, cell)
            at = place + 2 * cell
            fade = SEASON_FADE[place]
            s[at] = s[at] * fade + precision * ratio * factor
            s[at + 1] = s[at + 1] * fade + precision

    def _learn_dispersion(self, minute: int, count: float, total: float, expected: float) -> None:
        s = self.state
        quarter = float(minute // 15)
        if s[_QUARTER] != quarter:
            if s[_QUARTER] >= 0.0 and s[_BINS] >= 36:
                self._close_quarter(s[_QUARTER_K], s[_QUARTER_N], s[_QUARTER_MU])
            s[_QUARTER], s[_QUARTER_K], s[_QUARTER_N], s[_QUARTER_MU] = quarter, 0.0, 0.0, 0.0
        s[_QUARTER_K] += count
        s[_QUARTER_N] += total
        s[_QUARTER_MU] += expected

    def _close_quarter(self, count: float, total: float, mean: float) -> None:
        """Move each dispersion so that its tail's mean surprise is what calm gives (Robbins and Monro's steps)."""
        s = self.state
        share = (s[_K] + SHARE_PRIOR * SHARE_PRIOR_WEIGHT) / (s[_N] + SHARE_PRIOR_WEIGHT)
        pace = 12.0 + min(s[_UPDATES], 400.0)
        s[_UPDATES] += 1.0
        for place, surprise, mass in (
            (_PHI_N, tails.negative_binomial(total, mean, s[_PHI_N]), mean),
            (_PHI_K, tails.negative_binomial(count, mean * share, s[_PHI_K]), mean * share),
            (_RHO, tails.binomial(count, total, share, s[_RHO]), max(total - 1.0, 0.0)),
        ):
            weight = s[place] * mass / (1.0 + s[place] * mass)
            moved = s[place] * exp(weight * (min(surprise, 2.0) / MEAN_CAPPED_TAIL - 1.0) / pace)
            s[place] = min(max(moved, 1e-3), 4.0 if place != _RHO else 0.5)


class SeasonalDetector:
    """`SeasonalCounts` behind the `Detector` seam."""

    name = "seasonal"

    def fresh(self) -> DetectorState:
        """Give the state of a detector that has seen nothing."""
        return _fresh()

    def learn(self, state: DetectorState, closed: Bin) -> DetectorState:
        """Give the state after one more closed bin."""
        model = SeasonalCounts.resume(list(state))
        model.learn_one(
            {"minute": closed.start, "count": closed.count, "total": closed.total, "exposure": closed.exposure}
        )
        return model.state

    def explain(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Explanation | None:  # noqa: ARG002
        """Give no reasons."""
        return None

    def judge(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Verdict:  # noqa: ARG002
        """Judge one window; expected and interval are of matching mentions."""
        model = SeasonalCounts.resume(state if isinstance(state, list) else list(state))
        mean, share, ignorance = model.outlook(window.end, window.length)
        score = model.surprise(window.count, max(window.total, window.count), mean, share, ignorance)
        if share > 0.98:
            share = 1.0
        expected = mean * share
        low, high = _interval(expected, model.state[_PHI_K] + ignorance)
        looks = 2.0 * MONTH / window.length  # overlapping looks: about twice as many independent ones
        return Verdict(
            observed=window.count,
            expected=expected,
            low=low,
            high=high,
            false_alarms_per_month=looks * 10.0 ** -min(score, 300.0),
            learning=model.state[_BINS] < LEARNING_BINS,
        )


def _fresh() -> list[float]:
    state = [0.0] * _SIZE
    state[_VERSION] = VERSION
    state[_PHI_N] = state[_PHI_K] = 0.3
    state[_RHO] = 0.02
    state[_HOUR] = state[_QUARTER] = -1.0
    return state


def _level(s: list[float]) -> float:
    return (s[_A] + LEVEL_PRIOR_BINS * PRIOR_RATE) / (s[_B] + LEVEL_PRIOR_BINS)


def _variance(s: list[float], mean: float) -> float:
    return mean + s[_PHI_N] * mean * mean + 0.05


def _factor(s: list[float], place: int, cell: int) -> float:
    prior = SEASON_PRIOR[place]
    at = place + 2 * cell
    return (prior + s[at]) / (prior + s[at + 1])


def _cells(hour: int) -> tuple[tuple[int, int], ...]:
    """Name the season's cells of an hour since 1970 (a Thursday): hour of day, day of week, hour of week."""
    of_week = (hour + 72) % 168  # Monday 00:00 is 0
    return (_HOD, hour % 24), (_DOW, of_week // 24), (_HOW, of_week)


def _hour_season(s: list[float], hour: int) -> float:
    (a, i), (b, j), (c, k) = _cells(hour)
    return _factor(s, a, i) * _factor(s, b, j) * _factor(s, c, k)


def _season(s: list[float], minute: float) -> float:
    """Season at a minute, interpolated between the centres of the hours."""
    place = minute / 60.0 - 0.5
    hour = int(place // 1)
    part = place - hour
    return (1.0 - part) * _hour_season(s, hour) + part * _hour_season(s, hour + 1)


def _join(*decades: float) -> float:
    """-log10 of the sum of the probabilities whose -log10 are given."""
    least = min(decades)
    return max(least - log10(sum(10.0 ** (least - each) for each in decades)), 0.0)


def _interval(mean: float, dispersion: float) -> tuple[float, float]:
    """5 % and 95 % points of a gamma with the counts' mean and variance (Wilson and Hilferty 1931)."""
    if mean <= 0.0:
        return 0.0, 1.0
    shape = 1.0 / (1.0 / mean + dispersion)
    spread = 1.0 / (9.0 * shape)
    reach = tails.normal_quantile_05 * sqrt(spread)
    low = mean * max(1.0 - spread - reach, 0.0) ** 3
    return low, mean * (1.0 - spread + reach) ** 3
