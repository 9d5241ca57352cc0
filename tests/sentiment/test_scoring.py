"""What reads in a running daemon: learned beside the engine, heard by it for that brand alone, and watched."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crisiswatch.clock import ManualClock
from crisiswatch.config.settings import HeavySettings, Settings, StoreSettings
from crisiswatch.feedback import is_due, relearn
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.metrics import Metrics
from crisiswatch.model import Text
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Plan
from crisiswatch.rules.model import Ruleset
from crisiswatch.scoring import Scoring
from crisiswatch.sentiment.budget import Budgeted
from crisiswatch.sentiment.heavy import ModelFolderError
from crisiswatch.sentiment.lite import LiteScorer
from crisiswatch.store import Store
from crisiswatch.wiring import base_scorer
from crisiswatch.worker import Worker
from tests.sentiment.heavy_model import make_folder
from tests.sentiment.test_learning import LATER, READER, Believes, clicks, mentions
from tests.sentiment.test_stand_ins import WAVE
from tests.store.samples import NOON

DAY = timedelta(days=1)


def plan_of(scorer, *brands: str) -> Plan:
    return Plan(
        brands=brands,
        matcher=Matcher([BrandTerms(id=each, any=(each,)) for each in brands]),
        scorer=scorer,
        ruleset=Ruleset((WAVE,)),
    )


class Daemon:
    """A pipeline on the engine's thread, and what learns beside it."""

    def __init__(self, store: Store, scorer=READER) -> None:
        self.store = store
        self.clock = ManualClock(LATER)
        self.metrics = Metrics()
        self.metrics.prepare(["acme", "other"], [], [], [])
        self.scoring = Scoring(self.clock, self.metrics)
        plan = self.scoring.taught(store, plan_of(scorer, "acme", "other"))
        self.pipeline = Pipeline(store, plan, clock=self.clock.now)
        self.worker = Worker(
            self.pipeline, self.clock, every=timedelta(seconds=10), observe=lambda name, result: None, ticking=False
        )
        self.worker.start()

    def read(self, count: int) -> None:
        """Have the pipeline read posts of both brands, and somebody label those of acme."""
        self.pipeline = self.worker.pipeline
        for brand in ("acme", "other"):
            said = [
                replace(each.mention, uid=f"{brand}:{each.mention.uid}", brand=brand, rating=None)
                for each in mentions(count)
            ]
            assert self.worker.submit("ingest", lambda p, said=said: p.ingest(Intake(source="x", mentions=said))).wait(
                30
            )

    def label(self, count: int, start: int = 0) -> None:
        self.store.add_feedback([replace(each, uid=f"acme:{each.uid}") for each in clicks(mentions(count, start))])

    def study(self) -> list[dict]:
        with capture_logs() as logs:
            self.scoring.study(self.store, self.worker)
        return logs

    def scorer(self, brand: str) -> str:
        return self.worker.pipeline.state(brand).scorer

    def told(self) -> list[tuple[str, str]]:
        return [
            (e.kind, e.brand) for e in self.store.stream() if getattr(e, "kind", "").startswith(("scorer", "stand"))
        ]

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"crisiswatch_{name}", labels)


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture
def daemon(store):
    made = Daemon(store)
    yield made
    made.worker.stop(5.0)


def test_what_was_learned_is_a_change_of_scorer_for_that_brand_alone(daemon):
    daemon.read(200)
    daemon.label(150)
    daemon.study()
    assert (daemon.scorer("acme"), daemon.scorer("other")) == ("reader-1+acme.1", "reader-1")
    assert ("scorer_changed", "acme") in daemon.told()
    assert "other" not in {brand for _, brand in daemon.told()}
    assert set(daemon.worker.pipeline.state("acme").stand_ins) == {"reader-1"}
    assert daemon.value("feedback_labels", brand="acme") == 150
    assert daemon.value("feedback_head_state", brand="acme", state="active") == 1
    assert daemon.value("feedback_head_state", brand="other", state="none") == 1


def test_without_news_nothing_is_told(daemon):
    daemon.read(200)
    daemon.label(150)
    daemon.study()
    before = [each for each in daemon.told() if each[0] == "scorer_changed"]
    daemon.clock.advance(days=2)
    daemon.study()
    assert [each for each in daemon.told() if each[0] == "scorer_changed"] == before
    assert [head.version for head in daemon.store.heads("acme")] == [1]


