"""What the core says has to happen. Nothing else leaves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crisiswatch.model.incident import Blind, Gate, Incident, Stage
from crisiswatch.model.level import Level

__all__ = ["BlindChanged", "Effect", "Explained", "IncidentChanged", "IncidentOpened", "IncidentResolved", "MeterMoved"]


@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """A rule opened an incident. ``sector`` names other brands of the sector that are up, once somebody has looked."""

    at: datetime
    incident: Incident
    sector: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentChanged:
    """An open incident escalated, began to calm, flared up again, was acknowledged, or has new figures."""

    at: datetime
    incident: Incident
    stage: Stage


@dataclass(frozen=True, slots=True)
class IncidentResolved:
    """An incident is over; ``incident.reason`` says why."""

    at: datetime
    incident: Incident


@dataclass(frozen=True, slots=True)
class BlindChanged:
    """A source of the brand fell silent or failed (``blind.until`` None), or speaks again."""

    at: datetime
    brand: str
    blind: Blind


@dataclass(frozen=True, slots=True)
class Explained:
    """A rule would have opened but ``held_back_by`` stopped it: ``hold``, hours, another incident, or trial."""

    at: datetime
    brand: str
    rule: str
    level: Level
    held_back_by: str
    gates: tuple[Gate, ...]


@dataclass(frozen=True, slots=True)
class MeterMoved:
    """Five minutes of the brand's main series closed: observed and expected mentions, and how unusual they are.

    ``achieved``: how often a month the series really was as unusual as ``elevated``, ``high`` and ``extreme`` mean,
    crises included; None where the detector does not count, or not yet.
    """

    at: datetime
    brand: str
    observed: float
    expected: float | None
    false_alarms_per_month: float | None
    achieved: tuple[float, float, float] | None = None


Effect = IncidentOpened | IncidentChanged | IncidentResolved | BlindChanged | Explained | MeterMoved
