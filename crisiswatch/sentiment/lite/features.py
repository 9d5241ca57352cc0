"""What the small model sees of a text: hashed words, pairs of words, runs of characters, and how it is written.

A feature is a number below 2^20 (`BUCKETS`), from 32-bit FNV-1a hashes folded to 20 bits; two features may share a
bucket. The hash is ours, written out here, because the model's weights are worthless under any other. Runs of
characters are hashed for a whole batch at once in numpy, where the time would go otherwise.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crisiswatch.model import Text
from crisiswatch.sentiment.masking import mask

__all__ = ["BUCKETS", "LONGEST_READ", "Features", "Read", "features", "read", "tokens", "without"]

BUCKETS = 1 << 20
LONGEST_READ = 2_000
"""Characters of a masked text that the model reads: what somebody feels is said early, and a post is shorter."""

_RUNS = (2, 3, 4, 5)  # characters
_PRIME = np.uint32(16_777_619)  # FNV's, http://www.isthe.com/chongo/tech/comp/fnv/
_BASIS = np.uint32(2_166_136_261)
_PAIR = np.uint32(0x9E37_79B1)  # the golden ratio's, so that (a, b) and (b, a) differ
_WORDS_SHARE, _STYLE_SHARE = np.float32(1.0), np.float32(0.3)
_RUNS_SHARE = np.float32(1.0)

_BROKEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_ADDRESS_LEFT = re.compile(r"\bhttps?\b", re.IGNORECASE)  # what is left of an address that somebody masked before us
_BLANKS = re.compile(r"\s+")
_LONG_RUN = re.compile(r"(\w)\1{2,}")
_TOKEN = re.compile(
    r"[<>]?[:;=8xX]['\u2019*-]?[()\[\]{}DPpSsOo3/\\|*]+(?!\w)"  # :-) ;( xD
    r"|<3+|\^_+\^|-_+-"
    r"|\w+(?:['\u2019]\w+)*"
    r"|[!?]+|\.{2,}"
    r"|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class Read:
    """A text made ready: brand words, names and addresses hidden, blanks single, at most 2,000 characters.

    ``style`` names how it was written (capitals, stretched words, marks, length); it is taken from before the case
    is given up.
    """

    plain: str
    lower: str
    words: tuple[str, ...]
    style: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Features:
    """The features of n texts, one text after the other.

    ``buckets`` and ``values`` have one entry a feature (int32 below `BUCKETS`, float32), ``counts`` the number of
    features of each text (n, at least one each).
    """

    buckets: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    counts: npt.NDArray[np.int64]


def read(text: Text) -> Read:
    """Make a text ready; never raises, whatever is in it."""
    raw = text.text[: 4 * LONGEST_READ]
    if "&" in raw:
        raw = html.unescape(raw)
    masked = mask(raw, text.terms)
    if not masked.isprintable():
        masked = _BROKEN.sub(" ", masked)
    if "http" in masked:
        masked = _ADDRESS_LEFT.sub(" ", masked)
    plain = _BLANKS.sub(" ", masked).strip()[:LONGEST_READ]
    words = tuple(tokens(plain))
    return Read(plain, _squeezed(plain.lower()), words, tuple(_style(raw, plain, words)))


def tokens(plain: str) -> list[str]:
    """Words, emoticons, emoji and marks of a text, in their order and case."""
    return _TOKEN.findall(plain)


def without(plain: str, word: str) -> str:
    """The text without one of its tokens, wherever it stands as a token of its own."""
    return _TOKEN.sub(lambda found: "" if found[0] == word else found[0], plain)


def features(texts: Sequence[Read]) -> Features:
    """The features of some texts. Words, runs and style are weighted apart, each by 1 / sqrt(its number)."""
    count = len(texts)
    words, word_counts = _words(texts)
    pairs, pair_counts = _pairs(words, word_counts)
    runs, run_counts = _runs(texts)
    style = np.array([zlib.crc32(s.encode()) for each in texts for s in each.style], dtype=np.uint32)
    style_counts = np.fromiter((len(each.style) for each in texts), np.int64, count)
    groups = (
        (words, word_counts, word_counts + pair_counts, _WORDS_SHARE),
        (pairs, pair_counts, word_counts + pair_counts, _WORDS_SHARE),
        (runs, run_counts, run_counts, _RUNS_SHARE),
        (style, style_counts, np.ones(count, np.int64), _STYLE_SHARE),
    )
    owner = np.concatenate([np.repeat(np.arange(count), sizes) for _, sizes, _, _ in groups])
    order = np.argsort(owner, kind="stable")
    hashes = np.concatenate([hashed for hashed, _, _, _ in groups])
    values = np.concatenate(
        [np.repeat(share / np.sqrt(np.maximum(norm, 1)), sizes) for _, sizes, norm, share in groups]
    )
    counts = word_counts + pair_counts + run_counts + style_counts
    return Features(_fold(hashes)[order], values[order].astype(np.float32), counts)


def _fold(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    return ((hashes ^ (hashes >> np.uint32(20))) & np.uint32(BUCKETS - 1)).astype(np.int32)


def _words(texts: Sequence[Read]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    crc = zlib.crc32
    hashed = [crc(_squeezed(word.lower()).encode()) for each in texts for word in each.words]
    return np.array(hashed, dtype=np.uint32), np.fromiter((len(each.words) for each in texts), np.int64, len(texts))


def _pairs(
    words: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Hashes of each word with the next one of the same text, and their number a text."""
    if len(words) < 2:
        return words[:0], np.zeros_like(counts)
    made = (words[:-1] * _PAIR) ^ (words[1:] * _PRIME)
    owner = np.repeat(np.arange(len(counts)), counts)
    return made[owner[:-1] == owner[1:]], np.maximum(counts - 1, 0)


