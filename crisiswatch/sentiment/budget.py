"""A time budget for a slow scorer: what does not fit is scored by a quick one, and who scored what is counted.

A late warning is worth less than a rough one. In a crisis the mentions come in by the thousand, which is when a
large model falls behind.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from crisiswatch.clock import Clock
from crisiswatch.model import Score, Scorer, Text
from crisiswatch.sentiment.stage import is_sound

__all__ = ["REASONS", "Budgeted", "Tally"]

REASONS = ("budget", "failed", "unsound", "resting")
"""Why a text went to the fall-back: no time left; its piece failed; its score was none; the main scorer rests after
failures in a row. A closed list, for labels of metrics."""

_NEWEST = 0.3  # weight of the latest piece in the pace
_FAILURES = 3  # pieces in a row
_FIRST_REST, _LONGEST_REST = 30.0, 600.0  # seconds
_STALE = 10.0  # seconds without a measurement after which a pace that allows nothing is measured anew
_GROWTH = 4  # times the piece before
_OVERRUN = 2.0  # times the time a piece was expected to take
_TRIFLE = 0.1  # of the budget: a piece that took less is none too long


@dataclass(slots=True)
class Tally:
    """What happened so far. Counts only grow; a reader in another thread may see them in the middle of a batch.

    ``pace`` is the running mean of seconds that the main scorer takes for a text, None before the first;
    ``resting`` says that it is not asked now because it failed, ``last_failure`` the kind of its latest error.
    """

    scored_by_main: int = 0
    scored_by_fallback: int = 0
    reasons: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    failures: int = 0
    pace: float | None = None
    resting: bool = False
    last_failure: str = ""


class Budgeted:
    """Scores with ``main`` while a batch's ``seconds`` last, and the rest with ``fallback``; `Score.model` tells which.

    ``main`` gets small pieces, at most ``piece`` texts. Before each one its pace (an exponentially weighted mean)
    tells how many texts fit into the time that is left; with none, the rest of the batch goes to the fall-back. Pieces
    start at one text and grow fourfold; they start at one again after ten seconds without any, and after one that took
    twice the time expected and a tenth of the budget. So a batch blocks for no longer than its budget and one piece
    (and the fall-back's own time), and the piece is small until the pace is known. When even one text does not fit,
    one is tried every ten seconds: so the main scorer comes back when the load goes.

    A piece that raises or gives no score for each text goes to the fall-back whole, a single score that is none goes
    there alone. After three failed pieces in a row the main scorer rests for half a minute, then gets one text to
    prove itself; each further failure doubles the rest, up to ten minutes.

    ``seconds`` may be infinite. One thread scores; ``tally`` may be read from any. What the fall-back raises is passed
    on.
    """

    def __init__(self, main: Scorer, fallback: Scorer, *, seconds: float, clock: Clock, piece: int = 32) -> None:
        if not seconds > 0 or piece < 1:
            raise ValueError("a budget is more than 0 seconds and a piece at least one text")
        self.tally = Tally()
        self.main = main
        self.fallback = fallback
        self._seconds = seconds
        self._clock = clock
        self._piece = piece
        self._size = 1
        self._measured = -math.inf  # when a piece last ended well
        self._failed = 0  # pieces in a row
        self._rest = _FIRST_REST
        self._until = -math.inf  # resting till then

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        found: list[Score | None] = []
        end = self._clock.monotonic() + self._seconds
        while len(found) < len(texts):
            count, why = self._next(end)
            if not count:
                self.tally.reasons[why] += len(texts) - len(found)
                found += [None] * (len(texts) - len(found))
            else:
                found += self._ask(texts[len(found) : len(found) + count])
        return self._fill(texts, found)

    def _next(self, end: float) -> tuple[int, str]:
        """How many texts the main scorer gets now, and the reason if none."""
        now = self._clock.monotonic()
        if now < self._until:
            return 0, "resting"
        if now >= end:
            return 0, "budget"
        if self._failed >= _FAILURES:
            return 1, ""  # the rest is over
        stale = now - self._measured >= _STALE
        if stale:
            self._size = 1
        pace = self.tally.pace
        if pace is None or pace * self._size <= end - now:
            return self._size, ""
        fitting = int((end - now) / pace)
        probe = not fitting and stale and pace > self._seconds  # or else it is measured at the next batch's start
        return 1 if probe else fitting, "budget"

    def _ask(self, texts: Sequence[Text]) -> list[Score | None]:
        """The main scorer's answer for one piece, None where the fall-back has to help. A supervision point."""
        began = self._clock.monotonic()
        found: list[Score | None]
        try:
            found = [score if is_sound(score) else None for score in self.main.score(texts)]
            wrong = "" if len(found) == len(texts) and any(found) else "no scores"
        except Exception as error:  # noqa: BLE001  whatever a model does, its texts get a score; it is counted here
            wrong = type(error).__name__
        if wrong:
            self._note_failure(wrong, len(texts))
            return [None] * len(texts)
        self._note_success(len(texts), self._clock.monotonic() - began)
        self.tally.reasons["unsound"] += found.count(None)
        return found

    def _note_success(self, count: int, took: float) -> None:
        tally, pace = self.tally, took / count
        known = tally.pace
        overrun = known is not None and took > max(_OVERRUN * known * count, _TRIFLE * self._seconds)
        now = self._clock.monotonic()
        if known is None or now - self._measured >= _STALE:
            tally.pace = pace  # what was known is of another time
        else:
            tally.pace = known + _NEWEST * (pace - known)
        self._size = 1 if overrun else min(self._piece, max(self._size, _GROWTH * count))
        self._measured = now
        self._failed, self._rest, tally.resting = 0, _FIRST_REST, False

    def _note_failure(self, kind: str, count: int) -> None:
        tally = self.tally
        tally.failures += 1
        tally.last_failure = kind
        tally.reasons["failed"] += count
        self._failed += 1
        self._size = 1
        if self._failed >= _FAILURES:
            tally.resting = True
            self._until = self._clock.monotonic() + self._rest
            self._rest = min(_LONGEST_REST, 2 * self._rest)

    def _fill(self, texts: Sequence[Text], found: Sequence[Score | None]) -> list[Score]:
        """The scores with the gaps filled by the fall-back, all in one call."""
        gaps = [place for place, score in enumerate(found) if score is None]
        filled = list(found)
        if gaps:
            answer = self.fallback.score([texts[place] for place in gaps])
            for place, score in zip(gaps, answer, strict=True):
                filled[place] = score
        self.tally.scored_by_fallback += len(gaps)
        self.tally.scored_by_main += len(texts) - len(gaps)
        return [score for score in filled if score is not None]
