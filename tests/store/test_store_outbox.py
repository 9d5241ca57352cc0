from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crisiswatch.model import IncidentResolved, Phase, Receipt, Stage
from crisiswatch.store import OutboxRow, OutboxStats, Store, Work
from tests.store.samples import NOON, incident, owed

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
SOON = NOON + timedelta(minutes=10)


def _sent(store: Store, row: OutboxRow | None, **memory: str) -> str:
    assert row is not None
    assert store.settle_sent(row, Receipt(memory=memory), SOON)
    return row.id.split("/", 1)[1]


def test_messages_of_an_incident_go_out_in_order_and_one_at_a_time(store: Store) -> None:
    store.commit(Work(outbox=[owed(1), owed(2, Stage.ESCALATED), owed(3, Stage.RESOLVED)]))
    first = store.lease("desk", SOON, MINUTE)
    assert first is not None
    assert (first.version, first.attempts, first.previous, first.uncertain) == (1, 1, False, False)
    assert store.lease("desk", SOON, MINUTE) is None
    _sent(store, first, channel="C1", ts="17.1")
    second = store.lease("desk", SOON, MINUTE)
    assert second is not None
    assert (second.version, second.previous, second.memory) == (2, True, {"channel": "C1", "ts": "17.1"})
    _sent(store, second, ts="17.2")
    third = store.lease("desk", SOON, MINUTE)
    assert third is not None
    assert third.memory == {"channel": "C1", "ts": "17.2"}
    _sent(store, third)
    assert store.lease("desk", SOON, MINUTE) is None


def test_the_first_message_of_an_incident_jumps_the_queue(store: Store) -> None:
    store.commit(Work(outbox=[owed(1, of="acme/a/1")]))
    _sent(store, store.lease("desk", SOON, MINUTE))
    store.commit(Work(outbox=[owed(2, Stage.RESOLVED, of="acme/a/1"), owed(9, of="acme/b/1")]))
    assert _sent(store, store.lease("desk", SOON, MINUTE)) == "b/1/9/desk"
    assert _sent(store, store.lease("desk", SOON, MINUTE)) == "a/1/2/desk"


def test_a_newer_message_supersedes_unsent_edits_but_never_an_opening(store: Store) -> None:
    store.commit(Work(outbox=[owed(1), owed(2, Stage.UPDATED), owed(3, Stage.CALMING)]))
    store.commit(Work(outbox=[owed(4, Stage.UPDATED), owed(4, Stage.UPDATED, receiver="mail")]))
    store.commit(Work(outbox=[owed(5, Stage.ESCALATED), owed(6, Stage.UPDATED), owed(7, Stage.RESOLVED)]))
    states = {one.id.split("/wave/1/")[1]: one.status for one in store.outbox_rows()}
    assert states == {
        "1/desk": "pending",
        "2/desk": "superseded",
        "3/desk": "superseded",  # by 5: an edit alone would not have
        "4/desk": "superseded",
        "4/mail": "pending",
        "5/desk": "pending",
        "6/desk": "superseded",
        "7/desk": "pending",
    }
    order = [_sent(store, store.lease("desk", SOON, MINUTE)) for _ in range(3)]
    assert order == ["wave/1/1/desk", "wave/1/5/desk", "wave/1/7/desk"]


@pytest.mark.parametrize("later", list(Stage))
@pytest.mark.parametrize("leased", [False, True])
def test_that_it_is_calm_is_told_unless_something_later_says_how_it_stands(
    store: Store, later: Stage, leased: bool
) -> None:
    """Somebody may have to confirm that it is over, and an edit asks nobody."""
    store.commit(Work(outbox=[owed(1, Stage.CALMING)]))
    row = store.lease("desk", SOON, MINUTE) if leased else None
    store.commit(Work(outbox=[owed(2, later), owed(3, Stage.UPDATED)]))
    if row is not None:
        assert store.settle_retry(row, "busy", SOON, uncertain=False)
    told = later not in {Stage.ESCALATED, Stage.CALMING, Stage.RESOLVED}
    assert _sent(store, store.lease("desk", SOON, MINUTE)) == f"wave/1/{1 if told else 2}/desk"


def test_an_edit_that_failed_while_a_newer_one_came_is_dropped(store: Store) -> None:
    store.commit(Work(outbox=[owed(1, Stage.UPDATED)]))
    row = store.lease("desk", SOON, MINUTE)
    assert row is not None
    store.commit(Work(outbox=[owed(2, Stage.UPDATED)]))
    assert store.settle_retry(row, "busy", SOON, uncertain=False)
    assert _sent(store, store.lease("desk", SOON, MINUTE)) == "wave/1/2/desk"
    assert store.lease("desk", SOON, MINUTE) is None
    assert {one.version: one.status for one in store.outbox_rows()} == {1: "superseded", 2: "sent"}


