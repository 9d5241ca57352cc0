"""Replay: a recorded stream through the very pipeline the daemon runs, into a store that is thrown away.

Time is the stream's own. Nothing is delivered; what would have been sent, to whom and when, is part of the answer.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from crisiswatch.alerts.evidence import EVIDENCE_MENTIONS, main_themes
from crisiswatch.model import (
    Blind,
    BlindChanged,
    Effect,
    Explained,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Mention,
    Reading,
    Refused,
    SignalCounts,
    Stage,
    VolumeSampled,
)
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Plan, Result
from crisiswatch.rules.filters import Admission
from crisiswatch.rules.model import MentionFilter
from crisiswatch.store import Store

__all__ = ["Recorded", "Replay", "Report", "SentLater", "Told"]

BATCH = 5000
START = datetime(1970, 1, 1, tzinfo=UTC)

Recorded = Mention | Refused | VolumeSampled
"""What a stream to be replayed consists of."""


@dataclass(slots=True)
class Told:
    """One incident of a replay: as it opened, and as it was last; ``themes`` are what the first window was about."""

    opening: Reading
    incident: Incident
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentLater:
    """A message that would have gone out, at event time."""

    receiver: str
    incident: str
    stage: Stage
    at: datetime


@dataclass(slots=True)
class Report:
    """What a replay found. Times are event times; ``seconds`` is what the replay itself took."""

    mentions: int = 0
    duplicates: int = 0
    invalid: int = 0
    unmatched: int = 0
    late: int = 0
    unscored: int = 0
    first: datetime | None = None
    last: datetime | None = None
    seconds: float = 0.0
    incidents: dict[str, Told] = field(default_factory=dict)
    blind: dict[tuple[str, str, datetime], Blind] = field(default_factory=dict)  # by brand, source and beginning
    deliveries: list[SentLater] = field(default_factory=list)
    explained: list[Explained] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """Give the object that ``replay --format json`` prints."""
        told = sorted(self.incidents.values(), key=lambda each: (each.incident.opened_at, each.incident.id))
        return {
            "mentions": self.mentions,
            "duplicates": self.duplicates,
            "invalid": self.invalid,
            "unmatched": self.unmatched,
            "late": self.late,
            "first": _time(self.first),
            "last": _time(self.last),
            "seconds": round(self.seconds, 3),
            "incidents": [
                _incident(each) for each in told if not each.incident.trial and not each.incident.of_blindness
            ],
            "trial": [_incident(each) for each in told if each.incident.trial],
            "blind_incidents": [
                _incident(each) for each in told if not each.incident.trial and each.incident.of_blindness
            ],
            "blind": [
                {"source": b.source, "from": _time(b.since), "to": _time(b.until), "reason": b.reason, "brand": brand}
                for (brand, _, _), b in sorted(self.blind.items(), key=lambda each: (each[1].since, each[0]))
            ],
            "deliveries": [
                {"receiver": d.receiver, "incident": d.incident, "stage": d.stage.value, "at": _time(d.at)}
                for d in self.deliveries
            ],
        }


class Replay:
    """One replay over one store. ``observe`` is called after each batch with the mentions read so far."""

    def __init__(self, store: Store, plan: Plan, *, observe: Callable[[int, Report], None] | None = None) -> None:
        self._now = START
        self._store = store
        self._observe = observe
        self.report = Report()
        # Nobody is there to act, so nobody is asked to: no step is overdue, and what is calm is over.
        alone = replace(plan, asked={})
        self.pipeline = Pipeline(store, alone, clock=lambda: self._now, arrival=Arrival.DATA, stamp=lambda at: at)

    def run(self, stream: Iterable[Recorded], *, monotonic: Callable[[], float]) -> Report:
        """Feed the whole stream, in order of arrival, then close the last minute."""
        started = monotonic()
        with _rare_collections():
            self._run(stream)
        self.report.seconds = monotonic() - started
        return self.report

    def _run(self, stream: Iterable[Recorded]) -> None:
        report, read = self.report, 0
        for batch in _batches(stream):
            if isinstance(batch, VolumeSampled):
                self._now = max(self._now, batch.at)
                self._take(self.pipeline.ingest(Intake(source="replay", samples=(batch.sample,))))
                continue
            mentions = [each for each in batch if isinstance(each, Mention)]
            refused = [each for each in batch if isinstance(each, Refused)]
            report.refused.extend(refused[: max(0, 100 - len(report.refused))])
            for mention in mentions:
                self._see(mention)
            self._take(self.pipeline.ingest(Intake(source="replay", mentions=mentions, refused=len(refused))))
            read += len(batch)
            if self._observe is not None:
                self._observe(read, report)
        if report.mentions:
            self._take(self.pipeline.tick(self._now + timedelta(minutes=1)))
        filters = {rule.id: rule.mentions for rule in self.pipeline.plan.ruleset.rules}
        for told in report.incidents.values():
            told.themes = self._themes(told, filters.get(told.incident.rule, MentionFilter()))

    def _themes(self, told: Told, filter_: MentionFilter) -> tuple[str, ...]:
        """The themes that the mentions of the opening window are most about, as its alert names them."""
        if told.incident.of_blindness or self.pipeline.plan.reader.themes is None:
            return ()
        admission, window = Admission(filter_), told.opening
        found = self._store.evidence_mentions(told.incident.brand, window.start, window.end, EVIDENCE_MENTIONS)
        return main_themes(
            [each.signals for each in found if admission.admits(each.mention, each.score.label, each.signals)]
        )

    def _see(self, mention: Mention) -> None:
        at = mention.received_at or mention.created_at
        self._now = max(self._now, at)

    def _take(self, result: Result) -> None:
        report, outcomes = self.report, result.outcomes
        accepted = outcomes.get("accepted", 0) + outcomes.get("late", 0)
        report.mentions += accepted + outcomes.get("unmatched", 0)
        report.unmatched += outcomes.get("unmatched", 0)
        report.late += outcomes.get("late", 0)
        report.duplicates += outcomes.get("duplicate", 0)
        report.invalid += outcomes.get("refused", 0)
        report.unscored += result.unscored
        if result.oldest is not None and result.newest is not None:
            report.first = min(report.first or result.oldest, result.oldest)
            report.last = max(report.last or result.newest, result.newest)
        for effect in result.effects:
            self._note(effect)
        report.deliveries.extend(
            SentLater(row.receiver, row.incident, row.stage, row.created_at) for row in result.rows
        )

    def _note(self, effect: Effect) -> None:
        report = self.report
        match effect:
            case IncidentOpened(incident=incident):
                report.incidents[incident.id] = Told(incident.reading, incident)
            case IncidentChanged(incident=incident) | IncidentResolved(incident=incident):
                if incident.id in report.incidents:
                    report.incidents[incident.id].incident = incident
            case BlindChanged(blind=blind):
                report.blind[effect.brand, blind.source, blind.since] = blind
            case Explained():
                report.explained.append(effect)
            case _:
                pass


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Have the garbage collector look less often: mentions hold no cycles, and a batch of them is much to look through.

    Saves about a fifth of the time, and keeps memory as it is.
    """
    usual = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def _batches(stream: Iterable[Recorded]) -> Iterator[list[Mention | Refused] | VolumeSampled]:
    """What was read, so many at a time; counts by themselves, because their place among the mentions matters."""
    batch: list[Mention | Refused] = []
    for each in stream:
        if not isinstance(each, VolumeSampled):
            batch.append(each)
        if batch and (isinstance(each, VolumeSampled) or len(batch) >= BATCH):
            yield batch
            batch = []
        if isinstance(each, VolumeSampled):
            yield each
    if batch:
        yield batch


