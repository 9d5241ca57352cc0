"""From clicks to a head that speaks, and back: learning on a store, with a scorer whose mistakes are known."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from crisiswatch.errors import CrisiswatchError
from crisiswatch.feedback import relearn, taught_scorer
from crisiswatch.model import IncidentOpened, Level, Score, Sentiment, Text
from crisiswatch.sentiment import NullScorer, score_mentions
from crisiswatch.sentiment.head import probabilities
from crisiswatch.store import Click, Store, StoredMention, Work
from tests.store.samples import NOON, incident, stored

NEGATIVE, NEUTRAL, POSITIVE = Sentiment
MINUTE = timedelta(minutes=1)
LATER = NOON + timedelta(days=1)
WORDS = ("awful", "delayed", "plain", "sick", "lovely")
"""What the texts are made of. Of this brand, `sick` is praise and `delayed` a complaint; the scorer has it wrong."""
BELIEVED = {"awful": 0, "delayed": 1, "plain": 1, "sick": 0, "lovely": 2}
MEANT = {"awful": NEGATIVE, "delayed": NEGATIVE, "plain": NEUTRAL, "sick": POSITIVE, "lovely": POSITIVE}


class Believes:
    """Reads single words, and has an embedding in which they can be told apart."""

    def __init__(self, model_id: str = "reader-1", encoder: bool = True) -> None:
        self.model_id = model_id
        self.encoder = encoder
        self.hidden: set[tuple[str, ...]] = set()

    def score(self, texts: Sequence[Text]) -> list[Score]:
        rows = probabilities(self.logits_and_vectors(texts)[0].astype(np.float64))
        return [Score(*(float(value) for value in row), self.model_id, calibrated=True) for row in rows]

    def logits_and_vectors(self, texts: Sequence[Text]):
        self.hidden |= {text.terms for text in texts}
        logits, vectors = np.zeros((len(texts), 3)), np.zeros((len(texts), 12))
        for row, text in enumerate(texts):
            chance = np.random.default_rng(zlib.crc32(text.text.encode()))
            vectors[row] = chance.normal(0.0, 0.2, 12)
            for word in text.text.split():
                if word in BELIEVED:
                    logits[row, BELIEVED[word]] += 2.0
                    vectors[row, WORDS.index(word)] += 1.0
        return logits.astype(np.float32), vectors.astype(np.float32) if self.encoder else None


READER = Believes()


def mentions(count: int, start: int = 0, words: Sequence[str] = WORDS) -> list[StoredMention]:
    made = [
        stored(n, text=f"{words[n % len(words)]} number {n}", at=NOON + timedelta(seconds=n % 600))
        for n in range(start, start + count)
    ]
    scores, _ = score_mentions(READER, [each.mention for each in made])
    return [replace(each, score=score) for each, score in zip(made, scores, strict=True)]


def clicks(of: Sequence[StoredMention], meant=None, *, after: int = 0, actor: str = "anna") -> list[Click]:
    meant = meant or MEANT
    return [
        Click(
            brand="acme",
            uid=each.mention.uid,
            label=meant[each.mention.text.split()[0]],
            actor=actor,
            via="slack",
            at=NOON + (after + 1) * MINUTE,
            model=each.score.model,
        )
        for each in of
    ]


def told(store: Store, of: Sequence[StoredMention], **more) -> list[Click]:
    store.commit(Work(mentions=of))
    return store.add_feedback(clicks(of, **more))


def shown(store: Store, taken_by: str | None = "bo") -> None:
    one = incident(acknowledged_by=taken_by)
    store.commit(Work(effects=[IncidentOpened(NOON, one)]))


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        yield opened


def test_a_head_stays_in_the_shadow_until_a_hundred_labels(store):
    told(store, mentions(99))
    first = relearn(store, "acme", READER, LATER)
    assert (first.head.state, first.speaking, first.report) == ("shadow", None, None)
    assert first.why == "99 of the 100 labels that are needed"
    told(store, mentions(1, start=99), after=1)
    second = relearn(store, "acme", READER, LATER)
    assert (second.head.state, second.head.version, second.head.labels) == ("active", 2, 100)
    assert second.speaking == second.head
    assert second.report.right_after > second.report.right_before + 0.2


def test_a_hundred_labels_of_one_class_teach_nothing(store):
    told(store, mentions(150, words=["awful", "delayed"]))
    learned = relearn(store, "acme", READER, LATER)
    assert (learned.head, learned.speaking) == (None, None)
    assert "one class" in learned.why
    assert store.heads() == []


def test_what_was_learned_is_heard(store):
    told(store, mentions(200))
    relearn(store, "acme", READER, LATER)
    taught = taught_scorer(store, READER)
    assert taught.resting == {}
    score = taught.for_brands(("acme",)).score([Text("sick number 5000"), Text("delayed number 5001")])
    assert [each.label for each in score] == [POSITIVE, NEGATIVE]
    assert score[0].model == "reader-1+acme.1"
    assert taught.for_brands(("other",)) is READER


def test_a_head_rests_on_another_model(store):
    told(store, mentions(200))
    relearn(store, "acme", READER, LATER)
    taught = taught_scorer(store, Believes("reader-2"))
    assert taught.resting == {"acme": "it was learned on reader-1, the scorer is reader-2"}


def test_a_damaged_head_rests(store):
    told(store, mentions(200))
    head = relearn(store, "acme", READER, LATER).head
    store.save_heads([replace(head, body=head.body[:50])])
    taught = taught_scorer(store, READER)
    assert "damaged" in taught.resting["acme"]
    assert taught.for_brands(("acme",)) is READER


def test_the_same_labels_are_not_learned_twice(store):
    told(store, mentions(120))
    relearn(store, "acme", READER, LATER)
    again = relearn(store, "acme", READER, LATER + MINUTE)
    assert again.head is None
    assert again.speaking.version == 1
    assert again.why == "nothing new since version 1 was learned"
    assert relearn(store, "acme", Believes("reader-2"), LATER).head.base == "reader-2"


def test_one_sided_clicks_leave_the_recall_of_negatives(store):
    """A message calls 480 posts negative; people click away 110 of the 120 that are praise, and confirm none."""
    posts = mentions(600, words=["awful", "awful", "awful", "sick", "plain"])
    store.commit(Work(mentions=posts))
    shown(store)
    store.add_feedback(clicks([each for each in posts if each.mention.text.startswith("sick")][:110]))
    learned = relearn(store, "acme", READER, LATER)
    assert learned.labels == {"negative": 0, "neutral": 0, "positive": 110}
    assert learned.silent > 100
    assert learned.head.state == "active"
    assert learned.report.recall_after >= learned.report.recall_before - 0.10
    voice = taught_scorer(store, READER).for_brands(("acme",))
    scores = voice.score([Text(f"awful number {n}") for n in range(9000, 9100)])
    assert sum(score.label is NEGATIVE for score in scores) >= 90


def test_nobody_looking_confirms_nothing(store):
    posts = mentions(200)
    store.commit(Work(mentions=posts))
    store.add_feedback([replace(each, uid="gone:1") for each in clicks(posts[:1])])
    shown(store, taken_by=None)
    assert relearn(store, "acme", READER, LATER).silent == 0
    store.add_feedback(clicks(posts[:10]))
    assert relearn(store, "acme", READER, LATER).silent == 30


def test_an_incident_on_trial_was_shown_to_nobody(store):
    told(store, mentions(100))
    store.commit(Work(effects=[IncidentOpened(NOON, incident(trial=True, level=Level.WARNING, acknowledged_by="bo"))]))
    assert relearn(store, "acme", READER, LATER).silent == 0


def test_labels_that_turn_the_world_upside_down_never_speak(store):
    """Complaints labelled as praise, while others of the kind were shown and stood."""
    posts = mentions(500, words=["awful"])
    store.commit(Work(mentions=posts))
    shown(store)
    store.add_feedback(clicks(posts[:140], {"awful": POSITIVE}))
    learned = relearn(store, "acme", READER, LATER)
    assert (learned.head.state, learned.speaking) == ("rolled_back", None)
    assert "right no more often" in learned.why


def test_a_head_that_loses_the_negatives_that_come_after_it_is_withdrawn_and_the_earlier_one_speaks(store):
    told(store, mentions(200))
    relearn(store, "acme", READER, LATER)
    told(store, mentions(400, start=1000, words=["lovely", "awful", "plain"]), meant=MEANT | {"awful": NEUTRAL})
    second = relearn(store, "acme", READER, LATER)
    assert second.speaking.version == 2
    told(store, mentions(60, start=3000, words=["awful"]), after=50)
    third = relearn(store, "acme", READER, LATER)
    assert 2 in third.withdrawn
    assert third.speaking.version in (1, 3)
    states = {head.version: head.state for head in store.heads("acme")}
    assert (states[1], states[2]) == ("active", "rolled_back")


def test_a_label_taken_back_takes_its_head_with_it(store):
    given = told(store, mentions(100))
    relearn(store, "acme", READER, LATER)
    store.undo_feedback(given[7].id, LATER + MINUTE)
    after = relearn(store, "acme", READER, LATER + 2 * MINUTE)
    assert (after.withdrawn, after.head.state, after.speaking) == ((1,), "shadow", None)
    assert after.head.labels == 99
    store.add_feedback([replace(given[7], id=0, undone_at=None, actor="bo", at=LATER + 3 * MINUTE)])
    assert relearn(store, "acme", READER, LATER + 4 * MINUTE).speaking.version == 3


def test_what_was_learned_outlives_the_texts_but_they_are_not_learned_again(store):
    told(store, mentions(120))
    relearn(store, "acme", READER, LATER)
    store.purge(texts_before=LATER, counts_before=NOON - MINUTE)
    after = relearn(store, "acme", READER, LATER)
    assert (after.head, after.forgotten, sum(after.labels.values())) == (None, 120, 0)
    assert after.speaking.version == 1
    assert len(store.feedback()) == 120
    told(store, mentions(30, start=500), after=9)
    assert relearn(store, "acme", READER, LATER).speaking.version == 1


def test_copies_of_a_text_are_one_label(store):
    posts = [stored(n, text="Awful  number") for n in range(150)]
    told(store, posts, meant={"Awful": NEGATIVE})
    learned = relearn(store, "acme", READER, LATER)
    assert (learned.copies, learned.labels["negative"]) == (149, 1)


def test_the_newest_word_is_learned(store):
    told(store, mentions(10))
    store.add_feedback(clicks(mentions(10), dict.fromkeys(WORDS, NEUTRAL), after=5, actor="bo"))
    assert relearn(store, "acme", READER, LATER).labels == {"negative": 0, "neutral": 10, "positive": 0}


def test_brand_words_are_hidden_from_the_lesson_too(store):
    told(store, mentions(20))
    reader = Believes()
    relearn(store, "acme", reader, LATER, lambda brands: tuple(f"{brand} coffee" for brand in brands))
    assert reader.hidden == {("acme coffee",)}


@pytest.mark.parametrize("scorer", [NullScorer(), Believes(encoder=False)])
def test_a_scorer_without_an_encoder_can_not_be_taught(store, scorer):
    told(store, mentions(120))
    with pytest.raises(CrisiswatchError, match="encoder"):
        relearn(store, "acme", scorer, LATER)
    assert store.heads() == []


def test_without_labels_nothing_is_made(store):
    learned = relearn(store, "acme", READER, LATER)
    assert (learned.head, learned.speaking, learned.silent) == (None, None, 0)
    assert "no label" in learned.why
