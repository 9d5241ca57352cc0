"""One dispatcher thread a receiver, replaced as a whole by a reload."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import structlog

from crisiswatch.clock import Clock
from crisiswatch.model import Delivery, Notifier
from crisiswatch.outbox import Dispatcher, Outcome
from crisiswatch.store import Fence, OutboxRow, Store

__all__ = ["Senders"]

log = structlog.get_logger("crisiswatch")

PATIENCE = 2.0
"""Seconds that a swap waits for sends under way. One that hangs goes on by itself: its message is leased to it."""


@dataclass(slots=True)
class _Sender:
    dispatcher: Dispatcher
    stop: threading.Event
    thread: threading.Thread


class Senders:
    """The dispatchers of all receivers. One broken receiver delays nobody else."""

    def __init__(
        self, store: Store, clock: Clock, fence: Fence, on_outcome: Callable[[str, Outcome, float], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._fence = fence
        self._on_outcome = on_outcome
        self._running: dict[str, _Sender] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._running))

    def swap(self, notifiers: Mapping[str, Notifier], build: Callable[[OutboxRow], Delivery]) -> None:
        """Stop the dispatchers there are and start one for each of ``notifiers``, by receiver id; what is owed to
        anybody else is given up, or it would wait unseen, and all come at once when the receiver is back."""
        self.stop(PATIENCE)
        for receiver, number in self._store.settle_unwanted(notifiers.keys(), self._clock.now()).items():
            log.warning("receiver_gone", receiver=receiver, given_up=number)
            for _ in range(number):
                self._on_outcome(receiver, Outcome.DEAD, 0.0)
        self._running = {receiver: self._make(receiver, notifier, build) for receiver, notifier in notifiers.items()}
        for sender in self._running.values():
            sender.thread.start()

    def wake(self, receiver: str) -> None:
        """Have a receiver's dispatcher look at once."""
        sender = self._running.get(receiver)
        if sender is not None:
            sender.dispatcher.wake()

    def stop(self, seconds: float) -> None:
        """Let sends under way end, ``seconds`` for each at most; what is not sent stays in the outbox."""
        for sender in self._running.values():
            sender.stop.set()
            sender.dispatcher.wake()
        for sender in self._running.values():
            sender.thread.join(seconds)

    def _make(self, receiver: str, notifier: Notifier, build: Callable[[OutboxRow], Delivery]) -> _Sender:
        stop = threading.Event()
        dispatcher = Dispatcher(
            store=self._store,
            receiver_id=receiver,
            notifier=notifier,
            clock=self._clock,
            stop=stop,
            on_outcome=self._on_outcome,
            build_delivery=build,
            fence=self._fence,
        )
        return _Sender(dispatcher, stop, threading.Thread(target=dispatcher.run, name=f"send:{receiver}", daemon=True))
