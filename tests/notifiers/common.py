"""Shared by the notifiers' tests."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from crisiswatch.alerts.model import AlertDefinition, PlaybookStep, StageText
from crisiswatch.alerts.render import renderer

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
