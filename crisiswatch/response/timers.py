"""What time alone does to a case: rungs to climb, steps and promises to be reminded of, snoozes that end.

Time counts in whole minutes, as in the engine: whatever falls due within a minute is told at its end, once, however
often somebody looks at the clock. While a case is snoozed nothing is told but promises, which ring before they are
missed; what else fell due meanwhile is told at its end. Of what somebody called a false alarm, or no crisis, only
promises ring, unless it gets worse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from crisiswatch.model import Act, Case, CaseStep, Level, Promise, Reminder, Snooze, Stage, StandDown, VerdictKind
from crisiswatch.response.draft import US, Draft
from crisiswatch.response.plan import Plan, Rung

__all__ = [
    "ask_again_at",
    "come_to",
    "dismissed",
    "ends_with_the_incident",
    "next_due",
    "open_promises",
    "settle",
    "slept_over_calm",
]

LEAD = timedelta(minutes=15)
FIRST_ASKED, ASKED_EVERY = timedelta(hours=2), timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def next_due(case: Case, plan: Plan) -> datetime | None:
    """When the case next does something by itself, a whole minute; None if it waits for nothing."""
    if case.closed_at is not None:
        return None
    if case.snooze is not None:
        over = [] if case.snooze.until is None else [_minute_after(case.snooze.until)]
        due = min([*over, *_of_promises(case)], default=None)
    else:
        due = min(_waiting(case, plan), default=None)
    if due is None or case.touched_at is None:
        return due
    return max(due, _minute_after(case.touched_at))  # what fell due in a snooze that somebody ended is due now


def come_to(draft: Draft, at: datetime, plan: Plan) -> None:
    """Do everything that has fallen due by ``at``, minute by minute."""
    while (due := next_due(draft.case, plan)) is not None and due <= at:
        _fire(draft, due, plan)


def settle(draft: Draft, at: datetime) -> None:
    """Close a case that has ended, unless a promise of it still has to be kept."""
    case = draft.case
    if case.ending and case.closed_at is None and not open_promises(case):
        draft.change(closed_at=at, snooze=None)


def open_promises(case: Case) -> list[Promise]:
    """Those that were neither kept nor missed."""
    return [promise for promise in case.promises if promise.kept_at is None and not promise.missed]


def dismissed(case: Case) -> bool:
    """Whether somebody said that it is a false alarm, or no crisis, and it has not got worse since."""
    said = case.verdict
    if said is None or said.kind is VerdictKind.USEFUL:
        return False
    before = max((level for level, at in case.levels if at <= said.at), default=Level.CALM)
    return all(level <= before for level, at in case.levels if at > said.at)


def _refuted_at(case: Case) -> datetime | None:
    """When it got worse than it was when somebody called it a false alarm, or no crisis; None if nobody did."""
    said = case.verdict
    if said is None or said.kind is VerdictKind.USEFUL or dismissed(case):
        return None
    return min(at for _, at in case.levels if at > said.at)


def ends_with_the_incident(snooze: Snooze | None) -> bool:
    """Whether a snooze is for as long as the figures are not calm."""
    return snooze is not None and snooze.until is None


def ask_again_at(case: Case) -> datetime | None:
    """When people are next reminded to say that it is over; None if nobody has to."""
    if case.stand_down is not StandDown.AWAITED or case.calm_at is None:
        return None
    return _minute_after(case.calm_at + FIRST_ASKED + case.asked * ASKED_EVERY)


def slept_over_calm(case: Case, snooze: Snooze, now: datetime) -> bool:
    """Whether nobody was asked to confirm that it is over, because the case was snoozed when it became calm, nor is
    reminded of it just now."""
    again = ask_again_at(case)
    return again is not None and again > now and case.calm_at is not None and snooze.at <= case.calm_at


def _waiting(case: Case, plan: Plan) -> Iterator[datetime]:
    yield from _of_promises(case)
    again = ask_again_at(case)
    if again is not None:
        yield again
    if case.calm_at is not None or case.ending or dismissed(case):
        return
    for step in case.steps:
        if step.due is not None and step.done_at is None and not step.overdue:
            yield _minute_after(step.due)
    if not case.acknowledged_by:
        for _, _, due in _rungs(case, plan):
            yield due


def _of_promises(case: Case) -> Iterator[datetime]:
    for promise in open_promises(case):
        yield _minute_after(promise.due) if promise.rung else _rings_at(promise)


def _rungs(case: Case, plan: Plan) -> Iterator[tuple[int, Rung, datetime]]:
    """The rungs that are still to be climbed at the level the incident has, and when. What somebody called a false
    alarm before it rose was in hand until then."""
    began = _refuted_at(case)
    for number, rung in enumerate(plan.rungs, 1):
        if number in case.climbed or not case.levels or not rung.fits(case.levels[-1][0]):
            continue
        since = next(at for level, at in case.levels if rung.fits(level))
        since = since if began is None else max(since, began)
        yield number, rung, _minute_after(since + rung.after_minutes * _MINUTE)


def _fire(draft: Draft, now: datetime, plan: Plan) -> None:
    """Do what is due at the minute ``now``; afterwards none of it is due any more."""
    snooze = draft.case.snooze
    if snooze is not None and (snooze.until is None or _minute_after(snooze.until) > now):
        _chase_promises(draft, now)
        return
    if snooze is not None:
        draft.change(snooze=None)
        draft.decide(now, US, Act.WAKE, "The snooze is over.")
        draft.send(now, Stage.CALMING if slept_over_calm(draft.case, snooze, now) else Stage.UPDATED)
    if draft.case.calm_at is None and not draft.case.ending and not dismissed(draft.case):
        _climb(draft, now, plan)
        _chase_steps(draft, now, plan)
    _chase_promises(draft, now)
    again = ask_again_at(draft.case)
    if again is not None and again <= now:
        draft.change(asked=draft.case.asked + 1)
        _remind(draft, now, Reminder("stand_down_awaited"), "The figures are calm; nobody has said that it is over.")
    settle(draft, now)


def _climb(draft: Draft, now: datetime, plan: Plan) -> None:
    """Tell the rungs that are due because nobody has it."""
    if draft.case.acknowledged_by:
        return
    found = [(number, rung) for number, rung, due in _rungs(draft.case, plan) if due <= now]
    if not found:
        return
    for number, rung in found:
        _note_rung(draft, number, rung)
    names = tuple(dict.fromkeys(name for _, rung in found for name in rung.receivers))
    reminder = Reminder("unacknowledged", rung=draft.case.rung)
    text = f"Nobody has it.{_told(names)}"
    everybody = any(not rung.receivers for _, rung in found)
    _remind(draft, now, reminder, text, receivers=None if everybody else names, joining=names if everybody else ())


def _chase_steps(draft: Draft, now: datetime, plan: Plan) -> None:
    """Remind of steps nobody has done in time, all together, and tell the next rung."""
    late = [
        number
        for number, step in enumerate(draft.case.steps)
        if step.due is not None and step.done_at is None and not step.overdue and _minute_after(step.due) <= now
    ]
    if not late:
        return
    steps = draft.case.steps
    draft.change(steps=tuple(_overdue(step) if number in late else step for number, step in enumerate(steps)))
    level = draft.case.levels[-1][0] if draft.case.levels else None
    higher = (
        (number, rung)
        for number, rung in enumerate(plan.rungs, 1)
        if level is not None and number not in draft.case.climbed and rung.fits(level)
    )
    number, rung = next(higher, (0, None))
    if rung is not None:
        _note_rung(draft, number, rung)
    names = () if rung is None else rung.receivers
    subject = "; ".join(steps[number].step for number in late)
    due = min((steps[number].due or now) for number in late)
    reminder = Reminder("step_overdue", subject, due, draft.case.rung, tuple(number + 1 for number in late))
    _remind(draft, now, reminder, f"Not done in time: {subject}.{_told(names)}", joining=names)


def _chase_promises(draft: Draft, now: datetime) -> None:
    """Ring before a promise is due, and say when one was missed; all of one minute together."""
    missed: dict[int, Promise] = {}
    ringing: dict[int, Promise] = {}
    for number, promise in enumerate(draft.case.promises, 1):
        if promise.kept_at is not None or promise.missed:
            continue
        if promise.due <= now:
            missed[number] = promise
        elif not promise.rung and _rings_at(promise) <= now:
            ringing[number] = promise
    if not missed and not ringing:
        return
    told = missed | ringing
    draft.change(
        promises=tuple(
            replace(promise, rung=True, missed=number in missed) if number in told else promise
            for number, promise in enumerate(draft.case.promises, 1)
        )
    )
    for kind, some, word in (
        ("promise_missed", missed, "A promise was not kept in time"),
        ("promise_due", ringing, "A promise is due soon"),
    ):
        if some:
            subject = "; ".join(promise.text for promise in some.values())
            due = min(promise.due for promise in some.values())
            _remind(draft, now, Reminder(kind, subject, due, numbers=tuple(some)), f"{word}: {subject}.")


def _remind(
    draft: Draft,
    now: datetime,
    reminder: Reminder,
    text: str,
    *,
    receivers: tuple[str, ...] | None = None,
    joining: tuple[str, ...] = (),
) -> None:
    draft.decide(now, US, "reminded", text)
    draft.send(now, Stage.REMINDED, receivers=receivers, joining=joining, reminder=reminder)


def _note_rung(draft: Draft, number: int, rung: Rung) -> None:
    case = draft.case
    told = tuple(dict.fromkeys((*case.escalated_to, *rung.receivers)))
    draft.change(rung=max(case.rung, number), climbed=(*case.climbed, number), escalated_to=told)


def _overdue(step: CaseStep) -> CaseStep:
    return replace(step, overdue=True)


def _told(names: tuple[str, ...]) -> str:
    return f" Escalated to {', '.join(names)}." if names else ""


def _rings_at(promise: Promise) -> datetime:
    """A quarter of an hour before it is due, or a quarter of the time there was."""
    rings = promise.due - min(LEAD, (promise.due - promise.at) / 4)
    return max(_minute_before(rings), _minute_after(promise.at))


def _minute_before(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def _minute_after(at: datetime) -> datetime:
    floor = _minute_before(at)
    return floor if floor == at else floor + _MINUTE
