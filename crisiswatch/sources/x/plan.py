"""How many posts to read of those that were counted, which ones, and what each of them stands for. Pure.

Every post is counted, exactly and for next to nothing; to read one costs as much as a whole count. So in calm few are
read, as the budget allows, and many when the count rises above what is usual at this hour: that is when it matters what
they say. What is read is spread over the time it stands for, and weighs as much as it stands for: the part of a
systematic sample of n among N gets the weight N / n (Horvitz and Thompson, 1952).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, floor, sqrt

from crisiswatch.sources.x.money import Wallet

__all__ = ["Rhythm", "Slot", "Tuning", "alarm", "posts_to_read", "slots", "weight"]

_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Tuning:
    """When the plan reads more. ``noise``: how much ordinary counts vary around the usual, as a part of it.

    Between ``wakes`` and ``alert`` standard deviations above the usual, reading grows from calm to all it may.
    """

    noise: float = 0.35
    wakes: float = 1.0
    alert: float = 3.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is usual: ``rates`` of posts a minute for each hour of the day (UTC), times the ``level`` of the last hours.

    ``days`` is how long it was learned, up to two weeks; a count far above the usual teaches as if it were twice it.
    """

    rates: tuple[float, ...] = (0.0,) * 24
    level: float = 1.0
    days: float = 0.0

    def expected(self, start: int, minutes: int) -> float:
        """The usual count of so many minutes from minute ``start`` (since 1970) on."""
        hours = (self.rates[minute % _MINUTES // 60] for minute in range(start, start + minutes))
        return self.level * sum(hours)

    def learned(self, start: int, counts: Sequence[int]) -> Rhythm:
        """What is usual after the ``counts`` of the minutes from ``start`` on."""
        rhythm, at = self, 0
        while at < len(counts):
            length = min(60 - (start + at) % 60, len(counts) - at)
            rhythm = rhythm._hour(start + at, counts[at : at + length])
            at += length
        return rhythm

    def _hour(self, start: int, counts: Sequence[int]) -> Rhythm:
        """Learn from minutes of one hour."""
        hour, minutes = start % _MINUTES // 60, len(counts)
        known = self.days >= 1
        usual = self.rates[hour]
        seen = sum(counts) / minutes
        if known:
            seen = min(seen, 2 * max(usual * self.level, 1 / 60))
        step = minutes / 60 / max(1.0, min(self.days, 14.0))
        rates = (*self.rates[:hour], round(usual + step * (seen - usual), 6), *self.rates[hour + 1 :])
        level = self.level
        if known:
            fade = 1 - exp(-minutes / (12 * 60))
            # Half a post an hour added to both, so that quiet hours do not throw the level about.
            ratio = (seen + 1 / 120) / (usual + 1 / 120)
            level = round(min(max(level + fade * (ratio - level), 0.2), 5.0), 6)
        return replace(self, rates=rates, level=level, days=round(min(self.days + minutes / _MINUTES, 14.0), 6))


@dataclass(frozen=True, slots=True)
class Slot:
    """A time to read posts from: seconds since 1970, ``start`` included, ``end`` not; ``take`` at most. They stand for
    the ``count`` posts of the part of time that it lies at the end of."""

    start: int
    end: int
    take: int
    count: int


def alarm(count: int, expected: float, tuning: Tuning | None = None) -> float:
    """How far a count is above the usual: 0 in calm, 1 when all that may be spent should be.

    In standard deviations of a negative binomial, whose variance is the mean plus (noise x mean) squared.
    """
    tuning = tuning or Tuning()
    spread = sqrt(max(expected, 0.25) + (tuning.noise * expected) ** 2)
    above = (count - expected) / spread
    return min(max((above - tuning.wakes) / (tuning.alert - tuning.wakes), 0.0), 1.0)


def posts_to_read(
    unread: int,
    strength: float,
    *,
    wallet: Wallet,
    price: float,
    in_all: float,
    at_once: float,
    most: int,
    least: int = 10,
) -> int:
    """How many of ``unread`` posts to read now, ``most`` at a time.

    ``in_all`` and ``at_once`` are the US dollars that may go into posts this month, and from the reserve now.
    In calm it is 0 until there is enough for ``least`` posts, or for all that are unread.
    """
    if price <= 0:
        return min(unread, most)
    calm = floor(max(0.0, wallet.allowance) / price + 1e-9)
    extra = floor(strength * min(float(most), at_once / price) + 1e-9)
    wanted = min(unread, calm + extra, most, floor(in_all / price + 1e-9))
    return wanted if extra or wanted >= min(unread, least) else 0


def slots(start: int, counts: Sequence[int], take: int, *, most: int = 6) -> tuple[Slot, ...]:
    """Where to read ``take`` posts of the minutes from ``start`` (since 1970) on, of which ``counts`` are known.

    All there are: one slot. Else the time is cut into parts of equally many posts, and of each the latest piece is read
    that should hold its share, so that few are read and no part of the time is left out.
    """
    total = sum(counts)
    if take <= 0 or total <= 0:
        return ()
    if take >= total:
        return (Slot(start * 60, (start + len(counts)) * 60, total, total),)
    parts = min(most, max(1, take // 2), len(counts))
    found: list[Slot] = []
    behind = seen = passed = 0
    for at, count in enumerate(counts, 1):
        seen += count
        if at == len(counts) or (
            (seen - passed) * (parts - len(found)) >= total - passed > 0 and len(found) < parts - 1
        ):
            here = counts[behind:at]
            wanted = round((seen / total) * take) - sum(slot.take for slot in found)
            if wanted > 0 and seen > passed:
                found.append(Slot((start + at) * 60 - _piece(here, wanted), (start + at) * 60, wanted, seen - passed))
                behind, passed = at, seen
    return tuple(found)


def weight(counted: int, read: int) -> float:
    """What each of the ``read`` posts stands for, among those that were counted; never less than itself."""
    return max(1.0, counted / read) if read else 1.0


def _piece(counts: Sequence[int], wanted: int) -> int:
    """The seconds at the end of ``counts`` (one a minute) that should hold ``wanted`` posts."""
    seconds, left = 0, float(wanted)
    for count in reversed(counts):
        if count >= left:
            return seconds + max(1, ceil(60 * left / count))
        seconds, left = seconds + 60, left - count
    return seconds
