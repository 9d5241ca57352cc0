"""The store's face: what the program asks of its database, each call one transaction."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import sqlalchemy as sa

from crisiswatch.model import Case, Decision, Incident, Receipt, Silence
from crisiswatch.store import (
    calm,
    cases,
    incidents,
    leases,
    marks,
    mentions,
    purge,
    queue,
    unwanted,
    upgrade,
)
from crisiswatch.store.database import Database
from crisiswatch.store.held import held
from crisiswatch.store.rows import (
    BrandBlind,
    Fence,
    IncidentEvent,
    JournalEntry,
    MinuteCount,
    OutboxRow,
    OutboxStats,
    SavedState,
    SourceMark,
    StoredMention,
    Work,
)
from crisiswatch.store.schema import source_cursor, state
from crisiswatch.store.teaching import Teaching

__all__ = ["Store"]

_Forget = Callable[[sa.Connection], int]


class Store(Teaching):
    """Mentions, counts, states, incidents and the outbox in one SQLite file or PostgreSQL database. Thread-safe.

    Every method raises StoreError where the database refuses, and then nothing was written.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._lock = threading.Lock()
        self._conflicts = 0

    @classmethod
    def open(cls, url: str) -> Store:
        """Open ``sqlite:///file.db`` or ``postgresql://...`` and bring its schema up to date.

        ``sqlite://`` is a store in memory. Raises StoreError for a schema newer than this program.
        """
        database = Database(url)
        try:
            upgrade.upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close the connections; the store can't be used afterwards."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def engine(self) -> sa.Engine:
        """SQLAlchemy's engine, for looking inside."""
        return self._database.engine

    @property
    def conflicts(self) -> int:
        """How often a commit brought another body for an incident version or message already written.

        Must stay 0: what was first written is kept, because messages have gone out about it.
        """
        return self._conflicts

    # -- the engine's side: dedupe, one transaction a batch, and what a restart needs

    def known(self, uids: Iterable[str]) -> set[str]:
        """Those of ``uids`` that are stored already."""
        with self._database.read() as connection:
            return mentions.known(connection, self._database.placeholder, uids)

    def commit(self, work: Work) -> None:
        """Write everything in ``work``, or nothing and raise StoreError (also if its fence is no longer ours)."""
        with self._database.write() as connection:
            if work.fence is not None:
                leases.check(connection, work.fence)
            seq = mentions.append(connection, self._database.placeholder, work.mentions, work.journal)
            marks.save_states(connection, work.states, seq)
            conflicts = incidents.record(connection, work.effects)
            conflicts += cases.record(connection, work.cases, work.decisions)
            conflicts += queue.enqueue(connection, work.outbox)
            calm.record(connection, work.silences, work.desks)
            marks.save_marks(connection, work.cursors)
            mentions.reword(connection, work.edited)
            mentions.forget(connection, work.deleted)
        if conflicts:
            with self._lock:
                self._conflicts += conflicts

    def load_states(self) -> dict[str, SavedState]:
        """Every brand's last saved state."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(state))
            return {row.brand: SavedState(bytes(row.body), row.updated_seq, row.version) for row in found}

    def cursor(self, source: str) -> SourceMark | None:
        """Where a source stands; None if it never was committed."""
        return self.cursors().get(source)

    def cursors(self) -> dict[str, SourceMark]:
        """Where every source stands."""
        with self._database.read() as connection:
            return {row.source: marks.mark_from(row) for row in connection.execute(sa.select(source_cursor))}

    def last_seq(self) -> int:
        """The number of the newest mention or journal entry; 0 in a new store."""
        with self._database.read() as connection:
            return mentions.last_seq(connection)

    def stream(self, after_seq: int = 0, chunk: int = 2000) -> Iterator[StoredMention | JournalEntry]:
        """Mentions and journal entries in the order they arrived; holds ``chunk`` in memory and no transaction open."""
        while True:
            with self._database.read() as connection:
                events = mentions.chunk_after(connection, after_seq, chunk)
            if not events:
                return
            yield from events
            after_seq = events[-1].seq

    # -- reading for messages, pages and commands

    def evidence_mentions(
        self,
        brand: str,
        start: datetime,
        end: datetime,
        limit: int,
        *,
        order: mentions.Order = "newest",
        label: str | None = None,
    ) -> Iterator[StoredMention]:
        """A brand's mentions whose minute is in [start, end), in this order, at most ``limit``; of one sentiment where
        ``label`` names it."""
        with self._database.read() as connection:
            found, _ = mentions.evidence(connection, brand, start, end, limit, order=order, label=label)
        return iter(found)

    def evidence_among(
        self,
        brand: str,
        start: datetime,
        end: datetime,
        keep: Callable[[StoredMention], bool],
        *,
        order: mentions.Order,
        limit: int,
        enough: int,
        label: str | None = None,
    ) -> tuple[list[StoredMention], bool]:
        """As `evidence_mentions`, but only those to ``keep``, and no more than ``enough``: ``limit`` are looked at, at
        most. The second value says whether all there are were looked at."""
        with self._database.read() as connection:
            return mentions.evidence(
                connection, brand, start, end, limit, order=order, label=label, keep=keep, enough=enough
            )

    def counts(self, brand: str, start: datetime, end: datetime) -> list[MinuteCount]:
        """A brand's minutes in [start, end) that have mentions, by minute and source."""
        with self._database.read() as connection:
            return list(mentions.counts(connection, brand, start, end))

    def incidents(self, brand: str | None = None, *, open_only: bool = False, limit: int = 100) -> list[Incident]:
        """Incidents as they stand, the last opened first."""
        with self._database.read() as connection:
            return incidents.find_many(connection, brand, open_only=open_only, limit=limit)

    def incident(self, incident_id: str) -> Incident | None:
        """One incident as it stands."""
        with self._database.read() as connection:
            return incidents.find(connection, incident_id)

    def incident_events(self, incident_id: str) -> list[IncidentEvent]:
        """Every version of an incident, oldest first."""
        with self._database.read() as connection:
            return incidents.history(connection, incident_id)

    def case(self, incident_id: str) -> Case | None:
        """The people's side of an incident as it stands; None if nobody keeps one."""
        with self._database.read() as connection:
            return cases.find(connection, incident_id)

    def cases(
        self, incident_ids: Iterable[str] | None = None, *, open_only: bool = False, limit: int = 10_000
    ) -> list[Case]:
        """Cases as they stand, the last opened first; only those of some incidents where they are named."""
        with self._database.read() as connection:
            return cases.find_many(connection, incident_ids, open_only=open_only, limit=limit)

    def decisions(self, incident_id: str) -> list[Decision]:
        """An incident's decision log, oldest line first."""
        with self._database.read() as connection:
            return cases.log(connection, incident_id)

    def silences(self, *, open_only: bool = False, limit: int = 1000) -> list[Silence]:
        """Silences, the last begun first."""
        with self._database.read() as connection:
            return calm.find_silences(connection, open_only=open_only, limit=limit)

    def desks(self) -> dict[str, str]:
        """What is kept back for each receiver, as JSON."""
        with self._database.read() as connection:
            return calm.desks(connection)

    def blinds(
        self,
        brand: str | None = None,
        *,
        since: datetime | None = None,
        open_only: bool = False,
        limit: int = 1000,
    ) -> list[BrandBlind]:
        """Blind spells that lasted beyond ``since``, the latest first."""
        with self._database.read() as connection:
            return incidents.blind_spells(connection, brand, since, open_only=open_only, limit=limit)

    # -- the outbox

    def lease(
        self, receiver: str, now: datetime, duration: timedelta, *, fence: Fence | None = None
    ) -> OutboxRow | None:
        """Take the receiver's next message for ``duration``; None if nothing may be sent now.

        With ``fence``, StoreError if that lease is no longer ours.
        """
        with self._database.write() as connection:
            if fence is not None:
                leases.check(connection, fence)
            return queue.lease_next(connection, receiver, now, duration)

    def settle_sent(self, row: OutboxRow, receipt: Receipt, now: datetime, again: datetime | None = None) -> bool:
        """Record that it arrived; ``again``: try then for those who have not got it, if no later news is due.
        This and the other settlements return False if the lease was lost meanwhile."""
        with self._database.write() as connection:
            if again is not None:
                return queue.settle_partly(connection, row, receipt, again, now)
            return queue.settle_sent(connection, row, receipt, now)

    def settle_retry(self, row: OutboxRow, error: str, not_before: datetime, *, uncertain: bool) -> bool:
        """Try again from ``not_before``; ``uncertain``: it may have arrived, so look first."""
        with self._database.write() as connection:
            return queue.settle_retry(connection, row, error, not_before, uncertain=uncertain)

    def settle_dead(self, row: OutboxRow, error: str, now: datetime) -> bool:
        """Give up on it; the row stays, to be seen."""
        with self._database.write() as connection:
            return queue.settle(connection, row, "dead", error, now)

    def settle_superseded(self, row: OutboxRow, now: datetime) -> bool:
        """Drop it without sending, because the receiver has no use for it."""
        with self._database.write() as connection:
            return queue.settle(connection, row, "superseded", "", now)

    def recover_outbox(self) -> int:
        """Take back, as uncertain, every message that a dead process had leased; returns how many."""
        with self._database.write() as connection:
            return queue.recover(connection)

    def settle_unwanted(self, receivers: Collection[str], now: datetime) -> dict[str, int]:
        """Give up on messages that are owed to anybody but ``receivers``; gives how many, by receiver."""
        with self._database.write() as connection:
            return unwanted.settle_unwanted(connection, receivers, now)

    def queued_receivers(self, incident_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """For each incident, everybody who was ever queued a message about it."""
        with self._database.read() as connection:
            return queue.queued_receivers(connection, incident_ids)

    def fate(self, incident: str, receiver: str, version: int) -> str:
        """What became of a receiver's message of an incident: sent, dead or waiting; empty if there was none."""
        with self._database.read() as connection:
            return queue.fate(connection, incident, receiver, version)

    def newest_message(self, incident: str, receiver: str) -> OutboxRow | None:
        """The last message of an incident queued for a receiver, sent or not."""
        with self._database.read() as connection:
            return queue.newest(connection, incident, receiver)

    def standing(self, receiver: str, ended_since: datetime, *, fence: Fence | None = None) -> list[OutboxRow]:
        """The last message queued for a receiver of each incident, but of those that ended before ``ended_since``.
        With ``fence``, StoreError if that lease is no longer ours."""
        with self._database.read() as connection:
            if fence is not None:
                leases.check(connection, fence)
            return queue.standing(connection, receiver, ended_since)

    def waiting(self, incident_ids: Iterable[str], now: datetime) -> dict[tuple[str, str], bool]:
        """The incidents and receivers with a message that was never tried and may not go before some later time, and
        whether they have another one."""
        with self._database.read() as connection:
            return held(connection, incident_ids, now)

    def outbox_stats(self, now: datetime) -> dict[str, OutboxStats]:
        """What is owed to each receiver that is owed anything or has dead messages."""
        with self._database.read() as connection:
            return queue.stats(connection, now)

    def owed_now(self, now: datetime) -> int:
        """How many messages are under way, due or to be tried again; those that wait for their hour do not count."""
        with self._database.read() as connection:
            return queue.owed_now(connection, now)

    def outbox_rows(
        self, *, incident: str | None = None, status: str | None = None, limit: int = 1000
    ) -> list[OutboxRow]:
        """Messages, the newest first."""
        with self._database.read() as connection:
            return queue.rows(connection, incident, status, limit)

    # -- leases and upkeep

    def acquire(self, name: str, holder: str, now: datetime, duration: timedelta) -> Fence | None:
        """Take a lease that is free, has run out, or was this holder's; None if somebody else holds it."""
        with self._database.write() as connection:
            return leases.acquire(connection, name, holder, now, duration)

    def renew(self, fence: Fence, now: datetime, duration: timedelta) -> bool:
        """Hold on to a lease; False if it was lost."""
        with self._database.write() as connection:
            return leases.renew(connection, fence, now, duration)

    def release(self, fence: Fence, now: datetime) -> None:
        """Give a lease back."""
        with self._database.write() as connection:
            leases.release(connection, fence, now)

    def purge(self, texts_before: datetime, counts_before: datetime, chunk: int = 1000) -> int:
        """Forget texts and authors that arrived before the one time, counts, uids and settled messages before the
        other; returns how many mentions lost their text. Small transactions: it may run beside the engine.
        """
        blanked = sum(self._in_chunks(lambda c: purge.forget_texts(c, max(texts_before, counts_before), chunk)))
        sum(self._in_chunks(lambda c: purge.forget_events(c, counts_before, chunk)))
        sum(self._in_chunks(lambda c: purge.forget_counts(c, counts_before)))
        sum(self._in_chunks(lambda c: purge.forget_messages(c, counts_before)))
        return blanked

    def _in_chunks(self, forget: _Forget) -> Iterator[int]:
        gone = 1
        while gone:
            with self._database.write() as connection:
                gone = forget(connection)
            yield gone
