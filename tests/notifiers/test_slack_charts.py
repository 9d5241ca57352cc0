"""The chart in Slack: added by an edit once Slack has processed it, and never a reason for an alert to wait or fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from crisiswatch.model import Delivery, Notice, Reminder, Stage
from crisiswatch.notifiers import slack_charts
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from crisiswatch.testing.notifiers import a_delivery
from tests.notifiers.common import words

PNG = b"\x89PNG\r\n\x1a\n and so on"


@pytest.fixture(autouse=True)
def _in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack_charts, "LOOKS", (0.0,) * 4)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as server:
        yield server


def notifier(slack: FakeSlack, chart: Any = lambda _: PNG, start: Any = lambda work: work()) -> SlackNotifier:
    return SlackNotifier(words(), slack.token, slack.channel, base_url=slack.url, timeout=1, chart=chart, start=start)


def picture(slack: FakeSlack) -> str:
    (root,) = slack.roots()
    return next((block["slack_file"]["id"] for block in root.blocks if block["type"] == "image"), "")


def later(stage: Stage, version: int, memory: Any, minutes: float = 1, **more: Any) -> Delivery:
    delivery = a_delivery(stage, version, memory=memory, previous=True, **more)
    at = delivery.incident.opened_at + timedelta(minutes=minutes)
    return replace(delivery, incident=replace(delivery.incident, updated_at=at))


def methods(slack: FakeSlack) -> list[str]:
    return [call.method for call in slack.calls]


def test_the_alert_is_out_before_its_picture_is_drawn(slack: FakeSlack) -> None:
    waiting: list[Any] = []
    one = notifier(slack, start=waiting.append)
    receipt = one.send(a_delivery())
    assert methods(slack) == ["chat.postMessage"]
    assert "file" not in receipt.memory
    waiting.pop()()
    assert methods(slack)[1:] == [
        "files.getUploadURLExternal", "files.completeUploadExternal", "files.info", "chat.update",
    ]  # fmt: skip
    assert picture(slack) == "F000000001"
    assert slack.files.kept["F000000001"].content == PNG


def test_an_update_keeps_the_picture_and_news_brings_a_new_one(slack: FakeSlack) -> None:
    one = notifier(slack)
    memory = one.send(a_delivery()).memory
    memory = one.send(later(Stage.UPDATED, 2, memory)).memory
    assert memory["file"] == picture(slack) == "F000000001"
    memory = one.send(later(Stage.ESCALATED, 3, memory, minutes=2)).memory
    assert picture(slack) == "F000000002"
    one.send(later(Stage.UPDATED, 4, memory, minutes=20))
    assert picture(slack) == "F000000003"


def test_the_next_start_knows_the_picture_from_memory(slack: FakeSlack) -> None:
    one = notifier(slack)
    memory = one.send(later(Stage.UPDATED, 2, one.send(a_delivery()).memory)).memory
    notifier(slack).send(later(Stage.UPDATED, 3, memory, minutes=2))
    assert picture(slack) == "F000000001"
    assert len(slack.files.kept) == 1


def test_killed_before_the_receipt_the_alert_is_found_and_its_picture_uploaded_once_more(slack: FakeSlack) -> None:
    notifier(slack).send(a_delivery())
    receipt = notifier(slack).send(a_delivery(uncertain=True))
    assert receipt.found
    assert len(slack.roots()) == 1
    assert picture(slack) == "F000000002"


@pytest.mark.parametrize(
    "method", ["files.getUploadURLExternal", "upload", "files.completeUploadExternal", "files.info"]
)
@pytest.mark.parametrize("fault", [Fault.rate_limited(30), Fault.http(500), Fault.cut(), Fault.hang(), Fault.error("fatal_error")],
                         ids=["429", "500", "cut", "slow", "ok-false"])  # fmt: skip
def test_an_upload_that_fails_costs_nothing_and_is_tried_at_the_next_edit(
    slack: FakeSlack, method: str, fault: Fault
) -> None:
    slack.script(method, fault)
    one = notifier(slack)
    memory = one.send(a_delivery()).memory
    assert picture(slack) == ""
    one.send(later(Stage.UPDATED, 2, memory))
    assert picture(slack) != ""
    assert len(slack.messages) == 1


def test_a_file_that_takes_slack_long_is_shown_at_the_next_edit(slack: FakeSlack) -> None:
    slack.files.slow = 7
    one = notifier(slack)
    memory = one.send(a_delivery()).memory
    assert picture(slack) == ""
    one.send(later(Stage.UPDATED, 2, memory))
    assert picture(slack) == "F000000001"
    assert not [call for call in slack.calls if call.error]


def test_a_file_that_no_message_may_show_is_shared_in_the_thread_once(slack: FakeSlack) -> None:
    slack.files.broken = True
    one = notifier(slack)
    memory = one.send(a_delivery()).memory
    one.send(later(Stage.ESCALATED, 2, one.send(later(Stage.UPDATED, 3, memory)).memory))
    (root,) = slack.roots()
    assert [message.files for message in slack.thread(root.ts) if message.files] == [("F000000002",)]


def test_a_picture_that_was_deleted_does_not_cost_the_edit(slack: FakeSlack) -> None:
    one = notifier(slack)
    memory = one.send(later(Stage.UPDATED, 2, one.send(a_delivery()).memory)).memory
    slack.files.kept.clear()
    one.send(later(Stage.RESOLVED, 3, memory))
    (root,) = slack.roots()
    assert "back to normal" in root.text
    assert picture(slack) == "F000000001"  # a new one


def test_without_the_scope_nothing_is_asked_again(slack: FakeSlack) -> None:
    slack.script("files.getUploadURLExternal", Fault.error("missing_scope"))
    one = notifier(slack)
    one.send(later(Stage.ESCALATED, 2, one.send(a_delivery()).memory))
    assert "files.getUploadURLExternal" not in methods(slack)  # what was refused is not among them


@pytest.mark.parametrize("chart", [lambda _: None, lambda _: 1 / 0], ids=["nothing", "broken"])
def test_no_picture_is_no_trouble(slack: FakeSlack, chart: Any) -> None:
    one = notifier(slack, chart)
    one.send(later(Stage.ESCALATED, 2, one.send(a_delivery()).memory))
    assert picture(slack) == ""
    assert len(slack.thread(slack.roots()[0].ts)) == 1


def test_by_default_a_thread_of_its_own_draws(slack: FakeSlack) -> None:
    drawn = threading.Event()

    def chart(_: Delivery) -> None:
        assert threading.current_thread().name == "slack-charts"
        drawn.set()

    notifier(slack, chart, start=None).send(a_delivery())
    assert drawn.wait(10)


def test_the_picture_shows_the_message_as_it_is_by_then(slack: FakeSlack) -> None:
    waiting: list[Any] = []
    one = notifier(slack, start=waiting.append)
    memory = one.send(a_delivery()).memory
    one.send(later(Stage.RESOLVED, 2, memory))
    waiting.pop()()
    (root,) = slack.roots()
    assert "back to normal" in root.text
    assert picture(slack)


# --- notices and reminders


def test_a_notice_is_one_message_edited_by_its_version(slack: FakeSlack) -> None:
    opened = a_delivery().incident.opened_at
    notice = Notice(id="storm-1", kind="storm", at=opened, headline="500 incidents at once", lines=("Acme: 500",))
    one = notifier(slack)
    first = a_delivery(id="storm-1/1/pr", notice=notice)
    memory = one.send(first).memory
    edited = replace(notice, version=2, headline="512 incidents at once")
    one.send(a_delivery(Stage.UPDATED, 2, id="storm-1/2/pr", notice=edited, memory=memory, previous=True))
    (message,) = slack.messages
    assert message.blocks[0]["text"]["text"] == "512 incidents at once"
    assert slack.files.kept == {}


@pytest.mark.parametrize(("kind", "loud"), [("unacknowledged", True), ("step_overdue", False)])
def test_a_reminder_is_a_reply_and_loud_where_nobody_is_there(slack: FakeSlack, kind: str, *, loud: bool) -> None:
    one = SlackNotifier(words(), slack.token, slack.channel, base_url=slack.url)
    memory = one.send(a_delivery()).memory
    one.send(later(Stage.REMINDED, 2, memory, reminder=Reminder(kind)))
    (reply,) = slack.thread(slack.roots()[0].ts)
    assert reply.broadcast is loud


def test_holding_statements_are_put_in_the_thread_once(slack: FakeSlack) -> None:
    def render(delivery: Delivery) -> Any:
        return replace(words()(delivery), statements=(("English", "We are looking into it."),))

    one = SlackNotifier(render, slack.token, slack.channel, base_url=slack.url)
    slack.script("chat.postMessage", None, Fault.accept_then_cut())  # its outcome is not known
    memory = one.send(a_delivery()).memory
    memory = one.send(later(Stage.UPDATED, 2, memory)).memory
    one.send(later(Stage.UPDATED, 3, memory))
    (reply,) = slack.thread(slack.roots()[0].ts)
    assert "We are looking into it." in str(reply.blocks)
    assert methods(slack).count("conversations.replies") == 1
