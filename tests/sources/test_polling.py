"""What a poller makes of a source's batches: what came too late to alarm, what it cost, and what was edited or deleted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.errors import QuotaExhausted, SourceError, SourceRejected, SourceUnavailable
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Batch, Mention, VolumeSample
from crisiswatch.pipeline import Intake, Pipeline, Plan
from crisiswatch.polling import Poller, first_mark
from crisiswatch.privacy import Pseudonyms
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment import NullScorer
from crisiswatch.store import Store
from crisiswatch.testing.mentions import mention

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Script:
    """A source that gives out what it is told to."""

    def __init__(self, *batches: Batch) -> None:
        self.batches = list(batches)

    def poll(self, cursor: str | None, deadline: datetime) -> Batch:
        return self.batches.pop(0) if self.batches else Batch(cursor=cursor)


class Desk:
    """The engine's desk: does each job at once."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline

    def submit(self, name: str, job, seconds: float = 0.0):
        result = job(self.pipeline)

        class Done:
            def wait(self, seconds: float):
                return result

        return Done()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store():
    with Store.open("sqlite://") as made:
        yield made


def pipeline_of(store: Store, clock: ManualClock, **fields: object) -> Pipeline:
    terms = BrandTerms(id="acme", handles=(), any=("acme",), none=())
    plan = Plan(brands=("acme",), matcher=Matcher([terms]), scorer=NullScorer(), ruleset=Ruleset(), **fields)
    return Pipeline(store, plan, clock=clock.now)


def poller_of(store: Store, clock: ManualClock, source: Script, **fields: object) -> Poller:
    pipeline = pipeline_of(store, clock)
    return Poller(
        source_id="x",
        source=source,
        worker=Desk(pipeline),
        clock=clock,
        stop=threading.Event(),
        mark=first_mark(store.cursor("x"), clock.now()),
        on_health=lambda *_: None,
        **fields,
    )


def said(number: int, minutes_ago: int, now: datetime = NOON) -> Mention:
    return mention(number, now - minutes_ago * MINUTE, text=f"acme number {number}")


def late(store: Store) -> dict[str, bool]:
    return {each.mention.uid: each.mention.backfill for each in store.stream()}


def test_what_the_first_poll_finds_of_before_is_backfill(store, clock) -> None:
    poller_of(store, clock, Script(Batch((said(1, 300), said(2, 5)), cursor="1"))).run()
    assert late(store) == {"x:1": True, "x:2": False}


def test_what_comes_between_two_usual_polls_is_not_however_long_they_are_apart(store, clock) -> None:
    source = Script(Batch((said(1, 1),), cursor="1"))
    poller = poller_of(store, clock, source, every=timedelta(hours=1))
    poller.run()
    clock.advance(minutes=60)
    source.batches.append(Batch((said(2, 55, clock.now()),), cursor="2"))
    poller.run()
    assert late(store) == {"x:1": False, "x:2": False}


def test_what_was_said_in_an_outage_is_backfill_until_the_source_is_read_to_its_end(store, clock) -> None:
    poller_of(store, clock, Script(Batch((said(1, 1),), cursor="1"))).run()
    clock.advance(hours=3)
    now = clock.now()
    gone = Script(Batch((said(2, 100, now),), cursor="2", more=True), Batch((said(3, 90, now),), cursor="3", more=True))
    gone.batches.append(Batch((said(4, 80, now), said(5, 2, now)), cursor="4"))
    poller_of(store, clock, gone).run()
    assert late(store) == {"x:1": False, "x:2": True, "x:3": True, "x:4": True, "x:5": False}


def test_a_crash_in_the_middle_of_catching_up_does_not_make_the_rest_look_like_news(store, clock) -> None:
    poller_of(store, clock, Script(Batch((said(1, 1),), cursor="1"))).run()
    clock.advance(hours=3)
    now = clock.now()
    first = poller_of(store, clock, Script(Batch((said(2, 100, now),), cursor="2", more=True)))
    first._once()
    poller_of(store, clock, Script(Batch((said(3, 90, now),), cursor="3"))).run()
    assert late(store)["x:3"]


def test_a_recording_is_never_backfill(store, clock) -> None:
    poller_of(store, clock, Script(Batch((said(1, 300),), cursor="1")), live=False).run()
    assert late(store) == {"x:1": False}


def test_cost_and_quota_are_told_of_what_was_taken(store, clock) -> None:
    told: list[tuple[str, float, float | None]] = []
    batch = Batch((said(1, 1),), cursor="1", cost=0.25, quota_left=0.5)
    poller_of(store, clock, Script(batch), on_read=lambda id_, b: told.append((id_, b.cost, b.quota_left))).run()
    assert told[0] == ("x", 0.25, 0.5)


def test_an_edit_changes_the_words_and_no_count_and_one_of_an_unknown_post_is_a_mention(store, clock) -> None:
    pipeline = pipeline_of(store, clock)
    pipeline.ingest(Intake(source="x", mentions=(said(1, 1),)))
    again = mention(1, NOON - MINUTE, text="acme, in better words", lang="en")
    result = pipeline.ingest(Intake(source="x", edited=(again, said(2, 1))))
    assert result.outcomes["accepted"] == 1
    texts = {each.mention.uid: each.mention.text for each in store.stream()}
    assert texts == {"x:1": "acme, in better words", "x:2": "acme number 2"}


