"""Minutes since 1970 (UTC), and the units in which windows count."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["BIN", "MILLI", "minute_of", "moment"]

BIN = 5
"""Minutes in a bin: the step in which baselines learn and trends are drawn."""

MILLI = 1000
"""Counts are kept in thousandths of a mention: exact for any sampling weight worth having, and order-free."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def minute_of(when: datetime) -> int:
    """Whole minutes since 1970 in which an aware datetime lies."""
    since = when - _EPOCH
    return since.days * 1440 + since.seconds // 60


def moment(minute: int) -> datetime:
    """The aware UTC datetime at which a minute begins."""
    return datetime.fromtimestamp(minute * 60, UTC)
