"""A day of a brand, minute by minute: every source on, two outages, a budget that runs out, and a crisis.

The daemon is the real one, with its pollers, its engine and its senders; only the scheduler does not run free. Its jobs
are called when they are due by a clock that is turned by hand, so that the same day is the same day each time.
"""

from __future__ import annotations

import json
import random  # noqa: TID251 - seeded, so that the same day can be made again
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path

import sqlalchemy as sa
from apscheduler.schedulers.background import BackgroundScheduler

from crisiswatch.app import App
from crisiswatch.clock import ManualClock
from crisiswatch.config import load, starter_files
from crisiswatch.demo.generator import HOURS
from crisiswatch.demo.texts import CHATTER, FILL
from crisiswatch.model import (
    BlindChanged,
    Explained,
    Incident,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Mention,
    Stage,
)
from crisiswatch.observer import Observer
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Result
from crisiswatch.sources.webhook import sign
from crisiswatch.sources.x.money import Wallet
from crisiswatch.sources.x.place import Place
from crisiswatch.store import OutboxRow, SourceMark, Store
from crisiswatch.testing.fake_slack import FakeSlack
from crisiswatch.testing.fake_smtp import FakeSmtp
from crisiswatch.testing.networked_sources import Failure
from crisiswatch.wiring import plan_for
from tests.acceptance.platforms import Platforms, Said
from tests.acceptance.world import SECRET, WEB, until

__all__ = ["BUDGET", "DAWN", "HISTORY", "PER_HOUR", "Day", "Script", "Watcher", "play", "script"]

DAWN = datetime(2026, 11, 30, 6, tzinfo=UTC)  # the last day of a month, so that X's budget begins anew at midnight
HISTORY = timedelta(days=8)
MINUTE, STEP = timedelta(minutes=1), timedelta(minutes=5)
SEED = 11
PER_HOUR = {
    "x": 14.0,
    "bluesky": 8.0,
    "reddit": 6.0,
    "mastodon": 4.0,
    "helpdesk": 3.0,
    "exports": 3.0,
    "hackernews": 1.5,
    "news": 0.8,
}
"""Mentions an hour, on average of a day, by source."""
BUDGET, SPENT = 60.0, 58.85  # US dollars: a month of X, and what was spent of it before this day
LOW = 0.1  # the part of a budget below which Prometheus warns
TROUBLE_FOR = (
    "{} app is down {}, terrible",
    "cannot pay with {} {}, awful service",
    "{} took my money twice {}, this is a disgrace",
    "horrible: {} locked me out {}",
    "{} does not answer {}, angry and disappointed",
    "worst {} update ever, nothing works {}",
)


def at(hours: float) -> datetime:
    """So many hours of this day's clock; 30 is six o'clock of the next."""
    return DAWN.replace(hour=0) + timedelta(hours=hours)


@dataclass(frozen=True)
class Script:
    """What happens: when, and what is said where."""

    mastodon_out: tuple[datetime, datetime] = (at(9), at(10.5))
    x_limited: tuple[datetime, datetime] = (at(12), at(12.25))
    bluesky_silent: tuple[datetime, datetime] = (at(16), at(18))
    crisis: tuple[datetime, datetime] = (at(15.5), at(17.25))
    month_ends: datetime = DAWN + timedelta(hours=18)
    ends: datetime = DAWN + timedelta(hours=24)
    history: tuple[Said, ...] = ()
    said: tuple[Said, ...] = ()


def script() -> Script:
    """The day as it is written; the same each time."""
    maker = _Maker(random.Random(SEED))
    plan = Script()
    history = [*maker.usual(DAWN - HISTORY, DAWN)]
    said = [*maker.usual(DAWN, plan.ends)]
    # While nobody can read Mastodon there is a quarrel there, which is over when it can be read again.
    said += maker.angry("mastodon", at(9.3), at(9.6), 24)
    said += maker.angry("mastodon", at(9.9), at(10.1), 14)
    begin, end = plan.crisis
    for name, count in (("x", 150), ("reddit", 110), ("bluesky", 130)):
        said += maker.angry(name, begin, end, count)
    ordered = sorted(said, key=lambda each: (each.at, each.number))
    return replace(plan, history=tuple(history), said=tuple(ordered))


