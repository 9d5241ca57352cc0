"""The X source: counts what is said at each tick, and reads as much of it as the budget allows.

A tick is a list of small pieces of work; a poll does pieces until one brought something, and says in its cursor what is
left. So what was paid for is stored with what it brought, and a failure in the middle repeats one piece and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crisiswatch.clock import Clock
from crisiswatch.errors import QuotaExhausted, SourceError, SourceUnavailable
from crisiswatch.model import Batch, Cursor
from crisiswatch.sources.x.calls import Calls, rows
from crisiswatch.sources.x.counting import LAG, count
from crisiswatch.sources.x.haul import Haul
from crisiswatch.sources.x.money import month_end
from crisiswatch.sources.x.options import Options, Watch
from crisiswatch.sources.x.pages import LEAST_MENTIONS, LEAST_SEARCH, next_mentions, next_page
from crisiswatch.sources.x.place import Place
from crisiswatch.sources.x.sampling import sample
from crisiswatch.sources.x.stream import Stream
from crisiswatch.sources.x.tick import Tick
from crisiswatch.sources.x.wire import buckets

__all__ = ["XSource"]

_MISSED = 900.0
"""Seconds without a poll after which what was said meanwhile is old news."""
_DRAINED = 500
"""Posts of the stream that one poll hands on."""
_WORTH_IT = 10
"""Times the smallest reading: what there must be before a source whose money was used up reads again. Cents that come
free as the month passes buy nothing worth the name, and would let it look well between two polls."""


class XSource:
    """What is said about some brands on X. `poll` raises the errors of a source; not thread-safe.

    With a `Stream`, posts come as they are written and the search fills its gaps. ``calls`` and ``owned`` (with the
    token of an own account, whose mentions are cheaper) are closed by `close`.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  the name everybody uses
        watched: Sequence[Watch],
        options: Options,
        clock: Clock,
        *,
        calls: Calls,
        owned: Calls | None = None,
        stream: Stream | None = None,
    ) -> None:
        self.id = id
        self._watched = {watch.name: watch for watch in watched}
        self._accounts = {account.id: account for account in options.accounts}
        self._options = options
        self._clock = clock
        self._calls = calls
        self._owned = owned or calls
        self._stream = stream
        self._budget = options.plan_of(sum(len(watch.counted) for watch in watched))
        self._out_of_money = False
        self._unpaid = 0.0  # for calls whose poll failed after them
        self._last: Cursor | None = None

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """The next piece of the tick under way, or the first of a new one."""
        place, now = Place.load(cursor), self._clock.now()
        if deadline <= now:
            raise SourceUnavailable("no time left before the deadline")
        if self._stream is not None:
            self._stream.settle(committed=cursor == self._last)
        place.wallet = self._budget.saved(place.wallet.paid(self._unpaid), now)
        self._notice_gap(place, now)
        if not place.todo or place.todo == ["broke"]:
            self._begin(place, now)
        sampled = self._options.read != "everything" and self._stream is None
        haul = Haul(self.id, now, gap=place.gap, sampled=sampled, cost=self._unpaid)
        tick = Tick(self._options, self._watched, self._budget, place, haul, deadline)
        try:
            while place.todo and not haul:
                self._do(tick)
        except SourceError:
            self._unpaid = haul.cost
            raise
        self._unpaid = 0.0
        self._last = place.dump()
        left = self._budget.part_left(place.wallet, now, reading=self._options.read != "nothing")
        return haul.batch(self._last, quota_left=self._calls.limit_left, budget_left=left, more=bool(place.todo))

    def probe(self, deadline: datetime) -> str:
        """Count the last seven days of each watch once, and say what reading them all would cost; for `doctor`."""
        said = []
        for watch in self._watched.values():
            answers = [self._calls.counts(query, deadline, None, None) for query in watch.counted]
            posts = sum(bucket.count for answer in answers for bucket in buckets(rows(answer)))
            monthly = posts * 30 / 7 * self._options.post_price
            said.append(f"{watch.name}: {posts} posts in 7 days, ${monthly:.2f} a month to read: {watch.counted[0]}")
        return "; ".join(said) or "there is nothing to ask for"

    def close(self) -> None:
        """Stop the stream and close the connections; quick, and as often as one likes."""
        if self._stream is not None:
            self._stream.close()
        self._calls.close()
        self._owned.close()

    def _notice_gap(self, place: Place, now: datetime) -> None:
        """Note since when nobody listened, if it was long."""
        missed = max(_MISSED, 3 * self._options.every.total_seconds())
        if now.timestamp() - place.polled > missed:
            place.gap = int(now.timestamp() - _MISSED)
        elif not place.todo:
            place.gap = 0
        place.polled = int(now.timestamp())

    def _begin(self, place: Place, now: datetime) -> None:
        """Write down what this tick has to do."""
        wait = max(0.95 * self._budget.interval(place.wallet, now), 60 + LAG)
        counting = now.timestamp() - place.counted >= wait
        todo: list[str] = []
        if counting:
            if not self._budget.can_count(place.wallet):
                raise self._broke("up, for counts too", now)
            todo += [f"count {name}" for name in self._watched]
            place.counted = int(now.timestamp())
        place.todo = todo + self._reading(place, now, counting=counting)

    def _reading(self, place: Place, now: datetime, *, counting: bool) -> list[str]:
        """The part of a tick that costs by the post."""
        if self._options.read == "nothing":
            return []
        enough = self._least() * (_WORTH_IT if self._out_of_money else 1)
        self._out_of_money = self._budget.for_posts(place.wallet, now) < enough
        if self._out_of_money:
            return ["broke"] if self._stream is None else ["stream", "broke"]  # what it brought is paid for
        searches = [f"search {name}/{at}" for name, watch in self._watched.items() for at in range(len(watch.read))]
        if self._stream is not None:
            return [*(searches if self._joins(place, self._stream) else []), "stream"]
        todo = [f"mentions {account}" for account in self._accounts]
        if self._options.read == "everything":
            return [*todo, *searches]
        return [*todo, "plan"] if counting else todo

    def _joins(self, place: Place, stream: Stream) -> bool:
        """Whether there is something to search for that the stream did not bring: it was not up all the time."""
        stream.start()
        stream.check()
        up = stream.connection
        joins, place.joined = not up or up != place.joined, up
        return joins

    def _do(self, tick: Tick) -> None:
        """Do the first piece of work, and take it off the list unless there is more of it."""
        place = tick.place
        piece, rest = place.todo[0], place.todo[1:]
        place.todo = [piece, *rest] if self._done(tick, piece) else rest

    def _done(self, tick: Tick, piece: str) -> bool:
        """Do a piece of work; whether there is more of it. One whose object left the configuration is no work."""
        kind, _, rest = piece.partition(" ")
        name, _, at = rest.partition("/")
        if kind == "broke":
            if self._stream is not None:
                self._stream.pause()
            raise self._broke("up for posts; volumes are still counted", tick.now)
        if kind == "plan":
            sample(tick, self._calls)
        elif kind == "stream" and self._stream is not None:
            return self._drain(tick, self._stream)
        elif kind == "mentions" and rest in self._accounts:
            return next_mentions(tick, self._owned, self._accounts[rest])
        elif kind == "count" and rest in self._watched:
            count(tick, self._calls, self._watched[rest])
        elif kind == "search" and name in self._watched and int(at) < len(self._watched[name].read):
            return next_page(tick, self._calls, self._watched[name], int(at))
        return False

    def _drain(self, tick: Tick, stream: Stream) -> bool:
        """Take what the stream brought; the search after its next gap begins behind it."""
        answers, more = stream.take(tick.place.joined, _DRAINED)
        for answer in answers:
            tick.pay(self._options.post_price)
            found = tick.haul.take(answer, "stream", since=1 << 63, sampled=True)
            newest = max((each.id for each in found), default=0)
            for name, watch in self._watched.items():
                for at in range(len(watch.read)):
                    reading = tick.place.reading(f"search {name}/{at}")
                    reading.since = str(max(newest, int(reading.since or 0)))
        return more

    def _broke(self, what: str, now: datetime) -> QuotaExhausted:
        return QuotaExhausted(f"the month's budget of ${self._options.budget:g} is used {what}", month_end(now))

    def _least(self) -> float:
        """What the smallest reading may cost; a sample of one post is small enough, a page of mentions has more."""
        sampled = self._options.read == "sample" and self._stream is None
        mentions = LEAST_MENTIONS * self._options.mention_price if self._accounts and self._stream is None else 0.0
        return max(mentions, self._options.post_price * (1 if sampled else LEAST_SEARCH))
