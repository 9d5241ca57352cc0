"""The fault table of the receivers that are sent plain requests: docs/faults.md says in words what is shown here."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from crisiswatch.clock import Clock, ManualClock
from crisiswatch.model import Delivery, Level, Notifier, Phase, Stage
from crisiswatch.notifiers.alertmanager import AlertmanagerNotifier
from crisiswatch.notifiers.apprise import AppriseNotifier
from crisiswatch.notifiers.pagerduty import PagerDutyNotifier
from crisiswatch.notifiers.webhook import WebhookNotifier
from crisiswatch.outbox import Dispatcher
from crisiswatch.store import OutboxRow, Store, Work, incident_from_json, incident_to_json
from crisiswatch.testing.fake_http import Answer
from crisiswatch.testing.fake_receivers import FakeReceiver, fake_pagerduty
from crisiswatch.testing.networked_sources import Failure
from tests.notifiers.common import words
from tests.store.samples import NOON, incident, owed

PATIENT, HASTY = 20.0, 0.3
"""Seconds that a receiver has: enough on a machine that is busy, and little where the test waits for the end of it."""
Make = Callable[[str, Clock], Notifier]


def makers(timeout: float) -> dict[str, Make]:
    times = f"rto={timeout}&cto={timeout}"
    return {
        "alertmanager": lambda url, clock: AlertmanagerNotifier(words(), clock, urls=[url], timeout=timeout),
        "webhook": lambda url, clock: WebhookNotifier(words(), clock, url=url, secret="s", timeout=timeout),
        "pagerduty": lambda url, clock: PagerDutyNotifier(
            words(), clock, routing_key="k", base_url=url, timeout=timeout
        ),
        "apprise": lambda url, _: AppriseNotifier(words(), f"json{url.removeprefix('http')}/x?{times}"),
    }


RECEIVERS = makers(PATIENT)
NOWHERE = "http://127.0.0.1:1"


class Line:
    """What is between us and a receiver: it may lead nowhere for a while."""

    def __init__(self, there: Notifier, nowhere: Notifier) -> None:
        self._ends = {True: there, False: nowhere}
        self.up = True
        self.capabilities = there.capabilities

    def send(self, delivery: Delivery):
        return self._ends[self.up].send(delivery)

    def repeat(self, deliveries) -> None:
        self._ends[self.up].repeat(deliveries)


@dataclass
class Night:
    """One receiver, its outbox, and a clock that we turn."""

    store: Store
    server: FakeReceiver
    make: Make
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON + timedelta(minutes=5)))
    outcomes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.line = Line(self.make(self.server.url, self.clock), self.make(NOWHERE, self.clock))
        self.dispatcher = self.another()

    def another(self) -> Dispatcher:
        """The sender, as after a restart."""
        return Dispatcher(
            store=self.store,
            receiver_id="desk",
            notifier=self.line,
            clock=self.clock,
            stop=threading.Event(),
            on_outcome=lambda _receiver, outcome, _seconds: self.outcomes.append(str(outcome)),
            build_delivery=_build,
        )

    def happens(self, *rows: OutboxRow) -> None:
        self.store.commit(Work(outbox=list(rows)))

    def passes(self, minutes: int) -> None:
        """Let time pass, as the dispatcher's loop does: whatever is due is sent."""
        for _ in range(minutes * 2):
            while self.dispatcher.run_once():
                pass
            self.clock.advance(seconds=30)

    def statuses(self) -> list[str]:
        return [row.status for row in sorted(self.store.outbox_rows(), key=lambda row: row.version)]

    def counted(self) -> Counter[str]:
        return Counter(one for one in self.outcomes if one not in {"repeated", "not_repeated"})


LEVELS = ((Level.WARNING, NOON), (Level.CRITICAL, NOON + timedelta(minutes=2)))
AT_WORST = {"level": Level.CRITICAL, "peak_level": Level.CRITICAL, "levels": LEVELS}
ENDED = {"phase": Phase.RESOLVED, "resolved_at": NOON + timedelta(minutes=4), "reason": "calm"}
OPENED = owed(1)
WORSE = owed(2, Stage.ESCALATED, body=incident_to_json(incident(2, **AT_WORST)))
OVER = owed(3, Stage.RESOLVED, body=incident_to_json(incident(3, **AT_WORST, **ENDED)))


