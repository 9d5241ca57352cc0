"""Incidents and their parts as JSON and back: explicit field by field, so that a renamed field is noticed here.

Times are RFC 3339 in UTC with ``Z``; levels are words; floats that JSON cannot say (infinity) are strings. The same
incident always gives the same text, which is how a replay that differs is found out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crisiswatch.errors import StateError
from crisiswatch.model import Blind, Gate, Incident, Level, Phase, Reading, Reasons, SignalCounts, rfc3339, time_from

__all__ = [
    "blind_from_dict",
    "blind_to_dict",
    "gate_from_dict",
    "gate_to_dict",
    "incident_from_dict",
    "incident_from_json",
    "incident_to_dict",
    "incident_to_json",
    "reading_from_dict",
    "reading_to_dict",
    "reasons_from_dict",
    "reasons_to_dict",
    "signals_from_dict",
    "signals_to_dict",
]

Json = dict[str, Any]


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _maybe_time(text: str | None) -> datetime | None:
    return None if text is None else time_from(text)


def _number(value: float) -> float | str:
    value = float(value)
    return value if math.isfinite(value) else repr(value)


def _maybe_number(value: float | None) -> float | str | None:
    return None if value is None else _number(value)


def _maybe_float(value: float | str | None) -> float | None:
    return None if value is None else float(value)


def gate_to_dict(gate: Gate) -> Json:
    """A gate as JSON values."""
    return {
        "measure": gate.measure,
        "operator": gate.operator,
        "bound": _number(gate.bound),
        "value": _maybe_number(gate.value),
        "held": gate.held,
        "against": gate.against,
    }


def gate_from_dict(data: Mapping[str, Any]) -> Gate:
    """The inverse of `gate_to_dict`."""
    return Gate(
        measure=data["measure"],
        operator=data["operator"],
        bound=float(data["bound"]),
        value=_maybe_float(data["value"]),
        held=data["held"],
        against=data["against"],
    )


def reasons_to_dict(why: Reasons) -> Json:
    """The detector's reasons as JSON values."""
    return {
        "minutes": why.minutes,
        "observed": _number(why.observed),
        "expected": _number(why.expected),
        "low": _number(why.low),
        "high": _number(why.high),
        "since": _time(why.since),
        "next_hour": _number(why.next_hour),
        "level": _number(why.level),
        "hour_of_day": _number(why.hour_of_day),
        "day_of_week": _number(why.day_of_week),
        "hour_of_week": _number(why.hour_of_week),
        "dispersion": _number(why.dispersion),
        "share": _maybe_number(why.share),
        "usual_share": _number(why.usual_share),
    }


def reasons_from_dict(data: Mapping[str, Any]) -> Reasons:
    """The inverse of `reasons_to_dict`."""
    return Reasons(
        minutes=data["minutes"],
        observed=float(data["observed"]),
        expected=float(data["expected"]),
        low=float(data["low"]),
        high=float(data["high"]),
        since=_maybe_time(data["since"]),
        next_hour=float(data["next_hour"]),
        level=float(data["level"]),
        hour_of_day=float(data["hour_of_day"]),
        day_of_week=float(data["day_of_week"]),
        hour_of_week=float(data["hour_of_week"]),
        dispersion=float(data["dispersion"]),
        share=_maybe_float(data["share"]),
        usual_share=float(data["usual_share"]),
    )


def signals_to_dict(counts: SignalCounts) -> Json:
    """What the mentions of a window say, as JSON values."""
    return {
        "complaints": _number(counts.complaints),
        "questions": _number(counts.questions),
        "severity": _number(counts.severity),
        "categories": {category: _number(count) for category, count in counts.categories},
    }


def signals_from_dict(data: Mapping[str, Any]) -> SignalCounts:
    """The inverse of `signals_to_dict`."""
    return SignalCounts(
        complaints=float(data["complaints"]),
        questions=float(data["questions"]),
        severity=float(data["severity"]),
        categories=tuple((category, float(count)) for category, count in data["categories"].items()),
    )


def reading_to_dict(reading: Reading) -> Json:
    """A reading as JSON values."""
    return {
        "start": rfc3339(reading.start),
        "end": rfc3339(reading.end),
        "observed": _number(reading.observed),
        "total": _number(reading.total),
        "authors": reading.authors,
        "sources": list(reading.sources),
        "reach": reading.reach,
        "largest_audience": reading.largest_audience,
        "share": _maybe_number(reading.share),
        "growth": _maybe_number(reading.growth),
        "expected": _maybe_number(reading.expected),
        "low": _maybe_number(reading.low),
        "high": _maybe_number(reading.high),
        "false_alarms_per_month": _maybe_number(reading.false_alarms_per_month),
        "learning": reading.learning,
        "organic": _maybe_number(reading.organic),
        "reasons": None if reading.reasons is None else reasons_to_dict(reading.reasons),
        "signals": None if reading.signals is None else signals_to_dict(reading.signals),
    }


