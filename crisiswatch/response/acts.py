"""What people do to a case. Each act is checked first; what says nothing new changes nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from crisiswatch.errors import ActRefused
from crisiswatch.model import (
    Act,
    Case,
    CaseStep,
    HumanAction,
    Promise,
    Reminder,
    Snooze,
    Stage,
    StandDown,
    Verdict,
    VerdictKind,
    awaited,
)
from crisiswatch.response.draft import Draft
from crisiswatch.response.plan import NOTHING_ASKED, Plan
from crisiswatch.response.playbook import done_by_taking, promise_of, put_step
from crisiswatch.response.timers import dismissed, settle, slept_over_calm

__all__ = ["AFTER_THE_END", "act", "when", "words"]

AFTER_THE_END = frozenset({Act.VERDICT, Act.NOTE, Act.STEP_DONE, Act.PROMISE_KEPT})
"""What can still be said of an incident that is over."""
LONGEST_SNOOZE = 7 * 24 * 60  # minutes
LONGEST_PROMISE = timedelta(days=366)
MOST_PROMISES = 50
NAME, WORDS = 80, 1000  # characters
_NUMBER = re.compile(r"\d{1,6}", re.ASCII)
_ALIKE = timedelta(minutes=1)


def act(draft: Draft, action: HumanAction, plan: Plan = NOTHING_ASKED) -> None:
    """Do what a person asks; raises `ActRefused`, and then nothing is done."""
    if action.action not in set(Act):
        raise ActRefused(f"nobody can {words(action.action, 40) or 'do nothing'}; there are: {', '.join(Act)}")
    kind = Act(action.action)
    case = draft.case
    if case.ending and kind not in AFTER_THE_END:
        ended = "" if case.closed_at is None else f" since {when(case.closed_at)}"
        raise ActRefused(f"it is over already{ended}")
    before, sent = case, len(draft.sendings)
    actor = words(action.actor, NAME) or "somebody"
    _DOES[kind](draft, action, actor)
    if not case.ending:
        done_by_taking(draft, before, action.at, plan)
        promise_of(draft, before, action.at, actor, plan)
        if kind is Act.VERDICT and awaited(draft.case) and dismissed(draft.case):
            _stand_down(draft, action, actor)
    if draft.case != before:
        draft.change(touched_at=action.at)
        settle(draft, action.at)
        if kind is not Act.RESOLVE and len(draft.sendings) == sent:
            to = draft.case.assigned_to
            if kind is Act.ASSIGN and to != actor:  # an edit would notify nobody
                draft.send(action.at, Stage.REMINDED, reminder=Reminder("assigned_to", to))
            else:
                draft.send(action.at, Stage.UPDATED)


def words(text: str, limit: int) -> str:
    """A text on one line, printable and at most so long."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(printable.split())[:limit]


