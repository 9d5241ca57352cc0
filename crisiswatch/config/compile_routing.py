"""From checked routes, escalation and quiet hours to what the program uses."""

from __future__ import annotations

from collections.abc import Iterable

from crisiswatch.config.schema_routing import DigestModel, QuietModel, RouteModel, RungModel, StormModel
from crisiswatch.config.schema_rules import ScheduleModel
from crisiswatch.config.settings_routing import Digest, QuietHours, Route, Rung, Storm
from crisiswatch.model import Level
from crisiswatch.rules.model import Schedule

__all__ = ["compile_quiet_hours", "compile_route", "compile_rung", "compile_schedule", "compile_storm"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def compile_schedule(model: ScheduleModel) -> Schedule:
    """The hours of a schedule."""
    return Schedule(days=_days(model.days), start=model.start, end=model.end, timezone=model.timezone)


def compile_route(model: RouteModel) -> Route:
    """A route."""
    return Route(
        levels=_levels(model.levels),
        brands=_some(model.brands),
        receivers=model.receivers,
        sources=_some(model.sources),
        only_during=compile_schedule(model.only_during) if model.only_during else None,
        digest=_digest(model.digest) if model.digest else None,
    )


def compile_quiet_hours(model: QuietModel) -> QuietHours:
    """Quiet hours."""
    return QuietHours(receivers=frozenset(model.receivers), schedule=compile_schedule(model), but=_levels(model.but))


def compile_rung(model: RungModel) -> Rung:
    """A rung of the escalation."""
    return Rung(after=model.after, levels=_levels(model.levels), brands=_some(model.brands), receivers=model.receivers)


def compile_storm(model: StormModel) -> Storm:
    """When a summary takes the place of single messages."""
    return Storm(more_than=model.more_than, within=model.within)


def _digest(model: DigestModel) -> Digest:
    return Digest(schedule=Schedule(days=_days(model.days), start=model.at, end=model.at, timezone=model.timezone))


def _days(names: Iterable[str]) -> frozenset[int]:
    return frozenset(DAYS.index(day) for day in names)


def _levels(words: Iterable[str]) -> frozenset[Level]:
    return frozenset(Level.from_word(word) for word in words)


def _some(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)
