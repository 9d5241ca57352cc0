"""X's filtered stream on a thread of its own: posts within seconds, in a bounded queue that the polls empty.

tweepy connects and reads; what it does when that fails is turned off, because it connects again without a pause (24
times a second to a server that closes at once, against the 50 in 15 minutes that X allows), waits where no stop reaches
it, and ends for good at a rule without a tag. Each run of its client is one connection here, and between two of them
this module waits: 250 ms more each time a connection breaks, up to 16 s; after an error status 5 s, doubling up to
320 s; after a 429 60 s, doubling up to 16 min; and never more than 40 connections in 15 minutes.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import requests
import tweepy

from crisiswatch.clock import Clock
from crisiswatch.errors import QuotaExhausted, SourceError, SourceRejected
from crisiswatch.sources.x.calls import Answer, Calls, failure, rows
from crisiswatch.sources.x.transport import Transport

__all__ = ["Pause", "Stream"]

_MOST_CONNECTS, _PER = 40, 900.0
_CALL = timedelta(seconds=30)


class Pause:
    """How long to wait before the next connection."""

    def __init__(self) -> None:
        self._connects: deque[float] = deque()
        self._broken = 0
        self._refused = 0.0

    def connected(self, at: float) -> None:
        """Note a connection at this time (of the clock's ``monotonic``), be it refused or not."""
        self._connects.append(at)
        while self._connects and self._connects[0] <= at - _PER:
            self._connects.popleft()

    def lasted(self) -> None:
        """A post or a sign of life came: what was wrong is over."""
        self._broken, self._refused = 0, 0.0

    def after(self, status: int | None, at: float) -> float:
        """The seconds to wait after a connection ended, with an error ``status`` or None."""
        if status is None or status == 200:
            self._broken += 1
            wait = min(0.25 * self._broken, 16.0)
        else:
            first, longest = (60.0, 960.0) if status in {420, 429} else (5.0, 320.0)
            self._refused = min(max(first, 2 * self._refused), longest)
            wait = self._refused
        if len(self._connects) >= _MOST_CONNECTS:
            wait = max(wait, self._connects[0] + _PER - at)
        return wait


class Stream:
    """The stream of some ``rules``, kept up by a daemon thread from the first `start` to `close`.

    ``rules`` are made the app's rules under tags that begin with ``name``; others' are left alone. ``size`` bounds the
    queue: who falls further behind is disconnected, and finds the rest by search. Thread-safe.
    """

    def __init__(
        self,
        name: str,
        rules: Sequence[str],
        wanted: Mapping[str, str],
        connect: Callable[[], tuple[Calls, str]],
        clock: Clock,
        *,
        base_url: str,
        size: int = 10_000,
    ) -> None:
        self._name = name
        self._rules = {f"{name}:{number}": rule for number, rule in enumerate(rules)}
        self._wanted = wanted
        self._connect = connect
        self._clock = clock
        self._base_url = base_url
        self._size = size
        self._lock = threading.Lock()
        self._queue: deque[tuple[str, Answer]] = deque()
        self._handed: list[tuple[str, Answer]] = []
        self._connection = ""
        self._error: SourceError | None = None
        self._stop = threading.Event()
        self._client: _Client | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        self._count = 0

    def start(self) -> None:
        """See to it that the thread runs, until `close`."""
        if not self._closed and (self._thread is None or not self._thread.is_alive()):
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._run, args=(self._stop,), name=f"{self._name}-stream", daemon=True
            )
            self._thread.start()

    def pause(self) -> None:
        """End the connection and the thread, which `start` begins anew; does not wait for them."""
        self._stop.set()
        client = self._client
        if client is not None:
            client.disconnect()

    def close(self) -> None:
        """The same for good."""
        self._closed = True
        self.pause()

    @property
    def connection(self) -> str:
        """The name of the connection that is up, unlike that of any other; empty without one."""
        with self._lock:
            return self._connection

    def check(self) -> None:
        """Raise what keeps the stream from ever connecting until somebody changes the set-up, once each time."""
        with self._lock:
            error, self._error = self._error, None
        if error is not None:
            raise error

    def take(self, connection: str, most: int) -> tuple[list[Answer], bool]:
        """The oldest posts up to those of this connection, and whether there are more. They are kept until `settle`."""
        taken: list[Answer] = []
        with self._lock:
            while self._queue and len(taken) < most and self._due(connection):
                self._handed.append(self._queue.popleft())
                taken.append(self._handed[-1][1])
            return taken, bool(self._queue) and self._due(connection)

    def settle(self, *, committed: bool) -> None:
        """Forget what was taken because it is stored; or put it back because it is not."""
        with self._lock:
            if not committed:
                self._queue.extendleft(reversed(self._handed))
            self._handed.clear()

    def _due(self, connection: str) -> bool:
        """Whether the oldest post in the queue came before any gap that is not filled yet."""
        return self._queue[0][0] <= connection or not connection

    # --- the thread

    def _run(self, stop: threading.Event) -> None:
        pause = Pause()
        while not stop.is_set():
            status: int | None = None
            try:
                calls, token = self._connect()
                try:
                    self._sync(calls)
                    status = self._listen(token, pause, stop)
                finally:
                    calls.close()
            except (SourceRejected, QuotaExhausted) as error:
                self._note(error)
                status = 403
            except SourceError:
                status = calls.transport.status
            stop.wait(pause.after(status, self._clock.monotonic()))

    def _listen(self, token: str, pause: Pause, stop: threading.Event) -> int | None:
        """One connection, from its beginning to its end; the status it was refused with."""
        pause.connected(self._clock.monotonic())
        client = _Client(token, self._arrived, self._up, pause.lasted)
        transport = Transport(self._base_url, _CALL.total_seconds(), self._clock)
        transport.until(self._clock.monotonic() + _CALL.total_seconds())  # of refusals; the stream itself has no end
        for scheme in ("https://", "http://"):
            client.session.mount(scheme, transport)
        self._client = client
        if stop.is_set():
            return None
        client.filter(**self._wanted)
        with self._lock:
            self._connection = ""
        status = transport.status
        if status in {401, 402, 403, 404}:
            self._note(failure(status, transport.headers, transport.body, self._clock.now()))
        return status

    def _note(self, error: SourceError) -> None:
        with self._lock:
            self._error = error

    def _up(self) -> None:
        self._count += 1
        with self._lock:
            self._connection = f"{self._clock.now():%Y%m%d%H%M%S.%f}.{self._count:06d}"

    def _arrived(self, raw: bytes) -> bool:
        """Queue a line of the stream; False if there is no room or no sense in it, which ends the connection."""
        try:
            answer = json.loads(raw)
        except ValueError:
            return False
        if not isinstance(answer, dict):
            return False
        if not isinstance(answer.get("data"), dict):
            return "errors" not in answer  # X tells of its own trouble this way, and then closes
        with self._lock:
            if len(self._queue) >= self._size:
                return False
            post = {"data": [answer["data"]], "includes": answer.get("includes")}
            self._queue.append((self._connection, post))
            return True

    def _sync(self, calls: Calls) -> None:
        """Make the app's rules under our tags those that are wanted."""
        deadline = self._clock.now() + _CALL
        there = [row for row in rows(calls.rules(deadline)) if isinstance(row, dict)]
        ours = [row for row in there if str(row.get("tag", "")).rpartition(":")[0] == self._name]
        wrong = [row for row in ours if self._rules.get(str(row["tag"])) != row.get("value")]
        if wrong:
            calls.change_rules(deadline, {"delete": {"ids": [str(row.get("id")) for row in wrong]}})
        right = {str(row["tag"]) for row in ours if row not in wrong}
        missing = [{"value": rule, "tag": tag} for tag, rule in self._rules.items() if tag not in right]
        if missing:
            calls.change_rules(deadline, {"add": missing})


