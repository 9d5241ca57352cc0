"""Taking the store for one daemon."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

import structlog

from crisiswatch.errors import StoreError
from crisiswatch.store import Fence, Store

__all__ = ["acquire"]

log = structlog.get_logger("crisiswatch.leasing")


def acquire(store: Store, now: datetime, lease: timedelta) -> Fence:
    """Take the store for this process; where another has it, close it and raise StoreError.

    A restarted daemon on the same host takes over at once, because the fence keeps whatever is left of the old one from
    writing. What that was sending is sent again, as uncertain.
    """
    fence = store.acquire("daemon", socket.gethostname(), now, lease)
    if fence is None:
        store.close()
        raise StoreError("another crisiswatch is running on this store; stop it first, or wait half a minute")
    taken_back = store.recover_outbox()
    if taken_back:
        log.warning("messages_taken_back", messages=taken_back, why="the last run ended while it was sending them")
    return fence
