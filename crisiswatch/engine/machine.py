"""The incident machine of one rule at one brand.

::

    calm ──a level holds──► holding ──for `hold`──► open ──quiet for a third of `quiet_for`──► settling ──rest──► calm
                               │                    ▲  │ a higher level: escalated                │
                               └──no longer──► calm │  └──────────────◄── no longer quiet ────────┘

Levels only rise inside one incident. The clock of quietness stands still while a source the incident counted is blind.
Opening again within a day is a flap: it is counted, shown, and each doubles `quiet_for`, up to eightfold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from crisiswatch.engine.look import Look
from crisiswatch.engine.program import RulePlan
from crisiswatch.engine.state import CALM, HOLDING, OPEN, SETTLING, RuleState, State
from crisiswatch.model import (
    Blind,
    Effect,
    Explained,
    Gate,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    Phase,
    Stage,
)
from crisiswatch.rules.judge import gates
from crisiswatch.rules.model import Schedule
from crisiswatch.windows import MILLI, Distinct, moment

__all__ = ["Moment", "acknowledge", "advance", "close", "orphan"]

FLAP_WINDOW = 24 * 60
NEWS_EVERY, NEWS_LATER, LONG = 5, 15, 120  # minutes: figures are refreshed each 5, each 15 once two hours have passed


@dataclass(frozen=True, slots=True)
class Moment:
    """One boundary of one rule: the minute, the level that holds, the look that shows it, and the final look."""

    minute: int
    level: Level
    look: Look
    final: Look


def advance(state: State, plan: RulePlan, mine: RuleState, at: Moment, tell: Callable[[Effect], None]) -> None:
    """Move the machine of one rule on by one minute."""
    if mine.is_open:
        _live(state, plan, mine, at, tell)
    elif at.level is Level.CALM:
        mine.phase, mine.since, mine.held_back = CALM, -1, ""
    else:
        _consider(state, plan, mine, at, tell)


def close(
    state: State, plan: RulePlan, mine: RuleState, at: Moment, reason: str, tell: Callable[[Effect], None]
) -> None:
    """End the incident: it is calm again, somebody said so, or its rule is gone."""
    mine.version += 1
    incident = _snapshot(state, plan, mine, at, Phase.RESOLVED, reason)
    fresh = RuleState(flaps=mine.flaps, last_resolved=at.minute, final=mine.final)
    for name in RuleState.__slots__:
        setattr(mine, name, getattr(fresh, name))
    tell(IncidentResolved(moment(at.minute), incident))


def _consider(state: State, plan: RulePlan, mine: RuleState, at: Moment, tell: Callable[[Effect], None]) -> None:
    """A level holds while calm: hold it for a while, and open unless something speaks against it."""
    if mine.phase == CALM:
        mine.phase, mine.since = HOLDING, at.minute
    against = _held_back(state, plan, mine, at)
    if not against:
        _open(state, plan, mine, at, tell)
    elif against != mine.held_back:
        mine.held_back = against
        tell(Explained(moment(at.minute), state.brand, plan.rule.id, at.level, against, _gates(plan, at)))


def _held_back(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> str:
    rule = plan.rule
    if at.minute - mine.since < rule.hold:
        return "hold"
    if rule.only_during is not None and not _within(rule.only_during, at.minute):
        return "only_during"
    for other in rule.unless_open:
        if other in state.rules and state.rules[other].is_open:
            return f"unless_open: {other}"
    return ""


def _open(state: State, plan: RulePlan, mine: RuleState, at: Moment, tell: Callable[[Effect], None]) -> None:
    look = at.look
    flapped = mine.last_resolved >= 0 and at.minute - mine.last_resolved <= FLAP_WINDOW
    mine.flaps = mine.flaps + 1 if flapped else 0
    mine.phase, mine.opened, mine.quiet_since, mine.held_back = OPEN, at.minute, -1, ""
    mine.level = mine.opening_level = int(at.level)
    mine.levels = [(int(at.level), at.minute)]
    mine.excess = max(look.count - look.expected, 0.0)
    mine.mentions = round(look.count * MILLI)
    mine.authors = Distinct(mine.authors.size)
    for bucket in look.series.span(look.start, look.end):
        mine.authors.update(bucket.authors)
    mine.sources = set(look.sources)
    mine.peak = look.reading()
    mine.version = 1
    mine.title, mine.alert, mine.trial = plan.rule.title, plan.rule.alert, plan.rule.status == "trial"
    mine.told, mine.told_at = mine.mentions, at.minute
    tell(IncidentOpened(moment(at.minute), _snapshot(state, plan, mine, at, Phase.OPEN)))


def _live(state: State, plan: RulePlan, mine: RuleState, at: Moment, tell: Callable[[Effect], None]) -> None:
    """One minute in the life of an open incident: it escalates, calms, flares up, ends, or just has new figures."""
    if mine.peak is None or at.look.count > mine.peak.observed:
        mine.peak = at.look.reading()
    if at.level > mine.level:
        mine.level = int(at.level)
        mine.levels.append((int(at.level), at.minute))
        mine.phase, mine.quiet_since = OPEN, -1
        _change(state, plan, mine, at, Stage.ESCALATED, tell)
        return
    if not _quiet(mine, at, plan.rule.settle.below):
        mine.quiet_since = -1
        if mine.phase == SETTLING:
            mine.phase = OPEN
            _change(state, plan, mine, at, Stage.UPDATED, tell)
        else:
            _refresh(state, plan, mine, at, tell)
        return
    _settle(state, plan, mine, at, tell)


def _quiet(mine: RuleState, at: Moment, below: float) -> bool:
    """Below the opening level, and what is above normal below the stated part of what it was on opening."""
    if at.level >= mine.opening_level:
        return False
    final = at.final
    return max(final.count, at.look.count) - final.expected <= below * mine.excess


def _settle(state: State, plan: RulePlan, mine: RuleState, at: Moment, tell: Callable[[Effect], None]) -> None:
    if mine.quiet_since < 0:
        mine.quiet_since = at.minute
    elif any(state.sources[source].blind for source in mine.sources if source in state.sources):
        mine.quiet_since += 1  # blind is not calm: the clock stands still
    quiet = at.minute - mine.quiet_since
    needed = plan.rule.settle.quiet_for * min(2**mine.flaps, 8)
    if quiet >= needed:
        close(state, plan, mine, at, "calm", tell)
    elif mine.phase == OPEN and quiet * 3 >= needed:
        mine.phase = SETTLING
        _change(state, plan, mine, at, Stage.CALMING, tell)
    elif mine.phase == OPEN:
        _refresh(state, plan, mine, at, tell)


def _refresh(state: State, plan: RulePlan, mine: RuleState, at: Moment, tell: Callable[[Effect], None]) -> None:
    every = NEWS_EVERY if at.minute - mine.opened < LONG else NEWS_LATER
    if mine.mentions != mine.told and at.minute - mine.told_at >= every:
        _change(state, plan, mine, at, Stage.UPDATED, tell)


def _change(
    state: State, plan: RulePlan, mine: RuleState, at: Moment, stage: Stage, tell: Callable[[Effect], None]
) -> None:
    mine.version += 1
    mine.told, mine.told_at = mine.mentions, at.minute
    phase = Phase.SETTLING if mine.phase == SETTLING else Phase.OPEN
    tell(IncidentChanged(moment(at.minute), _snapshot(state, plan, mine, at, phase), stage))


def _snapshot(state: State, plan: RulePlan, mine: RuleState, at: Moment, phase: Phase, reason: str = "") -> Incident:
    rule, opened = plan.rule, moment(mine.opened)
    reading = at.look.reading()
    spells = state.blind_between(mine.opened - rule.window, at.minute)
    return Incident(
        id=f"{state.brand}.{rule.id}.{opened:%Y%m%dT%H%MZ}",
        brand=state.brand,
        rule=rule.id,
        title=rule.title,
        alert=rule.alert,
        version=mine.version,
        phase=phase,
        level=Level(mine.level),
        peak_level=Level(max(level for level, _ in mine.levels)),
        opened_at=opened,
        updated_at=moment(at.minute),
        resolved_at=moment(at.minute) if phase is Phase.RESOLVED else None,
        levels=tuple((Level(level), moment(minute)) for level, minute in mine.levels),
        reading=reading,
        peak=mine.peak or reading,
        gates=_gates(plan, at, mine.level),
        mentions=round(mine.mentions / MILLI),
        authors=mine.authors.estimate(),
        because=rule.because,
        blind=tuple(
            Blind(s.source, moment(s.since), moment(s.until) if s.until >= 0 else None, s.reason) for s in spells
        ),
        trend=at.look.trend(),
        flaps=mine.flaps,
        trial=rule.status == "trial",
        acknowledged_by=mine.acknowledged_by or None,
        acknowledged_at=moment(mine.acknowledged_at) if mine.acknowledged_by else None,
        reason=reason,
    )


def _gates(plan: RulePlan, at: Moment, level: int | None = None) -> tuple[Gate, ...]:
    wanted = int(at.level) if level is None else level
    for each, block in plan.rule.levels:
        if int(each) == wanted:
            return gates(block, at.look)
    return ()


def acknowledge(
    state: State, plan: RulePlan, mine: RuleState, at: Moment, actor: str, tell: Callable[[Effect], None]
) -> None:
    """Note who has it; the first one counts."""
    if mine.acknowledged_by:
        return
    mine.acknowledged_by, mine.acknowledged_at = actor, at.minute
    _change(state, plan, mine, at, Stage.UPDATED, tell)


def orphan(state: State, rule: str, mine: RuleState) -> IncidentResolved:
    """End the incident of a rule that is no longer there, with the last figures it had."""
    opened, now = moment(mine.opened), moment(state.now)
    assert mine.peak is not None  # an open incident has one from its first minute
    incident = Incident(
        id=f"{state.brand}.{rule}.{opened:%Y%m%dT%H%MZ}",
        brand=state.brand,
        rule=rule,
        title=mine.title,
        alert=mine.alert,
        version=mine.version + 1,
        phase=Phase.RESOLVED,
        level=Level(mine.level),
        peak_level=Level(max(level for level, _ in mine.levels)),
        opened_at=opened,
        updated_at=now,
        resolved_at=now,
        levels=tuple((Level(level), moment(minute)) for level, minute in mine.levels),
        reading=mine.peak,
        peak=mine.peak,
        gates=(),
        mentions=round(mine.mentions / MILLI),
        authors=mine.authors.estimate(),
        flaps=mine.flaps,
        trial=mine.trial,
        reason="rule_removed",
    )
    return IncidentResolved(now, incident)


def _within(hours: Schedule, minute: int) -> bool:
    local = moment(minute).astimezone(hours.timezone)
    of_day = local.hour * 60 + local.minute
    if hours.start <= hours.end:
        return local.weekday() in hours.days and hours.start <= of_day < hours.end
    if of_day >= hours.start:
        return local.weekday() in hours.days
    return of_day < hours.end and (local - timedelta(days=1)).weekday() in hours.days
