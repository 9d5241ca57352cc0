"""From a batch to a committed decision: dedupe, match, score, step, one transaction.

The only writer of mentions, states and incidents. The daemon's engine thread, `replay` and the tests all use it, so
what one of them decides, the others decide too. Nothing is kept in memory that was not committed: a commit that fails
leaves the pipeline as it was, and the same batch can be offered again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, NamedTuple

from crisiswatch.calm import Calm
from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.engine.calibration import NO_SCORERS
from crisiswatch.errors import ActRefused
from crisiswatch.intake import Arrival, Intake, Plan, Result, joined, stored_as
from crisiswatch.matching import normalise
from crisiswatch.model import (
    Effect,
    Event,
    HumanAction,
    Likened,
    Mention,
    MentionScored,
    Rescored,
    RulesChanged,
    Scorer,
    ScorerChanged,
    Signals,
    Silence,
    SilenceWish,
    SourceHealth,
    StandInsMet,
    Text,
    Tick,
    VolumeSampled,
)
from crisiswatch.rescoring import model_of, own_scorer, rescored, stand_ins
from crisiswatch.responding import Responding
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment import score_mentions
from crisiswatch.sentiment.signals import Reader
from crisiswatch.store import Fence, JournalEntry, SourceMark, Store, StoredMention, Work
from crisiswatch.volumes import COUNTED, merged, written
from crisiswatch.windows import minute_of, moment

__all__ = ["Arrival", "Intake", "Pipeline", "Plan", "Result"]


NO_RULES = Ruleset()
"""What a brand is judged by that is no longer in the configuration."""


class _Ours(NamedTuple):
    """A mention of our brands, and its text as it was matched."""

    mention: Mention
    brands: tuple[str, ...]
    folded: str


class Pipeline:
    """The engine with its store. Not thread-safe: one thread calls it. ``scored`` counts texts that a scorer read."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        *,
        clock: Callable[[], datetime],
        arrival: Arrival = Arrival.CLOCK,
        fence: Fence | None = None,
        stamp: Callable[[datetime], datetime] | None = None,
    ) -> None:
        self._store = store
        self._plan = plan
        self._clock = clock
        self._arrival = arrival
        self._stamp = stamp or (lambda _: clock())
        self.fence = fence
        self.scored = 0
        self._states = {brand: decode(saved.body) for brand, saved in store.load_states().items()}
        # A restart goes on from the time the states have come to, or its first mentions would arrive in the past.
        last = max((state.now for state in self._states.values()), default=-1)
        self._came_to: datetime | None = moment(last) if last >= 0 else None
        self._responding = Responding(store)
        self._calm = Calm(store)
        self._carries = {source: frozenset(mark.carries) for source, mark in store.cursors().items()}

    @property
    def plan(self) -> Plan:
        """What is in force."""
        return self._plan

    def state(self, brand: str) -> State | None:
        """Give a brand's state, to be read only; None before its first event."""
        return self._states.get(brand)

    def carries(self, source: str) -> frozenset[str]:
        """Give the names that mentions from a configured source bear; its own while it has brought none."""
        return self._carries.get(source) or frozenset({source})

    def failing(self, source: str) -> bool:
        """Say whether what a source carries is taken for blind because the source itself failed."""
        found = (state.sources.get(name) for state in self._states.values() for name in self.carries(source))
        return any(rhythm is not None and rhythm.blind and rhythm.reason != "silent" for rhythm in found)

    def ingest(self, intake: Intake) -> Result:
        """Take in a batch; raises StoreError, and then nothing happened."""
        fresh, duplicates, edited = self._fresh(intake)
        ours = self._matched(fresh)
        terms = [self._plan.matcher.mask_terms(each.brands) for each in ours]
        about = [each.brands for each in ours]
        scores, unscored = score_mentions(self._plan.scorer, [each.mention for each in ours], terms, about)
        self.scored += sum(score.model not in NO_SCORERS for score in scores)
        events: dict[str, list[Event]] = {}
        stored: list[StoredMention] = []
        for (mention, brands, folded), score, signals in zip(ours, scores, self._signals(ours, terms), strict=True):
            at = self._arrived(mention)
            stored.append(stored_as(mention, brands, score, at, signals))
            event = MentionScored(at, mention, score, folded, signals)
            for brand in brands:
                events.setdefault(brand, []).append(event)
        counted = merged(intake.samples, self._plan.brands)
        journal: list[JournalEntry] = []
        for sample in counted:
            at = self._now()
            events.setdefault(sample.brand, []).append(VolumeSampled(at, sample))
            journal.append(JournalEntry(brand=sample.brand, at=at, kind=COUNTED, payload=written(sample)))
        if self._arrival is Arrival.DATA and self._came_to is not None:
            self._bring_all_to(self._came_to, events)
        late_before = self._late(events)
        carries = self._carries.get(intake.source, frozenset()) | {each.mention.source for each in ours}
        marks = {} if intake.mark is None else {intake.source: replace(intake.mark, carries=tuple(sorted(carries)))}
        budget = None if intake.budget_left is None else (intake.source, intake.budget_left)
        done = self._commit(
            events,
            mentions=stored,
            cursors=marks,
            journal=journal,
            edited=edited,
            deleted=tuple(intake.deleted),
            budget=budget,
        )
        self._carries[intake.source] = carries
        late = min(self._late(events) - late_before, len(ours))  # one mention may be late at several brands
        outcomes = {
            "accepted": len(ours) - late,
            "late": late,
            "duplicate": duplicates,
            "unmatched": len(fresh) - len(ours),
            "refused": intake.refused,
        }
        times = [mention.created_at for mention in fresh]
        return replace(
            done,
            outcomes=outcomes,
            unscored=unscored,
            oldest=min(times, default=None),
            newest=max(times, default=None),
            samples=tuple(counted),
        )

    def tick(self, at: datetime) -> Result:
        """Let time come to ``at`` for every brand; does nothing within one minute."""
        events: dict[str, list[Event]] = {}
        self._bring_all_to(at, events)
        if not events and not self._calm.waits():
            return Result()
        return self._commit(events)

    def source_health(self, source: str, *, healthy: bool, reason: str = "", mark: SourceMark | None = None) -> Result:
        """Tell the brands whether what the source carries can be trusted to speak. A source that fails before it ever
        brought anything is told to every brand: it may be about any of them."""
        at = self._now()
        events: dict[str, list[Event]] = {}
        journal: list[JournalEntry] = []
        for name in sorted(self.carries(source)):
            payload = json.dumps({"source": name, "healthy": healthy, "reason": reason})
            unheard = not healthy and not any(name in state.sources for state in self._states.values())
            for brand in self._plan.brands if unheard else tuple(self._states):
                if unheard or name in self._states[brand].sources:
                    events.setdefault(brand, []).append(SourceHealth(at, name, healthy, reason))
                    journal.append(JournalEntry(brand=brand, at=at, kind="source_health", payload=payload))
        marks = {} if mark is None else {source: mark}
        budget = (source, 0.0) if not healthy and reason == "out_of_budget" else None
        return self._commit(events, journal=journal, cursors=marks, budget=budget)

    def silence(self, wish: SilenceWish) -> tuple[Silence, Result]:
        """Have nobody told of some incidents for a while; raises ActRefused where the wish makes no sense."""
        ticked = self.tick(self._now())
        begun = self._calm.begun(wish, self._now(), self._plan)
        return begun, joined(ticked, self._commit({}, silences=[begun]))

    def end_silence(self, number: int, by: str) -> tuple[Silence, Result]:
        """End a silence before its time; raises ActRefused if it is not in force."""
        ticked, ended = self.tick(self._now()), self._calm.ended(number, by, self._now())
        return ended, joined(ticked, self._commit({}, silences=[ended]))

    def act(self, incident: str, action: str, actor: str, detail: Mapping[str, str] | None = None) -> Result:
        """Do to an incident what somebody asked (an `Act`); ``answer`` is for them. Raises ActRefused. The minutes
        before are closed first, so that all that follows from the act is one step of its own."""
        brand = incident.split(".", 1)[0]
        if brand not in self._states:
            raise ActRefused(f"there is no incident {incident[:120]!r}", missing=True)
        ticked = self.tick(self._now())
        human = HumanAction(self._now(), incident, action, actor, dict(detail or {}))
        told = {"incident": incident, "action": action, "actor": actor, "detail": human.detail}
        entry = JournalEntry(brand=brand, at=human.at, kind="human_action", payload=json.dumps(told))
        return joined(ticked, self._commit({brand: [human]}, journal=[entry], action=human))

    def reload(self, plan: Plan) -> Result:
        """Put another plan in force; states of rules that stay go on, incidents of rules and brands that left end. The
        minutes before are closed under the old plan first, so that a replay of the store can do the same."""
        at = self._now()
        ticked = self.tick(at)
        before, self._plan = self._plan, plan
        events: dict[str, list[Event]] = {brand: [RulesChanged(at)] for brand in self._states}
        journal = [JournalEntry(brand=brand, at=at, kind="rules_changed", payload="{}") for brand in events]
        try:
            self._meet_scorer(at, events, journal)
            done = self._commit(events, journal=journal)
        except BaseException:
            self._plan = before
            raise
        return joined(ticked, done)

    def meet_scorer(self) -> Result:
        """Tell the brands whose mentions another model has read until now, so that its change is no crisis."""
        events: dict[str, list[Event]] = {}
        journal: list[JournalEntry] = []
        self._meet_scorer(self._now(), events, journal)
        if not events:
            return Result()
        return self._commit(events, journal=journal)

    def teach(self, scorer: Scorer, reader: Reader | None = None) -> Result:
        """Have another scorer, and reader if one is given, read from now on, and all else as it was: for what was
        learned or withdrawn."""
        before = self._plan
        self._plan = replace(before, scorer=scorer, reader=reader or before.reader)
        try:
            return self.meet_scorer()
        except BaseException:
            self._plan = before
            raise

    def meet_stand_ins(self, found: Mapping[str, tuple[str, tuple[Likened, ...]]]) -> Result:
        """Take over, by brand, how stand-ins compare with the scorer of the name given, if that one still reads."""
        at = self._now()
        events: dict[str, list[Event]] = {}
        journal: list[JournalEntry] = []
        for brand, (model, rows) in found.items():
            state = self._states.get(brand)
            if state is not None and rows and state.scorer == model:
                events[brand] = [StandInsMet(at, rows)]
                payload = json.dumps({"rows": _plain(rows)})
                journal.append(JournalEntry(brand=brand, at=at, kind="stand_ins_met", payload=payload))
        if not events:
            return Result()
        return self._commit(events, journal=journal)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _meet_scorer(self, at: datetime, events: dict[str, list[Event]], journal: list[JournalEntry]) -> None:
        plan = self._plan
        models: dict[int, str] = {}
        for brand, state in self._states.items():
            if not state.scorer:  # asking loads the scorer
                continue
            own = own_scorer(plan.scorer, brand)
            if id(own) not in models:
                models[id(own)] = model_of(own)
            model = models[id(own)]
            if not model or state.scorer == model:
                continue
            again = rescored(self._store, plan.scorer, plan.matcher, brand, state.scorer, state.priors, at)
            stand_in = again.likened if state.scorer in map(model_of, stand_ins(plan.scorer, brand)) else ()
            events.setdefault(brand, []).append(ScorerChanged(at, model, again.rows, stand_in))
            told = {"model": model, "rows": _plain(again.rows), "likened": _plain(stand_in)}
            journal.append(JournalEntry(brand=brand, at=at, kind="scorer_changed", payload=json.dumps(told)))

    def _fresh(self, intake: Intake) -> tuple[list[Mention], int, list[Mention]]:
        """Those that were never seen, each once, in order; how many were dropped; and new wordings of known ones."""
        known = self._store.known({mention.uid for mention in (*intake.mentions, *intake.edited)})
        edited = [mention for mention in intake.edited if mention.uid in known]
        mentions = [*intake.mentions, *(mention for mention in intake.edited if mention.uid not in known)]
        if (hidden := self._plan.pseudonyms) is not None:
            mentions = [hidden.hide(mention) for mention in mentions]
        fresh: list[Mention] = []
        for mention in mentions:
            if mention.uid not in known:
                fresh.append(mention)
                known.add(mention.uid)
        return fresh, len(mentions) - len(fresh), edited

    def _matched(self, mentions: Sequence[Mention]) -> list[_Ours]:
        """Those that are about a brand of ours. The text is folded here, once for all that look into it."""
        matcher = self._plan.matcher
        ours: list[_Ours] = []
        for mention in mentions:
            folded = normalise(mention.text)
            if mention.brand is None:
                brands = matcher.brands_in(folded, channel=mention.channel)
            else:
                brands = matcher.brands_of_mention(mention)
            if brands:
                ours.append(_Ours(mention, brands, folded))
        return ours

    def _signals(self, ours: Sequence[_Ours], terms: Sequence[tuple[str, ...]]) -> list[Signals]:
        """What the mentions say beyond their mood; after the scorer, whose encoder still knows them."""
        texts = [Text(each.mention.text, each.mention.lang, hidden) for each, hidden in zip(ours, terms, strict=True)]
        return self._plan.reader.read(texts, [each.folded for each in ours])

    def _arrived(self, mention: Mention) -> datetime:
        """When it arrived; never before what arrived earlier, because time does not run backwards."""
        if self._arrival is Arrival.CLOCK:
            return self._now()
        return self._forward(mention.received_at or mention.created_at)

    def _now(self) -> datetime:
        return self._forward(self._clock())

    def _forward(self, at: datetime) -> datetime:
        if self._came_to is None or at > self._came_to:
            self._came_to = at
        return self._came_to

    def _bring_all_to(self, at: datetime, events: dict[str, list[Event]]) -> None:
        minute = minute_of(self._forward(at))
        for brand, state in self._states.items():
            if state.now < minute:
                events.setdefault(brand, []).append(Tick(self._forward(at)))

    def _late(self, brands: Iterable[str]) -> int:
        return sum(self._states[brand].late for brand in brands if brand in self._states)

    def _commit(
        self,
        events: Mapping[str, Sequence[Event]],
        *,
        mentions: Sequence[StoredMention] = (),
        cursors: Mapping[str, SourceMark] | None = None,
        journal: Sequence[JournalEntry] = (),
        edited: Sequence[Mention] = (),
        deleted: Sequence[str] = (),
        action: HumanAction | None = None,
        budget: tuple[str, float] | None = None,
        silences: Sequence[Silence] = (),
    ) -> Result:
        states: dict[str, State] = {}
        effects: list[Effect] = []
        for brand, happened in events.items():
            before = self._states.get(brand) or State(brand)
            rules = self._plan.ruleset if brand in self._plan.brands else NO_RULES
            states[brand], told = fold(before, happened, rules)
            effects.extend(told)
        effects.sort(key=lambda effect: effect.at)
        come_to = {brand: moment(state.now) for brand, state in states.items()}
        up = self._calm.meters(effects, self._plan)
        responses = self._responding.work_out(effects, come_to, self._plan, action, up=up)
        if action is not None and not effects and not responses.cases:
            return Result(answer=responses.answer)  # it said nothing new
        calmed = self._calm.work_out(
            self._plan,
            responses.sendings,
            at=self._came_to or self._now(),
            stamp=self._stamp,
            situation=lambda name: self._responding.situation(responses, name),
            revise=lambda name: self._responding.revised(responses, name),
            live=lambda: self._responding.live(responses),
            effects=effects,
            budget=budget,
            silences=silences,
        )
        work = Work(
            mentions=mentions,
            states={brand: encode(state) for brand, state in states.items()},
            effects=effects,
            outbox=calmed.rows,
            cursors=cursors or {},
            journal=journal,
            edited=edited,
            deleted=deleted,
            cases=tuple(responses.cases.values()),
            decisions=responses.decisions,
            silences=calmed.silences,
            desks=calmed.bodies(),
            fence=self.fence,
        )
        self._store.commit(work)
        self._states.update(states)
        self._responding.adopt(responses)
        self._calm.adopt(calmed)
        return Result(
            effects=tuple(effects),
            rows=tuple(calmed.rows),
            cases=tuple(work.cases),
            decisions=tuple(responses.decisions),
            sendings=tuple(sending for sending, _ in responses.sendings),
            answer=responses.answer,
        )


def _plain(rows: Iterable[Likened | Rescored]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]
