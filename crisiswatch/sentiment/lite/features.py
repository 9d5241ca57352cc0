"""What the small model sees of a text: hashed words, pairs of words, runs of characters, and how it is written.

A feature is a number below 2^20 (`BUCKETS`), from 32-bit FNV-1a hashes folded to 20 bits; two features may share a
bucket. The hash is ours, written out here, because the model's weights are worthless under any other. Runs of
characters are hashed for a whole batch at once in numpy, where the time would go otherwise.
"""

from __future__ import annotations

import html
import math
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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
_STYLE_SHARE = np.float32(0.3)
_crc = zlib.crc32

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
    """The features of n texts, in no order that matters.

    ``buckets``, ``values`` and ``owners`` have one entry a feature: int32 below `BUCKETS`, float32, and which text it
    is of (int64 below n). Every text has at least one feature.
    """

    buckets: npt.NDArray[np.int32]
    values: npt.NDArray[np.float32]
    owners: npt.NDArray[np.int64]
    count: int


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
    if count == 1:
        return _of_one(texts[0])
    words = [list(map(_of_word, each.words)) for each in texts]
    sizes = np.fromiter(map(len, words), np.int64, count)
    flat = np.array([each for one in words for each in one], dtype=np.uint32)
    owners = _owners(sizes)
    next_to = owners[:-1] == owners[1:]
    pairs = ((flat[:-1] * _PAIR) ^ (flat[1:] * _PRIME))[next_to]
    pair_owners = owners[:-1][next_to]
    runs, run_owners = _runs(texts)
    style = np.array([_of_name(each) for one in texts for each in one.style], dtype=np.uint32)
    style_owners = _owners(np.fromiter((len(each.style) for each in texts), np.int64, count))
    by_words = (1.0 / np.sqrt(np.maximum(2 * sizes - 1, 1))).astype(np.float32)
    by_runs = (1.0 / np.sqrt(np.maximum(np.bincount(run_owners, minlength=count), 1))).astype(np.float32)
    values = (by_words[owners], by_words[pair_owners], by_runs[run_owners], np.full(len(style), _STYLE_SHARE))
    hashes = np.concatenate((flat, pairs, runs, style))
    whose = np.concatenate((owners, pair_owners, run_owners, style_owners))
    return Features(_fold(hashes), np.concatenate(values), whose, count)


def _of_one(text: Read) -> Features:
    """What `features` gives for a single text, without the work of telling texts apart."""
    flat = np.array(list(map(_of_word, text.words)), dtype=np.uint32)
    codes = np.frombuffer(f" {text.lower} ".encode("utf-32-le", "replace"), dtype=np.uint32)
    parts = [flat, (flat[:-1] * _PAIR) ^ (flat[1:] * _PRIME)]
    words = max(1, 2 * len(flat) - 1)
    hashes = (codes ^ _BASIS) * _PRIME
    for n in range(2, min(_RUNS[-1], len(codes)) + 1):  # every run from two characters on
        hashes = hashes[:-1] ^ codes[n - 1 :]
        hashes *= _PRIME
        parts.append(hashes)
    parts.append(np.array(list(map(_of_name, text.style)), dtype=np.uint32))
    made = np.concatenate(parts)
    style = len(made) - len(text.style)
    by_words = len(parts[0]) + len(parts[1])
    values = np.empty(len(made), dtype=np.float32)
    values[:by_words] = np.float32(1.0 / math.sqrt(words))
    values[by_words:style] = np.float32(1.0 / math.sqrt(max(1, style - by_words)))
    values[style:] = _STYLE_SHARE
    return Features(_fold(made), values, np.zeros(len(made), dtype=np.int64), 1)


@lru_cache(maxsize=8_192)
def _of_word(word: str) -> int:
    """The hash of a word; those of common words are remembered, some 2 MB."""
    return _crc(_squeezed(word.lower()).encode())


@lru_cache(maxsize=256)
def _of_name(style: str) -> int:
    return _crc(style.encode())


def _fold(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.int32]:
    return ((hashes ^ (hashes >> np.uint32(20))) & np.uint32(BUCKETS - 1)).astype(np.int32)


def _owners(sizes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0 as often as the first size says, then 1, and so on."""
    return np.repeat(np.arange(len(sizes)), sizes)


def _runs(texts: Sequence[Read]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Hashes of all runs of 2 to 5 characters within a text (a blank before and after it), and whose they are."""
    padded = [f" {each.lower} " for each in texts]
    codes = np.frombuffer("".join(padded).encode("utf-32-le", "replace"), dtype=np.uint32)
    owners = _owners(np.fromiter(map(len, padded), np.int64, len(padded)))
    hashes = np.full(len(codes), _BASIS)
    found, whose = [], []
    for n in range(1, min(max(_RUNS), len(codes)) + 1):
        kept = len(codes) - n + 1
        hashes = (hashes[:kept] ^ codes[n - 1 :]) * _PRIME
        if n in _RUNS:
            inside = owners[:kept] == owners[n - 1 :]
            found.append(hashes[inside])
            whose.append(owners[:kept][inside])
    return np.concatenate(found), np.concatenate(whose)


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
