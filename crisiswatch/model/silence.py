"""A silence: somebody decided that, for a while and for a reason, nobody is told of some incidents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crisiswatch.model.incident import Incident
from crisiswatch.model.level import Level

__all__ = ["LONGEST_SILENCE", "Silence", "SilenceWish"]

LONGEST_SILENCE = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """From ``begins`` until ``ends`` nobody is told of incidents of the ``brand`` (and of the ``rule``; "" = any) that
    never rose above ``level``. ``ended_at``: it is over, of itself or by ``ended_by``."""

    id: int
    brand: str
    rule: str
    level: Level
    reason: str
    by: str
    begins: datetime
    ends: datetime
    ended_at: datetime | None = None
    ended_by: str = ""

    def covers(self, incident: Incident) -> bool:
        """Whether it is about such an incident, whenever it is in force."""
        return (
            incident.brand == self.brand
            and self.rule in {"", incident.rule}
            and max(incident.level, incident.peak_level) <= self.level
        )

    def concerns(self, other: Silence) -> bool:
        """Whether some incidents can be under both, whatever their level."""
        return self.brand == other.brand and (self.rule == other.rule or "" in {self.rule, other.rule})

    def in_force(self, at: datetime) -> bool:
        """Whether it holds at a moment (aware)."""
        return self.begins <= at < min(self.ends, self.ended_at or self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceWish:
    """What somebody asks for; see `Silence`."""

    brand: str
    reason: str
    by: str
    lasting: timedelta
    rule: str = ""
    level: Level = Level.WARNING
