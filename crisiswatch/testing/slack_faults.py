"""What can go wrong with a call to Slack, for `FakeSlack` to act out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next call of a method. ``accepted``: the call takes effect before it goes wrong."""

    kind: str  # answer | cut | hang
    accepted: bool = False
    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def error(cls, code: str) -> Fault:
        """``{"ok": false, "error": code}``."""
        return cls("answer", body=json.dumps({"ok": False, "error": code}))

    @classmethod
    def rate_limited(cls, seconds: int) -> Fault:
        """429 with Retry-After."""
        body = json.dumps({"ok": False, "error": "ratelimited"})
        return cls("answer", status=429, body=body, headers={"Retry-After": str(seconds)})

    @classmethod
    def http(cls, status: int, *, accepted: bool = False) -> Fault:
        """A status with a page for people in its body, as a proxy answers."""
        return cls("answer", status=status, body="<html><body>upstream failed</body></html>", accepted=accepted)

    @classmethod
    def accept_then_cut(cls) -> Fault:
        """The message is taken, then the connection dies: the sender can't know."""
        return cls("cut", accepted=True)

    @classmethod
    def cut(cls) -> Fault:
        """The connection dies and nothing was taken."""
        return cls("cut")

    @classmethod
    def hang(cls, *, accepted: bool = False) -> Fault:
        """No answer until the server stops."""
        return cls("hang", accepted=accepted)
