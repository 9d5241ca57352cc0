"""What a text is about, by themes that somebody has described in a sentence; clicks make them better.

A text and the descriptions are sentence vectors of length one. Both are centred on the running mean of the stream,
which takes away what all texts of a brand share, and compared by the cosine. No label is needed.

What somebody has sorted teaches a correction of the cosines, linear in the centred text and fitted anew each time by
ridge regression: a sorted text is to have `OWN` at least with its theme and `OTHERS` at most with the others, and texts
that nobody has sorted (`anchor`) are to keep the cosines they have. Without those, and with a mean of sorted texts in
the place of a description, whatever sounds like a post would come near every theme. Vectors of another encoder mean
something else: what was saved with one is not to be restored with another.

The mean starts at the mean of the descriptions, which counts as `START` texts, and becomes an exponentially weighted
one once `MEMORY` texts were seen; a flood of one theme moves it only slowly. A batch is found with the mean from before
it and then moves the mean as a whole, so the order within a batch changes nothing (beyond float rounding), while the
cut into batches does a little. All else is deterministic.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from crisiswatch.model import Text

__all__ = ["SHIPPED_THEMES", "BadThemesError", "Encode", "Taught", "Theme", "ThemeFinder", "load_themes"]

SHIPPED_THEMES = Path(__file__).with_name("themes.yaml")
LEAST = 0.17
"""Cosine below which a text is about none of the themes: about one tweet in twenty about anything comes nearer."""
MARGIN = 0.03
"""Lead over the second theme below which nothing is said."""
MOST = 2
"""Themes that one text may have; where more of them are as near, none is told."""
OWN, OTHERS = 0.8, -0.1
PENALTY = 3.0  # sorted texts' worth: so many of one kind bring their cosine half-way
ANCHOR = 0.3  # of a sorted text's weight
START = 50.0  # texts' worth of the mean that the stream begins with
MEMORY = 5_000.0  # texts: the weight of one in the running mean does not sink below 1 / 5,000
_VERSION = 1
_ID = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")

Floats = npt.NDArray[np.float64]
Encode = Callable[[Sequence[Text]], npt.NDArray[np.float32] | None]
"""Vectors (n, d) of length one, or None when there is no encoder: `LiteScorer.embed`."""


class BadThemesError(ValueError):
    """The themes are not what they have to be; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What a text is about: a theme's id, the cosine (at most 1), and its lead over the second theme."""

    id: str
    score: float
    margin: float


@dataclass(frozen=True, slots=True)
class Taught:
    """A text that somebody has sorted: ``key`` names it (a mention's uid), ``theme`` is the id it was given."""

    key: str
    theme: str


