"""Why a rule fired, as sentences: every gate with what it asked and what was seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from crisiswatch.alerts.document import Reason
from crisiswatch.alerts.words import UNKNOWN, clean, exact, percent, rarity, span, times
from crisiswatch.model import Gate

__all__ = ["reason"]

_AGAINST = {"same_hours_last_week": "in the same hours last week", "previous_window": "in the window before"}
_SIDE = {"at_least": "at least", "at_most": "at most"}


def reason(gate: Gate) -> Reason:
    """One gate as a sentence: ``at least 12 different accounts wrote: 31 did``; never raises for a strange gate."""
    sentence = _SENTENCES.get(gate.measure, _other)(gate)
    return Reason(sentence=sentence, held=None if gate.value is None else gate.held)


def _side(gate: Gate) -> str:
    return _SIDE.get(gate.operator, clean(gate.operator))


def _seen(gate: Gate, tail: str = "") -> str:
    if gate.value is None:
        return "can't be judged yet"
    return f"{exact(gate.value)}{tail}"


def _count(gate: Gate) -> str:
    return f"{_side(gate)} {exact(gate.bound)} mentions came in: {_seen(gate, ' did')}"


def _organic(gate: Gate) -> str:
    return f"{_side(gate)} {exact(gate.bound)} mentions came in, copies discounted: {_seen(gate, ' did')}"


def _complaints(gate: Gate) -> str:
    return f"{_side(gate)} {exact(gate.bound)} mentions complain: {_seen(gate, ' do')}"


def _questions(gate: Gate) -> str:
    return f"{_side(gate)} {exact(gate.bound)} mentions ask something: {_seen(gate, ' do')}"


def _severity(gate: Gate) -> str:
    seen = "can't be judged yet" if gate.value is None else _plain(gate.value)
    return f"the mentions' grave words add up to {_side(gate)} {_plain(gate.bound)}: {seen}"


def _authors(gate: Gate) -> str:
    return f"{_side(gate)} {exact(gate.bound)} different accounts wrote: {_seen(gate, ' did')}"


def _sources(gate: Gate) -> str:
    noun = "source speaks" if gate.bound == 1 else "sources speak"
    return f"{_side(gate)} {exact(gate.bound)} {noun} of it: {_seen(gate, ' does' if gate.value == 1 else ' do')}"


def _reach(gate: Gate) -> str:
    return f"the accounts that wrote reach {_side(gate)} {exact(gate.bound)} people: they reach {_seen(gate)}"


def _audience(gate: Gate) -> str:
    return f"the largest account that wrote has {_side(gate)} {exact(gate.bound)} followers: it has {_seen(gate)}"


def _share(gate: Gate) -> str:
    seen = "can't be judged yet" if gate.value is None else percent(gate.value)
    return f"{_side(gate)} {percent(gate.bound)} of everything said matches: {seen}"


def _growth(gate: Gate) -> str:
    seen = "can't be judged yet" if gate.value is None else f"it is {times(gate.value, 1)} as many"
    before = _AGAINST.get(gate.against or "", clean(gate.against) if gate.against else "before")
    return f"{_side(gate)} {times(gate.bound, 1)} as many as {before}: {seen}"


def _surprise(gate: Gate) -> str:
    side = "or more rarely" if gate.operator == "at_least" else "or more often"
    seen = "can't be judged yet" if gate.value is None else rarity(gate.value)
    return f"chance alone would bring this {rarity(gate.bound)} {side}: {seen}"


def _blind(gate: Gate) -> str:
    seen = "none is" if not gate.value else f"one has been for {span(timedelta(minutes=gate.value))}"
    return f"a source has been blind for {span(timedelta(minutes=gate.bound))} or longer: {seen}"


def _other(gate: Gate) -> str:
    name = clean(gate.measure).replace("_", " ") or UNKNOWN
    seen = "can't be judged yet" if gate.value is None else _plain(gate.value)
    return f"{name} is {_side(gate)} {_plain(gate.bound)}: {seen}"


def _plain(number: float) -> str:
    return exact(number) if abs(number) >= 100 or float(number).is_integer() else f"{number:.2f}"


_SENTENCES: dict[str, Callable[[Gate], str]] = {
    "count": _count,
    "organic": _organic,
    "complaints": _complaints,
    "questions": _questions,
    "severity": _severity,
    "authors": _authors,
    "sources": _sources,
    "reach": _reach,
    "largest_audience": _audience,
    "share": _share,
    "growth": _growth,
    "surprise": _surprise,
    "blind_for": _blind,
}
