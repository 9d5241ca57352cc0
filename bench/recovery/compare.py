"""What the two runs came to, side by side: everything that was decided has to be the same, to the byte."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from bench.recovery.world import World
from crisiswatch.notifiers.mime import name_of

__all__ = ["Deliveries", "compare", "deliveries"]

SAME = {
    "mentions": "SELECT uid, source, brands, created_at, event_minute, received_at, text, author_id, author_followers,"
    " lang, rating, label, p_negative, model FROM mention ORDER BY uid",
    "minutes": "SELECT brand, source, minute, total, negative, p_negative FROM minute_bucket ORDER BY 1, 2, 3",
    "incident changes": "SELECT incident, version, at, stage, body FROM incident_event ORDER BY 1, 2",
    "incidents": "SELECT id, version, phase, level, opened_at, resolved_at, body FROM incident ORDER BY 1",
    "blind spells": "SELECT brand, source, since, until, reason FROM blind ORDER BY 1, 2, 3",
    "states": "SELECT brand, body FROM state ORDER BY 1",
    "messages": "SELECT id, incident, version, receiver, stage, body FROM outbox ORDER BY 1",
}
"""What must be equal in both stores, and how it is read."""

MAILED = ("opened", "escalated", "resolved")


@dataclass(slots=True)
class Deliveries:
    """What arrived. A duplicate is explained when an earlier attempt at that very message had an unknown outcome.

    Slack can be searched for what was sent, so there should be hardly any there; a mail can't be.
    """

    owed: int = 0
    arrived: int = 0
    superseded: int = 0
    later: int = 0
    unsent: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    uncertain: int = 0
    duplicates: int = 0
    duplicates_in: dict[str, int] = field(default_factory=dict)
    unexplained: list[str] = field(default_factory=list)
    edits: int = 0


def compare(calm: World, killed: World) -> tuple[dict[str, int], list[str]]:
    """How many of each kind there are, and every difference in words."""
    counts: dict[str, int] = {}
    differences: list[str] = []
    for name, sql in SAME.items():
        one, other = calm.query(sql), killed.query(sql)
        counts[name] = len(one)
        if not one and name != "blind spells":
            differences.append(f"{name}: the undisturbed run has none")
        if one != other:
            missing, extra = set(one) - set(other), set(other) - set(one)
            example = str(min(missing or extra, key=str, default="order"))[:300]
            differences.append(f"{name}: {len(missing)} missing, {len(extra)} not in the undisturbed run: {example}")
    return counts, differences


def deliveries(world: World) -> Deliveries:
    """Hold the outbox against what the fakes say they took."""
    found = Deliveries()
    taken = _taken(world, found)
    rows = world.query(
        "SELECT id, receiver, stage, status, uncertain, attempts = 0 AND not_before > ? FROM outbox ORDER BY 1",
        world.ended,
    )
    expected: dict[tuple[str, ...], bool] = {}
    for id_, receiver, stage, status, uncertain, later in rows:
        found.owed += 1
        if status == "pending" and later:  # a reminder that waits for its turn
            found.later += 1
            continue
        found.uncertain += bool(uncertain)
        found.superseded += status == "superseded"
        found.arrived += status == "sent"
        if status != "sent" and (status != "superseded" or stage in MAILED):
            found.unsent.append(f"{id_} is {status}")
        key = _key(str(id_), str(receiver), str(stage))
        if key is None or status != "sent":
            continue
        expected[key] = bool(uncertain)
        if not taken[key]:
            found.missing.append(" ".join(key))
    for key, times in taken.items():
        if times > 1:
            found.duplicates += times - 1
            found.duplicates_in[key[0]] = found.duplicates_in.get(key[0], 0) + times - 1
            if not expected.get(key, False):
                found.unexplained.append(f"{' '.join(key)} came {times} times")
    return found


def _key(id_: str, receiver: str, stage: str) -> tuple[str, ...] | None:
    """How the fakes know a message; None for one that only edits, or that a mail receiver leaves out."""
    if stage not in MAILED:
        return None
    if receiver == "pr-mail":
        return ("mail", f"<{name_of(id_)}@crisis.example>")
    return ("slack", id_, "message" if stage == "opened" else "reply")


def _taken(world: World, found: Deliveries) -> Counter[tuple[str, ...]]:
    taken: Counter[tuple[str, ...]] = Counter()
    for line in world.mail_journal.read_text().splitlines():
        taken["mail", str(json.loads(line)["message_id"]).strip()] += 1  # a long one stands on a line of its own
    for line in world.slack_journal.read_text().splitlines():
        call = json.loads(line)
        if call["method"] == "chat.update":
            found.edits += 1
            continue
        payload = call.get("metadata", {}).get("event_payload", {})
        taken["slack", str(payload.get("key")), str(payload.get("part"))] += 1
    return taken
