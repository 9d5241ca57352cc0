"""A detector made of one score: what the stock detectors and the vendors' rules have in common.

A `Method` gives a raw score of the last hour; `Scored` keeps its numbers, counts the hours, and puts it behind the
seam. The last hour is judged whatever the length of the rule's window, as these methods do; what is expected is given
for the rule's window. Weights of sampled mentions and the calendar of known events are not looked at.

The state: version, bins learned, hours learned, the open hour with its count and the exposure seen of it, the last
twelve bins (minute, count), the ladder of `rarity`, then the method's own numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crisiswatch.detector import rarity
from crisiswatch.detector.base import Bin, DetectorState, Explanation, Verdict, Window
from crisiswatch.windows import BIN

__all__ = ["Look", "Method", "Scored"]

VERSION = 1.0
HOUR = 60
UNSEEN = 0.05  # exposure up to which a bin is missing data
_VERSION, _BINS, _HOURS, _OPEN, _SUM, _SEEN, _RECENT = range(7)
_LADDER = _RECENT + 2 * (HOUR // BIN)
_OWN = _LADDER + rarity.SIZE


@dataclass(frozen=True, slots=True)
class Look:
    """What a method is asked about: ``hour`` mentions in the hour to minute ``end``; ``bins`` were not learned yet."""

    end: int
    hour: float
    bins: tuple[float, ...]


class Method(Protocol):
    """A raw score of the last hour. ``own`` are the method's flat numbers; only the ``learn_`` methods change them.

    ``score``: 0 or less is usual, more is more unusual, on whatever scale. ``outlook``: mean and standard deviation of
    an hour's count. ``warm``: hours to be learned before it is trusted. A closed hour in which some bins were missing
    is learned as if the others were all of it; ``hour`` counts hours since 1970.
    """

    @property
    def name(self) -> str: ...

    @property
    def warm(self) -> float: ...

    def fresh(self) -> list[float]: ...

    def score(self, own: Sequence[float], look: Look) -> float: ...

    def outlook(self, own: Sequence[float], look: Look) -> tuple[float, float]: ...

    def learn_bin(self, own: list[float], count: float) -> None: ...

    def learn_hour(self, own: list[float], hour: int, count: float) -> None: ...


class Scored:
    """A `Method` behind the `Detector` seam. A state of another layout is left and learning begins anew."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.name = method.name
        self._size = _OWN + len(method.fresh())

    def fresh(self) -> DetectorState:
        """Give the state of a detector that has seen nothing."""
        recent = [-1.0, 0.0] * (HOUR // BIN)
        return [VERSION, 0.0, 0.0, -1.0, 0.0, 0.0, *recent, *rarity.fresh(), *self.method.fresh()]

    def learn(self, state: DetectorState, closed: Bin) -> DetectorState:
        """Give the state after one more closed bin; a bin without exposure changes nothing."""
        if closed.exposure <= UNSEEN:
            return state
        new = list(self._sound(state))
        own = new[_OWN:]
        if new[_HOURS] >= self.method.warm:
            look = _look(new, closed.start + BIN, (closed,))
            rarity.note(new, _LADDER, self.method.score(own, look))
        hour = closed.start // HOUR
        if hour != new[_OPEN]:
            self._close(new, own)
            new[_OPEN], new[_SUM], new[_SEEN] = float(hour), 0.0, 0.0
        new[_SUM] += closed.count
        new[_SEEN] += closed.exposure
        new[_BINS] += 1.0
        self.method.learn_bin(own, closed.count)
        new[_RECENT:_LADDER] = [*new[_RECENT + 2 : _LADDER], float(closed.start), closed.count]
        new[_OWN:] = own
        return new

    def judge(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Verdict:
        """Judge the last hour before the window's end."""
        state = self._sound(state)
        own = state[_OWN:]
        look = _look(state, window.end, tail, window.count if window.length <= HOUR else 0.0)
        learning = state[_HOURS] < self.method.warm
        mean, deviation = self.method.outlook(own, look)
        low, expected, high = rarity.interval(mean, deviation, window.length)
        rate = rarity.MOST if learning else rarity.per_month(state, _LADDER, self.method.score(own, look))
        return Verdict(
            observed=window.count,
            expected=expected,
            low=low,
            high=high,
            false_alarms_per_month=rate,
            learning=learning,
        )

    def explain(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Explanation | None:  # noqa: ARG002
        """Give no reasons: there is nothing behind the score but the score."""
        return None

    def _sound(self, state: DetectorState) -> DetectorState:
        return state if len(state) == self._size and state[_VERSION] == VERSION else self.fresh()

    def _close(self, new: list[float], own: list[float]) -> None:
        """Learn the open hour if at least half of it was seen."""
        full = HOUR / BIN
        if new[_SEEN] >= full / 2:
            self.method.learn_hour(own, int(new[_OPEN]), new[_SUM] * full / new[_SEEN])
            new[_HOURS] += 1.0
            rarity.fade(new, _LADDER)


def _look(state: DetectorState, end: int, tail: Sequence[Bin], least: float = 0.0) -> Look:
    """The hour to ``end``: learned bins and those of the tail, missing ones not filled up; ``least`` is known of it."""
    hour = 0.0
    for place in range(_RECENT, _LADDER, 2):
        if end - HOUR <= state[place] < end:
            hour += state[place + 1]
    spoke = [one for one in tail if one.exposure > UNSEEN]
    hour += sum(one.count for one in spoke if one.start >= end - HOUR)
    return Look(end, max(hour, least), tuple(one.count for one in spoke))
