"""A scorer that has learned from a team's clicks: the shipped one, with each brand's own head on top."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from crisiswatch.errors import StateError
from crisiswatch.model import Score, Scorer, Text
from crisiswatch.sentiment.head import Head, probabilities

__all__ = ["Taught", "TaughtScorer", "Teachable", "head_from_json", "head_to_json"]

_FORMAT = 1
_PARTS = ("weights", "bias", "centre", "scale")


@runtime_checkable
class Teachable(Protocol):
    """A scorer that a head can be put on. ``model_id`` names model and version: a head fits that one alone."""

    @property
    def model_id(self) -> str: ...

    def score(self, texts: Sequence[Text]) -> Sequence[Score]: ...

    def logits_and_vectors(
        self, texts: Sequence[Text]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
        """Logits (n, 3) and embeddings (n, d) of the texts; None when it has to do without its encoder."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """A brand's head, and the id of the model that it was learned on."""

    head: Head
    version: int
    base: str


class TaughtScorer:
    """Scores as ``base`` does, but with its brand's head where `for_brands` is asked; model id ``<base>+<brand>.<n>``.

    A head rests where it can't work: on another model than it was learned on, or on a base that has no encoder or
    lacks it now. `resting` says which, and why. A mention of several brands is read by the base alone: what one
    team's clicks teach must not reach into another brand's figures.
    """

    def __init__(self, base: Scorer, heads: Mapping[str, Taught]) -> None:
        self.base = base
        self.resting: dict[str, str] = {}
        self._voices: dict[str, _Voice] = {}
        for brand, taught in sorted(heads.items()):
            if not isinstance(base, Teachable):
                self.resting[brand] = "the scorer has no encoder that could be taught"
            elif why := _unfit(base, taught):
                self.resting[brand] = why
            else:
                self._voices[brand] = _Voice(base, taught, f"{base.model_id}+{brand}.{taught.version}")

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        """What the base says: for texts of nobody in particular."""
        return self.base.score(texts)

    @property
    def heads(self) -> dict[str, str]:
        """The id of the model that reads each brand that has a head at work."""
        return {brand: voice.model_id for brand, voice in self._voices.items()}

    def for_brands(self, brands: tuple[str, ...]) -> Scorer:
        """Give the brand's own scorer, or the base where there is no head or several brands are meant."""
        voice = self._voices.get(brands[0]) if len(brands) == 1 else None
        return self.base if voice is None else voice


def _unfit(base: Teachable, taught: Taught) -> str:
    """Why a head can't work on ``base``; empty if it can."""
    if taught.base != base.model_id:
        return f"it was learned on {taught.base}, the scorer is {base.model_id}"
    vectors = base.logits_and_vectors([Text("")])[1]
    if vectors is None:
        return f"{base.model_id} has to do without its encoder"
    if vectors.shape[1] != len(taught.head.weights):
        return f"it reads {len(taught.head.weights)} dimensions, the encoder gives {vectors.shape[1]}"
    return ""


class _Voice:
    """The base with one head. Calibrated as the base is: the head was fitted to the same probabilities' likelihood."""

    def __init__(self, base: Teachable, taught: Taught, model_id: str) -> None:
        self._base = base
        self._head = taught.head
        self.model_id = model_id
        self._calibrated = base.score([Text("")])[0].calibrated

    def score(self, texts: Sequence[Text]) -> list[Score]:
        if not texts:
            return []
        logits, vectors = self._base.logits_and_vectors(texts)
        if vectors is None:
            return list(self._base.score(texts))
        found = probabilities(self._head.logits(logits.astype(np.float64), vectors.astype(np.float64)))
        return [self._score(row) for row in found.tolist()]

    def _score(self, row: Sequence[float]) -> Score:
        negative, positive = round(row[0], 5), round(row[2], 5)
        neutral = round(max(0.0, 1.0 - negative - positive), 5)
        return Score(negative, neutral, positive, self.model_id, self._calibrated)


def head_to_json(head: Head) -> str:
    """A head as one line of JSON; its numbers are float32, little-endian, in base64."""
    parts = {name: _packed(getattr(head, name)) for name in _PARTS}
    body = {"format": _FORMAT, "dimensions": len(head.weights), "slope": round(head.slope, 6), **parts}
    return json.dumps(body, separators=(",", ":"))


def head_from_json(text: str) -> Head:
    """The inverse of `head_to_json`; StateError if it is damaged or of a newer format."""
    try:
        body: dict[str, Any] = json.loads(text)
        if body["format"] != _FORMAT:
            raise StateError(f"a head of format {body['format']}, this program knows {_FORMAT}")
        size = int(body["dimensions"])
        weights, bias, centre, scale = (_unpacked(body[name]) for name in _PARTS)
        slope = float(body.get("slope", 1.0))
        head = Head(weights.reshape(size, 3), bias.reshape(3), centre.reshape(size), scale.reshape(size), slope)
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise StateError(f"a stored head is damaged: {error}") from None
    finite = all(np.isfinite(getattr(head, name)).all() for name in (*_PARTS, "slope"))
    if not finite or not (head.scale > 0.0).all():
        raise StateError("a stored head is damaged: it holds what is no number")
    return head


def _packed(values: npt.NDArray[np.float64]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _unpacked(text: str) -> npt.NDArray[np.float64]:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f4").astype(np.float64)
