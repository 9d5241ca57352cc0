"""What a cursor of the X source holds: how far each search and count has come, the wallet, and the work under way.

A poll does one piece of work, and its cursor names the rest; so a crash costs at most one piece, and what was paid and
read goes into the store together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

from crisiswatch.errors import StateError
from crisiswatch.sources.x.money import Wallet
from crisiswatch.sources.x.plan import Rhythm

__all__ = ["LONGEST_UNREAD", "Counted", "Place", "Reading"]

LONGEST_UNREAD = 12 * 60
"""Minutes of counts that are kept for posts to be read from; older ones stay unread."""


@dataclass(slots=True)
class Reading:
    """How far a search has come. ``since`` is the newest id that was read, "" for none: then it begins at ``start``
    (seconds since 1970). While pages are read, ``top`` is what ``since`` will be, ``page`` the token of the next one
    and ``below`` the oldest id so far."""

    since: str = ""
    start: int = 0
    top: str = ""
    page: str = ""
    below: str = ""


@dataclass(slots=True)
class Counted:
    """How far a brand's counts have come: up to minute ``until`` (since 1970; 0: never). ``unread`` are the counts of
    the last minutes before it, ``tick`` of them from the last count, which was ``alarm`` (0 to 1) above the usual;
    ``owned`` posts of these were read as mentions."""

    until: int = 0
    rhythm: Rhythm = field(default_factory=Rhythm)
    unread: list[int] = field(default_factory=list)
    tick: int = 0
    alarm: float = 0.0
    owned: int = 0


@dataclass(slots=True)
class Place:
    """Everything, to be changed in place; `load` gives a fresh one.

    ``todo`` is what is left of this tick, ``polled`` and ``counted`` (seconds since 1970) are when one last began and
    when volumes were last asked for; what was said before ``gap`` was said while nobody listened. ``joined``: the
    stream's connection that posts were read up to.
    """

    wallet: Wallet = field(default_factory=Wallet)
    todo: list[str] = field(default_factory=list)
    polled: int = 0
    counted: int = 0
    gap: int = 0
    joined: str = ""
    brands: dict[str, Counted] = field(default_factory=dict)
    readings: dict[str, Reading] = field(default_factory=dict)

    def brand(self, name: str) -> Counted:
        """The counts of a brand."""
        return self.brands.setdefault(name, Counted())

    def reading(self, name: str) -> Reading:
        """A search's progress."""
        return self.readings.setdefault(name, Reading())

    @classmethod
    def load(cls, cursor: str | None) -> Place:
        """The place in a cursor. Raises `StateError`."""
        if cursor is None:
            return cls()
        try:
            data = json.loads(cursor)
            return cls(
                wallet=_wallet(data["wallet"]),
                todo=[str(item) for item in data["todo"]],
                polled=int(data["polled"]),
                counted=int(data["counted"]),
                gap=int(data["gap"]),
                joined=str(data["joined"]),
                brands={name: _counted(each) for name, each in data["brands"].items()},
                readings={name: Reading(**each) for name, each in data["readings"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the saved place of an X source can't be read: {type(error).__name__}") from error

    def dump(self) -> str:
        """The place as a cursor."""
        wallet = _fields(self.wallet)
        wallet["at"] = None if self.wallet.at is None else self.wallet.at.timestamp()
        data = {
            "wallet": wallet,
            "todo": self.todo,
            "polled": self.polled,
            "counted": self.counted,
            "gap": self.gap,
            "joined": self.joined,
            "brands": {name: {**_fields(each), "rhythm": _fields(each.rhythm)} for name, each in self.brands.items()},
            "readings": {name: _fields(each) for name, each in self.readings.items()},
        }
        return json.dumps(data, separators=(",", ":"))


def _fields(one: Counted | Reading | Rhythm | Wallet) -> dict[str, Any]:
    """What it holds, by name. Not `asdict`, which copies every count of half a day, at each poll."""
    return {each.name: getattr(one, each.name) for each in fields(one)}


def _wallet(data: Mapping[str, Any]) -> Wallet:
    at = data["at"]
    return Wallet(
        month=str(data["month"]),
        spent=float(data["spent"]),
        drawn=float(data["drawn"]),
        allowance=float(data["allowance"]),
        at=None if at is None else datetime.fromtimestamp(float(at), UTC),
    )


def _counted(data: Mapping[str, Any]) -> Counted:
    rhythm = data["rhythm"]
    rates = tuple(float(rate) for rate in rhythm["rates"])
    if len(rates) != 24:
        raise ValueError("a day has 24 hours")
    return Counted(
        until=int(data["until"]),
        rhythm=Rhythm(rates, float(rhythm["level"]), float(rhythm["days"])),
        unread=[int(count) for count in data["unread"]],
        tick=int(data["tick"]),
        alarm=float(data["alarm"]),
        owned=int(data["owned"]),
    )
