"""The buttons of a case in Slack, and what a press on one says.

An action id is an `Act`, with its detail where it has one: ``step_done:3``, ``verdict:useful``. A button's value is the
incident's id. Of a list the value is what was chosen (``60``, a person's id, a reason in words), so the incident of any
press is found in its block id, by `crisiswatch.notifiers.slack_labels.incident_of`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    InteractiveElement,
    Option,
    StaticSelectElement,
    UserSelectElement,
)

from crisiswatch.alerts.words import span
from crisiswatch.model import Act, VerdictKind
from crisiswatch.notifiers.blockkit_text import PERSON, title

__all__ = ["REASONS", "SNOOZES", "Wish", "actions", "beside", "offers", "verdicts", "wish_of"]

REASONS = (
    "It needs an answer, but not the crisis team",
    "We caused it on purpose: a campaign, a launch, an event",
    "It is about somebody else",
    "It is irony, a joke or praise",
    "It is bots, or one organised group",
    "We know of it and it is handled",
    "Another reason",
)
"""Why an alert was no crisis: what people may choose from, and what the incident's log then says."""
SNOOZES = ("calm", "60", "240")
"""How long to snooze when nothing else is offered: until it is calm, or minutes."""

_ID_LIMIT = 2_000
_OPTION_LIMIT = 150
_LONGEST_SNOOZE = 60 * 24 * 30


@dataclass(frozen=True, slots=True)
class Wish:
    """What a press asks for; ``detail`` is that of the `HumanAction`."""

    act: Act
    detail: Mapping[str, str]


def wish_of(name: str, detail: str, value: str) -> Wish | None:
    """What a press says by its action id (``name:detail``) and its value; None if it is none of ours.

    Like the value of any press it may be made up: whether it makes sense is for the case to say.
    """
    if name not in set(Act):
        return None
    act = Act(name)
    found: dict[str, str] | None = {}
    if act is Act.ASSIGN:
        found = {"to": value} if PERSON.fullmatch(value) else None
    elif act is Act.SNOOZE:
        found = {"for": value} if _minutes(value) or value == "calm" else None
    elif act in {Act.STEP_DONE, Act.STEP_REOPENED, Act.PROMISE_KEPT}:
        key = "promise" if act is Act.PROMISE_KEPT else "step"
        found = {key: detail} if detail.isdecimal() and len(detail) <= 3 else None
    elif act is Act.VERDICT:
        found = {"kind": detail} if detail in set(VerdictKind) else None
        if found and detail == VerdictKind.NOT_A_CRISIS:
            found["reason"] = value if value in REASONS else ""
    elif act in {Act.PROMISE, Act.NOTE}:
        found = None  # they need words, which no button has
    return None if found is None else Wish(act, found)


def offers(buttons: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """``("snooze:calm|60", "step_done:1")`` as ``{"snooze": ("calm", "60"), "step_done": ("1",)}``."""
    found: dict[str, tuple[str, ...]] = {}
    for button in buttons:
        act, _, detail = button.partition(":")
        found[act] = (*found.get(act, ()), *(each for each in detail.split("|") if each))
    return found


def actions(offered: Mapping[str, Sequence[str]], incident: str) -> list[Block]:
    """The row to press for who takes it and what is to become of it."""
    row: list[InteractiveElement] = []
    if Act.STAND_DOWN in offered:
        row.append(_button("Stand down", Act.STAND_DOWN, incident, style="primary", confirm=_STAND_DOWN))
    if Act.ACKNOWLEDGE in offered:
        style = None if Act.STAND_DOWN in offered else "primary"
        row.append(_button("I have it", Act.ACKNOWLEDGE, incident, style=style))
    if Act.ASSIGN in offered:
        row.append(UserSelectElement(action_id=Act.ASSIGN.value, placeholder=title("Assign to…")))
    if Act.SNOOZE in offered:
        lengths = [(each, words) for each in offered[Act.SNOOZE] or SNOOZES if (words := _length(each))]
        if lengths:
            options = [Option(text=title(words), value=each) for each, words in lengths[:10]]
            row.append(StaticSelectElement(action_id=Act.SNOOZE.value, placeholder=title("Snooze…"), options=options))
    if Act.WAKE in offered:
        row.append(_button("End the snooze", Act.WAKE, incident))
    if Act.RESOLVE in offered:
        row.append(_button("Close by hand", Act.RESOLVE, incident, confirm=_RESOLVE))
    return [ActionsBlock(elements=row)] if row else []


def verdicts(offered: Mapping[str, Sequence[str]], incident: str) -> list[Block]:
    """The row to say what the alert was worth."""
    if Act.VERDICT not in offered:
        return []
    kinds = offered[Act.VERDICT] or tuple(VerdictKind)
    row: list[InteractiveElement] = []
    if VerdictKind.USEFUL in kinds:
        row.append(_button("Useful", f"{Act.VERDICT}:{VerdictKind.USEFUL}", incident))
    if VerdictKind.FALSE_ALARM in kinds:
        row.append(_button("False alarm", f"{Act.VERDICT}:{VerdictKind.FALSE_ALARM}", incident))
    if VerdictKind.NOT_A_CRISIS in kinds:
        options = [Option(text=title(each), value=each[:_OPTION_LIMIT]) for each in REASONS]
        name = f"{Act.VERDICT}:{VerdictKind.NOT_A_CRISIS}"
        row.append(StaticSelectElement(action_id=name, placeholder=title("Not a crisis, because…"), options=options))
    return [ActionsBlock(elements=row)] if row else []


def beside(act: Act, number: int, incident: str) -> ButtonElement:
    """The button beside the step or promise of this ``number``."""
    words = {Act.STEP_DONE: "Done", Act.STEP_REOPENED: "Reopen", Act.PROMISE_KEPT: "Kept"}.get(act, act.value)
    return _button(words, f"{act}:{number}", incident)


def _button(
    words: str, name: str, incident: str, *, style: str | None = None, confirm: ConfirmObject | None = None
) -> ButtonElement:
    return ButtonElement(
        text=title(words), action_id=name[:255], value=incident[:_ID_LIMIT] or "-", style=style, confirm=confirm
    )


def _length(detail: str) -> str:
    """``60`` as ``For 1 hour``; nothing where it can't be read."""
    if detail == "calm":
        return "Until it is calm"
    minutes = _minutes(detail)
    return f"For {span(timedelta(minutes=minutes))}" if minutes else ""


def _minutes(detail: str) -> int:
    if not (detail.isascii() and detail.isdecimal() and len(detail) <= 6):
        return 0
    return int(detail) if int(detail) <= _LONGEST_SNOOZE else 0


_STAND_DOWN = ConfirmObject(
    title=title("Is it over?"),
    text=title("Everybody who was told will read that it is over, with your name. The clocks stop.", 300),
    confirm=title("Stand down", 30),
    deny=title("Not yet", 30),
)
_RESOLVE = ConfirmObject(
    title=title("Close it though the figures are up?"),
    text=title("Everybody who was told will read that you closed it by hand.", 300),
    confirm=title("Close it", 30),
    deny=title("Leave it open", 30),
)
