"""The default detector as a river estimator: unusually many matching mentions, over several windows at once.

Each of the `CHANNELS` holds one window against one reference (what is usual, or what the last hours lead to expect),
in decades of `window_evidence`; each channel's own past says how rare such a value is (`Tail`); the mean of the two
rarest is the joint score, and that score's past in turn says how often it is reached when nothing is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from typing import Any, NamedTuple

from river.base import AnomalyDetector

from crisiswatch.detector import tails
from crisiswatch.detector.base import Bin
from crisiswatch.detector.baseline import Baseline
from crisiswatch.detector.calibration import Tail
from crisiswatch.detector.evidence import Held, Look, window_evidence
from crisiswatch.detector.layout import (
    AT,
    BINS,
    BUFFER,
    CALM,
    CARRY,
    CHANNELS,
    DAY,
    DISPERSION,
    EVENT,
    HOUR,
    HOUR_NOW,
    JOINT,
    KNOWN_UNTIL,
    LEARNED,
    NEXT,
    RING,
    SHARE_N,
    SILENCE,
    SIZE,
    SUMS,
    SURE_N,
    SURE_P,
    SURE_PP,
    TAILS,
    VERSION,
    WINDOWS,
    Tuning,
    V,
)
from crisiswatch.windows import BIN

__all__ = ["Seen", "Surge"]

BLIND_BELOW = 0.05  # exposure
SILENT = 16.0  # nats of surprise at hearing nothing: no calm is as quiet as that
EVENT_FROM, EVENT_OVER, NEW_NORMAL = 4.0, 2 * HOUR, 36 * HOUR  # decades; bins of calm; bins
CARRIED, LAPSES = 1.3, 2.0 ** (-1.0 / 8.0)  # a back-fill is at most so much of what was missed; half-life 8 bins
LEARNING = 6 * HOUR  # bins
MASS = SUMS + 4 * WINDOWS.index(36)


class Seen(NamedTuple):
    """One bin as the arithmetic takes it, blurred input already corrected: ``part`` of its five minutes have passed."""

    minute: int
    total: float
    matched: float
    exposure: float
    weights: float
    part: float
    known: bool


class Surge(AnomalyDetector):
    """Seasonal, over-dispersed counts of matching mentions among all mentions.

    ``learn_one`` and ``score_one`` take ``{"minute", "count", "total"}`` of a five-minute bin and, where it applies,
    ``"exposure"`` (0..1), ``"known"``, ``"minutes"``, ``"count_square"`` and ``"total_square"`` (see `Bin`). A score of
    s means: such a value comes 10^-s times a bin, 8640 x 10^-s times a month, when nothing is wrong; 3.9 is once a
    month. Bins come in order of time; scoring changes nothing.

    ``tuning`` None is what ships; ``state`` goes on from the flat numbers of an earlier instance (used, not copied).
    """

    def __init__(self, tuning: Tuning | None = None, state: list[float] | None = None) -> None:
        self.tuning = tuning
        self.state = fresh() if state is None else state
        self._t = t = tuning or Tuning()
        self.baseline = self._base = Baseline(t)
        self._tails = [
            Tail(TAILS + 5 * i, t.tail_from, 12, 10.0**-t.tail_from * min(1.0, 2.5 / c.bins), 0.6, 7.0, t.reach)
            for i, c in enumerate(CHANNELS)
        ]
        self._joint = Tail(JOINT, 2.3, 24, 0.003, 0.3, 30.0, 1.0)
        self._channels = [
            (i, c.near, SUMS + 4 * WINDOWS.index(c.bins), DISPERSION + 3 * i, self._tails[i], c.bins)
            for i, c in enumerate(CHANNELS)
            if i in t.channels
        ]
        self._memo: tuple[Seen, list[tuple[float, float]]] | None = None

    # -- river's two methods ------------------------------------------------------------------------------------------

    def score_one(self, x: dict[Any, Any]) -> float:
        """Give -log10 of how often a bin like this, after what came before it, is reached by chance."""
        return self.rarity(self.looks(self._seen(x)))

    def learn_one(self, x: dict[Any, Any]) -> None:
        """Take in one closed bin; one without exposure is missing data and teaches nothing."""
        seen = self._seen(x)
        looks = self.looks(seen)
        self._memo = None
        s, base = self.state, self._base
        season = base.season(s, seen.minute + BIN / 2)
        mu = base.level(s) * season * seen.exposure
        s[NEXT] = float(seen.minute + BIN)
        if seen.known:
            s[KNOWN_UNTIL] = s[NEXT]
        if self._missing(seen, mu):
            s[CARRY] += CARRIED * base.level(s) * season
            self.push(seen, 0.0)
            return
        s[CARRY] = s[CARRY] * LAPSES if s[CARRY] > 0.01 else 0.0
        self._calibrate(seen, looks)
        event = self._eventful(looks)
        if not event:
            self._learn_dispersions(seen, mu)
        base.follow(s, seen.total, mu, season * seen.exposure, 1.0 if event else self._t.clip)
        if not event:
            base.learn(s, seen.minute, seen.total, seen.matched, mu)
            at = BUFFER + 4 * ((int(s[AT]) - HOUR) % RING)
            if s[at + 2] > 0.0:
                base.learn_near(s, s[at], s[at + 1], s[at + 2])
        self._learn_certainty(x)
        self.push(seen, mu)
        s[BINS] += 1.0

    # -- scoring ------------------------------------------------------------------------------------------------------

    def rarity(self, looks: Sequence[tuple[float, float]]) -> float:
        """Give the score of what `_looks` found."""
        joint = self._together(looks)
        if not self._t.calibrate or joint <= 0.0:
            return joint
        return self._joint.rarity(self.state, joint, self.state[LEARNED])

    def _together(self, looks: Sequence[tuple[float, float]]) -> float:
        """The mean of the rarest channels: what is real shows in more than one."""
        best = sorted([rarity for _, rarity in looks])[-self._t.best :]
        return sum(best) / len(best) if best else 0.0

    def looks(self, seen: Seen) -> list[tuple[float, float]]:
        """Evidence and rarity of each channel; a bin is looked at once for scoring and learning together."""
        if self._memo is None or self._memo[0] != seen:
            self._memo = (seen, self._look(seen))
        return self._memo[1]

    def _look(self, seen: Seen) -> list[tuple[float, float]]:
        s, t = self.state, self._t
        if seen.exposure <= BLIND_BELOW or s[MASS + 1] + seen.matched < t.mass:
            return [(0.0, 0.0)] * len(self._channels)
        evidence = self.evidence(seen)
        if not t.calibrate:
            return [(each, each) for each in evidence]
        bins = s[LEARNED]
        return [
            (each, channel[4].rarity(s, each, bins) if each > 0.0 else 0.0)
            for each, channel in zip(evidence, self._channels, strict=True)
        ]

    def evidence(self, seen: Seen) -> list[float]:
        """Decades of `window_evidence` of each channel, for windows that end with this bin."""
        s, t, base = self.state, self._t, self._base
        level = base.level(s)
        mu = level * base.season(s, seen.minute + BIN / 2) * seen.exposure * seen.part
        share = base.share(s)
        if share > 0.98:
            return self._volume(seen, mu, level * t.volume_floor)
        near = base.near(s)
        _, _, fano = self.certainty()
        doubt = 1.0 / (s[SHARE_N] + 5.0)
        held = Held(share, base.near_share(s, share), base.ignorance(s), doubt, fano)
        known_until = seen.minute + BIN if seen.known else s[KNOWN_UNTIL]
        found = []
        for _, is_near, at, spread, _, bins in self._channels:
            total, mean, lowest = s[at] + seen.total, s[at + 2] + mu, level * t.floor * bins
            usual = max(mean, lowest)
            look = Look(
                total,
                s[at + 1] + seen.matched,
                max(mean * near, lowest * t.floor) if is_near else usual,
                usual,
                (s[at + 3] + seen.weights) / total if total > 0.0 else 1.0,
                s[spread : spread + 3],
                is_near,
                known_until > seen.minute + BIN - BIN * bins,
            )
            found.append(window_evidence(look, held, t))
        return found

    def _volume(self, seen: Seen, mu: float, floor: float) -> list[float]:
        """The same for a series of which everything matches: only its volume can be unusual."""
        s, t = self.state, self._t
        ignorance = self._base.ignorance(s)
        found = []
        for _, is_near, at, spread, _, bins in self._channels:
            total, mean = s[at] + seen.total, max(s[at + 2] + mu, floor * bins)
            total -= min(s[CARRY], max(total - mean, 0.0))  # what a back-fill may have brought
            if (is_near and bins >= HOUR) or total < t.least or total <= mean:
                found.append(0.0)
            else:
                found.append(tails.negative_binomial(total, mean, s[spread] + ignorance))
        return found

    # -- learning -----------------------------------------------------------------------------------------------------

    def _missing(self, seen: Seen, mu: float) -> bool:
        """Say whether this bin is missing data: nothing could speak, or so long a silence is no calm."""
        s = self.state
        if seen.total > 0.0:
            s[SILENCE] = 0.0
        elif seen.exposure > BLIND_BELOW:
            phi = s[DISPERSION + 3]
            s[SILENCE] += log1p(phi * mu) / phi
        return seen.exposure <= BLIND_BELOW or s[SILENCE] > SILENT

    def _calibrate(self, seen: Seen, looks: Sequence[tuple[float, float]]) -> None:
        s = self.state
        if s[HOUR_NOW] != float(seen.minute // 60):
            fade = 2.0 ** (-1.0 / (24.0 * self._t.tail_half_life))
            for tail in (*self._tails, self._joint):
                tail.fade(s, fade)
            s[LEARNED] *= fade
        s[LEARNED] += 1.0
        for (evidence, _), channel in zip(looks, self._channels, strict=True):
            tail = channel[4]
            if evidence > tail.threshold or s[tail.at + 3] > 0.0:
                tail.learn(s, evidence)
        self._joint.learn(s, self._together(looks))

    def _eventful(self, looks: Sequence[tuple[float, float]]) -> bool:
        """Say whether an event is on: until two hours of calm, but after 36 hours it is the new normal."""
        s = self.state
        if max([rarity for _, rarity in looks]) >= EVENT_FROM:
            s[EVENT], s[CALM] = s[EVENT] + 1.0, 0.0
        elif s[EVENT] > 0.0:
            s[EVENT], s[CALM] = s[EVENT] + 1.0, s[CALM] + 1.0
            if s[CALM] >= EVENT_OVER:
                s[EVENT] = s[CALM] = 0.0
        return 0.0 < s[EVENT] <= NEW_NORMAL

    def _learn_dispersions(self, seen: Seen, mu: float) -> None:
        s, base = self.state, self._base
        if s[BINS] < 3 * HOUR:
            return
        share, near = base.share(s), base.near(s)
        near_share = base.near_share(s, share)
        number = seen.minute // BIN + 1
        for i, is_near, at, _, _, bins in self._channels:
            if number % max(bins, 3):
                continue
            total, count, mean = s[at] + seen.total, max(s[at + 1] + seen.matched, 0.0), s[at + 2] + mu
            if is_near:
                base.learn_dispersion(s, i, (total, count, mean * near), near_share)
            else:
                base.learn_dispersion(s, i, (total, count, mean), share)

    def _learn_certainty(self, x: dict[Any, Any]) -> None:
        if x.get("count_square") is not None:
            s, fade = self.state, 2.0 ** (-1.0 / (5.0 * DAY))
            count, total = float(x["count"]), float(x["total"])
            square, squares = float(x["count_square"]), float(x.get("total_square") or total)
            weight = squares / total if total > 0.0 else 1.0
            s[SURE_N] = s[SURE_N] * fade + total
            s[SURE_P] = s[SURE_P] * fade + count
            s[SURE_PP] = s[SURE_PP] * fade + square / weight

    def certainty(self) -> tuple[float, float, float]:
        """Mean probability given to matching mentions and to the others, and the noise that it costs (>= 1).

        With calibrated probabilities p the first is sum(p^2) / sum(p), the second sum(p (1 - p)) / sum(1 - p).
        (count - b total) / (a - b) is then the matching volume whatever the total does, and its variance is the third
        times that of a count. 1, 0 and 1 for a scorer that gives labels.
        """
        s = self.state
        n, p, pp = s[SURE_N], s[SURE_P], s[SURE_PP]
        if n - p < 50.0 or p < 20.0:
            return 1.0, 0.0, 1.0
        a, b = pp / p, (p - pp) / (n - p)
        if a - b < 0.1:
            return 1.0, 0.0, 1.0
        return a, b, max((pp - 2.0 * b * p + b * b * n) / ((a - b) * (p - b * n)), 1.0)

    # -- bins ---------------------------------------------------------------------------------------------------------

    def seen(self, each: Bin) -> Seen:
        """Take a bin of the seam as the arithmetic does."""
        total = max(each.total, each.count)
        count, squares = each.count, each.total_square
        if each.count_square is not None:
            a, b, _ = self.certainty()
            count = (count - b * total) / (a - b)
        weights = total if squares is None else squares
        return Seen(each.start, total, count, each.exposure, weights, each.minutes / BIN, each.known)

    def _seen(self, x: dict[Any, Any]) -> Seen:
        count = float(x.get("count", 0.0))
        minute = int(x.get("minute", self.state[NEXT]))
        total = float(x.get("total", count))
        exposure, minutes = float(x.get("exposure", 1.0)), int(x.get("minutes", BIN))
        return self.seen(
            Bin(
                minute,
                count,
                total,
                exposure,
                minutes,
                bool(x.get("known", False)),
                x.get("count_square"),
                x.get("total_square"),
            )
        )

    def push(self, seen: Seen, mu: float) -> None:
        """Let the windows move on over a bin of which ``mu`` mentions were expected; nothing is learned."""
        s = self.state
        at = int(s[AT])
        new = (seen.total, round(seen.matched, 4), round(mu, 4), round(seen.weights, 4))
        for i, bins in enumerate(WINDOWS):
            if bins > 1:
                here, leaving = SUMS + 4 * i, BUFFER + 4 * ((at - bins + 1) % RING)
                for place in range(4):
                    s[here + place] += new[place] - s[leaving + place]
        s[BUFFER + 4 * at : BUFFER + 4 * at + 4] = new
        s[AT] = float((at + 1) % RING)
        if at == RING - 1:
            self._sum_up()

    def _sum_up(self) -> None:
        """Add the windows up anew once a turn, so that rounding can't pile up."""
        s = self.state
        for i, bins in enumerate(WINDOWS):
            for place in range(4):
                newest = range(BUFFER + 4 * (RING - bins + 1) + place, BUFFER + 4 * RING + place, 4)
                s[SUMS + 4 * i + place] = sum([s[each] for each in newest])


def fresh() -> list[float]:
    """Give the state of a detector that has seen nothing."""
    state = [0.0] * SIZE
    state[V] = VERSION
    state[HOUR_NOW] = -1.0
    for at in range(DISPERSION, DISPERSION + 3 * len(CHANNELS), 3):
        state[at : at + 3] = 0.15, 0.15, 0.01
    return state
