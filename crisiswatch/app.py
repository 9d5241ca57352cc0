"""The daemon as an object: everything wired, started, reloaded and stopped. Embeddable; it touches no signal.

Threads: the scheduler's pool polls sources, the engine thread decides and writes, one dispatcher a receiver sends, the
web server's threads answer. Each talks to the engine through its queue alone.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from crisiswatch import __version__
from crisiswatch.clock import Clock, StreamClock, SystemClock
from crisiswatch.config import Loaded, load, unresolved_secrets
from crisiswatch.config.settings import LogSettings
from crisiswatch.drill import Drills
from crisiswatch.errors import ConfigError, CrisiswatchError, StoreError
from crisiswatch.hooks import intake_for
from crisiswatch.interaction import Switchboard, actions_of
from crisiswatch.keeping import keeper_for
from crisiswatch.labelling import PageLabels
from crisiswatch.leasing import acquire
from crisiswatch.metrics import Metrics
from crisiswatch.model import Notifier, Source
from crisiswatch.observer import Observer
from crisiswatch.pipeline import Arrival, Pipeline, Plan, Result
from crisiswatch.polls import Polls
from crisiswatch.records import Keeper
from crisiswatch.response import decision_to_dict
from crisiswatch.scoring import Scoring
from crisiswatch.senders import Senders
from crisiswatch.showing import IncidentViews
from crisiswatch.silencing import Silencing
from crisiswatch.status import status_view
from crisiswatch.store import Store
from crisiswatch.web import Hook, StatusView, WebServer, WebState, create_app, incident_view
from crisiswatch.wiring import Messages, ack_links, chart_maker, close_source, make_notifier, make_source, plan_for
from crisiswatch.worker import Worker

__all__ = ["App"]

LEASE = timedelta(seconds=30)
BEAT_LIMIT = timedelta(seconds=30)
RECORDS_EVERY = timedelta(minutes=1)
UPKEEP_EVERY = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
log = structlog.get_logger("crisiswatch.app")


@dataclass(slots=True)
class _Parts:
    """What one configuration needs beside the engine: made whole before anything of it is put in force."""

    loaded: Loaded
    plan: Plan
    sources: dict[str, Source] = field(default_factory=dict)
    notifiers: dict[str, Notifier] = field(default_factory=dict)


class App:
    """A running crisiswatch over one configuration file.

    ``clock`` is the wall's. With ``stream_time`` the engine's time is that of the recorded mentions instead (their
    ``received_at``, else ``created_at``): for the demo and benchmarks. ``console`` is where console receivers print.
    """

    def __init__(
        self, config: Path, *, clock: Clock | None = None, stream_time: bool = False, console: TextIO | None = None
    ) -> None:
        self._path = config
        self._clock: Clock = clock or SystemClock()
        self._stream_time = stream_time
        self._console = console
        self._lock = threading.RLock()
        self.metrics = Metrics(process=True)
        self._scoring = Scoring(self._clock, self.metrics)
        self._parts = self._prepare()
        settings = self._parts.loaded.settings
        self.observer = Observer(self.metrics)
        self._hooks: dict[str, Hook] = {}
        self._keeper: Keeper | None = None
        self.drills = Drills(lambda: self._parts.loaded, self._clock, console=console)
        actions = actions_of(lambda: self.store, self._clock, self._acted)
        self._switchboard = Switchboard(actions, self._clock, self.metrics)
        # The address comes first: a daemon that can't have it must not take the store from the one that runs.
        self._web = WebServer(
            create_app(self._web_state(), host=settings.web.host, token=settings.web.token),
            settings.web.host,
            settings.web.port,
        )
        self._web.bind()
        try:
            self.store = Store.open(settings.store.reveal())
            self._fence = acquire(self.store, self._clock.now(), LEASE)
        except StoreError:
            self._web.stop()
            raise
        self._senders = Senders(self.store, self._clock, self._fence, self.observer.delivery)
        self._polls = Polls(self._clock, self.metrics, self._schedule, live=not stream_time)
        self._last_problems: tuple[str, ...] = ()
        self._started_at = self._loaded_at = self._clock.now()
        self.worker = self._make_worker()
        self._scheduler = self._make_scheduler()

    # -- life ---------------------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port of the web server."""
        return self._web.port

    @property
    def log_settings(self) -> LogSettings:
        """How the configuration wants logs written."""
        return self._parts.loaded.settings.log

    @property
    def fenced_out(self) -> bool:
        """Whether another daemon has taken over this store, so that this one must end."""
        return self.worker.lost.is_set()

    def start(self) -> None:
        """Start everything; returns once requests are answered."""
        self._prepare_metrics()
        self.observer.begin(self.store.incidents(open_only=True, limit=10_000), self.store.cases(open_only=True))
        self.worker.start()
        self._switchboard.start()
        self._put_in_force(self._parts)
        self._web.start()
        self._scheduler.start()
        log.info("started", version=__version__, port=self.port, config=str(self._path))

    def stop(self, grace: float = 8.0) -> None:
        """Stop polling, let the engine finish what it has, let sends under way end; leave the rest for next time."""
        self._polls.stop()
        self.drills.stop(grace / 2)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self.worker.stop(grace / 2)
        self._senders.stop(grace / 4)
        self._web.stop()
        self._switchboard.stop(grace / 8)
        for source in self._parts.sources.values():
            close_source(source)
        if self._fence is not None and not self.fenced_out:
            try:
                self.store.release(self._fence, self._clock.now())
            except StoreError as error:
                log.warning("lease_not_released", error=str(error))
        self.store.close()
        log.info("stopped")

    def reload(self) -> tuple[bool, Sequence[str]]:
        """Load the configuration again: all that can fail first, then the swap; on any fault the old one runs on."""
        with self._lock:
            now = self._clock.now()
            try:
                parts = self._prepare()
                self._adopt(self._scoring.taught(self.store, parts.plan))
            except ConfigError as error:
                problems = [problem.headline() for problem in error.problems]
            except CrisiswatchError as error:
                problems = [str(error)]
            else:
                self._put_in_force(parts)
                self._prepare_metrics()
                self._last_problems, self._loaded_at = (), now
                self.metrics.config_loaded(ok=True, at=now.timestamp())
                log.info("reloaded", fingerprint=parts.loaded.fingerprint[:12])
                return True, [problem.headline() for problem in parts.loaded.problems]
            self._last_problems = tuple(problems)
            self.metrics.config_loaded(ok=False, at=now.timestamp())
            for problem in problems:
                log.error("reload_refused", problem=problem)
            return False, problems

    def _adopt(self, plan: Plan) -> None:
        """Have the engine take a new plan; raises CrisiswatchError if it does not."""
        ticket = self.worker.submit("reload", lambda pipeline: pipeline.reload(plan), seconds=5.0)
        if ticket is None or ticket.wait(20.0) is None:
            raise CrisiswatchError("the engine is too busy to take a new configuration; try again")

    def look_now(self) -> None:
        """Look at every polled source at once instead of when it is due."""
        now = datetime.now(UTC)  # noqa: TID251 - the scheduler lives on the wall clock
        for job in self._scheduler.get_jobs():
            if job.id.startswith("poll:"):
                job.modify(next_run_time=now)

    def settled(self) -> bool:
        """Say whether every source has nothing new, the engine's queue is empty and no message that is due waits."""
        idle = self._polls.idle and not self.worker.waiting
        return idle and not self.owes()

    def owes(self) -> bool:
        """Say whether a message that is due waits."""
        return self.store.owed_now(self._clock.now()) > 0

    def act(self, incident: str, action: str, actor: str, detail: Mapping[str, str] | None = None) -> Result | None:
        """Do to an incident what somebody asked, an `Act`; None if the engine is too busy. Raises ActRefused."""
        drill = self.drills.of(incident)
        if drill is not None:
            return drill.act(incident, action, actor, detail)
        ticket = self.worker.submit("act", lambda pipeline: pipeline.act(incident, action, actor, detail), seconds=5.0)
        return None if ticket is None else ticket.wait(10.0)

    # -- making -------------------------------------------------------------------------------------------------------

    def _prepare(self) -> _Parts:
        loaded = load(self._path)
        missing = unresolved_secrets(loaded.settings)
        if missing:
            raise ConfigError(missing)
        parts = _Parts(loaded, plan_for(loaded, self._scoring.base(loaded.settings)))
        for each in loaded.settings.sources:
            source = make_source(each, self._clock, loaded.settings.brands)
            if source is not None:
                parts.sources[each.id] = source
        chart = chart_maker(loaded, lambda: self.store)
        for receiver in loaded.settings.receivers:
            parts.notifiers[receiver.id] = make_notifier(receiver, loaded, self._clock, self._console, chart)
        return parts

    def _make_worker(self) -> Worker:
        stream = StreamClock(EPOCH)
        pipeline = Pipeline(
            self.store,
            self._scoring.taught(self.store, self._parts.plan),
            clock=stream.now if self._stream_time else self._clock.now,
            stamp=(lambda _: self._clock.now()) if self._stream_time else None,
            arrival=Arrival.DATA if self._stream_time else Arrival.CLOCK,
            fence=self._fence,
        )
        pipeline.meet_scorer()
        return Worker(
            pipeline,
            self._clock,
            every=self._parts.loaded.settings.engine.tick,
            observe=self._observe,
            before_tick=self._hold_lease,
            ticking=not self._stream_time,
        )

    def _make_scheduler(self) -> BackgroundScheduler:
        # misfire_grace_time None: APScheduler's default of one second drops a job that waited for a free thread.
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(len(self._parts.loaded.settings.sources) + 4)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        scheduler.add_listener(self._missed, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        return scheduler

    def _put_in_force(self, parts: _Parts) -> None:
        """Swap pollers, hooks and senders for those of ``parts``; nothing in here depends on the outside."""
        with self._lock:
            old, self._parts = self._parts, parts
            self._senders.swap(parts.notifiers, Messages(self.store, parts.loaded).build)
            self._switchboard.swap(parts.loaded.settings.receivers)
            self._swap_sources(parts)
            if old is not parts:
                for source in old.sources.values():
                    close_source(source)

    def _swap_sources(self, parts: _Parts) -> None:
        for job in self._scheduler.get_jobs():
            job.remove()
        marks = self.store.cursors()
        pushed = [each for each in parts.loaded.settings.sources if each.id not in parts.sources]
        hooks = {each.id: intake_for(each, self.worker, self._clock, self.metrics) for each in pushed}
        self._hooks.update(hooks)
        for gone in set(self._hooks) - set(hooks):
            del self._hooks[gone]
        self._polls.swap(parts.loaded.settings.sources, parts.sources, marks, self.worker)
        self._schedule("upkeep", self._upkeep, UPKEEP_EVERY, delay=60.0)
        self._schedule("study", lambda: self._scoring.study(self.store, self.worker), UPKEEP_EVERY, delay=120.0)
        self._schedule("gauges", self._gauges, timedelta(seconds=5), delay=1.0)
        self._keeper = None
        if (records := parts.loaded.settings.records) is not None:
            self._keeper = keeper = keeper_for(parts.loaded, self.store, records.folder, records.posts)
            self._schedule("records", lambda: keeper.look(self._clock.now()), RECORDS_EVERY, delay=15.0)

    def _schedule(self, name: str, job: Any, every: timedelta, *, delay: float) -> None:
        # The first run of an interval job comes one interval after the start unless it is told a time.
        first = datetime.now(UTC) + timedelta(seconds=delay)  # noqa: TID251 - the scheduler lives on the wall clock
        self._scheduler.add_job(
            job, "interval", seconds=every.total_seconds(), id=name, next_run_time=first, replace_existing=True
        )

    # -- watching -----------------------------------------------------------------------------------------------------

    def _observe(self, job: str, result: Result) -> None:
        self.observer.result(job, result, self._clock.now())
        for receiver in {row.receiver for row in result.rows}:
            self._senders.wake(receiver)

    def _hold_lease(self) -> bool:
        """Renew the lease; False once another daemon has the store, which ends this one."""
        try:
            return self.store.renew(self._fence, self._clock.now(), LEASE)
        except StoreError:
            return True  # the store is in trouble, not lost; the fence protects every commit anyway

    def _missed(self, event: Any) -> None:
        if event.job_id.startswith("poll:"):
            self.metrics.poll_missed(event.job_id.removeprefix("poll:"))

    def _gauges(self) -> None:
        self.metrics.queue_length(self.worker.waiting)
        self._scoring.watch(self.worker.pipeline)
        stats = self.store.outbox_stats(self._clock.now())
        for receiver in self._senders:
            mine = stats.get(receiver)
            self.metrics.outbox_waiting(receiver, mine.pending if mine else 0, mine.oldest_age if mine else 0.0)

    def _upkeep(self) -> None:
        """Forget what retention says: texts and authors first, counts much later."""
        retention, now = self._parts.loaded.settings.retention, self._clock.now()
        gone = self.store.purge(now - retention.texts, now - retention.counts)
        if gone:
            log.info("texts_forgotten", mentions=gone)
        if self._keeper is not None:
            self._keeper.forget(now)

    def _prepare_metrics(self) -> None:
        settings, rules = self._parts.loaded.settings, self._parts.loaded.ruleset.rules
        self.metrics.prepare(
            [brand.id for brand in settings.brands],
            [source.id for source in settings.sources],
            [rule.id for rule in rules],
            [receiver.id for receiver in settings.receivers],
        )
        self.metrics.config_loaded(ok=True, at=self._clock.now().timestamp())

    # -- the pages' side ----------------------------------------------------------------------------------------------

    def _web_state(self) -> WebState:
        views = IncidentViews(lambda: self._parts.loaded, lambda: self.store)
        return WebState(
            shown=views.shown,
            chart=views.chart,
            post_mortem=views.post_mortem,
            healthy=self.healthy,
            ready=self.ready,
            metrics=self.metrics.exposition,
            reload=self.reload,
            incidents=views.listed,
            incident=self._incident,
            status=self.status,
            hooks=self._hooks,
            act=self._acted,
            log=lambda name: [decision_to_dict(line) for line in self.store.decisions(name)],
            slack=self._switchboard.receive,
            links=lambda: ack_links(self._parts.loaded.settings),
            now=self._clock.now,
            silences=Silencing(lambda: self.worker, lambda: self.store),
            drills=self.drills,
            labels=PageLabels(
                lambda: self.store,
                lambda: self._parts.loaded.settings.brands,
                self._clock,
                themes=lambda: {} if self._parts.plan.reader.themes is None else self._parts.loaded.themes,
            ),
        )

    def _acted(self, incident: str, action: str, actor: str, detail: Mapping[str, str]) -> str | None:
        done = self.act(incident, action, actor, detail)
        return None if done is None else done.answer

    def healthy(self) -> tuple[bool, Mapping[str, Any]]:
        """Whether the process does its work: the engine's thread is alive and beats."""
        beat = self.worker.last_beat
        late = beat is not None and self._clock.now() - beat > BEAT_LIMIT and not self.worker.store_trouble
        good = self.worker.alive() and not late and not self.fenced_out
        return good, {"engine": "alive" if self.worker.alive() else "dead"}

    def ready(self) -> tuple[bool, Mapping[str, Any]]:
        """Whether it can take mentions: healthy, and the store writes. A refused reload is shown, but no reason."""
        good, detail = self.healthy()
        trouble = self.worker.store_trouble
        return good and not trouble, {**detail, "store": trouble or "ok", "config": list(self._last_problems) or "ok"}

    def status(self) -> StatusView:
        """Everything the status page shows."""
        with self._lock:
            return status_view(
                self.store,
                self._parts.loaded,
                self.worker.pipeline,
                meters=self.observer.meters,
                health=dict(self._polls.health),
                now=self._clock.now(),
                started_at=self._started_at,
                loaded_at=self._loaded_at,
                last_beat=self.worker.last_beat,
                problems=self._last_problems,
            )

    def _incident(self, incident_id: str) -> Mapping[str, Any] | None:
        found = self.store.incident(incident_id)
        return (
            self.drills.incident(incident_id) if found is None else incident_view(found, self.store.case(incident_id))
        )
