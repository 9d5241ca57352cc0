"""The outbox: messages owed, leased one at a time to a receiver's dispatcher, and settled with what came of them.

Order is strict for one incident and receiver: version n + 1 waits until n is sent, dead or superseded. Between
incidents the lower ``priority`` goes first, then the older row. Each settlement names the lease it was made under; a
settlement that comes after the lease ran out and was given again changes nothing and says so. What still waits for its
hour (quiet hours, reminders in quick succession) is made one message with what comes after it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crisiswatch.model import Receipt, Stage
from crisiswatch.store.dialect import insert_new, upsert
from crisiswatch.store.held import IS_WAITING, from_row, is_held, taken_over, to_row
from crisiswatch.store.rows import OutboxRow, OutboxStats
from crisiswatch.store.schema import delivery, outbox, response_case
from crisiswatch.store.times import micros

__all__ = [
    "SUPERSEDABLE",
    "enqueue",
    "lease_next",
    "newest",
    "owed_now",
    "queued_receivers",
    "recover",
    "rows",
    "settle",
    "settle_partly",
    "settle_retry",
    "settle_sent",
    "standing",
    "stats",
]

SUPERSEDABLE = (Stage.UPDATED.value, Stage.CALMING.value)
"""Stages that a later message of the same incident can make pointless while they are unsent."""
_OVERTAKES_CALM = (Stage.ESCALATED.value, Stage.CALMING.value, Stage.RESOLVED.value)
"""What is later than calm and says so by itself. An edit or a reminder of a promise does not, and what is calm may wait
for a person to confirm that it is over: who was not told would not know."""

_WAITING = ("pending", "leased")
_IS_DEAD = "outbox.status = 'dead'"
_DUE = sa.func.coalesce(outbox.c.due_at, outbox.c.created_at)
_MOMENT = sa.bindparam("moment", type_=sa.BigInteger)


def enqueue(connection: sa.Connection, messages: Iterable[OutboxRow]) -> int:
    """Queue messages and supersede what they make pointless; returns how many ids were there with another body."""
    conflicts = 0
    for one in messages:
        stored = connection.execute(sa.select(outbox.c.body, outbox.c.stage).where(outbox.c.id == one.id)).first()
        if stored is not None:
            conflicts += stored.body != one.body or stored.stage != one.stage.value
            continue
        taken, pointless = taken_over(connection, one)
        connection.execute(insert_new(connection, outbox), to_row(taken))
        _supersede(connection, taken, pointless)
    return conflicts


def _supersede(connection: sa.Connection, newer: OutboxRow, pointless: Sequence[str]) -> None:
    """Rows that nobody is sending just now and that ``newer`` makes pointless will not be sent. One that waits for its
    hour makes no edit pointless that may go before it."""
    goes = newer.not_before is None or newer.not_before <= newer.created_at
    overtaken = outbox.c.stage.in_(_overtaken_by(newer.stage) if goes else ())
    connection.execute(
        sa.update(outbox)
        .where(
            outbox.c.incident == newer.incident,
            outbox.c.receiver == newer.receiver,
            outbox.c.version < newer.version,
            outbox.c.status == "pending",
            sa.or_(overtaken, outbox.c.id.in_(pointless)),
        )
        .values(status="superseded", settled_at=micros(newer.created_at))
    )


def lease_next(connection: sa.Connection, receiver: str, now: datetime, duration: timedelta) -> OutboxRow | None:
    """Take the receiver's next message for ``duration``, or None if nothing may be sent now.

    A row whose lease ran out is taken again as ``uncertain``: its sender may have died after sending.
    """
    moment = micros(now)
    while True:
        row = connection.execute(_NEXT, {"for": receiver, "moment": moment}).first()
        if row is None:
            return None
        if row.stage in SUPERSEDABLE and _has_newer(connection, row, now):
            _close(connection, row, "superseded", moment, row.last_error)
            continue
        changes = {
            "status": "leased",
            "attempts": row.attempts + 1,
            "leased_until": micros(now + duration),
            "lease_token": row.lease_token + 1,
            "uncertain": bool(row.uncertain) or row.status == "leased",
        }
        connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(**changes))
        taken = connection.execute(sa.select(outbox).where(outbox.c.id == row.id)).one()
        return from_row(taken, _memory(connection, row.incident, receiver))


def _next() -> sa.Select[Any]:
    """The next message ``for`` a receiver at a ``moment``."""
    earlier = outbox.alias("earlier")
    blocked = sa.exists().where(
        earlier.c.incident == outbox.c.incident,
        earlier.c.receiver == outbox.c.receiver,
        earlier.c.version < outbox.c.version,
        earlier.c.status.in_(_WAITING),
    )
    due = sa.or_(
        sa.and_(outbox.c.status == "pending", outbox.c.not_before <= _MOMENT),
        sa.and_(outbox.c.status == "leased", outbox.c.leased_until <= _MOMENT),
    )
    return (
        sa.select(outbox)
        .where(outbox.c.receiver == sa.bindparam("for", type_=sa.String), sa.text(IS_WAITING), due, ~blocked)
        .order_by(outbox.c.priority, outbox.c.created_at, outbox.c.incident, outbox.c.version)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


_NEXT = _next()  # every dispatcher asks all the time: to build it takes longer than to look


def _overtaken_by(stage: Stage) -> tuple[str, ...]:
    return SUPERSEDABLE if stage.value in _OVERTAKES_CALM else (Stage.UPDATED.value,)


def _has_newer(connection: sa.Connection, row: Any, now: datetime) -> bool:
    """Whether a message was queued after ``row`` that makes it pointless, and does not wait for its hour."""
    newer = sa.exists().where(
        outbox.c.incident == row.incident,
        outbox.c.receiver == row.receiver,
        outbox.c.version > row.version,
        sa.not_(is_held(now)),
    )
    if row.stage == Stage.CALMING.value:
        newer = newer.where(outbox.c.stage.in_(_OVERTAKES_CALM))
    return bool(connection.execute(sa.select(newer)).scalar())


def _memory(connection: sa.Connection, incident: str, receiver: str) -> Mapping[str, str] | None:
    """What earlier messages left; None if there was none."""
    found = sa.select(delivery.c.memory).where(delivery.c.incident == incident, delivery.c.receiver == receiver)
    text = connection.execute(found).scalar()
    return None if text is None else dict(json.loads(text))


def settle_sent(connection: sa.Connection, row: OutboxRow, receipt: Receipt, now: datetime) -> bool:
    """Record that a leased message arrived, for whom it did not, and what its receipt must keep for the next one."""
    if not _close(connection, row, "sent", micros(now), receipt.missed):
        return False
    _remember(connection, row, receipt.memory, now)
    return True


def settle_partly(connection: sa.Connection, row: OutboxRow, receipt: Receipt, again: datetime, now: datetime) -> bool:
    """Record that some have a leased message, and put it back for the others; if news waits behind it, only the former:
    one slow inbox must not keep it from everybody, and it is for all of them."""
    news = sa.exists().where(
        outbox.c.incident == row.incident,
        outbox.c.receiver == row.receiver,
        outbox.c.version > row.version,
        outbox.c.status == "pending",
        outbox.c.stage != Stage.UPDATED.value,
        outbox.c.not_before <= micros(now),
    )
    if connection.execute(sa.select(news)).scalar():
        return settle_sent(connection, row, receipt, now)
    if not settle_retry(connection, row, receipt.missed, again, uncertain=False):
        return False
    _remember(connection, row, receipt.memory, now)
    return True


def _remember(connection: sa.Connection, row: OutboxRow, memory: Mapping[str, str], now: datetime) -> None:
    kept = {**(_memory(connection, row.incident, row.receiver) or {}), **memory}
    connection.execute(
        upsert(connection, delivery),
        {
            "incident": row.incident,
            "receiver": row.receiver,
            "memory": json.dumps(dict(sorted(kept.items())), ensure_ascii=False),
            "stage": row.stage.value,
            "version": row.version,
            "sent_at": micros(now),
        },
    )


def settle(connection: sa.Connection, row: OutboxRow, status: str, error: str, now: datetime) -> bool:
    """Close a leased message that was not sent: ``dead`` or ``superseded``."""
    return _close(connection, row, status, micros(now), error)


def _close(connection: sa.Connection, row: Any, status: str, moment: int, error: str) -> bool:
    closed = connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == row.id, outbox.c.lease_token == row.lease_token, outbox.c.status.in_(_WAITING))
        .values(status=status, settled_at=moment, leased_until=None, last_error=error)
    )
    return closed.rowcount == 1


def settle_retry(
    connection: sa.Connection, row: OutboxRow, error: str, not_before: datetime, *, uncertain: bool
) -> bool:
    """Put a leased message back to be tried again from ``not_before``. ``uncertain`` never becomes False again."""
    put_back = connection.execute(
        sa.update(outbox)
        .where(outbox.c.id == row.id, outbox.c.lease_token == row.lease_token, outbox.c.status == "leased")
        .values(
            status="pending",
            leased_until=None,
            not_before=micros(not_before),
            last_error=error,
            uncertain=uncertain or row.uncertain,
        )
    )
    return put_back.rowcount == 1


def recover(connection: sa.Connection) -> int:
    """Make every leased row pending and uncertain; returns how many there were."""
    back = sa.update(outbox).where(outbox.c.status == "leased", sa.text(IS_WAITING))
    return connection.execute(back.values(status="pending", leased_until=None, uncertain=True)).rowcount


def queued_receivers(connection: sa.Connection, incidents: Iterable[str]) -> dict[str, frozenset[str]]:
    """Who was ever queued a message of each of these incidents."""
    ids = sorted(set(incidents))
    found: dict[str, set[str]] = {one: set() for one in ids}
    for start in range(0, len(ids), 500):
        some = sa.select(outbox.c.incident, outbox.c.receiver).distinct()
        for row in connection.execute(some.where(outbox.c.incident.in_(ids[start : start + 500]))):
            found[row.incident].add(row.receiver)
    return {one: frozenset(receivers) for one, receivers in found.items()}


def fate(connection: sa.Connection, incident: str, receiver: str, version: int) -> str:
    """What became of a message, or of a later one that says the same: sent, dead or waiting; empty if there is none."""
    mine = sa.and_(outbox.c.incident == incident, outbox.c.receiver == receiver, outbox.c.version >= version)
    found = connection.execute(sa.select(outbox.c.status).where(mine).order_by(outbox.c.version.desc()))
    states = [row.status for row in found]
    if "sent" in states:
        return "sent"
    return ("dead" if states[0] == "dead" else "waiting") if states else ""


def newest(connection: sa.Connection, incident: str, receiver: str) -> OutboxRow | None:
    """The last message of an incident that was queued for a receiver, whatever came of it."""
    found = sa.select(outbox).where(outbox.c.incident == incident, outbox.c.receiver == receiver)
    row = connection.execute(found.order_by(outbox.c.version.desc()).limit(1)).first()
    return None if row is None else from_row(row, _memory(connection, incident, receiver))


def standing(connection: sa.Connection, receiver: str, ended_since: datetime) -> list[OutboxRow]:
    """The last message queued for a receiver of each incident whose end it was not told of before ``ended_since``.

    In the order of the incidents' ids. What became of the message does not matter: it says how things stand.
    """
    # Grouped first: the index alone answers that, while a table of many months would have to be read as a whole.
    last = (
        sa.select(outbox.c.incident, sa.func.max(outbox.c.version).label("version"))
        .where(outbox.c.receiver == receiver)
        .group_by(outbox.c.incident)
        .subquery()
    )
    same = sa.and_(outbox.c.incident == last.c.incident, outbox.c.version == last.c.version)
    # The last message may be an edit after the end: a verdict, a step that was done late.
    closed = sa.select(response_case.c.incident).where(response_case.c.closed_at < micros(ended_since))
    ended = sa.or_(outbox.c.stage == Stage.RESOLVED.value, outbox.c.incident.in_(closed))
    lasting = sa.or_(~ended, outbox.c.created_at >= micros(ended_since))
    found = sa.select(outbox).join(last, same).where(outbox.c.receiver == receiver, lasting)
    rows = connection.execute(found.order_by(outbox.c.incident)).all()
    return [from_row(row, _memory(connection, row.incident, receiver)) for row in rows]


def stats(connection: sa.Connection, now: datetime) -> dict[str, OutboxStats]:
    """What is owed to each receiver that is owed anything or has dead messages."""
    waiting = (
        sa.select(outbox.c.receiver, sa.func.count().label("pending"), sa.func.min(_DUE).label("oldest"))
        .where(sa.text(IS_WAITING))
        .group_by(outbox.c.receiver)
    )
    dead = sa.select(outbox.c.receiver, sa.func.count()).where(sa.text(_IS_DEAD)).group_by(outbox.c.receiver)
    lost = {receiver: int(number) for receiver, number in connection.execute(dead)}
    result = {receiver: OutboxStats(0, 0.0, number) for receiver, number in lost.items()}
    for row in connection.execute(waiting):
        age = max(0.0, (micros(now) - row.oldest) / 1e6)
        result[row.receiver] = OutboxStats(int(row.pending), age, lost.get(row.receiver, 0))
    return result


_OWED = sa.select(sa.func.count()).where(
    sa.text(IS_WAITING),
    sa.or_(outbox.c.status == "leased", outbox.c.attempts > 0, outbox.c.not_before <= _MOMENT),
)


def owed_now(connection: sa.Connection, now: datetime) -> int:
    """How many messages are under way, due, or waiting to be tried again; not those that wait for their first hour."""
    return int(connection.execute(_OWED, {"moment": micros(now)}).scalar() or 0)


def rows(connection: sa.Connection, incident: str | None, status: str | None, limit: int) -> list[OutboxRow]:
    """Messages, newest first, for pages and commands."""
    found = sa.select(outbox).order_by(outbox.c.created_at.desc(), outbox.c.id).limit(limit)
    if incident is not None:
        found = found.where(outbox.c.incident == incident)
    if status is not None:
        found = found.where(outbox.c.status == status)
    return [from_row(row) for row in connection.execute(found)]
