"""The core: one pure function from a state and an event to a state and what has to happen.

No clock, no input or output, no randomness: `run`, `replay`, `test` and `explain` all go through here, which is what
makes a back-test of a rule the truth about it.

Time moves in whole minutes of *arrival*. Whatever an event is, the minutes before it are closed first, one by one and
in order; so it makes no difference how often a `Tick` comes, or how the stream is cut into batches.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from crisiswatch.engine import catchup, machine, volume
from crisiswatch.engine.bins import LONGEST_TAIL, bin_of
from crisiswatch.engine.calibration import NO_SCORERS, made_right, new_hour, scorer_changed, stand_ins_met
from crisiswatch.engine.fitting import fits, new_series
from crisiswatch.engine.look import Look
from crisiswatch.engine.machine import Moment
from crisiswatch.engine.program import Program, RulePlan, SeriesPlan, program_for
from crisiswatch.engine.rhythm import Rhythm
from crisiswatch.engine.state import CALM, BlindSpell, RuleState, SeriesState, State
from crisiswatch.engine.voice import Voice, hear
from crisiswatch.engine.watermark import IDLE, goes_on, watermark
from crisiswatch.matching import normalise, signature
from crisiswatch.model import (
    Blind,
    BlindChanged,
    Effect,
    Event,
    HumanAction,
    Level,
    MentionScored,
    MeterMoved,
    RulesChanged,
    ScorerChanged,
    SourceHealth,
    StandInsMet,
    VolumeSampled,
)
from crisiswatch.rules.judge import level_held
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment.severity import weight_of
from crisiswatch.windows import BIN, MILLI, author_hash, minute_of, moment

__all__ = ["fold", "next_wakeup", "step"]

AHEAD = 2  # minutes that an author's clock may run before ours
FOREVER = 1 << 62
SPELLS_KEPT = 8 * 24 * 60  # minutes; growth looks back a week


def step(state: State, event: Event, rules: Ruleset) -> tuple[State, list[Effect]]:
    """Give the state after ``event`` and its effects, in order; ``state`` itself is left as it was."""
    return fold(state, (event,), rules)


def fold(state: State, events: Iterable[Event], rules: Ruleset) -> tuple[State, list[Effect]]:
    """`step` over many events, with one copy of the state instead of one for each. Events come in order of ``at``."""
    work = _Step(state.copy(), program_for(rules, state.brand))
    for event in events:
        work.take(event)
    return work.state, work.effects


def next_wakeup(state: State) -> datetime | None:
    """When the state could next change by time alone: the next minute; None for a brand nothing was said of yet."""
    return None if state.now < 0 else moment(state.now + 1)


class _Step:
    """One run over a private copy of the state."""

    def __init__(self, state: State, program: Program) -> None:
        self.state = state
        self.program = program
        self.detectors = {plan.key: plan.detector for plan in program.series}
        self.effects: list[Effect] = []
        self.open_rules = any(mine.is_open for mine in state.rules.values())
        self.blind = False
        self.series: tuple[tuple[SeriesPlan, SeriesState], ...] = ()
        self.rules: tuple[tuple[RulePlan, RuleState, SeriesState], ...] = ()
        if state.now >= 0:
            self._fit_rules()

    def take(self, event: Event) -> None:
        minute = max(minute_of(event.at), self.state.now)
        if self.state.now < 0:
            self._begin(minute)
        self._come_to(minute)
        match event:
            case MentionScored():
                self._mention(minute, event)
            case SourceHealth():
                self._health(minute, event)
            case HumanAction():
                self._human(event)
            case RulesChanged():
                self._fit_rules()
            case ScorerChanged():
                scorer_changed(self.state, self.series, event)
            case StandInsMet():
                stand_ins_met(self.state, event.rows)
            case VolumeSampled():
                self._rhythm(event.sample.source, minute).hear(minute, minute)
                volume.take(self.state, self.series, event.sample, self._count_in_incidents)

    # -- time ---------------------------------------------------------------------------------------------------------

    def _begin(self, minute: int) -> None:
        state = self.state
        state.now = state.first = minute
        state.closed = minute - self.program.lateness
        self._fit_rules()

    def _come_to(self, minute: int) -> None:
        state = self.state
        while state.now < minute:
            if self._asleep():
                self._jump(minute)
                return
            state.now += 1
            self._boundary(state.now)

    def _asleep(self) -> bool:
        """Nothing is in a window, nothing open, no count due, every source is known to be blind: time does nothing."""
        state = self.state
        for rhythm in state.sources.values():
            if not rhythm.blind or rhythm.signs or state.now - rhythm.last_arrival <= IDLE:
                return False
        return (
            not any(goes_on(state.sources.get(name), each, state.now) for name, each in state.volumes.items())
            and all(rule.phase == CALM and not rule.final for rule in state.rules.values())
            and not any(kept.series.buckets for kept in state.series.values())
            and all(plan.floor for plan in self.program.rules)
        )

    def _jump(self, minute: int) -> None:
        """Sleep until ``minute``. Detectors are told of the dark until nothing said before it is in their windows."""
        state = self.state
        state.now, state.closed = minute, minute - self.program.lateness
        dark = max([rhythm.blind_since for rhythm in state.sources.values()], default=-LONGEST_TAIL)
        for plan, kept in self.series:
            kept.series.move(minute, state.closed)
            self._learn(plan, kept, min(state.closed, dark + LONGEST_TAIL))
            kept.learned = max(kept.learned, state.closed - state.closed % BIN)
            kept.series.settle_crowds(kept.learned)

    def _boundary(self, minute: int) -> None:
        """Close the arrival minute that ends at ``minute``: silences, watermark, baselines, windows, rules."""
        state = self.state
        volume.settle(state, self.series, self._count_in_incidents)
        for name, rhythm in state.sources.items():
            self._listen(name, rhythm, minute)
        closed = watermark(state.sources, state.volumes, state.closed, minute, self.program.lateness)
        decided = min(closed, self._decided())
        for plan, kept in self.series:
            kept.series.move(minute, closed)
            if plan.detector is not None and kept.learned + BIN <= decided:
                self._learn(plan, kept, decided)
        if minute % 60 == 0:
            new_hour(state, self.series, minute)
        crossed = closed // BIN != state.closed // BIN
        state.closed = closed
        self.open_rules = False
        self.blind = any(spell.until < 0 for spell in state.spells)
        for rule, mine, kept in self.rules:
            self._judge(rule, mine, kept, minute)
            self.open_rules = self.open_rules or mine.is_open
        if crossed and self.program.main is not None:
            self._meter(self.program.main, minute)

    def _listen(self, name: str, rhythm: Rhythm, minute: int) -> None:
        """Close one source's arrival minute: it may turn out to be blind, or to speak again."""
        if rhythm.blind and rhythm.signs and rhythm.reason == "silent" and rhythm.speaks_again(minute - 1):
            self._see_again(name, rhythm, minute)
        rhythm.pass_minute(minute - 1)
        if rhythm.silent and rhythm.too_silent(minute):
            self._go_blind(name, rhythm, "silent", minute)

    # -- learning -----------------------------------------------------------------------------------------------------

    def _learn(self, plan: SeriesPlan, kept: SeriesState, end: int) -> None:
        """Hand the detector the bins up to minute ``end``: those that the watermark has passed and that are decided."""
        if plan.detector is None or kept.detector is None:
            return
        while kept.learned + BIN <= end:
            start = kept.learned
            closed_bin = bin_of(self.state, kept, self.program.calendar, start, start + BIN)
            kept.detector = plan.detector.learn(kept.detector, closed_bin)
            kept.learned = start + BIN
            kept.series.settle_crowds(kept.learned)

    def _decided(self) -> int:
        """Up to which minute it is known what a silence means.

        A bin of a silence waits until the silence ends: only then it is known whether it was calm or blind.
        """
        last = -1
        for rhythm in self.state.sources.values():
            if not rhythm.blind:
                if not rhythm.silent:
                    return FOREVER
                last = max(last, rhythm.last_arrival)
        return FOREVER if last < 0 else last

    # -- rules --------------------------------------------------------------------------------------------------------

    def _judge(self, plan: RulePlan, mine: RuleState, kept: SeriesState, minute: int) -> None:
        floor, window = plan.floor, plan.rule.window
        early, final = kept.series.early[window].count, kept.series.final[window].count
        if mine.phase == CALM and ((early < floor and final < floor) or (plan.blindness and not self.blind)):
            mine.final = 0
            mine.forget_closing()
            return
        now, settled = self._looks(plan, kept)
        at_once = in_the_end = Level.CALM
        if plan.early and early >= floor:
            at_once = level_held(plan.rule, now, early=True)
        if final >= floor:
            in_the_end = level_held(plan.rule, settled, early=False)
        mine.final = int(in_the_end)
        # What shows the level is what the incident's figures are read from; on a tie the fresher one.
        level, look = (in_the_end, settled) if in_the_end > at_once else (at_once, now)
        if mine.phase == CALM and level is Level.CALM:
            mine.forget_closing()
            return
        machine.advance(self.state, plan, mine, Moment(minute, level, look, settled, self._tell))

    def _looks(self, plan: RulePlan, kept: SeriesState) -> tuple[Look, Look]:
        series = kept.series
        detector = self.detectors[plan.series] if plan.judged else None
        window, calendar, counted = plan.rule.window, self.program.calendar, plan.rule.mentions.sources
        return (
            Look(self.state, kept, series.early[window], series.early_end, detector, calendar, counted),
            Look(self.state, kept, series.final[window], series.final_end, detector, calendar, counted),
        )

    def _meter(self, plan: RulePlan, minute: int) -> None:
        _, look = self._looks(plan, self.state.series[plan.series])
        verdict = look.verdict
        if verdict is not None:
            known = not verdict.learning
            moved = MeterMoved(
                moment(minute),
                self.state.brand,
                look.count,
                verdict.expected,
                verdict.false_alarms_per_month if known else None,
                verdict.achieved if known else None,
            )
            self._tell(moved)

    def _tell(self, effect: Effect) -> None:
        self.effects.append(effect)

    # -- events -------------------------------------------------------------------------------------------------------

    def _mention(self, now: int, event: MentionScored) -> None:
        state, mention = self.state, event.mention
        minute = min(minute_of(mention.created_at), now + AHEAD)
        self._rhythm(mention.source, now).hear(now, minute)
        if minute < state.closed:
            state.late += 1
        if mention.backfill:
            catchup.note(state, minute)
        folded = self._folded(event)
        score = made_right(state, mention, event.score)
        if not state.scorer and score.model not in NO_SCORERS:
            state.scorer = score.model
        weight = MILLI if mention.weight == 1.0 else round(mention.weight * MILLI)
        signals = event.signals
        voice = Voice(
            mention,
            score,
            signals,
            folded,
            score.label.value,
            minute,
            weight,
            None if mention.author_id is None else author_hash(mention.author_id),
            self._signature(event, folded),
            round(weight_of(signals.severity) * MILLI) if signals.severity else 0,
            state.volumes.get(mention.source),
        )
        author = voice.author
        for plan, kept in self.series:
            mass = hear(plan, kept, voice)
            if mass is not None and self.open_rules:
                self._count_in_incidents(plan.key, minute, mass, mention.source, author)

    def _folded(self, event: MentionScored) -> str:
        if not self.program.needs_words and not self.program.needs_texts:
            return ""
        return normalise(event.mention.text) if event.folded is None else event.folded

    def _signature(self, event: MentionScored, folded: str) -> int | None:
        """What near-duplicates of the text share; nothing for a repost, which is somebody's own doing."""
        if not self.program.needs_texts or event.mention.repost_of is not None:
            return None
        return signature(event.mention.text, folded)

    def _count_in_incidents(self, key: str, minute: int, weight: int, source: str, author: int | None = None) -> None:
        for plan, mine, _ in self.rules:
            if plan.series != key or not mine.is_open or minute < mine.opened - plan.rule.window:
                continue
            mine.mentions += weight
            mine.sources.add(source)
            if author is not None:
                mine.authors.add(author)

    def _rhythm(self, source: str, now: int) -> Rhythm:
        rhythm = self.state.sources.get(source)
        if rhythm is None:
            rhythm = self.state.sources[source] = Rhythm(first=now, newest_event=now, last_arrival=now)
            self.state.sources = dict(sorted(self.state.sources.items()))
        return rhythm

    def _health(self, minute: int, event: SourceHealth) -> None:
        rhythm = self._rhythm(event.source, minute)
        if event.healthy:
            if rhythm.blind and rhythm.reason != "silent":
                self._see_again(event.source, rhythm, minute)
            return
        if not rhythm.blind:
            self._go_blind(event.source, rhythm, event.reason or "failing", minute)

    def _go_blind(self, source: str, rhythm: Rhythm, reason: str, minute: int) -> None:
        # A silence began with the last arrival; a failure that was reported begins now, however quiet it was before.
        rhythm.go_blind(reason, rhythm.last_arrival if reason == "silent" else minute)
        spells = self.state.spells
        self.state.spells = [s for s in spells if s.until < 0 or s.until > minute - SPELLS_KEPT]
        self.state.spells.append(BlindSpell(source, rhythm.blind_since, -1, reason))
        for mine in self.state.rules.values():
            machine.gone_blind(mine, source, rhythm.blind_since, minute)
        self._tell(BlindChanged(moment(minute), self.state.brand, _blind(self.state.spells[-1])))

    def _see_again(self, source: str, rhythm: Rhythm, minute: int) -> None:
        until = rhythm.see_again(minute)
        for spell in self.state.spells:
            if spell.source == source and spell.until < 0:
                spell.until = until
                self._tell(BlindChanged(moment(minute), self.state.brand, _blind(spell)))

    def _human(self, event: HumanAction) -> None:
        for plan, mine, _ in self.rules:
            if not mine.is_open:
                continue
            opened = moment(mine.opened)
            if event.incident != f"{self.state.brand}.{plan.rule.id}.{opened:%Y%m%dT%H%MZ}":
                continue
            at = self._moment(plan, mine)
            if event.action in {"acknowledge", "assign"}:  # who gives it to somebody has it in hand
                machine.acknowledge(self.state, plan, mine, at, event.actor)
            elif event.action == "resolve":
                machine.close(self.state, plan, mine, at, "by_hand")

    def _moment(self, plan: RulePlan, mine: RuleState) -> Moment:
        now, settled = self._looks(plan, self.state.series[plan.series])
        return Moment(self.state.now, Level(mine.level), now, settled, self._tell)

    # -- rules come and go --------------------------------------------------------------------------------------------

    def _fit_rules(self) -> None:
        """Make the state fit the program: keep what goes on, start what is new, end incidents whose rule left."""
        state, program = self.state, self.program
        wanted = {plan.rule.id: plan for plan in program.rules}
        for gone in [name for name in state.rules if name not in wanted]:
            self._drop_rule(gone)
        for plan in program.series:
            kept = state.series.get(plan.key)
            if kept is None or not fits(plan, kept.series):
                state.series[plan.key] = new_series(state, plan, kept)
        keys = {plan.key for plan in program.series}
        state.series = {key: state.series[key] for key in sorted(keys)}
        state.rules = {plan.rule.id: state.rules.get(plan.rule.id) or RuleState() for plan in program.rules}
        self.series = tuple((plan, state.series[plan.key]) for plan in program.series)
        self.rules = tuple((plan, state.rules[plan.rule.id], state.series[plan.series]) for plan in program.rules)

    def _drop_rule(self, name: str) -> None:
        mine = self.state.rules[name]
        if mine.is_open:
            self._tell(machine.orphan(self.state, name, mine))
        del self.state.rules[name]


def _blind(spell: BlindSpell) -> Blind:
    return Blind(spell.source, moment(spell.since), None if spell.until < 0 else moment(spell.until), spell.reason)
