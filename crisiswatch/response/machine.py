"""The case machine: one pure function from a case and what happened to a case, lines of its log and messages.

It stands beside the engine, which knows what the figures say; this one knows what people do about it. ::

    opened ──somebody takes it──► taken ──figures calm──► over
       └──nobody: the escalation climbs      └──at a level to confirm: a person says so ──► over
                                                                   └── a new incident: flared up again ──► over

Everything carries its own time, and time passes in whole minutes; however often a `Tick` comes, the case is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crisiswatch.errors import ActRefused
from crisiswatch.model import (
    Case,
    CaseStep,
    Decision,
    HumanAction,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Phase,
    Stage,
    StandDown,
    Tick,
)
from crisiswatch.response import acts, timers
from crisiswatch.response.draft import US, Draft, Sending
from crisiswatch.response.plan import NOTHING_ASKED, Plan
from crisiswatch.response.playbook import answered, do_by_itself

__all__ = ["Called", "Ended", "Happening", "Response", "Stirred", "adopt", "respond"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A case whose figures are calm waits no longer: ``ending`` is flared_up, as ``followed_by``, or rule_removed."""

    at: datetime
    ending: str
    followed_by: str = ""


@dataclass(frozen=True, slots=True)
class Stirred:
    """Another brand of the same sector is up as well."""

    at: datetime
    brand: str


@dataclass(frozen=True, slots=True)
class Called:
    """What has become of the message that asks a receiver for the step of this ``number`` (from 1): ``fate`` is sent,
    dead or waiting, or empty where there is no such message."""

    at: datetime
    number: int
    fate: str


Happening = IncidentOpened | IncidentChanged | IncidentResolved | HumanAction | Tick | Ended | Stirred | Called
Response = tuple[Case, tuple[Decision, ...], tuple[Sending, ...]]


def respond(case: Case | None, happening: Happening, plan: Plan = NOTHING_ASKED) -> Response:
    """Give the case after ``happening``, the lines of the log in order, and the messages to send in order.

    Without a case an incident's own effects make one. Raises `ActRefused` for an act that makes no sense.
    """
    draft = _begin(case, happening, plan)
    timers.come_to(draft, happening.at, plan)
    match happening:
        case IncidentOpened(incident=incident, sector=sector) if case is None:
            _opened(draft, happening.at, incident, plan, sector)
        case IncidentChanged(incident=incident, stage=stage):
            _changed(draft, happening.at, incident, stage, plan)
        case IncidentResolved(incident=incident):
            _calm(draft, happening.at, incident, plan)
        case HumanAction():
            acts.act(draft, happening, plan)
        case Ended():
            _ended(draft, happening)
        case Stirred(brand=brand):
            if brand not in draft.case.sector and not draft.case.ending:
                draft.change(sector=(*draft.case.sector, brand))
                draft.send(happening.at, Stage.UPDATED)
        case Called(number=number, fate=fate):
            answered(draft, happening.at, number, fate)
        case Tick():
            pass
    timers.come_to(draft, happening.at, plan)
    return draft.case, tuple(draft.decisions), tuple(draft.sendings)


def adopt(incident: Incident, at: datetime, plan: Plan) -> Case:
    """The case of an incident that nobody kept one for: what was due by ``at`` is late, and told to nobody."""
    over = incident.phase is Phase.RESOLVED
    late = tuple(n for n, rung in enumerate(plan.rungs, 1) if incident.opened_at + _minutes(rung.after_minutes) <= at)
    return replace(
        _new(incident, plan),
        revision=incident.version,
        acknowledged_by=incident.acknowledged_by or "",
        acknowledged_at=incident.acknowledged_at,
        steps=tuple(
            replace(step, overdue=step.due is not None and step.due <= at) for step in _new(incident, plan).steps
        ),
        climbed=late,
        rung=max(late, default=0),
        calm_at=incident.resolved_at,
        ending=(incident.reason or "calm") if over else "",
        ended_at=incident.resolved_at if over else None,
        closed_at=incident.resolved_at if over else None,
        touched_at=at,
    )


