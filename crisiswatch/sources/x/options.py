"""The configuration of an X source: from the mapping the wiring hands over to what it watches and may spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, cast

from crisiswatch.errors import ConfigError, SourceRejected
from crisiswatch.matching import BrandTerms
from crisiswatch.matching.queries import LIMIT, compile_queries
from crisiswatch.sources.x.money import Budget, Prices
from crisiswatch.sources.x.wire import Dialect

__all__ = ["STREAM_RULE", "Account", "Options", "Watch", "watches"]

STREAM_RULE = 1024
"""Characters of a rule of the stream."""

Mode = Literal["sample", "everything", "nothing"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the brand's whose mentions are read one and all: its ``handle`` (``@acme``) and X's ``id``."""

    handle: str
    id: str


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched for one ``brand``: queries that are ``counted``, ``read`` and matched by the ``stream``.

    Those that are read leave out the mentions of the handles that are read ``elsewhere``, as an `Account`'s (in small
    letters). ``sure``: whatever they find is about the brand.
    """

    name: str
    brand: str | None
    counted: tuple[str, ...]
    read: tuple[str, ...]
    stream: tuple[str, ...] = ()
    elsewhere: frozenset[str] = frozenset()
    sure: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an X source reads; the fields of `crisiswatch.config.schema_sources.XModel`, with their defaults.

    ``every`` is the time between two polls, ``count_every`` between two counts, ``timeout`` of a step of a
    request; ``look_back`` is how far posts are read at the first start.
    """

    base_url: str = "https://api.x.com"
    every: timedelta = timedelta(minutes=5)
    count_every: timedelta = timedelta(minutes=5)
    look_back: timedelta = timedelta(hours=1)
    timeout: timedelta = timedelta(seconds=20)
    read: Mode = "sample"
    stream: bool = False
    budget: float = 100.0
    reserve: float = 0.3
    most: int = 100
    expansions: bool = False
    dialect: Dialect = "tweet"
    prices: Prices = field(default_factory=Prices)
    accounts: tuple[Account, ...] = ()
    owned: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Options:
        """The options in a mapping; what is not in it has its default."""
        known = (
            "base_url",
            "every",
            "count_every",
            "look_back",
            "timeout",
            "read",
            "stream",
            "budget",
            "reserve",
            "expansions",
        )
        given = {name: options[name] for name in known if name in options}
        return cls(
            **given,
            most=options.get("most_posts", 100),
            dialect=options.get("fields_dialect", "tweet"),
            prices=_prices(options.get("prices") or {}),
            accounts=tuple(Account(_of(one, "handle"), _of(one, "id")) for one in options.get("accounts") or ()),
            owned=options.get("user_token") is not None,
        )

    @property
    def post_price(self) -> float:
        """US dollars for a post that is searched or streamed, with its author if that is asked for."""
        return self.prices.post + (self.prices.user if self.expansions else 0.0)

    @property
    def mention_price(self) -> float:
        """US dollars for a post that names an own account."""
        owned = self.prices.owned if self.owned else self.prices.post
        return owned + (self.prices.user if self.expansions else 0.0)

    def plan_of(self, count_calls: int) -> Budget:
        """The month's budget, when each count takes so many calls."""
        reserve = self.reserve if self.read == "sample" and not self.stream else 0.0
        every = self.count_every.total_seconds()
        return Budget(self.budget, reserve, count_calls, every, self.prices.counts, self.post_price)


def watches(
    id: str,  # noqa: A002  the name everybody uses
    options: Mapping[str, Any],
) -> tuple[Watch, ...]:
    """What is watched: the ``query`` that was written, or each of the ``brands`` by its terms."""
    brands = cast("Sequence[BrandTerms]", options.get("brands") or ())
    query = options.get("query")
    if query:
        brand = brands[0].id if len(brands) == 1 else None
        return (Watch(brand or id, brand, (query,), (query,), (query,), sure=brand is not None),)
    limit = int(options.get("query_limit") or LIMIT)
    handles = {_of(one, "handle").casefold() for one in options.get("accounts") or ()}
    languages = tuple(options.get("languages") or ())
    return tuple(_watch(brand, limit, handles, languages) for brand in brands)


def _watch(brand: BrandTerms, limit: int, handles: set[str], languages: Sequence[str]) -> Watch:
    elsewhere = tuple(name for name in brand.handles if name.casefold() in handles)

    def queries(length: int, without: Sequence[str] = ()) -> tuple[str, ...]:
        return compile_queries(
            brand.any,
            handles=brand.handles,
            none=brand.none,
            languages=languages,
            without=without,
            limit=length,
        )

    return Watch(
        brand.id,
        brand.id,
        counted=queries(limit),
        read=queries(limit, elsewhere),
        stream=queries(STREAM_RULE),
        elsewhere=frozenset(name.casefold() for name in elsewhere),
    )


def revealed(secret: Any) -> str:
    """A token, read now; a source that has lost it is rejected, not crashed."""
    try:
        return str(secret.reveal())
    except ConfigError as error:
        raise SourceRejected(error.problems[0].message if error.problems else "the token is not there") from None


def _prices(given: Any) -> Prices:
    default = Prices()
    return Prices(
        post=_price(given, "post", default.post),
        counts=_price(given, "counts", default.counts),
        user=_price(given, "user", default.user),
        owned=_price(given, "owned", default.owned),
    )


def _price(given: Any, name: str, default: float) -> float:
    value = given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)
    return default if value is None else float(value)


def _of(one: Any, name: str) -> str:
    return str(one[name] if isinstance(one, Mapping) else getattr(one, name))
