"""A message to a receiver that is about no single incident: a digest, a storm's summary, a silence that begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

__all__ = ["Notice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A headline and lines of plain words. ``id`` is stable over its ``version``s: a later one edits the message.

    ``kind`` is digest, storm, silence_began, silence_ended, budget or drill_report; ``link`` a page with more, if there
    is one; ``language`` what its words are in.
    """

    id: str
    kind: str
    at: datetime
    headline: str
    lines: tuple[str, ...] = ()
    link: str = ""
    version: int = 1
    language: str = "en"
