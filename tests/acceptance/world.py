"""A small world around the real daemon: a folder of the starter's files, a clock to turn, a Slack and a mail server.

Everything is waited for with `until`: a condition, bounded, and never a guess at how long something takes.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from crisiswatch.app import App
from crisiswatch.clock import ManualClock, SystemClock
from crisiswatch.config import write_starter
from crisiswatch.pipeline import Result
from crisiswatch.sources.webhook import sign
from crisiswatch.testing.fake_slack import FakeSlack
from crisiswatch.testing.fake_smtp import FakeSmtp

__all__ = ["BURNED", "NOON", "SECRET", "WEB", "World", "lay_out", "until", "world"]

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
SECRET = b"a secret that is long enough"
BURNED = "I was burned by my Acme Coffee machine, it caught fire"
_PAUSE = threading.Event()
WEB = httpx.Client(verify=False, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
"""One client for all: to make one costs more than the request. It keeps no connection, so it needs no closing."""


def until(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> Any:
    """Wait until ``condition`` gives something true, and give it; fail with ``what`` after ``seconds``."""
    clock = SystemClock()
    end = clock.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert clock.monotonic() < end, f"never came true: {what}"
        _PAUSE.wait(0.01)


def lay_out(folder: Path, *, slack: FakeSlack | None, smtp: FakeSmtp | None = None, **changes: str) -> Path:
    """Write the starter's rules and alerts with a configuration for this world; gives the configuration's path.

    ``changes`` replace sections: ``sources``, ``port``, ``log`` and the like; ``slack_more`` adds to the receiver, ``web_more`` to the pages,
    ``receivers`` lines of receivers, ``routed`` those of them that a route names, and ``sections`` whole sections.
    """
    write_starter(folder)
    (folder / "hook.secret").write_bytes(SECRET)
    (folder / "slack.token").write_text(slack.token if slack else "xoxb-none")
    (folder / "slack.app").write_text(slack.app_token if slack else "xapp-none")
    (folder / "slack.signing").write_text(slack.signing_secret if slack else "none")
    path = folder / "crisiswatch.yaml"
    path.write_text(_config(slack, smtp, changes), encoding="utf-8")
    return path


def _config(slack: FakeSlack | None, smtp: FakeSmtp | None, changes: dict[str, str]) -> str:
    receivers, names = "", []
    if slack is not None:
        names.append("pr-slack")
        receivers += (
            "  - {id: pr-slack, type: slack, token: {file: slack.token}, "
            f'channel: {slack.channel}, base_url: "{slack.url}", timeout: {changes.get("slack_timeout", "10s")}'
            f"{changes.get('slack_more', '')}}}\n"
        )
    if smtp is not None:
        names.append("pr-mail")
        receivers += (
            f"  - {{id: pr-mail, type: email, host: {smtp.host}, port: {smtp.port}, security: none, "
            "from: crisiswatch@example.com, to: [press@example.com]}\n"
        )
    receivers += changes.get("receivers", "").replace("SMTP", str(smtp.port) if smtp else "")
    names += changes.get("routed", "").split()
    sources = changes.get("sources") or (
        "  - {id: exports, type: files, path: ./inbox, every: 1h}\n"
        "  - {id: helpdesk, type: webhook, secret: {file: hook.secret}}\n"
    )
    return f"""version: 1
brands:
  - id: acme-coffee
    name: Acme Coffee
    any: [acme coffee]
sources:
{sources}
receivers:
{receivers}
routes:
  - {{levels: [watch, warning, critical], receivers: [{", ".join(names)}]}}
