"""The fault table of Slack: what goes wrong between us and it, through the real SDK, dispatcher and store.

The table in docs/faults.md is made of what is measured here: ``CRISISWATCH_GOLDEN=write`` writes it.
"""

from __future__ import annotations

import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.model import Stage
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.notifiers.slack_calls import Pace
from crisiswatch.outbox import Dispatcher
from crisiswatch.store import Store, Work
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from crisiswatch.testing.fake_smtp import FakeSmtp
from tests.notifiers.common import words
from tests.outbox.test_outbox_dispatcher import build
from tests.store.samples import NOON, owed
from tests.support import ROOT

PAGE = ROOT / "docs" / "faults.md"
LIFE = (Stage.OPENED, Stage.UPDATED, Stage.ESCALATED, Stage.UPDATED, Stage.RESOLVED)
NOWHERE = "http://127.0.0.1:1/api/"
A_DAY = "nothing within a day"
CALLS = ("chat.postMessage", "chat.update")


class Room:
    """One channel, the life of one incident to be told in it, and a clock that we turn."""

    def __init__(self, store: Store, slack: FakeSlack) -> None:
        self.store, self.slack = store, slack
        self.clock = ManualClock(NOON + timedelta(minutes=1))
        self.outcomes: Counter[str] = Counter()
        self.url, self.token, self.channel = slack.url, slack.token, slack.channel

    def happens(self, *stages: Stage, first: int = 1) -> None:
        self.store.commit(Work(outbox=[owed(number, stage) for number, stage in enumerate(stages, first)]))

    def hours(self, count: float, every: float = 30) -> None:
        """Let the dispatcher look every so many seconds for so long."""
        pace = Pace(self.clock, lambda _: None)
        notifier = SlackNotifier(words(), lambda: self.token, self.channel, base_url=self.url, timeout=1, pace=pace)
        dispatcher = Dispatcher(
            store=self.store,
            receiver_id="desk",
            notifier=notifier,
            clock=self.clock,
            stop=threading.Event(),
            on_outcome=lambda _receiver, outcome, _seconds: self.outcomes.update([str(outcome)]),
            build_delivery=build,
        )
        end = self.clock.now() + timedelta(hours=count)
        while self.clock.now() < end:
            while dispatcher.run_once():
                pass
            self.clock.advance(seconds=every)

    def told(self) -> str:
        """What stands in the channel, in short: messages and their replies."""
        roots = self.slack.roots()
        replies = [len(self.slack.thread(root.ts)) for root in roots]
        return f"{len(roots)} + {sum(replies)}"


@dataclass(frozen=True)
class Row:
    """A line of the table: the fault, how it is acted out, what a person sees, and what came of it."""

    name: str
    act: Callable[[Room], None]
    sees: str
    told: str = "1 + 2"
    doubled: int = 0
    lost: str = "nothing"


def _down(room: Room) -> None:
    room.url = NOWHERE
    room.happens(*LIFE[:1])
    room.hours(2, every=300)
    room.url = room.slack.url
    room.hours(0.2)
    room.happens(*LIFE[1:], first=2)


def _each(*faults: Fault) -> Callable[[Room], None]:
    def act(room: Room) -> None:
        for method in CALLS:
            for fault in faults:
                room.slack.script(method, fault, None)
        room.happens(*LIFE[:1])
        room.hours(0.5, every=60)
        room.happens(*LIFE[1:], first=2)

    return act


def _unreadable(room: Room) -> None:
    room.slack.script("chat.postMessage", Fault.accept_then_cut())
    room.slack.script("conversations.history", Fault.error("missing_scope"))
    room.happens(*LIFE[:1])
    room.hours(0.5, every=60)
    room.happens(*LIFE[1:], first=2)


def _wrong(**settings: str) -> Callable[[Room], None]:
    def act(room: Room) -> None:
        right = {name: getattr(room, name) for name in settings}
        for name, value in settings.items():
            setattr(room, name, value)
        room.happens(*LIFE[:1])
        room.hours(8, every=600)
        assert room.told() == "0 + 0"
        for name, value in right.items():
            setattr(room, name, value)
        room.hours(0.2)
        room.happens(*LIFE[1:], first=2)

    return act


