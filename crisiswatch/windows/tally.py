"""What the mentions that were read tell of those that were only counted: one source, one series.

A source that counts everything and reads some of it is judged by its counts: of a counted minute so much belongs to the
population, matches the filter and has what else matters. The mentions read teach these parts, and add nothing else.

Counts come in *rounds*: those of one arrival, and what is read until the next. A mention read in a minute that was
counted stands for itself; the others of the round are taken to be as the share says that was learned
(`crisiswatch.windows.share`). What is known of it fades within hours towards what was usual for weeks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crisiswatch.windows.minutes import BIN, MILLI
from crisiswatch.windows.series import Lean, Series, Signalled
from crisiswatch.windows.share import Share

__all__ = ["MILLION", "SURE", "Parts", "Tally", "pour"]

MILLION = 1_000_000

Parts = dict[str, int]
"""Millionths of a counted mention, by what they are parts in: ``population``, ``matching`` and what is in `Tally`."""

SURE: Parts = {"population": MILLION, "matching": MILLION, "likely": MILLION, "likely2": MILLION}
"""Of a series that lets everything through."""

_KEEP = 0.97  # the part of what is known that is still believed a bin later
_ENOUGH = 60.0  # effective mentions that are remembered: where more are read, what is new is believed sooner
_LASTING = 0.5 ** (1.0 / (3 * 1440))  # a minute: what is usual has a half-life of three days
_FIRM = 2.0  # pseudo-mentions with the usual share that a round begins with
_OF_OTHERS = ("unlike", "unlike2")


@dataclass(slots=True)
class Tally:
    """What was learned, and what is being read, by the names of figures.

    They are ``all`` that was read; ``population``, ``matching``: what of it the filter lets through so far; of what
    matches ``likely`` and ``likely2`` (sums of probabilities, and of their squares), ``grave`` words, ``complaint``,
    ``question``, ``severity`` and ``severity:`` with a category; the rest has ``unlike`` and ``unlike2`` for likely.

    ``known`` are effective numbers, faded up to minute ``at``; ``usual`` is how many matched and were there, over
    weeks. ``read`` are this round's sums of weights, in thousandths, ``squares`` that of the squared weights; ``here``
    counts those among them that lie in minutes of the round, in thousandths too. ``parts`` is what was made of the
    round's counts, for good if ``firm``.
    """

    at: int = -1
    known: dict[str, float] = field(default_factory=dict)
    usual: tuple[float, float] = (0.0, 0.0)
    read: dict[str, int] = field(default_factory=dict)
    squares: int = 0
    here: dict[str, int] = field(default_factory=dict)
    parts: Parts = field(default_factory=dict)
    firm: bool = False

    def note(self, weight: int, figures: Mapping[str, int], *, here: bool) -> None:
        """Take in a mention of so many thousandths; ``figures`` are what it adds to each, in thousandths of itself."""
        self.squares += weight * weight
        read, inside = self.read, self.here
        for name, part in figures.items():
            read[name] = read.get(name, 0) + weight * part // MILLI
            if here:
                inside[name] = inside.get(name, 0) + part

    def next_round(self, minute: int, counted: int) -> None:
        """Learn what this round of so many counted mentions taught, and begin the next one in ``minute``."""
        known, number = self._learned(counted), self._effective(counted)
        keep = _LASTING ** max(0, minute - self.at) if self.at >= 0 else 1.0
        matching, there = self.usual
        if number and self.read["all"]:
            each = number / self.read["all"]
            matching += each * self.read.get("matching", 0)
            there += each * self.read.get("population", 0)
        self.usual = (round(matching * keep, 6), round(there * keep, 6))
        keep = _KEEP ** (max(0, minute - self.at) / BIN) if self.at >= 0 else 1.0
        keep = min(keep, _ENOUGH / max(known.get("all", 0.0), _ENOUGH))
        self.known = {name: left for name, value in known.items() if (left := round(value * keep, 6))}
        self.at = minute
        self.read, self.here, self.parts, self.squares, self.firm = {}, {}, {}, 0, False

    def parts_of(self, counted: int) -> Parts:
        """What part of the round's ``counted`` mentions is what; nothing while nothing was ever read."""
        known = self._learned(counted)
        everything = known.get("all", 0.0)
        if not everything and not self.usual[1]:
            return {}
        here = self.here
        read = here.get("all", 0) / MILLI
        unread, whole = max(0.0, counted - read), max(float(counted), read)
        if not whole:
            return {}
        there = known.get("population", 0.0)
        share = self._share(known).mean
        inside = unread * (there / everything if everything else 1.0)
        matching = known.get("matching", 0.0)
        found = {"population": inside, "matching": inside * share}
        for name, value in known.items():
            if name in _OF_OTHERS:
                found[name] = inside * (1.0 - share) * value / (there - matching) if there > matching else 0.0
            elif name not in {"all", "population", "matching"}:
                found[name] = inside * share * value / matching if matching else 0.0
        if not matching:  # only what is usual tells of it: then by label
            found["likely"] = found["likely2"] = found["matching"]
        parts = {name: round(MILLION * (here.get(name, 0) / MILLI + value) / whole) for name, value in found.items()}
        return {name: part for name, part in parts.items() if part}

    def copy(self) -> Tally:
        """Give an independent copy."""
        return Tally(
            self.at,
            dict(self.known),
            self.usual,
            dict(self.read),
            self.squares,
            dict(self.here),
            self.parts,  # replaced as a whole, never changed
            self.firm,
        )

    def _share(self, known: Mapping[str, float]) -> Share:
        """What is known of the matching part of the population."""
        matching, there = known.get("matching", 0.0), known.get("population", 0.0)
        usual = (self.usual[0] + 0.5) / (self.usual[1] + 1.0)
        return Share(matching + _FIRM * usual, max(there - matching, 0.0) + _FIRM * (1.0 - usual))

    def _effective(self, counted: int) -> float:
        """How much the round's mentions teach (Kish, 1965); less, where they stand for few of those that there were.

        What is always read, as what is said to an own account, is not taken for a sample of everything.
        """
        weights = self.read.get("all", 0)
        if not weights:
            return 0.0
        covered = min(1.0, weights / (counted * MILLI)) if counted else 1.0
        return covered * weights * weights / self.squares

    def _learned(self, counted: int) -> dict[str, float]:
        """What is known with what the round has taught so far."""
        number = self._effective(counted)
        if not number:
            return self.known
        each = number / self.read["all"]
        known = dict(self.known)
        for name, value in self.read.items():
            known[name] = known.get(name, 0.0) + each * value
        return known


