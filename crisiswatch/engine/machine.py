"""The incident machine of one rule at one brand.

::

    calm ──a level holds──► holding ──for `hold`──► open ──quiet for a third of `quiet_for`──► settling ──rest──► calm
                               │                    ▲  │ a higher level: escalated                │
                               └──no longer──► calm │  └──────────────◄── no longer quiet ────────┘

Levels only rise inside one incident. The clock of quietness stands still while a source the incident counted is blind.
Opening again within a day is a flap: it is counted, shown, and each doubles `quiet_for`, up to eightfold. What somebody
resolved by hand opens anew once the rule has been calm, at a higher level, with twice the mentions in its window, or
when it still holds a day later. A rule on trial holds back no other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crisiswatch.engine.catchup import is_over
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
from crisiswatch.windows import MILLI, Distinct, moment

__all__ = ["Moment", "acknowledge", "advance", "close", "gone_blind", "orphan"]

FLAP_WINDOW = 24 * 60
DISMISSED_FOR = 24 * 60  # minutes
WORSE = 2  # times the mentions that somebody saw when closing it by hand
NEWS_EVERY, NEWS_LATER, LONG = 5, 15, 120  # minutes: figures are refreshed each 5, each 15 once two hours have passed


@dataclass(frozen=True, slots=True)
class Moment:
    """One boundary of one rule: the minute, the level that holds, the look that shows it, the final look.

    ``tell`` takes the effects, in order.
    """

    minute: int
    level: Level
    look: Look
    final: Look
    tell: Callable[[Effect], None]


def advance(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> None:
    """Move the machine of one rule on by one minute."""
    if mine.is_open:
        _live(state, plan, mine, at)
    elif at.level is Level.CALM:
        mine.phase, mine.since, mine.held_back = CALM, -1, ""
        mine.forget_closing()
    else:
        _consider(state, plan, mine, at)


def close(state: State, plan: RulePlan, mine: RuleState, at: Moment, reason: str) -> None:
    """End the incident: it is calm again, somebody said so, or its rule is gone."""
    mine.version += 1
    incident = _snapshot(state, plan, mine, at, Phase.RESOLVED, reason=reason)
    fresh = RuleState(flaps=mine.flaps, last_resolved=at.minute, final=mine.final)
    if reason == "by_hand":
        fresh.dismissed = mine.level
        fresh.dismissed_count = round(max(at.look.count, at.final.count) * MILLI)
    for name in RuleState.__slots__:
        setattr(mine, name, getattr(fresh, name))
    at.tell(IncidentResolved(moment(at.minute), incident))


def _consider(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> None:
    """A level holds while calm: hold it for a while, and open unless something speaks against it."""
    if mine.phase == CALM:
        mine.phase, mine.since, mine.trial = HOLDING, at.minute, plan.rule.status == "trial"
    against = _held_back(state, plan, mine, at)
    if not against:
        _open(state, plan, mine, at)
    elif against != mine.held_back:
        mine.held_back = against
        at.tell(Explained(moment(at.minute), state.brand, plan.rule.id, at.level, against, _gates(plan, at)))


def _held_back(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> str:
    rule = plan.rule
    if at.level <= mine.dismissed and not _worse_than_closed(plan, mine, at):
        return "by_hand"
    for name in rule.unless_open:
        other = state.rules.get(name)
        if other is not None and _speaks(other) and (not other.trial or rule.status == "trial"):
            # What it sees when the other is over may be that one's tail: it has to last for a window of its own.
            mine.since = at.minute + plan.rule.window
            return f"unless_open: {name}"
    if is_over(state, at.look):
        return "backfill"
    if at.minute - mine.since < rule.hold:
        return "hold"
    if rule.only_during is not None and not rule.only_during.holds(moment(at.minute)):
        return "only_during"
    return ""


def _worse_than_closed(plan: RulePlan, mine: RuleState, at: Moment) -> bool:
    """Whether what was closed by hand, and still holds, is twice what it was then, or has gone on for a day.

    Where no mention is needed for a level to hold (a drop, a blind source), more of them are not worse.
    """
    if at.minute - mine.last_resolved >= DISMISSED_FOR:
        return True
    if plan.blindness or not plan.floor or mine.dismissed_count < 0:
        return False
    return round(at.look.count * MILLI) >= WORSE * mine.dismissed_count


def _speaks(other: RuleState) -> bool:
    """Whether a rule has an incident, or will in a moment: it only holds on to see whether it lasts."""
    return other.is_open or (other.phase == HOLDING and other.held_back == "hold")


def _open(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> None:
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
        if bucket.voices is not None and bucket.voices.authors is not None:
            mine.authors.update(bucket.voices.authors)
    mine.sources = set(look.sources)
    mine.peak = look.reading()
    mine.version = 1
    mine.title, mine.alert, mine.trial = plan.rule.title, plan.rule.alert, plan.rule.status == "trial"
    mine.told, mine.told_at = mine.mentions, at.minute
    at.tell(IncidentOpened(moment(at.minute), _snapshot(state, plan, mine, at, Phase.OPEN)))


def _live(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> None:
    """One minute in the life of an open incident: it escalates, calms, flares up, ends, or just has new figures."""
    if mine.peak is None or at.look.count > mine.peak.observed:
        mine.peak = at.look.reading()
    if at.level > mine.level:
        mine.level = int(at.level)
        mine.levels.append((int(at.level), at.minute))
        mine.phase, mine.quiet_since = OPEN, -1
        _change(state, plan, mine, at, Stage.ESCALATED)
        return
    if not _quiet(plan, mine, at):
        mine.quiet_since = -1
        if mine.phase == SETTLING:
            mine.phase = OPEN
            _change(state, plan, mine, at, Stage.UPDATED)
        else:
            _refresh(state, plan, mine, at)
        return
    _settle(state, plan, mine, at)


def _quiet(plan: RulePlan, mine: RuleState, at: Moment) -> bool:
    """Below the opening level, and what is above normal below the stated part of what it was on opening.

    The level alone says so where that part means nothing: nothing was above normal on opening, or nobody knows what a
    normal count would be (see `RulePlan.relative`).
    """
    if at.level >= mine.opening_level:
        return False
    if plan.relative or mine.excess <= 0.0:
        return True
    final, enough = at.final, plan.rule.settle.below * mine.excess
    most = max(final.count, at.look.count)
    return most <= enough or most - final.expected <= enough  # what is usual is only asked for where it decides


def _settle(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> None:
    if mine.quiet_since < 0:
        mine.quiet_since = at.minute
    elif any(state.sources[source].blind for source in mine.sources if source in state.sources):
        mine.quiet_since += 1  # blind is not calm: the clock stands still
    quiet = at.minute - mine.quiet_since
    needed = plan.rule.settle.quiet_for * min(2**mine.flaps, 8)
    if quiet >= needed:
        close(state, plan, mine, at, "calm")
    elif mine.phase == OPEN and quiet * 3 >= needed:
        mine.phase = SETTLING
        _change(state, plan, mine, at, Stage.CALMING)
    elif mine.phase == OPEN:
        _refresh(state, plan, mine, at)


def gone_blind(mine: RuleState, source: str, since: int, minute: int) -> None:
    """Take back the part of the quietness in which a source of the incident was blind without anybody knowing yet."""
    if mine.is_open and mine.quiet_since >= 0 and source in mine.sources:
        mine.quiet_since = min(mine.quiet_since + minute - max(mine.quiet_since, since), minute)


def _refresh(state: State, plan: RulePlan, mine: RuleState, at: Moment) -> None:
    every = NEWS_EVERY if at.minute - mine.opened < LONG else NEWS_LATER
    if mine.mentions != mine.told and at.minute - mine.told_at >= every:
        _change(state, plan, mine, at, Stage.UPDATED)


def _change(state: State, plan: RulePlan, mine: RuleState, at: Moment, stage: Stage) -> None:
    mine.version += 1
    mine.told, mine.told_at = mine.mentions, at.minute
    phase = Phase.SETTLING if mine.phase == SETTLING else Phase.OPEN
    at.tell(IncidentChanged(moment(at.minute), _snapshot(state, plan, mine, at, phase), stage))


def _snapshot(state: State, plan: RulePlan, mine: RuleState, at: Moment, phase: Phase, *, reason: str = "") -> Incident:
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


def acknowledge(state: State, plan: RulePlan, mine: RuleState, at: Moment, actor: str) -> None:
    """Note who has it; the first one counts."""
    if mine.acknowledged_by:
        return
    mine.acknowledged_by, mine.acknowledged_at = actor, at.minute
    _change(state, plan, mine, at, Stage.UPDATED)


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
