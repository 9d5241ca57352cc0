"""X with a small budget, from its wire to an incident: the counts say how many, the posts that were read what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from crisiswatch.cli.again import work_out_again
from crisiswatch.cli.replay import _stored
from crisiswatch.clock import ManualClock
from crisiswatch.config import Loaded
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Effect, IncidentOpened, Level, VolumeSampled
from crisiswatch.pipeline import Intake, Pipeline, Plan
from crisiswatch.replay import Replay
from crisiswatch.rules.model import MentionFilter, Ruleset
from crisiswatch.sentiment import NullScorer
from crisiswatch.sources.x.source import XSource
from crisiswatch.store import SourceMark, Store
from crisiswatch.testing.fake_x import FakeX
from tests.engine.streams import at_least, rule
from tests.sources.x_support import fake, manual, source_of

MINUTE = timedelta(minutes=1)
REFUNDS = rule("refunds", Level.WARNING, at_least("count", 150), window=60, mentions=MentionFilter(words=("refund",)))
RULES = Ruleset((REFUNDS,))
PLAN = Plan(
    brands=("acme",),
    matcher=Matcher([BrandTerms(id="acme", handles=("acme",), any=("acme coffee",), none=())]),
    scorer=NullScorer(),
    ruleset=RULES,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


class Day:
    """A daemon's work on X, five minutes at a time."""

    def __init__(self, x: FakeX, clock: ManualClock, store: Store, **options: object) -> None:
        self.x, self.clock, self.said = x, clock, 0
        self.source: XSource = source_of(x, clock, budget=60, **options)
        self.pipeline = Pipeline(store, PLAN, clock=clock.now)
        self.cursor: str | None = None
        self.effects: list[Effect] = []

    def live(self, time: timedelta, each: int, refunds: int) -> None:
        """Live on with so many posts in five minutes; of ten, so many want their money back."""
        for _ in range(time // (5 * MINUTE)):
            now = self.clock.now()
            for at in range(each):
                text = "a refund from acme coffee, please" if self.said * refunds % 10 < refunds else "acme coffee"
                self.x.put(f"{text} {self.said}", at=now + at * 5 * MINUTE / each)
                self.said += 1
            self.clock.advance(minutes=5)
            self.poll()

    def poll(self) -> None:
        more = True
        while more:
            batch = self.source.poll(self.cursor, self.clock.now() + timedelta(seconds=20))
            self.cursor, more = batch.cursor, batch.more
            mark = SourceMark(cursor=batch.cursor, updated_at=self.clock.now())
            intake = Intake(source="x", mentions=batch.mentions, samples=batch.samples, mark=mark)
            self.effects += self.pipeline.ingest(intake).effects
        self.clock.advance(seconds=1)
        self.effects += self.pipeline.tick(self.clock.now()).effects

    @property
    def opened(self) -> list[IncidentOpened]:
        return [effect for effect in self.effects if isinstance(effect, IncidentOpened)]


def test_a_small_part_of_the_posts_and_all_of_their_number_open_the_incident_that_is_there(store: Store) -> None:
    clock = manual()
    with fake(clock) as x:
        day = Day(x, clock, store)
        day.live(timedelta(hours=3), 60, 1)
        assert day.opened == []
        begins = clock.now()
        day.live(timedelta(hours=2), 60, 7)
    read = sum(not isinstance(each, VolumeSampled) for each in _stored(store))
    assert read < 0.1 * day.said
    (one,) = day.opened
    assert one.at - begins < timedelta(hours=1)
    last = day.pipeline.state("acme")
    assert last is not None
    (kept,) = last.series.values()
    window = kept.series.final[60]
    assert window.total == pytest.approx(720_000, rel=0.03)
    assert 0.35 < window.count / window.total < 0.75  # thirty posts an hour tell of a change within hours

    again = work_out_again(store, cast("Loaded", SimpleNamespace(ruleset=RULES)), one.incident)
    assert again.same, again.why_not
    with Store.open("sqlite://") as other:
        report = Replay(other, PLAN).run(_stored(store), monotonic=lambda: 0.0)
    assert list(report.incidents) == [one.incident.id]


def test_where_everything_is_read_each_post_counts_and_the_counts_do_not(store: Store) -> None:
    clock = manual()
    with fake(clock) as x:
        day = Day(x, clock, store, read="everything")
        day.live(timedelta(minutes=40), 10, 5)
    state = day.pipeline.state("acme")
    assert state is not None
    assert state.volumes == {}
    (kept,) = state.series.values()
    assert sum(bucket.total for bucket in kept.series.buckets.values()) == 80_000
