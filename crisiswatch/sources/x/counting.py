"""Volumes: minutes of a brand's counts since the last time, seven days of them at the first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crisiswatch.sources.x.calls import Calls, meta, rows
from crisiswatch.sources.x.haul import minute_start
from crisiswatch.sources.x.options import Watch
from crisiswatch.sources.x.place import LONGEST_UNREAD, Counted
from crisiswatch.sources.x.plan import alarm
from crisiswatch.sources.x.tick import Tick
from crisiswatch.sources.x.wire import Bucket, buckets

__all__ = ["LAG", "WEEK", "count"]

LAG = 30.0
"""Seconds by which counts are late: what is younger is not complete."""
WEEK = timedelta(days=7) - timedelta(minutes=2)
"""How far back X searches, with two minutes for the way there."""


def count(tick: Tick, calls: Calls, watch: Watch) -> None:
    """Ask for a brand's volumes since the last time. Queries that share posts count these more than once."""
    counted = tick.place.brand(watch.name)
    oldest = int((tick.now - WEEK).timestamp()) // 60 + 1
    begin = max(counted.until, oldest) if counted.until else None
    minutes: dict[int, int] = {}
    for query in watch.counted:
        for bucket in _counts_of(tick, calls, query, begin):
            minute = int(bucket.start.timestamp()) // 60
            minutes[minute] = minutes.get(minute, 0) + bucket.count
    if not minutes:
        return
    first = min(minutes) if begin is None else begin
    if watch.brand is not None:
        tick.haul.count(watch.brand, [Bucket(minute_start(at), 60, minutes[at]) for at in sorted(minutes)])
    counts = [minutes.get(minute, 0) for minute in range(first, max(minutes) + 1)]
    learn(counted, first, counts, int(tick.options.look_back.total_seconds()) // 60)


def _counts_of(tick: Tick, calls: Calls, query: str, begin: int | None) -> Sequence[Bucket]:
    """The whole minutes that are complete; the last bucket never is."""
    found: list[Bucket] = []
    page: str | None = None
    while True:
        answer = calls.counts(query, tick.deadline, None if begin is None else minute_start(begin), page)
        tick.pay(tick.options.prices.counts)
        found += buckets(rows(answer))
        page = meta(answer, "next_token")
        if page is None or not rows(answer):
            break
    known = tick.now - timedelta(seconds=LAG)
    whole = [each for each in found if each.seconds == 60 and int(each.start.timestamp()) % 60 == 0]
    return [each for each in whole if each.start + timedelta(seconds=60) <= known]


def learn(counted: Counted, first: int, counts: list[int], look_back: int) -> None:
    """Judge new minutes by what is usual, then learn from them; of the first ones ``look_back`` are to be read."""
    begun = counted.until > 0
    if begun and counted.rhythm.days >= 1:
        counted.alarm = alarm(sum(counts), counted.rhythm.expected(first, len(counts)))
    counted.rhythm = counted.rhythm.learned(first, counts)
    counted.until = first + len(counts)
    new = counts if begun else counts[max(0, len(counts) - look_back) :]
    counted.tick = min(len(new), LONGEST_UNREAD)
    counted.unread = [*counted.unread, *new][-LONGEST_UNREAD:]
