"""The fault table of e-mail (docs/faults.md), row by row: real SMTP with STARTTLS and a login, the real dispatcher and
store, a clock by hand. What people see, what is lost, what is doubled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from crisiswatch.charts import ChartMaker
from crisiswatch.clock import ManualClock
from crisiswatch.links import AckLinks
from crisiswatch.model import Stage
from crisiswatch.notifiers.email import EmailNotifier
from crisiswatch.outbox import Dispatcher
from crisiswatch.store import Store, Work
from crisiswatch.testing.fake_smtp import FakeSmtp, SmtpFault, _free_port
from tests.notifiers.common import words
from tests.outbox.test_outbox_dispatcher import build
from tests.store.samples import NOON, owed

LOGIN = ("alerts", "pa ss")
LIFE = (Stage.OPENED, Stage.ESCALATED, Stage.RESOLVED)


class Office:
    """A receiver ``desk`` with a mail server that can be anything, and the life of one incident to tell it."""

    def __init__(self, store: Store, life: Sequence[Stage] = LIFE) -> None:
        self.store, self.clock = store, ManualClock(NOON + timedelta(minutes=1))
        self.outcomes: list[str] = []
        self.settings: dict[str, object] = {"username": LOGIN[0], "password": LOGIN[1], "timeout": 2.0}
        self.recipients = ["press@acme.example"]
        store.commit(Work(outbox=[owed(number, stage) for number, stage in enumerate(life, 1)]))

    def work(self, server: FakeSmtp, hours: float, step: float = 60) -> None:
        """Let the dispatcher look every minute for so long."""
        notifier = EmailNotifier(
            words(), self.clock, host=server.host, port=server.port, sender="alerts@acme.example", security="starttls",
            recipients=self.recipients, cafile=server.cafile, chart=ChartMaker({}),
            links=AckLinks(lambda: "k" * 32, "https://cw.example"), **self.settings,
        )  # fmt: skip
        dispatcher = Dispatcher(
            store=self.store, receiver_id="desk", notifier=notifier, clock=self.clock, stop=threading.Event(),
            on_outcome=lambda _receiver, outcome, _seconds: self.outcomes.append(str(outcome)), build_delivery=build,
        )  # fmt: skip
        end = self.clock.now() + timedelta(hours=hours)
        while self.clock.now() < end:
            while dispatcher.run_once():
                pass
            self.clock.advance(seconds=step)

    def fates(self) -> list[tuple[str, str]]:
        return [(row.stage.value, row.status) for row in self.store.outbox_rows()]


@pytest.fixture
def life() -> Sequence[Stage]:
    return LIFE


@pytest.fixture
def office(tmp_path: Path, life: Sequence[Stage]) -> Iterator[Office]:
    with Store.open(f"sqlite:///{tmp_path}/crisiswatch.db") as store:
        yield Office(store, life)


def ids(server: FakeSmtp) -> list[str]:
    return [str(mail.message["Message-ID"]) for mail in server.mails]


ALL_SENT = [("opened", "sent"), ("escalated", "sent"), ("resolved", "sent")]
ONCE = [f"<acme.wave.1.{number}.desk@acme.example>" for number in (1, 2, 3)]


def test_down_for_two_hours_everything_arrives_once_and_in_order(office):
    server = FakeSmtp(security="starttls", login=LOGIN, port=_free_port())
    server.port = server._wanted
    office.work(server, hours=2)
    assert set(office.outcomes) == {"retry"}
    assert 20 <= len(office.outcomes) <= 60  # slower and slower, at most every five minutes
    with server:
        office.work(server, hours=0.2)
        assert ids(server) == ONCE
    assert sorted(office.fates()) == sorted(ALL_SENT)


def test_a_busy_server_is_asked_again_soon(office):
    with FakeSmtp(security="starttls", login=LOGIN) as server:
        server.script(SmtpFault("rcpt", "451 4.7.1 greylisted"), SmtpFault("mail", "421 4.7.0 too many"))
        office.work(server, hours=0.5)
        assert ids(server) == ONCE
    assert office.outcomes == ["retry", "retry", "sent", "sent", "sent"]


def test_a_text_that_is_refused_for_good_is_given_up_and_the_next_one_is_told(office):
    with FakeSmtp(security="starttls", login=LOGIN) as server:
        server.script(SmtpFault("text", "554 5.7.1 looks like spam"))
        office.work(server, hours=0.2)
        assert ids(server) == ONCE[1:]
    assert office.outcomes == ["dead", "sent", "sent"]
    dead = next(row for row in office.store.outbox_rows() if row.status == "dead")
    assert dead.last_error == "the mail server said 554 5.7.1 looks like spam"


def test_a_slow_server_that_took_it_gets_it_twice_with_one_id_and_it_is_counted(office):
    office.settings["timeout"] = 0.4
    with FakeSmtp(security="starttls", login=LOGIN, delay=1.0) as server:
        office.work(server, hours=1 / 60)
        assert office.outcomes == ["unknown"]
        server.delay = 0.0
        office.settings["timeout"] = 5.0
        office.work(server, hours=0.2)
        assert ids(server) == [ONCE[0], *ONCE]
    assert office.outcomes == ["unknown", "duplicate", "sent", "sent"]


def test_cut_after_acceptance_is_doubled_to_the_byte_but_the_date_and_counted(office):
    with FakeSmtp(security="starttls", login=LOGIN) as server:
        server.script(SmtpFault("text", accepted=True))
        office.work(server, hours=0.2)
        first, second = server.mails[:2]
        assert ids(server) == [ONCE[0], *ONCE]
    assert office.outcomes == ["unknown", "duplicate", "sent", "sent"]
    undated = [[line for line in mail.raw.splitlines() if not line.startswith(b"Date: ")] for mail in (first, second)]
    assert undated[0] == undated[1]


def test_a_wrong_password_waits_to_be_mended_and_loses_nothing(office):
    office.settings["password"] = "old"
    with FakeSmtp(security="starttls", login=LOGIN) as server:
        office.work(server, hours=2)
        assert server.mails == []
        assert set(office.outcomes) == {"retry"}
        assert len(office.outcomes) <= 25  # no account is locked
        waiting = next(row for row in office.store.outbox_rows() if row.attempts)
        assert waiting.last_error.startswith("the mail server said 535")
        assert "old" not in waiting.last_error
        office.settings["password"] = LOGIN[1]
        office.work(server, hours=0.2)
        assert ids(server) == ONCE
    assert sorted(office.fates()) == sorted(ALL_SENT)


def test_a_wrong_recipient_waits_to_be_mended_and_loses_nothing(office):
    office.recipients = ["gone@acme.example"]
    with FakeSmtp(security="starttls", login=LOGIN, refuse={"gone@acme.example": "550 5.1.1 no such person"}) as server:
        office.work(server, hours=2)
        assert server.mails == []
        assert office.outcomes == ["retry"] * 4
        office.recipients = ["press@acme.example"]
        office.work(server, hours=0.6)
        assert ids(server) == ONCE
        assert {mail.recipients for mail in server.mails} == {("press@acme.example",)}


def readers(server: FakeSmtp) -> list[str]:
    """Who got which mail: ``press 1`` is the first of the incident, in the press office's inbox."""
    found = []
    for mail in server.mails:
        number = ONCE.index(str(mail.message["Message-ID"])) + 1
        found += [f"{to.partition('@')[0]} {number}" for to in mail.recipients]
    return found


