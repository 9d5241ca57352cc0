"""The default detector as a river estimator: unusually many matching mentions, over several windows at once.

Each of the `CHANNELS` holds one window against one reference (what is usual, or what the last hours lead to expect),
in decades of `window_evidence`; each channel's own past says how rare such a value is (`Tail`); the mean of the two
rarest is the joint score, and that score's past in turn says how often it is reached when nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p, log10
from typing import Any

from river.base import AnomalyDetector

from crisiswatch.detector import tails
from crisiswatch.detector.baseline import STRIDE, Baseline
from crisiswatch.detector.bins import Seen, certainty, fresh, learn_certainty, push, since, taken
from crisiswatch.detector.calibration import Tail
from crisiswatch.detector.evidence import Held, Look, window_evidence
from crisiswatch.detector.layout import (
    ACHIEVED,
    AT,
    BINS,
    BUFFER,
    CALM,
    CARRY,
    CHANNELS,
    CLUSTERS,
    DAY,
    DISPERSION,
    EVENT,
    FOUND,
    GRAVE_K,
    GRAVE_M,
    HOUR,
    JOINT,
    KNOWN_UNTIL,
    LEARNED,
    LEVEL_X,
    LEVEL_Y,
    NEXT,
    RING,
    SHARE_K,
    SHARE_N,
    SILENCE,
    SLOT,
    TAILS,
    Tuning,
)
from crisiswatch.windows import BIN

__all__ = ["Found", "Surge"]

BLIND_BELOW = 0.05  # exposure
SILENT = 16.0  # nats of surprise at hearing nothing: no calm is as quiet as that
ALL = 0.98  # a series of which so much matches has no share to tell a crisis by
STATED = tuple(log10(30 * DAY / month) for month in (10.0, 1.0, 0.1))
FADE_EVERY = 6  # hours
ACHIEVED_FADE = 2.0 ** (-FADE_EVERY / (24.0 * 60.0))  # half-life 60 days
GRAVE_FADE = 2.0 ** (-1.0 / (10.0 * DAY))
BEGINS = 3.0  # variances above the mean, squared; below there is nothing worth a logarithm
MOVE_ON = 2.0 ** (-2.0 / DAY)  # half-life half a day
EVENT_OVER, NEW_NORMAL = 2 * HOUR, 36 * HOUR  # bins of calm; bins
CARRIED, LAPSES = 1.3, 2.0 ** (-1.0 / 8.0)  # a back-fill is at most so much of what was missed; half-life 8 bins
LEARNING, WARY = 6 * HOUR, 2 * DAY  # bins
MASS = 3 * HOUR  # bins


Found = tuple[int, float, float]
"""A channel, the evidence of its window in decades, and how rare that is: -log10 of how often a bin."""


class _Parts:
    """What follows from the constants alone, worked out once: a model is made for every look."""

    def __init__(self, t: Tuning) -> None:
        self.tuning = t
        self.baseline = Baseline(t)
        self.tails = [
            Tail(TAILS + 5 * i, t.tail_from, 12, 10.0**-t.tail_from * min(1.0, 2.5 / c.bins), 0.6, 7.0)
            for i, c in enumerate(CHANNELS)
        ]
        self.joint = Tail(JOINT, 2.3, 24, t.joint_rate, t.joint_mean, t.joint_days)
        self.channels = [(i, c.near, c.bins, DISPERSION + 3 * i) for i, c in enumerate(CHANNELS) if i in t.channels]


SHIPPED = _Parts(Tuning())


class Surge(AnomalyDetector):
    """Seasonal, over-dispersed counts of matching mentions among all mentions.

    ``learn_one`` and ``score_one`` take ``{"minute", "count", "total"}`` of a five-minute bin and, where it applies,
    ``"exposure"`` (0..1), ``"known"``, ``"minutes"``, ``"count_square"`` and ``"total_square"`` (see `Bin`). A score of
    s means: such a value comes 10^-s times a bin, 8640 x 10^-s times a month, when nothing is wrong; 3.9 is once a
    month. Bins come in order of time; scoring changes nothing.

    ``tuning`` None is what ships. ``state`` is everything learned, as flat numbers; see `resume`.
    """

    def __init__(self, tuning: Tuning | None = None) -> None:
        self._begin(tuning, fresh())

    @classmethod
    def resume(cls, state: list[float], tuning: Tuning | None = None) -> Surge:
        """Go on from the state of an earlier instance; the list is used, not copied."""
        model = cls.__new__(cls)
        model._begin(tuning, state)  # noqa: SLF001 - it is of this class
        return model

    def _begin(self, tuning: Tuning | None, state: list[float]) -> None:
        parts = SHIPPED if tuning is None else _Parts(tuning)
        self.tuning, self.state = tuning, state
        self.baseline = parts.baseline.apart()
        self._t, self._tails, self._joint, self._channels = parts.tuning, parts.tails, parts.joint, parts.channels
        self._memo: tuple[dict[Any, Any], Seen, list[Found]] | None = None

    # -- river's two methods ------------------------------------------------------------------------------------------

    def score_one(self, x: dict[Any, Any]) -> float:
        """Give -log10 of how often a bin like this, after what came before it, is reached by chance."""
        seen, looks = self._looked(x)
        return self.rarity(looks, seen) if looks else 0.0

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Take in one closed bin; one without exposure is missing data and teaches nothing."""
        seen, looks = self._looked(x)
        s, base = self.state, self.baseline
        level, season = base.level(s), base.season(s, seen.minute + BIN / 2)
        exposed = season * seen.exposure
        if seen.minute // (60 * FADE_EVERY) != (s[NEXT] - 1.0) // (60 * FADE_EVERY):
            self._fade()
        s[NEXT] = seen.minute + BIN
        if seen.known:
            s[KNOWN_UNTIL] = s[NEXT]
        if self._missing(seen, level * exposed):
            s[CARRY] += CARRIED * level * season
            push(s, seen, 0.0)
        else:
            if s[CARRY]:
                s[CARRY] = s[CARRY] * LAPSES if s[CARRY] > 0.01 else 0.0
            s[LEARNED] += 1.0
            s[ACHIEVED] += 1.0
            s[FOUND] = 1.0 if looks else 0.0
            if looks or s[CLUSTERS]:
                self._calibrate(seen, looks)
            if (looks or s[EVENT]) and self._eventful(looks):
                base.follow(s, seen.total, level * exposed, exposed)
            else:
                self._learn_calm(seen, level, exposed)
            if x.get("count_square") is not None:
                learn_certainty(s, x)
            push(s, seen, level * exposed)
            s[BINS] += 1.0
        self._memo = None

    def _looked(self, x: dict[Any, Any]) -> tuple[Seen, list[Found]]:
        """The bin and what the channels found in it; scoring and learning the same bin look at it once."""
        if self._memo is None or self._memo[0] != x:
            seen = self._seen(x)
            self._memo = (dict(x), seen, self.looks(seen))
        return self._memo[1], self._memo[2]

    # -- scoring ------------------------------------------------------------------------------------------------------

    def rarity(self, looks: Sequence[Found], seen: Seen) -> float:
        """Give the score of what `looks` found in ``seen``; a handful of mentions is never called extreme."""
        joint = self._together(looks)
        t = self._t
        if not t.calibrate or joint <= 0.0:
            return joint
        most = t.few + t.each_more * (since(self.state, MASS, 1) + seen.matched - t.mass)
        return min(self._joint.rarity(self.state, joint, self.state[LEARNED]), most)

    def _together(self, looks: Sequence[Found]) -> float:
        """The mean of the rarest channels: what is real shows in more than one."""
        if not looks:
            return 0.0
        best = min(self._t.best, len(self._channels))
        return sum(sorted([rarity for _, _, rarity in looks])[-best:]) / best

    def looks(self, seen: Seen) -> list[Found]:
        """What each channel found that has something to say about the windows that end with this bin."""
        s, t = self.state, self._t
        if seen.exposure <= BLIND_BELOW or since(self.state, MASS, 1) + seen.matched < t.mass:
            return []
        base = self.baseline
        level, share = base.level(s), base.share(s)
        usual = level * base.season(s, seen.minute + BIN / 2) * seen.exposure * seen.part
        if not s[FOUND] and seen.matched < usual * share:  # after bins that were nothing special it is nothing new
            return []
        evidence = self._volume(seen, usual, level) if share > ALL else self._evidence(seen, usual, level, share)
        if not evidence or not t.calibrate:
            return [(channel, each, each) for channel, each in evidence]
        bins = s[LEARNED]
        return [(channel, each, self._tails[channel].rarity(s, each, bins)) for channel, each in evidence]

    def _evidence(self, seen: Seen, mu: float, level: float, share: float) -> list[tuple[int, float]]:
        """Decades of `window_evidence` of the channels with any, for windows that end with this bin.

        ``mu``: mentions usual in it, at ``level`` a bin; ``share`` of them matches.
        """
        s, t, base = self.state, self._t, self.baseline
        near, near_share = base.near(s), base.near_share(s, share)
        near_matching, least, level = near * near_share, t.least, level * t.floor
        at = int(s[AT])
        now = BUFFER + SLOT * ((at - 1) % RING)
        matched, expected = s[now + 1] + seen.matched, s[now + 2] + mu
        held, found = None, []
        for channel, is_near, bins, spread in self._channels:
            then = BUFFER + SLOT * ((at - bins) % RING)
            count = matched - s[then + 1]
            if count < least:
                continue
            usual = expected - s[then + 2]
            if usual < level * bins:  # noqa: PLR1730 - the hot path: max() costs four times as much
                usual = level * bins
            mean = usual * near_matching if is_near else usual * share
            over = count - mean
            if over <= 0.0 or over * over < BEGINS * (mean + s[spread + 1] * mean * mean):
                continue
            if held is None:
                doubt = 1.0 / (s[SHARE_N] + 5.0)
                grave_share = (s[GRAVE_M] + 0.5) / (s[GRAVE_K] + 10.0)
                sure = 1.0 / (s[GRAVE_K] + 11.0)
                held = Held(share, near_share, base.ignorance(s), doubt, certainty(s)[2], grave_share, sure)
                known_until = seen.minute + BIN if seen.known else s[KNOWN_UNTIL]
            total = s[now] - s[then] + seen.total
            weight = (s[now + 3] - s[then + 3] + seen.weights) / total
            known = known_until > seen.minute + BIN - BIN * bins
            spreads = s[spread : spread + 3]
            grave = None if seen.grave is None else s[now + 4] - s[then + 4] + seen.grave
            look = Look(total, count, usual * near if is_near else usual, usual, weight, spreads, is_near, known, grave)
            each = window_evidence(look, held, t)
            if each > 0.0:
                found.append((channel, each))
        return found

    def _volume(self, seen: Seen, mu: float, level: float) -> list[tuple[int, float]]:
        """The same for a series of which everything matches: only its volume can be unusual."""
        s, t = self.state, self._t
        floor, ignorance, found = level * t.volume_floor, self.baseline.ignorance(s), []
        for channel, _, bins, spread in self._channels:
            total, mean = since(self.state, bins, 0) + seen.total, max(since(self.state, bins, 2) + mu, floor * bins)
            total -= min(s[CARRY], max(total - mean, 0.0))  # what a back-fill may have brought
            if channel in t.volume_channels and total > max(mean, t.least):
                found.append((channel, tails.negative_binomial(total, mean, s[spread] + ignorance)))
        return found

    # -- learning -----------------------------------------------------------------------------------------------------

    def _missing(self, seen: Seen, mu: float) -> bool:
        """Say whether a bin is missing data: nothing could speak, or so long a silence is no calm."""
        s = self.state
        if seen.exposure <= BLIND_BELOW:
            return True
        if seen.total > 0.0:
            s[SILENCE] = 0.0
            return False
        phi = s[DISPERSION]
        s[SILENCE] += log1p(phi * mu) / phi
        return s[SILENCE] > SILENT

    def _fade(self) -> None:
        """Let the past of every tail count a little less."""
        s, fade = self.state, 2.0 ** (-FADE_EVERY / (24.0 * self._t.tail_half_life))
        for tail in (*self._tails, self._joint):
            tail.fade(s, fade)
        s[LEARNED] = round(s[LEARNED] * fade, 4)
        for at in range(ACHIEVED, ACHIEVED + 4):
            s[at] = round(s[at] * ACHIEVED_FADE, 6)

    def _calibrate(self, seen: Seen, looks: Sequence[Found]) -> None:
        s, t, still = self.state, self._t, 0
        joint = self._together(looks)
        self._count(self.rarity(looks, seen) if looks else 0.0)
        evidence = {channel: each for channel, each, _ in looks}
        reach = t.volume_reach if self.baseline.share(s) > ALL else t.reach
        for channel, _, _, _ in self._channels:
            still += self._tails[channel].learn(s, evidence.get(channel, 0.0), reach)
        s[CLUSTERS] = float(still + self._joint.learn(s, joint, t.joint_reach))

    def _count(self, rarity: float) -> None:
        """Count how often what should be rare is reached; two hours of calm come between two times."""
        s = self.state
        for place, decades in enumerate(STATED, ACHIEVED + 1):
            if rarity >= decades:
                s[place] += 1.0 if s[NEXT] > s[place + 3] else 0.0
                s[place + 3] = s[NEXT] + 120.0

    def achieved(self) -> tuple[float, float, float]:
        """How often a month the series reached what should come 10, 1 and 0.1 times, crises included."""
        months = max(self.state[ACHIEVED], 1.0) / (30.0 * DAY)
        often, seldom, rarely = (count / months for count in self.state[ACHIEVED + 1 : ACHIEVED + 4])
        return often, seldom, rarely

    def _eventful(self, looks: Sequence[Found]) -> bool:
        """Say whether an event is on: until two hours of calm, but after 36 hours it is the new normal."""
        s = self.state
        if max([rarity for _, _, rarity in looks], default=0.0) >= self._t.event_from:
            s[EVENT], s[CALM] = s[EVENT] + 1.0, 0.0
        elif s[EVENT] > 0.0:
            s[EVENT], s[CALM] = s[EVENT] + 1.0, s[CALM] + 1.0
            if s[CALM] >= (EVENT_OVER if s[EVENT] <= NEW_NORMAL + EVENT_OVER else DAY):
                s[EVENT] = s[CALM] = 0.0
        # While little is known, one crisis would teach more than all the calm before it.
        wary = s[BINS] < WARY and max([each for _, each, _ in looks], default=0.0) >= self._t.wary
        return wary or 0.0 < s[EVENT] <= NEW_NORMAL

    def _learn_calm(self, seen: Seen, level: float, exposed: float) -> None:
        s, base = self.state, self.baseline
        number = seen.minute // BIN + 1
        if number % STRIDE == 0 and s[BINS] >= 3 * HOUR:
            self._learn_dispersions(number, seen, level * exposed)
        base.learn(s, seen.minute, seen.total, seen.matched, level, exposed)
        self._learn_near()
        if seen.grave is not None:
            s[GRAVE_K] = s[GRAVE_K] * GRAVE_FADE + seen.matched
            s[GRAVE_M] = s[GRAVE_M] * GRAVE_FADE + seen.grave
        if s[EVENT] > NEW_NORMAL:  # what has lasted so long is usual now: the days before it count for little
            for at in (LEVEL_Y, LEVEL_X, SHARE_K, SHARE_N):
                s[at] *= MOVE_ON

    def _learn_dispersions(self, number: int, seen: Seen, mu: float) -> None:
        s, base = self.state, self.baseline
        share = base.share(s)
        near, near_share = base.near(s), base.near_share(s, share)
        for channel, is_near, bins, _ in self._channels:
            if bins > STRIDE and number % bins:
                continue
            total, mean = since(self.state, bins, 0) + seen.total, since(self.state, bins, 2) + mu
            count = max(since(self.state, bins, 1) + seen.matched, 0.0)
            if is_near:
                base.learn_dispersion(s, channel, (total, count, mean * near), near_share)
            else:
                base.learn_dispersion(s, channel, (total, count, mean), share)

    def _learn_near(self) -> None:
        """The bin that leaves the last hour teaches the near factors."""
        s = self.state
        at = int(s[AT])
        one, other = BUFFER + SLOT * ((at - HOUR) % RING), BUFFER + SLOT * ((at - HOUR - 1) % RING)
        mean = s[one + 2] - s[other + 2]
        if mean > 0.0:
            self.baseline.learn_near(s, s[one] - s[other], s[one + 1] - s[other + 1], mean)

    # -- bins ---------------------------------------------------------------------------------------------------------

    def _seen(self, x: dict[Any, Any]) -> Seen:
        get = x.get
        count = get("count", 0.0)
        return taken(
            self.state,
            get("minute", self.state[NEXT]),
            count,
            get("total", count),
            get("exposure", 1.0),
            get("minutes", BIN) / BIN,
            get("known", False),
            get("count_square"),
            get("total_square"),
            get("marked"),
        )
