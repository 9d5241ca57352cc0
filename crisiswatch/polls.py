"""The pollers of a running daemon: made for a configuration, scheduled, swapped on a reload; their health is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from crisiswatch.clock import Clock
from crisiswatch.config.settings import SourceSettings
from crisiswatch.metrics import Metrics
from crisiswatch.model import Batch, Source
from crisiswatch.polling import Poller, first_mark
from crisiswatch.store import SourceMark
from crisiswatch.wiring import poll_every
from crisiswatch.worker import Worker

__all__ = ["Polls"]

APART = 0.05  # seconds between the first polls of two sources
log = structlog.get_logger("crisiswatch")


class _Schedule(Protocol):
    def __call__(self, name: str, job: Callable[[], None], every: timedelta, *, delay: float) -> None: ...


class Polls:
    """Polls every source at its pace, each beside the others. ``live``: their times are now, not a recording's."""

    def __init__(self, clock: Clock, metrics: Metrics, schedule: _Schedule, *, live: bool) -> None:
        self._clock = clock
        self._metrics = metrics
        self._schedule = schedule
        self._live = live
        self._stop = threading.Event()
        self._pollers: dict[str, Poller] = {}
        self.health: dict[str, tuple[bool, str]] = {}

    @property
    def idle(self) -> bool:
        """Whether no poll brought anything the last time."""
        return all(poller.idle for poller in self._pollers.values())

    def poller(self, source: str) -> Poller:
        """The poller of a source; KeyError for one that is not polled."""
        return self._pollers[source]

    def stop(self) -> None:
        """End the polls that run at their next batch; nothing they committed is read again."""
        self._stop.set()

    def swap(
        self,
        settings: Sequence[SourceSettings],
        sources: Mapping[str, Source],
        marks: Mapping[str, SourceMark],
        worker: Worker,
    ) -> None:
        """Put other sources in the place of those that were polled; each goes on from its mark."""
        self._stop.set()
        self._stop = threading.Event()
        self._pollers = {}
        for number, each in enumerate(settings):
            source = sources.get(each.id)
            if source is None:  # it is pushed to us
                continue
            every = poll_every(each)
            poller = self._pollers[each.id] = Poller(
                source_id=each.id,
                source=source,
                worker=worker,
                clock=self._clock,
                stop=self._stop,
                mark=first_mark(marks.get(each.id), self._clock.now()),
                on_health=lambda source, healthy, reason: self._told(worker, source, healthy, reason),
                on_read=self._read,
                every=every,
                live=self._live,
                brand=each.brand,
            )
            self._schedule(f"poll:{each.id}", poller.run, every, delay=APART * number)

    def _read(self, source: str, batch: Batch) -> None:
        """Count what reading cost, and what is left of a limit."""
        if batch.cost:
            self._metrics.source_cost(source, batch.cost)
        if batch.quota_left is not None:
            self._metrics.source_quota(source, batch.quota_left)
        if batch.budget_left is not None:
            self._metrics.source_budget(source, batch.budget_left)

    def _told(self, worker: Worker, source: str, healthy: bool, reason: str) -> None:
        before = self.health.get(source)
        if before == (healthy, reason):
            return
        self.health[source] = (healthy, reason)
        self._metrics.source_health(source, healthy=healthy, reason=reason)
        if before is None and healthy and not worker.pipeline.failing(source):
            return  # as it should be; only a failure that the last run ended in has to be taken back
        log.warning("source_health", source=source, healthy=healthy, reason=reason)
        ticket = worker.submit(
            "health", lambda pipeline: pipeline.source_health(source, healthy=healthy, reason=reason), seconds=5.0
        )
        if ticket is None:
            self.health.pop(source)  # the engine is busy: tell it again at the next poll
