"""What the pages need from the app: a handful of callables, and the shapes of what they give.

The app fills in a `WebState`; nothing here knows the store, the engine or the configuration. Values may be datetimes
(aware UTC); everything else is plain JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypedDict

from crisiswatch.alerts.story import began, story
from crisiswatch.links import AckLinks
from crisiswatch.model import Case, Incident, awaited, is_open, taken_by
from crisiswatch.web.drills import Drilling

__all__ = [
    "BrandView",
    "Hook",
    "HookAnswer",
    "LabelView",
    "Labels",
    "ReceiverView",
    "SampleView",
    "SourceView",
    "StatusView",
    "WebState",
    "case_view",
    "incident_view",
]


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """What to tell the caller of a webhook: HTTP status, a JSON body, and the seconds to wait before another try."""

    status: int
    body: Mapping[str, object] = field(default_factory=dict)
    retry_after: float | None = None


class Hook(Protocol):
    """The receiving end of one webhook source. ``receive`` may block until its mentions are committed; it verifies the
    signature over the raw ``body`` itself. Header names are in lower case."""

    def receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer: ...


class BrandView(TypedDict, total=False):
    """A brand now: the last closed window against its normal. ``expected`` None means that normal is still learnt."""

    id: str
    name: str
    observed: float | None
    expected: float | None
    low: float | None
    high: float | None
    false_alarms_per_month: float | None
    window_minutes: int
    trend: Sequence[float]


class SourceView(TypedDict, total=False):
    """A source now; ``reason`` says why it is not healthy."""

    id: str
    type: str
    healthy: bool | None
    reason: str
    last_mention_at: datetime | None
    quota_remaining: float | None


class ReceiverView(TypedDict, total=False):
    """A receiver now: messages that wait, the age of the oldest in seconds, messages given up, and the last success."""

    id: str
    type: str
    pending: int
    oldest_seconds: float
    dead: int
    last_sent_at: datetime | None


class StatusView(TypedDict, total=False):
    """The daemon now. ``problems`` are those of a reload that was refused; they may not hold secrets."""

    version: str
    now: datetime
    started_at: datetime
    last_tick_at: datetime | None
    config_loaded_at: datetime
    problems: Sequence[str]
    brands: Sequence[BrandView]
    sources: Sequence[SourceView]
    receivers: Sequence[ReceiverView]
    silences: Sequence[Mapping[str, Any]]


class Silences(Protocol):
    """The silences behind the API. ``begin`` and ``end`` raise ActRefused where a wish makes no sense, and
    CrisiswatchError where the engine is too busy."""

    def listed(self) -> Sequence[Mapping[str, Any]]: ...

    def begin(self, told: Mapping[str, Any]) -> Mapping[str, Any]: ...

    def end(self, number: int, by: str) -> Mapping[str, Any]: ...


class SampleView(TypedDict):
    """A mention to label; ``label`` is what counts of it by now, said by ``actor`` in label ``number``.

    ``theme`` is the id of what somebody said it is about, ``themed_by`` who did, in label ``theme_number``.
    """

    brand: str
    name: str
    uid: str
    source: str
    at: datetime
    lang: str
    text: str
    url: str | None
    label: str | None
    actor: str
    number: int
    theme: str | None
    themed_by: str
    theme_number: int


class LabelView(TypedDict):
    """A label or a theme that was given, the other of them empty; a theme by what it is called.

    ``state`` is counts, overruled, taken back or text gone.
    """

    number: int
    at: datetime
    brand: str
    uid: str
    text: str
    label: str
    theme: str
    actor: str
    via: str
    state: str


class Labels(Protocol):
    """The labels behind the page where people give them. ``give`` says why one was not stored, nothing if it was; so
    does ``sort`` of a theme. ``themes`` are those there are to choose from: what each is called, by id.

    All raise CrisiswatchError if the store can't be read or written.
    """

    def sample(self) -> Sequence[SampleView]: ...

    def given(self, limit: int) -> Sequence[LabelView]: ...

    def themes(self) -> Mapping[str, str]: ...

    def give(self, brand: str, uid: str, label: str, actor: str) -> str: ...

    def sort(self, brand: str, uid: str, theme: str, actor: str) -> str: ...

    def undo(self, number: int) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebState:
    """What the app gives to its pages. All callables are thread-safe.

    ``healthy`` must not block (it is called on the server's own loop); the others are called in worker threads.
    ``hooks`` by source id may be a live mapping that a reload changes. ``reload`` gives whether the new configuration
    runs, and the problems if it does not. ``act`` takes an incident's id, an `Act`, the name of who asks for it and
    what the act says; it gives words for that person, None if the engine is too busy, and raises ActRefused. ``log``
    gives the decision log of an incident. ``slack`` takes what Slack sends when something is pressed, like a `Hook`;
    ``shown`` gives what the page of an incident shows (`crisiswatch.web.incident.Shown`), ``chart`` its picture as PNG
    and ``post_mortem`` its Markdown, each None where there is none.
    ``labels`` are behind the page where people give them. ``links`` reads the links that messages carry, as the running
    configuration has it, by the time that ``now`` tells. ``silences`` are in force, or were.
    configuration has it, by the time that ``now`` tells. ``drills`` are exercises,
    whose incidents ``incident`` and ``act`` know too.
    """

    healthy: Callable[[], tuple[bool, Mapping[str, Any]]]
    ready: Callable[[], tuple[bool, Mapping[str, Any]]]
    metrics: Callable[[str], tuple[bytes, str]]
    reload: Callable[[], tuple[bool, Sequence[str]]]
    incidents: Callable[[], Sequence[Mapping[str, Any]]]
    incident: Callable[[str], Mapping[str, Any] | None]
    status: Callable[[], StatusView]
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    act: Callable[[str, str, str, Mapping[str, str]], str | None] | None = None
    log: Callable[[str], Sequence[Mapping[str, Any]]] | None = None
    slack: Callable[[bytes, Mapping[str, str]], HookAnswer] | None = None
    shown: Callable[[str], Any] | None = None
    chart: Callable[[str], bytes | None] | None = None
    post_mortem: Callable[[str], str | None] | None = None
    labels: Labels | None = None
    links: Callable[[], AckLinks | None] = lambda: None
    now: Callable[[], datetime] | None = None
    silences: Silences | None = None
    drills: Drilling | None = None


def incident_view(incident: Incident, case: Case | None = None) -> dict[str, Any]:
    """Flatten an incident and what people do about it for the API and the page.

    No text and no author of a mention is in it. ``case`` is None where nobody keeps one.
    """
    reading = incident.reading
    who, taken_at = taken_by(incident, case)
    return {
        "id": incident.id,
        "brand": incident.brand,
        "rule": incident.rule,
        "title": incident.title,
        "because": incident.because,
        "phase": incident.phase.value,
        "open": is_open(incident, case),
        "awaited": awaited(case),
        "level": incident.level.word,
        "peak_level": incident.peak_level.word,
        "opened_at": incident.opened_at,
        "updated_at": incident.updated_at,
        "resolved_at": incident.resolved_at,
        "reason": incident.reason,
        "levels": [{"level": level.word, "at": at} for level, at in incident.levels],
        "window": {"start": reading.start, "end": reading.end},
        "window_minutes": round((reading.end - reading.start).total_seconds() / 60),
        "began": began(incident),
        "story": story(reading, began(incident)),
        "observed": reading.observed,
        "organic": reading.organic,
        "next_hour": None if reading.reasons is None else reading.reasons.next_hour,
        "expected": reading.expected,
        "low": reading.low,
        "high": reading.high,
        "false_alarms_per_month": reading.false_alarms_per_month,
        "share": reading.share,
        "sources": list(reading.sources or incident.peak.sources),
        "mentions": incident.mentions,
        "authors": incident.authors,
        "trend": list(incident.trend),
        "flaps": incident.flaps,
        "trial": incident.trial,
        "acknowledged_by": who or None,
        "acknowledged_at": taken_at,
        "gates": [
            {
                "measure": gate.measure,
                "operator": gate.operator,
                "bound": gate.bound,
                "value": gate.value,
                "held": gate.held,
            }
            for gate in incident.gates
        ],
        "blind": [{"source": b.source, "from": b.since, "to": b.until, "reason": b.reason} for b in incident.blind],
        "case": None if case is None else case_view(case),
    }


def case_view(case: Case) -> dict[str, Any]:
    """Flatten a case for the API and the page."""
    verdict, snooze = case.verdict, case.snooze
    return {
        "revision": case.revision,
        "acknowledged_by": case.acknowledged_by,
        "acknowledged_at": case.acknowledged_at,
        "assigned_to": case.assigned_to,
        "assigned_by": case.assigned_by,
        "snooze": None if snooze is None else {"by": snooze.by, "at": snooze.at, "until": snooze.until},
        "verdict": None
        if verdict is None
        else {"kind": verdict.kind.value, "by": verdict.by, "at": verdict.at, "reason": verdict.reason},
        "steps": [
            {
                "step": step.step,
                "role": step.role,
                "due": step.due,
                "done_by": step.done_by,
                "done_at": step.done_at,
                "overdue": step.overdue,
            }
            for step in case.steps
        ],
        "promises": [
            {
                "text": promise.text,
                "due": promise.due,
                "by": promise.by,
                "kept_by": promise.kept_by,
                "kept_at": promise.kept_at,
                "missed": promise.missed,
            }
            for promise in case.promises
        ],
        "rung": case.rung,
        "escalated_to": list(case.escalated_to),
        "sector": list(case.sector),
        "stand_down": case.stand_down.value,
        "stood_down_by": case.stood_down_by,
        "ending": case.ending,
        "followed_by": case.followed_by,
        "closed_at": case.closed_at,
        "decisions": case.decisions,
    }
