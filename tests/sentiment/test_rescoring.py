"""A store goes on with another scorer: what was read before is read again, so that the change is no crisis."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.cli.again import _journal, _Seen
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Level, Mention, Score, ScorerChanged
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Plan
from crisiswatch.rescoring import model_of
from crisiswatch.rules.model import Block, MentionFilter, Ruleset, Settle
from crisiswatch.store import Store
from tests.engine.streams import at_least, rule

T0 = datetime(2026, 3, 2, tzinfo=UTC)
WAVE = rule(
    "wave",
    Level.WARNING,
    window=60,
    mentions=MentionFilter("negative"),
    settle=Settle(45, 0.5),
    levels=((Level.WARNING, Block((at_least("surprise", 1.0),))),),
)


class Fixed:
    """Calls every ``every``-th text negative, with a calibrated score."""

    def __init__(self, model, every):
        self.model, self.every = model, every

    def score(self, texts):
        return [self._one(int(text.text.rsplit(maxsplit=1)[-1])) if text.text else self._one(1) for text in texts]

    def _one(self, number):
        negative = 0.9 if number % self.every == 0 else 0.05
        return Score(negative, round(1 - negative - 0.02, 4), 0.02, self.model, calibrated=True)


class Broken:
    def score(self, texts):
        raise RuntimeError("no model")


def plan(scorer):
    return Plan(
        brands=("acme",),
        matcher=Matcher([BrandTerms(id="acme", any=("acme",))]),
        scorer=scorer,
        ruleset=Ruleset((WAVE,)),
    )


def mentions(first, count, start):
    for number in range(first, first + count):
        at = start + timedelta(minutes=2 * (number - first))
        yield Mention(
            uid=f"x:{number}", source="x", created_at=at, received_at=at, author_id=f"a{number}", text=f"acme {number}", lang="it"
        )  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The file of a store with almost three days of mentions that the old scorer read."""
    file = tmp_path_factory.mktemp("filled") / "s.db"
    with Store.open(f"sqlite:///{file}") as store:
        pipeline(store, Fixed("old-1", 8)).ingest(Intake(source="x", mentions=list(mentions(0, 2000, T0))))
    return file


@pytest.fixture
def store(filled, tmp_path):
    shutil.copy(filled, tmp_path / "s.db")
    with Store.open(f"sqlite:///{tmp_path}/s.db") as opened:
        yield opened


def pipeline(store, scorer):
    return Pipeline(store, plan(scorer), clock=lambda: T0 - timedelta(days=900), arrival=Arrival.DATA)


def scorer_of(store):
    return Pipeline(store, plan(Fixed("any", 2)), clock=lambda: T0).state("acme").scorer


def told(store):
    return [entry for entry in store.stream() if getattr(entry, "kind", "") == "scorer_changed"]


def test_a_restart_with_another_scorer_reads_the_newest_mentions_again(store):
    again = pipeline(store, Fixed("new-2", 3))
    again.meet_scorer()
    (entry,) = told(store)
    event = _journal(entry, _Seen())
    assert isinstance(event, ScorerChanged)
    (row,) = event.rows
    assert (event.model, row.source, row.lang, row.texts) == ("new-2", "x", "it", 400)
    assert row.after[0] > 1.8 * row.before[0]
    assert again.state("acme").scorer == "new-2"
    again.meet_scorer()
    pipeline(store, Fixed("new-2", 3)).meet_scorer()
    assert len(told(store)) == 1


def test_twice_as_many_negatives_by_another_scorer_open_nothing(store):
    last = T0 + timedelta(minutes=4000)
    again = pipeline(store, Fixed("new-2", 4))
    again.meet_scorer()
    result = again.ingest(Intake(source="x", mentions=list(mentions(2000, 900, last))))
    assert [effect for effect in result.effects if hasattr(effect, "incident")] == []


def test_the_same_scorer_is_no_news(store):
    pipeline(store, Fixed("old-1", 8)).meet_scorer()
    assert told(store) == []


def test_a_reload_with_another_scorer_says_so_too(store):
    running = pipeline(store, Fixed("old-1", 8))
    running.reload(plan(Fixed("new-2", 3)))
    assert len(told(store)) == 1
    assert running.state("acme").scorer == "new-2"


def test_a_scorer_that_fails_changes_nothing(store):
    pipeline(store, Broken()).meet_scorer()
    assert told(store) == []
    assert model_of(Broken()) == ""


def test_mentions_whose_text_is_gone_are_not_read_again(store):
    store.purge(T0 + timedelta(days=30), T0 - timedelta(days=30))
    again = pipeline(store, Fixed("new-2", 3))
    again.meet_scorer()
    (entry,) = told(store)
    event = _journal(entry, _Seen())
    assert event.rows == ()
    assert any(kept.held > 0 for kept in again.state("acme").series.values())
    assert replace(event, rows=()) == event
