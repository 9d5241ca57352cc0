"""What a person is told who did something to a case: one short sentence, plain text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo

from crisiswatch.model import Act, Case, HumanAction
from crisiswatch.response.acts import when

__all__ = ["answer"]


def answer(before: Case, after: Case, action: HumanAction, zone: tzinfo = UTC) -> str:
    """Say what came of ``action``, done or not, to whoever asked for it; it was not refused. Times are in ``zone``, as
    in the messages."""
    return _SAYS.get(Act(action.action), _noted)(before, after, action, zone)


def _noted(_: Case, __: Case, ___: HumanAction, ____: tzinfo) -> str:
    return "Noted."


def _taken(_: Case, after: Case, action: HumanAction, zone: tzinfo) -> str:
    holder = after.assigned_to or after.acknowledged_by
    since = "" if after.acknowledged_at is None else f" since {when(after.acknowledged_at, zone)}"
    mine = action.actor in {holder, after.acknowledged_by}
    return f"You have it{since}." if mine else f"{holder} has it{since}."


def _assigned(_: Case, after: Case, __: HumanAction, ____: tzinfo) -> str:
    return f"It is assigned to {after.assigned_to}."


def _snoozed(_: Case, after: Case, __: HumanAction, zone: tzinfo) -> str:
    until = None if after.snooze is None else after.snooze.until
    return f"It is snoozed until {'it is calm' if until is None else when(until, zone)}."


def _woken(before: Case, _: Case, __: HumanAction, ____: tzinfo) -> str:
    return "It was not snoozed." if before.snooze is None else "The snooze is over."


def _step(_: Case, after: Case, action: HumanAction, zone: tzinfo) -> str:
    number = int(action.detail["step"])
    step = after.steps[number - 1]
    done = "is open" if step.done_at is None else f"was done by {step.done_by}, {when(step.done_at, zone)}"
    return f"Step {number} {done}."


def _verdict(_: Case, after: Case, __: HumanAction, ____: tzinfo) -> str:
    return "Noted." if after.verdict is None else f"Noted: {after.verdict.kind.value.replace('_', ' ')}."


def _promised(_: Case, __: Case, ___: HumanAction, ____: tzinfo) -> str:
    return "Promised; you will be reminded before it is due."


def _over(_: Case, __: Case, ___: HumanAction, ____: tzinfo) -> str:
    return "It is over."


_SAYS: Mapping[Act, Callable[[Case, Case, HumanAction, tzinfo], str]] = {
    Act.ACKNOWLEDGE: _taken,
    Act.ASSIGN: _assigned,
    Act.SNOOZE: _snoozed,
    Act.WAKE: _woken,
    Act.STEP_DONE: _step,
    Act.STEP_REOPENED: _step,
    Act.VERDICT: _verdict,
    Act.PROMISE: _promised,
    Act.STAND_DOWN: _over,
    Act.RESOLVE: _over,
}
