"""What is kept: mentions, counts, states, incidents and the outbox, in SQLite or PostgreSQL, by natural keys."""

from crisiswatch.store.bodies import Body, body_from_json, body_to_json, reminder_is_settled
from crisiswatch.store.codec import incident_from_json, incident_to_json
from crisiswatch.store.ledger import counting, counting_themes
from crisiswatch.store.mentions import Order
from crisiswatch.store.rows import (
    BrandBlind,
    Click,
    Fence,
    IncidentEvent,
    JournalEntry,
    MinuteCount,
    OutboxRow,
    OutboxStats,
    SavedState,
    SourceMark,
    StoredHead,
    StoredMention,
    ThemeClick,
    Work,
)
from crisiswatch.store.store import Store
from crisiswatch.store.times import minute_of
from crisiswatch.store.upgrade import is_current

__all__ = [
    "Body",
    "BrandBlind",
    "Click",
    "Fence",
    "IncidentEvent",
    "JournalEntry",
    "MinuteCount",
    "Order",
    "OutboxRow",
    "OutboxStats",
    "SavedState",
    "SourceMark",
    "Store",
    "StoredHead",
    "StoredMention",
    "ThemeClick",
    "Work",
    "body_from_json",
    "body_to_json",
    "counting",
    "counting_themes",
    "incident_from_json",
    "incident_to_json",
    "is_current",
    "minute_of",
    "reminder_is_settled",
]
