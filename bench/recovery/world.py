"""The processes of the crash test: a fake Slack and a fake mail server that live, and a daemon that does not."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self

__all__ = ["SECRET", "Daemon", "Fakes", "World"]

HOME = Path(__file__).resolve().parents[2]
SECRET = b"not a secret: both ends are on this machine"
DELAY = 0.15  # seconds between a fake's taking a message and its saying so

CONFIG = """\
version: 1
brands:
  - {{id: alderon, name: Alderon}}
  - {{id: birkova, name: Birkova}}
sources:
  - {{id: exports, type: files, path: ./inbox, every: 1s}}
  - {{id: desk, type: webhook, secret: {{env: RECOVERY_HOOK}}}}
receivers:
  - {{id: pr-slack, type: slack, token: {{env: RECOVERY_SLACK}}, channel: C0123456789, base_url: "{slack}"}}
  - {{id: pr-mail, type: email, host: 127.0.0.1, port: {smtp}, security: none, from: watch@crisis.example,
     to: [press@crisis.example]}}
routes:
  - {{levels: [watch, warning, critical], receivers: [pr-slack, pr-mail]}}
store: {{url: "sqlite:///recovery.db"}}
retention: {{texts: 3000d, counts: 3000d}}
web: {{host: 127.0.0.1, port: 0}}
sentiment: {{scorer: none}}
log: {{format: json, level: warning}}
"""

RULES = """\
version: 1
rules:
  - id: wave
    title: Many complaints
    mentions: {sentiment: negative}
    window: 15m
    levels:
      warning: {count: {at_least: 12}, authors: {at_least: 6}}
      critical: {count: {at_least: 45}, authors: {at_least: 20}}
    settle: {quiet_for: 15m, below: 0.5}
    alert: negative-wave
  - id: unusual
    title: More complaints than usual
    mentions: {sentiment: negative}
    window: 30m
    levels:
      watch: {surprise: {at_least: elevated}, count: {at_least: 8}}
      critical: {surprise: {at_least: extreme}, count: {at_least: 40}, sources: {at_least: 2}}
    hold: 5m
    settle: {quiet_for: 20m, below: 0.5}
    alert: negative-wave
"""


class World:
    """One run's directory: inbox, store, journals, logs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "inbox").mkdir(parents=True)
        (directory / "rules").mkdir()
        (directory / "rules" / "both.yaml").write_text(RULES)
        (directory / "alerts").mkdir()
        shutil.copy(HOME / "alerts" / "negative-wave.yaml", directory / "alerts")
        self.config = directory / "crisiswatch.yaml"
        self.port_file = directory / "port"
        self.store = directory / "recovery.db"
        self.log = directory / "daemon.log"
        self.ended = 0
        self.slack_journal, self.mail_journal = directory / "slack.jsonl", directory / "mail.jsonl"
        for journal in (self.slack_journal, self.mail_journal):
            journal.touch()

    def look_at_the_clock(self) -> int:
        """Now in microseconds since 1970, and what is kept as the time of the end."""
        self.ended = time.time_ns() // 1000
        return self.ended

    def query(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        """Read the store from outside; nothing while there is none yet."""
        if not self.store.exists():
            return []
        try:
            with closing(sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10.0)) as connection:
                return connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError:  # its tables are just being made
            return []


class Fakes:
    """Slack and the mail server, in processes of their own; a context manager."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        ports = {}
        for name, journal in (("slack", self._world.slack_journal), ("smtp", self._world.mail_journal)):
            port_file = self._world.directory / f"{name}.port"
            command = [sys.executable, "-m", f"crisiswatch.testing.fake_{name}", "--port-file", str(port_file)]
            command += ["--journal", str(journal), "--delay", str(DELAY)]
            self._processes.append(subprocess.Popen(command, cwd=HOME))
            ports[name] = _port(port_file, 30.0)
        config = CONFIG.format(slack=f"http://127.0.0.1:{ports['slack']}/api/", smtp=ports["smtp"])
        self._world.config.write_text(config)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


class Daemon:
    """One life of the daemon."""

    def __init__(self, world: World) -> None:
        self._world = world
        world.port_file.unlink(missing_ok=True)
        self.born = time.monotonic()
        command = [sys.executable, "-m", "crisiswatch", "run", "--config", str(world.config), "--stream-time"]
        command += ["--port-file", str(world.port_file)]
        environment = {**os.environ, "RECOVERY_HOOK": SECRET.decode(), "RECOVERY_SLACK": "xoxb-fake"}
        with world.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=HOME, env=environment, stdout=log, stderr=log)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def port(self) -> int:
        """The web server's port; 0 until requests are answered."""
        try:
            return int(self._world.port_file.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def look(self) -> None:
        """Have it look at its files at once."""
        if self.port and self.alive:
            self._process.send_signal(signal.SIGUSR1)

    def kill(self) -> bool:
        """kill -9; False if it had ended by itself, which it never should."""
        was_alive = self.alive
        self._process.kill()
        self._process.wait()
        return was_alive

    def end(self) -> int:
        """SIGTERM; returns the exit code, which should be 0 and come within ten seconds."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(11.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return -1


def _port(file: Path, patience: float) -> int:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if file.exists():
            return int(file.read_text())
        time.sleep(0.02)
    raise TimeoutError(f"{file.name} was not written within {patience:.0f} s")
