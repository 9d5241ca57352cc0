"""Messages owed to receivers that nobody configures any more: nobody sends them, and a receiver that comes back months
later under the same name should not get them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from crisiswatch.store.schema import outbox
from crisiswatch.store.times import micros

__all__ = ["GONE", "settle_unwanted"]

GONE = "no receiver of this name is configured any more"


def settle_unwanted(connection: sa.Connection, receivers: Collection[str], now: datetime) -> dict[str, int]:
    """Give up on what is owed to anybody but ``receivers``; gives how many messages that were, by receiver."""
    # The statuses are literal, or the database would not see that the partial index serves.
    waiting = sa.text("outbox.status IN ('pending', 'leased')")
    nobody_sends = sa.or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= micros(now))
    theirs = sa.and_(waiting, nobody_sends, outbox.c.receiver.not_in(sorted(receivers)))
    found = Counter(connection.execute(sa.select(outbox.c.receiver).where(theirs)).scalars())
    if found:
        connection.execute(
            sa.update(outbox)
            .where(theirs)
            .values(status="dead", settled_at=micros(now), leased_until=None, last_error=GONE)
        )
    return dict(sorted(found.items()))
