"""The domain's words as plain data: no behaviour beyond what the data means, nothing but the standard library."""

from crisiswatch.model.effects import (
    BlindChanged,
    Effect,
    Explained,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    MeterMoved,
)
from crisiswatch.model.events import (
    Event,
    HumanAction,
    MentionScored,
    RulesChanged,
    SourceHealth,
    Tick,
    VolumeSampled,
)
from crisiswatch.model.incident import Blind, Gate, Incident, Phase, Reading, Stage
from crisiswatch.model.level import Level
from crisiswatch.model.mention import Mention, Score, Sentiment, VolumeSample
from crisiswatch.model.problem import Problem
from crisiswatch.model.seams import (
    Batch,
    Capabilities,
    Cursor,
    Delivery,
    Evidence,
    Notifier,
    Post,
    Receipt,
    Refused,
    Scorer,
    Source,
    Text,
)

__all__ = [
    "Batch",
    "Blind",
    "BlindChanged",
    "Capabilities",
    "Cursor",
    "Delivery",
    "Effect",
    "Event",
    "Evidence",
    "Explained",
    "Gate",
    "HumanAction",
    "Incident",
    "IncidentChanged",
    "IncidentOpened",
    "IncidentResolved",
    "Level",
    "Mention",
    "MentionScored",
    "MeterMoved",
    "Notifier",
    "Phase",
    "Post",
    "Problem",
    "Reading",
    "Receipt",
    "Refused",
    "RulesChanged",
    "Score",
    "Scorer",
    "Sentiment",
    "Source",
    "SourceHealth",
    "Stage",
    "Text",
    "Tick",
    "VolumeSample",
    "VolumeSampled",
]
