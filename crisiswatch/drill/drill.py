"""One exercise: the pipeline, the case machine, the outbox and the real receivers over a store of its own.

It runs in the daemon, which hears what people press, or in the command's process where no daemon runs. The daemon's
store, metrics, baselines and history see nothing of it.
"""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO

import structlog

from crisiswatch.clock import Clock
from crisiswatch.config import Loaded
from crisiswatch.drill.pace import DrillClock
from crisiswatch.drill.plan import brand_of, exercise_of, longest_play
from crisiswatch.drill.play import SOURCE, arrival, invented, recorded
from crisiswatch.drill.report import report_of, rows_of_report
from crisiswatch.drill.request import DrillRequest
from crisiswatch.errors import ActRefused, CrisiswatchError
from crisiswatch.model import Act, Case, Delivery, Incident, Mention
from crisiswatch.outbox import Outcome
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Result
from crisiswatch.senders import Senders
from crisiswatch.sentiment import scorer as named_scorer
from crisiswatch.store import Fence, OutboxRow, Store, Work
from crisiswatch.wiring import Messages, chart_maker, make_notifier, plan_for
from crisiswatch.worker import Worker

__all__ = ["Drill"]

ACTOR = "crisiswatch drill"
LOOK_EVERY = 0.5
DRAIN = 20.0
"""Seconds that the end waits for messages that are still owed; what is not delivered then is said in the report."""
_BATCH = 2000
_HELD = timedelta(days=2)
log = structlog.get_logger("crisiswatch.drill")