def _strange_certificate(room: Room) -> None:
    with FakeSmtp(security="tls") as somebody:  # whoever it is, it has a certificate of its own making
        room.url = f"https://{somebody.host}:{somebody.port}/api/"
        room.happens(*LIFE[:1])
        room.hours(2, every=600)
        assert room.told() == "0 + 0"
    room.url = room.slack.url
    room.hours(0.2)
    room.happens(*LIFE[1:], first=2)


ROWS = (
    Row("down for 2 hours", _down, "the message when Slack is back, as the incident is by then"),
    Row("429 with Retry-After", _each(Fault.rate_limited(30), Fault.rate_limited(30)), "the message after the wait Slack asked for"),
    Row("500, nothing accepted", _each(Fault.http(500), Fault.http(502)), "the message a few seconds later"),
    Row("504, but accepted", _each(Fault.http(504, accepted=True)), "the message once: it is found before anything is sent again"),
    Row("slow: no answer in time", _each(Fault.hang(), Fault.hang(accepted=True)), "the message once, a few seconds late"),
    Row("cut after acceptance", _each(Fault.accept_then_cut(), Fault.accept_then_cut()), "the message once: it is found"),
    Row("cut after acceptance, and the bot may not read the channel", _unreadable,
        "the message twice at worst; the second one is kept up to date", told="2 + 2", doubled=1),
    Row("bad credentials", _wrong(token="xoxb-revoked"), "nothing until the token is right, then all of it; tried every five minutes",
        lost=A_DAY),
    Row("wrong channel, or not invited", _wrong(channel="C0NOWHERE"), "nothing until it is mended, then all of it; tried every five minutes",
        lost=A_DAY),
    Row("a certificate that is not trusted", _strange_certificate, "nothing until it is mended, then all of it; tried every five minutes",
        lost=A_DAY),
    Row("a proxy in between: 302, 401, 403, 404, 407", _each(Fault.http(302), Fault.http(407)),
        "nothing until it is mended, then all of it; tried every five minutes", lost=A_DAY),
)  # fmt: skip


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with FakeSlack() as slack, Store.open(f"sqlite:///{tmp_path}/crisiswatch.db") as store:
        yield Room(store, slack)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name.replace(" ", "-"))
def test_whatever_goes_wrong_nothing_is_lost_and_what_is_doubled_is_counted(room: Room, row: Row) -> None:
    row.act(room)
    room.hours(0.5, every=60)
    assert (room.told(), room.outcomes["dead"], room.outcomes["duplicate"]) == (row.told, 0, row.doubled)
    assert not [each for each in room.store.outbox_rows() if each.status in {"pending", "leased"}]
    assert "over" in room.slack.roots()[-1].text.lower() or "normal" in room.slack.roots()[-1].text


def test_what_nobody_mends_for_a_day_is_given_up_and_says_why(room: Room) -> None:
    room.token = "xoxb-revoked"
    room.happens(Stage.OPENED)
    room.hours(25.5, every=1800)
    (row,) = room.store.outbox_rows()
    assert (row.status, room.outcomes["dead"]) == ("dead", 1)
    assert row.last_error is not None
    assert row.last_error.startswith("given up after 24 h: Slack refused: invalid_auth")


def test_a_burst_of_updates_is_one_edit(room: Room) -> None:
    room.happens(Stage.OPENED)
    room.hours(0.01)
    for version in range(2, 40):
        room.happens(Stage.UPDATED, first=version)
    room.hours(0.1)
    assert [call.method for call in room.slack.calls] == ["chat.postMessage", "chat.update"]


def test_the_table_in_the_documentation_is_what_was_measured() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(r"(?<=<!-- slack -->\n).*?(?=<!-- /slack -->)", page, re.DOTALL)
    assert found is not None
    if os.environ.get("CRISISWATCH_GOLDEN") == "write":
        PAGE.write_text(page[: found.start()] + _table() + page[found.end() :], encoding="utf-8")
    else:
        assert found[0] == _table()


def _table() -> str:
    lines = ["| what goes wrong | what people see | lost | doubled |", "|---|---|---|---|"]
    for row in ROWS:
        doubled = "nothing" if not row.doubled else f"{row.doubled}, counted as `duplicate`"
        lines.append(f"| {row.name} | {row.sees} | {row.lost} | {doubled} |")
    return "\n".join(lines) + "\n"
