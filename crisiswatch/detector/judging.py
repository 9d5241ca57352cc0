"""The default detector behind the seam: `Surge` on a flat state, its verdicts and its reasons."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import log, sqrt
from typing import NamedTuple

from crisiswatch.detector.base import MONTH, Bin, DetectorState, Explanation, Moments, Verdict, Window
from crisiswatch.detector.bins import Seen, fresh, push, seen_bin
from crisiswatch.detector.layout import (
    AT,
    BINS,
    BUFFER,
    CALM,
    CHANNELS,
    DISPERSION,
    EVENT,
    HOUR,
    NEAR_K,
    NEAR_N,
    RING,
    SHARE_K,
    SHARE_N,
    SIZE,
    SLOT,
    SURE_N,
    SURE_P,
    SURE_PP,
    VERSION,
    V,
)
from crisiswatch.detector.surge import LEARNING, NEW_NORMAL, Surge
from crisiswatch.detector.tails import normal_quantile_05
from crisiswatch.windows import BIN

__all__ = ["SurgeDetector"]

BINS_PER_MONTH = MONTH / BIN
RAREST = 300.0  # decades
UNSURE = 20.0  # mentions that a share is worth of which nobody knows whether it still holds
STILL = 3  # bins for which what was unusual stays so
WALKS = 64
NEARLY = 0.8


class _Rare(NamedTuple):
    """How rare a bin is, in decades, and the channel that carries it."""

    rarity: float
    channel: int


NOTHING = _Rare(0.0, 2)


class _Walk(NamedTuple):
    """What became of the state ``origin`` over some bins, and what was found in the last `STILL` - 1 of them."""

    origin: DetectorState
    over: Sequence[Bin]
    state: list[float]
    found: tuple[_Rare, ...]


class SurgeDetector:
    """`Surge` behind the `Detector` seam; named ``surge`` in the configuration."""

    name = "surge"

    def __init__(self) -> None:
        self._walks: dict[tuple[int, int], _Walk] = {}

    def fresh(self) -> DetectorState:
        """Give the state of a detector that has seen nothing."""
        return fresh()

    def learn(self, state: DetectorState, closed: Bin) -> DetectorState:
        """Give the state after one more closed bin; a state of another layout starts afresh."""
        model = Surge.resume(_own(state))
        model.learn_one(_features(closed))
        return model.state

    def rescale(self, state: DetectorState, before: Moments | None, after: Moments | None) -> DetectorState:
        """Give the state for another scorer, or the same one corrected otherwise (see `Detector`).

        Not knowing, the share counts for next to nothing, and what comes is the new normal.
        """
        s = _own(state)
        if before is None or after is None or before.matching <= 0.0 or after.matching <= 0.0:
            weight = min(1.0, UNSURE / max(s[SHARE_N], UNSURE))
            s[SHARE_K] *= weight
            s[SHARE_N] *= weight
            s[NEAR_K] = s[NEAR_N] = s[SURE_N] = s[SURE_P] = s[SURE_PP] = 0.0
            s[EVENT], s[CALM] = NEW_NORMAL + 1.0, 0.0
            return s
        # What a scorer's doubt is cleared of adds up to its p again, so both scales differ by the ratio of the sums.
        factor = after.matching / before.matching
        weight = max(s[SURE_N], before.texts) / after.texts
        s[SURE_N : SURE_PP + 1] = [weight * each for each in after]
        for matching, whole in ((SHARE_K, SHARE_N), (NEAR_K, NEAR_N)):
            s[matching] = min(s[matching] * factor, s[whole])
        s[BUFFER + 1 :: SLOT] = [round(count * factor, 4) for count in s[BUFFER + 1 :: SLOT]]
        return s

    def judge(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Verdict:
        """Judge the bins of ``tail`` after what was learned; expected and interval are of the rule's window."""
        walk = self._walk(state, tail[:-1])
        model = Surge.resume(walk.state)  # only looked at, so it need not be copied
        # Once unusual, so for the minutes until the watermark comes: a bin that just began takes nothing back.
        found = [*walk.found, *[_rarity(model, seen_bin(walk.state, each)) for each in tail[-1:]]]
        rarity = max([each.rarity for each in found], default=0.0)
        expected = _usual(model, window.end, window.length)
        low, high = _interval(expected, _dispersion(model, window.length))
        return Verdict(
            observed=window.count,
            expected=expected,
            low=low,
            high=high,
            false_alarms_per_month=BINS_PER_MONTH * 10.0 ** -min(rarity, RAREST),
            learning=model.state[BINS] < LEARNING,
            achieved=model.achieved(),
        )

    def _walk(self, state: DetectorState, over: Sequence[Bin]) -> _Walk:
        """The state moved on over finished bins; the last walks are kept, for a bin is looked at many times."""
        key = (id(state), len(over))
        walk = self._walks.get(key)
        if walk is not None and walk.origin is state and walk.over == over:
            return walk
        before = self._walks.get((id(state), len(over) - 1)) if over else None
        if before is not None and before.origin is state and before.over == over[:-1]:
            model, rest, found = Surge.resume(list(before.state)), over[-1:], before.found
        else:
            model, rest, found = Surge.resume(_own(state)), over, ()
        for left, each in zip(range(len(rest), 0, -1), rest, strict=True):
            seen = seen_bin(model.state, each)
            found = (*found, _rarity(model, seen) if left < STILL else NOTHING)[1 - STILL :]
            push(model.state, seen, _expected(model, seen))
        for old in list(self._walks)[: len(self._walks) - WALKS + 1]:
            self._walks.pop(old, None)
        walk = self._walks[key] = _Walk(state, list(over), model.state, found)
        return walk

    def explain(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Explanation | None:  # noqa: ARG002
        """Say which window carried the verdict, since when, and what goes on like this would bring."""
        if not tail:
            return None
        walk = self._walk(state, tail[:-1])
        model = Surge.resume(walk.state)
        s, base = model.state, model.baseline
        last = seen_bin(s, tail[-1])
        found = [*walk.found, _rarity(model, last)]
        ago, rarest = max(enumerate(reversed(found)), key=lambda each: each[1].rarity)
        if found[-1].rarity >= NEARLY * rarest.rarity:  # as good as the same, and what is now is told more simply
            ago, rarest = 0, found[-1]
        channel = CHANNELS[rarest.channel]
        minutes = BIN * channel.bins
        history = _history(model, last)
        window_bins = history[-channel.bins - ago : len(history) - ago]
        observed = max(sum([count for _, count, _ in window_bins]), 0.0)
        expected = base.share(s) * sum([mean for _, _, mean in window_bins])
        low, high = _interval(expected, _dispersion(model, minutes))
        hour, day, of_week = base.factors(s, last.minute // 60)
        total = sum([total for total, _, _ in window_bins])
        return Explanation(
            level=base.level(s) * HOUR * base.share(s),
            hour_of_day=hour,
            day_of_week=day,
            hour_of_week=of_week,
            dispersion=_dispersion(model, minutes),
            minutes=minutes,
            observed=observed,
            expected=expected,
            low=low,
            high=high,
            since=_onset(history, base.share(s), last.minute + BIN),
            next_hour=_next_hour(model, history, last),
            share=min(observed / total, 1.0) if total > 0.0 else None,
            usual_share=base.share(s),
        )


def _own(state: DetectorState) -> list[float]:
    own = list(state)
    return own if len(own) == SIZE and own[V] == VERSION else fresh()


def _features(each: Bin) -> dict[str, object]:
    return {
        "minute": each.start,
        "count": each.count,
        "total": each.total,
        "exposure": each.exposure,
        "minutes": each.minutes,
        "known": each.known,
        "count_square": each.count_square,
        "total_square": each.total_square,
        "marked": each.marked,
    }


def _rarity(model: Surge, seen: Seen) -> _Rare:
    """How rare a bin is that is not learned yet, and which channel says so most."""
    looks = model.looks(seen)
    if not looks:
        return NOTHING
    return _Rare(model.rarity(looks, seen), max(looks, key=lambda each: each[2])[0])


def _expected(model: Surge, seen: Seen) -> float:
    """Mentions, matching or not, that were to be expected in a bin."""
    s, base = model.state, model.baseline
    return base.level(s) * base.season(s, seen.minute + BIN / 2) * seen.exposure * seen.part


def _usual(model: Surge, end: int, length: int) -> float:
    """Matching mentions usual in the ``length`` minutes before ``end``."""
    s, base = model.state, model.baseline
    pieces = max(round(length / 60), 1)
    step = length / pieces
    season = sum([base.season(s, end - (i + 0.5) * step) for i in range(pieces)]) / pieces
    return base.level(s) * season * base.share(s) * length / BIN


def _dispersion(model: Surge, minutes: int) -> float:
    """How the matching counts of windows of about this length scatter, what is not known yet included."""
    usual = [(abs(log(BIN * c.bins / minutes)), i) for i, c in enumerate(CHANNELS) if not c.near or c.bins < HOUR]
    return model.state[DISPERSION + 3 * min(usual)[1] + 1] + model.baseline.ignorance(model.state)


def _history(model: Surge, last: Seen) -> list[tuple[float, float, float]]:
    """Total, count and expected total of the bins of the longest window, of which ``last`` is the newest."""
    s, at = model.state, int(model.state[AT])
    places = [BUFFER + SLOT * ((at + i) % RING) for i in range(RING)]
    before = [(s[b] - s[a], s[b + 1] - s[a + 1], s[b + 2] - s[a + 2]) for a, b in pairwise(places)]
    return [*before, (last.total, last.matched, _expected(model, last))]


def _onset(history: Sequence[tuple[float, float, float]], share: float, end: int) -> int | None:
    """The minute at which it most likely began: the start whose rise since then explains the counts best.

    The likelihood ratio of a Poisson rate that changed at a bin's start, maximised over the starts and the new rate
    (Hinkley and Hinkley, Biometrika 57, 1970); None if nothing is up.
    """
    best, start, count, mean = 0.0, None, 0.0, 0.0
    for back, (_, matching, expected) in enumerate(reversed(history), 1):
        if expected <= 0.0:
            continue  # nobody could see, so nothing began there
        count, mean = count + matching, mean + expected * share
        if count <= mean or mean <= 0.0:  # a share of probabilities less what any mention brings may be below nothing
            continue
        gain = count * log(count / mean) - (count - mean)
        if gain > best:
            best, start = gain, end - BIN * back
    return start


def _next_hour(model: Surge, history: Sequence[tuple[float, float, float]], last: Seen) -> float:
    """Matching mentions of the coming hour if the last quarter of an hour, as far as it has passed, goes on: what is
    usual, and at the same pace what came beyond it."""
    recent = history[-3:]
    expected = model.baseline.share(model.state) * sum([mean for _, _, mean in recent])
    more = sum([count for _, count, _ in recent]) - expected
    passed = BIN * (2.0 + max(last.part, 0.2))
    return max(_usual(model, last.minute + BIN + 60, 60) + 60.0 / passed * more, 0.0)


def _interval(mean: float, dispersion: float) -> tuple[float, float]:
    """5 % and 95 % points of a gamma with the counts' mean and variance (Wilson and Hilferty 1931)."""
    if mean <= 0.0:
        return 0.0, 1.0
    shape = 1.0 / (1.0 / mean + dispersion)
    spread = 1.0 / (9.0 * shape)
    reach = normal_quantile_05 * sqrt(spread)
    low = mean * max(1.0 - spread - reach, 0.0) ** 3
    return low, mean * (1.0 - spread + reach) ** 3
