"""The body of a message that is owed: what it is about as it was when it was decided, as one line of JSON.

A body from before there were cases is the incident alone; it is still read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crisiswatch.errors import StateError
from crisiswatch.model import Case, Incident, Notice, Reminder, Stage, rfc3339, time_from
from crisiswatch.response import dismissed
from crisiswatch.response.codec import case_from_dict, case_to_dict, reminder_from_dict, reminder_to_dict
from crisiswatch.store.codec import incident_from_dict, incident_to_dict
from crisiswatch.store.rows import OutboxRow

__all__ = ["Body", "body_from_json", "body_to_json", "reminder_is_settled", "takes_over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a `Delivery` is made of; see there."""

    incident: Incident
    case: Case | None = None
    reminder: Reminder | None = None
    notice: Notice | None = None
    drill: bool = False


def body_to_json(body: Body) -> str:
    """A body as one line of JSON; equal bodies give equal text."""
    data: dict[str, Any] = {"incident": incident_to_dict(body.incident)}
    if body.case is not None:
        data["case"] = case_to_dict(body.case)
    if body.reminder is not None:
        data["reminder"] = reminder_to_dict(body.reminder)
    if body.notice is not None:
        data["notice"] = _notice(body.notice)
    if body.drill:
        data["drill"] = True
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def body_from_json(text: str) -> Body:
    """The inverse of `body_to_json`; raises StateError where the text is damaged."""
    try:
        data = json.loads(text)
        if "id" in data:  # an incident alone
            return Body(incident=incident_from_dict(data))
        return Body(
            incident=incident_from_dict(data["incident"]),
            case=case_from_dict(data["case"]) if data.get("case") else None,
            reminder=reminder_from_dict(data["reminder"]) if data.get("reminder") else None,
            notice=_read_notice(data["notice"]) if data.get("notice") else None,
            drill=bool(data.get("drill")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"a stored message can't be read: {type(error).__name__}: {error}") from error


_NEWS = (Stage.OPENED, Stage.ESCALATED)
_MINOR = (Stage.UPDATED, Stage.CALMING, Stage.REMINDED)
_ALONE = (Stage.OPENED, Stage.ESCALATED, Stage.RESOLVED)
_OF_PROMISES = ("promise_due", "promise_missed")


def takes_over(newer: OutboxRow, older: OutboxRow) -> OutboxRow:
    """``newer`` such that nothing is lost if ``older`` of the same incident and receiver is never sent.

    It keeps its snapshot. Where the older one was to be shown by itself and the newer one would only be an edit, it
    takes the older one's stage; a reminder is kept, and not told before its time; of two the weightier stays. What
    opens, escalates, calms or ends says all that a reminder would say, but for promises.
    """
    kept = replace(newer, priority=min(newer.priority, older.priority))
    before, now = body_from_json(older.body).reminder, body_from_json(newer.body)
    reminder = _weightier(None if before is None or reminder_is_settled(before, now.case) else before, now.reminder)
    stage, promised = newer.stage, reminder is not None and reminder.kind in _OF_PROMISES
    if older.stage in _NEWS and newer.stage in _MINOR:
        stage = older.stage
        reminder = reminder if promised else None
    elif newer.stage in _ALONE or (newer.stage is Stage.CALMING and not promised):
        reminder = reminder if promised else now.reminder
    elif reminder is not None:
        stage = Stage.REMINDED
        if reminder is not now.reminder and now.reminder is None:
            kept = replace(kept, not_before=max(_goes(newer), _goes(older)))
    elif older.stage is Stage.CALMING and newer.stage is Stage.UPDATED:
        stage = older.stage
    if reminder != now.reminder:
        kept = replace(kept, body=body_to_json(replace(now, reminder=reminder)))
    return replace(kept, stage=stage)


def reminder_is_settled(reminder: Reminder, case: Case | None) -> bool:
    """Whether nobody has to be reminded any more."""
    if case is None:
        return False
    if reminder.kind in _OF_PROMISES:
        return not any(
            each.kept_at is None and _is_about(reminder, number, each.text)
            for number, each in enumerate(case.promises, 1)
        )
    if case.ending:
        return True
    if reminder.kind in {"step_overdue", "step_failed"}:
        late = any(
            step.done_at is None and _is_about(reminder, number, step.step) for number, step in enumerate(case.steps, 1)
        )
        unwanted = reminder.kind == "step_overdue" and dismissed(case)
        return case.calm_at is not None or not late or unwanted
    if reminder.kind == "assigned_to":
        return case.assigned_to != reminder.subject
    return reminder.kind == "unacknowledged" and (case.calm_at is not None or bool(case.acknowledged_by))


def _is_about(reminder: Reminder, number: int, text: str) -> bool:
    """Whether a reminder is about a step or promise; one from before they were numbered names it by its words."""
    return number in reminder.numbers if reminder.numbers else text in reminder.subject


def _weightier(before: Reminder | None, now: Reminder | None) -> Reminder | None:
    """One of two; of the same kind it is about what both are about. A promise weighs more than that somebody was given
    it, and that more than the rest, which the message shows anyway; of equal ones the later stays."""
    if before is None or now is None:
        return before or now
    if before.kind == now.kind:
        subjects = dict.fromkeys(part for part in (before.subject, now.subject) if part)
        both = {*before.numbers, *now.numbers} if before.numbers and now.numbers else set()
        return replace(now, subject="; ".join(subjects), numbers=tuple(sorted(both)))
    return max(now, before, key=lambda each: (each.kind in _OF_PROMISES, each.kind == "assigned_to"))


def _goes(row: OutboxRow) -> datetime:
    return row.not_before or row.created_at


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "at": rfc3339(notice.at),
        "headline": notice.headline,
        "lines": list(notice.lines),
        "link": notice.link,
        "version": notice.version,
        **({} if notice.language == "en" else {"language": notice.language}),
    }


def _read_notice(data: Mapping[str, Any]) -> Notice:
    return Notice(
        id=data["id"],
        kind=data["kind"],
        at=time_from(data["at"]),
        headline=data["headline"],
        lines=tuple(data["lines"]),
        link=data["link"],
        version=data["version"],
        language=data.get("language", "en"),
    )
