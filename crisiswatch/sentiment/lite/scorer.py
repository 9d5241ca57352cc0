"""The default scorer: n-grams, word scores and a sentence encoder, stacked and calibrated.

Each part says something about the three classes: the n-grams and the head on the encoder's vector a logit each, the
lexicon four measures. One multinomial logistic regression, with small deviations for each language, makes
probabilities of them; it was fitted on texts that the parts had not seen, so that its probabilities can be added up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from crisiswatch.model import Score, Text
from crisiswatch.sentiment.lite.artefact import SHIPPED, Model, load
from crisiswatch.sentiment.lite.encoder import DIMENSIONS, Encoder, encoder
from crisiswatch.sentiment.lite.features import Read, features, read, without
from crisiswatch.sentiment.lite.language import LANGUAGES, LanguageFinder
from crisiswatch.sentiment.lite.lexicon import Lexicon
from crisiswatch.sentiment.masking import STAND_IN

__all__ = ["LiteScorer", "Parts", "gram_logits", "probabilities", "stack_inputs"]

_AT_ONCE = 256  # texts: the features of more would only take memory
_SAYS_STAND_IN = re.compile(rf"(?<!\w){STAND_IN}(?!\w)", re.IGNORECASE)
_EXPLAINED = 80  # words of a text that are left out in turn
_SMALLEST = 1e-5

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """What the parts say of n texts: logits (n, 3) of the n-grams and of the encoder's head, measures (n, 4).

    ``embeddings`` (n, 512) and ``head`` are None without the encoder; ``languages`` has n codes or None.
    """

    grams: Floats
    measures: Floats
    head: Floats | None
    embeddings: Floats | None
    languages: tuple[str | None, ...]


class LiteScorer:
    """Scores texts in the languages of the shipped model; model id ``lite-<version>``. Safe to share between threads.

    ``languages`` are those that a text without a usable tag may be in. Without the encoder (its package is missing,
    or ``small=True`` asks for it) the n-grams and the lexicon answer alone: the id ends in ``-small`` then, and
    `reduced` says why. Raises DamagedModelError if the model file is not sound, ValueError if no language is known.
    """

    def __init__(
        self,
        languages: Sequence[str] = LANGUAGES,
        *,
        small: bool = False,
        model: Model | None = None,
        encode: Encoder | None = None,
    ) -> None:
        self._model = model if model is not None else _shipped()
        self._finder = LanguageFinder(languages)
        self._lexicon = Lexicon(self._model.word_scores)
        self._encoder = None if small else encode or encoder()
        self._asked_small = small

    @property
    def reduced(self) -> str | None:
        """Why the encoder has no part in the scores; None when it has. Loads the encoder."""
        if self._encoder is None:
            return "the small model was asked for"
        return self._encoder.missing

    @property
    def model_id(self) -> str:
        """``lite-<version>``, or ``lite-<version>-small``: what scores are comparable with. Loads the encoder."""
        return f"lite-{self._model.version}" + ("-small" if self.reduced else "")

    @property
    def languages(self) -> tuple[str, ...]:
        return self._finder.languages

    def score(self, texts: Sequence[Text]) -> list[Score]:
        """Calibrated probabilities of each text, in the order of the texts; never raises for a text's content.

        A text's score does not depend on the others: equal to five decimals, to which it is rounded.
        """
        found = self._probabilities(texts)
        name = self.model_id
        return [_score(row, name) for row in found.tolist()]

    def logits(self, texts: Sequence[Text]) -> Floats:
        """Logarithms of the calibrated probabilities, float32 (n, 3): negative, neutral, positive."""
        return np.log(np.maximum(self._probabilities(texts), _SMALLEST)).astype(np.float32)

    def embed(self, texts: Sequence[Text]) -> Floats | None:
        """The encoder's vectors of the masked texts, float32 (n, 512), of length one; None without the encoder."""
        if self._encoder is None or self._encoder.missing:
            return None
        if not texts:
            return np.zeros((0, DIMENSIONS), dtype=np.float32)
        return self._encoder.encode([read(text).plain for text in texts])

    def logits_and_vectors(self, texts: Sequence[Text]) -> tuple[Floats, Floats | None]:
        """What `logits` and `embed` give, for the price of one of them: what a head is learned from and works on."""
        logits: list[Floats] = [np.zeros((0, 3), dtype=np.float32)]
        vectors: list[Floats] = [np.zeros((0, DIMENSIONS), dtype=np.float32)]
        for chunk in _chunks(texts):
            parts = self.parts(chunk)
            logits.append(np.log(np.maximum(probabilities(self._model, parts), _SMALLEST)).astype(np.float32))
            if parts.embeddings is not None:
                vectors.append(parts.embeddings)
        return np.concatenate(logits), None if self.reduced else np.concatenate(vectors)

    def language(self, text: Text) -> str | None:
        """The language a text is scored in."""
        return self._finder.find(read(text).plain, text.lang)

    def parts(self, texts: Sequence[Text]) -> Parts:
        """What each part says of some texts before they are put together."""
        return self._parts([read(text) for text in texts], texts)

    def why(self, text: Text, most: int = 5) -> list[tuple[str, float]]:
        """The words that carried the score, the strongest first, with what each adds to the log-odds of negative.

        A word's share is how the log-odds change when it is left out, all else as it stands; negative numbers speak
        against negative. Looks at the first 80 words.
        """
        made = read(text)
        words = [word for word in dict.fromkeys(made.words) if len(word) > 1 or word.isalpha() or not word.isascii()]
        if not _SAYS_STAND_IN.search(text.text):  # it stands there for a brand or a name, and nobody wrote it
            words = [word for word in words if word != STAND_IN]
        words = words[:_EXPLAINED]
        lang = self.language(text)
        variants = [made.plain, *(without(made.plain, word) for word in words)]
        found = self._probabilities([Text(each, lang) for each in variants])[:, 0].astype(np.float64)
        odds = np.log(np.maximum(found, _SMALLEST)) - np.log(np.maximum(1.0 - found, _SMALLEST))
        shares = [(word, round(float(odds[0] - without), 3)) for word, without in zip(words, odds[1:], strict=True)]
        return sorted((each for each in shares if each[1]), key=lambda each: (-abs(each[1]), each[0]))[:most]

    def _probabilities(self, texts: Sequence[Text]) -> Floats:
        chunks = [
            probabilities(self._model, self._parts([read(text) for text in chunk], chunk)) for chunk in _chunks(texts)
        ]
        return np.concatenate(chunks) if chunks else np.zeros((0, 3), dtype=np.float32)

    def _parts(self, reads: Sequence[Read], texts: Sequence[Text]) -> Parts:
        langs = tuple(self._finder.find(made.plain, text.lang) for made, text in zip(reads, texts, strict=True))
        measures = self._lexicon.table([(made.words, lang) for made, lang in zip(reads, langs, strict=True)])
        vectors = None if self._encoder is None else self._encoder.encode([made.plain for made in reads])
        head = None
        if vectors is not None:
            head = vectors @ self._model.embedding + self._model.embedding_bias
        return Parts(gram_logits(self._model, reads), measures, head, vectors, langs)


