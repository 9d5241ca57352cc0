"""A Slack that runs on this machine: real wire format, real limits, real error codes, and faults on demand.

    with FakeSlack() as slack:
        notifier = SlackNotifier(render, slack.token, slack.channel, base_url=slack.url)
        slack.script("chat.postMessage", Fault.accept_then_cut())

Speaks auth.test, chat.postMessage, chat.update, conversations.history, conversations.replies, blocks.validate, the
three steps of an upload with files.info (`crisiswatch.testing.slack_files`) and, with a web socket behind it,
apps.connections.open (`crisiswatch.testing.slack_presses` presses what is in a message). In another process:
``python -m crisiswatch.testing.fake_slack --port-file F --journal F`` writes each accepted message to a JSONL journal
before it answers.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from crisiswatch.clock import Clock, SystemClock
from crisiswatch.testing.slack_faults import Fault
from crisiswatch.testing.slack_files import FakeFiles
from crisiswatch.testing.slack_limits import blocks_error, message_error
from crisiswatch.testing.slack_presses import FakeSocket
from crisiswatch.testing.slack_server import PREFIX, SlackServer

__all__ = ["FakeSlack", "Fault", "SlackCall", "SlackMessage", "main"]

Json = dict[str, Any]


@dataclass(slots=True)
class SlackMessage:
    """A message as it now stands. ``thread_ts`` is the message it replies to; ``edits`` counts changes."""

    channel: str
    ts: str
    text: str
    blocks: list[Json]
    metadata: Json
    thread_ts: str | None = None
    broadcast: bool = False
    edits: int = 0
    files: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The delivery id in the metadata, or nothing."""
        return str(self.metadata.get("event_payload", {}).get("key", ""))

    def wire(self, *, metadata: bool) -> Json:
        """The message as Slack shows it."""
        shown: Json = {"type": "message", "user": "U0CRISIS", "ts": self.ts, "text": self.text, "blocks": self.blocks}
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.broadcast:
            shown["subtype"] = "thread_broadcast"
        if metadata and self.metadata:
            shown["metadata"] = self.metadata
        return shown


@dataclass(frozen=True, slots=True)
class SlackCall:
    """One call as it arrived: method, arguments, and the answer's error code (empty for ok)."""

    method: str
    arguments: Json
    error: str