def test_what_is_deleted_where_it_was_written_is_forgotten_here_and_stays_counted(store, clock) -> None:
    pipeline = pipeline_of(store, clock)
    pipeline.ingest(Intake(source="x", mentions=(mention(1, NOON, text="acme burns", author_id="x:me"), said(2, 1))))
    pipeline.ingest(Intake(source="x", deleted=("x:1", "x:never-seen")))
    first, second = store.stream()
    assert (first.mention.text, first.mention.author_id, first.purged) == ("", None, True)
    assert not second.purged
    assert sum(each.total for each in store.counts("acme", NOON - 10 * MINUTE, NOON + MINUTE)) == 2
    pipeline.ingest(Intake(source="x", edited=(mention(1, NOON, text="acme burns, still"),)))
    assert next(iter(store.stream())).purged  # what was forgotten does not come back


def test_counts_without_texts_are_one_sign_of_life_and_their_sum_is_told(store, clock) -> None:
    pipeline = pipeline_of(store, clock)
    minutes = [
        VolumeSample(source="x", brand=brand, start=NOON - n * MINUTE, seconds=60, count=7)
        for n in range(10)
        for brand in ("acme", "somebody-else")
    ]
    (told,) = pipeline.ingest(Intake(source="x", samples=minutes)).samples
    assert (told.brand, told.count, told.seconds, told.start) == ("acme", 70, 600, NOON - 9 * MINUTE)
    assert pipeline.state("acme").sources["x"].heard == 1


def test_a_source_that_fails_before_it_ever_spoke_is_told_to_every_brand(store, clock) -> None:
    pipeline = pipeline_of(store, clock)
    pipeline.source_health("x", healthy=False, reason="rejected")
    assert pipeline.state("acme").sources["x"].blind
    pipeline.source_health("x", healthy=True)
    assert not pipeline.state("acme").sources["x"].blind


def test_authors_are_stored_under_names_nobody_can_trace_back(store, clock) -> None:
    pipeline = pipeline_of(store, clock, pseudonyms=Pseudonyms(b"key"))
    mine = [mention(n, NOON, text="acme", author_id="x:me") for n in (1, 2)]
    pipeline.ingest(Intake(source="x", mentions=(*mine, mention(3, NOON, text="acme", author_id="x:you"))))
    one, again, other = (each.mention.author_id for each in store.stream())
    assert one == again != other
    assert one.startswith("hidden:")
    assert len(one) == len("hidden:") + 20
    assert Pseudonyms(b"another").hide(mine[0]).author_id != one
    assert Pseudonyms(b"key").hide(Pseudonyms(b"key").hide(mine[0])).author_id == one


class Rounds:
    """A source of two pieces a round, as X is one: the first works, the second fails, and the next poll begins anew."""

    def __init__(self, error: SourceError | None) -> None:
        self.error = error
        self.round = 0
        self.half = False

    def poll(self, cursor: str | None, deadline: datetime) -> Batch:
        self.half = not self.half
        if self.half:
            self.round += 1
            return Batch(cursor=f"{self.round} half", more=True)
        if self.error is not None:
            raise self.error
        return Batch(cursor=f"{self.round} whole")


@pytest.mark.parametrize(
    ("error", "blind_at"), [(SourceUnavailable("no"), 3), (QuotaExhausted("no more"), 1), (SourceRejected("no"), 1)]
)
def test_a_source_that_does_half_of_its_work_is_not_well_each_time_and_ill_again(store, clock, error, blind_at) -> None:
    told: list[tuple[bool, str]] = []
    source = Rounds(error)
    poller = poller_of(store, clock, source)
    poller.on_health = lambda _, healthy, reason: told.append((healthy, reason))
    for number in range(1, 7):
        poller.run()
        clock.advance(minutes=10)
        assert poller.mark.failures == number
        kept = store.cursor("x")
        assert kept.cursor == f"{number} half"
        assert kept.healthy == (number <= blind_at)  # it is stored with the next thing that is
    assert told[0] == (True, "")  # nothing had failed when the first half was read
    assert {healthy for healthy, _ in told[1:]} == {False}
    assert len(told) == 8 - blind_at
    source.error = None
    poller.run()
    assert told[-1] == (True, "")
    assert (poller.mark.failures, store.cursor("x").healthy) == (0, True)


def test_the_time_of_the_last_success_is_that_of_a_whole_round(store, clock) -> None:
    poller = poller_of(store, clock, Rounds(SourceUnavailable("no")))
    poller.run()
    assert poller.mark.last_success is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (SourceUnavailable("the server answered 429", 30.0), "rate_limited"),
        (SourceUnavailable("the connection failed: ConnectError", 30.0, asked=False), "failing"),
        (SourceUnavailable("the connection failed: ConnectError"), "failing"),
    ],
)
def test_a_source_limits_us_only_if_it_asked_for_the_wait(store, clock, error, reason) -> None:
    poller = poller_of(store, clock, Rounds(error))
    poller.run()
    assert poller.mark.reason == reason
