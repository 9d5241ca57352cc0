"""Times as the database holds them: whole microseconds or whole minutes since 1970, always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

from crisiswatch.windows import minute_of
from crisiswatch.windows import moment as from_minute

__all__ = ["EPOCH", "MICRO", "from_micros", "from_minute", "micros", "minute_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)


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
