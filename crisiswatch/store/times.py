"""Times as the database holds them: whole microseconds or whole minutes since 1970, always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

__all__ = ["EPOCH", "MICRO", "from_micros", "from_minute", "micros", "minute_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)


@overload
def micros(moment: datetime) -> int: ...
@overload
def micros(moment: None) -> None: ...
@overload
def micros(moment: datetime | None) -> int | None: ...
def micros(moment: datetime | None) -> int | None:
    """Microseconds since 1970; None stays None. A naive datetime raises TypeError."""
    return None if moment is None else (moment - EPOCH) // MICRO


@overload
def from_micros(value: int) -> datetime: ...
@overload
def from_micros(value: None) -> None: ...
@overload
def from_micros(value: int | None) -> datetime | None: ...
def from_micros(value: int | None) -> datetime | None:
    """The inverse of `micros`."""
    return None if value is None else EPOCH + timedelta(microseconds=value)


def minute_of(moment: datetime) -> int:
    """The minute since 1970 that ``moment`` falls in."""
    return (moment - EPOCH) // _MINUTE


def from_minute(minute: int) -> datetime:
    """The start of a minute."""
    return EPOCH + timedelta(minutes=minute)
