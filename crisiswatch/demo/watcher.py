"""Looks over the daemon's shoulder: everything it decides, for the screen and for the summary at the end."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from datetime import datetime

from crisiswatch.metrics import Metrics
from crisiswatch.model import (
    Blind,
    BlindChanged,
    Effect,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    MeterMoved,
)
from crisiswatch.observer import Observer
from crisiswatch.pipeline import Result

__all__ = ["Watcher"]


class Watcher(Observer):
    """An `Observer` that also remembers. ``taken`` counts mentions that the engine is done with."""

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(metrics)
        self.taken = 0
        self.meter: MeterMoved | None = None
        self.opened: dict[str, Incident] = {}
        self.latest: dict[str, Incident] = {}
        self.blind: dict[tuple[str, datetime], Blind] = {}
        self._news: queue.SimpleQueue[Effect] = queue.SimpleQueue()

    def result(self, job: str, result: Result, now: datetime) -> None:
        """Take in what one job did; called on the engine's thread."""
        super().result(job, result, now)
        for effect in result.effects:
            self._remember(effect)
            self._news.put(effect)
        self.taken += sum(result.outcomes.values())

    def _remember(self, effect: Effect) -> None:
        match effect:
            case MeterMoved():
                self.meter = effect
            case IncidentOpened(incident=incident):
                self.opened[incident.id] = self.latest[incident.id] = incident
            case IncidentChanged(incident=incident) | IncidentResolved(incident=incident):
                self.latest[incident.id] = incident
            case BlindChanged(blind=blind):
                self.blind[blind.source, blind.since] = blind
            case _:
                pass

    def news(self) -> Iterable[Effect]:
        """Give the effects since the last call."""
        while True:
            try:
                yield self._news.get_nowait()
            except queue.Empty:
                return
