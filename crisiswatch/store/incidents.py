"""Incidents, their history and blind spells: written from effects, read by pages, commands and messages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crisiswatch.model import (
    Blind,
    BlindChanged,
    Effect,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Phase,
    Stage,
    awaited,
)
from crisiswatch.store import cases
from crisiswatch.store.codec import incident_from_json, incident_to_json
from crisiswatch.store.dialect import upsert
from crisiswatch.store.rows import BrandBlind, IncidentEvent
from crisiswatch.store.schema import blind, incident, incident_event
from crisiswatch.store.times import from_micros, micros

__all__ = ["blind_spells", "find", "find_many", "history", "record"]

_MOST = 10_000  # cases at once; SQLite takes 32,766 values in a statement


def record(connection: sa.Connection, effects: Iterable[Effect]) -> int:
    """Write what the effects say of incidents and blind spells.

    Returns how many incident versions were already stored with another body: those stay as they were first written,
    for messages have gone out about them.
    """
    conflicts = 0
    for effect in effects:
        if isinstance(effect, BlindChanged):
            _record_blind(connection, effect)
        elif isinstance(effect, IncidentOpened):
            conflicts += _record_incident(connection, effect.at, Stage.OPENED, effect.incident)
        elif isinstance(effect, IncidentChanged):
            conflicts += _record_incident(connection, effect.at, effect.stage, effect.incident)
        elif isinstance(effect, IncidentResolved):
            conflicts += _record_incident(connection, effect.at, Stage.RESOLVED, effect.incident)
    return conflicts


def _record_incident(connection: sa.Connection, at: datetime, stage: Stage, one: Incident) -> bool:
    """Append the version to the history and make it the current one; True if another body is stored for it."""
    body = incident_to_json(one)
    new = {"incident": one.id, "version": one.version, "at": micros(at), "stage": stage.value, "body": body}
    key = (incident_event.c.incident == one.id, incident_event.c.version == one.version)
    stored = connection.execute(sa.select(incident_event).where(*key)).first()
    if stored is not None:
        return bool(stored.body != body or stored.stage != stage.value or stored.at != new["at"])
    connection.execute(sa.insert(incident_event), new)
    row = {
        "id": one.id,
        "brand": one.brand,
        "rule": one.rule,
        "version": one.version,
        "phase": one.phase.value,
        "level": int(one.level),
        "opened_at": micros(one.opened_at),
        "resolved_at": micros(one.resolved_at),
        "trial": one.trial,
        "body": body,
    }
    connection.execute(upsert(connection, incident, only_if=_is_newer), row)
    return False


def _is_newer(new: Any) -> Any:
    return new.version > incident.c.version


def _record_blind(connection: sa.Connection, effect: BlindChanged) -> None:
    row = {
        "brand": effect.brand,
        "source": effect.blind.source,
        "since": micros(effect.blind.since),
        "until": micros(effect.blind.until),
        "reason": effect.blind.reason,
    }
    connection.execute(upsert(connection, blind), row)


def find(connection: sa.Connection, incident_id: str) -> Incident | None:
    """The incident as it stands, or None."""
    body = connection.execute(sa.select(incident.c.body).where(incident.c.id == incident_id)).scalar()
    return None if body is None else incident_from_json(body)


def find_many(connection: sa.Connection, brand: str | None, *, open_only: bool, limit: int) -> list[Incident]:
    """Incidents as they stand, the last opened first; open as `is_open` says: also those that wait for a person."""
    found = sa.select(incident.c.body).order_by(incident.c.opened_at.desc(), incident.c.id.desc()).limit(limit)
    if brand is not None:
        found = found.where(incident.c.brand == brand)
    if open_only:
        going_on = cases.find_many(connection, None, open_only=True, limit=_MOST)
        waiting = [case.incident for case in going_on if awaited(case)]
        found = found.where(sa.or_(incident.c.phase != Phase.RESOLVED.value, incident.c.id.in_(waiting)))
    return [incident_from_json(body) for body in connection.execute(found).scalars()]


def history(connection: sa.Connection, incident_id: str) -> list[IncidentEvent]:
    """Every version of an incident, oldest first."""
    found = sa.select(incident_event).where(incident_event.c.incident == incident_id).order_by(incident_event.c.version)
    return [
        IncidentEvent(from_micros(row.at), Stage(row.stage), incident_from_json(row.body))
        for row in connection.execute(found)
    ]


def blind_spells(
    connection: sa.Connection, brand: str | None, since: datetime | None, *, open_only: bool, limit: int
) -> list[BrandBlind]:
    """Blind spells that lasted beyond ``since``, the latest first."""
    found = sa.select(blind).order_by(blind.c.since.desc(), blind.c.brand, blind.c.source).limit(limit)
    if brand is not None:
        found = found.where(blind.c.brand == brand)
    if since is not None:
        found = found.where(sa.or_(blind.c.until.is_(None), blind.c.until > micros(since)))
    if open_only:
        found = found.where(blind.c.until.is_(None))
    return [BrandBlind(row.brand, _blind_from(row)) for row in connection.execute(found)]


def _blind_from(row: Any) -> Blind:
    return Blind(row.source, from_micros(row.since), from_micros(row.until), row.reason)