class Drill:
    """An exercise from its request to its report. Thread-safe; it runs on threads of its own.

    ``loaded`` is the real configuration; ``console`` is where console receivers print; ``store_url`` keeps its store
    (else it is thrown away). Raises CrisiswatchError for what can't be drilled.
    """

    def __init__(
        self,
        loaded: Loaded,
        request: DrillRequest,
        clock: Clock,
        *,
        console: TextIO | None = None,
        store_url: str = "",
    ) -> None:
        self.request = request
        self._wall = clock
        self._console = console
        self.loaded = exercise_of(loaded, request)
        # Nobody judges the mood of what is invented.
        self._plan = plan_for(self.loaded, named_scorer("none") if request.scenario is None else None)
        # A message's own time is the clock on the wall.
        self._plan = replace(self._plan, remind_every=self._plan.remind_every / request.speed)
        self.started_at = clock.now()
        self.id = f"drill-{self.started_at:%Y%m%dT%H%M%SZ}"
        self.clock = DrillClock(clock, self.started_at, request.speed)
        self._folder = tempfile.TemporaryDirectory(prefix="crisiswatch-drill-")
        self.store, self._fence = self._opened(store_url or f"sqlite:///{self._folder.name}/drill.db")
        self._lock = threading.RLock()
        self._asked_to_end = threading.Event()
        self._over = threading.Event()
        self._outcomes: dict[str, Counter[str]] = {}
        self._final: dict[str, Any] | None = None
        self.ended = ""
        self._senders = Senders(self.store, clock, self._fence, self._sent)
        self._worker: Worker | None = None
        self._noticed: frozenset[str] = frozenset()
        self._thread = threading.Thread(target=self._run, name="drill", daemon=True)

    def _opened(self, url: str) -> tuple[Store, Fence]:
        """An empty store for this exercise alone."""
        try:
            store = Store.open(url)
        except CrisiswatchError:
            self._folder.cleanup()
            raise
        fence = store.acquire("daemon", self.id, self.started_at, _HELD)
        if fence is None or store.last_seq() or store.incidents(limit=1):
            store.close()
            self._folder.cleanup()
            raise CrisiswatchError("that store holds something already: a drill needs an empty one of its own")
        return store, fence

    # -- for those who run it -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def end(self, why: str = "asked") -> None:
        """Have it end soon, with everybody told so."""
        with self._lock:
            self.ended = self.ended or why
        self._asked_to_end.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it is over, for so long at most; says whether it is."""
        return self._over.wait(seconds)

    @property
    def over(self) -> bool:
        """Whether it has ended and its report is made."""
        return self._over.is_set()

    def act(self, incident: str, action: str, actor: str, detail: Mapping[str, str] | None = None) -> Result | None:
        """Do what a person asks; None if the engine is too busy. Raises ActRefused."""
        worker = self._worker
        if self.over or worker is None:
            raise ActRefused("the drill is over")
        ticket = worker.submit("act", lambda pipeline: pipeline.act(incident, action, actor, detail), seconds=5.0)
        return None if ticket is None else ticket.wait(10.0)

    def knows(self, incident: str) -> bool:
        """Whether an incident is one of this exercise."""
        return any(each["id"] == incident for each in self.view()["incidents"])

    def found(self, incident: str) -> tuple[Incident, Case | None] | None:
        """An incident of this exercise as it stands."""
        with self._lock:
            if self._final is not None:
                return None
            one = self.store.incident(incident)
            return None if one is None else (one, self.store.case(incident))

    def view(self) -> dict[str, Any]:
        """The report as it stands."""
        with self._lock:
            if self._final is not None:
                return self._final
            return report_of(self.store, self.clock, self._head(), dict(self._outcomes))

    # -- its life -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._play(self._prepared())
        except CrisiswatchError as error:
            log.warning("drill_failed", error=str(error))
            self.end(f"could not run: {error}")
        except Exception:  # a supervision point: whatever went wrong, people are told that it is over
            log.exception("drill_failed")
            self.end("could not run: see the log")
        try:
            self._close()
        except CrisiswatchError as error:
            log.warning("drill_not_closed", error=str(error))
        finally:
            self._leave()

    def _prepared(self) -> list[Mention]:
        """What will be said; the past of a recording is taken in already."""
        start, scenario = self.clock.start, self.request.scenario
        if scenario is None:
            mentions = invented(brand_of(self.loaded, self.request), start, longest_play(self.request))
        else:
            mentions = recorded(scenario, self._plan, start, Path(self._folder.name), self._wall)
        pipeline = Pipeline(
            self.store, self._plan, clock=self.clock.now, arrival=Arrival.DATA, fence=self._fence,
            stamp=lambda _: self._wall.now(),
        )  # fmt: skip
        past = [each for each in mentions if arrival(each) < start]
        for place in range(0, len(past), _BATCH):
            if self._asked_to_end.is_set():
                break
            pipeline.ingest(Intake(source=SOURCE, mentions=past[place : place + _BATCH]))
        chart = chart_maker(self.loaded, lambda: self.store)
        notifiers = {
            each.id: make_notifier(each, self.loaded, self._wall, self._console, chart)
            for each in self.loaded.settings.receivers
        }
        self._noticed = frozenset(name for name, each in notifiers.items() if each.capabilities.notices)
        self._senders.swap(notifiers, _Marked(Messages(self.store, self.loaded)).build)
        self.clock.let_go()
        worker = Worker(pipeline, self.clock, every=timedelta(seconds=1), observe=self._observe)
        worker.start()
        self._worker = worker
        return mentions[len(past) :]

    def _play(self, mentions: Sequence[Mention]) -> None:
        """Have it said when it is time, until people or the clock end it."""
        worker, place = self._worker, 0
        assert worker is not None
        until = self._wall.now() + timedelta(minutes=self.request.minutes)
        while not self._asked_to_end.is_set():
            now = self.clock.now()
            due = place
            while due < len(mentions) and due - place < _BATCH and arrival(mentions[due]) <= now:
                due += 1
            if due > place:
                ticket = worker.submit("drill", _takes(mentions[place:due]), seconds=5.0)
                place = due if ticket is not None else place
            if self._settled():
                self.end("stood_down")
            elif self._wall.now() >= until:
                self.end("time")
            elif due == place or now < self.clock.now():
                self._asked_to_end.wait(LOOK_EVERY)

    def _settled(self) -> bool:
        cases = self.store.cases()
        return bool(cases) and all(case.ending for case in cases)

    def _close(self) -> None:
        """End what is open, tell everybody how it went, and wait until they are told."""
        for case in self.store.cases():
            if not case.ending and self._worker is not None:
                try:
                    self.act(case.incident, Act.RESOLVE, ACTOR)
                except ActRefused as refused:
                    log.warning("drill_incident_not_ended", incident=case.incident, why=refused.detail)
        self._drain(DRAIN)
        report = self.view()
        rows = rows_of_report(report, self.store, self._brand_language(), self._told(), self._wall.now())
        if rows:
            self.store.commit(Work(outbox=rows, fence=self._fence))
            for row in rows:
                self._senders.wake(row.receiver)
            self._drain(DRAIN / 2)

    def _leave(self) -> None:
        if self._worker is not None:
            self._worker.stop(5.0)
        self._senders.stop(2.0)
        with self._lock:
            try:
                self._final = {**report_of(self.store, self.clock, self._head(), dict(self._outcomes)), "state": "over"}
            except CrisiswatchError as error:
                self._final = {**self._head(), "state": "over", "incidents": [], "messages": {}, "trouble": str(error)}
            self.store.close()
            self._folder.cleanup()
        self._over.set()

    def _drain(self, seconds: float) -> None:
        waiter = threading.Event()
        for _ in range(round(seconds * 10)):
            if not any(stats.pending for stats in self.store.outbox_stats(self._wall.now()).values()):
                return
            waiter.wait(0.1)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _head(self) -> dict[str, Any]:
        request = self.request
        return {
            "id": self.id,
            "drill": True,
            "state": "ending" if self.ended else "running" if self._worker is not None else "preparing",
            "ended": self.ended,
            "alert": request.alert,
            "scenario": "" if request.scenario is None else request.scenario.name,
            "started_at": self.started_at,
            "speed": request.speed,
            "minutes": request.minutes,
            "receivers": [each.id for each in self.loaded.settings.receivers],
        }

    def _told(self) -> list[str]:
        """Who heard of the exercise and takes messages that are about no incident."""
        rows = self.store.outbox_rows(limit=10_000)
        return sorted({row.receiver for row in rows} & self._noticed)

    def _brand_language(self) -> str:
        return brand_of(self.loaded, self.request).language

    def _observe(self, job: str, result: Result) -> None:
        del job
        for receiver in {row.receiver for row in result.rows}:
            self._senders.wake(receiver)

    def _sent(self, receiver: str, outcome: Outcome, seconds: float) -> None:
        del seconds
        with self._lock:
            self._outcomes.setdefault(receiver, Counter())[outcome.value] += 1


class _Marked:
    """Messages that say they are an exercise; nothing in them can be labelled, for what is labelled is learned from."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def build(self, row: OutboxRow) -> Delivery:
        made = self._messages.build(row)
        evidence = made.evidence
        unnamed = replace(
            evidence,
            first=tuple(replace(post, uid="") for post in evidence.first),
            loudest=tuple(replace(post, uid="") for post in evidence.loudest),
        )
        return replace(made, drill=True, evidence=unnamed, link="")


def _takes(mentions: Sequence[Mention]) -> Any:
    return lambda pipeline: pipeline.ingest(Intake(source=SOURCE, mentions=mentions))
