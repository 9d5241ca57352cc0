"""Who is told of what at which stage: what a case has to send becomes outbox rows by the routes in force. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from crisiswatch.config.settings_routing import Route
from crisiswatch.model import Incident, Stage
from crisiswatch.response import Sending
from crisiswatch.store import Body, OutboxRow, body_to_json

__all__ = ["row_for", "stages_for"]

_PRIORITY = {
    Stage.OPENED: 0,
    Stage.ESCALATED: 1,
    Stage.REMINDED: 1,
    Stage.RESOLVED: 2,
    Stage.CALMING: 3,
    Stage.UPDATED: 4,
}
_FIRST = 0


def stages_for(
    sending: Sending, incident: Incident, routes: Sequence[Route], *, told: Collection[str]
) -> dict[str, Stage]:
    """Who gets a message of ``sending``, with ``incident`` as it is then, and of which stage; by name, in order.

    ``told`` are those who were queued a message of it before (`Store.queued_receivers`). A receiver's first message
    comes when a route fits as an incident opens or escalates, or when the escalation names it; from then on it gets
    every stage to the end, whatever the routes say. So a receiver that never heard of an incident is not told that it
    is over. Routes that collect for a digest let nobody in. Trial incidents are told to nobody.
    """
    if incident.trial:
        return {}
    before = frozenset(told)
    named = before if sending.receivers is None else frozenset(sending.receivers)
    named |= frozenset(sending.joining) | _joining(sending, incident, routes)
    stages = dict.fromkeys(before - named, Stage.UPDATED) | dict.fromkeys(named, sending.stage)
    if sending.stage is Stage.REMINDED:
        stages |= dict.fromkeys(named - before, Stage.OPENED)
    return {one: stages[one] for one in sorted(stages)}


def row_for(
    receiver: str,
    stage: Stage,
    sending: Sending,
    incident: Incident,
    *,
    first: bool,
    now: datetime,
    not_before: datetime | None = None,
) -> OutboxRow:
    """One message of ``sending``; ``first``: the receiver has had none of the incident before."""
    reminder = None if stage is Stage.UPDATED else sending.reminder
    return OutboxRow(
        id=f"{incident.id}/{sending.case.revision}/{receiver}",
        incident=incident.id,
        version=sending.case.revision,
        receiver=receiver,
        stage=stage,
        priority=_FIRST if first else _PRIORITY[stage],
        body=body_to_json(Body(incident=incident, case=sending.case, reminder=reminder)),
        created_at=now,
        not_before=not_before,
    )


def _joining(sending: Sending, incident: Incident, routes: Sequence[Route]) -> frozenset[str]:
    """Whom the routes let in now: only a message that stands by itself may be somebody's first."""
    if sending.stage not in {Stage.OPENED, Stage.ESCALATED}:
        return frozenset()
    fitting = (route for route in routes if route.digest is None and route.fits(incident, sending.at))
    return frozenset(one for route in fitting for one in route.receivers)
