"""Shared by the notifiers' tests."""

from __future__ import annotations

from datetime import UTC, datetime

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
