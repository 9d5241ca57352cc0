"""What a piece of work has at hand: the place to move on, the haul to fill, the money, and the end of the poll."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from crisiswatch.sources.x.calls import Answer, Calls, rows
from crisiswatch.sources.x.haul import Haul
from crisiswatch.sources.x.money import Budget
from crisiswatch.sources.x.options import Options, Watch
from crisiswatch.sources.x.place import Place
from crisiswatch.sources.x.wire import wanted_fields

__all__ = ["Tick", "Wanted", "count_of", "written"]

Wanted = dict[str, str | int | None]
"""Query parameters; None is not sent."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One poll of one source; ``place`` and ``haul`` are changed by the work."""

    options: Options
    watched: Mapping[str, Watch]
    budget: Budget
    place: Place
    haul: Haul
    deadline: datetime

    @property
    def now(self) -> datetime:
        """When the poll began."""
        return self.haul.now

    @property
    def for_posts(self) -> float:
        """The dollars that may still go into posts this month."""
        return self.budget.for_posts(self.place.wallet, self.now)

    def pay(self, cost: float, *, saved: bool = False) -> None:
        """Note a cost; ``saved``: of a sample, which is paid from what was saved and from the reserve."""
        wallet = self.place.wallet
        self.place.wallet = wallet.read(cost) if saved else wallet.paid(cost)
        self.haul.cost += cost

    def search(self, calls: Calls, query: str, wanted: Wanted) -> Answer:
        """Ask for posts with the fields that are read."""
        fields = wanted_fields(self.options.dialect, expansions=self.options.expansions)
        return calls.search(query, self.deadline, {**fields, **wanted})

    def mentions(self, calls: Calls, account: str, wanted: Wanted) -> Answer:
        """The same for posts that name an account."""
        fields = wanted_fields(self.options.dialect, expansions=self.options.expansions)
        renamed = {"pagination_token" if name == "next_token" else name: value for name, value in wanted.items()}
        return calls.mentions(account, self.deadline, {**fields, **renamed})

    def brand_of(self, watch: Watch) -> str | None:
        """The brand of whatever a watch finds, where that is sure."""
        return watch.brand if watch.sure else None


def count_of(answer: Answer) -> int:
    """How many posts were read, and are paid for, in an answer."""
    return len(rows(answer))


def written(seconds: int) -> str:
    """Seconds since 1970 as X takes times."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
