"""Rules as compiled data: what the YAML of a rule means, with every default filled in and every unit settled.

This package is the rule engine; the top-level folder ``rules/`` holds the shipped rules themselves, as data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from crisiswatch.model import Level

__all__ = [
    "MEASURES",
    "SURPRISE_WORDS",
    "Block",
    "CalendarEvent",
    "Condition",
    "MentionFilter",
    "Rule",
    "Ruleset",
    "Schedule",
    "Settle",
    "is_known",
]

MEASURES = (
    *("count", "organic", "complaints", "questions", "severity", "authors", "sources", "reach", "largest_audience"),
    *("share", "growth", "surprise", "blind_for"),
)
"""The closed vocabulary of rule language 1 (plug-ins add their own names)."""

WEEK = 7 * 24 * 60

SURPRISE_WORDS = {"elevated": 10.0, "high": 1.0, "extreme": 0.1}
"""What the words of ``surprise`` mean: at most this many false alarms per brand and month of 30 days."""


@dataclass(frozen=True, slots=True)
class MentionFilter:
    """Which of the brand's mentions a rule counts. Empty tuples mean no restriction.

    ``sentiment`` is ``any``, ``negative``, ``neutral`` or ``positive``. ``words`` keeps mentions with at least one of
    them, ``ignore_words`` drops mentions with any of them (whole words, case and accents folded). ``languages`` are
    BCP 47 primary tags; a mention whose language is unknown passes. ``flags``, ``severity`` and ``themes`` each keep
    mentions with at least one of theirs; one about which that is not known does not pass.
    """

    sentiment: str = "any"
    words: tuple[str, ...] = ()
    ignore_words: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a level: ``measure`` ``operator`` ``bound``, e.g. count at_least 20.

    For ``surprise`` the bound is false alarms a month and ``at_least`` means at least this unusual, so the figure must
    be at most the bound. ``against`` belongs to ``growth``: ``previous_window`` or ``same_hours_last_week``.
    """

    measure: str
    operator: str  # at_least | at_most
    bound: float
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Conditions that must all hold; and, where given, one block of ``any`` and no block of ``none``."""

    conditions: tuple[Condition, ...] = ()
    any_of: tuple[Block, ...] = ()
    none_of: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Settle:
    """When an incident is over: ``quiet_for`` minutes below ``below`` times what it had above normal when it opened."""

    quiet_for: int = 45
    below: float = 0.5


@dataclass(frozen=True, slots=True)
class Schedule:
    """Hours in which a rule may open incidents. ``days`` are 0 = Monday to 6 = Sunday; ``start`` and ``end`` are
    minutes after midnight in ``timezone``; an end before the start runs over midnight."""

    days: frozenset[int]
    start: int
    end: int
    timezone: ZoneInfo

    def holds(self, at: datetime) -> bool:
        """Whether a moment (aware) lies in these hours."""
        local = at.astimezone(self.timezone)
        of_day = local.hour * 60 + local.minute
        if self.start <= self.end:
            return local.weekday() in self.days and self.start <= of_day < self.end
        if of_day >= self.start:
            return local.weekday() in self.days
        return of_day < self.end and (local - timedelta(days=1)).weekday() in self.days

    def over(self, at: datetime) -> datetime:
        """The first full minute from ``at`` on (aware) outside these hours; ``at`` itself if it is outside.

        Found minute by minute, so that the days on which clocks change need no rule of their own. Hours that never end
        are taken to end after eight days.
        """
        if not self.holds(at):
            return at
        found = at.replace(second=0, microsecond=0)
        for _ in range(8 * 24 * 60):
            found += timedelta(minutes=1)
            if not self.holds(found):
                break
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. ``window`` and ``hold`` are minutes; ``brands`` None means all; ``levels`` are in rising order."""

    id: str
    title: str
    because: str = ""
    brands: tuple[str, ...] | None = None
    mentions: MentionFilter = field(default_factory=MentionFilter)
    window: int
    levels: tuple[tuple[Level, Block], ...]
    hold: int = 0
    settle: Settle = field(default_factory=Settle)
    alert: str
    status: str = "active"  # active | trial | off
    only_during: Schedule | None = None
    unless_open: tuple[str, ...] = ()
    known_false_alarms: tuple[str, ...] = ()
    detector: str = "surge"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Something that is known to move a brand's volume: a campaign, a final. Minutes since 1970, ``end`` is after it.

    ``brands`` None means all. ``weekly``: again at the same time of every week (UTC), before and after.
    """

    title: str
    start: int
    end: int
    brands: tuple[str, ...] | None = None
    weekly: bool = False

    def touches(self, start: int, end: int) -> bool:
        """Whether it is on at any time in ``[start, end)``."""
        if not self.weekly:
            return self.start < end and start < self.end
        since = (start - self.start) % WEEK
        return since < self.end - self.start or since + end - start > WEEK


def is_known(calendar: tuple[CalendarEvent, ...], start: int, end: int) -> bool:
    """Whether any event of a calendar is on in ``[start, end)``."""
    return any(event.touches(start, end) for event in calendar)


@dataclass(frozen=True, slots=True)
class Ruleset:
    """The rules in force. Rule ids are unique."""

    rules: tuple[Rule, ...] = ()
    lateness: int = 5
    """Minutes that mentions of a source may arrive out of order before they count as late."""
    calendar: tuple[CalendarEvent, ...] = ()
    """What is known to come, of every brand."""

    def calendar_of(self, brand: str) -> tuple[CalendarEvent, ...]:
        """The events that concern ``brand``."""
        return tuple(event for event in self.calendar if event.brands is None or brand in event.brands)

    def for_brand(self, brand: str) -> tuple[Rule, ...]:
        """The rules that watch ``brand``, in file order, without those that are off."""
        return tuple(
            rule for rule in self.rules if rule.status != "off" and (rule.brands is None or brand in rule.brands)
        )
