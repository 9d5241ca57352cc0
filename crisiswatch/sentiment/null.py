"""A scorer that has no opinion: for measuring everything else, and for rules that do not ask about sentiment."""

from __future__ import annotations

from collections.abc import Sequence

from crisiswatch.model import Score, Text

__all__ = ["NullScorer"]

_NEUTRAL = Score(0.0, 1.0, 0.0, "none")


class NullScorer:
    """Calls every text neutral; model id ``none``."""

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        return [_NEUTRAL] * len(texts)
