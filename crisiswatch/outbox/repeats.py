"""Tells a receiver that forgets what is not repeated, again and again, how things stand.

What stands is read from the outbox each time, so it survives a restart, and an incident that is over is told as over:
for an hour, in case an older repetition was under way when it ended, or one of several servers was down.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from crisiswatch.clock import Clock
from crisiswatch.errors import StoreError, TryLater
from crisiswatch.model import Delivery, Repeater
from crisiswatch.store import Fence, OutboxRow, Store

__all__ = ["ENDED_FOR", "Repeats"]

ENDED_FOR = timedelta(hours=1)
"""How long what has ended is told as ended."""


class Repeats:
    """The repetitions of one receiver; called by its dispatcher alone, so that none overtakes a message.

    The first comes at once: after a restart the receiver may have heard nothing for long.
    """

    def __init__(
        self,
        *,
        store: Store,
        receiver_id: str,
        notifier: Repeater,
        clock: Clock,
        build_delivery: Callable[[OutboxRow], Delivery],
        fence: Fence | None = None,
    ) -> None:
        self._store = store
        self._receiver = receiver_id
        self._notifier = notifier
        self._clock = clock
        self._build = build_delivery
        self._fence = fence
        self._next = clock.monotonic()
        self._built: dict[str, Delivery] = {}

    def due(self) -> bool:
        """Whether it is time."""
        return self._clock.monotonic() >= self._next

    def run(self) -> bool | None:
        """Repeat everything; False if the receiver did not take it, None if nothing stands."""
        every = self._notifier.capabilities.every
        self._next = self._clock.monotonic() + every
        rows = self._store.standing(self._receiver, self._clock.now() - ENDED_FOR, fence=self._fence)
        if not rows:
            self._built = {}
            return None
        try:
            # Built once for each message: the posts behind it are searched for, and what is said stays the same.
            self._built = {row.id: self._built.get(row.id) or self._build(row) for row in rows}
            self._notifier.repeat(list(self._built.values()))
        except TryLater as error:
            self._next = self._clock.monotonic() + max(every, min(error.after or 0.0, ENDED_FOR.total_seconds()))
            return False
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - a supervision point: the next repetition is the remedy, whatever it was
            return False
        return True
