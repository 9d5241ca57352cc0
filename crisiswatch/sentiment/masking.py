"""Hides from a scorer what names somebody but says nothing about the mood: brand words, ``@names``, addresses.

VADER's lexicon gives the word "united" +1.8, so that a calm stream about United Airlines reads as praise; a brand in
a crisis becomes a negative word for any scorer that learns.
"""

from __future__ import annotations

import re
from functools import lru_cache

from crisiswatch.matching import is_unspaced, normalise

__all__ = ["LONGEST", "STAND_IN", "mask"]

LONGEST = 20_000
"""Characters of a text that are scored; the rest is cut."""

_ADDRESS = re.compile(r"(?:https?://|www\.)\S*", re.IGNORECASE)
_NAME = re.compile(r"(?<![\w@])@\w+")
STAND_IN = "it"  # keeps the sentence a sentence, and no lexicon gives it a mood


def mask(text: str, terms: tuple[str, ...] = ()) -> str:
    """The first 20,000 characters of ``text`` with terms (in any case, as whole words), names and addresses replaced.

    A term of several words is found whatever stands between its words: ``acme coffee`` hides ``#Acme-Coffee``.
    """
    text = text[:LONGEST]
    if "://" in text or "www." in text.lower():
        text = _ADDRESS.sub(" ", text)
    pattern = _pattern(terms)
    if pattern is not None:
        text = pattern.sub(STAND_IN, text)
    return _NAME.sub(STAND_IN, text) if "@" in text else text


@lru_cache(maxsize=1024)
def _pattern(terms: tuple[str, ...]) -> re.Pattern[str] | None:
    """One expression for all terms, the longest first; None when there is nothing to hide."""
    spellings = {_spelling(term) for raw in terms for term in (raw, normalise(raw))} - {""}
    if not spellings:
        return None
    return re.compile("[@#]?(?:" + "|".join(sorted(spellings, key=len, reverse=True)) + ")", re.IGNORECASE)


def _spelling(term: str) -> str:
    """The expression for one term: its words with anything but letters between them, whole where words are spaced."""
    words = re.findall(r"\w+", term)
    if not words:
        return ""
    start = "" if is_unspaced(words[0][0]) else r"(?<!\w)"
    end = "" if is_unspaced(words[-1][-1]) else r"(?!\w)"
    between = r"[\W_]*" if is_unspaced(words[0][0]) else r"[\W_]+"
    return start + between.join(map(re.escape, words)) + end