@dataclass
class _Maker:
    chance: random.Random
    made: int = 0

    def usual(self, start: datetime, end: datetime) -> list[Said]:
        """Everyday talk on every platform, by the hour of the day."""
        mean = sum(HOURS) / len(HOURS)
        found = []
        for name, rate in PER_HOUR.items():
            now = start
            while True:
                now += timedelta(hours=self.chance.expovariate(rate * HOURS[now.hour] / mean))
                if now >= end:
                    break
                mood = self.chance.choices(("neutral", "positive", "negative"), (0.56, 0.28, 0.16))[0]
                lines = [text for lang, text in CHATTER[mood] if lang == "en"]
                found.append(self._say(name, now, self.chance.choice(lines), negative=mood == "negative"))
        return sorted(found, key=lambda each: (each.at, each.number))

    def angry(self, name: str, start: datetime, end: datetime, count: int) -> list[Said]:
        """So many complaints, more of them early than late."""
        span = end - start
        times = sorted(start + span * self.chance.betavariate(1.2, 2.4) for _ in range(count))
        return [self._say(name, each, self.chance.choice(TROUBLE_FOR), negative=True) for each in times]

    def _say(self, name: str, when: datetime, text: str, *, negative: bool) -> Said:
        self.made += 1
        words = text.format("Ombralta", self.chance.choice(FILL["time"]), **_filled(self.chance))
        words = words.replace("@ombraltacare", "Ombralta").replace("@ombralta", "Ombralta")
        # Names of machines and places make the texts differ as people's do; a number makes each its own.
        words = f"{words.replace('Ombralta', 'Acme Coffee')} ({self.chance.choice(FILL['place'])} {self.made})"
        if name == "x" and self.made % 3 == 0:
            words = f"@acme {words}"
        return Said(self.made, name, when.replace(microsecond=0), words, negative)


def _filled(chance: random.Random) -> dict[str, str]:
    return {gap: chance.choice(choices) for gap, choices in FILL.items()}


class Watcher(Observer):
    """An `Observer` that writes down what people would want to know, a line each."""

    def __init__(self, app: App, clock: ManualClock) -> None:
        super().__init__(app.metrics)
        self.clock = clock
        self.lines: list[str] = []
        self.owes = False
        self.latest: dict[str, Incident] = {}
        self.first: dict[str, Incident] = {}
        self.stages: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self.counted: Counter[str] = Counter()

    def write(self, what: str) -> None:
        self.lines.append(f"{self.clock.now():%d %H:%M}  {what}")

    def result(self, job: str, result: Result, now: datetime) -> None:
        super().result(job, result, now)
        self.owes = self.owes or bool(result.rows)
        for outcome, count in result.outcomes.items():
            self.outcomes[job.partition(":")[2], outcome] += count
        for sample in result.samples:
            self.counted[sample.source] += sample.count
        for effect in result.effects:
            match effect:
                case IncidentOpened(incident=incident):
                    self.first[incident.id] = self.latest[incident.id] = incident
                    self.write(f"opened     {_told(incident)}")
                case IncidentChanged(incident=incident, stage=stage):
                    self.latest[incident.id] = incident
                    self.stages[incident.id] += 1
                    if stage is not Stage.UPDATED:
                        self.write(f"{stage.value:<10} {_told(incident)}")
                case IncidentResolved(incident=incident):
                    self.latest[incident.id] = incident
                    lasted = (incident.resolved_at or now) - incident.opened_at
                    minutes = round(lasted.total_seconds() / 60)
                    news = f"{minutes} minutes, {self.stages[incident.id]} changes"
                    self.write(f"resolved   {_told(incident)}; {news}")
                case BlindChanged(blind=blind) if blind.until is None:
                    self.write(f"blind      {blind.source}: {blind.reason}, since {blind.since:%H:%M}")
                case BlindChanged(blind=blind):
                    self.write(f"sees       {blind.source}: {blind.reason} {blind.since:%H:%M} to {blind.until:%H:%M}")
                case Explained():
                    self.write(f"held back  {effect.rule} {effect.level.word}: {effect.held_back_by}")
                case _:
                    pass


