"""Judges a level's conditions against a window, in two passes.

*Early*, on what has arrived so far: only conditions that further arrivals can't undo count, and everything else is
taken as not yet true. *Final*, at the watermark: every condition counts. Which is which follows from the rule's
structure alone (`can_hold_early`), so nobody has to configure it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from crisiswatch.model import Gate, Level
from crisiswatch.rules.model import Block, Condition, Rule

__all__ = [
    "GROWS_ONLY",
    "Measures",
    "asks_for_blindness",
    "can_hold_early",
    "gates",
    "holds",
    "level_held",
    "needs_mentions",
]

GROWS_ONLY = frozenset(
    {
        *("count", "organic", "complaints", "questions", "severity", "authors", "sources", "reach"),
        *("largest_audience", "surprise"),
    }
)
"""Measures that stragglers can only raise (a partial count understates surprise), so ``at_least`` is judged at once."""


class Measures(Protocol):
    """Values of one rule's window; None where a measure can't be known (still learning, no reference).

    ``complete``: all of the window was watched, with every source able to speak.
    """

    @property
    def complete(self) -> bool: ...

    def value(self, measure: str, against: str | None) -> float | None: ...


def level_held(rule: Rule, look: Measures, *, early: bool) -> Level:
    """Give the highest level of ``rule`` that holds, or calm.

    What an empty window could meet is a drop, and a drop is believed only where somebody looked: blind is not calm.
    """
    for level, block in reversed(rule.levels):
        if holds(block, look, early=early) and (needs_mentions(block) or asks_for_blindness(block) or look.complete):
            return level
    return Level.CALM


def holds(block: Block, look: Measures, *, early: bool) -> bool:
    """Say whether every line of ``block`` holds; ``early`` as in the module's text."""
    if early and block.none_of:
        return False
    if not all(_met(condition, look, early=early) for condition in block.conditions):
        return False
    if block.any_of and not any(holds(inner, look, early=early) for inner in block.any_of):
        return False
    return not any(holds(inner, look, early=early) for inner in block.none_of)


def gates(block: Block, look: Measures) -> tuple[Gate, ...]:
    """Every line of ``block`` with its value and whether it held, those of ``any`` and ``none`` included."""
    return tuple(_gate(condition, look) for condition in _conditions(block))


def can_hold_early(block: Block) -> bool:
    """Say whether the early pass can ever find ``block`` true."""
    if block.none_of or not all(_grows_only(condition) for condition in block.conditions):
        return False
    return not block.any_of or any(can_hold_early(inner) for inner in block.any_of)


def needs_mentions(block: Block) -> bool:
    """Say whether ``block`` can't hold in a window without a matching mention, so that empty windows cost nothing."""
    for condition in block.conditions:
        if condition.operator == "at_least" and condition.bound > 0 and condition.measure != "blind_for":
            return True
    return bool(block.any_of) and all(needs_mentions(inner) for inner in block.any_of)


def asks_for_blindness(block: Block) -> bool:
    """Say whether ``block`` can hold only while a source is blind: what it is about is not what was said."""
    if any(condition.operator == "at_least" and condition.measure == "blind_for" for condition in block.conditions):
        return True
    return bool(block.any_of) and all(asks_for_blindness(inner) for inner in block.any_of)


def _conditions(block: Block) -> Iterator[Condition]:
    yield from block.conditions
    for inner in (*block.any_of, *block.none_of):
        yield from _conditions(inner)


def _grows_only(condition: Condition) -> bool:
    return condition.operator == "at_least" and condition.measure in GROWS_ONLY


def _met(condition: Condition, look: Measures, *, early: bool) -> bool:
    if early and not _grows_only(condition):
        return False
    return _compare(condition, look.value(condition.measure, condition.against))


def _compare(condition: Condition, value: float | None) -> bool:
    if value is None:
        return False
    # More surprise is fewer false alarms a month: the comparison turns round.
    at_least = condition.operator == "at_least"
    if condition.measure == "surprise":
        at_least = not at_least
    return value >= condition.bound if at_least else value <= condition.bound


def _gate(condition: Condition, look: Measures) -> Gate:
    value = look.value(condition.measure, condition.against)
    return Gate(
        condition.measure,
        condition.operator,
        condition.bound,
        None if value is None else round(value, 6),
        _compare(condition, value),
        condition.against,
    )
