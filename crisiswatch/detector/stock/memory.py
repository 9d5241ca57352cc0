"""The last hours of a river detector that cannot be written down as a few numbers: it is fitted to them anew."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from crisiswatch.detector import rings
from crisiswatch.detector.scored import Look

__all__ = ["LastWeek", "river"]


def river(module: str) -> Any:
    """Give a module of river's, imported only now; parts of river have no types."""
    return import_module(f"river.{module}")


class LastWeek:
    """The counts of the last ``keep`` hours, newest first, and what they make expect."""

    name: str
    warm = 24.0
    keep = 7 * 24

    def fresh(self) -> list[float]:
        """Give its numbers before anything was learned."""
        return [rings.EMPTY] * self.keep

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]:  # noqa: ARG002
        """Mean and standard deviation of the remembered hours."""
        return rings.moments(rings.values(own, 0, self.keep))

    def learn_bin(self, own: list[float], count: float) -> None:
        """Wait for the hour to end."""

    def learn_hour(self, own: list[float], hour: int, count: float) -> None:  # noqa: ARG002
        """Put the hour in front."""
        rings.push(own, count, 0, self.keep)

    def _oldest_first(self, own: Sequence[float]) -> tuple[float, ...]:
        return tuple(reversed(rings.values(own, 0, self.keep)))
