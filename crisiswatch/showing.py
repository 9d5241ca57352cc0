"""What the page of an incident shows, made of the store with the words and zones of the running configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from crisiswatch.alerts.words import moment
from crisiswatch.charts import ChartMaker
from crisiswatch.config import Loaded
from crisiswatch.keeping import chart_of, written
from crisiswatch.model import Delivery, Stage, is_open
from crisiswatch.records.timeline import told
from crisiswatch.store import Store
from crisiswatch.web import incident_view
from crisiswatch.web.incident import Shown
from crisiswatch.wiring import Messages, chart_maker, renderer_for

__all__ = ["IncidentViews"]

MOST_OPEN, MOST_OVER = 10_000, 200
"""Incidents on the page and in the API: all that are open, up to what nobody can read, and the newest others."""


class IncidentViews:
    """Thread-safe. All methods give None for an incident that there is not, and raise StoreError."""

    def __init__(self, loaded: Callable[[], Loaded], store: Callable[[], Store]) -> None:
        self._loaded, self._store = loaded, store
        self._drawing: tuple[Loaded, ChartMaker] | None = None

    def listed(self) -> list[Mapping[str, Any]]:
        """All that are open and the newest of those that are over, the last opened first."""
        store = self._store()
        live = store.incidents(open_only=True, limit=MOST_OPEN)
        found = {each.id: each for each in (*store.incidents(limit=len(live) + MOST_OVER), *live)}
        cases = {case.incident: case for case in store.cases(found)}
        shown = sorted(found.values(), key=lambda each: (each.opened_at, each.id), reverse=True)
        return [incident_view(each, cases.get(each.id)) for each in shown]

    def shown(self, name: str) -> Shown | None:
        """The incident as a message would show it now."""
        loaded, store = self._loaded(), self._store()
        incident = store.incident(name)
        if incident is None:
            return None
        case = store.case(name)
        over = not is_open(incident, case)
        delivery = Delivery(
            id=name,
            receiver="page",
            stage=Stage.RESOLVED if over else Stage.UPDATED,
            incident=incident,
            evidence=Messages(store, loaded).evidence(incident),
            case=case,
        )
        zones = {brand.id: brand.timezone for brand in loaded.settings.brands}
        zone = zones.get(incident.brand, UTC)
        document = renderer_for(loaded)(delivery)
        lang = document.language
        log = [(moment(line.at, zone, lang), line.actor, told(line, zone, lang)) for line in store.decisions(name)]
        return Shown(
            document,
            log,
            chart=bool(incident.trend),
            over=over,
            zone=zone,
        )

    def chart(self, name: str) -> bytes | None:
        """Its chart."""
        store, loaded = self._store(), self._loaded()
        incident = store.incident(name)
        if incident is None:
            return None
        drawing = self._drawing
        if drawing is None or drawing[0] is not loaded:
            self._drawing = drawing = (loaded, chart_maker(loaded, self._store))
        return chart_of(drawing[1], incident, store.case(name))

    def post_mortem(self, name: str) -> str | None:
        """Its post-mortem, once it is over."""
        store = self._store()
        incident = store.incident(name)
        if incident is None or is_open(incident, store.case(name)):
            return None
        return written(self._loaded(), store, incident)