def _told(incident: Incident) -> str:
    name = f"{incident.rule} {incident.level.word}"
    if incident.of_blindness:
        unheard = [f"{each.source} {each.reason}" for each in incident.blind if each.until is None]
        return f"{name}: {', '.join(unheard) or 'all can be heard'}"
    seen = incident.reading
    expected = "?" if seen.expected is None else f"{seen.expected:.1f}"
    figures = f"{seen.observed:g} of {seen.total:g}, {expected} expected, {seen.authors} accounts"
    return f"{name}: {figures} on {'+'.join(seen.sources)}; {incident.mentions} mentions in all"


class _Held(BackgroundScheduler):
    """A scheduler that knows when jobs are due and runs none."""

    def start(self, paused: bool = False) -> None:
        del paused
        super().start(paused=True)


class _App(App):
    def _make_scheduler(self) -> BackgroundScheduler:
        self.scheduler = _Held(timezone=UTC)
        return self.scheduler


@dataclass
class Day:
    """The daemon, its platforms, and what came of it. ``uids`` are those that have to be known, by what was said."""

    app: _App
    clock: ManualClock
    platforms: Platforms
    script: Script
    slack: FakeSlack
    smtp: FakeSmtp
    folder: Path
    watcher: Watcher
    uids: dict[str, Said] = field(default_factory=dict)
    sent: list[OutboxRow] = field(default_factory=list)
    last_poll: dict[str, datetime] = field(default_factory=dict)
    asked_x: list[datetime] = field(default_factory=list)
    spent: float = SPENT
    low_since: datetime | None = None
    _due: dict[str, datetime] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)
    _calls: list[dict[str, object]] = field(default_factory=list)
    _next: int = 0
    _heard: datetime = DAWN
    _connects: int = 0
    _messages: set[str] = field(default_factory=set)

    def play(self) -> None:
        """From dawn to dawn, in steps as long as the shortest time between two polls."""
        while self.clock.now() < self.script.ends:
            for _ in range(STEP // MINUTE):  # a stream that hears nothing for more than a minute is taken for dead
                self.clock.advance(minutes=1)
                self._script(self.clock.now())
                self._talk(self.clock.now())
                self._stream_is_read(self.clock.now())
            self._engine_turns()
            self._poll_what_is_due(self.clock.now())
            self._deliver()

    def _poll_what_is_due(self, now: datetime) -> None:
        for job in sorted(self.app.scheduler.get_jobs(), key=lambda each: each.id):
            if job.id.startswith("poll:") and now >= self._due.setdefault(job.id, now):
                self._due[job.id] = now + job.trigger.interval
                self._poll(job.id.removeprefix("poll:"), job.func)

    # -- what happens -------------------------------------------------------------------------------------------------

    def _script(self, now: datetime) -> None:
        plan, platforms = self.script, self.platforms
        if now == plan.mastodon_out[0]:
            self.watcher.write("--         mastodon begins to answer 503")
            platforms.sites["mastodon"].fail(Failure.UNAVAILABLE)
        if now == plan.mastodon_out[1]:
            self.watcher.write("--         mastodon answers again")
            platforms.sites["mastodon"].fail(None)
        if now == plan.x_limited[0]:
            self.watcher.write(f"--         x answers 429 until {plan.x_limited[1]:%H:%M}")
            platforms.limit_x_until(plan.x_limited[1])
        if now == plan.crisis[0]:
            self.watcher.write("--         people begin to complain on x, reddit and bluesky")
        if now == plan.crisis[1]:
            self.watcher.write("--         the last of the complaints")
        if now == plan.bluesky_silent[0]:
            self.watcher.write("--         bluesky stays connected and sends nothing")
            platforms.falls_silent()
        if now == plan.bluesky_silent[1]:
            self.watcher.write("--         bluesky sends again, what was said meanwhile first")
            platforms.lets_go()
        if now == plan.month_ends:
            self.watcher.write("--         a new month, and a new budget for x")

    def _talk(self, now: datetime) -> None:
        """Have everything said that was written until now; the help desk sends what it has every ten minutes."""
        said, exports = self.script.said, []
        while self._next < len(said) and said[self._next].at < now:
            each = said[self._next]
            self._next += 1
            if each.platform in {"exports", "helpdesk"}:
                uid = f"{each.platform}:{each.number}"
                (exports if each.platform == "exports" else self._calls).append(_record(each, uid))
            else:
                uid = self.platforms.say(each)
            self.uids[uid] = each
        if exports:
            with (self.folder / "inbox" / "day.jsonl").open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(one) + "\n" for one in exports)
        if self._calls and now.minute % 10 == 0:
            self.last_poll["helpdesk"] = now
            body = json.dumps(self._calls).encode()
            self._calls.clear()
            signed = {"x-crisiswatch-signature": sign(SECRET, body, now)}
            answer = WEB.post(f"http://127.0.0.1:{self.app.port}/hooks/helpdesk", content=body, headers=signed)
            assert answer.status_code == 202, answer.text
        if not self.platforms.holds_back:
            self.platforms.others_talk()

    # -- waiting, so that threads make no difference ------------------------------------------------------------------

    def _stream_is_read(self, now: datetime) -> None:
        """Wait until the thread that reads Bluesky has all that was sent, or has noticed that nothing comes."""
        reader = getattr(self.app._parts.sources["bluesky"], "_reader", None)
        if reader is None:  # not polled yet
            return
        if not self.platforms.holds_back:
            until(lambda: self._has_all(reader), "what Bluesky sent is in the basket")
            self._heard, self._connects = now, len(self.platforms.bluesky.asked)
            return
        if (now - self._heard).total_seconds() <= reader._silence:
            return
        until(lambda: self._noticed(reader), "the silence is noticed")
        if len(self.platforms.bluesky.asked) > self._connects:
            self._heard, self._connects = now, len(self.platforms.bluesky.asked)

    def _has_all(self, reader) -> bool:
        """Whether all that was sent is in the basket or was taken out of it, or it still waits to connect again."""
        with reader._changed:
            if self._waits(reader):
                return True
            if reader._queue:
                return int(json.loads(reader._queue[-1].cursor)["us"]) >= self.platforms.streamed
            return reader._state.value == "open" and reader._opener._place.us >= self.platforms.streamed

    def _noticed(self, reader) -> bool:
        """Whether it waits before it connects again, or has just done so."""
        with reader._changed:
            connected = len(self.platforms.bluesky.asked) > self._connects
            return self._waits(reader) or (reader._state.value == "open" and connected)

    def _waits(self, reader) -> bool:
        reader._changed.notify_all()  # it may be time to connect again
        return reader._state.value == "waiting" and reader._until > self.clock.monotonic()

    def _engine_turns(self, times: int = 2) -> None:
        for _ in range(times):  # the thread looks at its clock after each job, so the second job ends after that look
            ticket = self.app.worker.submit("turn", lambda _: Result(), seconds=5.0)
            assert ticket is not None
            assert ticket.wait(10.0) is not None

    def _poll(self, source: str, run) -> None:
        asked = len(self.platforms.x.seen)
        run()
        if len(self.platforms.x.seen) > asked:
            self.asked_x.append(self.clock.now())
        self._engine_turns(1)  # what the poll brought is written down
        mark = self.app._polls.poller(source).mark
        if not mark.failures:
            self.last_poll[source] = self.clock.now()
        if source == "x" and self.clock.now() < self.script.month_ends:
            self.spent = Place.load(mark.cursor).wallet.spent
            if self.low_since is None and self._quota() < LOW:
                self.low_since = self.clock.now()
                self.watcher.write("budget     x: less than a tenth is left, as Prometheus is told")
        told = f"fails {mark.failures}x: {mark.reason}" if mark.failures else "is read"
        if told != self._told.get(source, "is read") and mark.failures <= 3:
            self.watcher.write(f"source     {source} {told}")
        self._told[source] = told

    def _quota(self) -> float:
        """What Prometheus is told of X's budget; its rule CrisiswatchBudgetLow looks at this."""
        found = self.app.metrics.registry.get_sample_value("crisiswatch_source_budget_left_ratio", {"source": "x"})
        return 1.0 if found is None or isnan(found) else found

    def _deliver(self) -> None:
        if not self.watcher.owes:
            return
        self.watcher.owes = False

        def idle() -> bool:
            return self.app.store.owed_now(self.clock.now()) == 0

        until(idle, "every message is delivered")
        fresh = [row for row in self.app.store.outbox_rows(status="sent", limit=40) if row.id not in self._messages]
        for row in sorted(fresh, key=lambda each: (each.incident, each.version, each.receiver)):
            self._messages.add(row.id)
            self.sent.append(row)
            if row.stage not in {
                Stage.UPDATED,
                Stage.REMINDED,
            }:  # reminders keep their distance from what was sent before
                rule = row.incident.split(".")[1] if "." in row.incident else row.incident  # a notice
                self.watcher.write(f"message    {row.receiver}: {rule} {row.stage.value}")


