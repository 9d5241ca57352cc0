"""Cases and their decision logs: written by the engine's thread, read by pages, commands and messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from crisiswatch.model import Case, Decision
from crisiswatch.response import case_from_json, case_to_json
from crisiswatch.store.dialect import upsert
from crisiswatch.store.schema import decision, response_case
from crisiswatch.store.times import from_micros, micros

__all__ = ["find", "find_many", "log", "record"]


def record(connection: sa.Connection, cases: Iterable[Case], decisions: Iterable[Decision]) -> int:
    """Write cases as they stand and append to their logs.

    Returns how many lines were there with another content: those stay as they were first written.
    """
    conflicts = 0
    for line in decisions:
        row = {
            "incident": line.incident,
            "number": line.number,
            "at": micros(line.at),
            "actor": line.actor,
            "kind": line.kind,
            "text": line.text,
            "chain": line.chain,
        }
        key = (decision.c.incident == line.incident, decision.c.number == line.number)
        stored = connection.execute(sa.select(decision.c.chain).where(*key)).scalar()
        if stored is None:
            connection.execute(sa.insert(decision), row)
        else:
            conflicts += stored != line.chain
    for case in cases:
        row = {
            "incident": case.incident,
            "brand": case.brand,
            "revision": case.revision,
            "opened_at": micros(case.opened_at),
            "closed_at": micros(case.closed_at),
            "body": case_to_json(case),
        }
        newer = upsert(connection, response_case, only_if=_is_newer)
        connection.execute(newer, row)
    return conflicts


def _is_newer(new: Any) -> Any:
    return new.revision >= response_case.c.revision


def find(connection: sa.Connection, incident: str) -> Case | None:
    """The case of an incident as it stands, or None."""
    body = connection.execute(sa.select(response_case.c.body).where(response_case.c.incident == incident)).scalar()
    return None if body is None else case_from_json(body)


def find_many(connection: sa.Connection, incidents: Iterable[str] | None, *, open_only: bool, limit: int) -> list[Case]:
    """Cases as they stand, the last opened first; of ``incidents`` where they are given."""
    found = sa.select(response_case.c.body).order_by(response_case.c.opened_at.desc(), response_case.c.incident.desc())
    if open_only:
        found = found.where(sa.text("response_case.closed_at IS NULL"))
    if incidents is None:
        return [case_from_json(body) for body in connection.execute(found.limit(limit)).scalars()]
    ids, cases = sorted(set(incidents)), []
    for start in range(0, len(ids), 500):
        some = found.where(response_case.c.incident.in_(ids[start : start + 500]))
        cases += [case_from_json(body) for body in connection.execute(some).scalars()]
    return cases[:limit]


def log(connection: sa.Connection, incident: str) -> list[Decision]:
    """An incident's decision log, oldest line first."""
    found = sa.select(decision).where(decision.c.incident == incident).order_by(decision.c.number)
    return [
        Decision(
            incident=row.incident,
            number=int(row.number),
            at=from_micros(row.at),
            actor=row.actor,
            kind=row.kind,
            text=row.text,
            chain=row.chain,
        )
        for row in connection.execute(found)
    ]
