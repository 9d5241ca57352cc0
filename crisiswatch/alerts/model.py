"""The alert's definition under the name its engine knows it by; it is defined in `crisiswatch.model.alert`."""

from crisiswatch.model.alert import PLACEHOLDERS, SHOWABLE, AlertDefinition, PlaybookStep, StageText, definition_for

__all__ = ["PLACEHOLDERS", "SHOWABLE", "AlertDefinition", "PlaybookStep", "StageText", "definition_for"]