def _begin(case: Case | None, happening: Happening, plan: Plan) -> Draft:
    if case is not None:
        return Draft(case)
    match happening:
        case IncidentOpened(incident=incident):
            return Draft.of_new(replace(_new(incident, plan), touched_at=happening.at))
        case IncidentChanged(incident=incident) | IncidentResolved(incident=incident):
            before = replace(incident, version=incident.version - 1, phase=Phase.OPEN, resolved_at=None)
            return Draft(adopt(before, happening.at, plan))
        case _:
            raise ActRefused("there is no such incident", missing=True)


def _new(incident: Incident, plan: Plan) -> Case:
    return Case(
        incident=incident.id,
        brand=incident.brand,
        rule=incident.rule,
        alert=incident.alert,
        opened_at=incident.opened_at,
        levels=incident.levels,
        steps=tuple(
            CaseStep(
                step=step.step,
                role=step.role,
                due=None if step.within_minutes is None else incident.opened_at + _minutes(step.within_minutes),
            )
            for step in plan.steps
        ),
    )


def _opened(draft: Draft, at: datetime, incident: Incident, plan: Plan, sector: tuple[str, ...]) -> None:
    draft.change(sector=sector)
    draft.decide(at, US, "opened", f"Opened at {incident.level.word}: {acts.words(incident.title, 200)}")
    draft.send(at, Stage.OPENED, joining=do_by_itself(draft, at, incident.level, plan))


def _changed(draft: Draft, at: datetime, incident: Incident, stage: Stage, plan: Plan) -> None:
    """The figures moved. A higher level is told even while the case is snoozed, and wakes it."""
    case = draft.case
    called: tuple[str, ...] = ()
    draft.change(levels=incident.levels)
    if incident.acknowledged_by and not case.acknowledged_by:
        draft.change(acknowledged_by=incident.acknowledged_by, acknowledged_at=incident.acknowledged_at)
    if stage is Stage.ESCALATED:
        draft.change(snooze=None)
        draft.decide(at, US, "escalated", f"Rose to {incident.level.word}.")
        _hand_back(draft, at)
        called = do_by_itself(draft, at, incident.level, plan)
    elif stage is Stage.CALMING:
        draft.decide(at, US, "calming", "Calming down.")
        stage = Stage.UPDATED if case.snooze is not None else stage
    if draft.case != case:
        draft.change(touched_at=at)
    draft.send(at, stage, joining=called)


def _hand_back(draft: Draft, at: datetime) -> None:
    """Have nobody have it who only said what it was while it was less."""
    who = draft.case.acknowledged_by
    if draft.case.taken_by_verdict:
        draft.change(acknowledged_by="", acknowledged_at=None, taken_by_verdict=False)
        draft.decide(at, US, "handed_back", f"Nobody has it any more: {who} only said what it was before.")


def _calm(draft: Draft, at: datetime, incident: Incident, plan: Plan) -> None:
    """The figures are calm, or somebody or a reload ended it. Where a person has to confirm, it is not over yet."""
    if draft.case.calm_at is not None:
        return
    asleep = draft.case.snooze is not None and not timers.ends_with_the_incident(draft.case.snooze)
    draft.change(calm_at=at, touched_at=at, levels=incident.levels or draft.case.levels)
    confirmed = timers.dismissed(draft.case)  # a person has looked already, and said that it was none
    if incident.reason in {"", "calm"} and incident.peak_level in plan.confirm and not confirmed:
        draft.change(stand_down=StandDown.AWAITED, snooze=draft.case.snooze if asleep else None)
        draft.decide(at, US, "calming", "The figures are calm; a person has to say that it is over.")
        draft.send(at, Stage.UPDATED if asleep else Stage.CALMING)
        return
    _over(draft, at, incident.reason or "calm")


def _ended(draft: Draft, happening: Ended) -> None:
    if draft.case.calm_at is not None and not draft.case.ending:
        draft.change(touched_at=happening.at, followed_by=happening.followed_by)
        _over(draft, happening.at, happening.ending)


_WHY = {
    "calm": "It is calm",
    "by_hand": "Closed by hand",
    "rule_removed": "Its rule was removed",
    "flared_up": "It flared up again",
}


def _over(draft: Draft, at: datetime, ending: str) -> None:
    draft.change(ending=ending, ended_at=at, snooze=None)
    again = f" as {draft.case.followed_by}" if draft.case.followed_by else ""
    draft.decide(at, US, "resolved", f"{_WHY.get(ending, ending)}{again}.")
    timers.settle(draft, at)
    draft.send(at, Stage.RESOLVED)


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)
