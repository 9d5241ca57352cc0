"""Turns what the pipeline did into metrics and log lines; the pipeline itself knows neither."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import structlog

from crisiswatch.metrics import Metrics
from crisiswatch.model import (
    Act,
    BlindChanged,
    Case,
    Effect,
    Explained,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    MeterMoved,
    awaited,
    is_open,
)
from crisiswatch.outbox import Outcome
from crisiswatch.pipeline import Result

__all__ = ["Observer"]

log = structlog.get_logger("crisiswatch")

ATTEMPTS = {
    Outcome.SENT: "sent",
    Outcome.PARTLY: "partly",
    Outcome.FOUND: "found",
    Outcome.DUPLICATE: "duplicate",
    Outcome.RETRY: "try_later",
    Outcome.UNKNOWN: "unknown",
    Outcome.CRASHED: "unknown",
    Outcome.LOST: "unknown",
    Outcome.DEAD: "dead",
}


class Observer:
    """Watches results of the engine and outcomes of deliveries. Called from several threads."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._live: dict[str, Incident] = {}
        self._cases: dict[str, Case] = {}
        self.meters: dict[str, MeterMoved] = {}

    def begin(self, live: list[Incident], cases: Iterable[Case] = ()) -> None:
        """Know the incidents and the cases that were open when the daemon started."""
        self._cases = {case.incident: case for case in cases if not case.ending}
        self._count_late()
        self._live = {incident.id: incident for incident in live if is_open(incident, self._cases.get(incident.id))}
        self._count_live()

    def result(self, job: str, result: Result, now: datetime) -> None:
        """Count and log one committed job; ``job`` is ``tick``, ``ingest:<source>`` and the like."""
        if job == "tick":
            self._metrics.ticked(now.timestamp())
        kind, _, source = job.partition(":")
        if kind == "ingest":
            for outcome, count in result.outcomes.items():
                if count:
                    self._metrics.mention_counted(source, outcome, count)
            if result.newest is not None:
                newest = result.newest.timestamp()
                self._metrics.source_spoke(source, newest, now.timestamp() - newest)
        for sample in result.samples:
            self._metrics.source_counted(source or sample.source, sample.brand, sample.count)
        if result.unscored:
            self._metrics.scoring_failed()
            log.error("scorer_failed", texts=result.unscored)
        self._cases |= {case.incident: case for case in result.cases}
        for effect in result.effects:
            self._effect(effect)
        self._people(result)

    def delivery(self, receiver: str, outcome: Outcome, seconds: float) -> None:
        """Count and log one attempt to deliver."""
        name = ATTEMPTS.get(outcome)
        if name is not None:
            self._metrics.delivery_finished(receiver, name, seconds)
        if outcome not in (Outcome.SENT, Outcome.SKIPPED, Outcome.REPEATED):
            log.warning("delivery", receiver=receiver, outcome=outcome.value, seconds=round(seconds, 3))

    def _people(self, result: Result) -> None:
        """Count what people were reminded of, what they said, and what is late."""
        for sending in result.sendings:
            if sending.reminder is not None:
                self._metrics.reminded(sending.reminder.kind)
                log.info("reminded", incident=sending.case.incident, why=sending.reminder.kind)
        cases = {case.incident: case for case in result.cases}
        for line in result.decisions:
            case = cases.get(line.incident)
            if line.kind == Act.VERDICT and case is not None and case.verdict is not None:
                self._metrics.verdict_given(case.rule, case.verdict.kind.value)
        if cases:
            self._live = {name: one for name, one in self._live.items() if is_open(one, self._cases.get(name))}
            self._cases = {name: case for name, case in self._cases.items() if not case.ending}
            self._count_late()
            self._count_live()

    def _count_late(self) -> None:
        late = (step.overdue and step.done_at is None for case in self._cases.values() for step in case.steps)
        self._metrics.steps_overdue(sum(late))

    def _effect(self, effect: Effect) -> None:
        match effect:
            case MeterMoved():
                self.meters[effect.brand] = effect
                self._metrics.meter_moved(
                    effect.brand, effect.observed, effect.expected, effect.false_alarms_per_month, effect.achieved
                )
            case BlindChanged(blind=blind):
                word = "source_blind" if blind.until is None else "source_sees_again"
                log.warning(word, brand=effect.brand, source=blind.source, since=blind.since.isoformat())
                self._metrics.source_health(blind.source, healthy=blind.until is not None, reason=blind.reason)
            case Explained():
                log.info(
                    "held_back", brand=effect.brand, rule=effect.rule, level=effect.level.word, by=effect.held_back_by
                )
            case IncidentOpened(incident=incident):
                delay = (effect.at - incident.reading.end).total_seconds()
                self._metrics.incident_opened(incident.brand, incident.rule, incident.level.word, delay)
                self._incident("incident_opened", incident)
            case IncidentChanged(incident=incident):
                self._incident(f"incident_{effect.stage.value}", incident)
            case IncidentResolved(incident=incident):
                self._incident("incident_resolved", incident)

    def _incident(self, word: str, incident: Incident) -> None:
        before = self._live.get(incident.id)
        if incident.acknowledged_at is not None and before is not None and before.acknowledged_at is None:
            waited = (incident.acknowledged_at - incident.opened_at).total_seconds()
            self._metrics.incident_acknowledged(incident.brand, waited)
        if is_open(incident, self._cases.get(incident.id)):
            self._live[incident.id] = incident
        else:
            self._live.pop(incident.id, None)
        self._count_live()
        log.info(
            word,
            incident=incident.id,
            level=incident.level.word,
            mentions=incident.mentions,
            observed=incident.reading.observed,
            expected=incident.reading.expected,
            trial=incident.trial,
        )

    def _state(self, incident: Incident) -> str:
        return "awaited" if awaited(self._cases.get(incident.id)) else incident.phase.value

    def _count_live(self) -> None:
        counts = Counter(
            (incident.brand, incident.level.word, self._state(incident))
            for incident in self._live.values()
            if not incident.trial
        )
        self._metrics.incidents_now(counts)
