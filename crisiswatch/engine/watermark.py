"""The watermark: up to which event minute everything that could still come has come."""

from __future__ import annotations

from collections.abc import Mapping

from crisiswatch.engine.rhythm import Rhythm
from crisiswatch.engine.state import Volume

__all__ = ["IDLE", "LONGEST_WAIT", "goes_on", "watermark"]

IDLE = 10  # minutes without an arrival after which a source holds nobody up
LONGEST_WAIT = 60  # minutes that a source which only brings old mentions may hold the watermark back


GONE = 7 * 60  # minutes without a count after which none is waited for; six hours may lie between two
UNREAD = "out_of_budget"
"""Why a source is blind that may be counted still."""


def watermark(
    sources: Mapping[str, Rhythm], volumes: Mapping[str, Volume], before: int, now: int, lateness: int
) -> int:
    """Newest event of the slowest source that speaks, less ``lateness``; never earlier than ``before``.

    All in minutes. A source that has been idle holds nobody up, and none holds up for more than an hour. One that is
    judged by its counts is waited for between two of them, because they bring what was said meanwhile.
    """
    newest = [rhythm.newest_event + 1 for rhythm in sources.values() if now - rhythm.last_arrival <= IDLE]
    newest += [_ripe(volume, now) for name, volume in volumes.items() if goes_on(sources.get(name), volume, now)]
    slowest = max(min(newest, default=now), now - LONGEST_WAIT)
    return max(before, min(slowest, now) - lateness)


def _ripe(volume: Volume, now: int) -> int:
    """Up to where the counts are made use of: a minute after the last ones came, what goes with them has been read."""
    return volume.slots[0][0] if volume.slots and now - volume.at <= 1 else volume.until


def goes_on(rhythm: Rhythm | None, volume: Volume, now: int) -> bool:
    """Whether a source can be expected to go on counting."""
    failing = rhythm is not None and rhythm.blind and rhythm.reason != UNREAD
    return not failing and now - volume.until <= GONE