def _build(row: OutboxRow) -> Delivery:
    return Delivery(
        id=row.id,
        receiver=row.receiver,
        stage=row.stage,
        incident=incident_from_json(row.body),
        memory=row.memory,
        uncertain=row.uncertain,
        previous=row.previous,
    )


@pytest.fixture(params=sorted(RECEIVERS))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def night(kind: str) -> Iterator[Night]:
    with (
        FakeReceiver(lambda asked, body: None) as server,
        Store.open("sqlite://") as store,
    ):
        yield Night(store, server, RECEIVERS[kind])


def news(night: Night, kind: str) -> list[str]:
    """What arrived, without repetitions that change nothing: a word for each piece of news."""
    if kind == "alertmanager":
        now = f"{night.clock.now():%Y-%m-%dT%H:%M:%S}"
        told = [
            f"{alert['labels']['severity']} {'active' if alert['endsAt'] > now else 'ended'}"
            for alerts in night.server.taken
            for alert in alerts[:1]
        ]
        return [one for number, one in enumerate(told) if number == 0 or one != told[number - 1]]
    key = {"webhook": "event", "pagerduty": "event_action", "apprise": "type"}[kind]
    return [body[key] for body in night.server.taken]


STORY = {
    "webhook": ["opened", "escalated", "resolved"],
    "pagerduty": ["trigger", "trigger", "resolve"],
    "apprise": ["warning", "failure", "success"],
}


def test_down_for_two_hours_and_everything_arrives_in_order_once(night: Night, kind: str) -> None:
    night.line.up = False
    night.happens(OPENED, WORSE, OVER)
    night.passes(120)
    assert set(night.counted()) == {"retry"}
    night.line.up = True
    night.passes(6)
    assert night.statuses() == ["sent", "sent", "sent"]
    assert "duplicate" not in night.outcomes
    if kind == "alertmanager":  # it knows only the present: what is over is not told as if it were not
        assert news(night, kind) == ["critical ended"]
    else:
        assert news(night, kind) == STORY[kind]


def test_a_busy_receiver_is_left_alone_as_long_as_it_asks(night: Night, kind: str) -> None:
    night.server.next = [Answer(429, b"", {"Retry-After": "240"})] * (2 if kind == "alertmanager" else 1)
    night.happens(OPENED)
    night.passes(10)
    assert night.counted() == {"retry": 1, "sent": 1}
    assert night.statuses() == ["sent"]


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failing_receiver_is_tried_until_it_takes_it(night: Night, kind: str, status: int) -> None:
    night.server.always = Answer(status)
    night.happens(OPENED)
    night.passes(15)
    assert night.statuses() == ["pending"]
    assert set(night.counted()) == {"retry" if status == 503 else "unknown"}
    night.server.always = None
    night.passes(10)
    assert night.statuses() == ["sent"]


def test_a_silent_receiver_holds_its_sender_up_for_its_timeout_only(night: Night, kind: str) -> None:
    night.line = Line(makers(HASTY)[kind](night.server.url, night.clock), night.line)
    night.dispatcher = night.another()
    night.server.site.fail(Failure.SILENT)
    night.happens(OPENED)
    assert night.dispatcher.run_once()
    assert night.counted() == {"unknown": 1}
    night.server.site.fail(None)
    night.line = Line(night.make(night.server.url, night.clock), night.line)
    night.dispatcher = night.another()
    night.passes(5)
    assert night.statuses() == ["sent"]


def test_an_answer_that_is_lost_doubles_at_most_one_message_and_it_is_counted(night: Night, kind: str) -> None:
    night.happens(OPENED)
    night.server.taken_then_cut = 2 if kind == "alertmanager" else 1  # the first one's repetition is a message too
    night.passes(5)
    assert night.statuses() == ["sent"]
    idempotent = night.line.capabilities.idempotent
    assert night.counted() == {"unknown": 1, "sent" if idempotent else "duplicate": 1}
    if kind == "webhook":
        assert len({asked.headers["idempotency-key"] for asked in night.server.requests}) == 1
    if kind == "pagerduty":
        assert len({body["dedup_key"] for body in night.server.taken}) == 1


