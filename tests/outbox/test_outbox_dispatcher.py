from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from crisiswatch.clock import ManualClock, SystemClock
from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.model import Capabilities, Delivery, Receipt, Stage
from crisiswatch.outbox import Dispatcher
from crisiswatch.outbox.dispatcher import backoff
from crisiswatch.store import OutboxRow, Store, Work, incident_from_json
from tests.store.samples import NOON, owed


@dataclass
class Desk:
    """A receiver that remembers what reached it, and answers each attempt as planned (then well)."""

    plan: list[Exception] = field(default_factory=list)
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(edits=True, threads=True, lookup=True))
    arrived: dict[str, int] = field(default_factory=dict)
    attempts: list[Delivery] = field(default_factory=list)
    arrives_although_cut: bool = False

    def send(self, delivery: Delivery) -> Receipt:
        self.attempts.append(delivery)
        memory = {"ts": delivery.id}
        if delivery.uncertain and delivery.id in self.arrived:
            return Receipt(memory=memory, found=True)
        fault = self.plan.pop(0) if self.plan else None
        if fault is None or (isinstance(fault, Unknown) and self.arrives_although_cut):
            self.arrived[delivery.id] = self.arrived.get(delivery.id, 0) + 1
        if fault is not None:
            raise fault
        return Receipt(memory=memory, duplicate=delivery.uncertain)


def build(row: OutboxRow) -> Delivery:
    return Delivery(
        id=row.id,
        receiver=row.receiver,
        stage=row.stage,
        incident=incident_from_json(row.body),
        memory=row.memory,
        uncertain=row.uncertain,
        previous=row.previous,
    )


@dataclass
class Room:
    store: Store
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON + timedelta(minutes=1)))
    stop: threading.Event = field(default_factory=threading.Event)
    outcomes: list[str] = field(default_factory=list)

    def dispatcher(self, desk: Desk, receiver: str = "desk") -> Dispatcher:
        return Dispatcher(
            store=self.store,
            receiver_id=receiver,
            notifier=desk,
            clock=self.clock,
            stop=self.stop,
            on_outcome=lambda _receiver, outcome, _seconds: self.outcomes.append(str(outcome)),
            build_delivery=build,
        )

    def run(self, desk: Desk, times: int, seconds: float = 600) -> None:
        """Attempt so often, with so many seconds between."""
        dispatcher = self.dispatcher(desk)
        for _ in range(times):
            dispatcher.run_once()
            self.clock.advance(seconds=seconds)

    def row(self) -> OutboxRow:
        return self.store.outbox_rows()[0]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with Store.open(f"sqlite:///{tmp_path}/crisiswatch.db") as store:
        yield Room(store)


def test_a_message_is_sent_recorded_and_remembered_by_the_next_one(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1), owed(2, Stage.ESCALATED)]))
    desk = Desk()
    dispatcher = room.dispatcher(desk)
    assert [dispatcher.run_once() for _ in range(3)] == [True, True, False]
    assert room.outcomes == ["sent", "sent"]
    assert [(one.stage, one.previous, dict(one.memory)) for one in desk.attempts] == [
        (Stage.OPENED, False, {}),
        (Stage.ESCALATED, True, {"ts": "acme/wave/1/1/desk"}),
    ]
    assert {one.status for one in room.store.outbox_rows()} == {"sent"}


