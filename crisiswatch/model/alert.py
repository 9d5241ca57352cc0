"""What an alert file means: words per stage, a playbook, holding statements; and the closed vocabulary they may use.

It stands in the lowest layer because the configuration compiles it and the alerts render it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crisiswatch.model.level import Level

__all__ = ["PLACEHOLDERS", "SHOWABLE", "AlertDefinition", "PlaybookStep", "StageText", "definition_for"]

PLACEHOLDERS = {
    "authors": "how many different accounts wrote the mentions in the window",
    "because": "why the rule exists, as the rule says it",
    "began": "since when it has most likely been going on, which is before the rule could notice",
    "blind": "which sources can't be heard, since when and why",
    "brand": "the brand's name",
    "complaints": "how many of the mentions in the window say that something went wrong",
    "count": "mentions in the window now",
    "duration": "how long the incident has lasted, or lasted",
    "expected": "mentions that are usual for this window and hour",
    "false_alarms": "how often chance alone would make a calm brand look this unusual",
    "from_began": "`began` as in a sentence: since about ..., in Italian `dalle 9:35 circa di giovedì 12 marzo`",
    "from_level": "`since` as in a sentence: since ..., in Italian `dalle 9:35 CET di gio 12 marzo`",
    "from_opened": "`opened_at` as in a sentence: since ..., in Italian `dalle 9:35 CET di gio 12 marzo`",
    "growth": "how many times more than in the period the rule compares with",
    "high": "the upper end of what is usual (95 of 100 calm windows stay below)",
    "incident": "the incident's id",
    "languages": "the languages of the mentions, with counts",
    "largest_audience": "followers of the largest account that joined in",
    "level": "the incident's level now: watch, warning or critical",
    "low": "the lower end of what is usual (95 of 100 calm windows stay above)",
    "next_hour": "mentions that the coming hour brings if it goes on like this",
    "on_topic": "what many name: the two leading themes, in a holding statement of the alert's language",
    "opened_at": "when the incident was opened",
    "organic": "mentions in the window now, with copies discounted: one of an account or a text counts a fifth",
    "peak": "mentions in the window at its worst moment",
    "peak_level": "the highest level the incident has reached",
    "previous_level": "the level before the last change",
    "questions": "how many of the mentions in the window ask something",
    "reach": "followers of all accounts that joined in, where known",
    "resolved_at": "when the incident was over",
    "rule": "the rule's id",
    "severity": "the kinds of grave words in the window, the gravest first",
    "share": "the matching mentions as a part of everything said about the brand",
    "since": "since when the incident has had its present level",
    "sources": "where the mentions come from, with counts",
    "theme": "what most of these mentions are about; where no theme leads, the words most typical of them",
    "themes": "the three themes, or typical words, that most of them are about",
    "times": "how many times the usual",
    "title": "the rule's title",
    "total": "all mentions since the incident began",
    "total_authors": "all different accounts since the incident began",
    "window": "the length of the rule's window",
}
"""Every ``{placeholder}`` an alert's words may use, and what stands there in a message."""

SHOWABLE = {
    "why": "the conditions of the rule, with what was asked and what was seen",
    "chart": "the last hours as a small chart",
    "top_posts": "the first post and the loudest ones, with links",
    "sources": "where it is said, in which languages",
    "themes": "what it is about",
}
"""The parts that ``show`` may name, and what each one is."""


@dataclass(frozen=True, slots=True)
class StageText:
    """The words of one stage. ``headline`` and ``summary`` hold placeholders; ``show`` names parts of `SHOWABLE`.

    An empty ``show`` means what the first message showed.
    """

    headline: str
    summary: str
    show: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaybookStep:
    """Something a person has to do, who does it, and within how many minutes of the opening (None = no clock).

    Doing it may make a promise: ``promise`` says what, ``promise_minutes`` until when after it was done. With a
    ``webhook`` it is done by itself: that receiver is told once the incident has reached the level ``on``.
    ``by_taking``: whoever takes the incident has done it.
    """

    step: str
    role: str = ""
    within_minutes: int | None = None
    promise: str = ""
    promise_minutes: int | None = None
    webhook: str = ""
    on: Level = Level.WATCH
    by_taking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDefinition:
    """One alert file. ``statements`` are holding statements as (language, text), never sent by the program itself.
    Themes and grave words are named in ``language``. Where an incident has reached a level of ``confirm`` a person says
    that it is over; ``criteria`` are what they should look at first. ``because`` stands in place of the rule's own."""

    id: str
    opened: StageText
    escalated: StageText
    calming: StageText
    resolved: StageText
    playbook: tuple[PlaybookStep, ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    because: str = ""
    confirm: frozenset[Level] = frozenset()
    criteria: tuple[str, ...] = ()


def definition_for(definitions: Mapping[str, AlertDefinition], alert: str, language: str) -> AlertDefinition | None:
    """The definition of an alert in a language, else in the one it has; None if there is no such alert.

    The keys are ``alert`` and ``alert.language``, as the configuration compiles them.
    """
    return definitions.get(f"{alert}.{language}") or definitions.get(alert)
