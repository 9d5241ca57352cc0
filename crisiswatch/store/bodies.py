"""The body of a message that is owed: what it is about as it was when it was decided, as one line of JSON.

A body from before there were cases is the incident alone; it is still read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from crisiswatch.errors import StateError
from crisiswatch.model import Case, Incident, Notice, Reminder, Stage, rfc3339, time_from
from crisiswatch.response.codec import case_from_dict, case_to_dict, reminder_from_dict, reminder_to_dict
from crisiswatch.store.codec import incident_from_dict, incident_to_dict
from crisiswatch.store.rows import OutboxRow

__all__ = ["Body", "body_from_json", "body_to_json", "takes_over"]


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


def takes_over(newer: OutboxRow, older: OutboxRow) -> OutboxRow:
    """``newer`` such that nothing is lost if ``older`` of the same incident and receiver is never sent.

    It keeps its snapshot. Where the older one was to be shown by itself and the newer one would only be an edit, it
    takes the older one's stage; a reminder is kept, and not told before its time; two of one kind become one.
    """
    kept = replace(newer, priority=min(newer.priority, older.priority))
    if older.stage in _NEWS and newer.stage in _MINOR:
        alone = replace(body_from_json(newer.body), reminder=None)
        kept = replace(kept, stage=older.stage, body=body_to_json(alone))
    elif older.stage is Stage.CALMING and newer.stage is Stage.UPDATED:
        kept = replace(kept, stage=older.stage)
    elif older.stage is Stage.REMINDED and newer.stage in {Stage.UPDATED, Stage.REMINDED}:
        kept = _reminding(kept, older)
    return kept


def _reminding(newer: OutboxRow, older: OutboxRow) -> OutboxRow:
    """With the reminder of the older one, unless nobody needs it any more or another one takes its place."""
    before, now = body_from_json(older.body).reminder, body_from_json(newer.body)
    if before is None or _settled(before, now.case):
        return newer
    if now.reminder is None:
        later = max(newer.not_before or newer.created_at, older.not_before or older.created_at)
        told = body_to_json(replace(now, reminder=before))
        return replace(newer, stage=Stage.REMINDED, body=told, not_before=later)
    if now.reminder.kind != before.kind or now.reminder.subject == before.subject:
        return newer
    subject = "; ".join(part for part in (before.subject, now.reminder.subject) if part)
    return replace(newer, body=body_to_json(replace(now, reminder=replace(now.reminder, subject=subject))))


def _settled(reminder: Reminder, case: Case | None) -> bool:
    """Whether nobody has to be reminded any more."""
    if case is None:
        return False
    return bool(case.ending) or (reminder.kind == "unacknowledged" and bool(case.acknowledged_by))


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "kind": notice.kind,
        "at": rfc3339(notice.at),
        "headline": notice.headline,
        "lines": list(notice.lines),
        "link": notice.link,
        "version": notice.version,
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
    )
