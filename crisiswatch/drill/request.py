"""What somebody asks of an exercise, as the command and the API take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Level

__all__ = ["DrillRequest", "request_from"]

LONGEST, FASTEST = 24 * 60.0, 100.0
_LEVELS = {level.word: level for level in Level if level is not Level.CALM}
_KNOWN = frozenset({"alert", "level", "scenario", "brand", "receivers", "speed", "minutes", "page"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillRequest:
    """``scenario`` is a recording to play; without one an incident of ``alert`` is invented that rises to ``level``.

    With both, the recording is judged by the rules of that alert alone. ``brand`` is whose crisis it is (empty: the
    first that fits). ``receivers`` are told instead of those that the routes name. Time runs ``speed`` times as fast,
    for at most ``minutes`` of the clock on the wall. ``page``: machines are told too (Alertmanager, PagerDuty and
    webhooks).
    """

    alert: str = ""
    level: Level = Level.CRITICAL
    scenario: Path | None = None
    brand: str = ""
    receivers: tuple[str, ...] = ()
    speed: float = 1.0
    minutes: float = 30.0
    page: bool = False


def request_from(told: Mapping[str, object]) -> DrillRequest:
    """What a JSON object asks for; raises CrisiswatchError in words where that can't be."""
    if unknown := sorted(set(told) - _KNOWN):
        raise CrisiswatchError(f"a drill is asked for by {', '.join(sorted(_KNOWN))}, not by {unknown[0][:40]!r}")
    scenario = _text(told, "scenario")
    level = _text(told, "level") or Level.CRITICAL.word
    if level not in _LEVELS:
        raise CrisiswatchError(f"there is no level {level[:40]!r}; there are: {', '.join(_LEVELS)}")
    request = DrillRequest(
        alert=_text(told, "alert"),
        level=_LEVELS[level],
        scenario=Path(scenario) if scenario else None,
        brand=_text(told, "brand"),
        receivers=_names(told.get("receivers", [])),
        speed=_number(told, "speed", 1.0, 0.1, FASTEST),
        minutes=_number(told, "minutes", 30.0, 0.05, LONGEST),
        page=told.get("page", False) is True,
    )
    if not request.alert and request.scenario is None:
        raise CrisiswatchError("say which alert to drill, or which recording to play")
    return request


def _text(told: Mapping[str, object], name: str) -> str:
    value = told.get(name) or ""
    if not isinstance(value, str) or len(value) > 1000 or not value.isprintable():
        raise CrisiswatchError(f"`{name}` is a short text")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value) or len(value) > 100:
        raise CrisiswatchError("`receivers` is a list of ids")
    return tuple(dict.fromkeys(value))


def _number(told: Mapping[str, object], name: str, otherwise: float, least: float, most: float) -> float:
    value = told.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise CrisiswatchError(f"`{name}` is a number from {least:g} to {most:g}")
    return float(value)
