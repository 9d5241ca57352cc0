"""What may happen to a brand's state. Every event carries its own time, because the core has no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from crisiswatch.model.mention import Mention, Score, VolumeSample
from crisiswatch.model.signals import NO_SIGNALS, Signals

__all__ = [
    "Event",
    "HumanAction",
    "Likened",
    "MentionScored",
    "Rescored",
    "RulesChanged",
    "ScorerChanged",
    "SourceHealth",
    "StandInsMet",
    "Tick",
    "VolumeSampled",
]


@dataclass(frozen=True, slots=True)
class MentionScored:
    """A mention of the brand arrived at ``at`` and was scored.

    ``at`` is the arrival time, never earlier than that of an earlier event; the mention's place in the windows is
    ``mention.created_at``, limited to ``at`` + 2 minutes. ``at`` and ``created_at`` are aware UTC. ``folded`` is the
    text as `crisiswatch.matching.normalise` gives it, from whoever has made it already; it changes nothing but time.
    ``signals`` are what the text says beyond its mood.
    """

    at: datetime
    mention: Mention
    score: Score
    folded: str | None = None
    signals: Signals = NO_SIGNALS


@dataclass(frozen=True, slots=True)
class VolumeSampled:
    """A source reported counts without texts."""

    at: datetime
    sample: VolumeSample


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has come to ``at``; nothing else happened."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """A source changed between healthy and not; ``reason`` as in `Blind`."""

    at: datetime
    source: str
    healthy: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HumanAction:
    """Somebody acted on an incident; ``action`` is an `Act`, ``actor`` a name a receiver knows.

    The engine knows ``acknowledge`` and ``resolve``; the others are the case's. ``detail`` holds what the act says.
    """

    at: datetime
    incident: str
    action: str
    actor: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """A reload put other rules in force; the step that gets it is given the new ruleset."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Rescored:
    """Recent mentions of one source and language, read by the scorer before and by the one after.

    ``before`` and ``after`` are the sums of p(negative), p(neutral) and p(positive) over the same ``texts`` mentions,
    ``before_squares`` and ``after_squares`` those of the probabilities squared.
    """

    source: str
    lang: str | None
    texts: int
    before: tuple[float, float, float]
    after: tuple[float, float, float]
    before_squares: tuple[float, float, float]
    after_squares: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Likened:
    """How the scores of ``model``, which reads in place of the brand's own scorer now and then, are brought to that
    one's scale in one source and language: by three weights, negative, neutral, positive, that sum to 1.

    Found in ``texts`` mentions that both have read. An empty ``source`` means all that are not named.
    """

    model: str
    source: str
    lang: str | None
    texts: int
    weights: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class ScorerChanged:
    """From now on another scorer, ``model``, reads the mentions; ``rows`` say what that does to what is known.

    ``likened`` says how scores of the one before are to be taken, if it goes on to stand in for the new one.
    """

    at: datetime
    model: str
    rows: tuple[Rescored, ...] = ()
    likened: tuple[Likened, ...] = ()


@dataclass(frozen=True, slots=True)
class StandInsMet:
    """How the scores of those that stand in for the brand's scorer are to be taken from now on."""

    at: datetime
    rows: tuple[Likened, ...]


Event = MentionScored | VolumeSampled | Tick | SourceHealth | HumanAction | RulesChanged | ScorerChanged | StandInsMet
