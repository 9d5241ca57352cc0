"""A month's budget for X: what has been spent, what counting will still take, and what is kept for a crisis. Pure.

The budget is cut in three. Counting takes what its interval costs, at most half of the budget: the interval grows
until it does. A ``reserve`` is kept for hours in which the count is above the usual. What remains is saved up second by
second over the rest of the month, so that a month begun late or spent slowly is read more closely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

__all__ = ["Budget", "Prices", "Wallet", "month_end"]

_FOR_COUNTS = 0.5
_LONGEST = 6 * 3600.0
_HELD = timedelta(days=1)  # of saving at most: what is not read in a day is spread over the days to come
_AT_ONCE = 0.1  # of the reserve that is left may go in one reading: it thins out, but is never gone


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars: for a ``post`` read, a call of the ``counts``, an author's data (``user``), an ``owned`` post."""

    post: float = 0.005
    counts: float = 0.005
    user: float = 0.010
    owned: float = 0.001


@dataclass(frozen=True, slots=True)
class Budget:
    """``monthly`` US dollars in a calendar month (UTC), of which the part ``reserve`` (0 to 1) is for a crisis.

    ``count_calls`` are made each time it counts, ``count_every`` seconds apart or more; a post costs ``post``.
    """

    monthly: float
    reserve: float
    count_calls: int
    count_every: float
    counts: float
    post: float

    def interval(self, wallet: Wallet, now: datetime) -> float:
        """The seconds from one count to the next, such that they last to the end of the month."""
        money = self.for_counts(wallet, now)
        fitting = self._calls(now) / money if money > 0 else _LONGEST
        return min(max(self.count_every, fitting), max(_LONGEST, self.count_every))

    def for_counts(self, wallet: Wallet, now: datetime) -> float:
        """The dollars that are kept for counting to the end of the month."""
        share = _FOR_COUNTS * self.monthly * _left(now) / _length(now)
        return min(self._calls(now) / self.count_every, share, max(0.0, self.monthly - wallet.spent))

    def for_posts(self, wallet: Wallet, now: datetime) -> float:
        """The dollars that may still go into posts, the reserve with them."""
        return max(0.0, self.monthly - wallet.spent - self.for_counts(wallet, now))

    def kept(self, wallet: Wallet, now: datetime) -> float:
        """What is left of the reserve."""
        return min(max(0.0, self.reserve * self.monthly - wallet.drawn), self.for_posts(wallet, now))

    def burst(self, wallet: Wallet, now: datetime) -> float:
        """What one reading may take from the reserve."""
        return _AT_ONCE * self.kept(wallet, now)

    def can_count(self, wallet: Wallet) -> bool:
        """Whether one more round of counts can be paid."""
        return wallet.spent + self.count_calls * self.counts <= self.monthly

    def part_left(self, wallet: Wallet, now: datetime, *, reading: bool) -> float:
        """The part of the month's budget that is left; if posts are read, of the money for posts where that is less.

        So it comes to nothing when the source can't read any more, though counting is still paid for.
        """
        if self.monthly <= 0:
            return 0.0
        whole = 1 - wallet.spent / self.monthly
        if reading:
            counting = self.count_calls * self.counts * _length(now) / self.count_every
            whole = min(whole, self.for_posts(wallet, now) / (self.monthly - min(counting, _FOR_COUNTS * self.monthly)))
        return min(max(whole, 0.0), 1.0)

    def saved(self, wallet: Wallet, now: datetime) -> Wallet:
        """The wallet at ``now``: a new one in a new month, else with what was saved since it was last looked at."""
        month = f"{now:%Y-%m}"
        if wallet.month != month:
            # The first reading of a month need not wait until something is saved.
            fresh = Wallet(month=month, at=now)
            return replace(fresh, allowance=self._rate(fresh, now) * min(3600.0, _left(now)))
        passed = max(0.0, (now - wallet.at).total_seconds()) if wallet.at is not None else 0.0
        rate = self._rate(wallet, now)
        allowance = min(wallet.allowance + rate * passed, max(rate * _HELD.total_seconds(), wallet.allowance))
        return replace(wallet, allowance=round(allowance, 9), at=now)

    def _calls(self, now: datetime) -> float:
        """The dollars that counting once a second would take to the end of the month."""
        return self.count_calls * self.counts * _left(now)

    def _rate(self, wallet: Wallet, now: datetime) -> float:
        """Dollars a second that are saved for reading in calm."""
        calm = self.for_posts(wallet, now) - self.kept(wallet, now) - wallet.allowance
        return max(0.0, calm) / _left(now)


@dataclass(frozen=True, slots=True)
class Wallet:
    """What one month has cost: ``spent`` in all, ``drawn`` of it from the reserve; ``allowance`` is saved up to read
    posts in calm, reckoned up to ``at``."""

    month: str = ""
    spent: float = 0.0
    drawn: float = 0.0
    allowance: float = 0.0
    at: datetime | None = None

    def paid(self, cost: float) -> Wallet:
        """After paying for something that was not saved for."""
        return replace(self, spent=round(self.spent + cost, 6))

    def read(self, cost: float) -> Wallet:
        """After paying for sampled posts: from what was saved, and the rest from the reserve."""
        saved = min(cost, max(0.0, self.allowance))
        return replace(
            self,
            spent=round(self.spent + cost, 6),
            allowance=round(self.allowance - saved, 9),
            drawn=round(self.drawn + cost - saved, 6),
        )


def month_end(now: datetime) -> datetime:
    """When the next month begins, UTC."""
    return _month_of(now)[1]


def _month_of(now: datetime) -> tuple[datetime, datetime]:
    utc = now.astimezone(UTC)
    return _month(utc.year, utc.month)


@lru_cache(maxsize=128)
def _month(year: int, month: int) -> tuple[datetime, datetime]:
    """When a month begins, and the next."""
    begin = datetime(year, month, 1, tzinfo=UTC)
    return begin, (begin + timedelta(days=32)).replace(day=1)


def _left(now: datetime) -> float:
    """Seconds to the end of the month, at least a minute."""
    return max(60.0, (month_end(now) - now).total_seconds())


def _length(now: datetime) -> float:
    """Seconds of this month."""
    begin, end = _month_of(now)
    return (end - begin).total_seconds()
