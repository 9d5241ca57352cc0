"""Every error crisiswatch raises on purpose, in one tree.

::

    CrisiswatchError
    ├── ConfigError               the configuration, a rule or an alert file is wrong (carries all problems)
    ├── BadMention                one mention can't be used; it is counted and set aside
    ├── SourceError               a source could not be read
    │   ├── SourceRejected        permanent until somebody changes the set-up (401, 403, 404)
    │   ├── SourceUnavailable     try again later (5xx, time-out, cut connection, 429)
    │   └── QuotaExhausted        the budget or a cap is used up until it is reset
    ├── DeliveryError             a message did not provably arrive
    │   ├── Rejected              permanent: the same message will never be accepted
    │   ├── TryLater              not accepted, known so; try again after a while
    │   └── Unknown               cut in the middle: it may have arrived; look it up before sending again
    ├── ActRefused                what a person asked to do to an incident makes no sense
    ├── StateError                a saved state can't be read by this version
    └── StoreError                the database refused (full, locked, newer schema)

An error answers three questions: whose fault is it, when is it worth trying again, and is the outcome known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crisiswatch.model import Problem


class CrisiswatchError(Exception):
    """The root: catch this to catch everything crisiswatch raises on purpose."""


class ConfigError(CrisiswatchError):
    """The configuration is wrong. ``problems`` holds every fault found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.headline() for problem in self.problems))


class BadMention(CrisiswatchError):
    """One mention can't be used.

    ``reason`` is a stable slug for counters (``not_json``, ``no_text``); ``detail`` says it to a person and is
    safe to log: no text, no author.
    """

    def __init__(self, reason: str, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")


class SourceError(CrisiswatchError):
    """A source could not be read. ``detail`` is safe to log: no secret, no author, no text."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class SourceRejected(SourceError):
    """Permanent until the set-up changes: wrong key, no permission, no such page."""


class SourceUnavailable(SourceError):
    """Temporary. ``after`` is the wait in seconds; ``asked``: the other side asked for it, so that it limits us."""

    def __init__(self, detail: str, after: float | None = None, *, asked: bool = True) -> None:
        self.after = after
        self.asked = asked and after is not None
        super().__init__(detail)


class QuotaExhausted(SourceError):
    """A cap or the budget is used up; ``resets_at`` (aware UTC) when it is known."""

    def __init__(self, detail: str, resets_at: datetime | None = None) -> None:
        self.resets_at = resets_at
        super().__init__(detail)


class DeliveryError(CrisiswatchError):
    """A message did not provably arrive. ``detail`` is safe to log."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class Rejected(DeliveryError):
    """Permanent: the receiver will never accept this message (wrong channel, bad address, bad token)."""


class TryLater(DeliveryError):
    """Known not to have been accepted. ``after`` is the wait in seconds asked for, if any."""

    def __init__(self, detail: str, after: float | None = None) -> None:
        self.after = after
        super().__init__(detail)


class Unknown(DeliveryError):
    """The outcome is unknown: the connection died after the message may have been accepted."""


class ActRefused(CrisiswatchError):
    """What a person asked to do to an incident makes no sense, and nothing was done; ``detail`` says why, to them.

    ``missing``: there is no such incident.
    """

    def __init__(self, detail: str, *, missing: bool = False) -> None:
        self.detail = detail
        self.missing = missing
        super().__init__(detail)


class StateError(CrisiswatchError):
    """A saved state can't be read: damaged, or written by a newer version."""


class StoreError(CrisiswatchError):
    """The database refused: disk full, locked, or a schema newer than this program."""
