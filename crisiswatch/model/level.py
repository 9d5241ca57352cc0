"""How bad it is: four steps, ordered."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Level"]


class Level(IntEnum):
    """Severity of an incident. ``CALM`` means that no level of the rule holds."""

    CALM = 0
    WATCH = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """The lower-case word used in YAML, messages and metrics."""
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Level:
        """``"warning"`` -> ``Level.WARNING``; raises KeyError for an unknown word."""
        return cls[word.upper()]
