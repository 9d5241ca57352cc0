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
    "HASH_SPACE",
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

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HASH_SPACE = 1 << 48
"""Author hashes lie below this."""


def minute_of(when: datetime) -> int:
    """Whole minutes since 1970 in which an aware datetime lies."""
    since = when - _EPOCH
    return since.days * 1440 + since.seconds // 60


def moment(minute: int) -> datetime:
    """The aware UTC datetime at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)


def author_hash(author: str) -> int:
    """Spread an author over 48 bits evenly, the same way in every process."""
    return int.from_bytes(blake2b(author.encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")


class Distinct:
    """How many different values were seen, by the ``size`` smallest hashes (a KMV sketch).

    Every hash below ``limit`` was kept; ``limit`` is the smallest one that was not, so the sketch is a function of the
    set of values alone, whatever the order of adding and merging. Exact up to ``size`` values, then within about
    1/sqrt(size). Source: Bar-Yossef et al., Counting Distinct Elements in a Data Stream, RANDOM 2002.
    """

    __slots__ = ("hashes", "limit", "size")

    def __init__(self, size: int, hashes: Iterable[int] = (), limit: int = HASH_SPACE) -> None:
        self.size = size
        self.hashes = set(hashes)
        self.limit = limit

    def add(self, value: int) -> None:
        """Take in one 48-bit hash."""
        hashes = self.hashes
        if value >= self.limit or value in hashes:
            return
        hashes.add(value)
        if len(hashes) > self.size:
            self.limit = max(hashes)
            hashes.remove(self.limit)

    def update(self, other: Distinct) -> None:
        """Take in everything another sketch has seen; its size may differ."""
        if other.limit < self.limit:
            self.limit = other.limit
            self.hashes = {value for value in self.hashes if value < self.limit}
        for value in other.hashes:
            self.add(value)

    def estimate(self) -> int:
        """Different values seen: exact while none had to be left out."""
        if self.limit == HASH_SPACE:
            return len(self.hashes)
        return round(len(self.hashes) * HASH_SPACE / max(self.limit, 1))

    def copy(self) -> Distinct:
        """Give an independent copy."""
        return Distinct(self.size, self.hashes, self.limit)


def distinct_over(sketches: Iterable[Distinct | None]) -> int:
    """Different values in the union of several sketches, without changing them."""
    parts = [sketch for sketch in sketches if sketch is not None]
    union: set[int] = set().union(*(sketch.hashes for sketch in parts))
    limit = min((sketch.limit for sketch in parts), default=HASH_SPACE)
    if limit == HASH_SPACE:
        return len(union)
    below = sum(1 for value in union if value < limit)
    return max(round(below * HASH_SPACE / max(limit, 1)), 1)


@dataclass(slots=True)
class Bucket:
    """What one minute of a series held. ``count`` matched the filter, ``total`` is its population; thousandths."""

    authors: Distinct | None = None
    count: int = 0
    total: int = 0
    reach: int = 0
    audience: int = 0
    sources: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Bucket:
        """Give an independent copy."""
        authors = None if self.authors is None else self.authors.copy()
        return Bucket(authors, self.count, self.total, self.reach, self.audience, dict(self.sources))


@dataclass(slots=True)
class SlidingSum:
    """Sums over the ``length`` minutes before the end that its series has got to."""

    length: int
    count: int = 0
    total: int = 0


class Series:
    """The mentions of one brand that one filter lets through, by event minute.

    ``early`` windows end at ``early_end``, where arrivals have got to; ``final`` ones at ``final_end``, the watermark,
    where everything that could still come has come. What is from before ``oldest`` comes too late for any window.
    ``bins`` keep five-minute counts for the trend and for last week's same hours.
    """

    __slots__ = (
        "author_size",
        "bins",
        "buckets",
        "early",
        "early_end",
        "final",
        "final_end",
        "keep",
        "keep_bins",
        "oldest",
    )

    def __init__(self, lengths: Iterable[int], early_end: int, final_end: int, *, keep_bins: int) -> None:
        spans = sorted(set(lengths))
        self.keep = 2 * max(spans)  # the window before this one, for growth
        self.keep_bins = keep_bins
        self.early_end, self.final_end = early_end, final_end
        self.oldest = final_end - self.keep
        self.author_size = max(32, 4096 // max(spans))
        self.buckets: dict[int, Bucket] = {}
        self.bins: dict[int, int] = {}
        self.early = {length: SlidingSum(length) for length in spans}
        self.final = {length: SlidingSum(length) for length in spans}

    def add_unmatched(self, minute: int, weight: int) -> None:
        """Count one mention of the population that the filter does not let through."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket()
        bucket.total += weight
        if minute < self.early_end:
            self._catch_up(minute, 0, weight)

    def add(self, minute: int, weight: int, source: str, author: int | None, audience: int | None) -> None:
        """Count one matching mention."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket()
        bucket.total += weight
        bucket.count += weight
        sources = bucket.sources
        sources[source] = sources.get(source, 0) + 1
        if author is not None:
            if bucket.authors is None:
                bucket.authors = Distinct(self.author_size)
            bucket.authors.add(author)
        if audience is not None:
            bucket.reach += audience
            bucket.audience = max(bucket.audience, audience)
        start = minute - minute % BIN
        self.bins[start] = self.bins.get(start, 0) + weight
        if minute < self.early_end:
            self._catch_up(minute, weight, weight)

    def _catch_up(self, minute: int, count: int, total: int) -> None:
        """Count a mention that came in for a minute which some windows already cover."""
        for windows, end in ((self.early, self.early_end), (self.final, self.final_end)):
            for length, window in windows.items():
                if end - length <= minute < end:
                    window.count += count
                    window.total += total

    def move(self, early_end: int, final_end: int) -> None:
        """Let the windows end there, and forget what no window can need any more."""
        _slide(self.buckets, self.early, self.early_end, early_end)
        self.early_end = early_end
        if final_end != self.final_end:
            before, self.final_end = self.final_end, final_end
            _slide(self.buckets, self.final, before, final_end)
            self.oldest = final_end - self.keep
            if final_end // 60 != before // 60:  # hourly, so that what is kept depends on time alone
                self._forget(final_end)

    def _forget(self, end: int) -> None:
        oldest, stale = self.oldest, end - self.keep_bins
        for minute in [minute for minute in self.buckets if minute < oldest]:
            del self.buckets[minute]
        for start in [start for start in self.bins if start < stale]:
            del self.bins[start]

    def take_over(self, other: Series) -> None:
        """Fill the windows of a new series from the buckets and bins of the one it replaces."""
        self.buckets, self.bins = other.buckets, other.bins
        for windows, end in ((self.early, self.early_end), (self.final, self.final_end)):
            for length, window in windows.items():
                inside = list(self.span(end - length, end))
                window.count = sum(bucket.count for bucket in inside)
                window.total = sum(bucket.total for bucket in inside)

    def span(self, start: int, end: int) -> Iterator[Bucket]:
        """Give the buckets of ``[start, end)`` that hold anything."""
        buckets = self.buckets
        if end - start < len(buckets):
            return (buckets[minute] for minute in range(start, end) if minute in buckets)
        return (bucket for minute, bucket in buckets.items() if start <= minute < end)

    def matched(self, start: int, end: int) -> list[Bucket]:
        """Give the buckets of ``[start, end)`` in which anything matched the filter."""
        buckets = self.buckets
        if end - start < len(buckets):
            get = buckets.get
            return [bucket for minute in range(start, end) if (bucket := get(minute)) is not None and bucket.count]
        return [bucket for minute, bucket in buckets.items() if bucket.count and start <= minute < end]

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
        twin.early_end, twin.final_end, twin.oldest = self.early_end, self.final_end, self.oldest
        twin.bins = dict(self.bins)
        twin.buckets = {minute: bucket.copy() for minute, bucket in self.buckets.items()}
        twin.early = {k: SlidingSum(w.length, w.count, w.total) for k, w in self.early.items()}
        twin.final = {k: SlidingSum(w.length, w.count, w.total) for k, w in self.final.items()}
        return twin


def _slide(buckets: dict[int, Bucket], windows: dict[int, SlidingSum], start: int, end: int) -> None:
    """Move windows that end at ``start`` on to ``end``: a minute enters each of them, and one leaves."""
    if not buckets:
        return
    get = buckets.get
    for minute in range(start, end):
        entering = get(minute)
        for length, window in windows.items():
            leaving = get(minute - length)
            if entering is not None:
                window.count += entering.count
                window.total += entering.total
            if leaving is not None:
                window.count -= leaving.count
                window.total -= leaving.total
