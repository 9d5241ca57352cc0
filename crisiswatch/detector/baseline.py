"""What is usual: the level of a series, its season, its share of matching mentions, and how far counts scatter.

All methods work on the flat state (see `crisiswatch.detector.layout`). Total mentions of a bin are expected at
level x season; each seasonal factor is shrunk towards 1 until it has proved itself. Near factors follow the last hours
and enter with an hour's delay, so that no window of up to an hour is judged against what it brought itself.
"""

from __future__ import annotations

from math import exp, sqrt

from crisiswatch.detector import tails
from crisiswatch.detector.layout import (
    BINS,
    CHANNELS,
    DAY,
    DISPERSION,
    DOW,
    HOD,
    HOUR,
    HOUR_MU,
    HOUR_NOW,
    HOUR_Y,
    HOW,
    LEVEL_X,
    LEVEL_Y,
    NEAR_K,
    NEAR_MU,
    NEAR_N,
    NEAR_Y,
    SHARE_K,
    SHARE_N,
    Channel,
    Tuning,
)

__all__ = ["STRIDE", "Baseline"]

LEVEL_PRIOR, PRIOR_RATE = 2.0, 0.05  # bins, mentions a bin
SHARE_PRIOR, SHARE_WEIGHT = 0.25, 4.0  # matching part, mentions
MEAN_CAPPED = 0.40  # decades: mean of min(-log10 p, 2) for uniform p (0.43), less a little for whole numbers
STRIDE = 12  # bins between two lessons
LEAST, MOST = (1e-4, 1e-4, 1e-5), (6.0, 6.0, 0.5)  # dispersions of the total, the count and the share
QUARTER = DISPERSION + 3 * CHANNELS.index(Channel(3, near=True))
OF_HOUR = DISPERSION + 3 * CHANNELS.index(Channel(36, near=False))


