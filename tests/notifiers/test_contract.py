"""Every receiver that ships keeps the contract."""

from __future__ import annotations

import io

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.model import Notifier
from crisiswatch.notifiers import known, load
from crisiswatch.notifiers.console import ConsoleNotifier
from crisiswatch.notifiers.email import EmailNotifier
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from crisiswatch.testing.fake_smtp import FakeSmtp, SmtpFault
from crisiswatch.testing.notifiers import NotifierContract
from tests.notifiers.common import NOW


class TestConsole(NotifierContract):
    @pytest.fixture(autouse=True)
    def _paper(self):
        self.paper = io.StringIO()

    def make(self, render) -> Notifier:
        return ConsoleNotifier(render, self.paper)

    def arrived(self):
        return [line for line in self.paper.getvalue().splitlines() if line.startswith("╭")]

    def go_wrong(self, how: str) -> bool:
        if how == "refused":
            self.paper.close()
            self.paper = io.StringIO()  # what arrived is asked of the new one: nothing did
            return True
        return False


class TestSlack(NotifierContract):
    @pytest.fixture(autouse=True)
    def _server(self):
        with FakeSlack() as self.slack:
            yield

    def make(self, render) -> Notifier:
        return SlackNotifier(render, self.slack.token, self.slack.channel, base_url=self.slack.url, timeout=2)

    def arrived(self):
        return self.slack.messages

    def go_wrong(self, how: str) -> bool:
        faults = {
            "busy": Fault.rate_limited(30),
            "refused": Fault.error("invalid_arguments"),
            "lost": Fault.accept_then_cut(),
        }
        self.slack.script("chat.postMessage", faults[how])
        return True


class TestEmail(NotifierContract):
    @pytest.fixture(autouse=True)
    def _server(self):
        with FakeSmtp() as self.smtp:
            yield

    def make(self, render) -> Notifier:
        return EmailNotifier(
            render,
            ManualClock(NOW),
            host=self.smtp.host,
            port=self.smtp.port,
            sender="crisiswatch <alerts@acme.example>",
            recipients=["press@acme.example"],
            security="none",
            timeout=2,
        )

    def arrived(self):
        return self.smtp.mails

    def go_wrong(self, how: str) -> bool:
        faults = {
            "busy": SmtpFault("rcpt", "451 4.7.1 greylisted"),
            "refused": SmtpFault("text", "554 5.7.1 looks like spam"),
            "lost": SmtpFault("text", accepted=True),
        }
        self.smtp.script(faults[how])
        return True


def test_the_shipped_receivers_are_found_by_name():
    assert {"console", "slack", "email"} <= set(known())
    assert load("slack") is SlackNotifier
    with pytest.raises(KeyError):
        load("pigeon")
