"""A brand's own head on the shipped scorer: who is read by it, who is not, and when it rests."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from crisiswatch.errors import StateError
from crisiswatch.model import Mention, Text
from crisiswatch.sentiment import VaderScorer, score_mentions
from crisiswatch.sentiment.head import Head
from crisiswatch.sentiment.lite import LiteScorer
from crisiswatch.sentiment.taught import Taught, TaughtScorer, head_from_json, head_to_json

SIZE = 512
GLOOMY = Head(np.zeros((SIZE, 3)), np.array([3.0, 0.0, -3.0]), np.zeros(SIZE), np.ones(SIZE))


@pytest.fixture(scope="module")
def lite() -> LiteScorer:
    return LiteScorer()


def mention(text: str, number: int = 0) -> Mention:
    return Mention(uid=f"x:{number}", source="x", created_at=datetime(2026, 3, 2, tzinfo=UTC), text=text)


def test_a_head_is_heard_where_its_brand_is_meant_and_nowhere_else(lite):
    taught = TaughtScorer(lite, {"acme": Taught(GLOOMY, 2, lite.model_id)})
    about = [("acme",), ("other",), ("acme", "other"), ("acme",)]
    said = [mention("We open at nine", n) for n in range(4)]
    scores, failed = score_mentions(taught, said, brands=about)
    own, others, both, again = scores
    assert failed == 0
    assert own == again
    assert own.model == f"{lite.model_id}+acme.2"
    assert own.calibrated
    assert own.negative > others.negative + 0.2
    assert others == both == lite.score([Text("We open at nine")])[0]
    assert taught.resting == {}


def test_without_heads_or_without_brands_nothing_changes(lite):
    said = [mention("terrible service", 1), mention("thanks!", 2)]
    plain = score_mentions(lite, said)
    assert score_mentions(TaughtScorer(lite, {}), said, brands=[("acme",), ("acme",)]) == plain
    assert score_mentions(TaughtScorer(lite, {"acme": Taught(GLOOMY, 1, lite.model_id)}), said) == plain
    assert score_mentions(lite, said, brands=[("acme",), ("acme",)]) == plain


@pytest.mark.parametrize(
    ("base", "on", "why"),
    [
        (LiteScorer(), "lite-0", "learned on lite-0, the scorer is lite-"),
        (LiteScorer(small=True), LiteScorer(small=True).model_id, "without its encoder"),
        (VaderScorer(), "vader-3.3.2", "no encoder"),
    ],
    ids=["another model", "no encoder", "another scorer"],
)
def test_a_head_that_does_not_fit_rests_and_says_so(base, on, why):
    taught = TaughtScorer(base, {"acme": Taught(GLOOMY, 1, on)})
    assert why in taught.resting["acme"]
    assert taught.for_brands(("acme",)) is base


def test_a_head_of_another_size_rests(lite):
    short = Head(np.zeros((8, 3)), np.zeros(3), np.zeros(8), np.ones(8))
    assert "8 dimensions" in TaughtScorer(lite, {"acme": Taught(short, 1, lite.model_id)}).resting["acme"]


def test_logits_and_vectors_are_those_of_the_two_questions(lite):
    texts = [Text("che vergogna", "it"), Text("nice", "en"), Text("")]
    logits, vectors = lite.logits_and_vectors(texts)
    assert logits == pytest.approx(lite.logits(texts), abs=1e-4)
    assert vectors == pytest.approx(lite.embed(texts), abs=1e-5)
    assert [part.shape for part in lite.logits_and_vectors([])] == [(0, 3), (0, 512)]


def test_a_head_is_stored_and_read_again():
    chance = np.random.default_rng(3)
    head = Head(chance.normal(size=(SIZE, 3)), chance.normal(size=3), chance.normal(size=SIZE), np.full(SIZE, 0.4), 0.7)
    text = head_to_json(head)
    again = head_from_json(text)
    assert len(text) < 20_000
    assert again.weights == pytest.approx(head.weights, rel=1e-6)
    assert again.slope == 0.7
    assert head_to_json(again) == text
    assert head_from_json(text.replace('"slope":0.7,', "")).slope == 1.0


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:100],
        lambda text: text.replace('"format":1', '"format":2'),
        lambda text: text.replace('"dimensions":512', '"dimensions":511'),
        lambda text: text.replace('"bias":"', '"bias":"!'),
        lambda text: text.replace('"slope":1.0', '"slope":NaN'),
        lambda text: "[]",
        lambda text: head_to_json(Head(GLOOMY.weights, np.array([np.nan, 0, 0]), GLOOMY.centre, GLOOMY.scale)),
        lambda text: head_to_json(Head(GLOOMY.weights, GLOOMY.bias, GLOOMY.centre, np.zeros(SIZE))),
    ],
)
def test_a_damaged_head_is_refused(damage):
    with pytest.raises(StateError):
        head_from_json(damage(head_to_json(GLOOMY)))
