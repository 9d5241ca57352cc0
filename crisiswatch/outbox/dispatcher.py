"""Sends one receiver's messages, one at a time: lease, build, send, record. Never lost, doubled only if unknown.

Each receiver has its own dispatcher in its own thread, so a broken one delays nobody else.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from crisiswatch.clock import Clock
from crisiswatch.errors import Rejected, StoreError, TryLater, Unknown
from crisiswatch.model import Delivery, Notifier, Receipt, Repeater, Stage
from crisiswatch.outbox.repeats import Repeats
from crisiswatch.store import Fence, OutboxRow, Store, body_from_json

__all__ = ["Dispatcher", "Outcome", "backoff"]

_LEASE = timedelta(seconds=60)
_FIRST_WAIT = 2.0
_LONGEST_WAIT = 300.0
_LONGEST_ASKED = 3600.0  # a receiver that asks for more is asked again after an hour
_GIVE_UP_AFTER = timedelta(hours=24)
_FAIR_CHANCE = 20  # attempts before giving up, also when the daemon was down for that day
_LONGEST_FOR_SOME = 60.0  # while some of several have not got it, the others must not wait long for what comes next
_ERROR_LENGTH = 500


class Outcome(StrEnum):
    """What came of one attempt; the ``outcome`` label of the metrics."""

    SENT = "sent"
    FOUND = "found"  # it had arrived before: a look-up showed it
    DUPLICATE = "duplicate"  # sent, though an earlier attempt may have arrived
    PARTLY = "partly"  # taken, but not for all it is meant for
    SKIPPED = "skipped"  # an edit for a receiver that can't edit
    RETRY = "retry"
    UNKNOWN = "unknown"
    DEAD = "dead"
    CRASHED = "crashed"  # the notifier raised what it must not; treated as unknown
    LOST = "lost"  # sent, but the lease had run out and another took the message
    STORE_FAILED = "store_failed"
    REPEATED = "repeated"  # told again how things stand
    NOT_REPEATED = "not_repeated"


class Dispatcher:
    """One receiver's sender.

    ``build_delivery`` makes the message from a leased row (its snapshot, ``memory``, ``previous``, ``uncertain``).
    ``on_outcome(receiver, outcome, seconds)`` is called after each attempt. ``run`` returns once ``stop`` is set and
    the send under way is over; ``wake`` makes it look at once instead of after ``idle`` seconds. With ``fence`` it
    takes messages only while this process holds that lease. A `Repeater` is told again how things stand, between
    messages, and what it is sent is always the newest state: an old one would undo what a repetition said.
    """

    def __init__(
        self,
        *,
        store: Store,
        receiver_id: str,
        notifier: Notifier,
        clock: Clock,
        stop: threading.Event,
        on_outcome: Callable[[str, Outcome, float], None],
        build_delivery: Callable[[OutboxRow], Delivery],
        idle: float = 1.0,
        fence: Fence | None = None,
    ) -> None:
        self._store = store
        self._receiver = receiver_id
        self._notifier = notifier
        self._clock = clock
        self._stop = stop
        self._on_outcome = on_outcome
        self._build = build_delivery
        self._idle = idle
        self._fence = fence
        self._signal = threading.Event()
        self._repeats = None
        if notifier.capabilities.every > 0 and isinstance(notifier, Repeater):
            self._repeats = Repeats(
                store=store,
                receiver_id=receiver_id,
                notifier=notifier,
                clock=clock,
                build_delivery=build_delivery,
                fence=fence,
            )

    def wake(self) -> None:
        """There may be something to send, or it is time to stop."""
        self._signal.set()

    def run(self) -> None:
        """Send until told to stop; what is not sent by then stays in the outbox."""
        while not self._stop.is_set():
            self._signal.clear()
            try:
                busy = self.run_once()
            except StoreError:
                # The engine meets the same database and reports it; here the message keeps its place.
                self._on_outcome(self._receiver, Outcome.STORE_FAILED, 0.0)
                busy = False
            if not busy and not self._stop.is_set():
                self._signal.wait(self._idle)

    def run_once(self) -> bool:
        """Attempt the next message that is due; False if there is none."""
        if self._repeats is not None and self._repeats.due():
            self._repeat(self._repeats)
        row = self._store.lease(self._receiver, self._clock.now(), _LEASE, fence=self._fence)
        if row is None:
            return False
        if row.stage is Stage.UPDATED and not self._notifier.capabilities.edits:
            self._store.settle_superseded(row, self._clock.now())
            self._on_outcome(self._receiver, Outcome.SKIPPED, 0.0)
            return True
        started = self._clock.monotonic()
        outcome = self._attempt(row)
        self._on_outcome(self._receiver, outcome, self._clock.monotonic() - started)
        return True

    def _repeat(self, repeats: Repeats) -> None:
        started = self._clock.monotonic()
        good = repeats.run()
        if good is not None:
            outcome = Outcome.REPEATED if good else Outcome.NOT_REPEATED
            self._on_outcome(self._receiver, outcome, self._clock.monotonic() - started)

    def _attempt(self, row: OutboxRow) -> Outcome:
        try:
            receipt = self._notifier.send(self._build(row if self._repeats is None else self._present(row)))
        except Rejected as error:
            self._store.settle_dead(row, _clip(error.detail), self._clock.now())
            return Outcome.DEAD
        except TryLater as error:
            return self._again(row, error.detail, Outcome.RETRY, at_least=error.after or 0.0)
        except Unknown as error:
            return self._again(row, error.detail, Outcome.UNKNOWN)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a supervision point: no plug-in's fault may stop a receiver
            return self._again(row, _where(error), Outcome.CRASHED)
        return self._sent(row, receipt)

    def _present(self, row: OutboxRow) -> OutboxRow:
        """The message with the newest state of its incident."""
        newest = self._store.newest_message(row.incident, self._receiver) or row
        case = body_from_json(newest.body).case
        over = newest.stage is Stage.RESOLVED or (case is not None and bool(case.ending))
        return replace(row, body=newest.body, stage=Stage.RESOLVED if over else row.stage)

    def _sent(self, row: OutboxRow, receipt: Receipt) -> Outcome:
        if receipt.again and not self._given_up(row):
            wait = backoff(row.id, row.attempts)
            wait = wait if row.attempts > _FAIR_CHANCE else min(wait, _LONGEST_FOR_SOME)
            now = self._clock.now()
            return Outcome.PARTLY if self._store.settle_sent(row, receipt, now, _later(now, wait)) else Outcome.LOST
        if not self._store.settle_sent(row, receipt, self._clock.now()):
            return Outcome.LOST
        if receipt.missed:
            return Outcome.PARTLY
        if receipt.found:
            return Outcome.FOUND
        return Outcome.DUPLICATE if receipt.duplicate else Outcome.SENT

    def _given_up(self, row: OutboxRow) -> bool:
        return self._clock.now() - (row.due_at or row.created_at) >= _GIVE_UP_AFTER and row.attempts >= _FAIR_CHANCE

    def _again(self, row: OutboxRow, error: str, outcome: Outcome, at_least: float = 0.0) -> Outcome:
        """Put it back for later, or give up on it a day after it was due."""
        now = self._clock.now()
        if self._given_up(row):
            self._store.settle_dead(row, _clip(f"given up after 24 h: {error}"), now)
            return Outcome.DEAD
        uncertain = outcome is not Outcome.RETRY
        wait = max(min(at_least, _LONGEST_ASKED), backoff(row.id, row.attempts))
        self._store.settle_retry(row, _clip(error), _later(now, wait), uncertain=uncertain)
        return outcome


def backoff(delivery_id: str, attempt: int) -> float:
    """Seconds to wait after the ``attempt``-th failure (from 1): doubling from 2 s, at most 5 min.

    A fifth more or less, by a hash of the delivery and the attempt: equal at every run, different between messages.
    """
    digest = hashlib.sha256(f"{delivery_id}#{attempt}".encode()).digest()
    spread = 0.8 + 0.4 * int.from_bytes(digest[:4], "big") / 2**32
    return min(_LONGEST_WAIT, _FIRST_WAIT * 2.0 ** min(attempt - 1, 20) * spread)


def _later(now: datetime, seconds: float) -> datetime:
    return now + timedelta(seconds=seconds)


def _where(error: Exception) -> str:
    """What was raised and where; its words could hold a secret."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = "" if frame is None else f" at {Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
    return f"{type(error).__name__}{place}"


def _clip(text: str) -> str:
    return text if len(text) <= _ERROR_LENGTH else text[: _ERROR_LENGTH - 1] + "…"
