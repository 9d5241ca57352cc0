"""Which brand a text is about, and whether it contains given words: whole words, case and accents folded."""

from crisiswatch.matching.gravity import GRAVE, grave
from crisiswatch.matching.matcher import BrandTerms, Matcher, WordFilter
from crisiswatch.matching.normalise import is_unspaced, matchable, normalise
from crisiswatch.matching.signature import signature

__all__ = [
    "GRAVE",
    "BrandTerms",
    "Matcher",
    "WordFilter",
    "grave",
    "is_unspaced",
    "matchable",
    "normalise",
    "signature",
]
