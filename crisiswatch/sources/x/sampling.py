"""Posts, some of them: what the plan wants read, from where, and with which weight."""

from __future__ import annotations

from crisiswatch.errors import SourceError
from crisiswatch.sources.x.calls import Answer, Calls, meta
from crisiswatch.sources.x.options import Watch
from crisiswatch.sources.x.plan import Slot, posts_to_read, slots, weight
from crisiswatch.sources.x.tick import Tick, count_of, written
from crisiswatch.sources.x.wire import first_id

__all__ = ["sample"]


def sample(tick: Tick, calls: Calls) -> None:
    """Read a sample of what was counted: of the brands with the strongest alarm first."""
    names = [name for name in tick.watched if tick.place.brand(name).unread]
    for name in sorted(names, key=lambda each: -tick.place.brand(each).alarm):
        _sample_of(tick, calls, tick.watched[name])


def _sample_of(tick: Tick, calls: Calls, watch: Watch) -> None:
    counted = tick.place.brand(watch.name)
    # In an alarm it matters what is said now; what lies before stays unread.
    counts = counted.unread[-counted.tick :] if counted.alarm and counted.tick else counted.unread
    total = sum(counts)
    take = posts_to_read(
        total,
        counted.alarm,
        wallet=tick.place.wallet,
        price=tick.options.post_price,
        in_all=tick.for_posts,
        at_once=tick.budget.burst(tick.place.wallet, tick.now),
        most=tick.options.most,
    )
    elsewhere = min(counted.owned / total, 1.0) if total else 0.0
    for slot in slots(counted.until - len(counts), counts, take) if watch.read else ():
        try:
            _read(tick, calls, watch, slot, 1 - elsewhere)
        except SourceError:
            if not tick.haul.mentions:
                raise
            break  # what was read is a sample too
    if take or not total:
        counted.unread, counted.owned = [], 0


def _read(tick: Tick, calls: Calls, watch: Watch, slot: Slot, part: float) -> None:
    """Read one slot with every query of the brand; ``part`` of its count is not read elsewhere."""
    answers: list[Answer] = []
    whole = slot.take >= slot.count
    for query in watch.read:
        found, complete = _pages(tick, calls, query, slot, max(1, slot.take // len(watch.read)))
        answers += found
        whole = whole and complete
    read = sum(count_of(answer) for answer in answers)
    each = 1.0 if whole else weight(round(slot.count * part), read)
    since = first_id(slot.start)
    for answer in answers:
        tick.haul.take(answer, "sample", since=since, weight=each, brand=tick.brand_of(watch), sampled=True)


def _pages(tick: Tick, calls: Calls, query: str, slot: Slot, left: int) -> tuple[list[Answer], bool]:
    """The newest posts of a slot, about ``left`` of them, and whether that is all there are."""
    answers: list[Answer] = []
    page: str | None = None
    while left > 0:
        wanted = {"start_time": written(slot.start), "end_time": written(slot.end), "next_token": page}
        answer = tick.search(calls, query, {**wanted, "max_results": min(max(left, 10), 100)})
        tick.pay(tick.options.post_price * count_of(answer), saved=True)
        answers.append(answer)
        left, page = left - count_of(answer), meta(answer, "next_token")
        if page is None or not count_of(answer):
            return answers, True
    return answers, False
