"""Silences, and what is kept back for each receiver: written by the engine's thread, read at its start and by pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from crisiswatch.model import Level, Silence
from crisiswatch.store.dialect import upsert
from crisiswatch.store.schema import desk, silence
from crisiswatch.store.times import from_micros, micros

__all__ = ["desks", "find_silences", "record"]


def record(connection: sa.Connection, silences: Iterable[Silence], desks: Mapping[str, str]) -> None:
    """Write silences and desks (JSON by receiver) as they stand; a desk without a body is gone."""
    for one in silences:
        row = {
            "id": one.id,
            "brand": one.brand,
            "rule": one.rule,
            "level": one.level.word,
            "reason": one.reason,
            "by": one.by,
            "begins": micros(one.begins),
            "ends": micros(one.ends),
            "ended_at": micros(one.ended_at),
            "ended_by": one.ended_by,
        }
        connection.execute(upsert(connection, silence), row)
    for receiver, body in sorted(desks.items()):
        if body:
            connection.execute(upsert(connection, desk), {"receiver": receiver, "body": body})
        else:
            connection.execute(sa.delete(desk).where(desk.c.receiver == receiver))


def desks(connection: sa.Connection) -> dict[str, str]:
    """Every desk's body by its receiver."""
    return {row.receiver: row.body for row in connection.execute(sa.select(desk))}


def find_silences(connection: sa.Connection, *, open_only: bool, limit: int) -> list[Silence]:
    """Silences, the last begun first."""
    found = sa.select(silence).order_by(silence.c.id.desc()).limit(limit)
    if open_only:
        found = found.where(silence.c.ended_at.is_(None))
    return [
        Silence(
            id=int(row.id),
            brand=row.brand,
            rule=row.rule,
            level=Level.from_word(row.level),
            reason=row.reason,
            by=row.by,
            begins=from_micros(row.begins),
            ends=from_micros(row.ends),
            ended_at=from_micros(row.ended_at),
            ended_by=row.ended_by,
        )
        for row in connection.execute(found)
    ]
