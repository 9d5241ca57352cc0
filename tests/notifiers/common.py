"""Shared by the notifiers' tests."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from crisiswatch.alerts.document import Document, Fact, Quote, Reason, Task
from crisiswatch.alerts.model import AlertDefinition, PlaybookStep, StageText
from crisiswatch.alerts.render import renderer
from crisiswatch.model import Level, Stage

NOW = datetime(2026, 3, 3, 9, 20, tzinfo=UTC)

WAVE = AlertDefinition(
    id="negative-wave",
    opened=StageText(
        "{brand}: unusual wave of negative mentions",
        "{count} in {window} from {authors} accounts; usual for this hour is about {expected}. Main theme: {theme}.",
        ("why", "chart", "top_posts", "sources", "themes"),
    ),
    escalated=StageText("{brand}: now {level}", "Was {previous_level} until {since}; {count} in {window}.", ()),
    calming=StageText("{brand}: calming down", "{count} in {window} now.", ()),
    resolved=StageText("{brand}: back to normal", "Lasted {duration}, {total} mentions.", ()),
    playbook=(
        PlaybookStep('Take the lead and press "I have it"', "duty-comms", 10),
        PlaybookStep("Check whether the claim is true", "product", 30),
        PlaybookStep("Agree one holding line; nobody replies before", "head-of-comms", 45),
    ),
)


def words():
    return renderer({"negative-wave": WAVE}, {"acme-coffee": "Acme Coffee"})


ACTIVE = re.compile(r"<(?!https?://[^<>|\s]+\|[^<>]*>)")
"""An angle bracket that Slack would act on, other than a link with words."""


def mrkdwn(node: Any) -> list[str]:
    """Every text of a message that Slack parses."""
    if isinstance(node, dict):
        own = [node["text"]] if node.get("type") == "mrkdwn" else []
        assert not own or node["verbatim"] is True
        return own + [text for value in node.values() for text in mrkdwn(value)]
    return [text for value in node for text in mrkdwn(value)] if isinstance(node, list) else []


BUTTONS = ("acknowledge", "assign", "snooze:calm|60|240", "verdict:useful|false_alarm|not_a_crisis", "step_done:2",
           "step_done:3", "promise_kept:1")  # fmt: skip

WHOLE = Document(
    brand="Acme Coffee",
    headline="Acme Coffee: the wave of negative mentions is now critical",
    level=Level.CRITICAL,
    stage=Stage.ESCALATED,
    opened_at=datetime(2026, 3, 3, 8, 0, tzinfo=UTC),
    summary="211 in 15 minutes from 158 accounts, 25 times the usual.",
    status="U0ADALACE has it since 3 Mar 2026, 09:02 CET.",
    facts=tuple(Fact(f"Figure {n}", f"{n} of them") for n in range(1, 9)),
    trend=(1, 2, 3, 40),
    warnings=("Source helpdesk has been silent since 08:00 CET: the figures may be too low.",),
    note="Still learning.",
    because="Most crises start as a jump in complaints.",
    story="Usually about 8 in 15 minutes; 211 now.",
    why=(Reason("at least 60 mentions came in: 211 did"),),
    themes=("leaking lid", "scalded"),
    posts=(Quote("It leaks.", "First · mo••• · reviews · 08:41 CET", "https://reviews.example/1", uid="reviews:1"),),
    steps=(
        Task("Take the lead", "duty comms", "by 09:05 CET", done="U0ADALACE, 09:02 CET"),
        Task("Check whether the claim is true", "product", "by 09:25 CET", overdue=True),
        Task("Agree one holding line", "head of comms", "by 09:40 CET"),
    ),
    footer=("Incident acme.wave.1 · version 2 · rule wave", "crisiswatch explain acme.wave.1"),
    key="acme.wave.1",
    link="https://crisiswatch.example/incidents/acme.wave.1",
    sector="Other coffee brands are up as well: Brew & Co.",
    promises=("Next update by 10:00 CET, promised by U0ADALACE",),
    statements=(("English", "We know of the lids.\nWe are looking into it."), ("Italian", "Sappiamo dei coperchi.")),
    buttons=BUTTONS,
)
"""A document with everything in it."""
