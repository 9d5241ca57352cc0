"""An incident's opening worked out again: what the store holds, through the same step function."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from crisiswatch.config import Loaded
from crisiswatch.engine import State, fold
from crisiswatch.model import (
    Event,
    HumanAction,
    Incident,
    IncidentOpened,
    Likened,
    MentionScored,
    Rescored,
    RulesChanged,
    ScorerChanged,
    SourceHealth,
    StandInsMet,
    Tick,
    VolumeSampled,
)
from crisiswatch.store import JournalEntry, Store, StoredMention
from crisiswatch.volumes import COUNTED, read

__all__ = ["Again", "work_out_again"]

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class Again:
    """What came out: the incident as it opened this time (None: it did not), and from how many mentions."""

    same: bool
    why_not: str
    incident: Incident | None
    mentions: int


@dataclass(slots=True)
class _Seen:
    """What was read on the way."""

    mentions: int = 0
    purged: int = 0
    rules_changed: int = 0


def work_out_again(store: Store, loaded: Loaded, opening: Incident) -> Again:
    """Replay everything stored of the brand up to the moment ``opening`` was decided.

    Uses the stored scores, so that only the decision is worked out again, not the sentiment.
    """
    seen = _Seen()
    found = _find(_events(store, opening, seen), loaded, opening)
    if found is not None and (found.reading, found.level, found.gates) == (
        opening.reading,
        opening.level,
        opening.gates,
    ):
        return Again(True, "", found, seen.mentions)
    return Again(False, _why(seen, found), found, seen.mentions)


def _find(events: Iterable[Event], loaded: Loaded, opening: Incident) -> Incident | None:
    state = State(opening.brand)
    for chunk in _chunks(events):
        state, effects = fold(state, chunk, loaded.ruleset)
        for effect in effects:
            if isinstance(effect, IncidentOpened) and effect.incident.id == opening.id:
                return effect.incident
    return None


def _events(store: Store, opening: Incident, seen: _Seen) -> Iterator[Event]:
    """What happened to the brand until the incident opened, in the order of arrival."""
    for stored in store.stream():
        mine = opening.brand in stored.brands if isinstance(stored, StoredMention) else stored.brand == opening.brand
        event = _event(stored, seen) if mine else None
        if event is None:
            continue
        if event.at > opening.opened_at:
            break
        yield event
    yield Tick(opening.opened_at)


def _event(stored: StoredMention | JournalEntry, seen: _Seen) -> Event | None:
    if isinstance(stored, JournalEntry):
        if stored.kind == COUNTED:
            return VolumeSampled(stored.at, read(stored.brand, stored.payload))
        return _journal(stored, seen)
    seen.mentions += 1
    seen.purged += stored.purged
    return MentionScored(stored.received_at, stored.mention, stored.score, signals=stored.signals)


def _journal(entry: JournalEntry, seen: _Seen) -> Event | None:
    told = json.loads(entry.payload)
    if entry.kind == "source_health":
        return SourceHealth(entry.at, told["source"], told["healthy"], told["reason"])
    if entry.kind == "human_action":
        return HumanAction(entry.at, told["incident"], told["action"], told["actor"], told.get("detail", {}))
    if entry.kind == "rules_changed":
        seen.rules_changed += 1
        return RulesChanged(entry.at)
    if entry.kind == "scorer_changed":
        rows = tuple(Rescored(**_plain(row)) for row in told["rows"])
        return ScorerChanged(entry.at, told["model"], rows, _likened(told.get("likened", ())))
    if entry.kind == "stand_ins_met":
        return StandInsMet(entry.at, _likened(told["rows"]))
    return None


def _likened(rows: Iterable[dict[str, Any]]) -> tuple[Likened, ...]:
    return tuple(Likened(**_plain(row)) for row in rows)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}


def _why(seen: _Seen, found: Incident | None) -> str:
    reasons = []
    if seen.purged:
        reasons.append(f"{seen.purged:,} of them have lost their text to retention")
    if seen.rules_changed:
        reasons.append("the rules were changed while they came in")
    if not reasons:
        reasons.append("either the rules were changed since, or older mentions are no longer stored")
    opens = "" if found is not None else "It does not open. "
    return f"{opens}The likely reason: {' and '.join(reasons)}."


def _chunks(events: Iterable[Event]) -> Iterator[list[Event]]:
    chunk: list[Event] = []
    for event in events:
        chunk.append(event)
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
