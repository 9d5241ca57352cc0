"""The seams plug-ins attach to, and what crosses them.

One small Protocol a kind; `crisiswatch.testing` has a contract suite for each. Entry-point groups:
``crisiswatch.sources``, ``.scorers``, ``.detectors``, ``.notifiers``, ``.measures``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from crisiswatch.model.case import Case, Reminder
from crisiswatch.model.incident import Incident, Stage
from crisiswatch.model.mention import Mention, Score, VolumeSample
from crisiswatch.model.notice import Notice

__all__ = [
    "Batch",
    "Capabilities",
    "Cursor",
    "Delivery",
    "Evidence",
    "Notifier",
    "Post",
    "Receipt",
    "Refused",
    "Repeater",
    "Scorer",
    "Source",
    "Text",
]

Cursor = str
"""A source's place in its stream: text of its own making (JSON is usual), stored with the mentions it covers."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One input that can't be a mention: where it was (``file.jsonl:17``), a counter slug and words for a person.

    ``detail`` is logged: it quotes no text and no author.
    """

    where: str
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll brought, in the order it arrived. ``more``: the source knows that there is more to read at once.

    ``edited`` are mentions in their new wording, under the uid they had; ``deleted`` are uids of mentions that the
    platform says are gone: their text is forgotten, the count stays. Both may name what was never read. ``cost`` is
    what this poll cost in US dollars; ``quota_left`` the part of the platform's limit that is left, 0 to 1, where it is
    known; ``budget_left`` the part of the month's money for posts, 0 to 1, where there is a budget.
    """

    mentions: tuple[Mention, ...] = ()
    refused: tuple[Refused, ...] = ()
    samples: tuple[VolumeSample, ...] = ()
    edited: tuple[Mention, ...] = ()
    deleted: tuple[str, ...] = ()
    cost: float = 0.0
    quota_left: float | None = None
    budget_left: float | None = None
    cursor: Cursor | None = None
    more: bool = False


class Source(Protocol):
    """Something that is polled for mentions. A call returns before ``deadline`` and keeps nothing it did not return:
    the cursor of a batch that was not committed is offered again."""

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch: ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text to score: ``terms`` are the brand's own words, masked before scoring; ``lang`` is BCP 47 or None."""

    text: str
    lang: str | None = None
    terms: tuple[str, ...] = ()


class Scorer(Protocol):
    """Gives each text its sentiment; same length and order as the input; never raises for a text's content."""

    def score(self, texts: Sequence[Text]) -> Sequence[Score]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A mention as evidence in a message: enough to show and link it, nothing to identify more than it must."""

    uid: str
    source: str
    at: datetime
    text: str
    url: str | None = None
    author: str | None = None
    audience: int | None = None
    engagement: int | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the store knows about an incident's window: counts by source and language, and the posts to show.

    ``topics`` are the themes that the mentions are about, ``themes`` the words that are most typical of them. A count
    of 0 is one that nobody made, because not all mentions were read.
    """

    first: tuple[Post, ...] = ()
    loudest: tuple[Post, ...] = ()
    sources: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a receiver can do: change a sent message, thread answers, be searched for what was sent, carry buttons.

    ``notices``: it takes messages that are about no single incident. ``every``: it wants each open incident again that
    often (seconds), changed or not, as a system that forgets what is not repeated does; 0 means only changes. Such a
    receiver is a `Repeater`, and knows only the present: each of its deliveries carries the newest state there is.
    ``idempotent``: to be sent the same delivery twice is to it as if it had been sent once.
    """

    edits: bool = False
    threads: bool = False
    lookup: bool = False
    buttons: bool = False
    notices: bool = True
    every: float = 0.0
    idempotent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one receiver. ``id`` is unique and stable over retries: ``{incident}/{version}/{receiver}``.

    ``memory`` is what earlier receipts of the same incident and receiver left (a channel and a message id).
    ``uncertain``: an earlier attempt at this very delivery ended with an unknown outcome, so look before sending.
    ``previous``: an earlier message of this incident reached this receiver. ``case`` is what people have done about it;
    None where nobody keeps one. ``reminder`` says what a ``reminded`` is about. With a ``notice`` the message is that,
    and ``incident`` only carries its id and time. ``drill``: it is an exercise, and has to say so. ``link`` is the
    incident's page, where there is one to link.
    """

    id: str
    receiver: str
    stage: Stage
    incident: Incident
    evidence: Evidence = Evidence()
    memory: Mapping[str, str] = field(default_factory=dict)
    uncertain: bool = False
    previous: bool = False
    case: Case | None = None
    reminder: Reminder | None = None
    notice: Notice | None = None
    drill: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof of delivery. ``memory`` is kept and handed to the next delivery of the incident to this receiver.

    ``found``: it was not sent now because a look-up showed that an earlier attempt had arrived.
    ``duplicate``: it was sent although an earlier attempt may have arrived. ``missed`` names those of several for whom
    it was not taken, and why, in words; ``again``: they may take it later, and ``memory`` says who they are.
    """

    memory: Mapping[str, str] = field(default_factory=dict)
    found: bool = False
    duplicate: bool = False
    missed: str = ""
    again: bool = False


class Notifier(Protocol):
    """Sends one message to one place. Raises only `Rejected`, `TryLater` or `Unknown`."""

    capabilities: Capabilities

    def send(self, delivery: Delivery) -> Receipt: ...


@runtime_checkable
class Repeater(Notifier, Protocol):
    """A notifier whose receiver forgets what is not repeated (``capabilities.every``)."""

    def repeat(self, deliveries: Sequence[Delivery]) -> None:
        """Tell again how things stand: the newest state of every incident that is open, or was until an hour ago.

        Raises what ``send`` raises; whatever that was, it is called again after ``every`` seconds.
        """
