"""A web server that answers as a function says, and fails as `Failure` says: for the tests of sources.

::

    with FakeSite(lambda asked: Answer.of({"hits": []})) as site:
        ...                          # site.url is where it is
        site.fail(Failure.CUT)       # every request from now on
        site.fail(None)
"""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from crisiswatch.testing.networked_sources import ASKED_WAIT, Failure

__all__ = ["Answer", "Asked", "FakeSite"]

_PAGE = b"<!doctype html><html><body><h1>Please sign in to the network</h1></body></html>"
_STATUSES = {
    Failure.UNAUTHORISED: 401,
    Failure.FORBIDDEN: 403,
    Failure.NOT_FOUND: 404,
    Failure.RATE_LIMITED: 429,
    Failure.RATE_LIMITED_UNTOLD: 429,
    Failure.SERVER_ERROR: 500,
    Failure.UNAVAILABLE: 503,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: ``path`` is without the query, header names are in small letters."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, value: object, status: int = 200, **headers: str) -> Answer:
        """``value`` as JSON; ``retry_after="3"`` among the headers is sent as ``retry-after: 3``."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(status, body, {"Content-Type": "application/json", **named})


class _Server(ThreadingHTTPServer):
    """Quiet about clients that go away."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class FakeSite:
    """A server on a free port of 127.0.0.1. ``seen`` holds every request, the failed ones too.

    ``rate_limit`` gives the headers by which the platform tells when a limit ends (Retry-After by default); requests
    that ``spared`` is true of are answered while all others fail (a token's, so that the call after it is what fails).
    """

    def __init__(
        self,
        answer: Callable[[Asked], Answer],
        *,
        rate_limit: Callable[[], Mapping[str, str]] | None = None,
        spared: Callable[[Asked], bool] = lambda _: False,
    ) -> None:
        self.seen: list[Asked] = []
        self.answer = answer
        self.failure: Failure | None = None
        self.rate_limit = rate_limit or (lambda: {"Retry-After": f"{ASKED_WAIT:.0f}"})
        self.spared = spared
        self._over = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail(self, failure: Failure | None) -> bool:
        """Do this to every request from now on; None: answer again. Always True: HTTP can fail in every way."""
        self.failure = failure
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Quiet."""

            def do_HEAD(self) -> None:
                site._respond(self)

            def do_GET(self) -> None:
                site._respond(self)

            def do_POST(self) -> None:
                site._respond(self)

        return Handler

    def _respond(self, handler: BaseHTTPRequestHandler) -> None:
        asked = _asked(handler)
        self.seen.append(asked)
        failure = None if self.spared(asked) else self.failure
        try:
            if failure is None:
                _send(handler, self.answer(asked))
            elif failure in _STATUSES:
                headers = self.rate_limit() if failure is Failure.RATE_LIMITED else {}
                _send(handler, Answer.of({"error": failure.name}, _STATUSES[failure], **headers))
            elif failure is Failure.NOT_JSON:
                _send(handler, Answer(200, _PAGE, {"Content-Type": "text/html"}))
            elif failure is Failure.WRONG_SHAPE:
                _send(handler, Answer.of("down for maintenance"))
            else:
                self._break(handler, failure, asked)
        except OSError:  # the client went away, as some failures want it to
            handler.close_connection = True

    def _break(self, handler: BaseHTTPRequestHandler, failure: Failure, asked: Asked) -> None:
        handler.close_connection = True
        if failure is Failure.SILENT:
            self._over.wait(60)
        elif failure is Failure.HALF:
            answer = self.answer(asked)
            _send(handler, Answer(200, answer.body[: len(answer.body) // 2], answer.headers), len(answer.body) + 1)
        elif failure is Failure.TRICKLE:
            _send(handler, Answer(200, b"", {"Content-Type": "application/json"}), 1 << 20)
            while not self._over.wait(0.05):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    parts = urlsplit(handler.path)
    query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    headers = {name.lower(): value for name, value in handler.headers.items()}
    body = handler.rfile.read(int(headers.get("content-length", "0")))
    return Asked(handler.command, parts.path, query, headers, body)


def _send(handler: BaseHTTPRequestHandler, answer: Answer, length: int | None = None) -> None:
    handler.send_response(answer.status)
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    if handler.close_connection:  # as the client asked; one that is not told would use the connection again
        handler.send_header("Connection", "close")
    handler.send_header("Content-Length", str(len(answer.body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(answer.body)
    handler.wfile.flush()
