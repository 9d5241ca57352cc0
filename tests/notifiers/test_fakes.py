"""The fake servers are as strict as the real ones, and keep a journal for whoever watches from another process."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from email.message import EmailMessage
from smtplib import SMTP

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from crisiswatch.testing.fake_slack import FakeSlack
from crisiswatch.testing.fake_smtp import FakeSmtp, SmtpFault

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


@pytest.fixture
def slack():
    with FakeSlack() as server:
        yield server


@pytest.fixture
def client(slack):
    return WebClient(slack.token, base_url=slack.url, retry_handlers=[], timeout=2)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"text": "", "blocks": []}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "blocks": [SECTION] * 51}, "invalid_blocks"),
        (
            {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}]},
            "invalid_blocks",
        ),
        ({"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]}, "invalid_blocks"),
        (
            {"text": "x", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]},
            "invalid_blocks",
        ),
        ({"text": "x", "blocks": [{"type": "context", "elements": []}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [{**SECTION, "block_id": "a"}] * 2}, "invalid_blocks"),
        ({"text": "x", "blocks": [{"type": "unheard_of"}]}, "invalid_blocks"),
        (
            {"text": "x", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}] * 5},
            "msg_blocks_too_long",
        ),
        ({"text": "x", "channel": "C404"}, "channel_not_found"),
        ({"text": "x", "thread_ts": "1.1"}, "thread_not_found"),
    ],
)
def test_slack_refuses_what_the_real_one_refuses(slack, arguments, code):
    answer = slack.answer("chat.postMessage", {"channel": slack.channel, **arguments}, slack.token)
    assert answer == {"ok": False, "error": code}
    assert slack.messages == []


def test_a_channel_name_posts_but_does_not_edit(slack, client):
    posted = client.chat_postMessage(channel="#pr-alerts", text="a")
    assert posted["channel"] == slack.channel
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.chat_update(channel="#pr-alerts", ts=posted["ts"], text="b")


def test_text_without_blocks_deletes_the_blocks_and_metadata_is_shown_on_demand(slack, client):
    metadata = {"event_type": "t", "event_payload": {"key": "k"}}
    posted = client.chat_postMessage(channel=slack.channel, text="a", blocks=[SECTION], metadata=metadata)
    client.chat_update(channel=slack.channel, ts=posted["ts"], text="b")
    (plain,) = client.conversations_history(channel=slack.channel)["messages"]
    assert plain["blocks"] == []
    assert "metadata" not in plain
    (whole,) = client.conversations_history(channel=slack.channel, include_all_metadata=True)["messages"]
    assert whole["metadata"] == metadata


def test_history_is_newest_first_in_pages_and_hides_quiet_replies(slack, client):
    root = client.chat_postMessage(channel=slack.channel, text="0")["ts"]
    client.chat_postMessage(channel=slack.channel, text="quiet", thread_ts=root)
    client.chat_postMessage(channel=slack.channel, text="loud", thread_ts=root, reply_broadcast=True)
    client.chat_postMessage(channel=slack.channel, text="1")
    answers = client.conversations_history(channel=slack.channel, limit=2)
    assert [[message["text"] for message in page["messages"]] for page in answers] == [["1", "loud"], ["0"]]
    replies = client.conversations_replies(channel=slack.channel, ts=root)["messages"]
    assert [message["text"] for message in replies] == ["0", "quiet", "loud"]


def test_who_may_ask(slack):
    assert WebClient(slack.token, base_url=slack.url).auth_test()["ok"]
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient("other", base_url=slack.url).auth_test()
    with pytest.raises(SlackApiError, match="not_authed"):
        WebClient(base_url=slack.url).auth_test()


@pytest.fixture
def in_another_process(tmp_path):
    started = []

    def start(module):
        port_file, journal = tmp_path / "port", tmp_path / "journal.jsonl"
        command = [sys.executable, "-m", module, "--port-file", str(port_file), "--journal", str(journal)]
        process = subprocess.Popen(command)
        started.append(process)
        waiting = threading.Event()
        for _ in range(600):
            if port_file.exists():
                break
            waiting.wait(0.05)
        return int(port_file.read_text()), journal

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_slack_in_another_process_keeps_a_journal_and_takes_orders(in_another_process):
    port, journal = in_another_process("crisiswatch.testing.fake_slack")
    url = f"http://127.0.0.1:{port}"
    client = WebClient("xoxb-fake", base_url=f"{url}/api/", retry_handlers=[], timeout=5)
    httpx.post(f"{url}/script", json={"method": "chat.postMessage", "kind": "cut", "accepted": True})
    metadata = {"event_type": "t", "event_payload": {"key": "k"}}
    with pytest.raises(OSError):
        client.chat_postMessage(channel="C0123456789", text="a", metadata=metadata)
    (line,) = map(json.loads, journal.read_text().splitlines())
    assert line["method"] == "chat.postMessage"
    assert line["metadata"]["event_payload"]["key"] == "k"


def test_smtp_in_another_process_keeps_a_journal(in_another_process):
    port, journal = in_another_process("crisiswatch.testing.fake_smtp")
    message = EmailMessage()
    message["Message-ID"], message["Subject"] = "<a@b.example>", "Hello"
    message["From"], message["To"] = "a@b.example", "c@d.example"
    with SMTP("127.0.0.1", port, timeout=5) as client:
        client.send_message(message)
    (line,) = map(json.loads, journal.read_text().splitlines())
    assert line == {"message_id": "<a@b.example>", "subject": "Hello", "to": ["c@d.example"]}


def test_a_fault_at_an_unheard_of_step_is_refused():
    with pytest.raises(ValueError, match="step"):
        SmtpFault("greeting")


def test_a_fake_lets_go_of_its_port():
    with FakeSmtp() as server:
        port = server.port
    with pytest.raises(ConnectionRefusedError):
        SMTP("127.0.0.1", port, timeout=1)
