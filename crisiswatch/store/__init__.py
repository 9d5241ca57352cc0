"""What is kept: mentions, counts, states, incidents and the outbox, in SQLite or PostgreSQL, by natural keys."""

from crisiswatch.store.codec import incident_from_json, incident_to_json
from crisiswatch.store.rows import (
    BrandBlind,
    Fence,
    IncidentEvent,
    JournalEntry,
    MinuteCount,
    OutboxRow,
    OutboxStats,
    SavedState,
    SourceMark,
    StoredMention,
    Work,
)
from crisiswatch.store.store import Store
from crisiswatch.store.times import minute_of

__all__ = [
    "BrandBlind",
    "Fence",
    "IncidentEvent",
    "JournalEntry",
    "MinuteCount",
    "OutboxRow",
    "OutboxStats",
    "SavedState",
    "SourceMark",
    "Store",
    "StoredMention",
    "Work",
    "incident_from_json",
    "incident_to_json",
    "minute_of",
]