def _trusting(connection, *_: object) -> None:
    """Nobody pulls the plug on this day, and waiting for the disk would take most of its time."""
    connection.execute("PRAGMA synchronous = OFF").close()


def _record(said: Said, uid: str) -> dict[str, object]:
    return {
        "uid": uid,
        "created_at": said.at.isoformat(),
        "author_id": f"{said.platform}:a{said.number}",
        "text": said.text,
        "lang": "en",
    }


# -- setting up -------------------------------------------------------------------------------------------------------


def _config(platforms: Platforms, slack: FakeSlack, smtp: FakeSmtp) -> str:
    url = platforms.url
    return f"""version: 1
brands:
  - {{id: acme-coffee, name: Acme Coffee, any: [acme coffee], handles: {{official: ["@acme"]}}}}
sources:
  - {{id: x, type: x, token: {{file: x.token}}, base_url: "{url("x")}", every: 5m, budget: {BUDGET},
     accounts: [{{handle: "@acme", id: "783214"}}]}}
  - {{id: bluesky, type: bluesky, url: "{url("bluesky")}", every: 5m}}
  - {{id: mastodon, type: mastodon, servers: [{{url: "{url("mastodon")}"}}], tags: [acme], every: 5m}}
  - {{id: hackernews, type: hackernews, base_url: "{url("hackernews")}", every: 20m}}
  - {{id: reddit, type: reddit, client_id: {{file: reddit.id}}, client_secret: {{file: reddit.secret}},
     user_agent: "linux:crisiswatch:1 (by u/nobody)", reddit_url: "{url("reddit")}", oauth_url: "{url("reddit")}",
     every: 10m}}
  - {{id: news, type: feed, url: "{url("news")}/feed.xml", every: 30m}}
  - {{id: exports, type: files, path: ./inbox, every: 20m}}
  - {{id: helpdesk, type: webhook, secret: {{file: hook.secret}}}}
receivers:
  - {{id: pr-slack, type: slack, token: {{file: slack.token}}, channel: {slack.channel}, base_url: "{slack.url}"}}
  - {{id: pr-mail, type: email, host: {smtp.host}, port: {smtp.port}, security: none, from: crisiswatch@example.com,
     to: [press@example.com]}}
routes:
  - {{levels: [watch], receivers: [pr-slack]}}
  - {{levels: [warning, critical], receivers: [pr-slack, pr-mail]}}
rules: ./rules
alerts: ./alerts
store: {{url: "sqlite:///crisiswatch.db"}}
web: {{host: 127.0.0.1, port: 0}}
engine: {{lateness: 5m, tick: 5m}}
sentiment: {{scorer: vader}}
log: {{format: json, level: error}}
"""