class _Client(tweepy.StreamingClient):  # type: ignore[misc]  # tweepy has no types
    """tweepy's client for one connection: whatever ends it ends `filter`."""

    def __init__(
        self, token: str, arrived: Callable[[bytes], bool], up: Callable[[], None], alive: Callable[[], None]
    ) -> None:
        super().__init__(token, return_type=dict, wait_on_rate_limit=False, max_retries=0, daemon=True)
        self._arrived = arrived
        self._up = up
        self._alive = alive

    def filter(self, **wanted: Any) -> None:
        """Connect and read until it ends."""
        self._connect("GET", "search", params=wanted)

    def on_connect(self) -> None:
        self._up()

    def on_data(self, raw: bytes) -> None:
        self._alive()
        if not self._arrived(raw):
            self.disconnect()

    def on_keep_alive(self) -> None:
        self._alive()

    def on_closed(self, response: requests.Response) -> None:  # noqa: ARG002  tweepy's signature
        self.disconnect()

    def on_connection_error(self) -> None:
        self.disconnect()

    def on_request_error(self, status_code: int) -> None:  # noqa: ARG002  the same
        self.disconnect()

    def on_exception(self, exception: Exception) -> None:  # noqa: ARG002  the same
        self.disconnect()

    def on_disconnect(self) -> None:
        """Nothing to do: `filter` returns."""
