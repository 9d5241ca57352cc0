"""The daemon's exercises: one at a time, found by their incidents, and ended with the daemon."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from crisiswatch.clock import Clock
from crisiswatch.config import Loaded
from crisiswatch.drill.drill import Drill
from crisiswatch.drill.request import request_from
from crisiswatch.errors import CrisiswatchError
from crisiswatch.web import incident_view

__all__ = ["Drills"]

KEPT = 5


class Drills:
    """The exercise that runs and the last few that are over, of the configuration in force. Thread-safe."""

    def __init__(self, loaded: Callable[[], Loaded], clock: Clock, *, console: TextIO | None = None) -> None:
        self._loaded = loaded
        self._clock = clock
        self._console = console
        self._lock = threading.Lock()
        self._drills: dict[str, Drill] = {}

    def begin(self, told: Mapping[str, object]) -> Mapping[str, Any]:
        """Begin the exercise that a JSON object asks for; raises CrisiswatchError where that can't be."""
        request = request_from(told)
        with self._lock:
            if any(not drill.over for drill in self._drills.values()):
                raise CrisiswatchError("a drill is under way already; end it first")
            drill = Drill(self._loaded(), request, self._clock, console=self._console)
            self._drills[drill.id] = drill
            for old in list(self._drills)[:-KEPT]:
                del self._drills[old]
            drill.start()
        return drill.view()

    def view(self, name: str) -> Mapping[str, Any] | None:
        """The report of an exercise as it stands; None if there is none of that id."""
        drill = self._drills.get(name)
        return None if drill is None else drill.view()

    def end(self, name: str) -> Mapping[str, Any] | None:
        """Have an exercise end soon; None if there is none of that id."""
        drill = self._drills.get(name)
        if drill is None:
            return None
        drill.end()
        return drill.view()

    def of(self, incident: str) -> Drill | None:
        """The exercise that an incident belongs to, the newest first; None for what is no exercise's."""
        if ".drill-" not in incident:
            return None
        with self._lock:
            drills = list(reversed(self._drills.values()))
        return next((drill for drill in drills if drill.knows(incident)), None)

    def incident(self, incident: str) -> dict[str, Any] | None:
        """An incident of an exercise under way, for the pages."""
        drill = self.of(incident)
        found = None if drill is None else drill.found(incident)
        return None if found is None else {**incident_view(*found), "drill": True}

    def stop(self, seconds: float) -> None:
        """End what runs, so that nobody is left with an exercise that nobody ends."""
        with self._lock:
            drills = [drill for drill in self._drills.values() if not drill.over]
        for drill in drills:
            drill.end("the daemon stopped")
        for drill in drills:
            drill.wait(seconds)
