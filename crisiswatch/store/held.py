"""Messages that wait for their hour (quiet hours, reminders in quick succession), and what a newer one makes of them.

A newer message takes them in: one goes out, and says how things are by then. Where the receiver has had a message of
the incident, a mere edit does not wait: it goes at once, and what waited waits on, brought up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any

import sqlalchemy as sa

from crisiswatch.model import Stage
from crisiswatch.store.bodies import takes_over
from crisiswatch.store.rows import OutboxRow
from crisiswatch.store.schema import outbox
from crisiswatch.store.times import from_micros, micros

__all__ = ["IS_WAITING", "from_row", "held", "is_held", "taken_over", "to_row"]

# Literal, or the database would not see that the partial indexes serve.
IS_WAITING = "outbox.status IN ('pending', 'leased')"
_THERE = ("pending", "leased", "sent")


def is_held(now: datetime, rows: Any = outbox) -> sa.ColumnElement[bool]:
    """Whether a message was never tried and may not go before some time later than ``now``."""
    return sa.and_(rows.c.status == "pending", rows.c.attempts == 0, rows.c.not_before > micros(now))


def held(connection: sa.Connection, incidents: Iterable[str], now: datetime) -> dict[tuple[str, str], bool]:
    """The incidents and receivers with a message that waits for its hour, and whether they have another one."""
    ids = sorted(set(incidents))
    found: dict[tuple[str, str], bool] = {}
    other = outbox.alias("other")
    there = sa.exists().where(
        other.c.incident == outbox.c.incident,
        other.c.receiver == outbox.c.receiver,
        other.c.status.in_(_THERE),
        sa.not_(is_held(now, other)),
    )
    for start in range(0, len(ids), 500):
        some = sa.select(outbox.c.incident, outbox.c.receiver, there.label("there")).where(
            sa.text(IS_WAITING), is_held(now), outbox.c.incident.in_(ids[start : start + 500])
        )
        found |= {(row.incident, row.receiver): bool(row.there) for row in connection.execute(some)}
    return found


def taken_over(connection: sa.Connection, newer: OutboxRow) -> tuple[OutboxRow, list[str]]:
    """``newer`` with what those that wait before it have to say, and the ids of those that it replaces."""
    waiting = _before(connection, newer)
    taken = reduce(takes_over, waiting, newer)
    at_once = newer.not_before is None or newer.not_before <= newer.created_at
    one = (newer.incident, newer.receiver)
    if not (waiting and at_once and newer.stage is Stage.UPDATED and taken.stage is not Stage.UPDATED):
        return taken, [each.id for each in waiting]
    if not held(connection, [newer.incident], newer.created_at).get(one, False):
        return taken, [each.id for each in waiting]
    # The edit takes the place of what waited, and that its own: an earlier version goes before a later one.
    edit = replace(newer, id=waiting[-1].id, version=waiting[-1].version)
    connection.execute(sa.update(outbox).where(outbox.c.id == edit.id).values(**to_row(edit)))
    until = max(each.not_before or each.created_at for each in waiting)
    return replace(taken, not_before=until), [each.id for each in waiting[:-1]]


def _before(connection: sa.Connection, newer: OutboxRow) -> list[OutboxRow]:
    """Earlier messages of the incident to the receiver that were never tried and still wait for their hour, in order:
    ``newer`` says all that they would say."""
    earlier = (
        sa.select(outbox)
        .where(
            outbox.c.incident == newer.incident,
            outbox.c.receiver == newer.receiver,
            outbox.c.version < newer.version,
            is_held(newer.created_at),
        )
        .order_by(outbox.c.version)
    )
    return [from_row(row) for row in connection.execute(earlier)]


def to_row(one: OutboxRow) -> dict[str, Any]:
    """A message as the values of its columns."""
    return {
        "id": one.id,
        "incident": one.incident,
        "version": one.version,
        "receiver": one.receiver,
        "stage": one.stage.value,
        "priority": one.priority,
        "body": one.body,
        "status": one.status,
        "attempts": one.attempts,
        "not_before": micros(one.not_before or one.created_at),
        "leased_until": micros(one.leased_until),
        "lease_token": one.lease_token,
        "last_error": one.last_error,
        "uncertain": one.uncertain,
        "created_at": micros(one.created_at),
        "settled_at": micros(one.settled_at),
        "due_at": micros(one.due_at or one.not_before or one.created_at),
    }


def from_row(row: Any, memory: Mapping[str, str] | None = None) -> OutboxRow:
    """The inverse of `to_row`; ``memory`` is what earlier messages left, None if there was none."""
    return OutboxRow(
        id=row.id,
        incident=row.incident,
        version=row.version,
        receiver=row.receiver,
        stage=Stage(row.stage),
        priority=row.priority,
        body=row.body,
        created_at=from_micros(row.created_at),
        status=row.status,
        attempts=row.attempts,
        not_before=from_micros(row.not_before),
        leased_until=from_micros(row.leased_until),
        lease_token=row.lease_token,
        last_error=row.last_error,
        uncertain=bool(row.uncertain),
        settled_at=from_micros(row.settled_at),
        due_at=from_micros(row.due_at),
        previous=memory is not None,
        memory=memory or {},
    )