class FakeSlack:
    """The server; a context manager that starts and stops by itself.

    ``url`` is what a client takes as base_url; ``messages`` are all messages in the order they were posted; ``calls``
    all calls that were answered; ``answers`` what was sent to `answer_url`; ``files`` what was uploaded. `channels`
    maps channel ids to names; the bot is a member of all. A call takes effect at once and is answered `delay` seconds
    later.
    """

    def __init__(
        self,
        *,
        token: str = "xoxb-fake",  # noqa: S107  (nothing real accepts it)
        channels: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        journal: Path | None = None,
        delay: float = 0.0,
    ) -> None:
        self.token = token
        self.app_token = "xapp-fake"  # noqa: S105  (the same)
        self.signing_secret = "0123456789abcdef0123456789abcdef"  # noqa: S105  (the same)
        self.socket = FakeSocket()
        self.files = FakeFiles()
        self.answers: list[Json] = []
        self.delay = delay
        self.channels = dict(channels or {"C0123456789": "pr-alerts"})
        self.channel = next(iter(self.channels))
        self.messages: list[SlackMessage] = []
        self.calls: list[SlackCall] = []
        self.stopping = threading.Event()
        self._faults: dict[str, deque[Fault | None]] = {}
        self._clock = clock or SystemClock()
        self._last = 0
        self._lock = threading.RLock()
        self._journal = journal
        self._server = SlackServer(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fake-slack", daemon=True)

    @property
    def port(self) -> int:
        """The free port that was found."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """The base URL for a client."""
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    @property
    def answer_url(self) -> str:
        """Where the answer to a press is sent."""
        return f"http://127.0.0.1:{self.port}/actions/T0FAKE/1/fake"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()
        self.socket.start()

    def stop(self) -> None:
        """Stop answering, let go of hanging calls, close the port."""
        self.stopping.set()
        self.socket.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def script(self, method: str, *faults: Fault | None) -> None:
        """The next calls of `method` go wrong in this order, one fault each; None lets one pass."""
        with self._lock:
            self._faults.setdefault(method, deque()).extend(faults)

    def take_fault(self, method: str) -> Fault | None:
        """The fault in store for a call of `method`, used up."""
        with self._lock:
            waiting = self._faults.get(method)
            return waiting.popleft() if waiting else None

    def roots(self) -> list[SlackMessage]:
        """Messages that stand in a channel by themselves."""
        with self._lock:
            return [message for message in self.messages if message.thread_ts is None]

    def thread(self, ts: str) -> list[SlackMessage]:
        """The replies to a message."""
        with self._lock:
            return [message for message in self.messages if message.thread_ts == ts]

    def delete(self, ts: str) -> None:
        """Somebody deletes a message by hand."""
        with self._lock:
            self.messages = [message for message in self.messages if message.ts != ts]

    def answer(self, method: str, arguments: Json, token: str) -> Json:
        """What Slack answers; the call takes effect."""
        handlers: dict[str, Callable[[Json], Json]] = {
            "auth.test": self._auth,
            "chat.postMessage": self._post,
            "chat.update": self._update,
            "conversations.history": self._history,
            "conversations.replies": self._replies,
            "blocks.validate": self._validate,
            "files.getUploadURLExternal": lambda given: self.files.begin(given, self.url),
            "files.completeUploadExternal": self._complete,
            "files.info": self.files.info,
            "apps.connections.open": lambda _: {"ok": True, "url": self.socket.url},
        }
        with self._lock:
            if not token:
                result = _error("not_authed")
            elif token != (self.app_token if method == "apps.connections.open" else self.token):
                result = _error("invalid_auth")
            else:
                result = handlers[method](arguments) if method in handlers else _error("unknown_method")
            self.calls.append(SlackCall(method, arguments, str(result.get("error", ""))))
        return result

    def _auth(self, _: Json) -> Json:
        return {
            "ok": True,
            "url": self.url,
            "team": "Fake",
            "user": "crisiswatch",
            "user_id": "U0CRISIS",
            "bot_id": "B0",
        }

    def _post(self, arguments: Json) -> Json:
        channel = self._resolve(str(arguments.get("channel", "")))
        if channel is None:
            return _error("channel_not_found")
        if code := message_error(arguments) or self.files.error(arguments.get("blocks") or ()):
            return _error(code)
        parent = arguments.get("thread_ts")
        if parent and self._find(channel, parent) is None:
            return _error("thread_not_found")
        message = SlackMessage(
            channel=channel,
            ts=self._stamp(),
            text=arguments.get("text", ""),
            blocks=list(arguments.get("blocks") or []),
            metadata=dict(arguments.get("metadata") or {}),
            thread_ts=parent,
            broadcast=bool(arguments.get("reply_broadcast")),
        )
        self.messages.append(message)
        self._write("chat.postMessage", message)
        return {"ok": True, "channel": channel, "ts": message.ts, "message": message.wire(metadata=False)}

    def _update(self, arguments: Json) -> Json:
        channel = str(arguments.get("channel", ""))
        if channel not in self.channels:  # an id, never a name
            return _error("channel_not_found")
        message = self._find(channel, str(arguments.get("ts", "")))
        if message is None:
            return _error("message_not_found")
        if code := message_error(arguments) or self.files.error(arguments.get("blocks") or ()):
            return _error(code)
        message.text = arguments.get("text", "")
        message.blocks = list(arguments.get("blocks") or [])  # text without blocks deletes them
        message.metadata = dict(arguments.get("metadata") or message.metadata)
        message.edits += 1
        self._write("chat.update", message)
        return {"ok": True, "channel": channel, "ts": message.ts, "text": message.text}

    def _validate(self, arguments: Json) -> Json:
        code = blocks_error(arguments.get("blocks") or [])
        return _error(code) if code else {"ok": True}

    def _complete(self, arguments: Json) -> Json:
        """The end of an upload; with a channel the file is shared there, or in a thread of it."""
        channel, parent = str(arguments.get("channel_id", "")), arguments.get("thread_ts")
        if channel and channel not in self.channels:
            return _error("channel_not_found")
        if channel and parent and self._find(channel, parent) is None:
            return _error("thread_not_found")
        answer = self.files.complete(arguments)
        if answer["ok"] and channel:
            names = tuple(each["id"] for each in answer["files"])
            self.messages.append(SlackMessage(channel, self._stamp(), "", [], {}, thread_ts=parent, files=names))
        return answer

    def _history(self, arguments: Json) -> Json:
        channel = str(arguments.get("channel", ""))
        if channel not in self.channels:
            return _error("channel_not_found")
        oldest = float(arguments.get("oldest") or 0)
        shown = [m for m in self.messages if m.channel == channel and (m.thread_ts is None or m.broadcast)]
        return _paged([m for m in reversed(shown) if float(m.ts) > oldest], arguments)

    def _replies(self, arguments: Json) -> Json:
        channel, ts = str(arguments.get("channel", "")), str(arguments.get("ts", ""))
        if channel not in self.channels:
            return _error("channel_not_found")
        if self._find(channel, ts) is None:
            return _error("thread_not_found")
        return _paged([m for m in self.messages if m.channel == channel and ts in (m.ts, m.thread_ts)], arguments)

    def _resolve(self, channel: str) -> str | None:
        names = {name: channel_id for channel_id, name in self.channels.items()}
        return channel if channel in self.channels else names.get(channel.lstrip("#"))

    def _find(self, channel: str, ts: str) -> SlackMessage | None:
        return next((m for m in self.messages if m.channel == channel and m.ts == ts), None)

    def _stamp(self) -> str:
        self._last = max(self._last + 1, int(self._clock.now().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06}"

    def _write(self, method: str, message: SlackMessage) -> None:
        if self._journal is not None:
            line = {"method": method, "channel": message.channel, **message.wire(metadata=True)}
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def _error(code: str) -> Json:
    return {"ok": False, "error": code}


def _paged(messages: list[SlackMessage], arguments: Json) -> Json:
    start = int(arguments.get("cursor") or 0)
    limit = min(int(arguments.get("limit") or 100), 999)
    metadata = str(arguments.get("include_all_metadata", "")).lower() in ("1", "true")
    page = [message.wire(metadata=metadata) for message in messages[start : start + limit]]
    more = start + limit < len(messages)
    cursor = str(start + limit) if more else ""
    return {"ok": True, "messages": page, "has_more": more, "response_metadata": {"next_cursor": cursor}}


def main(arguments: list[str] | None = None) -> None:
    """Run until interrupted; the port is written to a file as soon as it answers.

    ``POST /script`` with ``{"method": "chat.postMessage", "kind": "cut", "accepted": true}`` scripts a fault.
    """
    parser = argparse.ArgumentParser(description="A fake Slack on a free port of 127.0.0.1.")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--token", default="xoxb-fake")
    parser.add_argument("--channel", default="C0123456789")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between taking a message and saying so")
    options = parser.parse_args(arguments)
    channels = {options.channel: "pr-alerts"}
    slack = FakeSlack(token=options.token, channels=channels, journal=options.journal, delay=options.delay)
    with slack:
        scratch = options.port_file.with_suffix(".new")
        scratch.write_text(f"{slack.port}\n", encoding="ascii")
        scratch.replace(options.port_file)  # whole or not at all: somebody is waiting for it
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
