from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crisiswatch.model import Mention, Score, Sentiment, Text
from crisiswatch.sentiment import (
    UNSCORED,
    NullScorer,
    VaderScorer,
    score_by_rating,
    score_by_source,
    score_mentions,
)

GOOD = Score(0.1, 0.2, 0.7, "fake")


def mention(text: str, rating: float | None = None) -> Mention:
    return Mention(uid=f"x:{text}", source="x", created_at=datetime(2026, 1, 1, tzinfo=UTC), text=text, rating=rating)


class Moody:
    """Raises for a batch with the word ``poison`` in it and counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        self.calls += 1
        if any("poison" in text.text for text in texts):
            raise RuntimeError("no idea")
        return [GOOD] * len(texts)


class Answers:
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("rating", "label"),
    [
        (0.0, Sentiment.NEGATIVE),
        (0.25, Sentiment.NEGATIVE),
        (0.26, None),
        (0.5, None),
        (0.74, None),
        (0.75, Sentiment.POSITIVE),
        (1.0, Sentiment.POSITIVE),
        (None, None),
    ],
)
def test_stars_speak_for_themselves(rating: float | None, label: Sentiment | None) -> None:
    score = score_by_rating(rating)
    assert (score.label if score else None) is label


def test_a_bad_review_in_kind_words_is_negative() -> None:
    scores, failed = score_mentions(VaderScorer(), [mention("great, thanks", 0.0), mention("great, thanks", 0.5)])
    assert [score.label for score in scores] == [Sentiment.NEGATIVE, Sentiment.POSITIVE]
    assert [score.model for score in scores] == ["rating", "vader-3.3.2"]
    assert failed == 0


def test_each_mention_has_its_own_brand_words_hidden() -> None:
    twice = [mention("flying united today"), mention("flying united today")]
    scores, _ = score_mentions(VaderScorer(), twice, [("united",), ()])
    assert [score.label for score in scores] == [Sentiment.NEUTRAL, Sentiment.POSITIVE]


def test_a_text_that_breaks_the_scorer_does_not_cost_its_neighbours_their_score() -> None:
    scores, failed = score_mentions(Moody(), [mention("a"), mention("poison"), mention("b", 1.0), mention("c")])
    assert scores[0] == scores[3] == GOOD
    assert scores[1] is UNSCORED
    assert scores[2].model == "rating"
    assert failed == 1


def test_a_scorer_that_never_works_is_not_asked_for_every_text() -> None:
    moody = Moody()
    scores, failed = score_mentions(moody, [mention("poison")] * 500)
    assert scores == [UNSCORED] * 500
    assert failed == 500
    assert moody.calls == 11


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        [GOOD, GOOD],
        ["negative"],
        [Score(float("nan"), 0.5, 0.5, "x")],
        [Score(0.9, 0.9, 0.9, "x")],
        [Score(-0.5, 0.5, 1.0, "x")],
    ],
)
def test_an_answer_that_is_no_score_counts_as_a_failure(answer: object) -> None:
    assert score_mentions(Answers(answer), [mention("a")]) == ([UNSCORED], 1)


def test_nothing_to_score_asks_nobody() -> None:
    moody = Moody()
    assert score_mentions(moody, []) == ([], 0)
    assert score_mentions(moody, [mention("poison", 0.0)])[1] == 0
    assert moody.calls == 0


def test_neutral_by_choice_is_not_a_failure() -> None:
    assert score_mentions(NullScorer(), [mention("a")])[1] == 0


@pytest.mark.parametrize(
    ("native", "label"),
    [(-1.0, "negative"), (-0.25, "negative"), (-0.24, None), (0.0, None), (0.25, "positive"), (1.0, "positive")],
)
def test_a_clear_score_of_the_source_stands_in_for_ours(native: float, label: str | None) -> None:
    score = score_by_source(native)
    assert (score.label.value if score else None) == label
    assert score_by_source(None) is None


def test_stars_outweigh_the_source_and_the_source_the_text() -> None:
    kind = mention("great, thanks")
    told = [replace(kind, native_sentiment=-0.8), replace(kind, native_sentiment=-0.8, rating=1.0)]
    scores, _ = score_mentions(VaderScorer(), [*told, replace(kind, native_sentiment=0.1)])
    assert [score.model for score in scores] == ["native", "rating", "vader-3.3.2"]
    assert [score.label for score in scores] == [Sentiment.NEGATIVE, Sentiment.POSITIVE, Sentiment.POSITIVE]
