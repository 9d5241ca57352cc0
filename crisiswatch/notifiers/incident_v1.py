"""``crisiswatch.incident.v1``: what a webhook is sent, as a JSON object with a published schema.

Additive only: a field that is here stays, with its name, type and meaning; new ones may come at any time, so whoever
reads it has to let unknown fields and unknown words in `event` and `kind` pass. Anything else is called v2.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from crisiswatch.alerts.words import clean, clip

__all__ = [
    "SCHEMA",
    "BlindPart",
    "CasePart",
    "FiguresPart",
    "GatePart",
    "IncidentPart",
    "LevelPart",
    "LinksPart",
    "Message",
    "NoticePart",
    "PostPart",
    "PromisePart",
    "ReminderPart",
    "SnoozePart",
    "StepPart",
    "VerdictPart",
    "message_schema",
]

SCHEMA: Final = "crisiswatch.incident.v1"
"""The name in every message's ``schema``."""

_TEXT = 20_000


def _words(text: object) -> object:
    return clip(clean(text), _TEXT) if isinstance(text, str) else text


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Str = Annotated[str, BeforeValidator(_words)]
Number = Annotated[float | None, BeforeValidator(_finite)]
Moment = Annotated[
    datetime, PlainSerializer(_stamp, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


class Part(BaseModel):
    """An object of the message. Readers let fields pass that they do not know."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True, from_attributes=True)


class LevelPart(Part):
    """A level that the incident has reached."""

    level: Str
    """watch, warning or critical."""
    since: Moment
    """When it was reached."""


class BlindPart(Part):
    """A source that could not be heard while the incident was open."""

    source: Str
    """Its name."""
    since: Moment
    """Its last sign of life."""
    until: Moment | None
    """When it spoke again; null: still blind."""
    reason: Str
    """silent, failing, rejected, rate_limited or out_of_budget."""


class GatePart(Part):
    """A condition of the rule at the incident's level."""

    measure: Str
    """What is measured."""
    operator: Str
    """at_least or at_most."""
    bound: Number
    """What was asked, in the measure's unit."""
    value: Number
    """What was seen; null: not known yet."""
    held: bool
    """Whether it held."""


class FiguresPart(Part):
    """What the rule's window showed at one moment. Counts are mentions."""

    start: Moment
    """The window's beginning."""
    end: Moment
    """The window's end."""
    observed: Number
    """Mentions that match the rule."""
    total: Number
    """All mentions of the brand."""
    authors: int
    """Different accounts behind `observed`."""
    organic: Number
    """`observed` with copies discounted."""
    share: Number
    """The part of `total` that matches, 0 to 1."""
    expected: Number
    """How many are usual at this hour."""
    low: Number
    """The lower end of what is usual (90 % interval)."""
    high: Number
    """The upper end."""
    false_alarms_per_month: Number
    """How often a month chance alone would look at least this unusual."""
    learning: bool
    """What is usual is still being learned: the comparison is not reliable yet."""
    reach: int | None
    """People who may have seen it, as far as audiences are known."""
    complaints: Number
    """How many complain."""
    questions: Number
    """How many ask something."""
    sources: tuple[Str, ...]
    """Where it was said."""


class IncidentPart(Part):
    """What the figures say."""

    id: Str
    """Stable from its opening to its end: what belongs together has the same one."""
    brand: Str
    """The brand's id."""
    brand_name: Str
    """The brand's name."""
    rule: Str
    """The rule's id."""
    title: Str
    """The rule's title."""
    alert: Str
    """The id of the alert file with the words and the playbook."""
    version: int
    """Counts the changes of its figures, from 1."""
    phase: Str
    """open, settling or resolved."""
    level: Str
    """watch, warning or critical."""
    peak_level: Str
    """The highest level it has had."""
    opened_at: Moment
    """When it opened."""
    updated_at: Moment
    """The moment these figures are of."""
    resolved_at: Moment | None
    """When the figures were calm again; null: not yet."""
    ended_by: Str
    """calm, rule_removed or by_hand; empty while it is open."""
    levels: tuple[LevelPart, ...]
    """The levels it went through, the first one first."""
    mentions: int
    """All mentions since the opening window began."""
    authors: int
    """Different accounts behind them."""
    flaps: int
    """How often it has opened again within a day."""
    because: Str
    """Why the rule is there, in the words of who wrote it."""
    trend: tuple[int, ...]
    """Mentions in five-minute steps, the oldest first."""
    blind: tuple[BlindPart, ...]
    """Sources that could not be heard meanwhile."""
    conditions: tuple[GatePart, ...]
    """The conditions of the rule."""


class SnoozePart(Part):
    """Somebody wants no reminders for a while."""

    by: Str
    """Who."""
    at: Moment
    """When it was said."""
    until: Moment | None
    """Until when; null: until it is over."""


class VerdictPart(Part):
    """What somebody says the alert was worth."""

    kind: Str
    """useful, false_alarm or not_a_crisis."""
    by: Str
    """Who."""
    at: Moment
    """When."""
    reason: Str
    """Why, in their words; may be empty."""


class StepPart(Part):
    """A step of the playbook."""

    number: int
    """From 1."""
    step: Str
    """What is to be done."""
    role: Str
    """By whom; may be empty."""
    due: Moment | None
    """Until when; null: it has no clock."""
    done_by: Str
    """Who has done it; empty: nobody yet."""
    done_at: Moment | None
    """When."""
    overdue: bool
    """Its time is over and nobody has done it."""


class PromisePart(Part):
    """Something promised to the public, or inside."""

    number: int
    """From 1."""
    text: Str
    """What."""
    due: Moment
    """Until when."""
    by: Str
    """Who promised it."""
    kept_by: Str
    """Who has kept it; empty: nobody yet."""
    kept_at: Moment | None
    """When."""
    missed: bool
    """Its time is over and nobody has kept it."""


class CasePart(Part):
    """What people do about it. People are ids of the channel they acted in."""

    revision: int
    """Counts the changes of incident and case together, from 1: of two messages the higher one is newer."""
    acknowledged_by: Str
    """Who has it; empty: nobody yet."""
    acknowledged_at: Moment | None
    """Since when."""
    assigned_to: Str
    """Who is to have it; may be empty."""
    assigned_by: Str
    """Who said so."""
    snooze: SnoozePart | None
    """Whether it is snoozed."""
    verdict: VerdictPart | None
    """The last verdict."""
    steps: tuple[StepPart, ...]
    """The playbook."""
    promises: tuple[PromisePart, ...]
    """What was promised."""
    rung: int
    """How far the escalation has climbed; 0: not at all."""
    sector: tuple[Str, ...]
    """Other brands of the sector that are up at the same time."""
    stand_down: Str
    """awaited or confirmed, where a person has to say that it is over; else empty."""
    stood_down_by: Str
    """Who confirmed it."""
    closed_at: Moment | None
    """When nothing more was expected of it."""


class ReminderPart(Part):
    """Why somebody has to look."""

    kind: Str
    """unacknowledged, step_overdue, step_failed, promise_due, promise_missed, stand_down_awaited or assigned_to."""
    subject: Str
    """The step or the promise; may be empty."""
    due: Moment | None
    """When it was due."""
    rung: int
    """How far the escalation has climbed."""


class NoticePart(Part):
    """A message that is about no single incident."""

    id: Str
    """Stable over its versions."""
    kind: Str
    """digest, storm, silence_began, silence_ended or drill_report."""
    at: Moment
    """When."""
    headline: Str
    """What it is about."""
    lines: tuple[Str, ...]
    """The rest, line by line."""
    version: int
    """From 1: a later one replaces an earlier one."""


class PostPart(Part):
    """A post as evidence; only with `posts: true`."""

    uid: Str
    """Its id."""
    source: Str
    """Where it was written."""
    at: Moment
    """When it was written."""
    text: Str
    """Its words."""
    author: Str
    """Its author, masked; empty: unknown."""
    url: Str | None
    """Where it can be seen."""
    audience: int | None
    """Followers of the author."""
    engagement: int | None
    """Reactions."""
    lang: Str | None
    """Its language (BCP 47)."""


class LinksPart(Part):
    """Where there is more."""

    page: Str | None
    """The page of the incident or notice."""
    explain: Str
    """The command that explains the incident."""


class Message(Part):
    """What one request carries."""

    schema_: Literal["crisiswatch.incident.v1"] = Field(default=SCHEMA, serialization_alias="schema")
    """The name of this format."""
    id: Str
    """The message's id, also the header Idempotency-Key: the same one again is the same message."""
    event: Str
    """opened, escalated, updated, calming, resolved, reminded or notice."""
    drill: bool
    """It is an exercise: nothing of it has happened."""
    headline: Str
    """One line for people."""
    text: Str
    """A few lines for people."""
    incident: IncidentPart | None
    """What the figures say; null for a notice."""
    figures: FiguresPart | None
    """The figures now; null for a notice."""
    peak: FiguresPart | None
    """The figures at the peak; null for a notice."""
    case: CasePart | None
    """What people do about it; null: nobody keeps a case."""
    reminder: ReminderPart | None
    """What a `reminded` is about."""
    notice: NoticePart | None
    """What a `notice` is about."""
    sources: dict[str, int]
    """Mentions by source, as far as they were counted for this message."""
    languages: dict[str, int]
    """Mentions by language."""
    topics: tuple[Str, ...]
    """Themes that the mentions are about."""
    posts: tuple[PostPart, ...]
    """The first and the loudest posts; empty unless asked for."""
    links: LinksPart
    """Where there is more."""


def message_schema() -> dict[str, Any]:
    """The JSON Schema of a message. It allows fields that are not in it: new ones may come."""
    made = Message.model_json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{SCHEMA}",
        **made,
        "title": SCHEMA,
    }
