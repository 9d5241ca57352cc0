"""Who is told of what and when: routes, digests, quiet hours, escalation and storms, field by field."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crisiswatch.config.fields import Id, Minutes, Period, Section, TimeOfDay, Whole, Zone, lasting, limited
from crisiswatch.config.schema_rules import Day, ScheduleModel

__all__ = ["DigestModel", "QuietModel", "RouteModel", "RungModel", "StormModel"]

LevelName = Literal["watch", "warning", "critical"]
_ALL: tuple[LevelName, ...] = ("watch", "warning", "critical")
_WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DigestModel(Section):
    """One message a day instead of one for each incident."""

    at: TimeOfDay
    """When it is sent."""
    days: tuple[Day, ...] = Field(default=_WEEK, min_length=1)
    """Days of the week on which it is sent; every day if left out."""
    timezone: Zone
    """The time zone of `at`, for example Europe/Rome."""


class RouteModel(Section):
    """Incidents of these levels, brands and sources go to these receivers."""

    levels: tuple[LevelName, ...] = Field(default=_ALL, min_length=1)
    """The levels that take this route; all if left out."""
    brands: tuple[Id, ...] | None = Field(default=None, min_length=1)
    """The brands that take this route; all if left out."""
    sources: tuple[Id, ...] | None = Field(default=None, min_length=1)
    """An incident takes this route if mentions of its window come from one of these, as mentions name their source; all
    if left out."""
    only_during: ScheduleModel | None = None
    """Hours in which an incident takes this route when it opens or gets worse; always if left out."""
    digest: DigestModel | None = None
    """Collect the incidents and send them once a day; at once, each by itself, if left out."""
    receivers: tuple[Id, ...] = Field(min_length=1)
    """The receivers that are told."""


class QuietModel(ScheduleModel):
    """Hours in which receivers are left in peace: what would be sent is sent when they are over."""

    receivers: tuple[Id, ...] = Field(min_length=1)
    """The receivers that are left in peace."""
    but: tuple[LevelName, ...] = ("critical",)
    """Incidents of these levels are told all the same."""


class RungModel(Section):
    """One rung of the escalation: who is told if nobody has taken an incident."""

    after: Annotated[Minutes, limited(1)]
    """How long after the incident opened, or reached a level of this rung, nobody has taken it."""
    levels: tuple[LevelName, ...] = Field(default=("warning", "critical"), min_length=1)
    """The levels of which this rung is told."""
    brands: tuple[Id, ...] | None = Field(default=None, min_length=1)
    """The brands of which this rung is told; all if left out."""
    receivers: tuple[Id, ...] = Field(min_length=1)
    """The receivers that are told."""


class StormModel(Section):
    """When so much opens at once that a message for each incident would help nobody."""

    more_than: Whole = Field(default=10, ge=1, le=1000)
    """So many new incidents are told one by one, those beyond in one summary that is kept up to date."""
    within: Period = lasting("5m")
    """The time in which they are counted, for each receiver."""
