"""What people do about an incident, as a document says it: who has it, what is done and promised, what to press."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, tzinfo

from crisiswatch.alerts.document import Task
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import clean, clip, exact, moment, since
from crisiswatch.model import Act, Case, CaseStep, Incident, Phase, Reminder, Stage, StandDown, VerdictKind, awaited

__all__ = ["buttons", "kept_tasks", "looks_like", "promises", "reminder", "sector", "status"]

SNOOZES = ("calm", "60", "240")
_NAME, _WORDS = 60, 300


def looks_like(stage: Stage, incident: Incident, case: Case | None) -> Stage:
    """The stage whose words a message has: an edit after the end goes on to say that it is over."""
    if stage is not Stage.UPDATED:
        return stage
    if awaited(case):
        return Stage.CALMING
    if incident.phase is Phase.RESOLVED:
        return Stage.RESOLVED
    return Stage.CALMING if incident.phase is Phase.SETTLING else stage


def status(incident: Incident, case: Case | None, stage: Stage, zone: tzinfo, lang: str) -> str:
    """Who has it, for how long it is quiet, how far it was escalated, and how it ended."""
    over = stage is Stage.RESOLVED
    parts = [_holder(incident, case, over, zone, lang)]
    if case is not None:
        parts += _of_case(case, zone, lang)
    if over:
        ending = (case.ending if case is not None else "") or incident.reason
        again = "" if case is None else clip(clean(case.followed_by), 120)
        parts.append(phrase(lang, ending, again=again) or phrase(lang, "calm"))
    if case is not None and case.verdict is not None:
        verdict = case.verdict
        reason = clip(clean(verdict.reason), _WORDS)
        parts.append(phrase(lang, verdict.kind.value, by=_name(verdict.by), reason=reason))
    if incident.flaps:
        again = phrase(lang, "once") if incident.flaps == 1 else phrase(lang, "n_times", n=exact(incident.flaps, lang))
        parts.append(phrase(lang, "flaps", again=again))
    if incident.trial:
        parts.append(phrase(lang, "trial"))
    return " ".join(part for part in parts if part)


def _holder(incident: Incident, case: Case | None, over: bool, zone: tzinfo, lang: str) -> str:
    who, at = incident.acknowledged_by or "", incident.acknowledged_at
    if case is not None and case.acknowledged_by:
        who, at = case.acknowledged_by, case.acknowledged_at
        if case.assigned_to:
            return phrase(lang, "assigned", who=_name(case.assigned_to), by=_name(case.assigned_by))
    if not who:
        return "" if over else phrase(lang, "nobody")
    if at is None:
        return phrase(lang, "has", who=_name(who))
    return phrase(lang, "has_since", who=_name(who), since=since(at, zone, lang))


def _of_case(case: Case, zone: tzinfo, lang: str) -> list[str]:
    parts = []
    if case.snooze is not None:
        until, by = case.snooze.until, _name(case.snooze.by)
        parts.append(
            phrase(lang, "snoozed_calm", by=by)
            if until is None
            else phrase(lang, "snoozed", until=moment(until, zone, lang), by=by)
        )
    if case.escalated_to and not case.ending:
        parts.append(phrase(lang, "escalated", who=", ".join(_name(each) for each in case.escalated_to)))
    if awaited(case):
        parts.append(phrase(lang, "awaited"))
    if case.stand_down is StandDown.CONFIRMED:
        parts.append(phrase(lang, "confirmed", who=_name(case.stood_down_by)))
    return parts


def kept_tasks(case: Case, planned: tuple[Task, ...], zone: tzinfo, lang: str) -> tuple[Task, ...]:
    """The steps of the case, with who did them and when; how long there is for one is said as in ``planned``."""
    words = {task.step: task.due for task in planned}
    return tuple(_task(step, words, zone, lang) for step in case.steps[:12])


def _task(step: CaseStep, words: Mapping[str, str], zone: tzinfo, lang: str) -> Task:
    text = clip(clean(step.step), 300)
    task = Task(step=text, role=clip(clean(step.role), 60), due=words.get(text) or _at(step.due, zone, lang))
    if step.done_at is None:
        asked = phrase(lang, f"asked.{step.answer}", who=_name(step.asked)) if step.asked else ""
        return replace(task, due=" · ".join(part for part in (asked, task.due) if part), overdue=step.overdue)
    return replace(task, done=phrase(lang, "done", who=_name(step.done_by), at=moment(step.done_at, zone, lang)))


def promises(case: Case, zone: tzinfo, lang: str) -> tuple[str, ...]:
    """What was promised: open, kept or missed."""
    found = []
    for each in case.promises[:12]:
        key = "kept" if each.kept_at is not None else "missed" if each.missed else "promise"
        who, at = (each.kept_by, each.kept_at) if each.kept_at is not None else (each.by, None)
        text = clip(clean(each.text), _WORDS)
        found.append(
            phrase(lang, key, due=moment(each.due, zone, lang), who=_name(who), at=_at(at, zone, lang), text=text)
        )
    return tuple(found)


def reminder(told: Reminder | None, zone: tzinfo, lang: str) -> str:
    """What somebody has to look at."""
    if told is None:
        return ""
    return phrase(lang, told.kind, due=_at(told.due, zone, lang), subject=clip(clean(told.subject), 600))


def sector(case: Case, names: Mapping[str, str], lang: str) -> str:
    """Which other brands of the sector are up; empty if none is."""
    if not case.sector:
        return ""
    return phrase(lang, "sector", names=", ".join(_name(names.get(each, each)) for each in case.sector[:6]))


def buttons(case: Case | None, incident: Incident) -> tuple[str, ...]:
    """The acts that make sense now, as ``act`` or ``act:detail``; alternatives stand together (``snooze:calm|60``)."""
    if case is None or incident.trial:
        return ()
    found: list[str] = []
    if not case.ending:
        waits = awaited(case)
        found += [Act.STAND_DOWN] * waits + [Act.ACKNOWLEDGE] * (not case.acknowledged_by) + [Act.ASSIGN]
        lengths = [each for each in SNOOZES if not (waits and each == "calm")]
        found += [Act.WAKE] if case.snooze is not None else [f"{Act.SNOOZE}:{'|'.join(lengths)}"]
        found += [Act.RESOLVE] * (bool(case.acknowledged_by) and not waits)
        steps = enumerate(case.steps[:12], 1)
        found += [f"{Act.STEP_DONE}:{number}" for number, step in steps if step.done_at is None]
    kept = enumerate(case.promises[:12], 1)
    found += [f"{Act.PROMISE_KEPT}:{number}" for number, each in kept if each.kept_at is None]
    found.append(f"{Act.VERDICT}:{'|'.join(VerdictKind)}")
    return tuple(str(each) for each in found)


def _name(who: str) -> str:
    return clip(clean(who), _NAME)


def _at(at: datetime | None, zone: tzinfo, lang: str) -> str:
    return "" if at is None else moment(at, zone, lang)
