"""The way from texts to scores that all classifiers share; pure but for the two functions it is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.model import Score, Text
from crisiswatch.sentiment.heavy.folder import Folder

__all__ = ["Ints", "Logits", "filled", "probabilities", "score_texts"]

Ints = npt.NDArray[np.int64]
Logits = Callable[[list[list[int]]], npt.NDArray[Any]]
"""Token numbers of some texts, none empty -> the model's raw outputs, shape (texts, outputs)."""


def score_texts(
    texts: Sequence[Text],
    folder: Folder,
    *,
    model: str,
    encode: Callable[[list[str]], list[list[int]]],
    logits: Logits,
    batch: int,
) -> list[Score]:
    """Score in batches of texts of like length, so that little of a batch is filling, and give the texts' own order.

    A text of which nothing is left to read (blank, or without a token) is neutral: what a model says of an empty
    sentence is its prior and no opinion of anybody.
    """
    scores = [Score(0.0, 1.0, 0.0, model)] * len(texts)
    shown = [folder.readable(text) for text in texts]
    some = [place for place, text in enumerate(shown) if text.strip()]
    tokens = dict(zip(some, encode([shown[place] for place in some]) if some else [], strict=True))
    order = sorted((place for place in some if tokens[place]), key=lambda place: (len(tokens[place]), place))
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        rows = probabilities(logits([tokens[place] for place in places]), folder.labels.sides)
        for place, (negative, neutral, positive) in zip(places, rows.tolist(), strict=True):
            scores[place] = Score(negative, neutral, positive, model)
    return scores


def probabilities(logits: npt.NDArray[Any], sides: Sequence[int]) -> npt.NDArray[np.float64]:
    """Raw outputs, shape (texts, outputs), as negative, neutral and positive, shape (texts, 3), rows adding up to 1.

    Softmax in double precision; outputs of one side are added up. A row with NaN or two infinities stays NaN.
    """
    with np.errstate(invalid="ignore"):
        steep = np.asarray(logits, dtype=np.float64)
        raised = np.exp(steep - steep.max(axis=1, keepdims=True))
        shares = raised / raised.sum(axis=1, keepdims=True)
    three = np.zeros((len(shares), 3))
    for output, side in enumerate(sides):
        three[:, side] += shares[:, output]
    return np.minimum(three, 1.0)


def filled(
    rows: Sequence[Sequence[int]], pad: int, *, left: bool = False, width: int | None = None
) -> tuple[Ints, Ints]:
    """Rows of unequal length as a table filled up with ``pad``, and the mask that is 1 where a token stands.

    Both have the shape (rows, longest), or (rows, ``width``) for a model that takes one length only.
    """
    width = width or max(map(len, rows))
    ids = np.full((len(rows), width), pad, dtype=np.int64)
    seen = np.zeros_like(ids)
    for number, row in enumerate(rows):
        where = slice(width - len(row), None) if left else slice(0, len(row))
        ids[number, where] = row
        seen[number, where] = 1
    return ids, seen