def _runs(texts: Sequence[Read]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Hashes of all runs of 2 to 5 characters within a text (a blank before and after it), and their number a text."""
    padded = [f" {each.lower} " for each in texts]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), dtype=np.uint32)
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    owner = np.repeat(np.arange(len(padded), dtype=np.int32), lengths)
    hashes = np.full(len(codes), _BASIS)
    found, owners = [], []
    for n in range(1, max(_RUNS) + 1):
        kept = len(codes) - n + 1
        if kept <= 0:
            break
        hashes = (hashes[:kept] ^ codes[n - 1 :]) * _PRIME
        if n in _RUNS:
            inside = owner[:kept] == owner[n - 1 :]
            found.append(hashes[inside])
            owners.append(owner[:kept][inside])
    at = np.concatenate(owners)
    order = np.argsort(at, kind="stable")
    return np.concatenate(found)[order], np.bincount(at, minlength=len(padded)).astype(np.int64)


def _squeezed(word: str) -> str:
    """Letters that come three times and more come twice: ``sooooo`` and ``sooo`` are one word."""
    return _LONG_RUN.sub(r"\1\1", word)


def _style(raw: str, plain: str, words: Sequence[str]) -> list[str]:
    """How a text is written, as names; always at least one."""
    found = [f"length {min(len(words) // 5, 8)}"]
    shouted = sum(len(word) > 2 and word.isupper() for word in words)
    if shouted:
        found.append(f"capitals {min(shouted, 3)}")
    if _LONG_RUN.search(plain):
        found.append("stretched")
    found += [f"{mark} {min(plain.count(mark), 3)}" for mark in "!?" if mark in plain]
    if "..." in plain or "…" in plain:
        found.append("dots")
    if "@" in raw:
        found.append(f"names {min(raw.count('@'), 3)}")
    if "http" in raw:
        found.append("address")
    if "#" in plain:
        found.append(f"tags {min(plain.count('#'), 3)}")
    if raw.startswith("RT "):
        found.append("repost")
    return found