def test_one_wrong_recipient_among_others_keeps_nothing_from_them_and_is_shown(office):
    office.recipients = ["press@acme.example", "gone@acme.example"]
    with FakeSmtp(security="starttls", login=LOGIN, refuse={"gone@acme.example": "550 5.1.1 no such person"}) as server:
        office.work(server, hours=0.1)
        assert readers(server) == ["press 1", "press 2", "press 3"]
    assert office.outcomes == ["partly"] * 3
    assert {row.status for row in office.store.outbox_rows()} == {"sent"}
    told = {row.last_error for row in office.store.outbox_rows()}
    assert told == {"not taken for gone@acme.example: 550 5.1.1 no such person"}


@pytest.mark.parametrize("life", [LIFE[:1]])
def test_who_is_greylisted_gets_the_mail_later_and_the_others_get_it_once(office):
    office.recipients = ["press@acme.example", "boss@acme.example", "gone@acme.example"]
    gone = "gone@acme.example: 550 no such person"
    refuse = {"boss@acme.example": "451 4.7.1 greylisted", "gone@acme.example": "550 no such person"}
    with FakeSmtp(security="starttls", login=LOGIN, refuse=refuse) as server:
        office.work(server, hours=0.1)
        assert readers(server) == ["press 1"]
        assert set(office.outcomes) == {"partly"}
        (waiting,) = [row for row in office.store.outbox_rows() if row.status == "pending"]
        assert waiting.last_error == f"not taken for {gone}; boss@acme.example: 451 4.7.1 greylisted"
        del server.refuse["boss@acme.example"]
        office.work(server, hours=0.1)  # as after a restart: another notifier and another dispatcher
        assert readers(server) == ["press 1", "boss 1"]
        first, second = (mail.message for mail in server.mails)
        assert first["Subject"] == second["Subject"]
        assert second["References"] is None
        assert first["To"] == second["To"]
    assert [(row.status, row.last_error) for row in office.store.outbox_rows()] == [("sent", f"not taken for {gone}")]


def test_a_full_inbox_keeps_no_later_news_from_the_others(office):
    office.recipients = ["press@acme.example", "boss@acme.example"]
    with FakeSmtp(security="starttls", login=LOGIN, refuse={"boss@acme.example": "452 4.2.2 mailbox full"}) as server:
        office.work(server, hours=0.05)
        assert readers(server) == ["press 1", "press 2", "press 3"]
        server.refuse.clear()
        office.work(server, hours=0.1)
        assert readers(server) == ["press 1", "press 2", "press 3", "boss 3"]  # the end says all there is
    shown = {row.version: (row.status, row.last_error) for row in office.store.outbox_rows()}
    assert shown[1] == shown[2] == ("sent", "not taken for boss@acme.example: 452 4.2.2 mailbox full")
    assert shown[3] == ("sent", "")


def test_what_nobody_mends_for_a_day_is_given_up_and_says_why(office):
    office.settings["password"] = "old"
    with FakeSmtp(security="starttls", login=LOGIN) as server:
        office.work(server, hours=25.5, step=3600)
    assert office.outcomes.count("dead") >= 1
    dead = next(row for row in office.store.outbox_rows() if row.status == "dead")
    assert dead.last_error.startswith("given up after 24 h: the mail server said 535")
