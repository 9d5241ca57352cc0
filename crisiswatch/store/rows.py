"""What goes into the store and comes out of it. All datetimes are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from crisiswatch.model import (
    NO_SIGNALS,
    Blind,
    Case,
    Decision,
    Effect,
    Incident,
    Mention,
    Score,
    Sentiment,
    Signals,
    Silence,
    Stage,
)

__all__ = [
    "BrandBlind",
    "Click",
    "Fence",
    "IncidentEvent",
    "JournalEntry",
    "MinuteCount",
    "OutboxRow",
    "OutboxStats",
    "SavedState",
    "SourceMark",
    "StoredHead",
    "StoredMention",
    "ThemeClick",
    "Work",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMention:
    """A mention as it was judged. ``received_at`` is the time of the event it became (`MentionScored.at`).

    ``event_minute`` counts minutes since 1970: the mention's place in the windows. ``seq`` is its place in the order
    of arrival, given by the store (0 before). ``purged``: its text and author are gone, only the counts are left.
    ``signals`` are what it says beyond its mood; none of mentions that were stored before anybody looked.
    """

    mention: Mention
    brands: tuple[str, ...]
    score: Score
    event_minute: int
    received_at: datetime
    seq: int = 0
    purged: bool = False
    signals: Signals = NO_SIGNALS


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An event that was no mention: ``kind`` and ``payload`` (JSON) are the engine's, ``brand`` is whose state it met.

    ``position`` is how many mentions of the same `Work` came before it; None means all of them. ``seq`` as above.
    """

    brand: str
    at: datetime
    kind: str
    payload: str
    position: int | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMark:
    """Where a source stands: its cursor and its health.

    ``carries`` are the names that mentions from here bear as their own ``source`` (an export may hold posts of several
    networks): what is blind when this source fails.
    """

    cursor: str | None
    updated_at: datetime
    last_success: datetime | None = None
    last_mention_at: datetime | None = None
    carries: tuple[str, ...] = ()
    failures: int = 0
    healthy: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One message owed to one receiver. ``body`` is what it is about as JSON (`bodies.body_from_json`); ``version`` is
    the revision of the incident's case.

    A lower ``priority`` goes first. ``uncertain``: an earlier attempt may have arrived. ``previous`` and ``memory``
    tell of earlier messages of the incident to the receiver and are filled in when the row is leased, as is
    ``lease_token``, which a settlement must still match. ``not_before`` None means at once. ``due_at`` is when it
    first was to go, where that is later than ``created_at``; an attempt that failed does not move it.
    """

    id: str
    incident: str
    version: int
    receiver: str
    stage: Stage
    priority: int
    body: str
    created_at: datetime
    status: str = "pending"
    attempts: int = 0
    not_before: datetime | None = None
    leased_until: datetime | None = None
    lease_token: int = 0
    last_error: str = ""
    uncertain: bool = False
    settled_at: datetime | None = None
    due_at: datetime | None = None
    previous: bool = False
    memory: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutboxStats:
    """What one receiver is owed: ``pending`` messages, the oldest due for ``oldest_age`` seconds; ``dead`` ones."""

    pending: int
    oldest_age: float
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Fence:
    """The proof that the writer still holds a lease: its name and the token `Store.acquire` gave."""

    name: str
    token: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything one step of the engine decided, written in one transaction or not at all.

    ``mentions`` are new to the store (ask `Store.known` first) and in order of arrival. Of ``effects``, incidents and
    blind spells are written. ``edited`` are stored mentions in their new wording, ``deleted`` uids whose text is to be
    forgotten now; those that are not stored are passed over. ``cases`` are as they stand, ``decisions`` new lines of
    their logs. ``silences`` and ``desks`` (JSON by receiver; empty: gone) are as they stand. ``fence``: write only if
    this lease is still ours.
    """

    mentions: Sequence[StoredMention] = ()
    states: Mapping[str, bytes] = field(default_factory=dict)
    effects: Sequence[Effect] = ()
    outbox: Sequence[OutboxRow] = ()
    cursors: Mapping[str, SourceMark] = field(default_factory=dict)
    journal: Sequence[JournalEntry] = ()
    edited: Sequence[Mention] = ()
    deleted: Sequence[str] = ()
    cases: Sequence[Case] = ()
    decisions: Sequence[Decision] = ()
    silences: Sequence[Silence] = ()
    desks: Mapping[str, str] = field(default_factory=dict)
    fence: Fence | None = None


@dataclass(frozen=True, slots=True)
class SavedState:
    """A brand's encoded state: it has seen everything up to ``seq``; ``version`` counts its writes."""

    body: bytes
    seq: int
    version: int


@dataclass(frozen=True, slots=True)
class MinuteCount:
    """One event-time minute of one brand and source: mentions, the negative ones, and the sum of P(negative)."""

    source: str
    minute: datetime
    total: int
    negative: int
    p_negative: float


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """One version of an incident: the whole snapshot as it was at ``at``."""

    at: datetime
    stage: Stage
    incident: Incident


@dataclass(frozen=True, slots=True)
class BrandBlind:
    """A blind spell and whose it was."""

    brand: str
    blind: Blind


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """What ``actor`` said of a mention's sentiment towards ``brand``, through ``via``: slack, page, file or audit.

    ``model`` scored the text when this was said. ``id`` is given by the store (0 before) and rises. ``undone_at``: it
    was taken back then and counts no more.
    """

    brand: str
    uid: str
    label: Sentiment
    actor: str
    via: str
    at: datetime
    model: str
    id: int = 0
    undone_at: datetime | None = None

    @property
    def answer(self) -> str:
        """What was said."""
        return self.label.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeClick:
    """What ``actor`` said that a mention is about: a theme's id. Everything else as in `Click`, the numbers in one row
    with its own. ``brand`` is the one that it was said of the mention for; the theme holds for the text."""

    brand: str
    uid: str
    theme: str
    actor: str
    via: str
    at: datetime
    id: int = 0
    undone_at: datetime | None = None

    @property
    def answer(self) -> str:
        """What was said."""
        return self.theme


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """A head learned from ``labels`` clicks for ``brand``; ``body`` and ``report`` are JSON of the learner's making.

    ``state``: shadow (not enough labels), active or rolled_back; of several active ones the newest speaks. ``base`` is
    the id of the model it corrects.
    """

    brand: str
    version: int
    state: str
    body: str
    made_at: datetime
    labels: int
    report: str
    base: str
