"""What goes into the pipeline and comes out of it: the plan in force, batches, results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from crisiswatch.config.settings_routing import QuietHours, Route, Storm
from crisiswatch.matching import Matcher
from crisiswatch.model import Case, Decision, Effect, Mention, Score, Scorer, Signals, VolumeSample
from crisiswatch.privacy import Pseudonyms
from crisiswatch.response import Plan as Asked
from crisiswatch.response import Sending
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment.signals import Reader
from crisiswatch.store import OutboxRow, SourceMark, StoredMention
from crisiswatch.windows import minute_of

__all__ = ["Arrival", "Intake", "Plan", "Result", "joined", "stored_as"]


class Arrival(StrEnum):
    """Whose clock says when a mention arrived."""

    CLOCK = "clock"  # ours, as the batch is taken in: live
    DATA = "data"  # the mention's own ``received_at``, else ``created_at``: recorded streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is in force: replaced as a whole by a reload. ``editors`` are receivers that can change a sent message;
    ``reader`` finds what mentions say beyond the mood that ``scorer`` finds; ``pseudonyms`` hide who wrote them.
    ``asked`` is what an alert asks of a brand's people, by their ids.

    ``receivers`` are those that are configured, None if that is not known: nothing is queued for others. ``terse`` are
    receivers that take no message but of a single incident. ``names``, ``zones``, ``sectors`` and ``languages`` are
    those of the brands; ``feeds`` are the brands that a source brings mentions of; ``page`` is where people find all of
    it, "" if nowhere. Reminders of an incident to a receiver are ``remind_every`` apart."""

    brands: tuple[str, ...]
    matcher: Matcher
    scorer: Scorer
    ruleset: Ruleset
    routes: tuple[Route, ...] = ()
    editors: frozenset[str] = frozenset()
    reader: Reader = field(default_factory=Reader)
    pseudonyms: Pseudonyms | None = None
    asked: Mapping[tuple[str, str], Asked] = field(default_factory=dict)
    quiet: tuple[QuietHours, ...] = ()
    storm: Storm = field(default_factory=Storm)
    terse: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    sectors: Mapping[str, str] = field(default_factory=dict)
    languages: Mapping[str, str] = field(default_factory=dict)
    feeds: Mapping[str, frozenset[str]] = field(default_factory=dict)
    page: str = ""
    receivers: frozenset[str] | None = None
    remind_every: timedelta = timedelta(minutes=10)

    def knows(self, receiver: str) -> bool:
        """Whether a receiver is configured."""
        return self.receivers is None or receiver in self.receivers


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Mentions of one source, in the order they came, and where the source stands after them.

    ``samples`` are counts without texts; ``edited``, ``deleted`` and ``budget_left`` as in `Batch`.
    """

    source: str
    mentions: Sequence[Mention] = ()
    samples: Sequence[VolumeSample] = ()
    edited: Sequence[Mention] = ()
    deleted: Sequence[str] = ()
    refused: int = 0
    budget_left: float | None = None
    mark: SourceMark | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one call did. ``outcomes`` counts mentions as accepted, late, duplicate, unmatched or refused.

    ``cases`` are those that changed, ``answer`` is what to tell the person who acted.
    """

    outcomes: Mapping[str, int] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
    rows: tuple[OutboxRow, ...] = ()
    unscored: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    samples: tuple[VolumeSample, ...] = ()
    cases: tuple[Case, ...] = ()
    decisions: tuple[Decision, ...] = ()
    sendings: tuple[Sending, ...] = ()
    answer: str = ""


def joined(first: Result, then: Result) -> Result:
    """What two commits did, of which the second is what was asked for."""
    return replace(
        then,
        effects=(*first.effects, *then.effects),
        rows=(*first.rows, *then.rows),
        cases=(*first.cases, *then.cases),
        decisions=(*first.decisions, *then.decisions),
        sendings=(*first.sendings, *then.sendings),
    )


def stored_as(mention: Mention, brands: tuple[str, ...], score: Score, at: datetime, signals: Signals) -> StoredMention:
    """The mention as it goes into the store, arrived at ``at``."""
    minute = minute_of(mention.created_at)
    if mention.created_at > at:
        minute = min(minute, minute_of(at) + 2)
    return StoredMention(
        mention=mention, brands=brands, score=score, event_minute=minute, received_at=at, signals=signals
    )
