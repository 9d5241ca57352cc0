"""A case as JSON and back, field by field, so that a renamed field is noticed here; unknown keys are passed over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crisiswatch.errors import StateError
from crisiswatch.model import (
    Case,
    CaseStep,
    Level,
    Promise,
    Reminder,
    Snooze,
    StandDown,
    Verdict,
    VerdictKind,
    rfc3339,
    time_from,
)

__all__ = [
    "FORMAT",
    "case_from_dict",
    "case_from_json",
    "case_to_dict",
    "case_to_json",
    "reminder_from_dict",
    "reminder_to_dict",
]

FORMAT = 1
"""Rises when an older program would misread a case."""

Json = dict[str, Any]


def case_to_dict(case: Case) -> Json:
    """A case as JSON values."""
    return {
        "format": FORMAT,
        "incident": case.incident,
        "brand": case.brand,
        "rule": case.rule,
        "alert": case.alert,
        "opened_at": rfc3339(case.opened_at),
        "revision": case.revision,
        "acknowledged_by": case.acknowledged_by,
        "acknowledged_at": _maybe(case.acknowledged_at),
        "assigned_to": case.assigned_to,
        "assigned_by": case.assigned_by,
        "snooze": None if case.snooze is None else _snooze(case.snooze),
        "verdict": None if case.verdict is None else _verdict(case.verdict),
        "steps": [_step(step) for step in case.steps],
        "promises": [_promise(promise) for promise in case.promises],
        "rung": case.rung,
        "sector": list(case.sector),
        "stand_down": case.stand_down.value,
        "stood_down_by": case.stood_down_by,
        "closed_at": _maybe(case.closed_at),
        "levels": [[level.word, rfc3339(at)] for level, at in case.levels],
        "also": list(case.also),
        "climbed": list(case.climbed),
        "escalated_to": list(case.escalated_to),
        "calm_at": _maybe(case.calm_at),
        "asked": case.asked,
        "ending": case.ending,
        "ended_at": _maybe(case.ended_at),
        "followed_by": case.followed_by,
        "decisions": case.decisions,
        "chain": case.chain,
        "noted": case.noted,
        "touched_at": _maybe(case.touched_at),
        **({"taken_by_verdict": True} if case.taken_by_verdict else {}),
    }


def case_from_dict(data: Mapping[str, Any]) -> Case:
    """The inverse of `case_to_dict`; raises StateError for a newer format."""
    if data.get("format", FORMAT) > FORMAT:
        raise StateError(f"a case was written by a newer crisiswatch (format {data['format']})")
    return Case(
        incident=data["incident"],
        brand=data["brand"],
        rule=data["rule"],
        alert=data["alert"],
        opened_at=time_from(data["opened_at"]),
        revision=data["revision"],
        acknowledged_by=data["acknowledged_by"],
        acknowledged_at=_maybe_read(data["acknowledged_at"]),
        assigned_to=data["assigned_to"],
        assigned_by=data["assigned_by"],
        snooze=None if data["snooze"] is None else _read_snooze(data["snooze"]),
        verdict=None if data["verdict"] is None else _read_verdict(data["verdict"]),
        steps=tuple(_read_step(step) for step in data["steps"]),
        promises=tuple(_read_promise(promise) for promise in data["promises"]),
        rung=data["rung"],
        sector=tuple(data["sector"]),
        stand_down=StandDown(data["stand_down"]),
        stood_down_by=data["stood_down_by"],
        closed_at=_maybe_read(data["closed_at"]),
        levels=tuple((Level.from_word(word), time_from(at)) for word, at in data["levels"]),
        also=tuple(data["also"]),
        climbed=tuple(data["climbed"]),
        escalated_to=tuple(data["escalated_to"]),
        calm_at=_maybe_read(data["calm_at"]),
        asked=data["asked"],
        ending=data["ending"],
        ended_at=_maybe_read(data.get("ended_at")),
        followed_by=data["followed_by"],
        decisions=data["decisions"],
        chain=data["chain"],
        noted=data["noted"],
        touched_at=_maybe_read(data["touched_at"]),
        taken_by_verdict=data.get("taken_by_verdict", False),
    )


def case_to_json(case: Case) -> str:
    """A case as one line of JSON; equal cases give equal text."""
    return json.dumps(case_to_dict(case), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def case_from_json(text: str) -> Case:
    """The inverse of `case_to_json`; raises StateError where the text is damaged."""
    try:
        return case_from_dict(json.loads(text))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"a stored case can't be read: {type(error).__name__}: {error}") from error


def reminder_to_dict(reminder: Reminder) -> Json:
    """Why a message goes out, as JSON values."""
    return {
        "kind": reminder.kind,
        "subject": reminder.subject,
        "due": _maybe(reminder.due),
        "rung": reminder.rung,
        **({"numbers": list(reminder.numbers)} if reminder.numbers else {}),
    }


def reminder_from_dict(data: Mapping[str, Any]) -> Reminder:
    """The inverse of `reminder_to_dict`."""
    return Reminder(
        data["kind"], data["subject"], _maybe_read(data["due"]), data["rung"], tuple(data.get("numbers", ()))
    )


def _snooze(snooze: Snooze) -> Json:
    return {"by": snooze.by, "at": rfc3339(snooze.at), "until": _maybe(snooze.until)}


def _read_snooze(data: Mapping[str, Any]) -> Snooze:
    return Snooze(data["by"], time_from(data["at"]), _maybe_read(data["until"]))


def _verdict(verdict: Verdict) -> Json:
    return {"kind": verdict.kind.value, "by": verdict.by, "at": rfc3339(verdict.at), "reason": verdict.reason}


def _read_verdict(data: Mapping[str, Any]) -> Verdict:
    return Verdict(VerdictKind(data["kind"]), data["by"], time_from(data["at"]), data["reason"])


def _step(step: CaseStep) -> Json:
    asked = {"asked": step.asked, "asked_in": step.asked_in, "answer": step.answer} if step.asked else {}
    return {
        "step": step.step,
        "role": step.role,
        "due": _maybe(step.due),
        "done_by": step.done_by,
        "done_at": _maybe(step.done_at),
        "overdue": step.overdue,
        **asked,
    }


def _read_step(data: Mapping[str, Any]) -> CaseStep:
    return CaseStep(
        step=data["step"],
        role=data["role"],
        due=_maybe_read(data["due"]),
        done_by=data["done_by"],
        done_at=_maybe_read(data["done_at"]),
        overdue=data["overdue"],
        asked=data.get("asked", ""),
        asked_in=data.get("asked_in", 0),
        answer=data.get("answer", ""),
    )


def _promise(promise: Promise) -> Json:
    return {
        "text": promise.text,
        "due": rfc3339(promise.due),
        "by": promise.by,
        "at": rfc3339(promise.at),
        "kept_by": promise.kept_by,
        "kept_at": _maybe(promise.kept_at),
        "rung": promise.rung,
        "missed": promise.missed,
    }


def _read_promise(data: Mapping[str, Any]) -> Promise:
    return Promise(
        text=data["text"],
        due=time_from(data["due"]),
        by=data["by"],
        at=time_from(data["at"]),
        kept_by=data["kept_by"],
        kept_at=_maybe_read(data["kept_at"]),
        rung=data["rung"],
        missed=data["missed"],
    )


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _maybe_read(text: str | None) -> datetime | None:
    return None if text is None else time_from(text)
