"""Event-time windows: minute buckets of one series, sliding sums over them, and distinct counts that merge.

Everything is in whole minutes since 1970 (UTC) and in whole numbers, so that the order in which mentions arrive, and
how the stream is cut into batches, can't change a result. Weighted counts are kept in thousandths of a mention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b

__all__ = [
    "BIN",
    "MILLI",
    "Bucket",
    "Distinct",
    "Series",
    "SlidingSum",
    "author_hash",
    "distinct_over",
    "minute_of",
    "moment",
]

BIN = 5
"""Minutes in a bin: the step in which baselines learn and trends are drawn."""

MILLI = 1000
"""Counts are kept in thousandths of a mention: exact for any sampling weight worth having, and order-free."""

HASH_SPACE = 1 << 48


def minute_of(when: datetime) -> int:
    """Whole minutes since 1970 in which an aware datetime lies."""
    return int(when.timestamp() // 60)


def moment(minute: int) -> datetime:
    """The aware UTC datetime at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


def author_hash(author: str) -> int:
    """Spread an author over 48 bits evenly, the same way in every process."""
    return int.from_bytes(blake2b(author.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")


class Distinct:
    """How many different values were seen, by the ``size`` smallest hashes (a KMV sketch).

    Exact below ``size`` values, then within about 1/sqrt(size); merging and adding are order-free. Source: Bar-Yossef
    et al., Counting Distinct Elements in a Data Stream, RANDOM 2002.
    """

    __slots__ = ("_top", "full", "hashes", "size")

    def __init__(self, size: int, hashes: Iterable[int] = (), *, full: bool = False) -> None:
        self.size = size
        self.hashes = set(hashes)
        self.full = full
        self._top = max(self.hashes) if full else 0

    def add(self, value: int) -> None:
        """Take in one 48-bit hash."""
        hashes = self.hashes
        if self.full and value >= self._top:
            return
        if value in hashes:
            return
        hashes.add(value)
        if len(hashes) > self.size:
            hashes.remove(max(hashes))
            self.full = True
        if self.full:
            self._top = max(hashes)

    def update(self, other: Distinct) -> None:
        """Take in everything another sketch has seen."""
        if other.full and (not self.full or other.limit < self.limit):
            self.full = True
            self._top = other.limit
            self.hashes = {value for value in self.hashes if value <= self._top}
        for value in other.hashes:
            self.add(value)

    @property
    def limit(self) -> int:
        """Hashes up to here are complete."""
        return self._top if self.full else HASH_SPACE

    def estimate(self) -> int:
        """Different values seen: exact while not full."""
        if not self.full:
            return len(self.hashes)
        return round((len(self.hashes) - 1) * HASH_SPACE / max(self.limit, 1))

    def copy(self) -> Distinct:
        """Give an independent copy."""
        twin = Distinct(self.size, self.hashes)
        twin.full, twin._top = self.full, self._top
        return twin


def distinct_over(sketches: Iterable[Distinct]) -> int:
    """Different values in the union of several sketches, without changing them."""
    parts = [sketch for sketch in sketches if sketch.hashes]
    if not parts:
        return 0
    union = set().union(*(sketch.hashes for sketch in parts))
    limits = [sketch.limit for sketch in parts if sketch.full]
    if not limits:
        return len(union)
    limit = min(limits)
    below = sum(1 for value in union if value < limit)
    return max(round(below * HASH_SPACE / max(limit, 1)), 1)


@dataclass(slots=True)
class Bucket:
    """What one minute of a series held. ``count`` matched the filter, ``total`` is its population; thousandths."""

    authors: Distinct
    count: int = 0
    total: int = 0
    reach: int = 0
    audience: int = 0
    sources: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class SlidingSum:
    """Running sums of the window ``[end - length, end)``; moved on one minute at a time."""

    length: int
    end: int
    count: int = 0
    total: int = 0

    def move(self, buckets: dict[int, Bucket], end: int) -> None:
        """Move on to ``end``."""
        while self.end < end:
            entering, leaving = buckets.get(self.end), buckets.get(self.end - self.length)
            if entering is not None:
                self.count += entering.count
                self.total += entering.total
            if leaving is not None:
                self.count -= leaving.count
                self.total -= leaving.total
            self.end += 1

    def add(self, minute: int, count: int, total: int) -> None:
        """Count a mention that came in for a minute this window already covers."""
        if self.end - self.length <= minute < self.end:
            self.count += count
            self.total += total


class Series:
    """The mentions of one brand that one filter lets through, by event minute.

    A mention from before ``oldest`` comes too late for any window. ``early`` windows end where arrivals have got to (``newest_end``); ``final`` windows end at the watermark, where everything that
    could still come has come. ``bins`` keep five-minute counts for the trend and for last week's same hours.
    """

    __slots__ = (
        "author_size",
        "bins",
        "buckets",
        "early",
        "final",
        "keep",
        "keep_bins",
        "newest_end",
        "oldest",
        "pruned",
    )

    def __init__(self, lengths: Iterable[int], early_end: int, final_end: int, *, keep_bins: int) -> None:
        spans = sorted(set(lengths))
        self.keep = 2 * max(spans)  # the window before this one, for growth
        self.keep_bins = keep_bins
        self.pruned = final_end
        self.newest_end = early_end
        self.oldest = final_end - self.keep
        self.author_size = max(32, 4096 // max(spans))
        self.buckets: dict[int, Bucket] = {}
        self.bins: dict[int, int] = {}
        self.early = {length: SlidingSum(length, early_end) for length in spans}
        self.final = {length: SlidingSum(length, final_end) for length in spans}

    def add_unmatched(self, minute: int, weight: int) -> None:
        """Count one mention of the population that the filter does not let through."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket(Distinct(self.author_size))
        bucket.total += weight
        if minute < self.newest_end:
            self._catch_up(minute, 0, weight)

    def add(self, minute: int, weight: int, source: str, author: int | None, audience: int | None) -> None:
        """Count one matching mention."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket(Distinct(self.author_size))
        bucket.total += weight
        bucket.count += weight
        sources = bucket.sources
        sources[source] = sources.get(source, 0) + 1
        if author is not None:
            bucket.authors.add(author)
        if audience is not None:
            bucket.reach += audience
            bucket.audience = max(bucket.audience, audience)
        start = minute - minute % BIN
        self.bins[start] = self.bins.get(start, 0) + weight
        if minute < self.newest_end:
            self._catch_up(minute, weight, weight)

    def _catch_up(self, minute: int, count: int, total: int) -> None:
        for window in self.early.values():
            window.add(minute, count, total)
        for window in self.final.values():
            window.add(minute, count, total)

    def move_early(self, end: int) -> None:
        """Let the early windows end at ``end``."""
        self.newest_end = end
        for window in self.early.values():
            window.move(self.buckets, end)

    def move_final(self, end: int) -> None:
        """Let the final windows end at ``end``, and forget what no window can need any more."""
        for window in self.final.values():
            window.move(self.buckets, end)
        self.oldest = end - self.keep
        self._forget(end)

    def _forget(self, end: int) -> None:
        if end // 60 == self.pruned // 60:  # hourly, so that what is kept depends on time alone
            return
        self.pruned = end
        oldest = self.oldest
        for minute in [minute for minute in self.buckets if minute < oldest]:
            del self.buckets[minute]
        if self.bins:
            stale = end - self.keep_bins
            for start in [start for start in self.bins if start < stale]:
                del self.bins[start]

    def take_over(self, other: Series) -> None:
        """Fill the windows of a new series from the buckets and bins of the one it replaces."""
        self.buckets, self.bins = other.buckets, other.bins
        for window in (*self.early.values(), *self.final.values()):
            inside = [
                bucket for minute, bucket in self.buckets.items() if window.end - window.length <= minute < window.end
            ]
            window.count = sum(bucket.count for bucket in inside)
            window.total = sum(bucket.total for bucket in inside)

    def span(self, start: int, end: int) -> Iterator[Bucket]:
        """Give the buckets of ``[start, end)`` that hold anything."""
        buckets = self.buckets
        if end - start < len(buckets):
            return (buckets[minute] for minute in range(start, end) if minute in buckets)
        return (bucket for minute, bucket in buckets.items() if start <= minute < end)

    def bin_totals(self, start: int) -> tuple[int, int]:
        """Matched and total of the bin that begins at ``start``, in thousandths."""
        count = total = 0
        for bucket in self.span(start, start + BIN):
            count += bucket.count
            total += bucket.total
        return count, total

    def copy(self) -> Series:
        """Give an independent copy."""
        twin = Series.__new__(Series)
        twin.keep, twin.keep_bins, twin.author_size = self.keep, self.keep_bins, self.author_size
        twin.pruned, twin.newest_end, twin.oldest = self.pruned, self.newest_end, self.oldest
        twin.bins = dict(self.bins)
        twin.buckets = {
            minute: Bucket(b.authors.copy(), b.count, b.total, b.reach, b.audience, dict(b.sources))
            for minute, b in self.buckets.items()
        }
        twin.early = {k: SlidingSum(w.length, w.end, w.count, w.total) for k, w in self.early.items()}
        twin.final = {k: SlidingSum(w.length, w.end, w.count, w.total) for k, w in self.final.items()}
        return twin
