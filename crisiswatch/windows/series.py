"""Minute buckets of one series by event time, and sliding sums over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from crisiswatch.model import Signals
from crisiswatch.windows.minutes import BIN, MILLI
from crisiswatch.windows.organic import CROWD_SIZE, HISTORY, OLD_CROWD_SIZE, Crowd, Voices, organic_parts

__all__ = ["UNTOUCHED", "Bucket", "Lean", "Series", "Signalled", "SlidingSum"]

UNTOUCHED = 1 << 62
"""Later than any minute."""


@dataclass(slots=True)
class Lean:
    """What probabilities and sampling weights change about the plain sums of a bucket.

    ``matching`` and ``others`` are the expected mentions (weight x probability) less those that count by their label,
    in thousandths; the squares are those of what each mention adds, less what whole mentions would add, in millionths.
    """

    matching: int = 0
    matching_square: int = 0
    others: int = 0
    others_square: int = 0
    total_square: int = 0

    def add(self, other: Lean) -> None:
        """Add up two of them."""
        self.matching += other.matching
        self.matching_square += other.matching_square
        self.others += other.others
        self.others_square += other.others_square
        self.total_square += other.total_square


@dataclass(slots=True)
class Signalled:
    """What the matching mentions of a bucket say beyond their mood, in thousandths of a mention.

    ``weight`` sums up how grave each is; ``categories`` count those with grave words of a kind.
    """

    complaints: int = 0
    questions: int = 0
    weight: int = 0
    categories: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Signalled:
        """Give an independent copy."""
        return Signalled(self.complaints, self.questions, self.weight, dict(self.categories))


@dataclass(slots=True)
class Bucket:
    """What one minute of a series held. ``count`` matched the filter, ``total`` is its population; thousandths.

    ``voices`` are those of the matching mentions, while a window may need them; ``marked`` is the part of ``count``
    with grave words, each mention by its probability, where a detector asks. ``said`` is there where anything was.
    """

    voices: Voices | None = None
    count: int = 0
    total: int = 0
    reach: int = 0
    audience: int = 0
    sources: dict[str, int] = field(default_factory=dict)
    lean: Lean | None = None
    marked: int = 0
    said: Signalled | None = None

    def copy(self) -> Bucket:
        """Give an independent copy."""
        voices = None if self.voices is None else self.voices.copy()
        lean = None if self.lean is None else replace(self.lean)
        said = None if self.said is None else self.said.copy()
        sources = dict(self.sources)
        return Bucket(voices, self.count, self.total, self.reach, self.audience, sources, lean, self.marked, said)


@dataclass(slots=True)
class SlidingSum:
    """Sums over the ``length`` minutes before the end that its series has got to."""

    length: int
    count: int = 0
    total: int = 0


class Series:
    """The mentions of one brand that one filter lets through, by event minute.

    ``early`` windows end at ``early_end``, where arrivals have got to; ``final`` ones at ``final_end``, the watermark,
    where everything that could still come has come. What is from before ``oldest`` comes too late for any window.
    ``bins`` keep five-minute counts for the trend and for last week's same hours. ``keeps_texts``: how much of a window
    is organic can be told. ``crowds``, where a detector asks, are the voices of the bins it has yet to learn and of the
    hour before them, from minute ``crowds_from``; None otherwise. ``touched`` is the first minute whose bin may have
    changed since its reader set it to `UNTOUCHED`.
    """

    __slots__ = (
        "_parts",
        "author_size",
        "bins",
        "buckets",
        "crowds",
        "crowds_from",
        "early",
        "early_end",
        "final",
        "final_end",
        "keep",
        "keep_bins",
        "keeps_texts",
        "oldest",
        "touched",
        "voices_from",
    )

    def __init__(
        self,
        lengths: Iterable[int],
        early_end: int,
        final_end: int,
        *,
        keep_bins: int,
        texts: bool = False,
        crowds: bool = False,
    ) -> None:
        spans = sorted(set(lengths))
        self.keep = 2 * max(spans)  # the window before this one, for growth
        self.keep_bins = keep_bins
        self.early_end, self.final_end = early_end, final_end
        self.oldest = final_end - self.keep
        self.voices_from = self._needed_from(final_end)
        self.author_size = max(64, 4096 // max(spans))
        self.keeps_texts = texts
        self.crowds: dict[int, Crowd] | None = {} if crowds else None
        self.crowds_from = final_end - final_end % BIN - HISTORY
        self._parts: dict[int, tuple[float, float]] = {}
        self.touched = UNTOUCHED
        self.buckets: dict[int, Bucket] = {}
        self.bins: dict[int, int] = {}
        self.early = {length: SlidingSum(length) for length in spans}
        self.final = {length: SlidingSum(length) for length in spans}

    def add_unmatched(self, minute: int, weight: int, *, author: int | None = None, text: int | None = None) -> None:
        """Count one mention of the population that the filter does not let through."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket()
        bucket.total += weight
        self._touch(minute)
        if self.crowds is not None and minute >= self.crowds_from:
            self._note(self.crowds, minute, author, text, matching=False)
        if minute < self.early_end:
            self._catch_up(minute, 0, weight)

    def add(
        self,
        minute: int,
        weight: int,
        source: str,
        author: int | None,
        audience: int | None,
        *,
        text: int | None = None,
    ) -> None:
        """Count one matching mention; ``author`` and ``text`` are hashes, where known."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket()
        bucket.total += weight
        bucket.count += weight
        sources = bucket.sources
        sources[source] = sources.get(source, 0) + 1
        self._touch(minute)
        if minute >= self.voices_from:
            if bucket.voices is None:
                bucket.voices = Voices()
            bucket.voices.add(author, text if self.keeps_texts else None, self.author_size)
        if self.crowds is not None and minute >= self.crowds_from:
            self._note(self.crowds, minute, author, text, matching=True)
        if audience is not None:
            bucket.reach += audience
            bucket.audience = max(bucket.audience, audience)
        start = minute - minute % BIN
        self.bins[start] = self.bins.get(start, 0) + weight
        if minute < self.early_end:
            self._catch_up(minute, weight, weight)

    def shift(self, minute: int, count: int, total: int) -> Bucket:
        """Move a minute's sums by a mass that no single mention stands for, and give its bucket."""
        bucket = self.buckets.get(minute)
        if bucket is None:
            bucket = self.buckets[minute] = Bucket()
        bucket.count += count
        bucket.total += total
        self._touch(minute)
        start = minute - minute % BIN
        self.bins[start] = self.bins.get(start, 0) + count
        if minute < self.early_end:
            self._catch_up(minute, count, total)
        return bucket

    def lean(self, minute: int, weight: int, part: int, *, matching: bool) -> None:
        """Note that a mention which was just added counts ``part`` thousandths of ``weight``, whatever its label."""
        bucket = self.buckets[minute]
        if bucket.lean is None:
            bucket.lean = Lean()
        lean, plain = bucket.lean, weight if matching else 0
        mass = _mass(weight, part)
        lean.total_square += weight * weight - weight * MILLI
        if matching:
            lean.matching += mass - plain
            lean.matching_square += mass * mass - plain * MILLI
        else:
            lean.others += mass
            lean.others_square += mass * mass

    def mark(self, minute: int, weight: int, part: int) -> None:
        """Note that a matching mention which was just added has grave words; it counts ``part`` thousandths."""
        self.buckets[minute].marked += _mass(weight, part)

    def say(self, minute: int, weight: int, signals: Signals, grave: int) -> None:
        """Note what a matching mention which was just added says; ``grave`` thousandths is how grave it is."""
        bucket = self.buckets[minute]
        if bucket.said is None:
            bucket.said = Signalled()
        said = bucket.said
        if "complaint" in signals.flags:
            said.complaints += weight
        if "question" in signals.flags:
            said.questions += weight
        said.weight += _mass(weight, grave)
        for category in signals.severity:
            said.categories[category] = said.categories.get(category, 0) + weight

    def _touch(self, minute: int) -> None:
        """Note that what was worked out of a minute's bin, or of a later one, is no longer true."""
        start = minute - minute % BIN
        self.touched = min(self.touched, start)
        if any(each >= start for each in self._parts):
            self._parts = {each: parts for each, parts in self._parts.items() if each < start}

    def _note(
        self, crowds: dict[int, Crowd], minute: int, author: int | None, text: int | None, *, matching: bool
    ) -> None:
        """Note who spoke in a bin."""
        start = minute - minute % BIN
        crowd = crowds.get(start)
        if crowd is None:
            crowd = crowds[start] = Crowd()
        size = CROWD_SIZE if start >= self.crowds_from + HISTORY else OLD_CROWD_SIZE
        (crowd.matching if matching else crowd.others).add(author, text, size)

    def _catch_up(self, minute: int, count: int, total: int) -> None:
        """Count a mention that came in for a minute which some windows already cover."""
        for windows, end in ((self.early, self.early_end), (self.final, self.final_end)):
            for length, window in windows.items():
                if end - length <= minute < end:
                    window.count += count
                    window.total += total

    def move(self, early_end: int, final_end: int) -> None:
        """Let the windows end there, and forget what no window can need any more."""
        if self.buckets:
            _slide(self.buckets, self.early, self.early_end, early_end)
        self.early_end = early_end
        if final_end != self.final_end:
            before, self.final_end = self.final_end, final_end
            if self.buckets:
                _slide(self.buckets, self.final, before, final_end)
            self.oldest = final_end - self.keep
            if final_end // BIN != before // BIN:
                self._fall_silent(self._needed_from(final_end))
            if final_end // 60 != before // 60:  # hourly, so that what is kept depends on time alone
                self._forget(final_end - final_end % 60)

    def _needed_from(self, end: int) -> int:
        """The first minute whose voices a window that ends at or after ``end`` can need, at the start of a bin."""
        start = end - self.keep // 2
        return start - start % BIN

    def _fall_silent(self, start: int) -> None:
        """Forget who spoke in the minutes before ``start``."""
        for bucket in self.span(self.voices_from, start):
            bucket.voices = None
        self.voices_from = start

    def settle_crowds(self, learned: int) -> None:
        """Forget who spoke more than an hour before minute ``learned``; thin out the bins that were learned now."""
        if self.crowds is None:
            return
        before, self.crowds_from = self.crowds_from + HISTORY, learned - HISTORY
        self.forget_parts()
        for start in [start for start in self.crowds if start < self.crowds_from]:
            del self.crowds[start]
        for start, crowd in self.crowds.items():
            if before <= start < learned:
                crowd.matching.shrink(OLD_CROWD_SIZE)
                crowd.others.shrink(OLD_CROWD_SIZE)

    def _forget(self, end: int) -> None:
        oldest, stale = end - self.keep, end - self.keep_bins
        if self.crowds is not None:  # a bin that is still to be learned, because nobody has spoken since, stays whole
            oldest = min(oldest, self.crowds_from + HISTORY)
        for minute in [minute for minute in self.buckets if minute < oldest]:
            del self.buckets[minute]
        for start in [start for start in self.bins if start < stale]:
            del self.bins[start]

    def take_over(self, other: Series) -> None:
        """Fill the windows of a new series from the buckets and bins of the one it replaces."""
        self.buckets, self.bins = other.buckets, other.bins
        if self.crowds is not None and other.crowds is not None:
            self.crowds, self.crowds_from = other.crowds, other.crowds_from
        self.forget_parts()
        for windows, end in ((self.early, self.early_end), (self.final, self.final_end)):
            for length, window in windows.items():
                inside = list(self.span(end - length, end))
                window.count = sum(bucket.count for bucket in inside)
                window.total = sum(bucket.total for bucket in inside)

    def span(self, start: int, end: int) -> Iterator[Bucket]:
        """Give the buckets of ``[start, end)`` that hold anything."""
        buckets = self.buckets
        if end - start < len(buckets):
            return (buckets[minute] for minute in range(start, end) if minute in buckets)
        return (bucket for minute, bucket in buckets.items() if start <= minute < end)

    def matched(self, start: int, end: int) -> list[Bucket]:
        """Give the buckets of ``[start, end)`` in which anything matched the filter."""
        buckets = self.buckets
        if end - start < len(buckets):
            get = buckets.get
            return [bucket for minute in range(start, end) if (bucket := get(minute)) is not None and bucket.count]
        return [bucket for minute, bucket in buckets.items() if bucket.count and start <= minute < end]

    def organic_parts(self, start: int) -> tuple[float, float]:
        """What part of a bin is organic: of the matching mentions, and of the others.

        Figures are kept until somebody speaks: a bin is looked at each minute.
        """
        if self.crowds is None or start not in self.crowds:
            return 1.0, 1.0
        parts = self._parts.get(start)
        if parts is None:
            parts = self._parts[start] = organic_parts(self.crowds, start)
        return parts

    def forget_parts(self) -> None:
        """Work out anew what part is organic: what it was worked out from has changed."""
        self._parts = {}
        self.touched = 0

    def copy(self) -> Series:
        """Give an independent copy."""
        twin = Series.__new__(Series)
        twin.keep, twin.keep_bins, twin.author_size = self.keep, self.keep_bins, self.author_size
        twin.early_end, twin.final_end, twin.oldest = self.early_end, self.final_end, self.oldest
        twin.voices_from, twin.crowds_from, twin.keeps_texts = self.voices_from, self.crowds_from, self.keeps_texts
        twin.crowds = None if self.crowds is None else {start: crowd.copy() for start, crowd in self.crowds.items()}
        twin.forget_parts()
        twin.touched = self.touched
        twin.bins = dict(self.bins)
        twin.buckets = {minute: bucket.copy() for minute, bucket in self.buckets.items()}
        twin.early = {k: SlidingSum(w.length, w.count, w.total) for k, w in self.early.items()}
        twin.final = {k: SlidingSum(w.length, w.count, w.total) for k, w in self.final.items()}
        return twin


def _mass(weight: int, part: int) -> int:
    return (weight * part + MILLI // 2) // MILLI


def _slide(buckets: dict[int, Bucket], windows: dict[int, SlidingSum], start: int, end: int) -> None:
    """Move windows that end at ``start`` on to ``end``: a minute enters each of them, and one leaves."""
    get = buckets.get
    for minute in range(start, end):
        entering = get(minute)
        for length, window in windows.items():
            if entering is not None:
                window.count += entering.count
                window.total += entering.total
            if (window.total or window.count) and (leaving := get(minute - length)) is not None:
                window.count -= leaving.count
                window.total -= leaving.total
