"""One incident from its first alarm to its end, as people in Slack and at an inbox see it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.errors import TryLater, Unknown
from crisiswatch.model import Stage
from crisiswatch.notifiers.email import EmailNotifier
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from crisiswatch.testing.fake_smtp import FakeSmtp
from crisiswatch.testing.notifiers import a_delivery
from tests.notifiers.common import NOW, words

LIFE = (Stage.OPENED, Stage.UPDATED, Stage.ESCALATED, Stage.CALMING, Stage.RESOLVED)


def live(notifier, tries: int = 1) -> list:
    """Deliver a whole life as the outbox does: memory is kept, unknown outcomes make the next try uncertain."""
    memory, receipts = {}, []
    for version, stage in enumerate(LIFE, 1):
        delivery = a_delivery(stage, version, memory=memory, previous=version > 1)
        for _ in range(tries):
            try:
                receipt = notifier.send(delivery)
            except Unknown:
                delivery = replace(delivery, uncertain=True)
            except TryLater:
                continue
            else:
                receipts.append(receipt)
                memory = receipt.memory
                break
    return receipts


@pytest.fixture
def slack():
    with FakeSlack() as server:
        yield server


def in_slack(server: FakeSlack, **options: bool) -> SlackNotifier:
    return SlackNotifier(words(), lambda: server.token, server.channel, base_url=server.url, timeout=2, **options)


def check_slack(server: FakeSlack) -> None:
    (root,) = server.roots()
    escalated, resolved = server.thread(root.ts)
    assert "now critical" in escalated.text
    assert escalated.broadcast
    assert "back to normal" in resolved.text
    assert not resolved.broadcast
    assert "back to normal" in root.text
    assert root.blocks[0]["type"] == "header"


def test_an_incident_is_one_slack_message_with_edits_and_two_replies(slack):
    receipts = live(in_slack(slack))
    check_slack(slack)
    assert slack.roots()[0].edits == 4
    assert not any(receipt.found or receipt.duplicate for receipt in receipts)
    assert [call.method for call in slack.calls] == [
        "chat.postMessage",
        "chat.update",
        "chat.update",
        "chat.postMessage",
        "chat.update",
        "chat.update",
        "chat.postMessage",
    ]


@pytest.mark.parametrize(
    "fault", [Fault.accept_then_cut(), Fault.cut(), Fault.http(500, accepted=True), Fault.http(502)]
)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_connection_that_dies_anywhere_doubles_and_loses_nothing(slack, fault, method, nth):
    slack.script(method, *[None] * nth, fault)
    live(in_slack(slack), tries=3)
    assert slack.take_fault(method) is None
    check_slack(slack)


def test_each_edit_has_new_block_ids(slack):
    live(in_slack(slack, menus=True))
    ids = [
        block["block_id"]
        for call in slack.calls
        if call.method.startswith("chat.")
        for block in call.arguments["blocks"]
        if "block_id" in block
    ]
    assert ids
    assert len(ids) == len(set(ids))


def test_an_incident_is_one_mail_thread_of_three():
    with FakeSmtp() as server:
        notifier = EmailNotifier(
            words(),
            ManualClock(NOW),
            host=server.host,
            port=server.port,
            sender="alerts@acme.example",
            recipients=["press@acme.example", "Café <chef@caffè.example>"],
            security="none",
            timeout=2,
        )
        live(notifier)
        first, second, third = (mail.message for mail in server.mails)
    assert first["Message-ID"] == "<acme-coffee-negative-wave-1.1.receiver@acme.example>"
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == third["References"] == first["Message-ID"]
    assert len({str(mail["Message-ID"]) for mail in (first, second, third)}) == 3
    assert second["Subject"] == third["Subject"] == f"Re: {first['Subject']}"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"].datetime == NOW
    assert "back to normal" in third.get_body(("plain",)).get_content()
    assert server.mails[0].recipients == ("press@acme.example", "chef@xn--caff-8oa.example")
