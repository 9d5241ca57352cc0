"""The detector seam: what goes in, what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["MONTH", "Bin", "Detector", "DetectorState", "Verdict", "Window"]

MONTH = 30 * 24 * 60
"""Minutes in the month of "false alarms a month"."""

DetectorState = Sequence[float]
"""Flat numbers, the first of them the layout's version."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Five closed minutes of a series, from minute ``start`` (UTC, since 1970).

    ``count`` mentions matched the rule's filter out of ``total``; ``exposure`` in 0..1 is the part of the brand's
    usual sources that could speak: 0 is missing data, which is not a zero.
    """

    start: int
    count: float
    total: float
    exposure: float = 1.0


@dataclass(frozen=True, slots=True)
class Window:
    """What is to be judged: ``count`` of ``total`` mentions in the ``length`` minutes before minute ``end``."""

    end: int
    length: int
    count: float
    total: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How unusual a window is.

    ``expected`` mentions with the 90 % interval ``low`` to ``high``; ``false_alarms_per_month``: how often a calm brand
    would look at least this unusual by chance. ``learning``: too little history to be trusted, so never alarming.
    """

    observed: float
    expected: float
    low: float
    high: float
    false_alarms_per_month: float
    learning: bool


class Detector(Protocol):
    """Pure: a state goes in, a new one comes out. ``judge`` never learns, ``learn`` never judges."""

    name: str

    def fresh(self) -> DetectorState: ...

    def learn(self, state: DetectorState, closed: Bin) -> DetectorState: ...

    def judge(self, state: DetectorState, window: Window) -> Verdict: ...