def test_a_rejected_message_is_dead_and_says_why(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    room.run(Desk(plan=[Rejected("channel_not_found")]), times=2)
    assert room.outcomes == ["dead"]
    assert (room.row().status, room.row().last_error) == ("dead", "channel_not_found")


def test_a_refusal_for_now_is_tried_again_later_and_not_as_uncertain(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    desk = Desk(plan=[TryLater("rate limited", after=90)])
    dispatcher = room.dispatcher(desk)
    assert dispatcher.run_once()
    room.clock.advance(seconds=89)
    assert not dispatcher.run_once()
    room.clock.advance(seconds=1)
    assert dispatcher.run_once()
    assert room.outcomes == ["retry", "sent"]
    assert [one.uncertain for one in desk.attempts] == [False, False]


def test_an_unknown_outcome_is_looked_up_before_it_is_sent_again(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    desk = Desk(plan=[Unknown("cut")], arrives_although_cut=True)
    room.run(desk, times=2)
    assert room.outcomes == ["unknown", "found"]
    assert desk.arrived == {"acme/wave/1/1/desk": 1}
    assert (room.row().status, room.row().uncertain) == ("sent", True)


def test_what_a_notifier_must_not_raise_is_an_unknown_outcome_and_its_words_are_not_kept(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    desk = Desk(plan=[RuntimeError("https://host/?token=secret")])
    room.run(desk, times=1)
    assert "secret" not in room.row().last_error
    assert room.row().last_error.startswith("RuntimeError at test_outbox_dispatcher.py:")
    room.run(desk, times=1)
    assert room.outcomes == ["crashed", "duplicate"]


def test_a_dispatcher_killed_after_sending_looks_before_it_sends_again(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    desk = Desk(arrives_although_cut=True, plan=[Unknown("killed")])
    row = room.store.lease("desk", room.clock.now(), timedelta(seconds=60))
    assert row is not None
    with pytest.raises(Unknown):
        desk.send(build(row))
    dispatcher = room.dispatcher(desk)
    assert not dispatcher.run_once()
    room.clock.advance(seconds=60)
    assert dispatcher.run_once()
    assert room.outcomes == ["found"]
    assert desk.arrived == {row.id: 1}


def test_waits_double_to_five_minutes_and_are_equal_at_every_run() -> None:
    waits = [backoff("a/1/desk", attempt) for attempt in range(1, 15)]
    assert waits == [backoff("a/1/desk", attempt) for attempt in range(1, 15)]
    assert all(2 * 2**n * 0.8 <= wait <= 2 * 2**n * 1.2 for n, wait in enumerate(waits[:6]))
    assert waits[-1] == 300
    assert backoff("b/1/desk", 1) != waits[0]
    assert backoff("a", 10**6) == 300


def test_a_message_is_given_up_after_a_day_and_not_before(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    desk = Desk(plan=[TryLater("down") for _ in range(1000)])
    room.run(desk, times=143, seconds=600)
    assert room.row().status == "pending"
    room.run(desk, times=3, seconds=600)
    assert (room.row().status, room.row().last_error) == ("dead", "given up after 24 h: down")
    assert room.outcomes.count("dead") == 1


def test_a_daemon_that_was_down_for_days_still_gives_its_messages_a_fair_chance(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1)]))
    room.clock.advance(days=3)
    room.run(Desk(plan=[TryLater("down") for _ in range(5)]), times=6)
    assert room.outcomes == ["retry"] * 5 + ["sent"]


def test_an_edit_for_a_receiver_that_cannot_edit_is_skipped(room: Room) -> None:
    room.store.commit(Work(outbox=[owed(1, Stage.UPDATED)]))
    desk = Desk(capabilities=Capabilities())
    room.run(desk, times=1)
    assert (room.outcomes, desk.attempts, room.row().status) == (["skipped"], [], "superseded")


class Wall:
    """A receiver that never answers until it is let go."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()

    def send(self, delivery: Delivery) -> Receipt:
        self.reached.set()
        assert self.released.wait(30)
        return Receipt()


def test_one_receiver_that_hangs_delays_nobody_and_stop_lets_its_send_end(room: Room) -> None:
    wall, desk = Wall(), Desk()
    done = threading.Event()
    messages = [owed(n, Stage.ESCALATED) for n in range(1, 6)]
    blocked = [owed(n, Stage.ESCALATED, receiver="wall") for n in (1, 2)]
    room.store.commit(Work(outbox=[*blocked, *messages]))

    def note(receiver: str, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        room.outcomes.append(f"{receiver} {outcome}")
        if room.outcomes.count("desk sent") == 5:
            done.set()

    def start(receiver: str, notifier: Wall | Desk) -> tuple[Dispatcher, threading.Thread]:
        dispatcher = Dispatcher(
            store=room.store,
            receiver_id=receiver,
            notifier=notifier,
            clock=SystemClock(),
            stop=room.stop,
            on_outcome=note,
            build_delivery=build,
            idle=30,
        )
        thread = threading.Thread(target=dispatcher.run)
        thread.start()
        return dispatcher, thread

    running = [start("wall", wall)]
    assert wall.reached.wait(30)
    running.append(start("desk", desk))
    assert done.wait(30)
    assert list(desk.arrived) == [one.id for one in messages]
    assert "wall sent" not in room.outcomes
    room.stop.set()
    wall.released.set()
    for dispatcher, thread in running:
        dispatcher.wake()
        thread.join(30)
        assert not thread.is_alive()
    status = {one.id: one.status for one in room.store.outbox_rows() if one.receiver == "wall"}
    assert status == {"acme/wave/1/1/wall": "sent", "acme/wave/1/2/wall": "pending"}


def test_a_store_that_fails_is_reported_and_the_dispatcher_lives_on(room: Room) -> None:
    fence = room.store.acquire("daemon", "one", NOON, timedelta(minutes=1))
    assert fence is not None
    room.store.commit(Work(outbox=[owed(1)]))
    failed = threading.Event()

    def note(_receiver: str, outcome: str, _seconds: float) -> None:
        room.outcomes.append(str(outcome))
        failed.set()

    dispatcher = Dispatcher(
        store=room.store,
        receiver_id="desk",
        notifier=Desk(),
        clock=room.clock,
        stop=room.stop,
        on_outcome=note,
        build_delivery=build,
        idle=30,
        fence=replace(fence, token=fence.token - 1),
    )
    thread = threading.Thread(target=dispatcher.run)
    thread.start()
    assert failed.wait(30)
    assert thread.is_alive()
    room.stop.set()
    dispatcher.wake()
    thread.join(30)
    assert room.outcomes == ["store_failed"]
    assert room.row().status == "pending"


def test_a_message_that_waited_for_its_hour_has_its_whole_day_of_attempts_from_then(room: Room) -> None:
    morning = NOON + timedelta(days=2)
    room.store.commit(Work(outbox=[owed(1, not_before=morning)]))
    room.clock.advance(days=1)
    assert room.store.outbox_stats(room.clock.now())["desk"].oldest_age == 0
    room.clock.advance(days=1)
    desk = Desk(plan=[TryLater("down") for _ in range(1000)])
    room.run(desk, times=143, seconds=600)
    assert room.row().status == "pending"
    room.run(desk, times=3, seconds=600)
    assert room.row().last_error == "given up after 24 h: down"
