"""A pushed stream that is polled: what a silence is, and when it is over."""

from __future__ import annotations

import threading
from collections import deque
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.errors import SourceUnavailable
from crisiswatch.model import Batch
from crisiswatch.sources import streaming
from crisiswatch.sources.streaming import StreamSource
from tests.acceptance.world import until

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Server:
    """Accepts whoever connects, and says what it is told to, and ``again`` at each connection; ``opened``
    counts connections."""

    def __init__(self) -> None:
        self.opened = 0
        self.says: deque[str] = deque()
        self.again: list[str] = []
        self._pause = threading.Event()

    def open(self, seconds: float) -> Server:
        self.opened += 1
        self.says.extend(self.again)
        return self

    def place(self) -> str:
        return "begin"

    def read(self, seconds: float) -> Batch | None:
        if self.says:
            return Batch(cursor=self.says.popleft())
        self._pause.wait(0.005)
        return None

    def close(self) -> None:
        pass


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def source(server: Server, clock: ManualClock, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(streaming, "_SLICE", 0.01)
    made = StreamSource(lambda _: server, clock, calm=0.01)
    yield made
    made.close()


def poll(source: StreamSource, clock: ManualClock, cursor: str | None) -> str | None:
    return source.poll(cursor, clock.now() + timedelta(seconds=5)).cursor


def test_a_stream_that_is_calm_at_the_first_connection_is_no_failure(server, clock, source) -> None:
    assert poll(source, clock, None) == "begin"


def test_a_server_that_accepts_and_says_nothing_stays_a_failure_however_often_it_is_connected(
    server, clock, source
) -> None:
    falls_silent(server, clock, source)
    server.again.append("1")  # as a server does that is asked for the last seconds once more

    def goes_on() -> bool:
        clock.advance(minutes=1)
        with pytest.raises(SourceUnavailable, match="nothing came for 60 seconds"):
            poll(source, clock, "1")
        return server.opened >= 5

    until(goes_on, "it connected again and again")


def test_the_first_message_ends_a_silence(server, clock, source) -> None:
    falls_silent(server, clock, source)
    server.says.append("2")
    until(lambda: heard(source, clock) == "2", "the second message came")
    assert poll(source, clock, "2") == "2"


def falls_silent(server: Server, clock: ManualClock, source: StreamSource) -> None:
    """Say one thing, and nothing until that is noticed."""
    server.says.append("1")
    until(lambda: poll(source, clock, None) == "1", "the first message came")
    clock.advance(seconds=61)
    until(lambda: heard(source, clock) is None, "the silence is noticed")


def heard(source: StreamSource, clock: ManualClock) -> str | None:
    try:
        return poll(source, clock, "1")
    except SourceUnavailable:
        return None