def test_labels_are_learned_once_a_day(daemon):
    daemon.read(400)
    daemon.label(150)
    daemon.study()
    daemon.label(50, start=150)
    daemon.clock.advance(hours=1)
    daemon.study()
    assert [head.version for head in daemon.store.heads("acme")] == [1]
    daemon.clock.advance(days=1)
    daemon.study()
    assert [head.version for head in daemon.store.heads("acme")] == [2, 1]
    assert daemon.scorer("acme") == "reader-1+acme.2"


def test_what_another_process_changed_in_the_store_is_noticed(daemon):
    daemon.read(200)
    daemon.label(150)
    relearn(daemon.store, "acme", READER, daemon.clock.now())
    daemon.study()
    assert daemon.scorer("acme") == "reader-1+acme.1"
    (head,) = daemon.store.heads("acme")
    daemon.store.save_heads([replace(head, state="rolled_back")])
    daemon.study()
    assert daemon.scorer("acme") == "reader-1"
    assert daemon.value("feedback_head_state", brand="acme", state="rolled_back") == 1


def test_a_head_that_does_not_fit_is_told_once_and_seen(store):
    first = Daemon(store)
    first.read(150)
    first.label(150)
    first.study()
    first.worker.stop(5.0)
    with capture_logs() as logs:
        again = Daemon(store, Believes("reader-2", encoder=False))
        again.study()
        again.study()
    again.worker.stop(5.0)
    rests = [each for each in logs if each["event"] == "head_rests"]
    assert [each["brand"] for each in rests] == ["acme"]
    assert again.value("feedback_head_state", brand="acme", state="resting") == 1


def test_a_plan_that_came_meanwhile_is_left_in_force(daemon):
    """A reload puts another plan in force while labels are learned: what was learned for the one before is not put."""
    daemon.read(200)
    daemon.label(150)
    newer = daemon.scoring.taught(daemon.store, plan_of(Believes("reader-9"), "acme", "other"))
    old = daemon.worker.pipeline.plan
    daemon.worker.submit("reload", lambda p: p.reload(newer)).wait(30)
    relearn(daemon.store, "acme", READER, LATER)
    daemon.scoring._put(daemon.worker, old, daemon.scoring.taught(daemon.store, old))
    assert daemon.worker.pipeline.plan is newer


def test_a_new_head_is_no_spike(store):
    """Of the brand's talk a fifth is `sick`, praise here; the shipped scorer calls it negative until it is taught."""
    pipeline = Pipeline(store, plan_of(READER, "acme"), clock=lambda: NOON, arrival=Arrival.DATA)
    scoring = Scoring(ManualClock(LATER), Metrics())

    def said(first: int, count: int) -> list:
        rows = []
        for number in range(first, first + count):
            at = NOON + timedelta(minutes=4 * number)
            word = ("plain", "lovely", "delayed", "plain", "delayed")[number % 5]
            rows.append(replace(mentions(1)[0].mention, uid=f"s:{number}", text=f"{word} acme {number}", created_at=at, received_at=at, brand="acme", author_id=f"a{number}", rating=None))  # fmt: skip
        return rows

    def opened(result) -> list:
        return [effect for effect in result.effects if hasattr(effect, "incident")]

    week = said(0, 1260)
    assert opened(pipeline.ingest(Intake(source="x", mentions=week))) == []
    store.add_feedback(
        [replace(each, uid=one.uid) for one, each in zip(week[:200], clicks([replace(mentions(1)[0], mention=one) for one in week[:200]]), strict=True)]
    )  # fmt: skip
    assert relearn(store, "acme", READER, LATER).head.state == "active"
    pipeline.teach(scoring.taught(store, pipeline.plan).scorer)
    assert pipeline.state("acme").scorer == "reader-1+acme.1"
    after = pipeline.ingest(Intake(source="x", mentions=said(1260, 540)))
    assert opened(after) == []
    scores = [each.score.label.value for each in store.mentions_by_uid(one.uid for one in said(1260, 540)).values()]
    assert scores.count("negative") > 150  # none of them before


