"""VADER: a lexicon and a few rules for ENGLISH social media text.

It does not look at a text's language and is close to blind outside English: on Italian tweets it finds 7 % of the
negative ones. It is here because it needs no model file, and is named as what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from crisiswatch.model import Score, Text
from crisiswatch.sentiment.masking import mask

__all__ = ["MODEL", "VaderScorer", "probabilities"]

MODEL = "vader-3.3.2"
_READ = 1000  # characters
_POLAR_FROM = 0.05  # the authors' own bound: a compound of 0.05 and more is positive, of -0.05 and less negative


class VaderScorer:
    """Scores English texts; model id ``vader-3.3.2``. Safe to share between threads.

    Brand terms, ``@names`` and addresses are hidden, and only the first thousand characters are read: VADER's time
    grows with the square of a text's length, and what somebody feels about a brand is said early.
    """

    def __init__(self) -> None:
        self._analyzer = _analyzer()

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        compound = self._analyzer.polarity_scores
        return [probabilities(compound(mask(text.text[:_READ], text.terms))["compound"]) for text in texts]


@lru_cache(maxsize=4096)  # VADER gives the compound in steps of 0.0001, most of them never
def probabilities(compound: float) -> Score:
    """A compound between -1 and 1 as probabilities whose largest says what VADER's authors would say.

    With s = |compound|, the side that the sign names gets ``0.05 + 8 s`` below 0.05 (0.05 to 0.45: neutral wins) and
    ``0.5 + 0.48 (s - 0.05) / 0.95`` from there (0.5 to 0.98); the other side gets 0.05, then a tenth of what is left;
    neutral gets the rest. So negative means compound <= -0.05 and positive means >= 0.05, exactly. The figures only
    order texts by strength; nothing is calibrated about them.
    """
    strength = min(1.0, abs(compound))
    if strength < _POLAR_FROM:
        side, other = 0.05 + 8.0 * strength, 0.05
    else:
        side = 0.5 + 0.48 * (strength - _POLAR_FROM) / (1.0 - _POLAR_FROM)
        other = 0.1 * (1.0 - side)
    side, other = round(side, 6), round(other, 6)
    neutral = round(1.0 - side - other, 6)
    return Score(side, neutral, other, MODEL) if compound < 0 else Score(other, neutral, side, MODEL)


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    """The lexicon takes a tenth of a second to read: once, and only when somebody scores."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()
