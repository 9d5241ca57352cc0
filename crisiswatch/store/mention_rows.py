"""A stored mention as a row of its table and back. This is the hot path: every microsecond counts for each mention."""

from __future__ import annotations

import json
from functools import lru_cache
from operator import attrgetter
from typing import Any

from crisiswatch.model import NO_SIGNALS, Score, Signals
from crisiswatch.model.mention import mention_of
from crisiswatch.store.rows import StoredMention
from crisiswatch.store.schema import mention
from crisiswatch.store.times import EPOCH, MICRO, from_micros

__all__ = ["COLUMNS", "SELECTED", "SQLITE_NONE", "from_row", "insert_marks", "to_row"]

_REQUIRED = ("uid", "source", "text", "weight")
_OPTIONAL = (
    *("author_id", "author_followers", "lang", "url", "channel", "likes", "replies", "reposts", "views"),
    *("parent_uid", "thread_id", "rating", "native_sentiment", "repost_of", "brand"),
)
_NULLABLE = ("source_received_at", "signals", *_OPTIONAL)

_SIGNALS = ("flags", "severity", "themes")

COLUMNS = (
    *("seq", "created_at", "event_minute", "received_at", "brands"),
    *("label", "p_negative", "p_neutral", "p_positive", "model", "calibrated", "backfill"),
    *_REQUIRED,
    *_NULLABLE,
)
"""The table's columns in the order in which `to_row` gives and `from_row` takes them."""

SELECTED = tuple(mention.c[name] for name in COLUMNS)

SQLITE_NONE = "\uffff\ufffe\uffff"
"""What stands for None on its way into SQLite, where `insert_marks` turns it into NULL.

Python's sqlite3 takes several times as long to bind None as to bind a string, and most optional fields are None: this
makes the insert a third faster. U+FFFF and U+FFFE are no characters, so no id, link or language is exactly that.
"""

_required_of = attrgetter(*_REQUIRED)
_optional_of = attrgetter(*_OPTIONAL)


def insert_marks(mark: str, none: str | None) -> str:
    """The parameters of an INSERT of `COLUMNS`, with ``none`` read as NULL."""
    if none is None:
        return ",".join([mark] * len(COLUMNS))
    return ",".join(f"NULLIF({mark},'{none}')" if name in _NULLABLE else mark for name in COLUMNS)


def to_row(seq: int, stored: StoredMention, none: str | None) -> tuple[Any, ...]:
    """The values of `COLUMNS`, with ``none`` for None."""
    one, score = stored.mention, stored.score
    optional = _optional_of(one)
    arrived = (stored.received_at - EPOCH) // MICRO
    said = one.received_at  # most often the same object
    source_received_at = arrived if said is stored.received_at else none if said is None else (said - EPOCH) // MICRO
    return (
        seq,
        (one.created_at - EPOCH) // MICRO,
        stored.event_minute,
        arrived,
        _brands_to_json(stored.brands),
        str(score.label),
        score.negative,
        score.neutral,
        score.positive,
        score.model,
        score.calibrated,
        one.backfill,
        *_required_of(one),
        source_received_at,
        none if stored.signals is NO_SIGNALS else _signals_to_json(stored.signals) or none,
        *(optional if none is None else [none if value is None else value for value in optional]),
    )


def from_row(row: Any) -> StoredMention:
    """The inverse of `to_row`, for a row of `SELECTED`."""
    seq, created_at, minute, received_at, brands, _, negative, neutral, positive, model, calibrated, backfill, *rest = (
        row
    )
    uid, source, text, weight, source_received_at, signals, *optional, brand = rest
    return StoredMention(
        mention=mention_of(
            (
                *(uid, source, from_micros(created_at), "" if text is None else text),
                *(from_micros(source_received_at), *optional, weight, brand, backfill),
            )
        ),
        brands=_brands_from_json(brands),
        score=Score(negative, neutral, positive, model, calibrated),
        event_minute=minute,
        received_at=from_micros(received_at),
        seq=seq,
        purged=text is None,
        signals=NO_SIGNALS if signals is None else _signals_from_json(signals),
    )


@lru_cache(maxsize=10_000)
def _signals_to_json(signals: Signals) -> str:
    """Empty where there is nothing to say."""
    said = {name: list(getattr(signals, name)) for name in _SIGNALS if getattr(signals, name)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) if said else ""


@lru_cache(maxsize=10_000)
def _signals_from_json(text: str) -> Signals:
    said = json.loads(text)
    return Signals(*(tuple(said.get(name, ())) for name in _SIGNALS))


@lru_cache(maxsize=10_000)
def _brands_to_json(brands: tuple[str, ...]) -> str:
    return json.dumps(list(brands), ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=10_000)
def _brands_from_json(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
