"""A pushed stream as a `Source` that is polled: a thread reads ahead into a bounded queue, polls empty it.

The one who brings the platform writes two small things: an `Opener` (where to go on, and how to connect) and a
`Connection` (one message at a time). Reconnecting, waiting, noticing silence and going back to a batch that was not
committed are done here.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import Protocol

from crisiswatch.clock import Clock
from crisiswatch.errors import SourceError, SourceUnavailable
from crisiswatch.model import Batch, Cursor

__all__ = ["Connection", "Opener", "StreamSource", "pause_after"]

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
_SLICE = 0.25  # seconds between two looks at whether to stop
_LASTING = 10.0  # seconds after which a connection counts as one that works


class Connection(Protocol):
    """An open stream. `read` gives one message as a batch whose ``cursor`` is the place after it (with nothing else in
    it when it does not concern us), or None when nothing came within ``seconds``; it raises `SourceError` when the
    stream is over."""

    def read(self, seconds: float) -> Batch | None: ...

    def close(self) -> None: ...


class Opener(Protocol):
    """Connects at the place it has come to, again and again; ``seconds`` is the most it may take. Raises
    `SourceError`. `place` is that place as a cursor."""

    def open(self, seconds: float) -> Connection: ...

    def place(self) -> Cursor: ...


class _State(Enum):
    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"


class StreamSource:
    """Polls a stream that is read by a thread of its own.

    ``begin`` is given a cursor (None: from the beginning, whatever that is for the platform) and gives what opens the
    stream there. A poll with another cursor than the last one given out begins anew at that place, so a batch that was
    not committed comes again. It returns at ``most`` mentions, or when nothing more came for ``calm`` seconds, or after
    ``longest`` seconds. A stream without any message for ``silence`` seconds is taken for dead,
    and polls fail from then on until a new message comes, however often it was connected again.
    """

    def __init__(
        self,
        begin: Callable[[Cursor | None], Opener],
        clock: Clock,
        *,
        id: str = "stream",  # noqa: A002  the name everybody uses
        room: int = 10_000,
        most: int = 1000,
        calm: float = 0.2,
        longest: float = 2.0,
        silence: float = 60.0,
        connect: float = 10.0,
    ) -> None:
        self.id = id
        self._begin = begin
        self._clock = clock
        self._room = room
        self._most = most
        self._calm = calm
        self._longest = longest
        self._silence = silence
        self._connect = connect
        self._reader: _Reader | None = None
        self._given: Cursor | None = None
        self._start: Cursor | None = None
        self._closed = False

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """What the stream brought since ``cursor``. Raises what connecting raised, until it works again."""
        if self._closed:
            raise SourceUnavailable("the source was closed")
        left = (deadline - self._clock.now()).total_seconds()
        if left <= 0:
            raise SourceUnavailable("no time left before the deadline")
        if self._reader is None or self._reader.crash is not None or cursor != self._given:
            self._restart(cursor)
        assert self._reader is not None
        taken, rushed = self._reader.take(left, self._most, self._calm, self._longest)
        batch = _joined(taken, self._start if cursor is None else cursor)
        more = self._reader.holds_more() or (rushed and bool(batch.mentions))
        self._given = batch.cursor
        return Batch(batch.mentions, batch.refused, (), batch.edited, batch.deleted, cursor=batch.cursor, more=more)

    def close(self) -> None:
        """Stop reading; the thread lets go of its connection by itself."""
        self._closed = True
        if self._reader is not None:
            self._reader.stop()

    def _restart(self, cursor: Cursor | None) -> None:
        opener = self._begin(cursor)
        if self._reader is not None:
            self._reader.stop()
        self._given = cursor
        self._start = opener.place()
        self._reader = _Reader(
            self.id, opener, self._clock, room=self._room, silence=self._silence, connect=self._connect
        )
        self._reader.start()


class _Reader(threading.Thread):
    """Reads one stream from one place on. What it shares with polls is behind one condition."""

    def __init__(
        self,
        source: str,
        opener: Opener,
        clock: Clock,
        *,
        room: int,
        silence: float,
        connect: float,
    ) -> None:
        super().__init__(name=f"stream-{source}", daemon=True)
        self._source = source
        self._opener = opener
        self._clock = clock
        self._room = room
        self._silence = silence
        self._connect = connect
        self._changed = threading.Condition()
        self._queue: deque[Batch] = deque()
        self._state = _State.CONNECTING
        self._failure: SourceError | None = None
        self._failures = 0
        self._until = 0.0
        self._mute: SourceError | None = None  # the stream fell silent, and since then nothing new came
        self._place: Cursor | None = opener.place()
        self._stopped = False
        self.crash: Exception | None = None

    # -- what a poll calls

    def take(self, left: float, most: int, calm: float, longest: float) -> tuple[list[Batch], bool]:
        """Wait for the stream to be open and calm, then give what has come, and whether it did not become calm."""
        with self._changed:
            self._changed.notify_all()  # it may be time to connect again
            self._changed.wait_for(self._decided, timeout=left)
            if not self._queue:
                self._sure_of([])
            taken: list[Batch] = []
            mentions = 0
            end = self._clock.monotonic() + min(longest, left)
            while True:
                while self._queue and mentions < most:
                    taken.append(self._queue.popleft())
                    mentions += len(taken[-1].mentions)
                self._changed.notify_all()  # there is room again
                step = min(calm, end - self._clock.monotonic())
                if mentions >= most or step <= 0 or self._stopped:
                    break
                if not self._changed.wait_for(lambda: bool(self._queue), timeout=step):
                    return self._sure_of(taken), False
            return self._sure_of(taken), True

    def _sure_of(self, taken: list[Batch]) -> list[Batch]:
        """What was taken, unless it is nothing because the stream is not open or mute, or its thread died."""
        if self.crash is not None:
            raise self.crash
        if not taken and (self._state is not _State.OPEN or self._mute is not None):
            raise self._why_not()
        return taken

    def holds_more(self) -> bool:
        with self._changed:
            return bool(self._queue)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _decided(self) -> bool:
        if self._queue or self._stopped or self._state is _State.OPEN:
            return True
        return self._state is _State.WAITING and self._clock.monotonic() < self._until

    def _why_not(self) -> SourceError:
        if self._stopped:
            return SourceUnavailable("the source was closed")
        failure = self._mute or self._failure
        if failure is None:
            return SourceUnavailable("no connection before the deadline")
        if isinstance(failure, SourceUnavailable) and failure.after is not None:
            return SourceUnavailable(failure.detail, max(0.0, self._until - self._clock.monotonic()))
        return failure

    # -- the thread

    def run(self) -> None:
        """Read until it is stopped; what goes wrong with the reading itself is raised by the next poll."""
        try:
            self._read()
        except Exception as error:  # noqa: BLE001  nobody sees what a thread dies of, and a stream nobody reads looks calm
            with self._changed:
                self.crash, self._stopped = error, True
                self._changed.notify_all()

    def _read(self) -> None:
        while not self._stopped:
            try:
                connection = self._opener.open(self._connect)
            except SourceError as error:
                self._pause(error)
                continue
            try:
                self._follow(connection)
            except SourceError as error:
                lost: SourceError | None = error
            else:
                lost = None
            finally:
                connection.close()
            if lost is not None and self._failures == 0:  # a stream that worked and broke is taken up again at once
                self._failures = 1
                self._enter(_State.CONNECTING)
            elif lost is not None:
                self._pause(lost)

    def _follow(self, connection: Connection) -> None:
        began = heard = self._clock.monotonic()
        self._enter(_State.OPEN)
        while not self._stopped:
            batch = connection.read(_SLICE)
            now = self._clock.monotonic()
            if batch is None:
                if now - heard > self._silence:
                    # To connect again shows nothing: a server that accepts and says nothing is not calm.
                    self._mute = SourceUnavailable(f"nothing came for {self._silence:g} seconds")
                    raise self._mute
                continue
            heard = now
            if batch.cursor != self._place:
                self._place, self._mute = batch.cursor, None
            elif not _has_content(batch):
                continue  # sent once more, because one went back a little: no news
            if now - began > _LASTING:
                self._failures = 0
            self._put(batch)

    def _put(self, batch: Batch) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._queue) < self._room or self._stopped)
            if self._queue and not _has_content(batch) and not _has_content(self._queue[-1]):
                self._queue[-1] = batch  # only the place moved on
            else:
                self._queue.append(batch)
            self._changed.notify_all()

    def _pause(self, error: SourceError) -> None:
        asked = error.after if isinstance(error, SourceUnavailable) else None
        self._failures += 1
        wait = pause_after(self._failures, self._source) if asked is None else asked
        self._until = self._clock.monotonic() + wait
        self._failure = error
        self._enter(_State.WAITING)
        with self._changed:
            while not self._stopped and (rest := self._until - self._clock.monotonic()) > 0:
                self._changed.wait(min(rest, 1.0))  # a poll wakes it, in case the clock was put forward
        self._enter(_State.CONNECTING)

    def _enter(self, state: _State) -> None:
        with self._changed:
            self._state = state
            self._changed.notify_all()


def pause_after(failures: int, salt: str) -> float:
    """Seconds to wait after so many failures in a row: doubling up to five minutes, of which ``salt`` decides whether
    it is half or all of it, so that many who were cut off together do not come back together."""
    whole = min(_FIRST_PAUSE * 2.0 ** min(failures, 20), _LONGEST_PAUSE)
    share = int.from_bytes(blake2b(f"{salt}:{failures}".encode(), digest_size=2).digest(), "big") / 0xFFFF
    return whole * (0.5 + share / 2)


def _has_content(batch: Batch) -> bool:
    return bool(batch.mentions or batch.refused or batch.edited or batch.deleted)


def _joined(batches: Iterable[Batch], cursor: Cursor | None) -> Batch:
    """All of them as one, at ``cursor`` if there is none."""
    parts = list(batches)
    return Batch(
        mentions=tuple(each for part in parts for each in part.mentions),
        refused=tuple(each for part in parts for each in part.refused),
        edited=tuple(each for part in parts for each in part.edited),
        deleted=tuple(each for part in parts for each in part.deleted),
        cursor=parts[-1].cursor if parts else cursor,
    )
