"""Themes that people gave posts are learned by the daemon beside its engine, and unlearned when taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from structlog.testing import capture_logs

from crisiswatch.clock import ManualClock
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.metrics import Metrics
from crisiswatch.model import Score, Text
from crisiswatch.pipeline import Intake, Pipeline, Plan
from crisiswatch.rules.model import Ruleset
from crisiswatch.scoring import Scoring
from crisiswatch.sentiment.described import Described
from crisiswatch.store import Store, ThemeClick, Work
from crisiswatch.theming import taught_reader
from crisiswatch.wiring import reader_for
from crisiswatch.worker import Worker
from tests.store.samples import NOON, stored

WORDS = ("parcel", "rude", "limbo", "kiosk", "song", "sun")
THEMES = {
    "delivery": Described("delivery", {"en": "parcel"}),
    "staff": Described("staff", {"en": "rude"}),
    "price": Described("price", {"en": "sun song"}),
}
LATER = NOON + timedelta(minutes=30)


class Embeds:
    """A scorer with an encoder that counts words."""

    model_id = "embeds-1"

    def __init__(self, encoder: bool = True) -> None:
        self.encoder = encoder

    def score(self, texts):
        return [Score(0.1, 0.8, 0.1, self.model_id) for _ in texts]

    def embed(self, texts):
        rows = [[*(text.text.split().count(word) for word in WORDS), 0.5] for text in texts]
        made = np.array(rows, dtype=np.float32).reshape(len(texts), len(WORDS) + 1)
        return made / np.linalg.norm(made, axis=1, keepdims=True) if self.encoder else None


def plan_of(scorer=None) -> Plan:
    scorer = scorer or Embeds()
    return Plan(
        brands=("acme",),
        matcher=Matcher([BrandTerms(id="acme", any=("acme",))]),
        scorer=scorer,
        ruleset=Ruleset(()),
        reader=reader_for(THEMES, scorer),
    )


def click(uid: str, theme: str = "staff", after: int = 0) -> ThemeClick:
    return ThemeClick(brand="acme", uid=uid, theme=theme, actor="anna", via="page", at=NOON + timedelta(minutes=after))


def themes_of(reader, *texts: str) -> list[tuple[str, ...]]:
    return [each.themes for each in reader.read([Text(text, "en") for text in texts], list(texts))]


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        said = [stored(n, text=f"limbo kiosk {n}", at=NOON + timedelta(seconds=n)) for n in range(8)]
        said += [stored(n, text=f"lovely song {n}", at=NOON + timedelta(seconds=n)) for n in range(8, 30)]
        opened.commit(Work(mentions=said))
        yield opened


def test_what_people_sorted_is_found_and_the_rest_stays_as_it_was(store):
    plan = plan_of()
    assert themes_of(plan.reader, "limbo kiosk", "parcel", "lovely song") == [(), ("delivery",), ("price",)]
    store.add_feedback([click(f"x:{n}") for n in range(8)])
    taught = taught_reader(store, plan, LATER)
    assert themes_of(taught, "limbo kiosk", "parcel", "lovely song") == [("staff",), ("delivery",), ("price",)]
    assert themes_of(plan.reader, "limbo kiosk") == [()]


def test_the_same_clicks_are_learned_once_and_forgotten_when_taken_back(store):
    plan = plan_of()
    assert taught_reader(store, plan, LATER) is plan.reader
    store.add_feedback([click(f"x:{n}") for n in range(8)])
    plan = replace(plan, reader=taught_reader(store, plan, LATER))
    assert taught_reader(store, plan, LATER) is plan.reader
    for each in store.theme_feedback():
        store.undo_feedback(each.id, LATER)
    again = taught_reader(store, plan, LATER)
    assert again is not plan.reader
    assert themes_of(again, "limbo kiosk") == [()]
    assert again.lesson == plan_of().reader.lesson


def test_texts_that_are_gone_themes_that_are_gone_and_copies_teach_nothing_more(store):
    plan = plan_of()
    store.commit(Work(mentions=[stored(n, text="Limbo  kiosk 1", at=NOON) for n in (50, 51)]))
    store.add_feedback([click("x:1"), click("x:50", after=1), click("x:51", after=2), click("x:900")])
    store.add_feedback([click("x:2", "weather")])
    taught = taught_reader(store, plan, LATER)
    assert [each.key for each in taught.themes.taught] == ["x:51"]
    store.purge(texts_before=LATER + timedelta(days=1), counts_before=NOON - timedelta(days=1))
    assert taught_reader(store, replace(plan, reader=taught), LATER).themes.taught == ()


def test_without_an_encoder_or_themes_there_is_nothing_to_teach(store):
    store.add_feedback([click("x:1")])
    assert taught_reader(store, plan_of(Embeds(encoder=False)), LATER).themes.taught == ()
    bare = replace(plan_of(), reader=reader_for({}, Embeds()))
    assert taught_reader(store, bare, LATER) is bare.reader


def test_the_daemon_learns_on_its_start_and_by_the_hour(store):
    clock, metrics = ManualClock(LATER), Metrics()
    metrics.prepare(["acme"], [], [], [])
    scoring = Scoring(clock, metrics)
    pipeline = Pipeline(store, scoring.taught(store, plan_of()), clock=clock.now)
    worker = Worker(pipeline, clock, every=timedelta(seconds=10), observe=lambda name, result: None, ticking=False)
    worker.start()

    def read(number: int) -> tuple[str, ...]:
        mention = replace(stored(number, text="acme limbo kiosk", at=LATER).mention, brand="acme", rating=None)
        worker.submit("ingest", lambda p: p.ingest(Intake(source="x", mentions=[mention]))).wait(30)
        return store.mentions_by_uid([mention.uid])[mention.uid].signals.themes

    try:
        assert read(100) == ()
        store.add_feedback([click(f"x:{n}") for n in range(8)])
        with capture_logs() as logs:
            scoring.study(store, worker)
            scoring.study(store, worker)
        assert [each["texts"] for each in logs if each["event"] == "themes_taught"] == [{"staff": 8}]
        assert read(101) == ("staff",)
    finally:
        worker.stop(5.0)
    started = scoring.taught(store, plan_of())
    assert themes_of(started.reader, "limbo kiosk") == [("staff",)]
