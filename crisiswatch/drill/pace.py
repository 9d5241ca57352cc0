"""The time of an exercise: as fast as it is asked to be, and back to the clock on the wall for the report."""

from __future__ import annotations

from datetime import datetime, timedelta

from crisiswatch.clock import Clock

__all__ = ["DrillClock"]


class DrillClock:
    """A clock that stands at ``start`` until it is let go, and then runs ``speed`` times as fast as ``wall``.

    ``monotonic`` is the wall's, because time-outs and retries are real.
    """

    def __init__(self, wall: Clock, start: datetime, speed: float) -> None:
        self._wall = wall
        self._speed = speed
        self.start = start
        self.let_go_at: datetime | None = None

    def let_go(self) -> None:
        """Have time run from now on."""
        self.let_go_at = self._wall.now()

    def now(self) -> datetime:
        """The exercise's time, aware UTC."""
        if self.let_go_at is None:
            return self.start
        return self.start + (self._wall.now() - self.let_go_at) * self._speed

    def monotonic(self) -> float:
        """Seconds of the wall's clock."""
        return self._wall.monotonic()

    def real(self, at: datetime) -> timedelta:
        """How long after the exercise's beginning ``at`` was, on the wall's clock."""
        return (at - self.start) / self._speed
