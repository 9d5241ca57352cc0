"""What a model calls its classes, as negative, neutral and positive."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crisiswatch.sentiment.heavy.errors import ModelFolderError

__all__ = ["Labels", "read_labels"]

NEGATIVE, NEUTRAL, POSITIVE = range(3)

_WORDS = {
    NEGATIVE: "negative neg negativ negativo negativa negatif",
    NEUTRAL: "neutral neu neutro neutra neutrale neutre netral",
    POSITIVE: "positive pos positiv positivo positiva positif",
}
_CLASS = {word: side for side, words in _WORDS.items() for word in words.split()}
_SIGNS = {"-1": NEGATIVE, "0": NEUTRAL, "1": POSITIVE}
_STRENGTH = re.compile(r"(?:very|extremely|strongly?|slightly|somewhat|molto|muy|sehr|tres) ")
_STARS = re.compile(r"([1-5]) ?(?:stars?|stella|stelle|estrellas?|sterne?|etoiles?)")
_BY_STARS = {"1": NEGATIVE, "2": NEGATIVE, "3": NEUTRAL, "4": POSITIVE, "5": POSITIVE}
_NAME_THEM = "name them negative, neutral and positive in id2label of config.json, in the order of the model's outputs"


@dataclass(frozen=True, slots=True)
class Labels:
    """``sides`` says for each output of the model whether it is negative (0), neutral (1) or positive (2).

    Several outputs may fall on one side (one and two stars): their probabilities add up. ``note`` is what a person
    should know about how the labels were read, or empty.
    """

    names: tuple[str, ...]
    sides: tuple[int, ...]
    note: str = ""


def read_labels(config: Mapping[str, Any], folder: Path) -> Labels:
    """The labels of a model from its ``config.json``: ``id2label``, or else ``label2id`` turned round.

    Read are English, Italian, Spanish, German and French names and their usual short forms, in any case, also with a
    strength (``very negative``); ``-1``, ``0``, ``1``; five star ratings (one and two are negative, three neutral).
    ``LABEL_0`` to ``LABEL_2`` are taken in the order negative, neutral, positive, that of twitter-roberta and XLM-T,
    and the note says so. Raises ModelFolderError for anything else, and for a model without a neutral class.
    """
    names = _names(config, folder)
    plain = [_plain(name) for name in names]
    listed = ", ".join(map(repr, names))
    if len(names) < 3:
        raise ModelFolderError(
            folder,
            f"it has only {len(names)} classes ({listed})",
            "use a model that has a neutral class too: without one every calm text counts as negative or positive",
        )
    if plain == ["label 0", "label 1", "label 2"]:
        note = f"{folder}: its classes are only called {listed}; they are read as negative, neutral, positive"
        return Labels(names, (NEGATIVE, NEUTRAL, POSITIVE), note)
    sides = _sides(plain)
    if sides is None:
        raise ModelFolderError(folder, f"its classes {listed} are not understood", _NAME_THEM)
    if set(sides) != {NEGATIVE, NEUTRAL, POSITIVE}:
        raise ModelFolderError(
            folder, f"its classes {listed} lack one of negative, neutral, positive", "use a model of three classes"
        )
    return Labels(names, tuple(sides))


def _names(config: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    by_number = config.get("id2label")
    try:
        if by_number is None:
            pairs = [(int(number), name) for name, number in config["label2id"].items()]
        else:
            pairs = [(int(number), name) for number, name in by_number.items()]
    except (KeyError, AttributeError, TypeError, ValueError):
        raise ModelFolderError(folder, "config.json has no readable id2label", _NAME_THEM) from None
    pairs.sort(key=lambda pair: pair[0])
    if [number for number, _ in pairs] != list(range(len(pairs))) or not pairs:
        raise ModelFolderError(folder, "id2label in config.json does not count from 0 without gaps", _NAME_THEM)
    return tuple(str(name) for _, name in pairs)


def _sides(plain: Sequence[str]) -> list[int] | None:
    """The side of each name, or None when one of them, or all of them together, mean nothing."""
    if sorted(plain) == sorted(_SIGNS):
        return [_SIGNS[name] for name in plain]
    stars = [match[1] for match in map(_STARS.fullmatch, plain) if match]
    if stars:
        return [_BY_STARS[each] for each in stars] if sorted(stars) == list("12345") and len(plain) == 5 else None
    sides = [_CLASS.get(_STRENGTH.sub("", name, count=1)) for name in plain]
    return [side for side in sides if side is not None] if None not in sides else None


def _plain(name: str) -> str:
    """A name without case, accents and the way its words are joined; a sign before a digit stays."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each)).casefold()
    return re.sub(r"(?:[\s_]|-(?!\d+$)|(?<=\w)-)+", " ", bare.strip()).strip()
