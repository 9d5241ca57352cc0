"""Where the words of marks go: above the plot, beside their line, in lanes, and never over each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crisiswatch.charts.data import Mark, MarkKind

__all__ = ["Label", "place"]

_LANES = 2
_GAP = 13.0
_ORDER = (
    MarkKind.ESCALATED,
    MarkKind.OPENED,
    MarkKind.ENDED,
    MarkKind.ACKNOWLEDGED,
    MarkKind.CALMING,
    MarkKind.EASED,
)


@dataclass(frozen=True, slots=True)
class Label:
    """A mark at ``x`` with its words from ``left`` on in ``lane``, from 0 at the top; -1: there is no room for them."""

    mark: Mark
    x: float
    left: float
    lane: int


def place(wanted: Iterable[tuple[Mark, float, float]], *, left: float, right: float) -> list[Label]:
    """Place the words of each (mark, x, width), what tells most first, right of their line or left of it."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(_LANES)]
    placed = []
    for mark, x, wide in sorted(wanted, key=lambda each: (_ORDER.index(each[0].kind), -each[1])):
        spots = [(lane, start) for lane in range(_LANES) for start in (x - 3, x - wide + 3) if left <= start]
        free = [
            (lane, start) for lane, start in spots if start + wide <= right + 4 and _is_free(taken[lane], start, wide)
        ]
        lane, start = free[0] if free else (-1, x)
        if free:
            taken[lane].append((start, start + wide))
        placed.append(Label(mark, x, start, lane))
    return placed


def _is_free(taken: list[tuple[float, float]], start: float, wide: float) -> bool:
    return all(start >= end + _GAP or start + wide + _GAP <= begin for begin, end in taken)
