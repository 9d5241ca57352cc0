"""What reads the mentions of a running daemon: made from the configuration, taught by labels, and watched.

Learning and comparing are slow and run beside the engine, on the scheduler's threads. What comes of them the engine
takes as it takes a reload: between two jobs, and only if no other configuration was put in force meanwhile.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from crisiswatch.clock import Clock
from crisiswatch.config.settings import HeavySettings, Settings
from crisiswatch.errors import CrisiswatchError
from crisiswatch.feedback import Learned, is_due, relearn, taught_scorer
from crisiswatch.metrics import Metrics
from crisiswatch.model import Scorer
from crisiswatch.pipeline import Pipeline, Plan, Result
from crisiswatch.rescoring import likened, stand_ins, without
from crisiswatch.sentiment.budget import Budgeted
from crisiswatch.sentiment.taught import TaughtScorer, Teachable
from crisiswatch.store import Store, counting
from crisiswatch.theming import taught_reader
from crisiswatch.wiring import base_scorer
from crisiswatch.worker import Job, Worker

__all__ = ["Scoring"]

LEARN_EVERY = timedelta(days=1)
PATIENCE = 120.0  # seconds that the engine may take for what it has before it
log = structlog.get_logger("crisiswatch.scoring")

Stamp = tuple[str, HeavySettings | None, tuple[tuple[str, int, int], ...]]


class Scoring:
    """Makes the scorer of each configuration, and keeps what reads up to what labels teach."""

    def __init__(self, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._made: tuple[Stamp, Scorer] | None = None
        self._learned: dict[str, datetime] = {}
        self._counted: tuple[Budgeted, int, int, dict[str, int]] | None = None
        self._scored = 0
        self._said: dict[str, str] = {}

    def base(self, settings: Settings) -> Scorer:
        """The configured scorer; the same object as long as neither the settings nor the model's files change.

        Raises CrisiswatchError for a model that can't be used.
        """
        stamp = _stamp(settings)
        if self._made is None or self._made[0] != stamp:
            self._made = stamp, base_scorer(settings, self._clock)
        return self._made[1]

    def taught(self, store: Store, plan: Plan) -> Plan:
        """The plan with the heads of the store on its scorer, read anew each time, and the themes that people gave."""
        made = taught_scorer(store, _base(plan.scorer))
        for brand, why in sorted(made.resting.items()):
            self._tell(f"head of {brand}", why, "head_rests", brand=brand)
        for brand in set(plan.brands) - set(made.resting):
            self._said.pop(f"head of {brand}", None)
        return replace(plan, scorer=made, reader=taught_reader(store, plan, self._clock.now()))

    def study(self, store: Store, worker: Worker) -> None:
        """Learn what is due, have the engine hear the heads and themes of the store, and compare who stands in.

        The store may have been changed by `crisiswatch feedback` meanwhile.
        """
        plan = worker.pipeline.plan
        self._learn(store, plan)
        now_heard = self.taught(store, plan)
        heads = _heads(now_heard.scorer)
        if heads != _heads(plan.scorer) or now_heard.reader is not plan.reader:
            log.info("heads_in_force", heads=heads)
            plan = self._put(worker, plan, now_heard)
        else:
            self._submit(worker, "meet_scorer", lambda pipeline: pipeline.meet_scorer())
        self._compare(store, worker, plan)
        self.watch_labels(store, plan)

    def watch(self, pipeline: Pipeline) -> None:
        """Bring the metrics of the scorer up to date: cheap, every few seconds."""
        base = _base(pipeline.plan.scorer)
        reduced = without(base) if pipeline.scored else ""  # asking loads the encoder
        self._metrics.scorer_state(resting=isinstance(base, Budgeted) and base.tally.resting, reduced=bool(reduced))
        if reduced:
            self._tell("reduced", reduced, "scorer_reduced")
        scored, self._scored = pipeline.scored - self._scored, pipeline.scored
        if not isinstance(base, Budgeted):
            self._metrics.texts_scored("main", scored)
            return
        tally, before = base.tally, self._counted
        main, fallback, reasons = tally.scored_by_main, tally.scored_by_fallback, dict(tally.reasons)
        known = before[1:] if before is not None and before[0] is base else (0, 0, dict.fromkeys(reasons, 0))
        self._counted = base, main, fallback, reasons
        self._metrics.texts_scored("main", main - known[0])
        self._metrics.texts_scored("fallback", fallback - known[1])
        for reason, count in reasons.items():
            self._metrics.fell_back(reason, count - known[2][reason])
        if tally.pace is not None:
            self._metrics.scorer_pace(tally.pace)
        if tally.resting:
            self._tell("resting", tally.last_failure, "scorer_rests")
        else:
            self._said.pop("resting", None)

    def watch_labels(self, store: Store, plan: Plan) -> None:
        """Bring the metrics of labels and heads up to date."""
        resting = plan.scorer.resting if isinstance(plan.scorer, TaughtScorer) else {}
        working = _heads(plan.scorer)
        for brand in plan.brands:
            newest = max(store.heads(brand), key=lambda head: head.version, default=None)
            state = "none" if newest is None else newest.state
            state = "resting" if brand in resting else "active" if brand in working else state
            self._metrics.feedback(brand, labels=len(counting(store.feedback(brand))), state=state)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _learn(self, store: Store, plan: Plan) -> None:
        base, now = _base(plan.scorer), self._clock.now()
        if not isinstance(base, Teachable):
            return
        for brand in plan.brands:
            last = self._learned.get(brand)
            if (last is not None and now - last < LEARN_EVERY) or not is_due(store, brand, base):
                continue
            try:
                _log(relearn(store, brand, base, now, plan.matcher.mask_terms))
            except CrisiswatchError as error:
                log.warning("not_learned", brand=brand, why=str(error))
            self._learned[brand] = now

    def _put(self, worker: Worker, plan: Plan, taught: Plan) -> Plan:
        """Have the engine go on with what ``taught`` reads with, unless another plan than ``plan`` is in force by then.

        Gives the plan it follows.
        """

        def swap(pipeline: Pipeline) -> Result:
            return pipeline.teach(taught.scorer, taught.reader) if pipeline.plan is plan else Result()

        self._submit(worker, "teach", swap)
        return worker.pipeline.plan

    def _compare(self, store: Store, worker: Worker, plan: Plan) -> None:
        found = {}
        for brand in plan.brands:
            state = worker.pipeline.state(brand)
            if state is not None and state.scorer and stand_ins(plan.scorer, brand):
                rows = likened(store, plan.scorer, plan.matcher, brand, self._clock.now())
                found[brand] = (state.scorer, rows)
        if found:
            self._submit(worker, "stand_ins", lambda pipeline: pipeline.meet_stand_ins(found))

    @staticmethod
    def _submit(worker: Worker, name: str, job: Job) -> None:
        ticket = worker.submit(name, job, seconds=5.0)
        if ticket is not None:
            ticket.wait(PATIENCE)

    def _tell(self, key: str, why: str, word: str, **more: str) -> None:
        """Log what does not work once, and again when the reason changes."""
        if self._said.get(key) != why:
            self._said[key] = why
            log.warning(word, why=why, **more)


def _base(scorer: Scorer) -> Scorer:
    return scorer.base if isinstance(scorer, TaughtScorer) else scorer


def _heads(scorer: Scorer) -> dict[str, str]:
    return scorer.heads if isinstance(scorer, TaughtScorer) else {}


def _log(learned: Learned) -> None:
    head = learned.head
    log.info(
        "learned",
        brand=learned.brand,
        made=None if head is None else head.version,
        state=None if head is None else head.state,
        why=learned.why,
        withdrawn=list(learned.withdrawn),
    )


def _stamp(settings: Settings) -> Stamp:
    """What a scorer is made of: its settings, and the files of its folder by name, size and time."""
    heavy = settings.heavy
    files: list[tuple[str, int, int]] = []
    if heavy is not None and heavy.folder.is_dir():
        for path in sorted(heavy.folder.iterdir()):
            found = path.stat()
            files.append((path.name, found.st_size, found.st_mtime_ns))
    return settings.scorer, heavy, tuple(files)
