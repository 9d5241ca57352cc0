from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import GOOD, HERE, STREAM, copy_config, golden, process
from tests.support import ROOT

COMMANDS = (
    (), ("init",), ("check",), ("test",), ("run",), ("demo",), ("replay",), ("explain",), ("preview",), ("doctor",),
    ("schema",), ("incidents",), ("incidents", "list"), ("incidents", "show"), ("incidents", "ack"),
    ("incidents", "resolve"),
)  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(crisiswatch, command):
    said = crisiswatch(*command, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Usage: crisiswatch")
    _, _, commands = said.out.partition("Commands:")
    assert "..." not in commands  # no description is cut
    assert max(len(line) for line in said.out.splitlines()) <= 100


def test_the_help_is_what_it_was(crisiswatch):
    golden("help.txt", crisiswatch("--help").out)


WRONG = (
    ("frob",),
    ("check", "--frob"),
    ("check", "--format", "xml"),
    ("check", "extra"),
    ("replay",),
    ("replay", "--config", GOOD, "/not/there.jsonl"),
    ("explain",),
    ("explain", "x", "--posts", "-1"),
    ("incidents", "list", "--limit", "many"),
    ("preview",),
    ("incidents", "list", "--brand", "zebra", "--config", GOOD),
)


def test_wrong_usage_is_one_line_each_that_says_what_to_do(crisiswatch):
    told = []
    for arguments in WRONG:
        said = crisiswatch(*arguments)
        assert (said.code, said.out) == (2, ""), arguments
        assert said.err.count("\n") == 1
        assert said.err.startswith("crisiswatch: ")
        told.append(said.err.replace(str(HERE), "<here>"))
    golden("errors.txt", "".join(told))


def test_a_group_without_a_command_shows_its_help(crisiswatch):
    for arguments in ((), ("incidents",)):
        said = crisiswatch(*arguments)
        assert said.code == 2
        assert "Usage: crisiswatch" in said.err
        assert said.out == ""


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("run",), ("replay", "x"), ("explain", "x"), ("preview", "x"), ("doctor",), ("test",),
     ("incidents", "list"), ("incidents", "ack", "x")],
    ids=" ".join,
)  # fmt: skip
def test_without_a_configuration_every_command_says_how_to_get_one(crisiswatch, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    said = crisiswatch(*arguments)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "crisiswatch: there is no crisiswatch.yaml; write one with `crisiswatch init DIR`, "
        "or say where it is with --config\n"
    )


@pytest.mark.parametrize("arguments", [("replay", STREAM), ("run",), ("incidents", "list")], ids=lambda each: each[0])
def test_with_a_bad_one_they_show_every_problem_and_do_not_start(crisiswatch, arguments):
    said = crisiswatch(*arguments, "--config", HERE / "bad" / "crisiswatch.yaml")
    assert (said.code, said.out) == (2, "")
    assert "CW012: there is no field `anny` here; did you mean `any`?" in said.err
    assert said.err.endswith("crisiswatch: could not start: 6 problems in the configuration, see above\n")


def test_run_asks_for_its_secrets(crisiswatch):
    said = crisiswatch("run", "--config", GOOD)
    assert said.code == 2
    assert "the environment has no value for ACME_SLACK_TOKEN" in said.err
    assert "Traceback" not in said.err


def test_an_interrupt_is_no_traceback(crisiswatch, monkeypatch):
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("crisiswatch.cli.check.check", interrupted)
    said = crisiswatch("check", "--config", GOOD)
    assert (said.code, said.out, said.err.strip()) == (2, "", "crisiswatch: interrupted")


def test_a_full_disk_is_told_in_the_system_s_words(crisiswatch, monkeypatch):
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device", "/var/crisiswatch.db")

    monkeypatch.setattr("crisiswatch.cli.check.check", full)
    said = crisiswatch("check", "--config", GOOD)
    assert (said.code, said.err) == (2, "crisiswatch: /var/crisiswatch.db: No space left on device\n")


def test_a_reader_who_goes_away_is_no_error():
    with subprocess.Popen(
        [sys.executable, "-m", "crisiswatch", "schema", "all"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as command:
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdout.close()
        said = command.stderr.read()
        command.wait(60)
    assert said == b""
    assert command.returncode == 2


def test_a_terminal_that_knows_only_ascii_is_no_error():
    run = process("preview", "negative-wave", "--config", str(GOOD), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert run.returncode == 0, run.stderr.decode()
    assert b"negative mentions" in run.stdout


class Daemon:
    """`crisiswatch run` in a process of its own."""

    def __init__(self, config: Path) -> None:
        self.port_file = config.parent / "port"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crisiswatch", "run", "--config", config, "--port-file", self.port_file],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT), "ACME_HELPDESK_SECRET": "s" * 32, "ACME_SLACK_TOKEN": "xoxb-1"},
        )

    def end(self) -> tuple[int, bytes]:
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said


def test_run_answers_and_ends_on_a_signal(tmp_path):
    config = copy_config(tmp_path, append="web: {port: 0}\n")
    daemon = Daemon(config)
    assert daemon.process.stderr is not None
    for line in daemon.process.stderr:
        if b"started" in line:
            break
    while not daemon.port_file.exists():
        assert daemon.process.poll() is None
    with socket.create_connection(("127.0.0.1", int(daemon.port_file.read_text())), timeout=10) as talk:
        talk.sendall(b"GET /-/healthy HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert b"200 OK" in talk.recv(1000)
    daemon.process.send_signal(signal.SIGTERM)
    code, said = daemon.end()
    assert code == 0
    assert b"Traceback" not in said


def test_run_says_when_its_port_is_taken(crisiswatch, tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_HELPDESK_SECRET", "s" * 32)
    monkeypatch.setenv("ACME_SLACK_TOKEN", "xoxb-1")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = copy_config(tmp_path, append=f"web: {{port: {taken.getsockname()[1]}}}\n")
        said = crisiswatch("run", "--config", config)
    assert said.code == 2
    assert "crisiswatch: can't listen on 127.0.0.1:" in said.err
    assert "Traceback" not in said.err
