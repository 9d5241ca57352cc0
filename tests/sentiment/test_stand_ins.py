"""A quick scorer stands in for a large one that has no time: nobody takes that for a change of what is said."""

from __future__ import annotations

import json
import math
import random  # noqa: TID251 - seeded
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from crisiswatch.cli.again import _journal, _Seen
from crisiswatch.clock import ManualClock
from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import IncidentOpened, Level, Mention, MentionScored, Score, StandInsMet, Text
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Plan
from crisiswatch.rescoring import likened, model_of, own_scorer, stand_ins
from crisiswatch.rules.model import Block, MentionFilter, Ruleset, Settle
from crisiswatch.sentiment.alike import FEW, alike
from crisiswatch.sentiment.budget import Budgeted
from crisiswatch.sentiment.priors import corrected
from crisiswatch.store import Store
from tests.engine.streams import at_least, rule

T0 = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
WEEK = 7 * 24  # hours
WAVE = rule(
    "wave",
    Level.WARNING,
    window=60,
    mentions=MentionFilter("negative"),
    settle=Settle(45, 0.5),
    levels=((Level.WARNING, Block((at_least("surprise", 1.0), at_least("count", 8), at_least("authors", 6)))),),
)
USUAL = (0.12, 0.58, 0.3)
AWFUL = (0.6, 0.3, 0.1)


def shares_of(text: Text, lean: float, noise: float, salt: str, steep: float = 1.0) -> tuple[float, float, float]:
    """What a model that leans to negative makes of a text, which begins with its true class."""
    chance = random.Random(salt + text.text)
    logits = [chance.gauss(lean if side == 0 else 0.0, noise) for side in range(3)]
    if text.text:
        logits[int(text.text[0])] += 2.2
    odds = [math.exp(steep * (each - max(logits))) for each in logits]
    negative, neutral, positive = (each / sum(odds) for each in odds)
    return negative, neutral, positive


class Large:
    """Right nearly always, takes 20 ms a text, and gives labels only: not calibrated."""

    model = "large-1"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.broken = False

    def score(self, texts):
        if self.broken:
            raise RuntimeError("out of memory")
        self.clock.advance(seconds=0.02 * len(texts))
        return [Score(*shares_of(each, 0.0, 0.7, "large", 4.0), self.model) for each in texts]


class Quick:
    """Takes no time; calls three times as many texts negative."""

    def score(self, texts):
        return [Score(*shares_of(each, 1.3, 1.2, "quick"), "quick-1", calibrated=True) for each in texts]


class World:
    """A brand with a stream, a large model in a budget, and the store."""

    def __init__(self, store: Store, seconds: float = 5.0) -> None:
        self.clock = ManualClock(T0)
        self.large, self.quick = Large(self.clock), Quick()
        self.scorer = Budgeted(self.large, self.quick, seconds=seconds, clock=self.clock)
        self.plan = Plan(
            brands=("acme",),
            matcher=Matcher([BrandTerms(id="acme", any=("acme",))]),
            scorer=self.scorer,
            ruleset=Ruleset((WAVE,)),
        )
        self.store = store
        self.pipeline = self.opened()
        self.chance = np.random.default_rng(7)
        self.at, self.number = T0, 0

    def opened(self, plan: Plan | None = None) -> Pipeline:
        return Pipeline(self.store, plan or self.plan, clock=lambda: T0 - 1000 * HOUR, arrival=Arrival.DATA)

    def hours(self, count: int, per_hour: int, shares=USUAL, *, step: int = 1) -> list[datetime]:
        """Let the stream go on, ``step`` hours in one batch; when incidents opened."""
        found = []
        for _ in range(0, count, step):
            said = []
            for minute in np.sort(self.chance.uniform(0, 60 * step, self.chance.poisson(per_hour * step))):
                at = self.at + timedelta(minutes=float(minute))
                self.number += 1
                text = f"{self.chance.choice(3, p=shares)} acme {self.number}"
                one = Mention(
                    uid=f"x:{self.number}", source="x", created_at=at, received_at=at, author_id=f"a{self.number}", text=text
                )  # fmt: skip
                said.append(one)
            self.at += step * HOUR
            result = self.pipeline.ingest(Intake(source="x", mentions=said))
            found += [e.incident.opened_at for e in result.effects if isinstance(e, IncidentOpened)]
        return found

    def compare(self) -> None:
        """What the daemon does every hour."""
        rows = likened(self.store, self.scorer, self.plan.matcher, "acme", self.at)
        self.pipeline.meet_stand_ins({"acme": ("large-1", rows)})

    def told(self, kind: str) -> list[str]:
        return [entry.payload for entry in self.store.stream() if getattr(entry, "kind", "") == kind]


