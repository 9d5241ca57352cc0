"""What one poll of a file-like source has collected so far, and when it has to stop."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from crisiswatch.clock import Clock
from crisiswatch.errors import BadMention
from crisiswatch.model import Mention, Refused
from crisiswatch.sources.records import Record, Records

__all__ = ["Basket"]

_CHECK_CLOCK_EVERY = 200  # records


@dataclass(slots=True)
class Basket:
    """``size`` records at most, and none after ``deadline`` (asked of the clock every 200 records)."""

    source: str
    clock: Clock
    deadline: datetime
    size: int
    check_times: bool = field(kw_only=True)
    mentions: list[Mention] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    late: bool = False
    now: datetime | None = None

    def __post_init__(self) -> None:
        if self.check_times:
            self.now = self.clock.now()

    def wait(self) -> float:
        """Seconds left until the deadline."""
        return max(0.0, (self.deadline - self.clock.now()).total_seconds())

    def full(self) -> bool:
        """Whether to stop: enough collected, or time is up (asked of the clock every few records)."""
        count = len(self.mentions) + len(self.refused)
        if count and count % _CHECK_CLOCK_EVERY == 0:
            self.late = self.clock.now() >= self.deadline
        return self.late or count >= self.size

    def take(self, where: str, records: Records, record: Record) -> None:
        """Add a record, as a mention or as refused."""
        try:
            self.mentions.append(records.parse(record, source=self.source, now=self.now))
        except BadMention as error:
            self.refused.append(Refused(f"{where}:{record.line}", error.reason, error.detail))
