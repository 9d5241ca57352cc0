"""The cases beside the engine: what its effects, people's acts and time do to them, within the engine's own commit.

Each case is brought to the minute its brand has come to, so that it makes no difference how often time is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from crisiswatch.alerts.answers import answer
from crisiswatch.errors import ActRefused
from crisiswatch.intake import Plan
from crisiswatch.model import (
    Act,
    Case,
    Decision,
    Effect,
    HumanAction,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Phase,
    Stage,
    Tick,
    awaited,
)
from crisiswatch.response import (
    NOTHING_ASKED,
    Called,
    Ended,
    Happening,
    Sending,
    Stirred,
    adopt,
    next_due,
    respond,
)
from crisiswatch.response import Plan as Asked
from crisiswatch.store import Store

__all__ = ["Responding", "Responses"]

MOST = 100_000
TOGETHER = timedelta(hours=2)
"""How long after one brand of a sector is up another that comes up is up with it."""
_OF_INCIDENTS = (IncidentOpened, IncidentChanged, IncidentResolved)


@dataclass(slots=True)
class Responses:
    """What one commit does to the cases: not yet written, and the cases in memory are as they were."""

    cases: dict[str, Case] = field(default_factory=dict)
    incidents: dict[str, Incident] = field(default_factory=dict)
    found: dict[str, Case] = field(default_factory=dict)  # read for this, and not open
    decisions: list[Decision] = field(default_factory=list)
    sendings: list[tuple[Sending, Incident]] = field(default_factory=list)
    answer: str = ""
    up: Mapping[str, datetime] = field(default_factory=dict)


class Responding:
    """The open cases of a store, in memory. Not thread-safe: the pipeline's thread calls it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open = {case.incident: case for case in store.cases(open_only=True, limit=MOST)}
        self._incidents: dict[str, Incident] = {}
        for incident in self._open:
            found = store.incident(incident)
            if found is not None:
                self._incidents[incident] = found
        self._due: dict[str, datetime | None] = {}
        self._plan: Plan | None = None

    def work_out(
        self,
        effects: Iterable[Effect],
        come_to: Mapping[str, datetime],
        plan: Plan,
        action: HumanAction | None = None,
        *,
        up: Mapping[str, datetime] | None = None,
    ) -> Responses:
        """Say what ``effects``, in order, and time do to the cases of the brands in ``come_to``, brought to there.

        With an ``action`` the effects are what the engine did with it. ``up`` says when a brand's meter was last up.
        Raises `ActRefused` where the action makes no sense.
        """
        if plan is not self._plan:
            self._plan, self._due = plan, {}
        work = Responses(up=up or {})
        theirs = [effect for effect in effects if isinstance(effect, _OF_INCIDENTS)]
        if action is not None:
            theirs = self._act(work, action, theirs, plan)
        for effect in theirs:
            self._take_in(work, effect, plan)
        for name, case in (self._open | work.cases).items():
            at = come_to.get(case.brand)
            if at is None:
                continue
            if awaited(case) and not _judged(case, plan):
                self._respond(work, name, Ended(at, "rule_removed"), plan)
                continue
            if name not in work.cases:  # what was asked just now is not written yet
                self._look_at_asked(work, case, at, plan)
            if name in work.cases or self._is_due(case, at, plan):
                self._respond(work, name, Tick(at), plan)
        return work

    def adopt(self, done: Responses) -> None:
        """Take over what was written."""
        for name, case in done.cases.items():
            self._due.pop(name, None)
            if case.closed_at is None:
                self._open[name] = case
                self._incidents[name] = done.incidents.get(name) or self._incidents[name]
            else:
                self._open.pop(name, None)
                self._incidents.pop(name, None)

    def situation(self, done: Responses, name: str) -> tuple[Case, Incident] | None:
        """An incident that is not over, and its case, as they are after ``done``; None for any other."""
        case = done.cases.get(name) or self._open.get(name)
        incident = done.incidents.get(name) or self._incidents.get(name)
        return None if case is None or incident is None or case.ending else (case, incident)

    def revised(self, done: Responses, name: str) -> Case:
        """The case of an incident that is open, with its next revision from ``done`` on."""
        case = done.cases.get(name) or self._open[name]
        done.cases[name] = replace(case, revision=case.revision + 1)
        return done.cases[name]

    def live(self, done: Responses) -> list[str]:
        """The incidents whose cases are not closed, or were not before ``done``, in order."""
        return sorted(self._open.keys() | done.cases.keys())

    def _act(
        self, work: Responses, action: HumanAction, effects: Sequence[Effect], plan: Plan
    ) -> list[IncidentOpened | IncidentChanged | IncidentResolved]:
        """Have a case do what a person asks, and give the effects that it has still to be told of."""
        name = action.incident
        before = self._case(work, name, action.at, plan)
        mine = [each for each in effects if isinstance(each, _OF_INCIDENTS)]
        if before.closed_at is None:
            self._respond(work, name, Tick(action.at), plan)
        for effect in mine:
            if effect.incident.id == name and not isinstance(effect, IncidentResolved):
                work.incidents[name] = effect.incident
        before, sent = work.cases.get(name, before), len(work.sendings)
        self._respond(work, name, action, plan)
        after = work.cases.get(name, before)
        work.answer = answer(
            before, after, action, plan.zones.get(after.brand, UTC), plan.languages.get(after.brand, "en")
        )
        if action.action == Act.RESOLVE and not after.ending and not mine:
            raise ActRefused("the engine knows of no such open incident")
        # What the engine says of somebody who took it is in the message about that already.
        told = len(work.sendings) > sent
        return [
            replace(effect, at=action.at)
            for effect in mine
            if not (told and isinstance(effect, IncidentChanged) and effect.stage is Stage.UPDATED)
        ]

    def _case(self, work: Responses, name: str, at: datetime, plan: Plan) -> Case:
        """The case of an incident that a person names, from the store if it is over; makes one where there is none."""
        found = self._open.get(name)
        if found is not None:
            return found
        incident = self._store.incident(name)
        if incident is None:
            raise ActRefused(f"there is no incident {name[:120]!r}", missing=True)
        work.incidents[name] = incident
        case = work.found[name] = self._store.case(name) or adopt(incident, at, _asked(incident, plan))
        return case

    def _take_in(
        self, work: Responses, effect: IncidentOpened | IncidentChanged | IncidentResolved, plan: Plan
    ) -> None:
        """Tell a case what the figures did; what was due before that is told with the figures of before."""
        name = effect.incident.id
        if name in work.cases or name in self._open:
            self._respond(work, name, Tick(effect.at), plan)
        work.incidents[name] = effect.incident
        if isinstance(effect, IncidentOpened):
            self._flare_up(work, effect, plan)
            with_it = self._sector(work, effect, plan)
            self._respond(work, name, replace(effect, sector=with_it), plan)
            return
        self._respond(work, name, effect, plan)

    def _flare_up(self, work: Responses, effect: IncidentOpened, plan: Plan) -> None:
        """End what waits for a person to say that it is over, now that the same rule has opened anew."""
        new = effect.incident
        for case in (self._open | work.cases).values():
            if awaited(case) and (case.brand, case.rule) == (new.brand, new.rule) and case.incident != new.id:
                self._respond(work, case.incident, Ended(effect.at, "flared_up", new.id), plan)

    def _sector(self, work: Responses, effect: IncidentOpened, plan: Plan) -> tuple[str, ...]:
        """The other brands of the sector that are up as an incident opens; those with an incident of the same rule
        are told in turn that this one is up as well."""
        new, at = effect.incident, effect.at
        sector = plan.sectors.get(new.brand)
        if sector is None or new.trial or new.of_blindness:
            return ()
        others = [brand for brand in plan.brands if brand != new.brand and plan.sectors.get(brand) == sector]
        found = {brand for brand in others if brand in work.up and timedelta() <= at - work.up[brand] <= TOGETHER}
        for name in sorted(self._open.keys() | work.cases.keys()):
            now = self.situation(work, name)
            if now is None or now[0].brand not in others or now[0].rule != new.rule:
                continue
            lately = now[1].phase is not Phase.RESOLVED and at - now[1].opened_at <= TOGETHER
            if lately and not now[1].trial:
                found.add(now[0].brand)
                self._respond(work, name, Stirred(at, new.brand), plan)
        return tuple(brand for brand in others if brand in found)

    def _respond(self, work: Responses, name: str, happening: Happening, plan: Plan) -> None:
        before = work.cases.get(name) or work.found.get(name) or self._open.get(name)
        incident = work.incidents.get(name) or self._incidents[name]
        case, decisions, sendings = respond(before, happening, _asked(incident, plan))
        if case != before:
            work.cases[name] = case
        work.decisions.extend(decisions)
        work.sendings.extend((sending, incident) for sending in sendings)

    def _look_at_asked(self, work: Responses, case: Case, at: datetime, plan: Plan) -> None:
        """Take in what became of the messages by which receivers were asked to do steps."""
        if case.ending:
            return
        for number, step in enumerate(case.steps, 1):
            if step.asked and step.done_at is None:
                fate = self._store.fate(case.incident, step.asked, step.asked_in)
                self._respond(work, case.incident, Called(at, number, fate), plan)

    def _is_due(self, case: Case, at: datetime, plan: Plan) -> bool:
        if case.incident not in self._due:
            incident = self._incidents.get(case.incident)
            self._due[case.incident] = None if incident is None else next_due(case, _asked(incident, plan))
        due = self._due[case.incident]
        return due is not None and due <= at


def _asked(incident: Incident, plan: Plan) -> Asked:
    return NOTHING_ASKED if incident.trial else plan.asked.get((incident.brand, incident.alert), NOTHING_ASKED)


def _judged(case: Case, plan: Plan) -> bool:
    """Whether the case's brand is still watched by its rule."""
    return case.brand in plan.brands and any(rule.id == case.rule for rule in plan.ruleset.for_brand(case.brand))
