"""An incident as people see it: what is unusual, by how much, since when, and why the rule fired."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from crisiswatch.model.level import Level
from crisiswatch.model.signals import SignalCounts

__all__ = ["Blind", "Gate", "Incident", "Phase", "Reading", "Reasons", "Stage"]


class Phase(StrEnum):
    """Where an incident is in its life."""

    OPEN = "open"
    SETTLING = "settling"
    RESOLVED = "resolved"


class Stage(StrEnum):
    """Why a message goes out. ``UPDATED`` only edits a message that can be edited, it never makes a new one;
    ``REMINDED`` is news in the thread: somebody has to look (see `Reminder`)."""

    OPENED = "opened"
    ESCALATED = "escalated"
    UPDATED = "updated"
    CALMING = "calming"
    RESOLVED = "resolved"
    REMINDED = "reminded"


@dataclass(frozen=True, slots=True)
class Gate:
    """One line of a rule's level: what was asked, what was seen, and whether it held.

    ``bound`` and ``value`` are in the measure's own unit; ``value`` None means it could not be judged yet (still
    learning, or waiting for late mentions). For ``surprise`` both are false alarms a month: smaller is more unusual.
    """

    measure: str
    operator: str  # at_least | at_most
    bound: float
    value: float | None
    held: bool
    against: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why the detector finds a moment as usual or unusual as it does. Rates are matching mentions an hour.

    The window of ``minutes`` in which it shows most held ``observed`` mentions where ``expected`` (``low`` to ``high``)
    are usual; copies are discounted. ``since``: when it most likely began (None: nothing is up). ``next_hour``: what
    the coming hour brings if it goes on like this, copies and all. ``level`` is the usual rate, ``hour_of_day``,
    ``day_of_week`` and ``hour_of_week`` (UTC) the factors of this hour; counts scatter with variance
    mean + ``dispersion`` x mean^2. ``share`` is the part of everything said that matched in that window,
    ``usual_share`` what it usually is.
    """

    minutes: int
    observed: float
    expected: float
    low: float
    high: float
    since: datetime | None
    next_hour: float
    level: float
    hour_of_day: float
    day_of_week: float
    hour_of_week: float
    dispersion: float
    share: float | None
    usual_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one rule's window showed at one moment. Times are aware UTC; counts are mentions.

    ``expected`` with ``low`` and ``high`` (a 90 % interval) is the detector's; None while it has nothing to say.
    ``false_alarms_per_month``: how often a month a calm brand would look at least this unusual by chance.
    ``organic``: `observed` with copies discounted (one of an account or a text counts a fifth, an account's own 0.02);
    None where no rule or detector asks.
    ``reach`` sums the known audiences (people); ``largest_audience`` is the largest of them. ``reasons`` are the
    detector's; None where it has none to give, or is still learning. ``signals`` count what the mentions say beyond
    their mood; None where none of them says anything.
    """

    start: datetime
    end: datetime
    observed: float
    total: float
    authors: int
    sources: tuple[str, ...]
    reach: int | None = None
    largest_audience: int | None = None
    share: float | None = None
    growth: float | None = None
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    false_alarms_per_month: float | None = None
    learning: bool = False
    organic: float | None = None
    reasons: Reasons | None = None
    signals: SignalCounts | None = None


@dataclass(frozen=True, slots=True)
class Blind:
    """A source that could not be trusted to speak: from its last sign of life until it spoke again (None = still)."""

    source: str
    since: datetime
    until: datetime | None
    reason: str  # silent | failing | rejected | rate_limited | out_of_budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A snapshot of one incident of one rule at one brand. ``version`` counts its changes from 1.

    ``mentions`` and ``authors`` count everything since the opening window began; ``authors`` is exact up to about a
    thousand and within about 3 % above. ``trend`` holds the matching mentions in five-minute steps, oldest first, the
    last one ending at ``reading.end``. ``flaps`` counts re-openings within 24 hours.
    """

    id: str
    brand: str
    rule: str
    title: str
    alert: str
    version: int
    phase: Phase
    level: Level
    peak_level: Level
    opened_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    levels: tuple[tuple[Level, datetime], ...]
    reading: Reading
    peak: Reading
    gates: tuple[Gate, ...]
    mentions: int
    authors: int
    because: str = ""
    blind: tuple[Blind, ...] = ()
    trend: tuple[int, ...] = ()
    flaps: int = 0
    trial: bool = False
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    reason: str = ""  # why it resolved: calm | rule_removed | by_hand
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def of_blindness(self) -> bool:
        """Whether it is about a source that can't be heard, and not about what was said."""
        return any(gate.measure == "blind_for" for gate in self.gates)