class ThemeFinder:
    """Finds themes and learns them. ``themes`` is what `load_themes` gives: id -> language -> sentence.

    Without an encoder no text has a theme, and `missing` says so. Not safe to share between threads. Raises
    BadThemesError for themes that are none.
    """

    def __init__(
        self,
        encode: Encode,
        themes: Mapping[str, Mapping[str, str]],
        *,
        least: float = LEAST,
        margin: float = MARGIN,
    ) -> None:
        _check(themes, "themes")
        self.encode = encode
        self._themes = {theme: dict(themes[theme]) for theme in sorted(themes)}
        self._least, self._margin = least, margin
        self._described: Floats | None = None
        self._mean: Floats | None = None
        self._seen = 0.0
        self._taught: dict[str, tuple[str, Floats]] = {}
        self._around: Floats | None = None
        self._correction: Floats | None = None
        self._origin: Floats | None = None
        self._targets: Floats | None = None
        self._asked = False

    @property
    def missing(self) -> str | None:
        """Why there are no themes, or None. Asks the encoder."""
        return None if self._ready() else "there is no sentence encoder, so texts have no themes"

    @property
    def themes(self) -> tuple[str, ...]:
        return tuple(self._themes)

    @property
    def taught(self) -> tuple[Taught, ...]:
        """What was taught and not undone, in the order it was taught."""
        return tuple(Taught(key, theme) for key, (theme, _) in self._taught.items())

    def find(self, texts: Sequence[Text], *, learn: bool = True) -> list[Theme | None]:
        """The theme of each text, in the order of the texts; None where none is near enough or two are as near.

        Afterwards the texts move the stream's mean, unless ``learn`` is false.
        """
        vectors = self.encode(texts) if texts and self._ready() else None
        return self.find_embedded(vectors, learn=learn) if vectors is not None else [None] * len(texts)

    def find_embedded(self, vectors: npt.NDArray[Any], *, learn: bool = True) -> list[Theme | None]:
        """The same for texts that were encoded already, vectors (n, d): the scorer has them anyway."""
        if not self._ready() or not len(vectors):
            return [None] * len(vectors)
        given = np.asarray(vectors, dtype=np.float64)
        scores = self.scores(given)
        if learn:
            self._hear(given)
        return [self._best(row) for row in scores]

    def nearest(self, texts: Sequence[Text]) -> list[tuple[str, ...]]:
        """The themes of each text, the nearest first: the one that leads, or two that are as near; none where more
        are. The stream's mean is left where it is, so a text has the same themes whatever came before it."""
        vectors = self.encode(texts) if texts and self._ready() else None
        return [()] * len(texts) if vectors is None else self.nearest_embedded(vectors)

    def nearest_embedded(self, vectors: npt.NDArray[Any]) -> list[tuple[str, ...]]:
        """The same for texts that were encoded already, vectors (n, d)."""
        if not self._ready() or not len(vectors):
            return [()] * len(vectors)
        scores = np.round(self.scores(vectors), 9)  # products round as the batch is cut: no order may hang on that
        least = np.maximum(scores.max(axis=1) - self._margin, self._least)[:, None]
        near = (scores >= least).sum(axis=1)
        ids = tuple(self._themes)
        found: list[tuple[str, ...]] = [()] * len(vectors)
        for row in np.flatnonzero((near > 0) & (near <= MOST)):
            best = np.argsort(-scores[row], kind="stable")[: near[row]]
            found[row] = tuple(ids[theme] for theme in best)
        return found

    def scores(self, vectors: npt.NDArray[Any]) -> Floats:
        """Cosines (n, themes) of vectors (n, d) and the themes, in the order of `themes`, as what was taught corrects
        them. Needs the encoder."""
        if not self._ready() or self._mean is None or self._described is None:
            return np.zeros((len(vectors), len(self._themes)))
        if self._targets is None:
            self._targets = _unit(self._described - self._mean).T
        given = np.asarray(vectors, dtype=np.float64)
        scores = _unit(given - self._mean) @ self._targets
        if self._taught and self._origin is not None:
            if self._correction is None:
                self._correction = self._fitted()
            scores += _unit(given - self._origin) @ self._correction
        return np.asarray(scores)

    def teach(self, theme: str, embedding: npt.NDArray[Any], key: str) -> None:
        """Learn that a text with this vector (d) is about ``theme``; the same ``key`` again replaces what it taught.

        Raises KeyError for a theme that there is none, ValueError for a vector of another size or of no length.
        """
        if theme not in self._themes:
            raise KeyError(f"there is no theme {theme!r}; there are {', '.join(self._themes)}")
        vector = np.asarray(embedding, dtype=np.float32).astype(np.float64)  # as it is saved
        size = None if not self._ready() or self._mean is None else self._mean.shape
        if vector.ndim != 1 or (size is not None and vector.shape != size):
            raise ValueError(f"a vector of {size} was expected, not of {vector.shape}")
        if not np.isfinite(vector).all() or not vector.any():
            raise ValueError("the vector has no direction")
        self._taught.pop(key, None)
        self._taught[key] = (theme, vector)
        self._correction = None

    def anchor(self, vectors: npt.NDArray[Any]) -> None:
        """Take texts (n, d) that nobody has sorted, for what is taught to leave as they are; they replace those before.

        They are no part of the `state`.
        """
        self._around = np.asarray(vectors, dtype=np.float64)
        self._correction = None

    def anew(self) -> ThemeFinder:
        """The same themes and encoder, and nothing taught or heard yet; the descriptions are not encoded again."""
        made = ThemeFinder(self.encode, self._themes, least=self._least, margin=self._margin)
        if self._described is not None:
            made._asked, made._described = True, self._described
            made._mean = made._origin = self._origin
        return made

    def undo(self, key: str) -> bool:
        """Take back what was taught under a key, as if it had never been; false if there was nothing."""
        self._correction = None
        return self._taught.pop(key, None) is not None

    def state(self) -> dict[str, Any]:
        """The mean and what was taught, as JSON takes it."""
        return {
            "version": _VERSION,
            "seen": self._seen,
            "mean": None if self._mean is None else _packed(self._mean, np.float64),
            "taught": [[key, theme, _packed(vector, np.float32)] for key, (theme, vector) in self._taught.items()],
        }

    def restore(self, state: Mapping[str, Any]) -> int:
        """Take over a `state`; gives how many taught texts were left out, as their theme is gone or their vectors are
        another encoder's. Raises ValueError for what is no such state, and changes nothing then."""
        try:
            if state["version"] != _VERSION:
                raise ValueError(f"themes of version {state['version']}, and this program reads {_VERSION}")
            mean = None if state["mean"] is None else _unpacked(state["mean"], np.float64)
            taught = {str(key): (str(theme), _unpacked(raw, np.float32)) for key, theme, raw in state["taught"]}
            seen = float(state["seen"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"no state of themes: {error!r}") from error
        size = self._mean.shape if self._ready() and self._mean is not None else None
        kept = {
            key: (theme, vector)
            for key, (theme, vector) in taught.items()
            if theme in self._themes and (size is None or vector.shape == size)
        }
        self._taught, self._correction = kept, None
        if mean is not None and size in (None, mean.shape):
            self._mean, self._seen, self._targets = mean, seen, None
        return len(taught) - len(kept)

    def _ready(self) -> bool:
        """Encode the descriptions when they are first needed: the encoder takes a second to load."""
        if self._asked:
            return self._described is not None
        self._asked = True
        texts = [(row, lang, says) for row, said in enumerate(self._themes.values()) for lang, says in said.items()]
        made = self.encode([Text(says, lang) for _, lang, says in texts])
        if made is None:
            return False
        described = np.zeros((len(self._themes), made.shape[1]))
        for (row, _, _), vector in zip(texts, made, strict=True):
            described[row] += vector
        described = _unit(described)
        self._mean = described.mean(axis=0) if len(described) > 1 else np.zeros(made.shape[1])
        self._origin, self._described = self._mean, described
        return True

    def _fitted(self) -> Floats:
        """The correction (d, themes): ridge regression on what the cosines of the sorted texts lack."""
        assert self._described is not None
        assert self._origin is not None
        taught = [
            self._taught[key] for key in sorted(self._taught)
        ]  # the order of the clicks leaves no rounding behind
        vectors = np.array([vector for _, vector in taught])
        rows = {theme: row for row, theme in enumerate(self._themes)}
        x = _unit(vectors - self._origin)
        scores = x @ _unit(self._described - self._origin).T
        own = np.arange(len(taught)), np.array([rows[theme] for theme, _ in taught])
        wanted = np.minimum(scores, OTHERS)
        wanted[own] = np.maximum(scores[own], OWN)
        gram = x.T @ x + PENALTY * np.eye(x.shape[1])
        if self._around is not None and len(self._around):
            around = _unit(self._around - self._origin)
            gram += ANCHOR * (around.T @ around)
        return np.asarray(np.linalg.solve(gram, x.T @ (wanted - scores)))

    def _hear(self, vectors: Floats) -> None:
        assert self._mean is not None
        held = min(self._seen + START, MEMORY)
        self._mean = (self._mean * held + vectors.sum(axis=0)) / (held + len(vectors))
        self._seen += len(vectors)
        self._targets = None

    def _best(self, scores: Floats) -> Theme | None:
        """The theme that leads; with one theme alone, its margin is the whole score."""
        first = int(scores.argmax())
        second = float(np.delete(scores, first).max()) if len(scores) > 1 else 0.0
        score, margin = float(scores[first]), float(scores[first]) - second
        if score < self._least or margin < self._margin:
            return None
        return Theme(tuple(self._themes)[first], round(score, 5), round(margin, 5))


def load_themes(path: Path = SHIPPED_THEMES) -> dict[str, dict[str, str]]:
    """Read themes from a YAML file: id -> language -> sentence. Raises BadThemesError, which names file and theme."""
    try:
        held = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadThemesError(f"{path}: no themes can be read from it ({error})") from error
    _check(held, str(path))
    return {theme: dict(said) for theme, said in held.items()}


def _check(themes: object, where: str) -> None:
    if not isinstance(themes, Mapping) or not themes:
        raise BadThemesError(f"{where}: there is no theme in it")
    for theme, said in themes.items():
        if not isinstance(theme, str) or not _ID.fullmatch(theme):
            raise BadThemesError(f"{where}: {theme!r} is no id of a theme: small letters, digits and hyphens")
        if not isinstance(said, Mapping) or not said:
            raise BadThemesError(f"{where}: {theme} has no sentence; write for example `en: The parcel is late.`")
        for lang, sentence in said.items():
            if not isinstance(lang, str) or not isinstance(sentence, str) or not sentence.strip():
                raise BadThemesError(f"{where}: {theme} has no sentence for {lang!r}")


def _unit(vectors: Floats) -> Floats:
    """Each row with length one; a row without a direction stays 0."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def _packed(vector: Floats, kind: type[np.floating[Any]]) -> str:
    return base64.b64encode(vector.astype(np.dtype(kind).newbyteorder("<")).tobytes()).decode("ascii")


def _unpacked(text: str, kind: type[np.floating[Any]]) -> Floats:
    """Raises ValueError for anything but finite numbers."""
    vector = np.frombuffer(base64.b64decode(text, validate=True), dtype=np.dtype(kind).newbyteorder("<"))
    if not np.isfinite(vector).all():
        raise ValueError("a vector of themes holds what is no number")
    return vector.astype(np.float64)
