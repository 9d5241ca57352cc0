"""A case, its incident and people, for stories about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crisiswatch.model import (
    Case,
    Decision,
    HumanAction,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    Phase,
    Stage,
    Tick,
)
from crisiswatch.model.alert import PlaybookStep
from crisiswatch.response import Happening, Plan, Rung, Sending, respond
from crisiswatch.testing.notifiers import an_incident

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
STEPS = (PlaybookStep("Take the lead", "duty", 10), PlaybookStep("Find out", "product", 30), PlaybookStep("Tell all"))
CHAIN = (Rung(15, ("boss",)), Rung(30, ("chief",), frozenset({Level.CRITICAL})))
PLAN = Plan(STEPS, CHAIN, frozenset({Level.CRITICAL}))
ID = "acme.wave.20260303T1200Z"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def snapshot(version: int = 1, level: Level = Level.WARNING, **fields: Any) -> Incident:
    whole = an_incident(id=ID, brand="acme", rule="wave", alert="wave", version=version, level=level, opened_at=NOON)
    return replace(whole, peak_level=level, levels=((level, NOON),), updated_at=NOON, **fields)


def opening(level: Level = Level.WARNING) -> IncidentOpened:
    return IncidentOpened(NOON, snapshot(level=level))


def rising(minutes: float, version: int = 2) -> IncidentChanged:
    levels = ((Level.WARNING, NOON), (Level.CRITICAL, at(minutes)))
    critical = replace(snapshot(version, Level.CRITICAL), levels=levels)
    return IncidentChanged(at(minutes), critical, Stage.ESCALATED)


def change(minutes: float, stage: Stage, version: int = 2, level: Level = Level.WARNING) -> IncidentChanged:
    return IncidentChanged(at(minutes), snapshot(version, level), stage)


def over(minutes: float, level: Level = Level.WARNING, reason: str = "calm") -> IncidentResolved:
    gone = snapshot(9, level, reason=reason, phase=Phase.RESOLVED, resolved_at=at(minutes))
    return IncidentResolved(at(minutes), gone)


def does(minutes: float, action: str, actor: str = "ada", **detail: str) -> HumanAction:
    names = {name.rstrip("_"): value for name, value in detail.items()}
    return HumanAction(at(minutes), ID, action, actor, names)


class Story:
    """One case, and all that came of what happened to it."""

    def __init__(self, *happenings: Happening, plan: Plan = PLAN) -> None:
        self.plan = plan
        self.now: Case | None = None
        self.log: list[Decision] = []
        self.sent: list[Sending] = []
        self.tell(*happenings)

    @property
    def case(self) -> Case:
        assert self.now is not None
        return self.now

    def tell(self, *happenings: Happening) -> Story:
        for happening in happenings:
            self.now, decisions, sendings = respond(self.now, happening, self.plan)
            self.log += decisions
            self.sent += sendings
        return self

    def until(self, minutes: float) -> Story:
        return self.tell(Tick(at(minutes)))

    def stages(self) -> list[str]:
        return [sending.stage.value for sending in self.sent]

    def reminders(self) -> list[tuple[str, float]]:
        return [
            (sending.reminder.kind, (sending.at - NOON) / timedelta(minutes=1))
            for sending in self.sent
            if sending.reminder is not None
        ]

    def kinds(self) -> list[str]:
        return [line.kind for line in self.log]
