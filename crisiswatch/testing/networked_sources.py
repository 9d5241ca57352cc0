"""The contract of sources that ask somebody over a network: `SourceContract`, and what each failure has to become.

::

    class TestMySource(NetworkedSourceContract):
        def world(self):
            return MyWorld(...)     # a context manager; see NetworkedWorld

`crisiswatch.testing.fake_http.FakeSite` acts the failures out for whatever speaks HTTP.

| what happens | what `poll` raises |
|---|---|
| 401, 403, 404 | `SourceRejected` |
| 429 that says for how long | `SourceUnavailable` with that ``after``, or `QuotaExhausted` with that ``resets_at`` |
| 429 that does not say | `SourceUnavailable` or `QuotaExhausted` |
| 5xx, half an answer, a cut connection, silence, a trickle | `SourceUnavailable`, before the deadline |
| an answer that is something else | any `SourceError` |

Then nothing is lost: when the failure is over, the same source and a new one go on from the cursor of before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol, cast

from crisiswatch.clock import Clock, SystemClock
from crisiswatch.errors import QuotaExhausted, SourceError, SourceRejected, SourceUnavailable
from crisiswatch.model import Batch, Cursor, Source
from crisiswatch.testing.sources import SourceContract, drain

__all__ = ["ASKED_WAIT", "Failure", "NetworkedSourceContract", "NetworkedWorld", "RunningClock"]

ASKED_WAIT = 42.0
"""The seconds that a `Failure.RATE_LIMITED` answer asks for."""

_SHORT = timedelta(seconds=1)
_SLACK = 1.0  # seconds a call may take beyond its deadline on a busy machine
_MOST_REQUESTS = 4
_HEALED_AFTER = 7200.0


class Failure(StrEnum):
    """What the other side does instead of answering."""

    UNAUTHORISED = "401"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    RATE_LIMITED = "429, with the time until it ends as the platform tells it: in `ASKED_WAIT` seconds"
    RATE_LIMITED_UNTOLD = "429, without a word on when it ends"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    HALF = "the answer breaks off in the middle"
    NOT_JSON = "status 200 and a page for people"
    WRONG_SHAPE = "well-formed, but not what was asked for"
    SILENT = "the connection stands and nothing comes"
    TRICKLE = "the answer comes a byte at a time and does not end"
    CUT = "the connection is closed without an answer"


class RunningClock:
    """A clock that runs as fast as the machine's from ``start`` on, and can be put forward. Thread-safe."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)) -> None:
        self._real = SystemClock()
        self._began = self._real.monotonic()
        self._start = start
        self._skipped = 0.0

    def now(self) -> datetime:
        """The time of day, aware UTC."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._real.monotonic() - self._began + self._skipped

    def skip(self, seconds: float) -> None:
        """Put the clock forward."""
        self._skipped += seconds


class NetworkedWorld(Protocol):
    """What a source with a network reads from, under the test's control: a `SourceWorld` that can fail."""

    clock: Clock
    """The clock the sources are made with. It has to run (`RunningClock`): deadlines are told by it."""
    secrets: Sequence[str]
    """What the sources were given that no error may show."""

    def put(self, names: Iterable[str]) -> None:
        """Make one mention appear for each name, its text holding the name as a word."""

    def put_bad(self) -> bool:
        """Make one thing appear that is no mention; False if this source can't come across such a thing."""

    def source(self) -> Source:
        """A new source, as after a kill: it shares nothing with the ones made before (which were not closed) but what
        they read from."""

    def fail(self, failure: Failure | None) -> bool:
        """Have the other side do this to every request from now on, None to have it answer again; False if this
        source can't come across such a thing. What is open now is cut, as a failing server does."""

    def pass_time(self, seconds: float) -> None:
        """Put the clock forward, so that a source that waits after a failure asks again."""

    def asked(self) -> int:
        """How many requests reached the other side, failures and all."""


