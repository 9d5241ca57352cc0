"""What the files ask of people for one alert: the steps, the escalation chain, and what a person has to confirm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crisiswatch.model import Level
from crisiswatch.model.alert import AlertDefinition, PlaybookStep

__all__ = ["NOTHING_ASKED", "Plan", "Rung", "plan_of"]


@dataclass(frozen=True, slots=True)
class Rung:
    """A step of the escalation chain: ``receivers`` are told when nobody has the incident ``after_minutes`` after it
    opened at one of ``levels`` (empty: any), or rose to one of them. Without receivers those are told that know of it.
    """

    after_minutes: int
    receivers: tuple[str, ...] = ()
    levels: frozenset[Level] = frozenset()

    def fits(self, level: Level) -> bool:
        """Whether an incident of that level climbs to here."""
        return not self.levels or level in self.levels


@dataclass(frozen=True, slots=True)
class Plan:
    """What one alert asks of people. An incident that has reached a level of ``confirm`` ends when a person says so."""

    steps: tuple[PlaybookStep, ...] = ()
    rungs: tuple[Rung, ...] = ()
    confirm: frozenset[Level] = frozenset()


NOTHING_ASKED = Plan()
"""For an alert that is no longer there, a rule on trial, and a replay, where nobody is there to act."""


def plan_of(definition: AlertDefinition, rungs: Sequence[Rung] = ()) -> Plan:
    """What an alert file and the escalation chain of the settings ask."""
    return Plan(definition.playbook, tuple(rungs), definition.confirm)
