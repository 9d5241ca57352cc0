"""Who is told of what and when, as the program uses it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crisiswatch.model import Incident, Level
from crisiswatch.rules.model import Schedule

__all__ = ["Digest", "QuietHours", "Route", "Rung", "Storm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When what a route has collected is sent: a minute of the day, on some days of the week (0 = Monday)."""

    schedule: Schedule

    def due(self, after: datetime, now: datetime) -> datetime | None:
        """The newest moment in (``after``, ``now``] at which one is due (aware); None if there is none."""
        found = now.replace(second=0, microsecond=0)
        for _ in range(8 * 24 * 60):
            if found <= after:
                return None
            local = found.astimezone(self.schedule.timezone)
            if local.hour * 60 + local.minute == self.schedule.start and local.weekday() in self.schedule.days:
                return found
            found -= timedelta(minutes=1)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Incidents of these levels, brands and sources (None = all) go to these receivers, at these hours (None = ever).

    With a ``digest`` they are collected and sent in one message.
    """

    levels: frozenset[Level]
    brands: frozenset[str] | None
    receivers: tuple[str, ...]
    sources: frozenset[str] | None = None
    only_during: Schedule | None = None
    digest: Digest | None = None

    def fits(self, incident: Incident, at: datetime) -> bool:
        """Whether an incident as it is at ``at`` (aware) takes this route."""
        return (
            incident.level in self.levels
            and (self.brands is None or incident.brand in self.brands)
            and (self.sources is None or not self.sources.isdisjoint(incident.reading.sources))
            and (self.only_during is None or self.only_during.holds(at))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """Hours in which these receivers get nothing but incidents of the levels ``but``."""

    receivers: frozenset[str]
    schedule: Schedule
    but: frozenset[Level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Who is told when nobody has taken an incident for so many minutes."""

    after: int
    levels: frozenset[Level]
    brands: frozenset[str] | None
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """More than so many new incidents within this time, for one receiver, are told in one summary."""

    more_than: int = 10
    within: timedelta = timedelta(minutes=5)
