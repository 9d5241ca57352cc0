"""The bins in the flat state: taken in, summed over windows, and cleared of what a scorer's doubt adds to them."""

from __future__ import annotations

from math import isfinite
from typing import Any, NamedTuple

from crisiswatch.detector.base import Bin
from crisiswatch.detector.layout import (
    AT,
    BUFFER,
    CHANNELS,
    DAY,
    DISPERSION,
    HOUR_NOW,
    RING,
    SIZE,
    SLOT,
    SURE_N,
    SURE_P,
    SURE_PP,
    VERSION,
    V,
)
from crisiswatch.windows import BIN

__all__ = ["Seen", "certainty", "corrected", "fresh", "learn_certainty", "push", "seen_bin", "since", "taken"]

LONG = 1e5  # mentions; longer sums are rounded to whole ones and start again
MOST = 1e12  # mentions a bin
SURE_FADE = 2.0 ** (-1.0 / (5.0 * DAY))  # half-life 5 days


class Seen(NamedTuple):
    """One bin as the arithmetic takes it, blurred input already corrected: ``part`` of its five minutes have passed."""

    minute: int
    total: float
    matched: float
    exposure: float
    weights: float
    part: float
    known: bool
    grave: float | None


def fresh() -> list[float]:
    """Give the state of a detector that has seen nothing."""
    state = [0.0] * SIZE
    state[V] = VERSION
    state[HOUR_NOW] = -1.0
    for at in range(DISPERSION, DISPERSION + 3 * len(CHANNELS), 3):
        state[at : at + 3] = 0.15, 0.15, 0.01
    return state


def since(s: list[float], bins: int, place: int) -> float:
    """The sum of one figure over the newest ``bins`` - 1 bins that were taken in."""
    at = int(s[AT])
    return s[BUFFER + SLOT * ((at - 1) % RING) + place] - s[BUFFER + SLOT * ((at - bins) % RING) + place]


def push(s: list[float], seen: Seen, mu: float) -> None:
    """Let the windows move on over a bin of which ``mu`` mentions were expected; nothing is learned."""
    at = int(s[AT])
    here, before = BUFFER + SLOT * at, BUFFER + SLOT * ((at - 1) % RING)
    total, matched, expected, weights, grave = s[before : before + SLOT]
    if seen.total:
        total = round(total + seen.total, 4 if total < LONG else 0)
        weights = round(weights + seen.weights, 4 if weights < LONG else 0)
    if seen.matched:
        matched = round(matched + seen.matched, 4 if matched < LONG else 0)
    if seen.grave:
        grave = round(grave + seen.grave, 4)
    s[here : here + SLOT] = total, matched, round(expected + mu, 4), weights, grave
    if at + 1 < RING:
        s[AT] = at + 1.0
        return
    s[AT] = 0.0
    if max(s[here : here + SLOT]) > LONG:  # the sums start again from the oldest bin, so that they stay short
        for place in range(SLOT):
            oldest = s[BUFFER + place]
            s[BUFFER + place :: SLOT] = [round(each - oldest, 4) for each in s[BUFFER + place :: SLOT]]


def seen_bin(s: list[float], each: Bin) -> Seen:
    """Take a bin of the seam as the arithmetic does."""
    return taken(
        s,
        each.start,
        each.count,
        each.total,
        each.exposure,
        each.minutes / BIN,
        each.known,
        each.count_square,
        each.total_square,
        each.marked,
    )


def taken(  # noqa: PLR0917 - the hot path: a bin is taken apart once
    s: list[float],
    minute: float,
    count: float,
    total: float,
    exposure: float,
    part: float,
    known: bool,
    square: float | None,
    weights: float | None,
    grave: float | None,
) -> Seen:
    """Take the figures of a `Bin`, of which ``part`` has passed, as the arithmetic does; nonsense is missing data."""
    if not isfinite(count + total + exposure):
        return Seen(int(minute), 0.0, 0.0, 0.0, 0.0, part, known, None)
    if not count <= total <= MOST:
        total = min(max(total, count), MOST)
        count = min(count, total)
    if square is not None and isfinite(square):
        count = corrected(s, count, total)
    weights = total if weights is None or not isfinite(weights) else min(weights, MOST)
    if grave is not None and not isfinite(grave):
        grave = None
    if not 0.0 <= exposure <= 1.0:
        exposure = min(max(exposure, 0.0), 1.0)
    return Seen(int(minute), total, count, exposure, weights, part, known, grave)


def corrected(s: list[float], count: float, total: float) -> float:
    """The matching volume without the part of a sum of probabilities that any mention brings."""
    a, b, _ = certainty(s)
    return (count - b * total) / (a - b)


def learn_certainty(s: list[float], x: dict[Any, Any]) -> None:
    """Follow how sure the scorer is: the sums of p and p^2 over all mentions; ``x`` as `Surge.learn_one` takes it."""
    fade = SURE_FADE
    count = float(x.get("count", 0.0))
    total = float(x.get("total", count))
    squares, square = float(x.get("total_square") or total), float(x["count_square"])
    if not isfinite(count + total + squares + square):
        return
    s[SURE_N] = s[SURE_N] * fade + total
    s[SURE_P] = s[SURE_P] * fade + count
    s[SURE_PP] = s[SURE_PP] * fade + (square * total / squares if squares > 0.0 else 0.0)


def certainty(s: list[float]) -> tuple[float, float, float]:
    """Mean probability given to matching mentions and to the others, and the noise that it costs (>= 1).

    With calibrated probabilities p the first is sum(p^2) / sum(p), the second sum(p (1 - p)) / sum(1 - p).
    (count - b total) / (a - b) is then the matching volume whatever the total does, and its variance is the third
    times that of a count. 1, 0 and 1 for a scorer that gives labels.
    """
    n, p, pp = s[SURE_N : SURE_PP + 1]
    if n - p < 50.0 or p < 20.0:
        return 1.0, 0.0, 1.0
    a, b = pp / p, (p - pp) / (n - p)
    if a - b < 0.1:
        return 1.0, 0.0, 1.0
    return a, b, max((pp - 2.0 * b * p + b * b * n) / ((a - b) * (p - b * n)), 1.0)
