"""The engine thread: the only one that writes. Everybody else hands it jobs through one bounded queue.

A job that the store refuses is tried again until it is written: the batch stays in memory, its source's cursor stays
where it was, readiness goes red, and a full queue tells pollers and webhooks to wait.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from crisiswatch.clock import Clock
from crisiswatch.errors import ActRefused, StoreError
from crisiswatch.pipeline import Pipeline, Result

__all__ = ["Job", "Ticket", "Worker"]

Job = Callable[[Pipeline], Result]

QUEUE_LENGTH = 256
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0
log = structlog.get_logger("crisiswatch.engine")


class Ticket:
    """A job's fate: `wait` returns its result once it is committed, None if time runs out or the engine stops."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self.result: Result | None = None
        self.error: Exception | None = None

    def settle(self, result: Result | None, error: Exception | None = None) -> None:
        """Tell whoever waits."""
        self.result, self.error = result, error
        self._done.set()

    def wait(self, seconds: float) -> Result | None:
        """Wait for the commit; raises what the job itself raised."""
        self._done.wait(seconds)
        if self.error is not None:
            raise self.error
        return self.result


class Worker:
    """Runs jobs one by one on its own thread, and ticks between them.

    ``every`` is the time between heartbeats; with ``ticking`` each brings the engine's time forward (not when time is
    the stream's). ``before_tick`` says whether we still hold the store; when not, ``lost`` is set and the thread ends.
    ``observe`` is told each result.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        clock: Clock,
        *,
        every: timedelta,
        observe: Callable[[str, Result], None],
        before_tick: Callable[[], bool] = lambda: True,
        ticking: bool = True,
    ) -> None:
        self.pipeline = pipeline
        self._clock = clock
        self._every = every
        self._observe = observe
        self._before_tick = before_tick
        self._ticking = ticking
        self._queue: queue.Queue[tuple[str, Job, Ticket]] = queue.Queue(QUEUE_LENGTH)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.lost = threading.Event()
        self.store_trouble = ""
        self.last_beat: datetime | None = None

    @property
    def waiting(self) -> int:
        """Jobs in the queue."""
        return self._queue.qsize()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def submit(self, name: str, job: Job, seconds: float = 0.0) -> Ticket | None:
        """Queue a job; None if the queue stays full for ``seconds`` or the engine is stopping."""
        if self._stop.is_set() or self.lost.is_set():
            return None
        ticket = Ticket()
        try:
            self._queue.put((name, job, ticket), block=seconds > 0, timeout=seconds or None)
        except queue.Full:
            return None
        return ticket

    def stop(self, seconds: float) -> None:
        """Finish what is queued, then end; returns after ``seconds`` at most."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        try:
            self._turn()
        finally:
            self._turn_away()

    def _turn(self) -> None:
        due = self._clock.monotonic()
        while not self.lost.is_set():
            job = self._next(due)
            if job is not None:
                self._do(*job)
            elif self._stop.is_set():
                return
            self.last_beat = self._clock.now()
            if self._clock.monotonic() >= due:
                due = self._clock.monotonic() + self._every.total_seconds()
                self._tick()

    def _turn_away(self) -> None:
        """Tell those who still wait that nothing of theirs was written."""
        while True:
            try:
                _, _, ticket = self._queue.get_nowait()
            except queue.Empty:
                return
            ticket.settle(None, StoreError("the engine has stopped"))

    def _next(self, due: float) -> tuple[str, Job, Ticket] | None:
        wait = 0.0 if self._stop.is_set() else min(max(due - self._clock.monotonic(), 0.01), 0.25)
        try:
            return self._queue.get(timeout=wait) if wait else self._queue.get_nowait()
        except queue.Empty:
            return None

    def _tick(self) -> None:
        if not self._before_tick():
            self.lost.set()
            return
        if not self._ticking:
            return
        now = self._clock.now()
        self._do("tick", lambda pipeline: pipeline.tick(now), Ticket())

    def _do(self, name: str, job: Job, ticket: Ticket) -> None:
        """Run a job until the store has taken it; any other error is the job's own and goes to its ticket."""
        wait = FIRST_WAIT
        while True:
            try:
                result = job(self.pipeline)
            except StoreError as error:
                self.store_trouble = str(error)
                log.warning("store_refused", job=name, error=str(error), again_in_seconds=wait)
                if self._stop.wait(wait) or self.lost.is_set():
                    ticket.settle(None, error)
                    return
                if not self._before_tick():
                    self.lost.set()
                wait = min(wait * 2, LONGEST_WAIT)
            except ActRefused as error:
                ticket.settle(None, error)
                return
            except Exception as error:  # one job's fault must not stop the only writer; it is told to who asked
                log.exception("job_failed", job=name)
                ticket.settle(None, error)
                return
            else:
                self.store_trouble = ""
                ticket.settle(result)
                self._observe(name, result)
                return
