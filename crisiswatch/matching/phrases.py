"""Words and phrases with labels, found in a folded text in one pass; of two that overlap the one that holds the other.

A table writes many forms in one line: ``"{has,have} not {yet,} arrived"`` is four phrases, ``"truffat{o,a,i,e}"`` four
words. A phrase may stand for nothing, as an exception: "blood pressure" keeps "blood" from being found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from ahocorasick_rs import AhoCorasick

from crisiswatch.matching.normalise import normalise

__all__ = ["Found", "Phrases", "expanded"]

_CHOICE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of a table that stands in a text: its label, and the phrase folded (``"mai arrivata"``)."""

    label: str
    phrase: str


class Phrases:
    """Labels and their phrases; ``exceptions`` are phrases inside which nothing is found.

    A phrase that stands under several labels belongs to the first of them; one that is an exception too, to none.
    Safe to share between threads.
    """

    def __init__(self, table: Mapping[str, Iterable[str]], exceptions: Iterable[str] = ()) -> None:
        labels: dict[str, str | None] = {form: None for line in exceptions for form in expanded(line)}
        for label, lines in table.items():
            for line in lines:
                for form in expanded(line):
                    labels.setdefault(form, label)
        self._forms = tuple(labels.items())
        self._find = AhoCorasick([f" {form} " for form in labels]).find_matches_as_indexes if labels else None

    def __len__(self) -> int:
        return len(self._forms)

    def find(self, folded: str) -> tuple[Found, ...]:
        """What stands in a text, each phrase once, in the order of the text; ``folded`` is what `normalise` gave."""
        # Overlapping, because neighbouring words share the space between them, and because the longest has to be known.
        hits = self._find(folded, overlapping=True) if self._find is not None else ()
        if not hits:
            return ()
        whole = [hit for hit in hits if not any(_inside(hit, other) for other in hits)] if len(hits) > 1 else hits
        kept = sorted(((start, self._forms[index]) for index, start, _ in whole), key=lambda each: each[0])
        return tuple(dict.fromkeys(Found(label, form) for _, (form, label) in kept if label is not None))


def expanded(line: str) -> tuple[str, ...]:
    """The phrases of one line of a table, folded: every choice in ``{a,b}`` made in every way; an empty one is none."""
    pieces = _CHOICE.split(line)  # text, choices, text, choices, text
    choices = [piece.split(",") if number % 2 else [piece] for number, piece in enumerate(pieces)]
    forms = (normalise("".join(made)).strip() for made in product(*choices))
    return tuple(dict.fromkeys(form for form in forms if form))


def _inside(hit: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    """Whether a hit lies in a longer one."""
    return other[1] <= hit[1] and hit[2] <= other[2] and other[2] - other[1] > hit[2] - hit[1]