def pour(  # noqa: PLR0917 - one thing, all of it needed
    series: Series, minute: int, counted: int, parts: Parts, source: str, sign: int = 1
) -> int:
    """Let so many counted mentions stand in a minute, by their parts, or take them back with a ``sign`` of -1.

    Gives the change of the matching volume in thousandths.
    """
    mass = {name: sign * ((counted * MILLI * part + MILLION // 2) // MILLION) for name, part in parts.items()}
    matching, get = mass.get("matching", 0), mass.get
    bucket = series.shift(minute, matching, get("population", 0))
    if matching > 0:
        bucket.sources.setdefault(source, 0)
    if series.crowds is None:
        return _say(series, minute, mass, matching)
    likely = (get("likely", 0), get("likely2", 0), get("unlike", 0), get("unlike2", 0))
    if likely != (matching, matching, 0, 0):
        if bucket.lean is None:
            bucket.lean = Lean()
        bucket.lean.matching += likely[0] - matching
        bucket.lean.matching_square += (likely[1] - matching) * MILLI
        bucket.lean.others += likely[2]
        bucket.lean.others_square += likely[3] * MILLI
    bucket.marked += get("grave", 0)
    return _say(series, minute, mass, matching)


def _say(series: Series, minute: int, mass: Mapping[str, int], matching: int) -> int:
    """Let what the matching ones say stand in the minute."""
    if mass.keys() & {"complaint", "question", "severity"}:
        bucket = series.buckets[minute]
        if bucket.said is None:
            bucket.said = Signalled()
        said = bucket.said
        said.complaints += mass.get("complaint", 0)
        said.questions += mass.get("question", 0)
        said.weight += mass.get("severity", 0)
        for name, value in mass.items():
            if name.startswith("severity:"):
                category = name.partition(":")[2]
                said.categories[category] = said.categories.get(category, 0) + value
    return matching
