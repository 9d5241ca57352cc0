# ruff: noqa: SLF001  made from its own parts
"""py3langid's model cut down to six languages: 0.4 MB that load in a tenth of a second, where its own takes 70 MB.

py3langid walks the bytes of a text through an automaton whose states are the 104,583 beginnings of its features (runs
of up to six bytes), and counts which features it meets; naive Bayes over log(1 + count) tells the language. A state
is the longest end of what was read that is such a beginning, which a dictionary of the beginnings finds as well as a
table of transitions does. Features and weights are py3langid's own (BSD-3, LICENSE-identifier.txt beside this file);
the answers are the same.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.sentiment.lite.artefact import write_arrays

__all__ = ["IDENTIFIER", "Identifier", "load_identifier", "pack", "save_identifier", "unpack"]

IDENTIFIER = Path(__file__).with_name("identifier.npz")


class Identifier:
    """Tells in which of some languages a text is.

    ``states`` has the number of the feature that each beginning stands for, -1 for none. ``weights``, float32
    (features, n), and ``prior``, float32 (n), are log-probabilities, a column for each of n ``languages``.
    """

    def __init__(
        self,
        languages: Sequence[str],
        states: dict[bytes, int],
        weights: npt.NDArray[np.float32],
        prior: npt.NDArray[np.float32],
    ) -> None:
        self.languages = tuple(languages)
        self._states = states
        self._weights = weights
        self._prior = prior

    def among(self, languages: Iterable[str]) -> Identifier:
        """The same for some of the languages; ValueError for one that it does not know."""
        wanted = set(languages)
        if not wanted <= set(self.languages):
            raise ValueError(f"it does not know {', '.join(sorted(wanted - set(self.languages)))}")
        kept = [index for index, lang in enumerate(self.languages) if lang in wanted]
        return Identifier(
            [self.languages[index] for index in kept],
            self._states,
            np.ascontiguousarray(self._weights[:, kept]),
            self._prior[kept],
        )

    def classify(self, text: str) -> str:
        """The likeliest language; the first one for a text without a feature."""
        if text.isupper():
            text = text.lower()
        counts = self._counts(unicodedata.normalize("NFC", text).encode("utf-8", "surrogatepass"))
        if not counts:
            return self.languages[0]
        met = np.fromiter(counts.keys(), dtype=np.intp, count=len(counts))
        often = np.fromiter(counts.values(), dtype=np.float32, count=len(counts))
        scores = np.log1p(often) @ self._weights[met] + self._prior
        return self.languages[int(scores.argmax())]

    def _counts(self, read: bytes) -> dict[int, int]:
        """How often each feature is met, in the order of the meetings."""
        feature_of = self._states.get
        found: dict[int, int] = {}
        start = 0
        for end in range(1, len(read) + 1):
            feature = feature_of(read[start:end])
            while feature is None:  # the empty run is a state, so that this ends
                start += 1
                feature = feature_of(read[start:end])
            if feature >= 0:
                found[feature] = found.get(feature, 0) + 1
        return found


def save_identifier(identifier: Identifier, path: Path) -> None:
    """Write it; the same one gives the same bytes. Weights are held as float16, which is what py3langid has."""
    arrays: dict[str, npt.NDArray[Any]] = {
        "languages": np.frombuffer(" ".join(identifier.languages).encode(), dtype=np.uint8),
        "prior": identifier._prior,
        "weights": np.ascontiguousarray(identifier._weights.astype(np.float16).T),
    }
    write_arrays(path, arrays | pack(identifier._states))


def load_identifier(path: Path = IDENTIFIER) -> Identifier:
    """Read it; raises what reading a damaged zip file of arrays raises."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    return Identifier(
        arrays["languages"].tobytes().decode().split(),
        unpack(arrays),
        np.ascontiguousarray(arrays["weights"].T.astype(np.float32)),
        arrays["prior"],
    )


def pack(states: Mapping[bytes, int]) -> dict[str, npt.NDArray[Any]]:
    """States in sorted order as arrays: lengths, how much each shares with the one before, the rest of it, features.

    Features lie as steps from one to the next: numbered in this order, they take next to nothing.
    """
    names = sorted(states)
    shared = [0, *(_shared(one, other) for one, other in pairwise(names))]
    rest = b"".join(name[same:] for name, same in zip(names, shared, strict=True))
    return {
        "lengths": np.array([len(name) for name in names], dtype=np.uint8),
        "shared": np.array(shared, dtype=np.uint8),
        "rest": np.frombuffer(rest, dtype=np.uint8),
        "features": np.diff(np.array([states[name] for name in names], dtype=np.int32), prepend=np.int32(0)),
    }


def unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[bytes, int]:
    """The inverse of `pack`."""
    rest = arrays["rest"].tobytes()
    features = np.cumsum(arrays["features"]).tolist()
    found: dict[bytes, int] = {}
    place, name = 0, b""
    for length, same, feature in zip(arrays["lengths"].tolist(), arrays["shared"].tolist(), features, strict=True):
        more = length - same
        name = name[:same] + rest[place : place + more]
        place += more
        found[name] = feature
    return found


def _shared(one: bytes, other: bytes) -> int:
    """Bytes that two runs begin with alike."""
    both = min(len(one), len(other))
    return next((place for place in range(both) if one[place] != other[place]), both)
