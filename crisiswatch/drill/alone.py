"""An exercise where no daemon runs: this process hears what people press, and answers the links in mails."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, TextIO

from crisiswatch.clock import Clock
from crisiswatch.config import Loaded, unresolved_secrets
from crisiswatch.drill.drill import Drill
from crisiswatch.drill.request import DrillRequest
from crisiswatch.errors import ConfigError, CrisiswatchError
from crisiswatch.interaction import Switchboard, actions_of
from crisiswatch.metrics import Metrics
from crisiswatch.web import StatusView, WebServer, WebState, create_app, incident_view
from crisiswatch.wiring import ack_links

__all__ = ["Alone"]


class Alone:
    """One exercise with ears of its own; use it as a context manager. Raises CrisiswatchError if it can't begin.

    ``store_url`` keeps its store.
    """

    def __init__(
        self,
        loaded: Loaded,
        request: DrillRequest,
        clock: Clock,
        *,
        store_url: str = "",
        console: TextIO | None = None,
    ) -> None:
        if missing := unresolved_secrets(loaded.settings):
            raise ConfigError(missing)
        self._settings = loaded.settings
        self._clock = clock
        metrics = Metrics()
        self._switchboard = Switchboard(actions_of(lambda: self.drill.store, clock, self._acted), clock, metrics)
        web = loaded.settings.web
        self._web = WebServer(create_app(self._state(metrics), host=web.host, token=web.token), web.host, web.port)
        self._web.bind()
        try:
            self.drill = Drill(loaded, request, clock, console=console, store_url=store_url)
        except CrisiswatchError:
            self._web.stop()
            raise

    def __enter__(self) -> Self:
        self._switchboard.start()
        self._switchboard.swap(self.drill.loaded.settings.receivers)
        self._web.start()
        self.drill.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.drill.end("asked")
        self.drill.wait(60.0)
        self._switchboard.stop(2.0)
        self._web.stop()

    def _acted(self, incident: str, action: str, actor: str, detail: Mapping[str, str]) -> str | None:
        done = self.drill.act(incident, action, actor, detail)
        return None if done is None else done.answer

    def _state(self, metrics: Metrics) -> WebState:
        return WebState(
            healthy=lambda: (True, {"drill": True}),
            ready=lambda: (True, {"drill": True}),
            metrics=metrics.exposition,
            reload=lambda: (False, ["a drill does not load its configuration again"]),
            incidents=list,
            incident=self._incident,
            status=self._status,
            act=self._acted,
            slack=self._switchboard.receive,
            links=lambda: ack_links(self._settings),
            now=self._clock.now,
        )

    def _incident(self, name: str) -> Mapping[str, Any] | None:
        found = self.drill.found(name)
        return None if found is None else {**incident_view(*found), "drill": True}

    def _status(self) -> StatusView:
        return StatusView(now=self._clock.now(), problems=["only a drill runs here"])
