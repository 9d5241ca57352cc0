"""Where time comes from: the only module that reads the machine's clock.

Everything else is given a `Clock`, so that tests, replay and the demo decide what time it is.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

__all__ = ["Clock", "ManualClock", "StreamClock", "SystemClock"]


class Clock(Protocol):
    """Tells the time. ``now`` is aware UTC; ``monotonic`` is seconds from an arbitrary start, never backwards."""

    def now(self) -> datetime: ...

    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class ManualClock:
    """A clock that moves only when it is told to. Thread-safe."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self._lock = threading.Lock()
        self._start = start
        self._now = start

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        with self._lock:
            return (self._now - self._start).total_seconds()

    def advance(self, **delta: float) -> datetime:
        """Move on by ``timedelta(**delta)``, e.g. ``advance(minutes=5)``; returns the new time."""
        step = timedelta(**delta)
        if step < timedelta(0):
            raise ValueError("time does not run backwards")
        with self._lock:
            self._now += step
            return self._now


class StreamClock:
    """Time as told by a recorded stream: it is as late as the latest arrival seen, and never moves by itself.

    Replay, the demo and the recovery benchmark use it, so that their results do not depend on how fast they run.
    ``monotonic`` is the machine's, because time-outs and retries are real even when the stream is not.
    """

    def __init__(self, start: datetime) -> None:
        self._lock = threading.Lock()
        self._now = start

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        return time.monotonic()

    def advance_to(self, moment: datetime) -> datetime:
        """Move on to ``moment`` if it is later; returns the time it is now."""
        with self._lock:
            self._now = max(self._now, moment)
            return self._now
