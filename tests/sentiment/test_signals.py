"""What a text says beyond its mood, read beside the scorer and kept with the mention."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from crisiswatch.matching import BrandTerms, Matcher, normalise
from crisiswatch.model import NO_SIGNALS, Mention, Signals, Text
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Plan
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment import NullScorer, VaderScorer
from crisiswatch.sentiment.lite.encoder import Encoder
from crisiswatch.sentiment.signals import Reader, encode_with
from crisiswatch.sentiment.themes import ThemeFinder
from crisiswatch.store import Store, StoredMention

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
THEMES = {"delivery": {"en": "parcel"}, "staff": {"en": "rude"}, "price": {"en": "dear"}}


def words(texts: Sequence[Text]) -> np.ndarray:
    """A stand-in for an encoder: a direction for each of three words, and one for all else."""
    rows = np.array([[("parcel" in t.text) + 0.0, "rude" in t.text, "dear" in t.text, 0.4] for t in texts], dtype=float)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def read(reader: Reader, *texts: str) -> list[Signals]:
    return reader.read([Text(each) for each in texts], [normalise(each) for each in texts])


def test_flags_and_grave_words_are_read_by_any_scorer():
    assert read(
        Reader(), "My parcel never arrived, where is it? See you in court", "Il prodotto mi ha ustionato", "hello"
    ) == [
        Signals(("complaint", "question"), ("legal",)),
        Signals((), ("safety",)),
        NO_SIGNALS,
    ]


def test_themes_come_nearest_first_and_a_text_between_many_has_none():
    reader = Reader(ThemeFinder(words, THEMES))
    found = [each.themes for each in read(reader, "a parcel", "parcel, rude man", "parcel rude dear", "good day")]
    assert found == [("delivery",), ("delivery", "staff"), (), ()]


def test_themes_do_not_depend_on_what_came_before():
    texts = ["a parcel", "rude", "parcel", "a rude and dear parcel", "rude or dear"] * 3
    together = read(Reader(ThemeFinder(words, THEMES)), *texts)
    reader = Reader(ThemeFinder(words, THEMES))
    assert [read(reader, each)[0] for each in texts] == together


def test_an_encoder_that_is_missing_or_fails_costs_the_themes_and_nothing_else():
    def fails(texts: Sequence[Text]) -> np.ndarray:
        if len(texts) > 2:  # the descriptions
            return words(texts)
        raise MemoryError

    for encode in (fails, lambda _: None):
        assert read(Reader(ThemeFinder(encode, THEMES)), "is the parcel there?") == [Signals(("question",))]


def test_the_encoder_is_found_inside_of_scorers_that_are_made_of_others():
    class Lite(NullScorer):
        def embed(self, texts: Sequence[Text]) -> np.ndarray:
            return words(texts)

    class Budgeted(NullScorer):
        main, fallback = VaderScorer(), Lite()

    class Taught(NullScorer):
        base = Budgeted()

    assert encode_with(Taught()) is not None
    assert encode_with(VaderScorer()) is None


def test_the_encoder_runs_once_for_a_text_that_the_scorer_has_read(monkeypatch):
    seen: list[str] = []

    class Counting:
        def encode(self, texts: list[str]) -> np.ndarray:
            seen.extend(texts)
            return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)

    encoder = Encoder()
    monkeypatch.setattr(encoder, "_use", Counting())
    monkeypatch.setattr(encoder, "_tried", True)
    first = encoder.encode(["a", "bb", "a"])
    assert first is not None
    assert first[:, 0].tolist() == [1.0, 2.0, 1.0]
    again = encoder.encode(["bb", "ccc", "a"])
    assert again is not None
    assert again[:, 0].tolist() == [2.0, 3.0, 1.0]
    assert seen == ["a", "bb", "ccc"]
    monkeypatch.setattr(sys.modules[Encoder.__module__], "_REMEMBERED", 2)
    encoder.encode(["dddd"])
    encoder.encode(["bb"])
    assert seen[-2:] == ["dddd", "bb"], "the oldest is forgotten"


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        yield opened


def test_the_store_keeps_what_a_mention_said(store):
    plan = Plan(
        brands=("acme",),
        matcher=Matcher([BrandTerms(id="acme", any=("acme",))]),
        scorer=NullScorer(),
        ruleset=Ruleset(),
        reader=Reader(ThemeFinder(words, THEMES)),
    )
    pipeline = Pipeline(store, plan, clock=lambda: NOON, arrival=Arrival.DATA)
    texts = ("acme, where is my parcel? it never arrived", "acme is open", "acme: a recalled kettle caught fire")
    pipeline.ingest(
        Intake(
            source="x",
            mentions=[
                Mention(uid=f"x:{n}", source="x", created_at=NOON + timedelta(minutes=n), text=text)
                for n, text in enumerate(texts)
            ],
        )
    )
    found = [each.signals for each in store.stream() if isinstance(each, StoredMention)]
    assert found == [
        Signals(("complaint", "question"), (), ("delivery",)),
        NO_SIGNALS,
        Signals((), ("recall", "safety")),
    ]
