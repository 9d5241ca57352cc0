"""Posts, all of them: page by page, the newest first, so that the first page's newest id is where to go on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from crisiswatch.sources.x.calls import Answer, Calls, Expired, meta, rows
from crisiswatch.sources.x.counting import WEEK
from crisiswatch.sources.x.options import Account, Watch
from crisiswatch.sources.x.place import Reading
from crisiswatch.sources.x.tick import Tick, Wanted, count_of, written

__all__ = ["LEAST_MENTIONS", "LEAST_SEARCH", "next_mentions", "next_page"]

LEAST_SEARCH = 10
"""The smallest page of a search."""
LEAST_MENTIONS = 5
"""The smallest page of what names an account."""
_MOST = 100


def next_page(tick: Tick, calls: Calls, watch: Watch, at: int) -> bool:
    """Read the next page of a watch's query number ``at``; whether there is another one."""
    reading, price = tick.place.reading(f"search {watch.name}/{at}"), tick.options.post_price
    most = _affordable(tick, price)
    if most < LEAST_SEARCH:
        return False
    query = watch.read[at]
    answer = _asked(tick, reading, lambda bounds: tick.search(calls, query, {**bounds, "max_results": most}))
    tick.pay(price * count_of(answer))
    tick.haul.take(answer, "search", since=int(reading.since or 0), brand=tick.brand_of(watch))
    return _turned(reading, rows(answer), meta(answer, "next_token"))


def next_mentions(tick: Tick, calls: Calls, account: Account) -> bool:
    """Read the next page of what names an account of ours; whether there is another one."""
    reading, price = tick.place.reading(f"mentions {account.id}"), tick.options.mention_price
    most = _affordable(tick, price)
    if most < LEAST_MENTIONS:
        return False
    answer = _asked(tick, reading, lambda bounds: tick.mentions(calls, account.id, {**bounds, "max_results": most}))
    tick.pay(price * count_of(answer))
    tick.haul.take(answer, "mentions", since=int(reading.since or 0))
    for watch in tick.watched.values():
        if account.handle.casefold() in watch.elsewhere:
            tick.place.brand(watch.name).owned += count_of(answer)
    return _turned(reading, rows(answer), meta(answer, "next_token"))


def _affordable(tick: Tick, price: float) -> int:
    return min(_MOST, int(tick.for_posts / price + 1e-9)) if price > 0 else _MOST


def _asked(tick: Tick, reading: Reading, ask: Callable[[Wanted], Answer]) -> Answer:
    """Ask from where the reading stands; if that is too far back, from as far back as X goes."""
    if not reading.since and not reading.start:
        reading.start = int((tick.now - tick.options.look_back).timestamp())
    while True:
        try:
            return ask(_bounds(reading, tick.now))
        except Expired:
            if not _restarted(reading, tick.now):
                raise


def _bounds(reading: Reading, now: datetime) -> Wanted:
    """Where a page begins and ends."""
    return {
        "since_id": reading.since or None,
        "start_time": None if reading.since else written(max(reading.start, int((now - WEEK).timestamp()))),
        "next_token": reading.page or None,
        "until_id": reading.below if reading.below and not reading.page else None,
    }


def _restarted(reading: Reading, now: datetime) -> bool:
    """Leave one thing that X can't go back to: the token of a page, a page begun long ago, an id of a week ago."""
    if reading.page:
        reading.page = ""
    elif reading.below:
        reading.below = reading.top = ""
    elif reading.since:
        reading.since, reading.start = "", int((now - WEEK).timestamp())
    else:
        return False
    return True


def _turned(reading: Reading, posts: Sequence[object], page: str | None) -> bool:
    """Note what a page brought; whether there is another one."""
    ids = [int(native) for post in posts if isinstance(post, dict) and (native := str(post.get("id"))).isdigit()]
    if ids:
        reading.top = reading.top or str(max(ids))
        reading.below = str(min(ids))
        if page is not None:
            reading.page = page
            return True
    reading.since = reading.top or reading.since
    reading.top = reading.page = reading.below = ""
    return False
