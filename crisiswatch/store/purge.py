"""Forgetting: texts and authors after a while, counts and everything else after a longer one.

Chunks are small and each has its own transaction, so that a purge never holds up the engine or a dispatcher.
"""

from __future__ import annotations

import json
from datetime import datetime

import sqlalchemy as sa

from crisiswatch.store.dialect import upsert
from crisiswatch.store.mentions import GONE
from crisiswatch.store.schema import (
    delivery,
    incident,
    journal,
    mention,
    mention_brand,
    meta,
    minute_bucket,
    outbox,
)
from crisiswatch.store.times import micros

__all__ = ["forget_counts", "forget_events", "forget_messages", "forget_texts"]

_PURGED_SEQ = "purged_seq"


def forget_texts(connection: sa.Connection, before: datetime, size: int) -> int:
    """Blank the next ``size`` mentions that arrived before ``before``; returns how many there were.

    Arrival times never fall from one number to the next, so the purge goes on where the last one stopped.
    """
    done = connection.execute(sa.select(meta.c.value).where(meta.c.key == _PURGED_SEQ)).scalar()
    found = connection.execute(
        sa.select(mention.c.seq, mention.c.brands, mention.c.event_minute)
        .where(mention.c.seq > int(done or 0), mention.c.received_at < micros(before))
        .order_by(mention.c.seq)
        .limit(size)
    ).all()
    if not found:
        return 0
    last = found[-1].seq
    between = (mention.c.seq > int(done or 0), mention.c.seq <= last, mention.c.received_at < micros(before))
    connection.execute(sa.update(mention).where(*between).values(GONE))
    keys = [
        {"key_brand": brand, "key_minute": row.event_minute, "key_seq": row.seq}
        for row in found
        for brand in json.loads(row.brands)
    ]
    if keys:
        gone = sa.delete(mention_brand).where(
            mention_brand.c.brand == sa.bindparam("key_brand"),
            mention_brand.c.event_minute == sa.bindparam("key_minute"),
            mention_brand.c.seq == sa.bindparam("key_seq"),
        )
        connection.execute(gone, keys)
    connection.execute(upsert(connection, meta), {"key": _PURGED_SEQ, "value": str(last)})
    return len(found)


def forget_events(connection: sa.Connection, before: datetime, size: int) -> int:
    """Delete the oldest blanked mentions and journal entries that arrived before ``before``, ``size`` at most of each.

    Only now is a mention's uid forgotten.
    """
    purged = int(connection.execute(sa.select(meta.c.value).where(meta.c.key == _PURGED_SEQ)).scalar() or 0)
    old_mentions = sa.select(mention.c.seq).where(mention.c.received_at < micros(before), mention.c.seq <= purged)
    mentions = connection.execute(
        sa.delete(mention).where(mention.c.seq.in_(old_mentions.order_by(mention.c.seq).limit(size)))
    )
    old_entries = sa.select(journal.c.seq).where(journal.c.at < micros(before))
    entries = connection.execute(
        sa.delete(journal).where(journal.c.seq.in_(old_entries.order_by(journal.c.seq).limit(size)))
    )
    return int(max(mentions.rowcount, entries.rowcount))


def forget_counts(connection: sa.Connection, before: datetime) -> int:
    """Delete the minute counts of up to a day at the old end; returns how many rows went."""
    limit = micros(before) // 60_000_000
    oldest = connection.execute(sa.select(sa.func.min(minute_bucket.c.minute))).scalar()
    if oldest is None or oldest >= limit:
        return 0
    until = min(limit, int(oldest) + 24 * 60)
    return connection.execute(sa.delete(minute_bucket).where(minute_bucket.c.minute < until)).rowcount


def forget_messages(connection: sa.Connection, before: datetime) -> int:
    """Delete what was settled before ``before`` of incidents that are over, and what their receivers' receipts left."""
    over = sa.select(incident.c.id).where(incident.c.resolved_at < micros(before))
    every = sa.select(incident.c.id)  # a notice is about none of them
    unsettled = sa.select(outbox.c.incident).where(sa.text("outbox.status IN ('pending', 'leased')"))
    gone = connection.execute(
        sa.delete(outbox).where(
            outbox.c.settled_at < micros(before),
            sa.or_(outbox.c.incident.in_(over), outbox.c.incident.not_in(every)),
            outbox.c.incident.not_in(unsettled),
        )
    )
    left = sa.select(outbox.c.incident)
    connection.execute(
        sa.delete(delivery).where(
            delivery.c.sent_at < micros(before),
            sa.or_(delivery.c.incident.in_(over), delivery.c.incident.not_in(every)),
            delivery.c.incident.not_in(left),
        )
    )
    return gone.rowcount
