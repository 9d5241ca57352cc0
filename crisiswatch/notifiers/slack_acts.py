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

from crisiswatch.alerts.phrases import LANGUAGES, phrase, reasons
from crisiswatch.alerts.words import span
from crisiswatch.model import Act, VerdictKind
from crisiswatch.notifiers.blockkit_text import PERSON, title

__all__ = ["REASONS", "SNOOZES", "Wish", "actions", "beside", "offers", "verdicts", "wish_of"]

REASONS: Mapping[str, tuple[str, ...]] = {lang: reasons(lang) for lang in LANGUAGES}
"""Why an alert was no crisis, by language."""
SNOOZES = ("calm", "60", "240")
"""How long to snooze when nothing else is offered: until it is calm, or minutes."""

_ID_LIMIT = 1_000  # 2,000 UTF-16 units
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
            found["reason"] = value if any(value in each for each in REASONS.values()) else ""
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


def actions(offered: Mapping[str, Sequence[str]], incident: str, lang: str = "en") -> list[Block]:
    """The row to press for who takes it and what is to become of it."""
    row: list[InteractiveElement] = []
    if Act.STAND_DOWN in offered:
        row.append(_button(Act.STAND_DOWN, incident, lang, style="primary", asks=True))
    if Act.ACKNOWLEDGE in offered:
        row.append(_button(Act.ACKNOWLEDGE, incident, lang, style=None if Act.STAND_DOWN in offered else "primary"))
    if Act.ASSIGN in offered:
        row.append(UserSelectElement(action_id=Act.ASSIGN.value, placeholder=title(phrase(lang, "button.assign"))))
    if Act.SNOOZE in offered:
        lengths = [(each, words) for each in offered[Act.SNOOZE] or SNOOZES if (words := _length(each, lang))]
        if lengths:
            options = [Option(text=title(words), value=each) for each, words in lengths[:10]]
            asked = title(phrase(lang, "button.snooze"))
            row.append(StaticSelectElement(action_id=Act.SNOOZE.value, placeholder=asked, options=options))
    if Act.WAKE in offered:
        row.append(_button(Act.WAKE, incident, lang))
    if Act.RESOLVE in offered:
        row.append(_button(Act.RESOLVE, incident, lang, asks=True))
    return [ActionsBlock(elements=row)] if row else []


def verdicts(offered: Mapping[str, Sequence[str]], incident: str, lang: str = "en") -> list[Block]:
    """The row to say what the alert was worth."""
    if Act.VERDICT not in offered:
        return []
    kinds = offered[Act.VERDICT] or tuple(VerdictKind)
    row: list[InteractiveElement] = [
        _button(Act.VERDICT, incident, lang, detail=kind)
        for kind in (VerdictKind.USEFUL, VerdictKind.FALSE_ALARM)
        if kind in kinds
    ]
    if VerdictKind.NOT_A_CRISIS in kinds:
        options = [Option(text=title(each), value=each[:_OPTION_LIMIT]) for each in reasons(lang)]
        name, asked = f"{Act.VERDICT}:{VerdictKind.NOT_A_CRISIS}", title(phrase(lang, "button.not_a_crisis"))
        row.append(StaticSelectElement(action_id=name, placeholder=asked, options=options))
    return [ActionsBlock(elements=row)] if row else []


def beside(act: Act, number: int, incident: str, lang: str = "en") -> ButtonElement:
    """The button beside the step or promise of this ``number``."""
    return _button(act, incident, lang, detail=str(number))


def _button(
    act: Act, incident: str, lang: str, *, detail: str = "", style: str | None = None, asks: bool = False
) -> ButtonElement:
    """A button; with ``asks`` Slack asks once more."""
    verdict = detail if act is Act.VERDICT else ""
    return ButtonElement(
        text=title(phrase(lang, f"button.{verdict or act}") or act.value),
        action_id=f"{act}:{detail}"[:255] if detail else act.value,
        value=incident[:_ID_LIMIT] or "-",
        style=style,
        confirm=_confirm(act, lang) if asks else None,
    )


def _confirm(act: Act, lang: str) -> ConfirmObject:
    asked = f"confirm.{act}"
    return ConfirmObject(
        title=title(phrase(lang, asked)),
        text=title(phrase(lang, f"{asked}.text"), 300),
        confirm=title(phrase(lang, f"{asked}.yes"), 30),
        deny=title(phrase(lang, f"{asked}.no"), 30),
    )


def _length(detail: str, lang: str) -> str:
    """``60`` as ``For 1 hour``; nothing where it can't be read."""
    if detail == "calm":
        return phrase(lang, "snooze.calm")
    minutes = _minutes(detail)
    return phrase(lang, "snooze.for", length=span(timedelta(minutes=minutes), lang)) if minutes else ""


def _minutes(detail: str) -> int:
    if not (detail.isascii() and detail.isdecimal() and len(detail) <= 6):
        return 0
    return int(detail) if int(detail) <= _LONGEST_SNOOZE else 0
