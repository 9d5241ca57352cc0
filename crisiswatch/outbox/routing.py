"""Who is told of what: what a case has to send becomes outbox rows by the routes in force. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from crisiswatch.model import Incident, Level, Stage
from crisiswatch.response import Sending
from crisiswatch.store import Body, OutboxRow, body_to_json

__all__ = ["Route", "rows_for"]

_PRIORITY = {
    Stage.OPENED: 0,
    Stage.ESCALATED: 1,
    Stage.REMINDED: 1,
    Stage.RESOLVED: 2,
    Stage.CALMING: 3,
    Stage.UPDATED: 4,
}
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
    sending: Sending,
    incident: Incident,
    routes: Sequence[Route],
    *,
    told: Collection[str],
    now: datetime,
    editors: Collection[str] | None = None,
) -> list[OutboxRow]:
    """The messages that ``sending`` calls for, with ``incident`` as it is then, each for its receivers by name.

    ``told`` are those who were queued a message of it before (`Store.queued_receivers`). A receiver's first message
    comes when a route fits as an incident opens or escalates, or when the escalation names it; from then on it gets
    every stage to the end, whatever the routes say. So a receiver that never heard of an incident is not told that it
    is over. ``editors`` are the receivers that can change a sent message; others get no ``updated``. Trial incidents
    are told to nobody.
    """
    if incident.trial:
        return []
    before = frozenset(told)
    named = before if sending.receivers is None else frozenset(sending.receivers)
    named |= frozenset(sending.joining) | _joining(incident, sending.stage, routes)
    stages = dict.fromkeys(before - named, Stage.UPDATED) | dict.fromkeys(named, sending.stage)
    if sending.stage is Stage.REMINDED:
        stages |= dict.fromkeys(named - before, Stage.OPENED)
    if editors is not None:
        stages = {one: stage for one, stage in stages.items() if stage is not Stage.UPDATED or one in editors}
    if not stages:
        return []
    bodies = {
        stage: body_to_json(
            Body(incident=incident, case=sending.case, reminder=None if stage is Stage.UPDATED else sending.reminder)
        )
        for stage in set(stages.values())
    }
    return [
        OutboxRow(
            id=f"{incident.id}/{sending.case.revision}/{one}",
            incident=incident.id,
            version=sending.case.revision,
            receiver=one,
            stage=stages[one],
            priority=_PRIORITY[stages[one]] if one in before else _FIRST,
            body=bodies[stages[one]],
            created_at=now,
        )
        for one in sorted(stages)
    ]


def _joining(incident: Incident, stage: Stage, routes: Sequence[Route]) -> frozenset[str]:
    """Whom the routes let in now: only a message that stands by itself may be somebody's first."""
    if stage not in {Stage.OPENED, Stage.ESCALATED}:
        return frozenset()
    return frozenset(one for route in routes if route.fits(incident.brand, incident.level) for one in route.receivers)
