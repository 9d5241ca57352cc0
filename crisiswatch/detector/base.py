"""The detector seam: what goes in, what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from crisiswatch.windows import BIN

__all__ = ["MONTH", "Bin", "Detector", "DetectorState", "Explanation", "Moments", "Verdict", "Window"]

MONTH = 30 * 24 * 60
"""Minutes in the month of "false alarms a month"."""

DetectorState = Sequence[float]
"""Flat numbers, the first of them the layout's version."""


@dataclass(frozen=True, slots=True)
class Bin:
    """What was said in the five minutes from minute ``start`` (UTC, since 1970), or in the ``minutes`` of them so far.

    ``count`` is the matching volume among ``total``: with a scorer that gives probabilities the sum of p(negative), so
    not a whole number. Sampled mentions count with their weights, and ``count_square`` and ``total_square`` are then
    the sums of what the mentions added, squared: twice the mean weight is twice the noise. None where every mention
    counted as 0 or 1. ``marked`` is the part of ``count`` with grave words (`crisiswatch.matching.gravity`); None where
    nobody looks. ``exposure`` in 0..1 is the part of the brand's usual sources that could speak: 0 is missing data,
    which is not a zero. ``known``: an event of the brand's calendar was on.
    """

    start: int
    count: float
    total: float
    exposure: float = 1.0
    minutes: int = BIN
    known: bool = False
    count_square: float | None = None
    total_square: float | None = None
    marked: float | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A rule's window: ``count`` of ``total`` mentions in the ``length`` minutes before minute ``end``."""

    end: int
    length: int
    count: float
    total: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How unusual things are.

    ``expected`` mentions of the rule's window with the 90 % interval ``low`` to ``high``; ``false_alarms_per_month``:
    how often a calm brand would look at least this unusual by chance. ``learning``: too little history to be trusted,
    so never alarming. ``achieved``: how often a month this series really was as unusual as ``elevated``, ``high`` and
    ``extreme`` mean, crises included; None for a detector that does not count.
    """

    observed: float
    expected: float
    low: float
    high: float
    false_alarms_per_month: float
    learning: bool
    achieved: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a verdict is what it is. Rates are matching mentions an hour.

    ``level`` is the usual rate; ``hour_of_day``, ``day_of_week`` and ``hour_of_week`` the factors by which this hour
    differs from it; ``dispersion`` how much wider than chance the counts scatter (variance = mean + dispersion x
    mean^2). The window that carried the verdict is ``minutes`` long and held ``observed`` where ``expected`` (``low``
    to ``high``) were usual. ``since`` is the minute at which it most likely began; ``next_hour`` the mentions that the
    coming hour brings if it goes on like this; ``share`` what part of the volume matches, usually ``usual_share``.
    """

    level: float
    hour_of_day: float
    day_of_week: float
    hour_of_week: float
    dispersion: float
    minutes: int
    observed: float
    expected: float
    low: float
    high: float
    since: int | None
    next_hour: float
    share: float | None
    usual_share: float


class Moments(NamedTuple):
    """How a scorer reads some mentions: their number, and the sums of p(match) and of its square over them."""

    texts: float
    matching: float
    squares: float


class Detector(Protocol):
    """Pure: a state goes in, a new one comes out. ``judge`` and ``explain`` never learn.

    ``learn`` takes one closed bin after the other, in order of time. ``judge`` takes a rule's window and ``tail``: the
    bins since the last learned one, oldest first, the last of them perhaps unfinished. ``explain`` may give None for
    a detector that has no reasons to give.

    A detector that learns what part of the mentions matches may have ``rescale(state, before, after)`` too: the state
    for a scorer that reads the same mentions as ``after`` where the one until now read them as ``before``
    (`Moments`; both None: nobody knows).
    """

    name: str

    def fresh(self) -> DetectorState: ...

    def learn(self, state: DetectorState, closed: Bin) -> DetectorState: ...

    def judge(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Verdict: ...

    def explain(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Explanation | None: ...