def test_a_lease_that_ran_out_is_given_again_as_uncertain_and_the_late_settlement_is_refused(store: Store) -> None:
    store.commit(Work(outbox=[owed(1)]))
    slow = store.lease("desk", SOON, MINUTE)
    assert slow is not None
    assert store.lease("desk", SOON + MINUTE - SECOND, MINUTE) is None
    second = store.lease("desk", SOON + MINUTE, MINUTE)
    assert second is not None
    assert (second.uncertain, second.attempts) == (True, 2)
    assert not store.settle_sent(slow, Receipt(), SOON)
    assert not store.settle_retry(slow, "x", SOON, uncertain=False)
    assert not store.settle_dead(slow, "x", SOON)
    assert store.settle_retry(second, "busy", SOON + 2 * MINUTE, uncertain=False)
    third = store.lease("desk", SOON + 2 * MINUTE, MINUTE)
    assert third is not None
    assert third.uncertain
    assert third.last_error == "busy"


def test_a_restart_takes_back_what_the_dead_process_was_sending(store: Store) -> None:
    store.commit(Work(outbox=[owed(1), owed(1, receiver="mail")]))
    assert store.lease("desk", SOON, MINUTE)
    assert store.recover_outbox() == 1
    row = store.lease("desk", SOON, MINUTE)
    other = store.lease("mail", SOON, MINUTE)
    assert row is not None
    assert other is not None
    assert (row.uncertain, other.uncertain) == (True, False)


def test_a_retry_waits_and_holds_back_later_messages_of_its_incident_alone(store: Store) -> None:
    store.commit(Work(outbox=[owed(1), owed(2, Stage.RESOLVED), owed(1, of="acme/b/1", priority=9)]))
    row = store.lease("desk", SOON, MINUTE)
    assert row is not None
    assert store.settle_retry(row, "busy", SOON + MINUTE, uncertain=True)
    assert _sent(store, store.lease("desk", SOON, MINUTE)) == "b/1/1/desk"
    assert store.lease("desk", SOON + MINUTE - SECOND, MINUTE) is None
    again = store.lease("desk", SOON + MINUTE, MINUTE)
    assert again is not None
    assert (again.version, again.uncertain) == (1, True)


def test_a_dead_message_stays_visible_and_lets_the_next_one_go(store: Store) -> None:
    store.commit(Work(outbox=[owed(1), owed(2, Stage.RESOLVED)]))
    row = store.lease("desk", SOON, MINUTE)
    assert row is not None
    assert store.settle_dead(row, "no such channel", SOON)
    assert [one.last_error for one in store.outbox_rows(status="dead")] == ["no such channel"]
    assert store.outbox_stats(NOON + MINUTE) == {"desk": OutboxStats(pending=1, oldest_age=58.0, dead=1)}
    later = store.lease("desk", SOON, MINUTE)
    assert later is not None
    assert (later.version, later.previous) == (2, False)


def test_the_store_knows_who_was_ever_told(store: Store) -> None:
    store.commit(Work(outbox=[owed(1), owed(2, Stage.ESCALATED, receiver="mail"), owed(1, of="acme/b/1")]))
    assert store.queued_receivers(["acme/wave/1", "acme/new/1"]) == {
        "acme/wave/1": frozenset({"desk", "mail"}),
        "acme/new/1": frozenset(),
    }


def test_settled_messages_of_old_incidents_are_purged_and_owed_ones_never(store: Store) -> None:
    over = {"phase": Phase.RESOLVED, "resolved_at": NOON}
    for name in ("acme/done/1", "acme/owed/1"):
        store.commit(Work(effects=[IncidentResolved(NOON, incident(2, id=name, **over))], outbox=[owed(1, of=name)]))
    _sent(store, store.lease("desk", SOON, MINUTE))
    store.purge(NOON, SOON + MINUTE)
    assert [one.incident for one in store.outbox_rows()] == ["acme/owed/1"]


