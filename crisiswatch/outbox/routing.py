"""Who is told of what: effects become outbox rows by the routes in force. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crisiswatch.model import Effect, Incident, IncidentChanged, IncidentOpened, IncidentResolved, Level, Stage
from crisiswatch.store import OutboxRow, incident_to_json

__all__ = ["Route", "rows_for"]

_PRIORITY = {Stage.OPENED: 0, Stage.ESCALATED: 1, Stage.RESOLVED: 2, Stage.CALMING: 3, Stage.UPDATED: 4}
_FIRST = 0


@dataclass(frozen=True, slots=True)
class Route:
    """Incidents of these levels and brands (None = every brand) go to these receivers."""

    levels: frozenset[Level]
    brands: frozenset[str] | None
    receivers: tuple[str, ...]

    def fits(self, brand: str, level: Level) -> bool:
        """Whether an incident of ``brand`` at ``level`` takes this route."""
        return level in self.levels and (self.brands is None or brand in self.brands)


def rows_for(
    effects: Iterable[Effect],
    routes: Sequence[Route],
    *,
    queued: Mapping[str, Collection[str]],
    now: datetime,
    editors: Collection[str] | None = None,
) -> list[OutboxRow]:
    """The messages that ``effects`` call for, in the order of the effects, each for its receivers by name.

    ``queued`` tells for each incident who was queued a message before (`Store.queued_receivers`). A receiver's first
    message comes when a route fits as an incident opens or escalates; from then on it gets every stage to the end,
    whatever the routes say. So a receiver that never heard of an incident is not told that it is over. ``editors`` are
    the receivers that can change a sent message; others get no ``updated``. Trial incidents are told to nobody.
    """
    told = {incident: set(receivers) for incident, receivers in queued.items()}
    rows: list[OutboxRow] = []
    for effect in effects:
        stage = _stage(effect)
        if stage is None or not isinstance(effect, IncidentOpened | IncidentChanged | IncidentResolved):
            continue
        incident = effect.incident
        if incident.trial:
            continue
        before = told.setdefault(incident.id, set())
        receivers = before | _joining(incident, stage, routes)
        if stage is Stage.UPDATED and editors is not None:
            receivers = receivers & set(editors)
        body = incident_to_json(incident) if receivers else ""
        rows.extend(_row(incident, stage, one, body, first=one not in before, now=now) for one in sorted(receivers))
        before |= receivers
    return rows


def _stage(effect: Effect) -> Stage | None:
    if isinstance(effect, IncidentOpened):
        return Stage.OPENED
    if isinstance(effect, IncidentChanged):
        return effect.stage
    return Stage.RESOLVED if isinstance(effect, IncidentResolved) else None


def _joining(incident: Incident, stage: Stage, routes: Sequence[Route]) -> set[str]:
    """Whom the routes let in now: only a message that stands by itself may be somebody's first."""
    if stage not in {Stage.OPENED, Stage.ESCALATED}:
        return set()
    return {one for route in routes if route.fits(incident.brand, incident.level) for one in route.receivers}


def _row(incident: Incident, stage: Stage, receiver: str, body: str, *, first: bool, now: datetime) -> OutboxRow:
    return OutboxRow(
        id=f"{incident.id}/{incident.version}/{receiver}",
        incident=incident.id,
        version=incident.version,
        receiver=receiver,
        stage=stage,
        priority=_FIRST if first else _PRIORITY[stage],
        body=body,
        created_at=now,
    )