class NetworkedSourceContract(SourceContract):
    """What must hold for every source with a network, beside `SourceContract`."""

    def world(self) -> AbstractContextManager[NetworkedWorld]:
        """A fresh, empty world; left at the end of each test, it closes the sources it made and all else."""
        raise NotImplementedError

    def test_a_wrong_key_is_rejected(self) -> None:
        self._fails(Failure.UNAUTHORISED, SourceRejected)

    def test_a_missing_permission_is_rejected(self) -> None:
        self._fails(Failure.FORBIDDEN, SourceRejected)

    def test_a_place_that_is_not_there_is_rejected(self) -> None:
        self._fails(Failure.NOT_FOUND, SourceRejected)

    def test_a_rate_limit_is_waited_for_as_long_as_it_says(self) -> None:
        error = self._fails(Failure.RATE_LIMITED, SourceUnavailable, QuotaExhausted)
        if error is None:
            return
        wait, now = error
        assert wait is not None, "the answer said how long to wait"
        assert abs(wait - ASKED_WAIT) <= 3, f"{wait:g} seconds at {now}, but {ASKED_WAIT:g} were asked for"

    def test_a_rate_limit_that_does_not_say_how_long_is_temporary(self) -> None:
        self._fails(Failure.RATE_LIMITED_UNTOLD, SourceUnavailable, QuotaExhausted)

    def test_an_error_of_the_server_is_temporary(self) -> None:
        self._fails(Failure.SERVER_ERROR, SourceUnavailable)

    def test_a_server_that_is_not_available_is_temporary(self) -> None:
        self._fails(Failure.UNAVAILABLE, SourceUnavailable)

    def test_half_an_answer_is_temporary(self) -> None:
        self._fails(Failure.HALF, SourceUnavailable)

    def test_a_page_for_people_is_an_error(self) -> None:
        self._fails(Failure.NOT_JSON, SourceError)

    def test_an_answer_of_another_shape_is_an_error(self) -> None:
        self._fails(Failure.WRONG_SHAPE, SourceError)

    def test_a_silent_server_does_not_hold_it_beyond_the_deadline(self) -> None:
        self._fails(Failure.SILENT, SourceUnavailable)

    def test_a_trickling_server_does_not_hold_it_beyond_the_deadline(self) -> None:
        self._fails(Failure.TRICKLE, SourceUnavailable)

    def test_a_cut_connection_is_temporary(self) -> None:
        self._fails(Failure.CUT, SourceUnavailable)

    def test_failures_between_three_restarts_drop_none_and_double_none(self) -> None:
        failures = (Failure.CUT, Failure.UNAVAILABLE, Failure.RATE_LIMITED_UNTOLD, Failure.HALF)
        with self.world() as world:
            world.put(_names(40, 5))
            batches = drain(world, world.source(), None)
            cursor = batches[-1].cursor
            for restart, failure in enumerate(failures):
                world.put(_names(restart * 10, 10))
                if world.fail(failure):
                    _error(world, world.source(), cursor)
                world.fail(None)
                world.pass_time(_HEALED_AFTER)
                batches += _recovered(world, world.source(), cursor)
                cursor = batches[-1].cursor
            assert _found(batches) == _names(0, 45)

    def test_a_stop_while_it_waits_for_an_answer_is_quick_and_quiet(self) -> None:
        with self.world() as world:
            if not world.fail(Failure.SILENT):
                return
            source, outcome = world.source(), list[object]()
            thread = threading.Thread(target=_poll_into, args=(world, source, outcome), daemon=True)
            thread.start()
            _until_asked(world)
            real = SystemClock()
            started = real.monotonic()
            for _ in range(2):  # twice, because a stop may come twice
                close = getattr(source, "close", None)
                if callable(close):
                    close()
            assert real.monotonic() - started < 2, "closing a source must not wait for the network"
            thread.join(_SHORT.total_seconds() + _SLACK)
            assert not thread.is_alive(), "the poll outlived its deadline"
            assert isinstance(outcome[0], Batch | SourceError), f"a stop became {outcome[0]!r}"

    def _fails(self, failure: Failure, *expected: type[SourceError]) -> tuple[float | None, datetime] | None:
        """Act a failure out between two rounds of mentions; the wait that its error told, if it can happen at all."""
        with self.world() as world:
            world.put(_names(0, 5))
            source = world.source()
            before = drain(world, source, None)
            cursor = before[-1].cursor
            if not world.fail(failure):
                return None
            world.put(_names(5, 5))
            already = world.asked()
            error = _error(world, source, cursor)
            assert isinstance(error, expected), f"{failure.name} became {error!r}"
            assert world.asked() - already <= _MOST_REQUESTS, "asked again and again without a pause"
            told, now = _wait(error, world.clock.now()), world.clock.now()
            world.fail(None)
            world.pass_time(_HEALED_AFTER)
            assert _found([*before, *_recovered(world, source, cursor)]) == _names(0, 10)
            assert _found([*before, *_recovered(world, world.source(), cursor)]) == _names(0, 10)
            return told, now


def _error(world: NetworkedWorld, source: Source, cursor: Cursor | None) -> SourceError:
    """The error of a poll that can't succeed, raised in time and without a secret in it."""
    real = SystemClock()
    started = real.monotonic()
    error: SourceError | None = None
    for _ in range(3):  # a stream may not have noticed yet
        try:
            batch = source.poll(cursor, world.clock.now() + _SHORT)
        except SourceError as raised:
            error = raised
            break
        assert not batch.mentions, "mentions came out of a failure"
        cursor = batch.cursor
    assert error is not None, "the poll did not tell that it failed"
    assert real.monotonic() - started <= 2 * _SHORT.total_seconds() + _SLACK, "it took longer than its deadline"
    shown = f"{error!r} {error} {error.detail}"
    assert not [secret for secret in world.secrets if secret in shown], "the error shows a secret"
    return error


def _recovered(world: NetworkedWorld, source: Source, cursor: Cursor | None) -> list[Batch]:
    """Everything after ``cursor``, now that nothing fails; a try that was under way may still end badly."""
    for _ in range(2):
        try:
            return drain(world, source, cursor)
        except SourceUnavailable:
            world.pass_time(_HEALED_AFTER)
    return drain(world, source, cursor)


def _wait(error: SourceError, now: datetime) -> float | None:
    if isinstance(error, SourceUnavailable):
        return error.after
    resets_at = cast("datetime | None", getattr(error, "resets_at", None))
    return None if resets_at is None else (resets_at - now).total_seconds()


def _poll_into(world: NetworkedWorld, source: Source, outcome: list[object]) -> None:
    try:
        outcome.append(source.poll(None, world.clock.now() + _SHORT))
    except BaseException as error:  # noqa: BLE001  whatever it is, the test says so
        outcome.append(error)


def _until_asked(world: NetworkedWorld) -> None:
    pause = threading.Event()
    for _ in range(500):
        if world.asked():
            return
        pause.wait(0.01)
    raise AssertionError("the source asked nobody in 5 seconds")


def _names(start: int, count: int) -> list[str]:
    return [f"nr{number:04d}" for number in range(start, start + count)]


def _found(batches: Iterable[Batch]) -> list[str]:
    """The names in the mentions, sorted, each as often as it came."""
    words = [word for batch in batches for mention in batch.mentions for word in mention.text.split()]
    return sorted(word for word in words if word.startswith("nr"))
