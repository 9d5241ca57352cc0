"""A source's own rhythm, to tell blind from calm.

Each source of a brand has an hourly profile of how often it speaks. A silence is called blind when it is too unlikely
under that profile, or under what the source said in the last hour (five thousand mentions an hour do not stop at once).
Minutes of a silence are learned only when it ends, because until then nobody knows whether they were calm or blind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log1p, sqrt

__all__ = ["Rhythm"]

FADE = 2.0 ** (-1.0 / (3 * 1440))  # the level's half-life is 3 days of minutes
FAST_FADE = 2.0 ** (-1.0 / 30)  # the recent rate's is 30 minutes
HOUR_FADE, HOUR_PRIOR = 2.0 ** (-1.0 / 14), 4.0
CLUMPING = 0.5  # dispersion of hourly and of ten-minute counts: mentions come in clumps, so zeros are likelier
IMPOSSIBLE = 16.0  # nats: about one in nine million
FAST_LIMIT = 40  # minutes for which the recent rate says anything about the next
KNOWN_AFTER, KNOWN_MENTIONS = 6 * 60, 20  # what must have been heard before silence means anything
RETURN_WITHIN, RETURN_PART = 30, 0.5  # minutes, and the part of the usual mentions that shows a source is back
STEADY_FOR, STEADY_GAP, STEADY_MENTIONS = 1440, 6 * 60, 12  # minutes, the longest pause in them, mentions
PRIOR_SPAN = 6 * 60  # minutes without a mention that every source is taken to have begun with
OLD = 60  # minutes before its arrival from which on a mention belongs to a backlog
TOO_LONG = 7 * 1440  # a week without a word is blind for any source that spoke before


@dataclass(slots=True)
class Rhythm:
    """What is known of one source at one brand. Minutes since 1970; rates are mentions a minute."""

    first: int
    newest_event: int
    last_arrival: int
    arrived: int = 0
    backlog: int = 0
    heard: int = 0
    mass: float = 0.0
    span: float = 0.0
    fast: float = 0.0
    nats: float = 0.0
    silent: int = 0
    hour: int = -1
    hour_seen: float = 0.0
    hour_expected: float = 0.0
    profile: list[float] = field(default_factory=lambda: [0.0] * 48)
    blind_since: int = -1
    reason: str = ""
    return_since: int = -1
    returned: int = 0
    steady_since: int = -1
    steady_last: int = -1
    steady: int = 0

    @property
    def blind(self) -> bool:
        """Whether the source can't be trusted to speak just now."""
        return self.blind_since >= 0

    @property
    def rate(self) -> float:
        """Usual mentions a minute, over all hours."""
        return self.mass / (self.span + PRIOR_SPAN)  # so that a first burst is not taken for a rate

    @property
    def signs(self) -> int:
        """Mentions of this minute; a backlog counts as one."""
        return self.arrived or self.backlog

    def hear(self, minute: int, event: int) -> None:
        """Take in one mention that arrived in ``minute`` for event minute ``event``."""
        if event < minute - OLD:
            self.backlog = 1  # a sign of life, it is no pace
        else:
            self.arrived += 1
        self.heard += 1
        self.last_arrival = max(self.last_arrival, minute)
        self.newest_event = max(self.newest_event, event)

    def pass_minute(self, minute: int) -> None:
        """Close the arrival minute ``minute``."""
        arrived = self.signs
        self.arrived = self.backlog = 0
        if self.blind:
            return
        expected = self.rate * self._factor(minute // 60 % 24)
        if arrived:
            self._end_silence(minute)
            capped = min(arrived, expected + 3.0 * sqrt(expected) + 1.0) if self.heard > KNOWN_MENTIONS else arrived
            self._learn(minute, capped, expected)
            self.fast = self.fast * FAST_FADE + arrived * (1.0 - FAST_FADE)
        else:
            self.silent += 1
            self.nats += log1p(CLUMPING * 60.0 * expected) / CLUMPING / 60.0

    def too_silent(self, minute: int) -> bool:
        """Say whether the silence up to ``minute`` is longer than the rhythm explains."""
        if self.blind or not self.silent:
            return False
        if self.silent >= TOO_LONG:
            return True
        if self.heard < KNOWN_MENTIONS or minute - self.first < KNOWN_AFTER:
            return False
        recent = min(self.silent, FAST_LIMIT) / 10.0 * log1p(CLUMPING * 10.0 * self.fast) / CLUMPING
        return self.nats > IMPOSSIBLE or recent > IMPOSSIBLE

    def go_blind(self, reason: str, since: int) -> None:
        """Call the source blind since minute ``since``."""
        self.blind_since = since
        self.reason = reason
        self.silent = 0
        self.nats = 0.0

    def speaks_again(self, minute: int) -> bool:
        """Take in a minute with signs of life while blind; say whether they are enough to call it seeing again.

        A stray mention in a hole is not: within half an hour there must be half of what is usual at this hour, or
        for a day a steady trickle.
        """
        if minute - self.return_since > RETURN_WITHIN:
            self.return_since, self.returned = minute, 0
        self.returned += self.signs
        usual = self.rate * self._factor(minute // 60 % 24)
        return self.returned >= RETURN_PART * RETURN_WITHIN * usual or self._speaks_steadily(minute)

    def _speaks_steadily(self, minute: int) -> bool:
        """Say whether a source has kept speaking for a day, at whatever pace: then that is its pace now."""
        if minute - self.steady_last > STEADY_GAP:
            self.steady_since, self.steady = minute, 0
        self.steady += self.signs
        self.steady_last = minute
        if self.steady < STEADY_MENTIONS or minute - self.steady_since < STEADY_FOR:
            return False
        self.return_since, self.mass, self.span = self.steady_since, float(self.steady), float(STEADY_FOR)
        return True

    def see_again(self, minute: int) -> int:
        """End the blindness; gives the minute it ended. The recent rate is void: nobody knows what was missed."""
        until = self.return_since if self.returned else minute
        self.blind_since, self.reason, self.return_since, self.returned = -1, "", -1, 0
        self.steady_since, self.steady_last, self.steady = -1, -1, 0
        self.fast = 0.0
        return until

    def _end_silence(self, minute: int) -> None:
        """Learn the silent minutes now that they have turned out to be calm."""
        if self.silent:
            start = minute - self.silent
            for each in range(start, minute):
                self._learn(each, 0.0, self.rate * self._factor(each // 60 % 24))
            self.fast *= FAST_FADE**self.silent
            self.silent = 0
        self.nats = 0.0

    def _factor(self, hour: int) -> float:
        return (HOUR_PRIOR + self.profile[2 * hour]) / (HOUR_PRIOR + self.profile[2 * hour + 1])

    def _learn(self, minute: int, seen: float, expected: float) -> None:
        hour = minute // 60
        if hour != self.hour:
            if self.hour >= 0 and self.hour_expected > 0:
                self._close_hour(self.hour % 24)
            self.hour, self.hour_seen, self.hour_expected = hour, 0.0, 0.0
        self.hour_seen += seen
        self.hour_expected += expected
        factor = self._factor(hour % 24)
        self.mass = self.mass * FADE + seen
        self.span = self.span * FADE + factor

    def _close_hour(self, hour: int) -> None:
        weight = 1.0 / (1.0 / self.hour_expected + CLUMPING)
        ratio = min(self.hour_seen / self.hour_expected, 4.0)
        at, factor = 2 * hour, self._factor(hour)
        self.profile[at] = self.profile[at] * HOUR_FADE + weight * ratio * factor
        self.profile[at + 1] = self.profile[at + 1] * HOUR_FADE + weight
