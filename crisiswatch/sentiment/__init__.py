"""Sentiment of mentions: scorers behind one seam, brand words hidden from them, and the stage that supervises them."""

from crisiswatch.sentiment.masking import mask
from crisiswatch.sentiment.null import NullScorer
from crisiswatch.sentiment.registry import scorer, scorer_names
from crisiswatch.sentiment.stage import UNSCORED, is_sound, score_by_rating, score_by_source, score_mentions
from crisiswatch.sentiment.vader import VaderScorer

__all__ = [
    "UNSCORED",
    "NullScorer",
    "VaderScorer",
    "is_sound",
    "mask",
    "score_by_rating",
    "score_by_source",
    "score_mentions",
    "scorer",
    "scorer_names",
]
