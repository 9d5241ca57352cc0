"""A brand's whole state between two events: windows, baselines, source rhythms, incidents. Private to a step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from crisiswatch.detector import Bin, DetectorState
from crisiswatch.engine.rhythm import Rhythm
from crisiswatch.model import Reading
from crisiswatch.sentiment.priors import Classes, StreamPrior
from crisiswatch.windows import BIN, Distinct, Series, Tally

__all__ = ["CALM", "HOLDING", "OPEN", "SETTLING", "BlindSpell", "RuleState", "SeriesState", "State", "Volume"]

CALM, HOLDING, OPEN, SETTLING = "calm", "holding", "open", "settling"
AUTHORS_KEPT = 1024


@dataclass(slots=True)
class SeriesState:
    """One series with its detector: counted since minute ``first``, bins learned up to minute ``learned``.

    Its detector says nothing before minute ``held``. ``unlearned`` keeps bins after ``learned`` that were made already;
    what is in it can be made again at any time. ``tallies``: by source that is judged by its counts
    (`crisiswatch.engine.volume`).
    """

    series: Series
    first: int
    learned: int
    detector: DetectorState | None = None
    held: int = -1
    unlearned: dict[int, Bin] = field(default_factory=dict, compare=False)
    tallies: dict[str, Tally] = field(default_factory=dict)

    def copy(self) -> SeriesState:
        """Give an independent copy."""
        tallies = {source: tally.copy() for source, tally in self.tallies.items()}
        unlearned = dict(self.unlearned)
        return SeriesState(self.series.copy(), self.first, self.learned, self.detector, self.held, unlearned, tallies)


@dataclass(slots=True)
class Volume:
    """How far a source's mentions of the brand are counted: the minutes from ``since``, up to ``until``.

    Its latest round of counts came in minute ``at``: ``slots`` are its minutes and their counts. ``stirred``: something
    was read since these were made into volume.
    """

    since: int
    until: int
    at: int
    slots: tuple[tuple[int, int], ...] = ()
    stirred: bool = False


@dataclass(slots=True)
class BlindSpell:
    """A source's blindness in minutes since 1970; ``until`` -1 while it lasts."""

    source: str
    since: int
    until: int
    reason: str


@dataclass(slots=True)
class RuleState:
    """Where one rule's incident machine stands. Minutes since 1970; -1 is never; ``mentions`` in thousandths.

    ``dismissed`` is the level of the incident that somebody resolved by hand, until the rule has been calm;
    ``dismissed_count`` what its window held then, in thousandths (-1: not known, as in states of before it was kept).
    """

    phase: str = CALM
    since: int = -1
    level: int = 0
    final: int = 0
    opening_level: int = 0
    excess: float = 0.0
    opened: int = -1
    quiet_since: int = -1
    levels: list[tuple[int, int]] = field(default_factory=list)
    version: int = 0
    mentions: int = 0
    told: int = 0
    told_at: int = -1
    authors: Distinct = field(default_factory=lambda: Distinct(AUTHORS_KEPT))
    sources: set[str] = field(default_factory=set)
    peak: Reading | None = None
    flaps: int = 0
    last_resolved: int = -1
    acknowledged_by: str = ""
    acknowledged_at: int = -1
    held_back: str = ""
    title: str = ""
    alert: str = ""
    trial: bool = False
    dismissed: int = 0
    dismissed_count: int = -1

    def forget_closing(self) -> None:
        """Whatever was closed by hand no longer holds anything back."""
        self.dismissed, self.dismissed_count = 0, -1

    @property
    def is_open(self) -> bool:
        """Whether there is an incident now."""
        return self.phase in (OPEN, SETTLING)

    def copy(self) -> RuleState:
        """Give an independent copy."""
        twin = RuleState(**{name: getattr(self, name) for name in self.__slots__})
        twin.levels, twin.sources, twin.authors = list(self.levels), set(self.sources), self.authors.copy()
        return twin


@dataclass(slots=True)
class State:
    """Everything remembered of one brand. ``now`` is the minute boundary time has come to, ``closed`` the watermark.

    Minutes since 1970; ``now`` -1 before the first event. ``late`` counts mentions that came in behind the watermark.
    ``scorer`` is the model that reads the mentions; ``priors`` what is known of each stream's class shares.
    ``stand_ins`` has the weights that bring other models' scores to its scale: by model, then stream, "" for the rest.
    ``caught_up`` are spans of minutes that were read afterwards, in order (`crisiswatch.engine.catchup`).
    ``volumes``: by source that is judged by its counts.
    """

    brand: str
    now: int = -1
    closed: int = -1
    first: int = -1
    late: int = 0
    series: dict[str, SeriesState] = field(default_factory=dict)
    rules: dict[str, RuleState] = field(default_factory=dict)
    sources: dict[str, Rhythm] = field(default_factory=dict)
    spells: list[BlindSpell] = field(default_factory=list)
    scorer: str = ""
    priors: dict[str, StreamPrior] = field(default_factory=dict)
    stand_ins: dict[str, dict[str, Classes]] = field(default_factory=dict)
    caught_up: list[tuple[int, int]] = field(default_factory=list)
    volumes: dict[str, Volume] = field(default_factory=dict)

    def copy(self) -> State:
        """Give an independent copy."""
        return State(
            brand=self.brand,
            now=self.now,
            closed=self.closed,
            first=self.first,
            late=self.late,
            series={k: s.copy() for k, s in self.series.items()},
            rules={k: r.copy() for k, r in self.rules.items()},
            sources={k: _copy_rhythm(r) for k, r in self.sources.items()},
            spells=[BlindSpell(s.source, s.since, s.until, s.reason) for s in self.spells],
            scorer=self.scorer,
            priors={k: prior.copy() for k, prior in self.priors.items()},
            stand_ins=self.stand_ins,  # replaced as a whole, never changed
            caught_up=self.caught_up,  # the same
            volumes={k: replace(volume) for k, volume in self.volumes.items()},
        )

    def blind_between(self, start: int, end: int) -> list[BlindSpell]:
        """Give the spells of blindness that touch ``[start, end)``."""
        return [s for s in self.spells if s.since < end and (s.until < 0 or s.until > start)]

    def exposure(self, start: int) -> float:
        """The part of the brand's usual volume whose sources could speak in the bin from minute ``start``."""
        blind = {spell.source for spell in self.blind_between(start, start + BIN) if not self._counted(spell, start)}
        if not blind:
            return 1.0
        whole = seeing = 0.0
        for name, rhythm in self.sources.items():  # in their order: a set's changes from process to process
            whole += rhythm.rate
            if name not in blind:
                seeing += rhythm.rate
        return seeing / whole if whole > 0 else 0.0

    def _counted(self, spell: BlindSpell, start: int) -> bool:
        """Whether a source's counts cover a bin although nothing could be read in it: its money was used up."""
        volume = self.volumes.get(spell.source)
        return volume is not None and volume.since <= start and start + BIN <= volume.until


def _copy_rhythm(rhythm: Rhythm) -> Rhythm:
    twin = Rhythm(**{name: getattr(rhythm, name) for name in rhythm.__slots__})
    twin.profile = list(rhythm.profile)
    return twin
