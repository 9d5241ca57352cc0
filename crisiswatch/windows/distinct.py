"""How many different values were seen, in little memory and in any order."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

__all__ = ["HASH_SPACE", "Distinct", "author_hash", "distinct_over"]

HASH_SPACE = 1 << 48
"""Hashes of authors and texts lie below this."""


@lru_cache(maxsize=1 << 15)  # who writes about a brand often writes again, and several series ask
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

    def shrink(self, size: int) -> None:
        """Keep the ``size`` smallest hashes only, as if no more had ever been kept."""
        if size < self.size:
            self.size = size
            if len(self.hashes) > size:
                kept = sorted(self.hashes)
                self.limit = kept[size]
                self.hashes = set(kept[:size])

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
