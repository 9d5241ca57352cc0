"""A case while it is being changed: what is decided and what has to be sent is noted beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crisiswatch.model import Case, Decision, Reminder, Stage
from crisiswatch.response.chain import linked

__all__ = ["US", "Draft", "Sending"]

US = "crisiswatch"
"""The actor of what nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message that is due at ``at``, with the case as it was then; its version is ``case.revision``.

    ``receivers`` get the ``stage`` (None: everybody who was told before, and whom the routes let in), the others who
    were told before get an edit; ``joining`` get it too. Whoever never heard of the incident gets a first message.
    """

    at: datetime
    stage: Stage
    case: Case
    receivers: tuple[str, ...] | None = None
    joining: tuple[str, ...] = ()
    reminder: Reminder | None = None


class Draft:
    """One case and what comes of one happening."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.decisions: list[Decision] = []
        self.sendings: list[Sending] = []
        self._fresh = False  # a new case has its first revision before anything is sent

    @classmethod
    def of_new(cls, case: Case) -> Draft:
        """A draft whose first message is the case's first revision."""
        draft = cls(case)
        draft._fresh = True
        return draft

    def change(self, **fields: Any) -> None:
        """Give fields of the case other values."""
        self.case = replace(self.case, **fields)

    @property
    def next_revision(self) -> int:
        """That of the case in the next message."""
        return self.case.revision + (not self._fresh)

    def decide(self, at: datetime, actor: str, kind: str, text: str) -> None:
        """Write a line of the log."""
        number = self.case.decisions + 1
        line = Decision(incident=self.case.incident, number=number, at=at, actor=actor, kind=kind, text=text)
        line = linked(self.case.chain, line)
        self.change(decisions=number, chain=line.chain)
        self.decisions.append(line)

    def send(
        self,
        at: datetime,
        stage: Stage,
        *,
        receivers: tuple[str, ...] | None = None,
        joining: tuple[str, ...] = (),
        reminder: Reminder | None = None,
    ) -> None:
        """Have people told of the case as it is now: its next revision."""
        if not self._fresh:
            self.change(revision=self.case.revision + 1)
        self._fresh = False
        self.sendings.append(
            Sending(at=at, stage=stage, case=self.case, receivers=receivers, joining=joining, reminder=reminder)
        )