def reading_from_dict(data: Mapping[str, Any]) -> Reading:
    """The inverse of `reading_to_dict`."""
    return Reading(
        start=time_from(data["start"]),
        end=time_from(data["end"]),
        observed=float(data["observed"]),
        total=float(data["total"]),
        authors=data["authors"],
        sources=tuple(data["sources"]),
        reach=data["reach"],
        largest_audience=data["largest_audience"],
        share=_maybe_float(data["share"]),
        growth=_maybe_float(data["growth"]),
        expected=_maybe_float(data["expected"]),
        low=_maybe_float(data["low"]),
        high=_maybe_float(data["high"]),
        false_alarms_per_month=_maybe_float(data["false_alarms_per_month"]),
        learning=data["learning"],
        organic=_maybe_float(data.get("organic")),
        reasons=None if data.get("reasons") is None else reasons_from_dict(data["reasons"]),
        signals=None if data.get("signals") is None else signals_from_dict(data["signals"]),
    )


def blind_to_dict(blind: Blind) -> Json:
    """A blind spell as JSON values."""
    return {
        "source": blind.source,
        "since": rfc3339(blind.since),
        "until": _time(blind.until),
        "reason": blind.reason,
    }


def blind_from_dict(data: Mapping[str, Any]) -> Blind:
    """The inverse of `blind_to_dict`."""
    return Blind(
        source=data["source"],
        since=time_from(data["since"]),
        until=_maybe_time(data["until"]),
        reason=data["reason"],
    )


def incident_to_dict(incident: Incident) -> Json:
    """An incident's whole snapshot as JSON values."""
    return {
        "id": incident.id,
        "brand": incident.brand,
        "rule": incident.rule,
        "title": incident.title,
        "alert": incident.alert,
        "version": incident.version,
        "phase": incident.phase.value,
        "level": incident.level.word,
        "peak_level": incident.peak_level.word,
        "opened_at": rfc3339(incident.opened_at),
        "updated_at": rfc3339(incident.updated_at),
        "resolved_at": _time(incident.resolved_at),
        "levels": [[level.word, rfc3339(at)] for level, at in incident.levels],
        "reading": reading_to_dict(incident.reading),
        "peak": reading_to_dict(incident.peak),
        "gates": [gate_to_dict(gate) for gate in incident.gates],
        "mentions": incident.mentions,
        "authors": incident.authors,
        "because": incident.because,
        "blind": [blind_to_dict(blind) for blind in incident.blind],
        "trend": list(incident.trend),
        "flaps": incident.flaps,
        "trial": incident.trial,
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_at": _time(incident.acknowledged_at),
        "reason": incident.reason,
        "extra": dict(sorted(incident.extra.items())),
    }


def incident_from_dict(data: Mapping[str, Any]) -> Incident:
    """The inverse of `incident_to_dict`."""
    return Incident(
        id=data["id"],
        brand=data["brand"],
        rule=data["rule"],
        title=data["title"],
        alert=data["alert"],
        version=data["version"],
        phase=Phase(data["phase"]),
        level=Level.from_word(data["level"]),
        peak_level=Level.from_word(data["peak_level"]),
        opened_at=time_from(data["opened_at"]),
        updated_at=time_from(data["updated_at"]),
        resolved_at=_maybe_time(data["resolved_at"]),
        levels=tuple((Level.from_word(word), time_from(at)) for word, at in data["levels"]),
        reading=reading_from_dict(data["reading"]),
        peak=reading_from_dict(data["peak"]),
        gates=tuple(gate_from_dict(gate) for gate in data["gates"]),
        mentions=data["mentions"],
        authors=data["authors"],
        because=data["because"],
        blind=tuple(blind_from_dict(blind) for blind in data["blind"]),
        trend=tuple(data["trend"]),
        flaps=data["flaps"],
        trial=data["trial"],
        acknowledged_by=data["acknowledged_by"],
        acknowledged_at=_maybe_time(data["acknowledged_at"]),
        reason=data["reason"],
        extra=dict(data["extra"]),
    )


def incident_to_json(incident: Incident) -> str:
    """An incident as one line of JSON; equal incidents give equal text."""
    return json.dumps(incident_to_dict(incident), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def incident_from_json(text: str) -> Incident:
    """The inverse of `incident_to_json`; raises StateError where the text is damaged."""
    try:
        return incident_from_dict(json.loads(text))
    except (KeyError, TypeError, ValueError) as error:
        raise StateError(f"a stored incident can't be read: {type(error).__name__}: {error}") from error