def test_two_that_learn_at_the_same_time_make_no_version_twice(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        daemon = Daemon(store)
        daemon.read(200)
        daemon.label(150)
        daemon.worker.stop(5.0)
        meet = threading.Barrier(2)
        heads = store.heads

        def both_look(brand=None):
            found = heads(brand)
            if not found:
                meet.wait(10)
            return found

        store.heads = both_look
        made = []
        threads = [
            threading.Thread(target=lambda: made.append(relearn(store, "acme", READER, LATER))) for _ in range(2)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join(30)
        assert [head.version for head in heads("acme")] == [1]
        assert sorted(each.head is None for each in made) == [False, True]
        assert {each.speaking.version for each in made} == {1}
        assert store.add_head(heads("acme")[0]) is False


def test_what_is_due_is_what_the_newest_head_does_not_know(daemon):
    store = daemon.store
    assert not is_due(store, "acme", READER)
    daemon.read(200)
    daemon.label(150)
    assert is_due(store, "acme", READER)
    relearn(store, "acme", READER, LATER)
    assert not is_due(store, "acme", READER)
    assert is_due(store, "acme", Believes("reader-2"))
    store.undo_feedback(store.feedback("acme")[3].id, LATER + DAY)
    assert is_due(store, "acme", READER)


# -- the model of a folder --------------------------------------------------------------------------------------------


def settings_of(folder: Path | None, **more: object) -> Settings:
    heavy = None if folder is None else HeavySettings(folder=folder, fallback="vader", **more)
    return Settings(
        path=Path("crisiswatch.yaml"),
        brands=(),
        sources=(),
        receivers=(),
        routes=(),
        rules=Path("rules"),
        alerts=Path("alerts"),
        store=StoreSettings(url="sqlite://"),
        scorer="none",
        heavy=heavy,
    )


def test_a_folder_takes_the_place_of_the_scorer(tmp_path):
    folder = make_folder(tmp_path / "tiny")
    made = Scoring(ManualClock(NOON), Metrics()).base(settings_of(folder))
    assert isinstance(made, Budgeted)
    assert made.score([Text("awful")])[0].model.startswith("tiny-")
    assert made.fallback.score([Text("awful")])[0].model.startswith("vader")
    assert base_scorer(settings_of(None)).score([Text("awful")])[0].neutral == 1.0


def test_a_replay_has_all_the_time_in_the_world(tmp_path):
    folder = make_folder(tmp_path / "tiny")
    assert base_scorer(settings_of(folder))._seconds == math.inf
    assert base_scorer(settings_of(folder, budget=timedelta(seconds=2)), ManualClock(NOON))._seconds == 2.0


def test_a_reload_opens_the_model_again_only_if_it_changed(tmp_path):
    folder = make_folder(tmp_path / "tiny")
    scoring = Scoring(ManualClock(NOON), Metrics())
    first = scoring.base(settings_of(folder))
    assert scoring.base(settings_of(folder)) is first
    os.utime(folder / "model.onnx", (1, 1))
    second = scoring.base(settings_of(folder))
    assert second is not first
    assert scoring.base(settings_of(folder, batch=8)) is not second
    (folder / "model.onnx").unlink()
    with pytest.raises(ModelFolderError):
        scoring.base(settings_of(folder))


class Tired:
    def score(self, texts: Sequence[Text]):
        raise MemoryError


def test_who_scored_is_counted_across_reloads(store):
    clock, metrics = ManualClock(NOON), Metrics()
    scoring = Scoring(clock, metrics)
    scorer = Budgeted(Tired(), READER, seconds=5.0, clock=clock)
    pipeline = Pipeline(store, plan_of(scorer, "acme"), clock=clock.now)

    def count(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"crisiswatch_{name}", labels)

    for _ in range(2):
        with capture_logs() as logs:
            scorer.score([Text("awful")] * 5)
            scoring.watch(pipeline)
            scoring.watch(pipeline)
    assert count("scored_texts_total", scorer="fallback") == 10
    assert count("scorer_fallbacks_total", reason="failed") == 3
    assert count("scorer_fallbacks_total", reason="resting") == 7
    assert count("scorer_resting") == 1
    assert logs == []  # told the first time
    plain = Pipeline(store, plan_of(READER, "acme"), clock=clock.now)
    plain.ingest(
        Intake(source="x", mentions=[replace(each.mention, brand="acme", rating=None) for each in mentions(3)])
    )
    scoring.watch(plain)
    assert count("scored_texts_total", scorer="main") == 3
    assert count("scorer_resting") == 0


def test_a_scorer_without_its_encoder_is_seen(store):
    metrics = Metrics()
    scoring = Scoring(ManualClock(NOON), metrics)
    with capture_logs() as logs:
        pipeline = Pipeline(store, plan_of(LiteScorer(small=True), "acme"), clock=lambda: NOON)
        pipeline.ingest(Intake(source="x", mentions=[replace(mentions(1)[0].mention, brand="acme", rating=None)]))
        scoring.watch(pipeline)
        scoring.watch(pipeline)
    assert metrics.registry.get_sample_value("crisiswatch_scorer_reduced") == 1
    assert [(each["event"], each["why"]) for each in logs] == [("scorer_reduced", "the small model was asked for")]
