"""What a playbook does by itself: steps that a receiver does or that taking it does, and promises of doing a step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from crisiswatch.model import Act, Case, CaseStep, Level, Promise, Reminder, Stage
from crisiswatch.model.alert import PlaybookStep
from crisiswatch.response.draft import US, Draft
from crisiswatch.response.plan import Plan

__all__ = ["answered", "do_by_itself", "done_by_taking", "promise_of", "put_step"]


def do_by_itself(draft: Draft, at: datetime, level: Level, plan: Plan) -> tuple[str, ...]:
    """Ask for the steps that a receiver does from ``level`` on; gives those receivers, who get the next message."""
    called: list[str] = []
    for number, asked in _asked(draft.case, plan):
        step = draft.case.steps[number]
        if asked.webhook and step.done_at is None and not step.asked and level >= asked.on:
            put_step(draft, number, replace(step, asked=asked.webhook, asked_in=draft.next_revision))
            draft.decide(at, US, "asked", f"Step {number + 1}, asked of {asked.webhook}: {step.step}")
            called.append(asked.webhook)
    return tuple(dict.fromkeys(called))


def answered(draft: Draft, at: datetime, number: int, fate: str) -> None:
    """Say what came of asking a receiver for the step of this ``number`` (from 1); ``fate`` as in `Called`."""
    step = draft.case.steps[number - 1]
    answer = {"": "held", "dead": "failed"}.get(fate, "")
    if not step.asked or step.done_at is not None or draft.case.ending or (fate != "sent" and answer == step.answer):
        return
    if fate == "sent":
        put_step(draft, number - 1, replace(step, done_by=US, done_at=at, answer=""))
        draft.decide(at, US, Act.STEP_DONE, f"Step {number}, told to {step.asked}: {step.step}")
    else:
        put_step(draft, number - 1, replace(step, answer=answer))
    if answer == "held":
        draft.decide(at, US, "asked", f"Step {number} is held back from {step.asked}: {step.step}")
    draft.change(touched_at=at)
    if answer == "failed":
        draft.decide(at, US, "reminded", f"Step {number}, {step.asked} could not be told: {step.step}")
        draft.send(at, Stage.REMINDED, reminder=Reminder("step_failed", step.step, numbers=(number,)))
    else:
        draft.send(at, Stage.UPDATED)


def done_by_taking(draft: Draft, before: Case, at: datetime, plan: Plan) -> None:
    """Do the steps that ask somebody to take it, if nobody had it ``before`` and somebody has now."""
    actor = draft.case.acknowledged_by
    if before.acknowledged_by or not actor:
        return
    for number, asked in _asked(draft.case, plan):
        step = draft.case.steps[number]
        if asked.by_taking and step.done_at is None:
            put_step(draft, number, replace(step, done_by=actor, done_at=at))
            draft.decide(at, actor, Act.STEP_DONE, f"Step {number + 1} done by taking it: {step.step}")


def promise_of(draft: Draft, before: Case, at: datetime, actor: str, plan: Plan) -> None:
    """Note what was promised by doing the steps that were open ``before``."""
    for number, asked in _asked(draft.case, plan):
        done = draft.case.steps[number].done_at is not None and before.steps[number].done_at is None
        if not done or not asked.promise or asked.promise_minutes is None:
            continue
        due = at + timedelta(minutes=asked.promise_minutes)
        if any(each.text == asked.promise and each.kept_at is None for each in draft.case.promises):
            continue  # the step was done before, and opened again
        promise = Promise(text=asked.promise, due=due, by=actor, at=at)
        draft.change(promises=(*draft.case.promises, promise))
        draft.decide(at, actor, Act.PROMISE, f"Promised by doing step {number + 1}: {asked.promise}")


def put_step(draft: Draft, number: int, step: CaseStep) -> None:
    """Give a step (from 0) another state."""
    steps = draft.case.steps
    draft.change(steps=(*steps[:number], step, *steps[number + 1 :]))


def _asked(case: Case, plan: Plan) -> list[tuple[int, PlaybookStep]]:
    """The steps as the files ask for them now, of those that the case was opened with."""
    return [
        (number, asked)
        for number, (step, asked) in enumerate(zip(case.steps, plan.steps, strict=False))
        if step.step == asked.step
    ]
