"""Measures that other packages bring: entry points of the group ``crisiswatch.measures``.

A measure is a function of what a window shows. It is pure: the same window gives the same number, for ever, because
replays depend on it. Its name is the entry point's, and it is used in rules like any other::

    reach_per_mention: {at_least: 5000}
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

__all__ = ["Measure", "Shown", "plug_in"]


class Shown(Protocol):
    """What a window shows to a measure: counts are mentions, reach is people, share is 0 to 1."""

    @property
    def count(self) -> float: ...

    @property
    def total(self) -> float: ...

    @property
    def authors(self) -> int: ...

    @property
    def sources(self) -> frozenset[str]: ...

    @property
    def reach(self) -> int: ...

    @property
    def largest_audience(self) -> int: ...

    @property
    def share(self) -> float | None: ...

    @property
    def expected(self) -> float: ...


Measure = Callable[[Shown], float | None]
"""Gives the measure's value, or None where it can't be known: then no condition on it holds."""


@cache
def plug_in(name: str) -> Measure:
    """Give the measure called ``name``; raises KeyError if no installed package brings it."""
    for point in entry_points(group="crisiswatch.measures", name=name):
        made: Measure = point.load()
        return made
    raise KeyError(name)
