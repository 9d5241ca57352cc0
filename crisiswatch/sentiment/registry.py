"""Scorers by name: those that ship, and those that other packages offer as entry points ``crisiswatch.scorers``."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import cast

from crisiswatch.model import Scorer
from crisiswatch.sentiment.null import NullScorer
from crisiswatch.sentiment.vader import VaderScorer

__all__ = ["scorer", "scorer_names"]

_GROUP = "crisiswatch.scorers"


def _lite() -> Scorer:
    """Imported when it is asked for: it brings numpy and the model file."""
    from crisiswatch.sentiment.lite import LiteScorer

    return LiteScorer()


_SHIPPED: dict[str, Callable[[], Scorer]] = {"lite": _lite, "vader": VaderScorer, "none": NullScorer}


def scorer_names() -> tuple[str, ...]:
    """Every name `scorer` knows, sorted."""
    return tuple(sorted({*_SHIPPED, *(point.name for point in entry_points(group=_GROUP))}))


def scorer(name: str) -> Scorer:
    """Make the scorer of that name; one that ships wins over a plug-in of the same name. LookupError if unknown."""
    if name in _SHIPPED:
        return _SHIPPED[name]()
    for point in entry_points(group=_GROUP, name=name):
        make = cast("Callable[[], Scorer]", point.load())
        return make()
    raise LookupError(f"there is no sentiment scorer {name!r}; known are {', '.join(scorer_names())}")
