"""Reads what a mention says beyond its mood: flags and grave words in every text, themes where there is an encoder.

Themes are a function of the text and of what people taught alone (the texts before it do not move them), so that a
replay finds the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crisiswatch.model import NO_SIGNALS, Scorer, Signals, Text
from crisiswatch.sentiment.flags import complaint, question
from crisiswatch.sentiment.severity import severity

if TYPE_CHECKING:
    from crisiswatch.sentiment.themes import Encode, ThemeFinder

__all__ = ["Reader", "encode_with", "signals_of"]

_INSIDE = ("base", "main", "fallback")  # the scorers that others are made of, by attribute


class Reader:
    """Gives texts their `Signals`; without ``themes`` all but the themes. One thread calls it.

    ``lesson`` tells what the themes were taught from what others were; empty where nobody taught them anything.
    """

    def __init__(self, themes: ThemeFinder | None = None, lesson: str = "") -> None:
        self.themes = themes
        self.lesson = lesson

    def read(self, texts: Sequence[Text], folded: Sequence[str]) -> list[Signals]:
        """The signals of each text, in their order; ``folded`` are the texts as `normalise` gives them.

        Read after the scorer has read the same texts, because the encoder remembers those. Never raises for a text.
        """
        near = self._near(texts)
        return [signals_of(text, plain, themes) for text, plain, themes in zip(texts, folded, near, strict=True)]

    def _near(self, texts: Sequence[Text]) -> Sequence[tuple[str, ...]]:
        nothing: list[tuple[str, ...]] = [()] * len(texts)
        if self.themes is None or not texts:
            return nothing
        try:
            return self.themes.nearest(texts)
        except (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError):
            return nothing  # the encoder is the scorer's, which is watched: where it fails, the rest is still known


def signals_of(text: Text, folded: str, themes: tuple[str, ...] = ()) -> Signals:
    """What one text says, with the themes that were found for it."""
    flags = []
    if complaint(text.text, text.lang) is not None:
        flags.append("complaint")
    if question(text.text, text.lang) is not None:
        flags.append("question")
    grave = severity(folded).categories
    return Signals(tuple(flags), grave, themes) if flags or grave or themes else NO_SIGNALS


def encode_with(scorer: Scorer) -> Encode | None:
    """The sentence encoder that a scorer reads with, or one of those that it is made of; None if none has one."""
    found: Encode | None = getattr(scorer, "embed", None)
    for name in _INSIDE:
        if found is None and (inner := getattr(scorer, name, None)) is not None:
            found = encode_with(inner)
    return found
