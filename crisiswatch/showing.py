"""What the page of an incident shows, made of the store with the words and zones of the running configuration."""

from __future__ import annotations

from collections.abc import Callable

from crisiswatch.config import Loaded
from crisiswatch.keeping import chart_of, written
from crisiswatch.model import Delivery, Stage, is_open
from crisiswatch.response import decision_to_dict
from crisiswatch.store import Store
from crisiswatch.web.incident import Shown
from crisiswatch.wiring import Messages, chart_maker, renderer_for

__all__ = ["IncidentViews"]


class IncidentViews:
    """Thread-safe. All methods give None for an incident that there is not, and raise StoreError."""

    def __init__(self, loaded: Callable[[], Loaded], store: Callable[[], Store]) -> None:
        self._loaded, self._store = loaded, store

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
        log = [decision_to_dict(line) for line in store.decisions(name)]
        return Shown(renderer_for(loaded)(delivery), log, chart=bool(incident.trend), over=over)

    def chart(self, name: str) -> bytes | None:
        """Its chart."""
        store = self._store()
        incident = store.incident(name)
        return (
            None if incident is None else chart_of(chart_maker(self._loaded(), self._store), incident, store.case(name))
        )

    def post_mortem(self, name: str) -> str | None:
        """Its post-mortem, once it is over."""
        store = self._store()
        incident = store.incident(name)
        if incident is None or is_open(incident, store.case(name)):
            return None
        return written(self._loaded(), store, incident)
