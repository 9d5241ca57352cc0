"""What a person is told who did something to a case: one short sentence, plain text, in the brand's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import moment, since
from crisiswatch.model import Act, Case, HumanAction

__all__ = ["answer"]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for, the case before and after it, and how the answer is told."""

    before: Case
    after: Case
    action: HumanAction
    zone: tzinfo
    lang: str

    def say(self, key: str, **values: str) -> str:
        return phrase(self.lang, f"answer.{key}", **values)

    def when(self, at: datetime) -> str:
        return moment(at, self.zone, self.lang)


def answer(before: Case, after: Case, action: HumanAction, zone: tzinfo = UTC, lang: str = "en") -> str:
    """Say what came of ``action``, done or not, to whoever asked for it; it was not refused. Times are in ``zone``, as
    in the messages."""
    asked = _Asked(before, after, action, zone, lang)
    says = _SAYS.get(Act(action.action))
    return asked.say("noted") if says is None else says(asked)


def _taken(asked: _Asked) -> str:
    after = asked.after
    holder = after.assigned_to or after.acknowledged_by
    at = after.acknowledged_at
    mine = asked.action.actor in {holder, after.acknowledged_by}
    if at is None:
        return phrase(asked.lang, "has", who=holder)
    return asked.say("yours" if mine else "theirs", who=holder, since=since(at, asked.zone, asked.lang))


def _assigned(asked: _Asked) -> str:
    return asked.say("assigned", who=asked.after.assigned_to)


def _snoozed(asked: _Asked) -> str:
    until = None if asked.after.snooze is None else asked.after.snooze.until
    return asked.say("snoozed_calm") if until is None else asked.say("snoozed", until=asked.when(until))


def _woken(asked: _Asked) -> str:
    return asked.say("not_snoozed" if asked.before.snooze is None else "woken")


def _step(asked: _Asked) -> str:
    number = int(asked.action.detail["step"])
    step = asked.after.steps[number - 1]
    if step.done_at is None:
        return asked.say("step_open", n=str(number))
    return asked.say("step_done", n=str(number), who=step.done_by, at=asked.when(step.done_at))


def _verdict(asked: _Asked) -> str:
    verdict = asked.after.verdict
    return asked.say("noted" if verdict is None else verdict.kind.value)


def _promised(asked: _Asked) -> str:
    return asked.say("promised")


def _over(asked: _Asked) -> str:
    return asked.say("over")


_SAYS: Mapping[Act, Callable[[_Asked], str]] = {
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
