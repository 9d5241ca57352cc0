"""How much of a volume is organic: different people with words of their own, not one account or one text many times.

A mention is a copy when its account, or a near-duplicate of its text (`crisiswatch.matching.signature`), was there
already. Copies are not worth nothing: they are many when a real wave passes one sentence on. An account that says the
same again is worth next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from crisiswatch.windows.distinct import HASH_SPACE, Distinct
from crisiswatch.windows.minutes import BIN

__all__ = ["CROWD_SIZE", "HISTORY", "OLD_CROWD_SIZE", "Crowd", "Voices", "organic_part", "organic_parts"]

COPY_WORTH = 0.2
"""What a copy counts, in mentions. Not 0, because thousands of people who press the same button are a crisis too; a
fifth, because the usual bot bursts (30 to 50 copies within an hour) then weigh less than ten people do."""

OWN_COPY_WORTH = 0.02
"""What an account's own copy counts: its words are known, and so is who says them. Not 0, so that a volume that is
there stays one."""

HISTORY = 60
"""Minutes before a bin in which an account or a text makes its return a copy."""

CROWD_SIZE, OLD_CROWD_SIZE = 256, 64
"""Hashes kept of a bin: exact for most while it is judged, fewer once it only tells whether a value is new."""

_DOUBT = 2.0  # standard errors of an estimate in favour of the people


@dataclass(slots=True)
class Voices:
    """Who speaks in which words: ``rows`` mentions, of which ``named`` tell their account and ``worded`` have a text
    that would be known again. What is not told counts as different. A function of the mentions alone, in any order."""

    rows: int = 0
    named: int = 0
    worded: int = 0
    authors: Distinct | None = None
    texts: Distinct | None = None

    def add(self, author: int | None, text: int | None, size: int) -> None:
        """Count one mention; a sketch that is not there yet gets ``size``."""
        self.rows += 1
        if author is not None:
            self.named += 1
            if self.authors is None:
                self.authors = Distinct(size)
            self.authors.add(author)
        if text is not None:
            self.worded += 1
            if self.texts is None:
                self.texts = Distinct(size)
            self.texts.add(text)

    def shrink(self, size: int) -> None:
        """Remember no more than ``size`` values of each kind."""
        for sketch in (self.authors, self.texts):
            if sketch is not None:
                sketch.shrink(size)

    def copy(self) -> Voices:
        """Give an independent copy."""
        authors = None if self.authors is None else self.authors.copy()
        texts = None if self.texts is None else self.texts.copy()
        return Voices(self.rows, self.named, self.worded, authors, texts)


@dataclass(slots=True)
class Crowd:
    """The voices of one bin: those the filter lets through, and the rest of the population."""

    matching: Voices = field(default_factory=Voices)
    others: Voices = field(default_factory=Voices)

    def copy(self) -> Crowd:
        """Give an independent copy."""
        return Crowd(self.matching.copy(), self.others.copy())


def organic_parts(crowds: Mapping[int, Crowd], start: int) -> tuple[float, float]:
    """`organic_part` of the bin at ``start`` after the hour before it: of who matches, and of the others."""
    crowd = crowds[start]
    earlier = [crowds[each] for each in range(start - HISTORY, start, BIN) if each in crowds]
    return (
        organic_part([crowd.matching], [each.matching for each in earlier]),
        organic_part([crowd.others], [each.others for each in earlier]),
    )


def organic_part(voices: Sequence[Voices], before: Sequence[Voices] = ()) -> float:
    """What part of their mentions is organic, above 0 to 1: ``COPY_WORTH`` for each copy, 1 for every other one.

    Where account and words have both been there, it is ``OWN_COPY_WORTH``: as many mentions as neither the different
    accounts nor the different texts explain. Exactly 1 without a copy. ``before`` are the voices of the time before,
    whose accounts and texts are not new.
    """
    rows = named = worded = 0
    for each in voices:
        rows += each.rows
        named += each.named
        worded += each.worded
    if not rows:
        return 1.0
    people = rows - named + _new([each.authors for each in voices], [each.authors for each in before])
    texts = rows - worded + _new([each.texts for each in voices], [each.texts for each in before])
    different = min(people, texts)
    if different >= rows:
        return 1.0
    told_apart = min(max(people, texts), float(rows))
    worth = different + COPY_WORTH * (told_apart - different) + OWN_COPY_WORTH * (rows - told_apart)
    return worth / rows


def _new(now: Sequence[Distinct | None], before: Sequence[Distinct | None]) -> float:
    """Different values that were not there before.

    How many are different comes from the sketches of now; which part of them is new from those below every limit, so
    that it is exactly all of them where nothing was seen before. An estimate is taken from its upper end: in doubt
    they are people.
    """
    parts = [sketch for sketch in now if sketch is not None]
    limit = min((sketch.limit for sketch in parts), default=HASH_SPACE)
    hashes = parts[0].hashes if len(parts) == 1 else set().union(*(sketch.hashes for sketch in parts))
    found = float(len(hashes))
    if limit < HASH_SPACE:
        below = found if len(parts) == 1 else _below(hashes, limit)
        found = (below + _DOUBT * sqrt(below) + 1.0) * HASH_SPACE / max(limit, 1)
    seen: set[int] = set()
    for sketch in before:
        if sketch is not None and not hashes.isdisjoint(sketch.hashes):
            seen |= hashes & sketch.hashes
    if not seen:
        return found
    limit = min(limit, *(sketch.limit for sketch in before if sketch is not None))
    sampled = _below(hashes, limit)
    return found * (1.0 - _below(seen, limit) / sampled) if sampled else found


def _below(hashes: set[int], limit: int) -> int:
    return len([value for value in hashes if value < limit])
