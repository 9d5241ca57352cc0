"""A Jetstream on a free port of 127.0.0.1: the wire of version 1, with a memory that a cursor goes back into."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

from crisiswatch.testing.networked_sources import ASKED_WAIT, Failure

__all__ = ["FakeBluesky"]

_STATUSES = {
    Failure.UNAUTHORISED: 401,
    Failure.FORBIDDEN: 403,
    Failure.NOT_FOUND: 404,
    Failure.RATE_LIMITED: 429,
    Failure.RATE_LIMITED_UNTOLD: 429,
    Failure.SERVER_ERROR: 500,
    Failure.UNAVAILABLE: 503,
    Failure.NOT_JSON: 200,
}
_HALF_A_FRAME = b"\x81\x7e\x01\x00" + b'{"did":'


class FakeBluesky:
    """Sends every event to every subscriber, those after its cursor first. ``asked`` holds the addresses asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._memory = 0  # how often it forgot
        self._failure: Failure | None = None
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._open: set[ServerConnection] = set()
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``ws://127.0.0.1:PORT/subscribe``."""
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/subscribe"

    def post(self, us: int, text: object, *, rkey: str, operation: str = "create", **record: object) -> None:
        """Send a post (or its ``update``, or its ``delete``) of ``did:plc:fake`` at stream time ``us``."""
        commit: dict[str, Any] = {
            "rev": f"r{us}",
            "operation": operation,
            "collection": "app.bsky.feed.post",
            "rkey": rkey,
        }
        if operation != "delete":
            commit |= {"record": {"$type": "app.bsky.feed.post", "text": text, **record}, "cid": f"b{us}"}
        self.send({"did": "did:plc:fake", "time_us": us, "kind": "commit", "commit": commit})

    def send(self, event: dict[str, Any]) -> None:
        """Send any event."""
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def forget(self) -> None:
        """Forget every event, so that whoever connects from now on is sent none of them."""
        with self._changed:
            self.events.clear()
            self._memory += 1
            self._changed.notify_all()

    def fail(self, failure: Failure | None) -> bool:
        """Cut what is open, and do this to every connection from now on (None: serve again)."""
        with self._changed:
            self._failure = failure
            for connection in self._open:
                _cut(connection)
            self._changed.notify_all()
        return True

    def __enter__(self) -> Self:
        self._server = serve(
            self._serve, "127.0.0.1", 0, process_request=self._greet, open_timeout=None, close_timeout=0.2
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.fail(None)
        assert self._server is not None
        self._server.shutdown()
        if self._thread is not None:
            self._thread.join(5)

    def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        self.asked.append(request.path)
        failure = self._failure
        if failure in _STATUSES:
            headers = Headers({"Content-Type": "text/html", "Content-Length": "4", "Connection": "close"})
            if failure is Failure.RATE_LIMITED:
                headers["Retry-After"] = f"{ASKED_WAIT:.0f}"
            status = _STATUSES[failure]
            return Response(status, HTTPStatus(status).phrase, headers, b"<p/>")
        if failure is Failure.SILENT:
            self._until(lambda: self._failure is not Failure.SILENT)
        if failure is Failure.TRICKLE:
            self._trickle(connection)
        if failure in {Failure.SILENT, Failure.TRICKLE, Failure.CUT}:
            _cut(connection)
        return None

    def _trickle(self, connection: ServerConnection) -> None:
        with suppress(OSError):
            connection.socket.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX-Slow: ")
            while self._failure is Failure.TRICKLE and not self._over.wait(0.05):
                connection.socket.sendall(b"z")

    def _serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        cursor = int(query.get("cursor", ["0"])[0])
        if self._failure is Failure.HALF:
            connection.socket.sendall(_HALF_A_FRAME)
            _cut(connection)
            return
        if self._failure is Failure.WRONG_SHAPE:
            connection.send(json.dumps("down for maintenance"))
            return
        with self._changed:
            self._open.add(connection)
        try:
            for event in self._coming():
                if event["time_us"] > cursor:
                    connection.send(json.dumps(event))
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._changed:
                self._open.discard(connection)

    def _coming(self) -> Iterator[dict[str, Any]]:
        """Every event, those to come too, until it fails or ends."""
        at, memory = 0, self._memory
        while not self._over.is_set() and self._failure is None:
            with self._changed:
                if memory != self._memory:
                    at, memory = 0, self._memory
                if len(self.events) == at:
                    self._changed.wait(0.5)
                fresh = self.events[at:]
            at += len(fresh)
            yield from fresh

    def _until(self, true: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(lambda: true() or self._over.is_set(), 60)


def _cut(connection: ServerConnection) -> None:
    with suppress(OSError):
        connection.socket.shutdown(socket.SHUT_RDWR)
