"""The HTTP side of a fake Slack: calls as they arrive, and what goes wrong with them."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from crisiswatch.testing.slack_faults import Fault

if TYPE_CHECKING:
    from crisiswatch.testing.fake_slack import FakeSlack

__all__ = ["PREFIX", "SlackServer"]

PREFIX = "/api/"

Json = dict[str, Any]


class SlackServer(ThreadingHTTPServer):
    """The server of one fake on a free port."""

    daemon_threads = True
    block_on_close = True

    def __init__(self, address: tuple[str, int], slack: FakeSlack) -> None:
        self.slack = slack
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle is no news here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SlackServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def _serve(self) -> None:
        slack = self.server.slack
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        target = urlsplit(self.path)
        if target.path == "/script":
            order = json.loads(raw)
            slack.script(order.pop("method"), Fault(**order))
            self._answer(200, '{"ok": true}', {})
            return
        if target.path.startswith(f"{PREFIX}upload/"):
            fault = slack.take_fault("upload")
            if fault is not None:
                self._fail(fault)
                return
            self._answer(200 if slack.files.put(target.path.rpartition("/")[2], raw) else 404, "OK", {})
            return
        if target.path.startswith("/actions/"):
            slack.answers.append(json.loads(raw))
            self._answer(200, "ok", {})
            return
        method = target.path.removeprefix(PREFIX)
        arguments = _arguments(target.query, raw, self.headers.get("Content-Type", ""))
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        fault = slack.take_fault(method)
        if fault is None or fault.accepted:
            body = json.dumps(slack.answer(method, arguments, token))
            if slack.delay:
                slack.stopping.wait(slack.delay)
            if fault is None:
                self._answer(200, body, {})
        if fault is not None:
            self._fail(fault)

    def _fail(self, fault: Fault) -> None:
        if fault.kind == "answer":
            self._answer(fault.status, fault.body, fault.headers)
            return
        if fault.kind == "hang":
            self.server.slack.stopping.wait(60)
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset, no farewell

    def _answer(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        data = body.encode()
        self.send_response(status)
        kind = "application/json; charset=utf-8" if body.startswith("{") else "text/html; charset=utf-8"
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _arguments(query: str, raw: bytes, kind: str) -> Json:
    found: Json = dict(parse_qsl(query))
    if "json" in kind:
        found |= json.loads(raw or b"{}")
    else:
        found |= dict(parse_qsl(raw.decode()))
    for name in ("blocks", "metadata", "files"):
        if isinstance(found.get(name), str):
            found[name] = json.loads(found[name])
    return found