def _set_up(folder: Path, platforms: Platforms, slack: FakeSlack, smtp: FakeSmtp) -> Path:
    # The day is about sources. The rules of single topics tell nothing of them, and took half of its time.
    topics = {Path(name).stem for name in starter_files() if name.startswith("rules/topics/") and ".test." not in name}
    for name, content in starter_files().items():
        if name.startswith("rules/topics/"):
            continue
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_without(topics, content) if name.startswith("rules/") else content)
    (folder / "inbox").mkdir()
    (folder / "hook.secret").write_bytes(SECRET)
    secrets = {"slack.token": slack.token, "x.token": platforms.x.token, "reddit.id": "reddit-id-1"}
    secrets["reddit.secret"] = "reddit-secret-1"
    for name, text in secrets.items():
        (folder / name).write_text(text)
    path = folder / "crisiswatch.yaml"
    path.write_text(_config(platforms, slack, smtp), encoding="utf-8")
    return path


def _without(topics: set[str], rules: bytes) -> bytes:
    """Rule files that wait for none of these rules."""
    names = "|".join(sorted(map(re.escape, topics)))
    text = re.sub(rf"(?m)^ +- (?:{names})\b.*\n", "", rules.decode())
    return re.sub(rf"\b(?:{names}), |, (?:{names})\b|\b(?:{names})(?=\])", "", text).encode()


