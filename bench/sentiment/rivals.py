"""The systems that are compared, each as a function from texts to probabilities (n, 3), made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from crisiswatch.model import Scorer, Text
from crisiswatch.sentiment.lite import LanguageFinder, LiteScorer, load

__all__ = ["SYSTEMS", "Score", "Unavailable"]

Score = Callable[[Sequence[Text]], np.ndarray]


class Unavailable(Exception):
    """A system cannot be made here; says why."""


def _vader() -> Score:
    from crisiswatch.sentiment import VaderScorer

    return _of_scorer(VaderScorer())


def _textblob() -> Score:
    """The polarity of TextBlob's English lexicon, read as VADER's compound is."""
    try:
        from textblob import TextBlob
    except ImportError as error:
        raise Unavailable(f"TextBlob is not installed ({error})") from error
    from crisiswatch.sentiment.masking import mask

    return lambda texts: _of_polarity([TextBlob(mask(each.text, each.terms)).sentiment.polarity for each in texts])


def _lexicon() -> Score:
    """The translated word scores with our negation window and nothing learnt, read as VADER's compound is."""
    from crisiswatch.sentiment.lite.features import read
    from crisiswatch.sentiment.lite.lexicon import Lexicon

    lexicon, finder = Lexicon(load().word_scores), LanguageFinder()

    def score(texts: Sequence[Text]) -> np.ndarray:
        reads = [read(each) for each in texts]
        found = [(made.words, finder.find(made.plain, each.lang)) for made, each in zip(reads, texts, strict=True)]
        return _of_polarity([lexicon.measures(words, lang)[2] for words, lang in found])

    return score


def _grams() -> Score:
    from crisiswatch.sentiment.lite.features import read
    from crisiswatch.sentiment.lite.scorer import gram_logits

    model = load()
    return lambda texts: _softmax(gram_logits(model, [read(each) for each in texts]))


def _small() -> Score:
    return _of_scorer(LiteScorer(small=True))


def _encoder() -> Score:
    lite, model = _whole(LiteScorer()), load()
    return lambda texts: _softmax(np.asarray(lite.embed(texts)) @ model.embedding + model.embedding_bias)


def _lite() -> Score:
    return _of_scorer(_whole(LiteScorer()))


SYSTEMS: dict[str, Callable[[], Score]] = {
    "VADER": _vader,
    "TextBlob": _textblob,
    "AFINN translated": _lexicon,
    "n-grams": _grams,
    "n-grams + lexicon": _small,
    "encoder": _encoder,
    "LITE": _lite,
}


def _whole(lite: LiteScorer) -> LiteScorer:
    reason = lite.reduced
    if reason:
        raise Unavailable(reason)
    return lite


def _of_scorer(scorer: Scorer) -> Score:
    def score(texts: Sequence[Text]) -> np.ndarray:
        found = scorer.score(texts)
        return np.array([(each.negative, each.neutral, each.positive) for each in found]).reshape(-1, 3)

    return score


def _of_polarity(polarities: Sequence[float]) -> np.ndarray:
    from crisiswatch.sentiment.vader import probabilities

    found = [probabilities(polarity) for polarity in polarities]
    return np.array([(each.negative, each.neutral, each.positive) for each in found]).reshape(-1, 3)


def _softmax(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)
