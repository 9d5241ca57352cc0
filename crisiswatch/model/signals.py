"""What a mention says beyond its mood: whether it complains or asks, which grave words it has, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FLAGS", "NO_SIGNALS", "SignalCounts", "Signals"]

FLAGS = ("complaint", "question")
"""Every flag there is. They are no classes: a mention may have both."""


@dataclass(frozen=True, slots=True)
class Signals:
    """``flags`` are of `FLAGS`; ``severity`` the categories of its grave words; ``themes`` ids, the nearest first.

    Themes are empty where none is near, and where nobody looked.
    """

    flags: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()


NO_SIGNALS = Signals()
"""Of a mention that says nothing beyond its mood, or that nobody has read for it."""


@dataclass(frozen=True, slots=True)
class SignalCounts:
    """Of the mentions that a window counts, how many complain, ask, and have grave words of each category (weighted
    mentions; the gravest category first). ``severity`` sums up how grave each of them is, 0 to below 1."""

    complaints: float = 0.0
    questions: float = 0.0
    severity: float = 0.0
    categories: tuple[tuple[str, float], ...] = ()
