"""The daemon as a process: what its supervisor sees of signals, of a bad start and of a sudden death."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crisiswatch.cli.entry import main
from crisiswatch.clock import SystemClock
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from tests.acceptance.world import BURNED, WEB, World, lay_out, until
from tests.support import ROOT

FILES = "  - {id: exports, type: files, path: ./inbox, every: 1s}\n"


class Daemon:
    """One process; its log is in a file."""

    def __init__(self, config: Path, *options: str) -> None:
        self.folder = config.parent
        self.log = self.folder / "log.txt"
        self.port_file = self.folder / "port"
        self.port_file.unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "crisiswatch",
                    "run",
                    "-c",
                    str(config),
                    "--port-file",
                    str(self.port_file),
                    *options,
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                cwd=self.folder,
            )

    def up(self) -> Daemon:
        until(lambda: self.port_file.exists() or self.process.poll() is not None, "it is up", 20.0)
        assert self.process.poll() is None, self.log.read_text()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port_file.read_text().strip()}"

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def ended(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send a signal; gives the exit code and the seconds it took."""
        clock = SystemClock()
        start = clock.monotonic()
        self.send(number)
        return self.process.wait(15), clock.monotonic() - start


@contextmanager
def running(config: Path, *options: str) -> Iterator[Daemon]:
    daemon = Daemon(config, *options)
    try:
        yield daemon.up()
    finally:
        if daemon.process.poll() is None:
            daemon.process.kill()
        daemon.process.wait(10)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as server:
        yield server


def tell(folder: Path, *minutes: int, text: str = BURNED) -> None:
    """Append one mention for each minute after noon, each by somebody else."""
    with (folder / "inbox" / "feed.jsonl").open("a", encoding="utf-8") as file:
        for minute in minutes:
            stamp = f"2026-03-03T{12 + minute // 60}:{minute % 60:02}:00Z"
            line = {
                "uid": f"x:{minute}",
                "source": "exports",
                "created_at": stamp,
                "text": text,
                "author_id": f"a{minute}",
            }
            file.write(json.dumps(line) + "\n")


def test_sigterm_ends_it_while_a_source_and_a_receiver_hang(tmp_path: Path, slack: FakeSlack) -> None:
    slack.script("chat.postMessage", Fault.hang(accepted=True))
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        feed = f'  - {{id: news, type: feed, url: "http://127.0.0.1:{port}/feed", every: 1m, timeout: 60s}}\n'
        config = lay_out(tmp_path, slack=slack, sources=feed + FILES, slack_timeout="60s")
        with running(config, "--stream-time") as daemon:
            deaf.settimeout(10)
            caller, _ = deaf.accept()
            with caller:
                tell(tmp_path, 1, 5)
                until(lambda: slack.messages, "Slack has taken the message")
                code, seconds = daemon.ended()
    assert code == 0
    assert seconds < 10


def test_sigterm_ends_it_even_in_the_middle_of_a_reload_that_waits_for_a_receiver(
    tmp_path: Path, slack: FakeSlack
) -> None:
    slack.script("chat.postMessage", Fault.hang())
    config = lay_out(tmp_path, slack=slack, sources=FILES, slack_timeout="60s")
    with running(config, "--stream-time") as daemon:
        tell(tmp_path, 1, 5)
        until(lambda: "incident_opened" in daemon.log.read_text(), "the incident is open")
        until(lambda: not slack._faults["chat.postMessage"], "Slack hangs")
        daemon.send(signal.SIGHUP)
        until(lambda: "reloading" in daemon.log.read_text(), "the reload has begun")
        code, seconds = daemon.ended()
    assert code == 0
    assert seconds < 10


def test_a_killed_daemon_goes_on_where_it_was(tmp_path: Path, slack: FakeSlack) -> None:
    slack.script("chat.postMessage", Fault.hang(accepted=True))
    config = lay_out(tmp_path, slack=slack, sources=FILES)
    with running(config, "--stream-time") as daemon:
        tell(tmp_path, 1, 5)
        until(lambda: slack.messages, "Slack has taken the message")
        code, _ = daemon.ended(signal.SIGKILL)
        assert code == -signal.SIGKILL
    with running(config, "--stream-time") as daemon:
        tell(tmp_path, 9, 12)
        until(lambda: slack.roots() and slack.thread(slack.roots()[0].ts), "the incident went on")
        incidents = f"{daemon.url}/api/v1/incidents"
        until(lambda: [e["level"] for e in WEB.get(incidents).json()["incidents"]] == ["critical"], "it has risen")
        assert daemon.ended()[0] == 0
    assert len(slack.roots()) == 1


def test_sighup_reloads_and_a_bad_file_is_told(tmp_path: Path, slack: FakeSlack) -> None:
    config = lay_out(tmp_path, slack=slack, sources=FILES)
    rule = tmp_path / "rules/starter/product-safety.yaml"
    good = rule.read_text()
    with running(config) as daemon:
        rule.write_text(good.replace("window: 30m", "windwo: 30m"))
        daemon.send(signal.SIGHUP)
        until(lambda: "windwo" in WEB.get(f"{daemon.url}/-/ready").text, "the problem is shown")
        assert WEB.get(f"{daemon.url}/-/ready").status_code == 200
        rule.write_text(good)
        daemon.send(signal.SIGHUP)
        until(lambda: WEB.get(f"{daemon.url}/-/ready").json()["config"] == "ok", "the problem is gone")
        assert daemon.ended(signal.SIGINT)[0] == 0


def test_a_bad_configuration_ends_it_with_code_2_and_the_place(tmp_path: Path, slack: FakeSlack) -> None:
    config = lay_out(tmp_path, slack=slack)
    config.write_text(config.read_text().replace("store:", "stoer:"))
    daemon = Daemon(config)
    assert daemon.process.wait(20) == 2
    lines = daemon.log.read_text().splitlines()
    assert re.search(r"crisiswatch\.yaml:\d+:\d+", lines[0])
    assert lines[-1].startswith("crisiswatch: could not start: ")
    assert "Traceback" not in lines


def refused(config: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Run the command where it can't; gives the one line it said."""
    capsys.readouterr()
    assert main(["run", "-c", str(config)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    assert said.startswith("crisiswatch: ")
    return said


def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path, slack: FakeSlack, capsys) -> None:
    config = lay_out(tmp_path, slack=slack)
    base = sqlite3.connect(tmp_path / "crisiswatch.db")
    base.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    base.execute("INSERT INTO alembic_version VALUES ('9999')")
    base.commit()
    base.close()
    assert "schema 9999, which is newer than this program knows" in refused(config, capsys)


def test_a_store_in_a_folder_that_is_not_there_is_told(tmp_path: Path, slack: FakeSlack, capsys) -> None:
    config = lay_out(tmp_path, slack=slack)
    config.write_text(config.read_text().replace("sqlite:///crisiswatch.db", "sqlite:///nowhere/crisiswatch.db"))
    assert "database" in refused(config, capsys)


def test_a_port_in_use_is_told_and_the_daemon_that_has_it_keeps_its_store(here: World, capsys) -> None:
    here.config.write_text(here.config.read_text().replace("port: 0}", f"port: {here.app.port}}}"))
    assert f"can't listen on 127.0.0.1:{here.app.port}" in refused(here.config, capsys)
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    assert here.message()
    assert not here.app.fenced_out