def opened(path) -> Store:
    return Store.open(f"sqlite:///{path}")


@pytest.fixture
def store():
    with Store.open("sqlite://") as opened:
        yield opened


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """A week by the large model alone, and a week by the quick one: made once."""
    folder = tmp_path_factory.mktemp("week")
    for name in ("large", "quick"):
        with opened(folder / name) as store:
            world = World(store)
            world.pipeline = world.opened(world.plan if name == "large" else replace(world.plan, scorer=world.quick))
            assert world.hours(WEEK, 30, step=8) == []
    return folder


@pytest.fixture
def goes_on(week, tmp_path):
    """A world that goes on after the week in which this one read."""

    def make(name: str) -> World:
        shutil.copy(week / name, tmp_path / name)
        stores.append(opened(tmp_path / name))
        world = World(stores[-1])
        world.at, world.number = T0 + WEEK * HOUR, 100_000
        return world

    stores: list[Store] = []
    yield make
    for store in stores:
        store.close()


@pytest.fixture
def world(goes_on):
    made = goes_on("large")
    made.compare()
    return made


def test_a_load_that_sends_half_of_the_texts_to_the_fall_back_is_no_crisis(world):
    """For nine hours there is so much of the usual talk that the large model reads 250 texts of 500 an hour."""
    found = world.hours(9, 500)
    tally = world.scorer.tally
    assert tally.reasons["budget"] > 1500
    assert tally.scored_by_main > 2000
    assert found == []
    assert world.hours(24, 30) == []


def test_a_fall_back_that_reads_everything_for_a_day_is_no_crisis(world):
    world.large.broken = True
    assert world.hours(24, 30) == []
    world.large.broken = False
    assert world.hours(24, 30) == []


def test_unheard_the_same_is_taken_for_a_crisis(goes_on):
    """What the comparison is for: if this ever fails, the others show nothing."""
    world = goes_on("large")
    world.large.broken = True
    assert world.hours(24, 30)


def test_a_crisis_that_the_fall_back_alone_reads_is_found(world):
    world.large.broken = True
    world.hours(6, 30)
    assert world.hours(3, 90, AWFUL)


def test_who_reads_now_and_then_is_no_change_of_scorer(world):
    world.hours(3, 500)
    world.pipeline.meet_scorer()
    world.large.broken = True
    world.hours(2, 30)
    world.pipeline.meet_scorer()
    world.opened().meet_scorer()
    world.pipeline.reload(world.plan)
    assert world.told("scorer_changed") == []
    assert world.pipeline.state("acme").scorer == "large-1"
    assert model_of(own_scorer(world.scorer, "acme")) == ""
    assert stand_ins(world.scorer, "acme") == (world.quick,)


def test_a_brand_that_the_fall_back_met_first_gets_its_own_scorer_in_the_end(store):
    world = World(store)
    world.large.broken = True
    world.hours(3, 30)
    assert world.pipeline.state("acme").scorer == "quick-1"
    world.pipeline.meet_scorer()
    assert world.told("scorer_changed") == []
    world.large.broken = False
    world.clock.advance(seconds=60)  # its rest is over
    world.pipeline.meet_scorer()
    assert world.pipeline.state("acme").scorer == "large-1"
    assert set(world.pipeline.state("acme").stand_ins) == {"quick-1"}


def test_a_stand_in_leaves_what_is_known_of_the_stream_alone(world):
    assert world.pipeline.state("acme").priors == {}
    world.hours(2, 500)
    assert world.pipeline.state("acme").priors == {}


