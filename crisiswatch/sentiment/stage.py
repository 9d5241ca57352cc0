"""The scoring stage: every mention gets a score, whatever the scorer does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from crisiswatch.model import Mention, Score, Scorer, Text

__all__ = ["UNSCORED", "Brandwise", "is_sound", "score_by_rating", "score_by_source", "score_mentions"]

UNSCORED = Score(0.0, 1.0, 0.0, "unscored")
"""What a mention gets when its scorer failed: neutral, so that a broken scorer neither opens nor feeds an incident."""

_BAD_REVIEW = Score(0.9, 0.08, 0.02, "rating")
_GOOD_REVIEW = Score(0.02, 0.08, 0.9, "rating")
_SOURCE_SAYS_BAD = Score(0.9, 0.08, 0.02, "native")
_SOURCE_SAYS_GOOD = Score(0.02, 0.08, 0.9, "native")
_CLEAR = 0.25  # of a source's own score, either way
_GIVE_UP_AFTER = 10  # failures in a row after which the rest of a batch is not tried one by one


@runtime_checkable
class Brandwise(Protocol):
    """A scorer that reads the mentions of some brands in a way of their own."""

    def for_brands(self, brands: tuple[str, ...]) -> Scorer:
        """Give the scorer of a mention that is about these brands; the same object for the same brands."""


def score_by_rating(rating: float | None) -> Score | None:
    """What the stars say: 0.25 and less (two of five) is negative, 0.75 and more positive, else the text decides.

    A rating is the author's own judgement, so it outweighs any model's reading of the words.
    """
    if rating is None or 0.25 < rating < 0.75:
        return None
    return _BAD_REVIEW if rating <= 0.25 else _GOOD_REVIEW


def score_by_source(native: float | None) -> Score | None:
    """What a source's own score says: -0.25 and less is negative, 0.25 and more positive, else the text decides.

    Near zero many sources put what they could not read.
    """
    if native is None or -_CLEAR < native < _CLEAR:
        return None
    return _SOURCE_SAYS_BAD if native < 0.0 else _SOURCE_SAYS_GOOD


def score_mentions(
    scorer: Scorer,
    mentions: Sequence[Mention],
    mask_terms: Sequence[tuple[str, ...]] = (),
    brands: Sequence[tuple[str, ...]] = (),
) -> tuple[list[Score], int]:
    """Score every mention; ``mask_terms`` has the brand words to hide for each (empty: nothing to hide).

    ``brands`` has whom each is about, for a scorer that is `Brandwise` (empty: it reads them all in the same way).

    Returns the scores in the order of the mentions and how many of them are `UNSCORED` because the scorer raised or
    gave something that is no score. A text that breaks the scorer does not cost its neighbours their score.
    """
    terms = mask_terms or [()] * len(mentions)
    scores = [score_by_rating(mention.rating) or score_by_source(mention.native_sentiment) for mention in mentions]
    todo = [index for index, score in enumerate(scores) if score is None]
    for chosen, indexes in _shared_out(scorer, todo, brands):
        texts = [Text(mentions[index].text, mentions[index].lang, terms[index]) for index in indexes]
        found = _try(chosen, texts)
        if found is None:
            found = _one_by_one(chosen, texts)
        for index, score in zip(indexes, found, strict=True):
            scores[index] = score
    done = [UNSCORED if score is None else score for score in scores]
    return done, sum(score is UNSCORED for score in done)


def _shared_out(scorer: Scorer, todo: list[int], brands: Sequence[tuple[str, ...]]) -> list[tuple[Scorer, list[int]]]:
    """Which scorer reads which mentions: batches as large as can be."""
    if not todo:
        return []
    if not brands or not isinstance(scorer, Brandwise):
        return [(scorer, todo)]
    shares: dict[int, tuple[Scorer, list[int]]] = {}
    for index in todo:
        chosen = scorer.for_brands(brands[index])
        shares.setdefault(id(chosen), (chosen, []))[1].append(index)
    return list(shares.values())


def _one_by_one(scorer: Scorer, texts: Sequence[Text]) -> list[Score]:
    """The scores of a batch that failed as a whole; gives up when nothing works at all."""
    found: list[Score] = []
    failures = 0
    for text in texts:
        got = _try(scorer, [text]) if failures < _GIVE_UP_AFTER else None
        failures = 0 if got else failures + 1
        found.append(got[0] if got else UNSCORED)
    return found


def _try(scorer: Scorer, texts: Sequence[Text]) -> list[Score] | None:
    """The scorer's answer, or None if it raised or is not one sound score a text. One of the supervision points."""
    score: Callable[[Sequence[Text]], Sequence[Score]] = scorer.score
    try:
        found = list(score(texts))
        sound = len(found) == len(texts) and all(map(is_sound, found))
    except Exception:  # noqa: BLE001  whatever a plug-in does, the daemon goes on; the caller counts it
        return None
    return found if sound else None


def is_sound(score: Score) -> bool:
    """Say whether these are three probabilities; what is no number is none."""
    parts = (score.negative, score.neutral, score.positive)
    return all(0.0 <= part <= 1.0 for part in parts) and abs(sum(parts) - 1.0) < 0.01
