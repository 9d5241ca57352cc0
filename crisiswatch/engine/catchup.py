"""What was said while nobody could listen and was read afterwards: it tells what is usual, and alone alarms nobody.

Such mentions are marked by whoever reads them (`Mention.backfill`) and stand in the minutes they were said in. A rule
whose window holds mostly such minutes waits to see whether it is still going on, before it wakes anybody.
"""

from __future__ import annotations

from collections.abc import Iterable

from crisiswatch.engine.look import Look
from crisiswatch.engine.state import State
from crisiswatch.windows import Bucket

__all__ = ["RECENT", "is_over", "note"]

RECENT = 15
"""Minutes: what is older when it arrives, after nobody could listen, is called backfill (`crisiswatch.polling`)."""

MOSTLY = 0.5  # part of a window's mentions from which on it is the catching up that speaks
STILL = 0.5  # times the window's own pace: what the last minutes must show, or it is over
KEPT = 8 * 24 * 60  # minutes


def note(state: State, minute: int) -> None:
    """Remember that a mention of ``minute`` came by catching up. Spans less than `RECENT` apart are one."""
    first, last = minute, minute + 1
    apart = []
    for start, end in state.caught_up:
        if start - RECENT <= last and first <= end + RECENT:
            first, last = min(first, start), max(last, end)
        elif end > state.now - KEPT:
            apart.append((start, end))
    state.caught_up = sorted([*apart, (first, last)])


def is_over(state: State, look: Look) -> bool:
    """Whether a window's mentions mostly came by catching up, and what they tell of is not going on any more.

    It goes on where the last 15 minutes hold half as much as 15 minutes of the window do on average.
    """
    length = look.end - look.start
    if length <= RECENT or not any(end > look.start for _, end in state.caught_up):
        return False
    spans = [(max(start, look.start), min(end, look.end - RECENT)) for start, end in state.caught_up]
    caught = sum([_count(look.series.span(start, end)) for start, end in spans if start < end])
    whole = _count(look.series.span(look.start, look.end))
    recent = _count(look.series.span(look.end - RECENT, look.end))
    return caught >= MOSTLY * whole > 0 and recent * length < STILL * whole * RECENT


def _count(buckets: Iterable[Bucket]) -> int:
    return sum([bucket.count for bucket in buckets])