def _incident(told: Told) -> dict[str, object]:
    incident, opening = told.incident, told.opening
    said = opening.signals or SignalCounts()
    return {
        "id": incident.id,
        "brand": incident.brand,
        "rule": incident.rule,
        "opened_at": _time(incident.opened_at),
        "resolved_at": _time(incident.resolved_at),
        "peak_level": incident.peak_level.word,
        "levels": [{"level": level.word, "at": _time(at)} for level, at in incident.levels],
        "observed": opening.observed,
        "expected": opening.expected,
        "false_alarms_per_month": opening.false_alarms_per_month,
        "organic": opening.organic,
        "complaints": said.complaints,
        "questions": said.questions,
        "severity": said.severity,
        "grave": dict(said.categories),
        "themes": list(told.themes),
        "window_minutes": round((opening.end - opening.start).total_seconds() / 60),
        "since": None if opening.reasons is None else _time(opening.reasons.since),
        "next_hour": None if opening.reasons is None else opening.reasons.next_hour,
        "mentions": incident.mentions,
        "authors": incident.authors,
        "blind": [
            {"source": b.source, "from": _time(b.since), "to": _time(b.until), "reason": b.reason}
            for b in incident.blind
        ],
    }


def _time(when: datetime | None) -> str | None:
    return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")
