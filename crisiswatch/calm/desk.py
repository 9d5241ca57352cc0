"""What is kept back for one receiver: storms, silenced incidents, a digest in the making, when it was reminded last.

A desk is written whole with the commit that changed it, so that a kill loses nothing of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from crisiswatch.errors import StateError
from crisiswatch.model import Incident, Level, Reminder, Stage
from crisiswatch.response.codec import reminder_from_dict, reminder_to_dict

__all__ = ["Collected", "Desk", "Member", "Storm", "desk_from_json", "desk_to_json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An incident in a storm's summary; ``alone``: it was told by itself later."""

    brand: str
    title: str
    level: Level
    at: datetime
    over: bool = False
    alone: bool = False


@dataclass(slots=True, kw_only=True)
class Storm:
    """A summary in place of single messages. ``last`` is when the newest incident came in, ``passed``: nothing new for
    long enough. ``version`` counts its messages, the last of them at ``told_at``; ``heard`` is how many incidents those
    know of who can't be shown edits, ``grave``: that a critical one is among them. ``changed`` since then."""

    id: str
    since: datetime
    last: datetime
    members: dict[str, Member] = field(default_factory=dict)
    version: int = 0
    told_at: datetime | None = None
    heard: int = 0
    grave: bool = False
    passed: bool = False
    changed: bool = True

    @property
    def level(self) -> Level:
        """The gravest of it."""
        return max((each.level for each in self.members.values()), default=Level.WATCH)

    def copy(self) -> Storm:
        """An independent one."""
        return replace(self, members=dict(self.members))


@dataclass(frozen=True, slots=True)
class Collected:
    """An incident that fitted a route with a digest at ``at``; ``slot`` is that digest's hour."""

    at: datetime
    slot: str


@dataclass(slots=True)
class Desk:
    """``opened`` are the times of the last first messages; ``silenced`` is by incident the stage of what a silence held
    back (`opened` if the receiver never heard of it); ``collected`` waits for a digest; ``reminded`` is by incident
    when the last reminder goes, ``unsaid`` the one that a silence held back; ``marks`` holds times of whatever else
    happens once."""

    opened: list[datetime] = field(default_factory=list)
    storms: list[Storm] = field(default_factory=list)
    silenced: dict[str, Stage] = field(default_factory=dict)
    collected: dict[str, Collected] = field(default_factory=dict)
    reminded: dict[str, datetime] = field(default_factory=dict)
    marks: dict[str, datetime] = field(default_factory=dict)
    unsaid: dict[str, Reminder] = field(default_factory=dict)

    def copy(self) -> Desk:
        """An independent one."""
        return Desk(
            list(self.opened),
            [storm.copy() for storm in self.storms],
            dict(self.silenced),
            dict(self.collected),
            dict(self.reminded),
            dict(self.marks),
            dict(self.unsaid),
        )

    def room(self, at: datetime, more_than: int, within: timedelta) -> bool:
        """Whether one more new incident may be told by itself."""
        self.opened = [when for when in self.opened if when > at - within]
        return len(self.opened) < more_than

    def storm_of(self, incident: str) -> Storm | None:
        """The storm in whose summary an incident is."""
        return next((storm for storm in self.storms if incident in storm.members), None)

    def raging(self, at: datetime, within: timedelta) -> Storm | None:
        """The storm that goes on at ``at``, if there is one."""
        last = self.storms[-1] if self.storms else None
        return last if last is not None and not last.passed and at - last.last < within else None

    def drop(self, incident: str) -> None:
        """Nothing of an incident is kept back by a silence any more."""
        self.silenced.pop(incident, None)
        self.unsaid.pop(incident, None)

    def follow(self, incident: Incident, *, over: bool) -> None:
        """Take over how an incident stands where it is in a summary."""
        storm = self.storm_of(incident.id)
        if storm is None:
            return
        before = storm.members[incident.id]
        now = replace(before, level=max(incident.level, incident.peak_level), over=over)
        if now != before:
            storm.members[incident.id] = now
            storm.changed = True


def desk_to_json(desk: Desk) -> str:
    """A desk as JSON, "" where there is nothing on it; equal desks give equal text."""
    data: dict[str, Any] = {
        "opened": [at.isoformat() for at in desk.opened],
        "storms": [_storm(storm) for storm in desk.storms],
        "silenced": {name: stage.value for name, stage in desk.silenced.items()},
        "collected": {name: [each.at.isoformat(), each.slot] for name, each in desk.collected.items()},
        "reminded": _times(desk.reminded),
        "marks": _times(desk.marks),
        "unsaid": {name: reminder_to_dict(each) for name, each in desk.unsaid.items()},
    }
    if not any(data.values()):
        return ""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False)


def desk_from_json(text: str) -> Desk:
    """The inverse of `desk_to_json`; raises StateError where the text is damaged."""
    try:
        data = json.loads(text)
        return Desk(
            opened=[datetime.fromisoformat(at) for at in data["opened"]],
            storms=[_read_storm(each) for each in data["storms"]],
            silenced={name: Stage(stage) for name, stage in data["silenced"].items()},
            collected={n: Collected(datetime.fromisoformat(at), slot) for n, (at, slot) in data["collected"].items()},
            reminded=_read_times(data["reminded"]),
            marks=_read_times(data["marks"]),
            unsaid={name: reminder_from_dict(each) for name, each in data.get("unsaid", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(f"what is kept back for a receiver can't be read: {type(error).__name__}: {error}") from error


def _storm(storm: Storm) -> dict[str, Any]:
    return {
        "id": storm.id,
        "since": storm.since.isoformat(),
        "last": storm.last.isoformat(),
        "version": storm.version,
        "told_at": None if storm.told_at is None else storm.told_at.isoformat(),
        "heard": storm.heard,
        "grave": storm.grave,
        "passed": storm.passed,
        "changed": storm.changed,
        "members": {
            name: [each.brand, each.title, each.level.word, each.at.isoformat(), each.over, each.alone]
            for name, each in storm.members.items()
        },
    }


def _read_storm(data: Mapping[str, Any]) -> Storm:
    return Storm(
        id=data["id"],
        since=datetime.fromisoformat(data["since"]),
        last=datetime.fromisoformat(data["last"]),
        version=data["version"],
        told_at=None if data["told_at"] is None else datetime.fromisoformat(data["told_at"]),
        heard=data["heard"],
        grave=data["grave"],
        passed=data["passed"],
        changed=data["changed"],
        members={
            name: Member(
                brand=brand,
                title=title,
                level=Level.from_word(level),
                at=datetime.fromisoformat(at),
                over=over,
                alone=alone,
            )
            for name, (brand, title, level, at, over, alone) in data["members"].items()
        },
    )


def _times(times: Mapping[str, datetime]) -> dict[str, str]:
    return {name: at.isoformat() for name, at in times.items()}


def _read_times(times: Mapping[str, str]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(at) for name, at in times.items()}