def _warm_up(config: Path, history: tuple[Said, ...], clock: ManualClock) -> None:
    """Fill the store with the weeks before, as a daemon that ran through them would have left it."""
    loaded = load(config)
    with Store.open(loaded.settings.store.reveal()) as store:
        pipeline = Pipeline(store, replace(plan_for(loaded), routes=()), clock=clock.now, arrival=Arrival.DATA)
        mentions = [
            Mention(
                uid=f"{each.platform}:before-{each.number}",
                source=each.platform,
                created_at=each.at,
                received_at=each.at + timedelta(seconds=30),
                text=each.text,
                author_id=f"{each.platform}:a{each.number}",
                lang="en",
            )
            for each in history
        ]
        for start in range(0, len(mentions), 5000):
            pipeline.ingest(Intake(source="before", mentions=mentions[start : start + 5000]))
        wallet = Wallet(month=f"{DAWN:%Y-%m}", spent=SPENT, drawn=17.0, at=DAWN)
        last = int(DAWN.timestamp())
        place = Place(wallet=wallet, polled=last)
        mark = SourceMark(cursor=place.dump(), updated_at=DAWN, last_success=DAWN)
        pipeline.ingest(Intake(source="x", mark=mark))


@contextmanager
def play(folder: Path) -> Iterator[Day]:
    """The whole day, played; the daemon is still up."""
    written, clock = script(), ManualClock(DAWN)
    with Platforms(clock) as platforms, FakeSlack(clock=clock) as slack, FakeSmtp() as smtp:
        platforms.x.accounts = {"783214": "@acme"}
        platforms.x.counted_back = timedelta(hours=1)
        config = _set_up(folder, platforms, slack, smtp)
        _warm_up(config, written.history, clock)
        app = _App(config, clock=clock)
        sa.event.listen(app.store.engine, "checkout", _trusting)
        app.observer = watcher = Watcher(app, clock)
        day = Day(app, clock, platforms, written, slack, smtp, folder, watcher)
        app._parts.sources["bluesky"]._calm = 0.001  # type: ignore[attr-defined]  # all has come when it is polled
        app.start()
        try:
            day.play()
            yield day
        finally:
            app.stop(2.0)
