"""From a checked alert file to its definition, with words for every stage."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crisiswatch.config.document import Document, did_you_mean, shown
from crisiswatch.config.schema_alerts import AlertFile, StageModel, StepModel
from crisiswatch.model import Level
from crisiswatch.model.alert import PLACEHOLDERS, AlertDefinition, PlaybookStep, StageText

__all__ = ["by_language", "check_words", "compile_alert"]

_LEVELS = {level.word: level for level in Level}
STAGES = ("opened", "escalated", "calming", "resolved")
_DEFAULTS = {
    "en": {
        "escalated": "Now {level}: ",
        "calming": "Easing: ",
        "eased": "Easing: {count} in {window} now; usual is about {expected}. Keep watching until it is closed.",
        "resolved": "Over: ",
        "over": "Over: it lasted {duration}, with {total} mentions in all.",
    },
    "it": {
        "escalated": "Ora livello {level}: ",
        "calming": "In calo: ",
        "eased": "In calo: ora {count} in {window}, di solito circa {expected}. Tenetelo d'occhio finché non è chiuso.",
        "resolved": "Finito: ",
        "over": "Finito: durata {duration}, {total} menzioni in tutto.",
    },
}
"""The words of a stage that a file leaves out, before the first message's headline and as a summary."""
_BRACES = re.compile(r"\{[^{}]*\}|[{}]")


def compile_alert(model: AlertFile) -> AlertDefinition:
    """The definition; a stage without words of its own gets some made of the first message's headline."""
    opened = _stage(model.opened)
    first = model.opened.headline
    words = _DEFAULTS.get(model.language, _DEFAULTS["en"])
    return AlertDefinition(
        id=model.alert,
        opened=opened,
        escalated=_stage(model.escalated) if model.escalated else StageText(words["escalated"] + first, opened.summary),
        calming=_stage(model.calming) if model.calming else StageText(words["calming"] + first, words["eased"]),
        resolved=_stage(model.resolved) if model.resolved else StageText(words["resolved"] + first, words["over"]),
        playbook=tuple(_step(step) for step in model.playbook),
        statements=tuple(sorted(model.statements.items())),
        language=model.language,
        because=model.because,
        confirm=frozenset(_LEVELS[name] for name in model.stand_down.confirm),
        criteria=tuple(model.stand_down.when),
    )


def by_language(definitions: Iterable[AlertDefinition]) -> dict[str, AlertDefinition]:
    """Each definition under ``alert.language``, and one of each alert under ``alert`` alone: the English, or the first.

    No id has a dot in it.
    """
    found: dict[str, AlertDefinition] = {}
    for one in definitions:
        found[f"{one.id}.{one.language}"] = one
        if one.id not in found or one.language == "en":
            found[one.id] = one
    return found


def check_words(document: Document) -> None:
    """Note every placeholder that nothing could be put in place of, also in a file that has other faults."""
    for stage in STAGES:
        for part in ("headline", "summary"):
            text = document.get((stage, part))
            if isinstance(text, str):
                _check_text(document, (stage, part), text)
    statements = document.get(("statements",))
    for lang, text in statements.items() if isinstance(statements, dict) else ():
        if isinstance(text, str):
            _check_text(document, ("statements", str(lang)), text)


def _check_text(document: Document, where: tuple[str, ...], text: str) -> None:
    for match in _BRACES.finditer(text):
        token = match[0]
        name = token.strip("{}")
        if len(token) < 2 or not re.fullmatch(r"[A-Za-z_]\w*", name):
            message = "a brace here is not part of a placeholder"
            document.report_text("CW061", where, token, message, "write {count}, or use ( and ) for brackets")
        elif name not in PLACEHOLDERS:
            message = f"there is no placeholder {shown(token)}"
            hint = did_you_mean(name, tuple(PLACEHOLDERS))
            document.report_text("CW060", where, token, message, hint)


def _step(model: StepModel) -> PlaybookStep:
    return PlaybookStep(
        step=model.step,
        role=model.role,
        within_minutes=model.within,
        promise=model.promise.text if model.promise else "",
        promise_minutes=model.promise.within if model.promise else None,
        webhook=model.webhook or "",
        on=_LEVELS[model.on],
        by_taking=model.done_when == "taken",
    )


def _stage(model: StageModel) -> StageText:
    return StageText(model.headline, model.summary, tuple(model.show))
