"""The watermark: up to which event minute everything that could still come has come."""

from __future__ import annotations

from collections.abc import Iterable

from crisiswatch.engine.rhythm import Rhythm

__all__ = ["IDLE", "LONGEST_WAIT", "watermark"]

IDLE = 10  # minutes without an arrival after which a source holds nobody up
LONGEST_WAIT = 60  # minutes that a source which only brings old mentions may hold the watermark back


def watermark(sources: Iterable[Rhythm], before: int, now: int, lateness: int) -> int:
    """Newest event of the slowest source that speaks, less ``lateness``; never earlier than ``before``.

    All in minutes. A source that has been idle holds nobody up, and none holds up for more than an hour.
    """
    newest = [rhythm.newest_event + 1 for rhythm in sources if now - rhythm.last_arrival <= IDLE]
    slowest = max(min(newest, default=now), now - LONGEST_WAIT)
    return max(before, min(slowest, now) - lateness)