def test_four_threads_never_lease_one_message_twice_nor_out_of_order(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/crisiswatch.db") as store:
        incidents = [f"acme/r{n}/1" for n in range(8)]
        store.commit(Work(outbox=[owed(v, Stage.ESCALATED, of=one) for v in range(1, 6) for one in incidents]))
        seen: dict[str, list[int]] = defaultdict(list)
        guard, under_way = threading.Lock(), set[str]()
        faults: list[str] = []

        def work() -> None:
            misses = 0
            while misses < 50 and sum(map(len, seen.values())) < 40:
                row = store.lease("desk", SOON, MINUTE)
                if row is None:
                    misses += 1
                    continue
                with guard:
                    if row.incident in under_way:
                        faults.append(row.id)
                    under_way.add(row.incident)
                    seen[row.incident].append(row.version)
                with guard:
                    under_way.discard(row.incident)
                store.settle_sent(row, Receipt(), SOON)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert dict(seen) == {one: [1, 2, 3, 4, 5] for one in incidents}


class Outbox(RuleBasedStateMachine):
    """One receiver's queue against what it promises, with a clock that only this machine moves."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store.open("sqlite://")
        self.now = SOON
        self.versions: dict[str, int] = defaultdict(int)
        self.stages: dict[str, Stage] = {}
        self.held: dict[str, OutboxRow] = {}
        self.settled: dict[str, str] = {}
        self.order: dict[str, list[int]] = defaultdict(list)
        self.unknown: set[str] = set()

    @initialize()
    def something_is_owed(self) -> None:
        self.queue("acme/a/1", Stage.OPENED)

    @rule(of=st.sampled_from(["acme/a/1", "acme/b/1"]), stage=st.sampled_from(Stage))
    def queue(self, of: str, stage: Stage) -> None:
        self.versions[of] += 1
        row = owed(self.versions[of], stage, of=of)
        self.stages[row.id] = stage
        self.store.commit(Work(outbox=[row]))

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * SECOND

    @rule()
    def lease(self) -> None:
        row = self.store.lease("desk", self.now, MINUTE)
        if row is None:
            return
        assert row.id not in self.settled
        expired = row.id in self.held
        if expired:
            until = self.held[row.id].leased_until
            assert until is not None
            assert until <= self.now
            self.unknown.add(row.id)
        assert row.uncertain == (row.id in self.unknown)
        earlier = [f"{row.incident}/{version}/desk" for version in range(1, row.version)]
        waiting = {one.id for one in self.store.outbox_rows() if one.status in {"pending", "leased"}}
        assert not waiting & set(earlier)
        self.held[row.id] = row

    @rule(data=st.data(), how=st.sampled_from(["sent", "dead", "retry", "unknown"]))
    def settle(self, data: Any, how: str) -> None:
        if not self.held:
            return
        row = self.held.pop(data.draw(st.sampled_from(sorted(self.held))))
        if self.overtaken(row):
            assert not self.store.settle_sent(row, Receipt(), self.now)
            return
        if how == "sent":
            assert self.store.settle_sent(row, Receipt(memory={"last": row.id}), self.now)
            self.order[row.incident].append(row.version)
        elif how == "dead":
            assert self.store.settle_dead(row, "no", self.now)
        else:
            assert self.store.settle_retry(row, "later", self.now + SECOND, uncertain=how == "unknown")
            if how == "unknown":
                self.unknown.add(row.id)
            return
        self.settled[row.id] = how

    def overtaken(self, row: OutboxRow) -> bool:
        """Whether its sender took longer than its lease, and newer news made the message needless meanwhile."""
        assert row.leased_until is not None
        now = next(one for one in self.store.outbox_rows() if one.id == row.id)
        return row.leased_until <= self.now and now.status == "superseded"

    @invariant()
    def nothing_is_lost_and_the_order_holds(self) -> None:
        rows = {row.id: row for row in self.store.outbox_rows()}
        assert set(rows) == set(self.stages)
        for row_id, how in self.settled.items():
            assert rows[row_id].status == how
        for row in rows.values():
            if row.status == "superseded":
                assert self.stages[row.id] in {Stage.UPDATED, Stage.CALMING}
                assert row.version < self.versions[row.incident]
        for versions in self.order.values():
            assert versions == sorted(set(versions))

    def teardown(self) -> None:
        self.now += timedelta(hours=1)
        while (row := self.store.lease("desk", self.now, MINUTE)) is not None:
            assert self.store.settle_sent(row, Receipt(), self.now)
        assert all(one.status not in {"pending", "leased"} for one in self.store.outbox_rows())
        self.store.close()


Outbox.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestOutboxPromises = Outbox.TestCase


def test_rows_come_back_as_they_were_queued(store: Store) -> None:
    row = owed(1, Stage.CALMING, last_error="è", uncertain=True)
    store.commit(Work(outbox=[row]))
    assert store.outbox_rows() == [replace(row, not_before=row.created_at, due_at=row.created_at)]