rules: ./rules
alerts: ./alerts
store: {{url: "sqlite:///crisiswatch.db"}}
web: {{host: 127.0.0.1, port: {changes.get("port", "0")}{changes.get("web_more", "")}}}
engine: {{lateness: 5m, tick: 10s}}
sentiment: {{scorer: vader}}
log: {{format: json, level: info}}
{changes.get("sections", "")}"""


@dataclass
class World:
    """One daemon and what is around it. ``app`` may be replaced: a restart."""

    folder: Path
    config: Path
    clock: ManualClock
    slack: FakeSlack
    smtp: FakeSmtp
    app: App
    old: list[App] = field(default_factory=list)
    start: datetime = NOON

    # -- time ---------------------------------------------------------------------------------------------------------

    def at(self, minute: float) -> None:
        """Turn the clock to so many minutes after the start, and let the engine come to it."""
        ahead = self.start + timedelta(minutes=minute) - self.clock.now()
        self.clock.advance(seconds=ahead.total_seconds())
        self.engine_turns()

    def engine_turns(self) -> None:
        """Let the engine's thread go round: what was due when this is called is done when it returns."""
        for _ in range(2):  # the thread looks at its clock after each job, so the second job ends after that look
            ticket = self.app.worker.submit("turn", lambda _: Result(), seconds=5.0)
            assert ticket is not None
            assert ticket.wait(10.0) is not None

    def calm_down(self, *minutes: float) -> None:
        """Come to each of these minutes, and let every message go out before the next."""
        for minute in minutes:
            self.at(minute)
            self.delivered()

    def delivered(self) -> None:
        """Wait until no message waits."""
        until(self._nothing_pending, "every message is delivered")

    def put_off(self) -> bool:
        """Whether a message was tried and has to wait: only then may the clock go on to when it is due."""
        return any(row.attempts and row.not_before for row in self.app.store.outbox_rows(status="pending"))

    def _nothing_pending(self) -> bool:
        """Whether nothing waits but for its hour: quiet hours, and reminders that are ten minutes apart."""
        return self.app.store.owed_now(self.clock.now()) == 0

    # -- what goes in -------------------------------------------------------------------------------------------------

    def mention(self, number: int, text: str = BURNED, **fields: object) -> dict[str, object]:
        """A mention by author ``number``, written now."""
        stamp = self.clock.now().isoformat()
        return {"uid": f"m:{number}", "created_at": stamp, "author_id": f"a{number}", "text": text, **fields}

    def push(self, *mentions: dict[str, object], body: bytes | None = None, **headers: str) -> httpx.Response:
        """Send mentions to the webhook, signed unless a header says otherwise."""
        raw = body if body is not None else json.dumps(list(mentions)).encode()
        signed = {"x-crisiswatch-signature": sign(SECRET, raw, self.clock.now())}
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        merged = {name: value for name, value in {**signed, **told}.items() if value}
        return WEB.post(f"{self.url}/hooks/helpdesk", content=raw, headers=merged)

    def write(self, *mentions: dict[str, object], name: str = "feed.jsonl") -> None:
        """Append mentions to a file of the inbox and have it looked at."""
        with (self.folder / "inbox" / name).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(mention) + "\n" for mention in mentions)
        self.app.look_now()

    # -- what comes out -----------------------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.app.port}"

    def get(self, path: str) -> httpx.Response:
        """Ask the web server."""
        return WEB.get(f"{self.url}{path}")

    def metric(self, name: str, **labels: str) -> float:
        """The value of one series as it is scraped; 0 when it is not there."""
        for line in self.get("/metrics").text.splitlines():
            series, _, value = line.rpartition(" ")
            found = dict(re.findall(r'(\w+)="([^"]*)"', series))
            if series.partition("{")[0] == f"crisiswatch_{name}" and found == labels:
                return float(value)
        return 0.0

    def message(self) -> Any:
        """The one message of the channel about what was said, once it is there."""
        until(self._about_mentions, "there is a message in the channel")
        (root,) = self._about_mentions()
        return root

    def _about_mentions(self) -> list[Any]:
        return [root for root in self.slack.roots() if ".blind." not in str(root.metadata)]

    def thread(self) -> list[Any]:
        """What was replied to that message, but for the holding statements."""
        return [each for each in self.slack.thread(self.message().ts) if each.text != "Holding statements"]

    def incidents(self) -> list[dict[str, Any]]:
        """All incidents about what was said, as the API tells them."""
        found: list[dict[str, Any]] = self.get("/api/v1/incidents").json()["incidents"]
        return [each for each in found if each["rule"] != "blind"]

    # -- what people do -----------------------------------------------------------------------------------------------

    def do(self, incident: str, act: str, actor: str = "Ada", **detail: object) -> httpx.Response:
        """Have somebody act on an incident; a name of a detail may end with an underscore."""
        told = {"actor": actor, "detail": {name.rstrip("_"): value for name, value in detail.items()}}
        return WEB.post(f"{self.url}/api/v1/incidents/{incident}/{act}", json=told)

    def do_the_playbook(self) -> None:
        """Have every step of the one incident done, so that nobody is reminded of any."""
        (incident,) = self.incidents()
        for step in range(1, len(incident["case"]["steps"]) + 1):
            assert self.do(incident["id"], "step_done", step=step).status_code == 200

    # -- the daemon's life --------------------------------------------------------------------------------------------

    def abandon(self) -> App:
        """Leave the daemon as a kill does: nothing is told to it, nothing is given back."""
        self.old.append(self.app)
        return self.app

    def start_another(self) -> App:
        """Start another daemon over the same files."""
        self.app = App(self.config, clock=self.clock)
        self.app.start()
        return self.app


@contextmanager
def world(folder: Path, start: datetime = NOON, **changes: str) -> Iterator[World]:
    """A world with a running daemon; everything is stopped at the end."""
    clock = ManualClock(start)
    with FakeSlack(clock=clock) as slack, FakeSmtp() as smtp:
        config = lay_out(folder, slack=slack, smtp=smtp, **changes)
        app = App(config, clock=clock)
        here = World(folder, config, clock, slack, smtp, app, start=start)
        app.start()
        try:
            until(lambda: app.store.cursor("exports") is not None or "sources" in changes, "the inbox was looked at")
            yield here
        finally:
            for each in (*here.old, here.app):
                each.stop(2.0)
