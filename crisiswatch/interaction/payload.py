"""Slack's interactive payload, read with distrust: a press, or a reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from crisiswatch.interaction.actions import Press

__all__ = ["BadPayload", "read_presses"]

_USER = re.compile(r"[UW][A-Z0-9]{1,30}")
_STAMP = re.compile(r"\d{1,10}(\.\d{1,6})?", re.ASCII)
_LONGEST = 3000
_MOST = 25
_AHEAD = timedelta(minutes=5)
_BEHIND = timedelta(days=2)


class BadPayload(ValueError):
    """It is no press on a message, or not as Slack sends it."""


def read_presses(payload: object, now: datetime) -> list[Press]:
    """The presses of a payload of type ``block_actions``; none for any other type, which is nothing to us.

    Raises `BadPayload`.
    """
    if not isinstance(payload, Mapping):
        raise BadPayload("the payload is no object")
    if payload.get("type") != "block_actions":
        return []
    actions = payload.get("actions")
    if not isinstance(actions, list) or not 0 < len(actions) <= _MOST:
        raise BadPayload("there are no actions")
    actor = _text(_part(payload, "user"), "id")
    if not _USER.fullmatch(actor):
        raise BadPayload("nobody pressed")
    message, container = _part(payload, "message"), _part(payload, "container")
    return [
        _press(action, payload, actor=actor, message=message, container=container, now=now)
        for action in actions
        if isinstance(action, Mapping)
    ]


def _press(
    action: Mapping[str, Any],
    payload: Mapping[str, Any],
    *,
    actor: str,
    message: Mapping[str, Any],
    container: Mapping[str, Any],
    now: datetime,
) -> Press:
    name, _, detail = _text(action, "action_id").partition(":")
    chosen = action.get("selected_option")
    stamp = _text(message, "ts") or _text(container, "message_ts")
    thread = _text(message, "thread_ts") or _text(container, "thread_ts")
    return Press(
        action=name,
        detail=detail,
        value=_text(chosen, "value") if isinstance(chosen, Mapping) else _pressed(action),
        block=_text(action, "block_id"),
        actor=actor,
        channel=_text(_part(payload, "channel"), "id") or _text(container, "channel_id"),
        message=stamp,
        at=_moment(_text(action, "action_ts"), now),
        thread="" if thread == stamp else thread,
        answer_url=_text(payload, "response_url"),
    )


def _pressed(action: Mapping[str, Any]) -> str:
    """A button's own value, or the person chosen from a list of people."""
    return _text(action, "value") or _text(action, "selected_user")


def _moment(stamp: str, now: datetime) -> datetime:
    """When it was pressed. Slack's time, as long as it is near ours; else ours."""
    if not _STAMP.fullmatch(stamp):
        return now
    seconds, _, rest = stamp.partition(".")
    told = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(seconds), microseconds=int(rest.ljust(6, "0") or 0))
    return told if -_BEHIND <= told - now <= _AHEAD else now


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _text(of: Mapping[str, Any], name: str) -> str:
    """A text of at most `_LONGEST` characters; empty where there is none."""
    found = of.get(name)
    return found if isinstance(found, str) and len(found) <= _LONGEST else ""