def gram_logits(model: Model, texts: Sequence[Read]) -> Floats:
    """The n-grams' logits, float32 (n, 3)."""
    if not texts:
        return np.zeros((0, 3), dtype=np.float32)
    found = features(texts)
    weights = model.grams.take(found.buckets, axis=0)
    if found.count == 1:
        sums = np.dot(found.values, weights.astype(np.float32))[None, :]
    else:
        columns = (np.bincount(found.owners, found.values * weights[:, each], found.count) for each in (0, 1))
        sums = np.stack(tuple(columns), axis=1)
    polar = sums * model.gram_scale + model.gram_bias
    logits = np.empty((found.count, 3), dtype=np.float32)
    logits[:, 0], logits[:, 1], logits[:, 2] = polar[:, 0], -polar[:, 0] - polar[:, 1], polar[:, 1]
    return logits


def stack_inputs(parts: Parts) -> Floats:
    """What the last step reads, float32 (n, 8 or 11): n-grams, lexicon, the head if there is one, and a one."""
    ones = np.ones((len(parts.grams), 1), dtype=np.float32)
    held = [parts.grams, parts.measures] + ([] if parts.head is None else [parts.head]) + [ones]
    return np.concatenate(held, axis=1)


def probabilities(model: Model, parts: Parts) -> Floats:
    """The last step: probabilities, float32 (n, 3), by the language's own weights if it has some, else the shared."""
    stack = "small" if parts.head is None else "full"
    inputs = stack_inputs(parts)
    logits = inputs @ model.stacks[stack]
    spoken = {lang for lang in parts.languages if lang and f"{stack}.{lang}" in model.stacks}
    for lang in sorted(spoken):
        rows = np.array([each == lang for each in parts.languages])
        logits[rows] = inputs[rows] @ model.stacks[f"{stack}.{lang}"]
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    return np.asarray(logits / logits.sum(axis=1, keepdims=True), dtype=np.float32)


@lru_cache(maxsize=1)
def _shipped() -> Model:
    return load(SHIPPED)


def _score(row: Sequence[float], name: str) -> Score:
    negative, positive = round(row[0], 5), round(row[2], 5)
    return Score(negative, round(max(0.0, 1.0 - negative - positive), 5), positive, name, calibrated=True)


def _chunks(texts: Sequence[Text]) -> Iterator[Sequence[Text]]:
    for start in range(0, len(texts), _AT_ONCE):
        yield texts[start : start + _AT_ONCE]