def test_the_comparison_is_kept_and_can_be_worked_out_again(world):
    (payload,) = world.told("stand_ins_met")
    (entry,) = [each for each in world.store.stream() if getattr(each, "kind", "") == "stand_ins_met"]
    event = _journal(entry, _Seen())
    assert isinstance(event, StandInsMet)
    assert [row.model for row in event.rows] == ["quick-1", "quick-1"]
    assert {(row.source, row.texts) for row in event.rows} == {("", 400), ("x", 400)}
    state = world.pipeline.state("acme")
    assert (
        decode(encode(state)).stand_ins
        == state.stand_ins
        == {"quick-1": {"": event.rows[0].weights, "x|": event.rows[1].weights}}
    )
    assert json.loads(payload)["rows"][0]["weights"] == list(event.rows[0].weights)
    twin, _ = fold(State("acme"), [MentionScored(T0, Mention(uid="x:1", source="x", created_at=T0, text="acme"), Score(1, 0, 0, "large-1")), replace(event, at=T0)], world.plan.ruleset)  # fmt: skip
    assert twin.stand_ins == state.stand_ins


def test_from_the_quick_scorer_to_the_large_one_both_are_known_at_once(goes_on):
    """The quick one read until now; the large one takes its place, and the quick one stands in from the first batch."""
    world = goes_on("quick")
    assert world.pipeline.state("acme").scorer == "quick-1"
    world.pipeline.meet_scorer()
    assert world.pipeline.state("acme").scorer == "large-1"
    assert set(world.pipeline.state("acme").stand_ins) == {"quick-1"}
    assert world.hours(6, 30) == []
    world.large.broken = True
    assert world.hours(12, 30) == []


def test_a_comparison_with_a_scorer_that_no_longer_reads_is_dropped(world):
    rows = likened(world.store, world.scorer, world.plan.matcher, "acme", world.at)
    before = world.pipeline.state("acme").stand_ins
    world.pipeline.meet_stand_ins({"acme": ("large-0", rows), "nobody": ("large-1", rows)})
    world.pipeline.meet_stand_ins({"acme": ("large-1", ())})
    assert len(world.told("stand_ins_met")) == 1
    assert world.pipeline.state("acme").stand_ins == before


# -- the arithmetic ---------------------------------------------------------------------------------------------------


def both(count: int, shares=USUAL, seed: int = 3) -> tuple[list[Score], list[Score]]:
    classes = np.random.default_rng(seed).choice(3, size=count, p=shares)
    texts = [Text(f"{each} text {number} of {seed}") for number, each in enumerate(classes)]
    return Quick().score(texts), Large(ManualClock(T0)).score(texts)


def negatives(scores, weights=None) -> int:
    if weights is not None:
        scores = [Score(*corrected((s.negative, s.neutral, s.positive), weights), s.model) for s in scores]
    return sum(score.label.value == "negative" for score in scores)


def test_as_many_texts_are_negative_by_the_one_as_by_the_other():
    weights = alike(*both(400))
    quick, large = both(3000, seed=4)
    assert negatives(quick) > 2.2 * negatives(large)
    assert negatives(quick, weights) == pytest.approx(negatives(large), rel=0.15)
    assert sum(weights) == pytest.approx(1.0)


def test_a_wave_is_a_wave_by_both():
    weights = alike(*both(400))
    quick, large = both(1000, AWFUL, seed=5)
    assert negatives(quick, weights) > 0.75 * negatives(large)


def test_between_calibrated_scorers_the_expected_numbers_are_made_the_same():
    quick, large = both(400)
    sure = [replace(each, calibrated=True) for each in large]
    weights = alike(quick, sure)
    moved = [corrected((s.negative, s.neutral, s.positive), weights)[0] for s in quick]
    assert sum(moved) == pytest.approx(sum(s.negative for s in sure), rel=0.06)


def test_a_scorer_is_like_itself():
    quick, _ = both(200)
    assert alike(quick, quick) == pytest.approx((1 / 3, 1 / 3, 1 / 3), abs=0.01)
    plain = [replace(each, calibrated=False) for each in quick]
    assert negatives(plain, alike(plain, plain)) == negatives(plain)


def test_of_a_few_texts_nothing_is_said_and_what_was_not_seen_stays_possible():
    quick, large = both(FEW - 1)
    assert alike(quick, large) is None
    calm = [Score(0.0, 1.0, 0.0, "large-1")] * 60
    weights = alike(both(60)[0], calm)
    assert min(weights) > 0.02
    assert negatives(both(500, AWFUL, seed=9)[0], weights) > 50


@pytest.mark.parametrize("score", [Score(0.0, 1.0, 0.0, "q"), Score(1.0, 0.0, 0.0, "q")])
def test_a_stand_in_that_always_says_the_same_does_no_harm(score):
    weights = alike([score] * 100, both(100)[1])
    assert all(0.0 < each < 1.0 for each in weights)