class Baseline:
    """The constants of a `Tuning`, worked out once, and the arithmetic on states."""

    __slots__ = (
        "_ends",
        "_fade_level",
        "_fade_near",
        "_fade_season",
        "_fade_share",
        "_hour",
        "_prior_season",
        "_tuning",
    )

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._fade_level = _fade(tuning.level_half_life * DAY)
        self._fade_share = _fade(tuning.share_half_life * DAY)
        self._fade_near = _fade(tuning.near_half_life * DAY)
        life = tuning.season_half_life  # a cell is visited once a day, 24 hours of a day a week, once a week
        self._fade_season = (_fade(life), _fade(life / 7 * 24), _fade(life / 7))
        day, week, hour = (1.0 / spread**2 for spread in tuning.season_spread)
        self._prior_season = (day, week, hour)
        self._hour, self._ends = -1, (1.0, 1.0)  # the last hour asked for: its factor and the next one's

    def apart(self) -> Baseline:
        """One of the same constants for another state: the hour that is remembered belongs to a state."""
        twin = Baseline.__new__(Baseline)
        for name in Baseline.__slots__:
            setattr(twin, name, getattr(self, name))
        twin._hour = -1  # noqa: SLF001 - it is of this class
        return twin

    # -- expectations -------------------------------------------------------------------------------------------------

    def level(self, s: list[float]) -> float:
        """Usual mentions a bin, season aside."""
        return (s[LEVEL_Y] + LEVEL_PRIOR * PRIOR_RATE) / (s[LEVEL_X] + LEVEL_PRIOR)

    def share(self, s: list[float]) -> float:
        """Usual part of the mentions that matches."""
        return (s[SHARE_K] + SHARE_PRIOR * SHARE_WEIGHT) / (s[SHARE_N] + SHARE_WEIGHT)

    def near(self, s: list[float]) -> float:
        """How the volume of the last hours compares with the baseline, shrunk towards 1."""
        if not self._tuning.near:
            return 1.0
        prior = self._tuning.near_prior
        return (s[NEAR_Y] + prior) / (s[NEAR_MU] + prior)

    def near_share(self, s: list[float], share: float) -> float:
        """The matching part of the last hours, shrunk towards the usual one."""
        if not self._tuning.near:
            return share
        prior = self._tuning.near_share_prior
        return (s[NEAR_K] + prior * share) / (s[NEAR_N] + prior)

    def season(self, s: list[float], minute: float) -> float:
        """The factor of a minute, interpolated between the centres of the hours."""
        if not self._tuning.season:
            return 1.0
        place = minute / 60.0 - 0.5
        hour = int(place // 1)
        part = place - hour
        if self._hour != hour:
            self._hour = hour
            self._ends = self._factor(s, hour), self._factor(s, hour + 1)
        first, second = self._ends
        return first + part * (second - first)

    def factors(self, s: list[float], hour: int) -> tuple[float, float, float]:
        """Hour of day, day of week and hour of week factor of an hour since 1970 (a Thursday)."""
        of_week = (hour + 72) % 168
        a, b, c = HOD + 2 * (hour % 24), DOW + 2 * (of_week // 24), HOW + 2 * of_week
        p, q, r = self._prior_season
        return (p + s[a]) / (p + s[a + 1]), (q + s[b]) / (q + s[b + 1]), (r + s[c]) / (r + s[c + 1])

    def _factor(self, s: list[float], hour: int) -> float:
        first, second, third = self.factors(s, hour)
        return first * second * third

    def ignorance(self, s: list[float]) -> float:
        """Dispersion to add while the level and the season are hardly known."""
        return 1.0 / (s[LEVEL_Y] + 1.0) + self._tuning.ignorance / (1.0 + s[BINS] / DAY)

    # -- learning -----------------------------------------------------------------------------------------------------

    def learn(  # noqa: PLR0917 - the hot path: a bin is taken apart once
        self, s: list[float], minute: int, total: float, count: float, level: float, exposed: float
    ) -> None:
        """Take in one calm bin of which ``level`` x ``exposed`` (season x exposure) mentions were expected."""
        mu = level * exposed
        seen = self._clipped(s, total, mu, self._tuning.clip)
        fade = self._fade_level
        s[LEVEL_Y] = s[LEVEL_Y] * fade + seen
        s[LEVEL_X] = s[LEVEL_X] * fade + exposed
        fade = self._fade_share
        if total > HOUR * (mu + 1.0):  # one bin counts for the share at most as an hour does
            weight = HOUR * (mu + 1.0) / total
            count, total = weight * count, weight * total
        s[SHARE_K] = s[SHARE_K] * fade + count
        s[SHARE_N] = s[SHARE_N] * fade + total
        if s[HOUR_NOW] != minute // 60:
            self._close_hour(s, minute // 60)
        s[HOUR_Y] += seen
        s[HOUR_MU] += mu

    def follow(self, s: list[float], total: float, mu: float, exposed: float) -> None:
        """Let the level follow a bin of an event, by at most one standard deviation, and learn nothing else."""
        s[LEVEL_Y] = s[LEVEL_Y] * self._fade_level + self._clipped(s, total, mu, 1.0)
        s[LEVEL_X] = s[LEVEL_X] * self._fade_level + exposed

    def _clipped(self, s: list[float], total: float, mu: float, clip: float) -> float:
        if total <= mu or s[BINS] < HOUR:
            return total
        usual = mu * self.near(s)
        if total <= usual:
            return total
        spread = sqrt(usual + (s[QUARTER] + self.ignorance(s)) * usual * usual + 0.05)
        return min(total, usual + clip * spread + 1.0)

    def _close_hour(self, s: list[float], new: int) -> None:
        """Teach the season what the hour brought. Not in the first hour, or the weekday would swallow the level."""
        hour, seen, mu = int(s[HOUR_NOW]), s[HOUR_Y], s[HOUR_MU]
        s[HOUR_NOW], s[HOUR_Y], s[HOUR_MU] = float(new), 0.0, 0.0
        if hour < 0 or s[BINS] <= HOUR or mu <= 0.0:
            return
        ratio = min(seen / mu, 4.0)
        precision = 1.0 / (1.0 / mu + s[OF_HOUR])
        of_week = (hour + 72) % 168
        places = (HOD + 2 * (hour % 24), DOW + 2 * (of_week // 24), HOW + 2 * of_week)
        # The hours of a day err together: for the weekday they are worth a quarter each.
        weights = (precision, precision / 4.0, precision)
        for at, fade, factor, weight in zip(places, self._fade_season, self.factors(s, hour), weights, strict=True):
            s[at] = round(s[at] * fade + weight * ratio * factor, 3)
            s[at + 1] = round(s[at + 1] * fade + weight, 3)
        self._hour = -1

    def learn_near(self, s: list[float], total: float, count: float, mu: float) -> None:
        """Take in a bin that has left the last hour."""
        fade = self._fade_near
        seen = min(total, 4.0 * mu + 5.0)
        s[NEAR_Y] = s[NEAR_Y] * fade + seen
        s[NEAR_MU] = s[NEAR_MU] * fade + mu
        s[NEAR_K] = s[NEAR_K] * fade + (count * seen / total if total > 0.0 else 0.0)
        s[NEAR_N] = s[NEAR_N] * fade + seen

    def learn_dispersion(self, s: list[float], channel: int, seen: tuple[float, float, float], share: float) -> None:
        """Move a channel's dispersions so that its tails' mean surprise is what calm gives (Robbins and Monro 1951).

        ``seen``: total, count and expected total of the channel's window. Moment estimates would do in theory; in
        practice one crisis blows them up for weeks, while a bounded step forgets it.
        """
        total, count, mean = seen
        if not self._tuning.overdispersed or mean <= 0.0:
            return
        at = DISPERSION + 3 * channel
        pace = min(3.0 * DAY + s[BINS], 29.0 * DAY) / max(CHANNELS[channel].bins, STRIDE) / self._tuning.pace
        for place, surprise, mass in (
            (0, tails.negative_binomial(total, mean, s[at]), mean),
            (1, tails.negative_binomial(count, mean * share, s[at + 1]), mean * share),
            (2, tails.binomial(count, total, share, s[at + 2]), max(total - 1.0, 0.0)),
        ):
            old = s[at + place]
            weight = old * mass / (1.0 + old * mass)
            moved = old * exp(weight * (min(surprise, 2.0) / MEAN_CAPPED - 1.0) / pace)
            s[at + place] = min(max(moved, LEAST[place]), MOST[place])


def _fade(half_life: float) -> float:
    return float(2.0 ** (-1.0 / half_life))