def when(at: datetime, zone: tzinfo = UTC) -> str:
    """A time as an answer says it: ``3 Mar 14:05 UTC``."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %H:%M %Z}"


def _acknowledge(draft: Draft, action: HumanAction, actor: str) -> None:
    case = draft.case
    if not case.acknowledged_by or case.taken_by_verdict:
        _take(draft, action.at, actor)
        draft.decide(action.at, actor, Act.ACKNOWLEDGE, "Has it.")
    elif actor not in {case.acknowledged_by, case.assigned_to, *case.also}:
        draft.change(also=(*case.also, actor)[-20:])
        draft.decide(action.at, actor, Act.ACKNOWLEDGE, f"Wanted to take it; {_holder(case)} has it.")


def _assign(draft: Draft, action: HumanAction, actor: str) -> None:
    to = words(action.detail.get("to", ""), NAME)
    if not to:
        raise ActRefused("say to whom it is assigned")
    if draft.case.assigned_to == to:
        return
    if not draft.case.acknowledged_by:
        _take(draft, action.at, actor)
    draft.change(assigned_to=to, assigned_by=actor, taken_by_verdict=False)
    draft.decide(action.at, actor, Act.ASSIGN, f"Assigned to {to}.")


def _snooze(draft: Draft, action: HumanAction, actor: str) -> None:
    wanted, old = action.detail.get("for", "calm"), draft.case.snooze
    if wanted == "calm":
        if draft.case.calm_at is not None:
            raise ActRefused("the figures are calm already")
        if old is not None and old.until is None:
            return
        _takes(draft, action.at, actor)
        draft.change(snooze=Snooze(actor, action.at))
        draft.decide(action.at, actor, Act.SNOOZE, "Snoozed until it is calm.")
        return
    minutes = _number(wanted, "for how many minutes to snooze, or calm", LONGEST_SNOOZE)
    until = action.at + timedelta(minutes=minutes)
    if old is not None and old.until is not None and abs(until - old.until) < _ALIKE:
        return
    _takes(draft, action.at, actor)
    draft.change(snooze=Snooze(actor, action.at, until))
    draft.decide(action.at, actor, Act.SNOOZE, f"Snoozed until {when(until)}.")


def _takes(draft: Draft, at: datetime, actor: str) -> None:
    """Who wants to hear nothing of what nobody has, has it: or it would be asleep with nobody to look after it."""
    if not draft.case.acknowledged_by:
        _take(draft, at, actor)
        draft.decide(at, actor, Act.ACKNOWLEDGE, "Has it, by snoozing it.")


def _wake(draft: Draft, action: HumanAction, actor: str) -> None:
    snooze = draft.case.snooze
    if snooze is not None:
        draft.change(snooze=None)
        draft.decide(action.at, actor, Act.WAKE, "Ended the snooze.")
        if slept_over_calm(draft.case, snooze, action.at):
            draft.send(action.at, Stage.CALMING)


def _step_done(draft: Draft, action: HumanAction, actor: str) -> None:
    number, step = _step(draft.case, action.detail)
    if step.done_at is None:
        put_step(draft, number - 1, replace(step, done_by=actor, done_at=action.at))
        draft.decide(action.at, actor, Act.STEP_DONE, f"Step {number} done: {step.step}")


def _step_reopened(draft: Draft, action: HumanAction, actor: str) -> None:
    number, step = _step(draft.case, action.detail)
    if step.done_at is not None:
        late = step.overdue or (step.due is not None and step.due <= action.at)  # who reopens it knows that it is late
        put_step(
            draft, number - 1, replace(step, done_by="", done_at=None, overdue=late, asked="", asked_in=0, answer="")
        )
        draft.decide(action.at, actor, Act.STEP_REOPENED, f"Step {number} open again: {step.step}")


def _verdict(draft: Draft, action: HumanAction, actor: str) -> None:
    wanted, reason = action.detail.get("kind", ""), words(action.detail.get("reason", ""), WORDS)
    if wanted not in set(VerdictKind):
        raise ActRefused(f"a verdict is one of: {', '.join(VerdictKind)}")
    kind, old = VerdictKind(wanted), draft.case.verdict
    if kind is VerdictKind.NOT_A_CRISIS and not reason:
        raise ActRefused("say why it is not a crisis: a verdict not_a_crisis needs a reason")
    if old is not None and (old.kind, old.by, old.reason) == (kind, actor, reason):
        return
    draft.change(verdict=Verdict(kind, actor, action.at, reason))
    because = f": {reason}" if reason else ""
    draft.decide(action.at, actor, Act.VERDICT, f"{kind.value.replace('_', ' ').capitalize()}{because}.")
    if kind is not VerdictKind.USEFUL and not draft.case.acknowledged_by and not draft.case.ending:
        _take(draft, action.at, actor, by_verdict=True)
        draft.decide(action.at, actor, Act.ACKNOWLEDGE, "Has it, by saying what it was.")


def _promise(draft: Draft, action: HumanAction, actor: str) -> None:
    text, due = words(action.detail.get("text", ""), WORDS), _time(action.detail.get("due", ""))
    if not text:
        raise ActRefused("say what is promised")
    if any((each.text, each.due, each.by) == (text, due, actor) for each in draft.case.promises):
        return
    if due <= action.at:
        raise ActRefused(f"{when(due)} is in the past")
    if due - action.at > LONGEST_PROMISE:
        raise ActRefused("a promise is due within a year")
    if len(draft.case.promises) >= MOST_PROMISES:
        raise ActRefused(f"an incident holds {MOST_PROMISES} promises at most")
    draft.change(promises=(*draft.case.promises, Promise(text=text, due=due, by=actor, at=action.at)))
    draft.decide(action.at, actor, Act.PROMISE, f"Promised by {when(due)}: {text}")


def _promise_kept(draft: Draft, action: HumanAction, actor: str) -> None:
    promises = draft.case.promises
    number = _number(action.detail.get("promise", ""), "which promise, by its number", 999_999)
    if not 0 < number <= len(promises):
        raise ActRefused(f"there is no promise {number} of {len(promises)}")
    kept = promises[number - 1]
    if kept.kept_at is None:
        new = replace(kept, kept_by=actor, kept_at=action.at)
        draft.change(promises=(*promises[: number - 1], new, *promises[number:]))
        draft.decide(action.at, actor, Act.PROMISE_KEPT, f"Kept: {kept.text}")


def _stand_down(draft: Draft, action: HumanAction, actor: str) -> None:
    if draft.case.stand_down is not StandDown.AWAITED:
        raise ActRefused("the figures are not calm yet; `resolve` ends it all the same")
    draft.change(stand_down=StandDown.CONFIRMED, stood_down_by=actor, ending="calm", ended_at=action.at, snooze=None)
    draft.decide(action.at, actor, Act.STAND_DOWN, "Confirmed that it is over.")
    settle(draft, action.at)
    draft.send(action.at, Stage.RESOLVED)


def _resolve(draft: Draft, action: HumanAction, actor: str) -> None:
    if draft.case.stand_down is StandDown.AWAITED:
        _stand_down(draft, action, actor)
    else:  # the end itself is the engine's to tell
        draft.decide(action.at, actor, Act.RESOLVE, "Closed it by hand.")


def _note(draft: Draft, action: HumanAction, actor: str) -> None:
    text = words(action.detail.get("text", ""), WORDS)
    if not text:
        raise ActRefused("a note needs a text")
    mark = hashlib.sha256(f"{actor}\n{text}".encode("utf-8", "replace")).hexdigest()[:16]
    if draft.case.noted != mark:
        draft.change(noted=mark)
        draft.decide(action.at, actor, Act.NOTE, text)


_DOES: Mapping[Act, Callable[[Draft, HumanAction, str], None]] = {
    Act.ACKNOWLEDGE: _acknowledge,
    Act.ASSIGN: _assign,
    Act.SNOOZE: _snooze,
    Act.WAKE: _wake,
    Act.STEP_DONE: _step_done,
    Act.STEP_REOPENED: _step_reopened,
    Act.VERDICT: _verdict,
    Act.PROMISE: _promise,
    Act.PROMISE_KEPT: _promise_kept,
    Act.STAND_DOWN: _stand_down,
    Act.RESOLVE: _resolve,
    Act.NOTE: _note,
}


def _take(draft: Draft, at: datetime, actor: str, *, by_verdict: bool = False) -> None:
    draft.change(acknowledged_by=actor, acknowledged_at=at, taken_by_verdict=by_verdict)


def _holder(case: Case) -> str:
    return case.assigned_to or case.acknowledged_by


def _step(case: Case, detail: Mapping[str, str]) -> tuple[int, CaseStep]:
    number = _number(detail.get("step", ""), "which step, by its number", 999_999)
    if not 0 < number <= len(case.steps):
        raise ActRefused(f"there is no step {number} of {len(case.steps)}")
    return number, case.steps[number - 1]


def _number(text: str, what: str, most: int) -> int:
    if not _NUMBER.fullmatch(text) or not 0 < int(text) <= most:
        raise ActRefused(f"say {what}")
    return int(text)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ActRefused("say until when as a time like 2026-03-03T15:00:00+01:00") from None
    if found.tzinfo is None:
        raise ActRefused("say the time with its zone, like 2026-03-03T15:00:00+01:00")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ActRefused("that time is beyond all times") from None
