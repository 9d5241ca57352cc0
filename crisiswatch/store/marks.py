"""Saved states and the places where sources stand."""

from __future__ import annotations

import json
from collections.abc import Mapping

import sqlalchemy as sa

from crisiswatch.store.dialect import upsert
from crisiswatch.store.rows import SourceMark
from crisiswatch.store.schema import source_cursor, state
from crisiswatch.store.times import from_micros, micros

__all__ = ["mark_from", "save_marks", "save_states"]

_VERSION = sa.select(state.c.version).where(state.c.brand == sa.bindparam("of", type_=sa.String))


def save_states(connection: sa.Connection, states: Mapping[str, bytes], seq: int) -> None:
    """Write the states of brands, which have seen everything up to ``seq``."""
    for brand, body in sorted(states.items()):
        version = connection.execute(_VERSION, {"of": brand}).scalar() or 0
        row = {"brand": brand, "version": version + 1, "body": body, "updated_seq": seq}
        connection.execute(upsert(connection, state), row)


def save_marks(connection: sa.Connection, marks: Mapping[str, SourceMark]) -> None:
    """Write where sources stand."""
    for source, mark in sorted(marks.items()):
        row = {
            "source": source,
            "cursor": mark.cursor,
            "updated_at": micros(mark.updated_at),
            "last_success": micros(mark.last_success),
            "last_mention_at": micros(mark.last_mention_at),
            "carries": json.dumps(mark.carries),
            "failures": mark.failures,
            "healthy": mark.healthy,
            "reason": mark.reason,
        }
        connection.execute(upsert(connection, source_cursor), row)


def mark_from(row: sa.Row[tuple[object, ...]]) -> SourceMark:
    """A mark as it was stored."""
    return SourceMark(
        cursor=row.cursor,
        updated_at=from_micros(row.updated_at),
        last_success=from_micros(row.last_success),
        last_mention_at=from_micros(row.last_mention_at),
        carries=tuple(json.loads(row.carries)),
        failures=row.failures,
        healthy=bool(row.healthy),
        reason=row.reason,
    )
