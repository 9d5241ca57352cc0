"""A signature that near-duplicates of one text share: what tells a wave of people from a wave of copies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import pairwise

from crisiswatch.matching.normalise import normalise

__all__ = ["signature"]

_NOISE = re.compile(r"://\S+|[@#]\w+")  # what copies are varied with: another link, other names, more hashtags
_SCHEMES = frozenset({"http", "https"})
_NUMBERS = ":"  # a normalised word begins with a letter, or with a digit and is then less than this
_SHORTEST = 3  # letters of a word that counts
_FEWEST = 5  # words: "worst airline ever" is said by many people who never heard of each other
_FEWEST_PAIRS = 12  # the same for scripts without spaces, in pairs of characters
_KEPT = 6  # words of a signature: few, so that one more or less seldom matters; all six equal is no accident


def signature(text: str, folded: str | None = None) -> int | None:
    """48 bits that stay the same over small edits of ``text``; None for a text too short to be known again.

    The longest words of the text stand for it (of equal length the first in the alphabet), without addresses,
    ``@names``, ``#tags``, numbers and words of one or two letters; so another link, a further tag or short word, case
    and punctuation change nothing. In scripts without spaces pairs of characters are the words. A text that is marked
    as a repost ("RT @...") has none: passing on is what people do. ``folded`` is what `normalise` gave for the text.
    """
    if text.startswith("RT @"):
        return None
    folded = normalise(text) if folded is None else folded
    pieces = folded.split()
    if "@" in text or "#" in text or "://" in text:
        _take_away(pieces, normalise(" ".join(_NOISE.findall(text))).split())
    kept = _longest(set(pieces))
    if len(kept) < _FEWEST:
        pairs = set() if folded.isascii() else set(_pairs(pieces))
        if len(pairs) < _FEWEST_PAIRS:
            return None
        kept = sorted(pairs)[:_KEPT]
    return int.from_bytes(blake2b(" ".join(kept).encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")


def _take_away(pieces: list[str], noise: list[str]) -> None:
    """Take each word of ``noise`` away once: what stands as a word too stays. Sooner than to fold a text anew."""
    for word in noise:
        if word in pieces:
            pieces.remove(word)


def _longest(words: set[str]) -> list[str]:
    """The longest words that count, longest first."""
    ranked = sorted([word for word in words if len(word) >= _SHORTEST and word > _NUMBERS and word not in _SCHEMES])
    ranked.sort(key=len, reverse=True)
    return ranked[:_KEPT]


def _pairs(pieces: Sequence[str]) -> Iterator[str]:
    """Neighbouring characters of a script that `normalise` splits into characters."""
    for one, other in pairwise(pieces):
        if len(one) == 1 == len(other) and not one.isascii() and not other.isascii():
            yield one + other