@pytest.mark.parametrize("status", [301, 401, 403, 404])
def test_bad_credentials_and_a_wrong_target_lose_nothing_until_somebody_has_mended_them(
    night: Night, kind: str, status: int
) -> None:
    night.server.always = Answer(status)
    night.happens(OPENED, WORSE)
    night.passes(20)
    assert night.statuses() == ["pending", "pending"]
    assert set(night.counted()) == {"retry"}
    assert night.counted()["retry"] <= 5
    tried = next(row for row in night.store.outbox_rows() if row.last_error)
    assert str(status) in tried.last_error
    assert night.server.url.removeprefix("http://") not in tried.last_error
    night.server.always = None
    night.passes(6)
    assert night.statuses() == ["sent", "sent"]


def test_a_wrong_routing_key_loses_nothing_either() -> None:
    with fake_pagerduty("right") as server, Store.open("sqlite://") as store:
        keys = ["wrong"]
        night = Night(
            store,
            server,
            lambda url, clock: PagerDutyNotifier(words(), clock, routing_key=lambda: keys[0], base_url=url),
        )
        night.happens(OPENED)
        night.passes(10)
        assert night.statuses() == ["pending"]
        keys[0] = "right"
        night.passes(6)
        assert night.statuses() == ["sent"]


def test_a_message_that_is_refused_for_what_it_is_ends_and_says_why(night: Night, kind: str) -> None:
    night.server.always = Answer(413)
    night.happens(OPENED)
    night.passes(2)
    assert night.statuses() == ["dead"]
    assert "413" in night.store.outbox_rows()[0].last_error
    night.server.always = None
    night.happens(WORSE)
    night.passes(2)
    assert night.statuses() == ["dead", "sent"]


# --- what only Alertmanager does


@pytest.fixture
def watch() -> Iterator[Night]:
    with (
        FakeReceiver(lambda asked, body: None) as server,
        Store.open("sqlite://") as store,
    ):
        yield Night(store, server, RECEIVERS["alertmanager"])


def states(night: Night) -> list[str]:
    return news(night, "alertmanager")


def test_what_is_open_is_repeated_every_minute_through_a_restart(watch: Night) -> None:
    watch.happens(OPENED)
    watch.passes(10)
    assert watch.outcomes.count("repeated") in {9, 10}
    watch.dispatcher = watch.another()
    watch.dispatcher.run_once()
    assert watch.outcomes[-1] == "repeated"
    assert states(watch) == ["warning active"]


def test_what_ended_is_never_said_to_be_open_again_and_is_let_go_after_an_hour(watch: Night) -> None:
    watch.happens(OPENED)
    watch.passes(3)
    watch.happens(WORSE)
    watch.passes(3)
    watch.happens(OVER)
    watch.passes(3)
    assert states(watch) == ["warning active", "critical active", "critical ended"]
    before = len(watch.server.taken)
    watch.dispatcher = watch.another()
    watch.passes(30)
    assert states(watch)[-1] == "critical ended"
    assert len(watch.server.taken) > before
    watch.passes(60)
    before = len(watch.server.taken)
    watch.passes(10)
    assert len(watch.server.taken) == before


def test_an_incident_that_was_refused_is_there_a_minute_after_it_is_not_any_more(watch: Night) -> None:
    watch.server.always = Answer(400)
    watch.happens(OPENED)
    watch.passes(3)
    assert watch.statuses() == ["dead"]
    watch.server.always = None
    watch.passes(2)
    assert states(watch) == ["warning active"]


def test_an_old_message_that_was_held_up_does_not_undo_what_is_known(watch: Night) -> None:
    watch.server.next = [Answer(429, b"", {"Retry-After": "240"})] * 2
    watch.happens(OPENED)
    watch.passes(1)
    watch.happens(WORSE)
    watch.passes(10)
    assert watch.statuses() == ["sent", "sent"]
    assert states(watch) == ["critical active"]
    assert {alert["labels"]["severity"] for alert in watch.server.taken[-1]} == {"critical", "warning"}


def test_a_repetition_that_breaks_is_told_and_the_next_one_comes(watch: Night, monkeypatch) -> None:
    watch.happens(OPENED)
    watch.passes(1)

    def breaks(_deliveries) -> None:
        raise ValueError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(watch.line, "repeat", breaks)
        watch.passes(2)
    watch.passes(2)
    assert "not_repeated" in watch.outcomes
    assert watch.outcomes[-1] == "repeated"
