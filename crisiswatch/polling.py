"""Polls one source and hands what it brings to the engine: cursor, deadline, back-off, and an honest word on health."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from crisiswatch.clock import Clock
from crisiswatch.errors import QuotaExhausted, SourceError, SourceRejected, SourceUnavailable
from crisiswatch.model import Batch, Mention, Source
from crisiswatch.pipeline import Intake, Pipeline, Result
from crisiswatch.store import SourceMark
from crisiswatch.worker import Worker

__all__ = ["Poller", "first_mark"]

PATIENCE = timedelta(seconds=30)
CATCH_UP = timedelta(minutes=15)
"""What is older when it is read, after a time in which nobody listened, is backfill (`Mention.backfill`)."""
COMMIT_WAIT = 60.0  # seconds for the engine to take a batch before the poll gives up and reads it again
FAILURES_UNTIL_BLIND = 3
LONG_ROUND = 60.0
"""Seconds of reading without a failure after which a source is well, even if there always is more to read."""
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
log = structlog.get_logger("crisiswatch.source")


@dataclass(slots=True)
class Poller:
    """One source's poller. `run` is what the scheduler calls; it never raises and never overlaps with itself.

    A batch's cursor is remembered only after the engine committed it, so whatever goes wrong in between, the source is
    asked for the same mentions again and the store drops those it has. After a time in which nobody listened (the first
    poll of all, an outage, a stop of the daemon) what is older than a quarter of an hour is marked as backfill until
    the source has been read to its end; ``every`` is the usual time between two polls. ``on_read`` is told of each
    batch that was taken. Not ``live``: the source is a recording, and its times are no matter of ours.
    """

    source_id: str
    source: Source
    worker: Worker
    clock: Clock
    stop: threading.Event
    mark: SourceMark
    on_health: Callable[[str, bool, str], None]
    on_read: Callable[[str, Batch], None] = lambda _, __: None
    every: timedelta = timedelta(minutes=1)
    live: bool = True
    brand: str | None = None
    idle: bool = False
    not_before: float = 0.0
    began: float = 0.0

    def run(self) -> None:
        """Poll until there is nothing more to read at once; one of the supervision points."""
        if self.stop.is_set() or self.clock.monotonic() < self.not_before:
            return
        self.began = self.clock.monotonic()
        try:
            while self._once() and not self.stop.is_set():
                pass
        except SourceError as error:
            self._failed(_reason(error), error.detail, permanent=isinstance(error, SourceRejected), after=_after(error))
        except Exception as error:  # whatever a source does, the others and the engine go on
            log.exception("source_crashed", source=self.source_id)
            self._failed("failing", type(error).__name__, permanent=False, after=None)

    def _once(self) -> bool:
        batch = self.source.poll(self.mark.cursor, self.clock.now() + PATIENCE)
        mark = self._marked(batch)
        brought = batch.mentions or batch.refused or batch.samples or batch.edited or batch.deleted
        changed = bool(brought) or batch.cursor != self.mark.cursor
        self.idle = not changed
        for refused in batch.refused:
            log.warning("mention_refused", source=self.source_id, where=refused.where, why=refused.detail)
        if changed and not self._hand_over(batch, mark):
            return False
        self.mark = mark
        self.on_read(self.source_id, batch)
        if not mark.failures:
            self._succeeded()
        return batch.more

    def _hand_over(self, batch: Batch, mark: SourceMark) -> bool:
        intake = Intake(
            source=self.source_id,
            mentions=self._ours(batch.mentions),
            samples=batch.samples,
            edited=self._ours(batch.edited),
            deleted=batch.deleted,
            refused=len(batch.refused),
            budget_left=batch.budget_left,
            mark=mark,
        )

        def job(pipeline: Pipeline) -> Result:
            return pipeline.ingest(intake)

        while not self.stop.is_set():
            ticket = self.worker.submit(f"ingest:{self.source_id}", job, seconds=1.0)
            if ticket is not None:
                return ticket.wait(COMMIT_WAIT) is not None
        return False

    def _ours(self, mentions: Sequence[Mention]) -> tuple[Mention, ...]:
        """With the brand that everything from here is about, and marked where they come too late to alarm."""
        limit = self.clock.now() - CATCH_UP if self._catches_up() else None
        made = []
        for mention in mentions:
            late = limit is not None and mention.created_at < limit and not mention.backfill
            if late or self.brand is not None:
                brand, backfill = self.brand or mention.brand, late or mention.backfill
                made.append(replace(mention, brand=brand, backfill=backfill))
            else:
                made.append(mention)
        return tuple(made)

    def _catches_up(self) -> bool:
        """Whether nobody listened for longer than between any two polls."""
        last = self.mark.last_success
        return self.live and (last is None or self.clock.now() - last > max(2 * self.every, CATCH_UP))

    def _marked(self, batch: Batch) -> SourceMark:
        now = self.clock.now()
        newest = max((mention.created_at for mention in batch.mentions), default=self.mark.last_mention_at)
        # A source may do its work in pieces: what failed last is well again only once the whole of it is done.
        ill = batch.more and self.mark.failures > 0 and self.clock.monotonic() - self.began < LONG_ROUND
        return replace(
            self.mark if ill else SourceMark(cursor=None, updated_at=now),
            cursor=self.mark.cursor if batch.cursor is None else batch.cursor,
            updated_at=now,
            # It has caught up once nothing more waits: a crash in the middle must not make the rest look like news.
            last_success=self.mark.last_success if ill or (batch.more and self._catches_up()) else now,
            last_mention_at=newest,
        )

    def _succeeded(self) -> None:
        self.not_before = 0.0
        self.on_health(self.source_id, True, "")

    def _failed(self, reason: str, detail: str, *, permanent: bool, after: float | None) -> None:
        failures = self.mark.failures + 1
        wait = after if after is not None else min(FIRST_WAIT * 2.0 ** min(failures - 1, 10), LONGEST_WAIT)
        self.not_before = self.clock.monotonic() + (LONGEST_WAIT if permanent else wait)
        blind = permanent or reason == "out_of_budget" or failures >= FAILURES_UNTIL_BLIND
        self.mark = replace(self.mark, failures=failures, healthy=not blind, reason=reason)
        log.warning("source_failed", source=self.source_id, reason=reason, detail=detail, failures=failures)
        if blind:
            self.on_health(self.source_id, False, reason)


def first_mark(stored: SourceMark | None, now: datetime) -> SourceMark:
    """Where a source begins: where it stood, or at its beginning."""
    return stored or SourceMark(cursor=None, updated_at=now)


def _reason(error: SourceError) -> str:
    if isinstance(error, QuotaExhausted):
        return "out_of_budget"
    if isinstance(error, SourceRejected):
        return "rejected"
    if isinstance(error, SourceUnavailable) and error.asked:
        return "rate_limited"
    return "failing"


def _after(error: SourceError) -> float | None:
    return error.after if isinstance(error, SourceUnavailable) else None
