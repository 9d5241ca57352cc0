"""Times as text: RFC 3339 in UTC, as everything writes them that is kept."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["rfc3339", "time_from"]


def rfc3339(moment: datetime) -> str:
    """``2026-02-01T12:00:00Z``, with microseconds where there are any. A naive time raises ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a stored time must be aware")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def time_from(text: str) -> datetime:
    """The inverse of `rfc3339`."""
    return datetime.fromisoformat(text).astimezone(UTC)
