"""What can be pressed, and who answers it: one registry from action id to handler, whatever way a press came.

An action id is ``name`` or ``name:detail``; the name finds the handler, the detail keeps several buttons of one block
apart (``step_done:3``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Actions", "Handler", "Press"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed something in a message of ours.

    ``action`` is the name in the action id and ``detail`` what follows it; ``value`` and ``block`` are as they were
    sent out, or as somebody made them up: prove them. ``actor`` is the person's id, ``at`` when it was pressed, the
    same for each time that the press is sent again. ``thread`` is set in a thread; ``answer_url`` takes an answer.
    """

    action: str
    detail: str
    value: str
    block: str
    actor: str
    channel: str
    message: str
    at: datetime
    thread: str = ""
    answer_url: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What the same press has when it is sent again."""
        return (self.actor, self.channel, self.message, self.block, self.action, self.detail, self.at.isoformat())


Handler = Callable[[Press], str]
"""Does what was asked and gives the answer for the person, in Slack's mrkdwn and escaped.

Called on a thread of the desk. Raises CrisiswatchError if it could not be done."""


class Actions:
    """The handlers by action id."""

    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def add(self, name: str, handler: Handler) -> None:
        """Have ``handler`` answer the action ids ``name`` and ``name:...``; ValueError if another one does."""
        if name in self._handlers or not name or ":" in name:
            raise ValueError(f"{name!r} is no new name of an action")
        self._handlers[name] = handler

    def __contains__(self, name: str) -> bool:
        return name in self._handlers

    def find(self, press: Press) -> Handler | None:
        """The handler of a press; None if nobody answers it."""
        return self._handlers.get(press.action)
