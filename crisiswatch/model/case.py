"""The people's side of an incident: who has it, what was done by whom, what was promised, and what it turned out to be.

An `Incident` says what the figures say; a `Case` says what people do about it. It outlives the incident: a verdict and
a confirmed stand-down come after the figures are calm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crisiswatch.model.incident import Incident, Phase
from crisiswatch.model.level import Level

__all__ = [
    "Act",
    "Case",
    "CaseStep",
    "Decision",
    "Promise",
    "Reminder",
    "Snooze",
    "StandDown",
    "Verdict",
    "VerdictKind",
    "awaited",
    "is_open",
    "taken_by",
]


class Act(StrEnum):
    """What a person can do to a case; the ``action`` of a `HumanAction` and the name of a button."""

    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"  # to=person or role
    SNOOZE = "snooze"  # for=calm | minutes
    WAKE = "wake"  # end a snooze
    STEP_DONE = "step_done"  # step=number from 1
    STEP_REOPENED = "step_reopened"  # step=number from 1
    VERDICT = "verdict"  # kind=useful | false_alarm | not_a_crisis, reason=words
    PROMISE = "promise"  # text=words, due=ISO time
    PROMISE_KEPT = "promise_kept"  # promise=number from 1
    STAND_DOWN = "stand_down"  # a person confirms that it is over
    RESOLVE = "resolve"  # a person ends it though the figures have not
    NOTE = "note"  # text=words: a decision, for the log


class VerdictKind(StrEnum):
    """What people say an alert was worth."""

    USEFUL = "useful"
    FALSE_ALARM = "false_alarm"  # nothing unusual was going on
    NOT_A_CRISIS = "not_a_crisis"  # it was unusual, but no crisis; the reason says why


class StandDown(StrEnum):
    """Whether people have to say that it is over, and whether they have."""

    NOT_NEEDED = ""
    AWAITED = "awaited"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Snooze:
    """No reminders but of promises and no news in the thread until then; ``until`` None: until the incident is over."""

    by: str
    at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The last word of somebody on what the alert was worth."""

    kind: VerdictKind
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStep:
    """A step of the playbook as it was when the incident opened. ``due`` None: it has no clock.

    ``asked`` is the receiver that was asked to do it by itself, by the message of the revision ``asked_in``; ``answer``
    says what came of that while it is not done: nothing yet, ``held`` (a silence keeps it back), or ``failed``.
    """

    step: str
    role: str = ""
    due: datetime | None = None
    done_by: str = ""
    done_at: datetime | None = None
    overdue: bool = False  # it was told that nobody has done it in time
    asked: str = ""
    asked_in: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Something promised to the public or inside: ``next update by 15:00``. It rings before it is missed."""

    text: str
    due: datetime
    by: str
    at: datetime
    kept_by: str = ""
    kept_at: datetime | None = None
    rung: bool = False
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Reminder:
    """Why a message of the stage ``reminded`` goes out: ``kind`` is unacknowledged, step_overdue, step_failed,
    promise_due, promise_missed, stand_down_awaited or assigned_to; ``subject`` names the step, the promise or the
    person; ``rung`` counts the escalation. ``numbers`` are those of the steps or promises it is about, from 1: two may
    have the same words."""

    kind: str
    subject: str = ""
    due: datetime | None = None
    rung: int = 0
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A snapshot of one case. ``revision`` counts the changes of incident and case together, from 1.

    People are ids of the channel they acted in (``U012AB3CD``, a mail address, ``cli:anna``). ``rung`` is how far the
    escalation has climbed (0: not at all). ``sector`` names other watched brands of the same sector that are up at the
    same time. ``calm_at`` is when the figures were calm, ``ended_at`` when it was over for people too, which a person
    may have had to confirm. ``closed_at``: neither figures nor people expect anything more of it. ``taken_by_verdict``:
    who has it has only said what it was; a rise hands it back.
    """

    incident: str
    brand: str
    rule: str
    alert: str
    opened_at: datetime
    revision: int = 1
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    assigned_to: str = ""
    assigned_by: str = ""
    snooze: Snooze | None = None
    verdict: Verdict | None = None
    steps: tuple[CaseStep, ...] = ()
    promises: tuple[Promise, ...] = ()
    rung: int = 0
    sector: tuple[str, ...] = ()
    stand_down: StandDown = StandDown.NOT_NEEDED
    stood_down_by: str = ""
    closed_at: datetime | None = None
    levels: tuple[tuple[Level, datetime], ...] = ()
    also: tuple[str, ...] = ()
    climbed: tuple[int, ...] = ()
    escalated_to: tuple[str, ...] = ()
    calm_at: datetime | None = None
    asked: int = 0
    ending: str = ""
    ended_at: datetime | None = None
    followed_by: str = ""
    decisions: int = 0
    chain: str = ""
    noted: str = ""
    touched_at: datetime | None = None
    taken_by_verdict: bool = False


def awaited(case: Case | None) -> bool:
    """Whether the figures are calm and a person has still to say that it is over."""
    return case is not None and case.stand_down is StandDown.AWAITED and not case.ending


def is_open(incident: Incident, case: Case | None) -> bool:
    """Whether an incident is not over: the figures are not calm, or a person has still to say so."""
    return incident.phase is not Phase.RESOLVED or awaited(case)


def taken_by(incident: Incident, case: Case | None) -> tuple[str, datetime | None]:
    """Who took it, and when; empty where nobody did. The case knows best: it goes on when the figures are calm."""
    if case is not None and case.acknowledged_by:
        return case.acknowledged_by, case.acknowledged_at
    return incident.acknowledged_by or "", incident.acknowledged_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of an incident's decision log. ``number`` counts from 1 within the incident.

    ``chain`` is the SHA-256 (hex) of the line before (64 zeros for the first), a newline, and this line as canonical
    JSON without ``chain`` (keys sorted, no blanks, all beyond ASCII escaped): whoever changes or drops a line breaks
    every chain value after it.
    """

    incident: str
    number: int
    at: datetime
    actor: str  # a person's id, or "crisiswatch"
    kind: str  # opened, escalated, calming, resolved, reminded, asked, sent, or an `Act`
    text: str
    chain: str = ""
