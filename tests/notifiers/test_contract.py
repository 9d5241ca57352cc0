"""Every receiver that ships keeps the contract."""

from __future__ import annotations

import io
import json

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.model import Notifier
from crisiswatch.notifiers import known, load
from crisiswatch.notifiers.alertmanager import AlertmanagerNotifier
from crisiswatch.notifiers.apprise import AppriseNotifier
from crisiswatch.notifiers.console import ConsoleNotifier
from crisiswatch.notifiers.email import EmailNotifier
from crisiswatch.notifiers.pagerduty import PagerDutyNotifier
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.notifiers.webhook import WebhookNotifier
from crisiswatch.testing.fake_http import Answer
from crisiswatch.testing.fake_receivers import FakeReceiver, fake_alertmanager, fake_pagerduty
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


BUSY, REFUSED = Answer(429, b"", {"Retry-After": "30"}), Answer(413)


class Posting(NotifierContract):
    """What is sent by plain requests fails in the same ways."""

    server: FakeReceiver

    def go_wrong(self, how: str) -> bool:
        if how == "lost":
            self.server.taken_then_cut = 1
        else:
            self.server.next.append(BUSY if how == "busy" else REFUSED)
        return True


def stamp(moment):
    return moment.isoformat().replace("+00:00", ".000Z")


class TestAlertmanager(Posting):
    @pytest.fixture(autouse=True)
    def _server(self):
        with fake_alertmanager() as self.server:
            yield

    def make(self, render) -> Notifier:
        return AlertmanagerNotifier(render, ManualClock(NOW), urls=[self.server.url], timeout=2)

    def arrived(self):
        """What begins or ends and was not so before: an alert of an old level ends with the news of the new one."""
        return {(json.dumps(alerts[0]["labels"]), alerts[0]["endsAt"] > stamp(NOW)) for alerts in self.server.taken}


class TestWebhook(Posting):
    @pytest.fixture(autouse=True)
    def _server(self):
        with FakeReceiver(lambda asked, body: None) as self.server:
            yield

    def make(self, render) -> Notifier:
        return WebhookNotifier(render, ManualClock(NOW), url=self.server.url, secret="s", posts=True, timeout=2)

    def arrived(self):
        return [body for body in self.server.taken if body["event"] != "updated"]

    def test_an_unknown_outcome_is_looked_up_or_owned_up_to(self, notifier: Notifier) -> None:
        super().test_an_unknown_outcome_is_looked_up_or_owned_up_to(notifier)
        assert len({asked.headers["idempotency-key"] for asked in self.server.requests}) == 1
        assert len({asked.body for asked in self.server.requests}) == 1


class TestPagerDuty(Posting):
    @pytest.fixture(autouse=True)
    def _server(self):
        with fake_pagerduty("key") as self.server:
            yield

    def make(self, render) -> Notifier:
        return PagerDutyNotifier(
            render, ManualClock(NOW), routing_key=lambda: "key", base_url=self.server.url, timeout=2
        )

    def arrived(self):
        """PagerDuty takes equal events for one; an acknowledgement is news to nobody."""
        told = [json.dumps(event) for event in self.server.taken if event["event_action"] != "acknowledge"]
        return list(dict.fromkeys(told))


class TestApprise(Posting):
    @pytest.fixture(autouse=True)
    def _server(self):
        with FakeReceiver(lambda asked, body: None) as self.server:
            yield

    def make(self, render) -> Notifier:
        return AppriseNotifier(render, f"json://{self.server.url.removeprefix('http://')}/hook?rto=2")

    def arrived(self):
        return self.server.taken


def test_the_shipped_receivers_are_found_by_name():
    shipped = {"alertmanager", "apprise", "console", "email", "pagerduty", "slack", "webhook"}
    assert shipped <= set(known())
    assert all(callable(load(name)) for name in shipped)
    assert load("slack") is SlackNotifier
    with pytest.raises(KeyError):
        load("pigeon")
