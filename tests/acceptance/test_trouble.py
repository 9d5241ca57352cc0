"""What a bad day does to the daemon: a store that will not write, a twin, a death in the middle."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from crisiswatch.testing.fake_slack import Fault
from tests.acceptance.world import World, until


@contextmanager
def every_connection(here: World, pragma: str) -> Iterator[None]:
    """Set a pragma on each connection the daemon uses from now on."""

    def set_it(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(pragma).close()

    sa.event.listen(here.app.store.engine, "checkout", set_it)
    try:
        yield
    finally:
        sa.event.remove(here.app.store.engine, "checkout", set_it)


@contextmanager
def disk_full(here: World) -> Iterator[None]:
    """SQLite's own SQLITE_FULL: the file may not become a page longer."""
    with every_connection(here, "PRAGMA max_page_count = 1"):  # it never goes below what the file has
        yield
    restore = "PRAGMA max_page_count = 1073741823"
    sa.event.listen(here.app.store.engine, "checkout", lambda connection, *_: connection.execute(restore).close())


@contextmanager
def locked(here: World) -> Iterator[None]:
    """Somebody else holds the write lock and does not let go."""
    other = sqlite3.connect(here.folder / "crisiswatch.db", isolation_level=None)
    with every_connection(here, "PRAGMA busy_timeout = 20"):
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")
            other.close()


@pytest.mark.parametrize("trouble", [disk_full, locked])
def test_a_store_that_does_not_write_turns_readiness_red_and_loses_nothing(here: World, trouble) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    with trouble(here):
        long = "Acme Coffee, it exploded: " + "really " * 1000
        here.write(*(here.mention(number, long) for number in range(2, 40)))
        red = until(lambda: (ready := here.get("/-/ready")).status_code == 503 and ready, "readiness is red")
        assert red.json()["store"] != "ok"
        assert here.get("/-/healthy").status_code == 200
        assert here.get("/").status_code == 200
        assert here.metric("mentions_total", source="exports", outcome="accepted") == 0
    until(lambda: here.get("/-/ready").status_code == 200, "readiness is green again")
    until(lambda: here.metric("mentions_total", source="exports", outcome="accepted") == 38, "all were taken in")
    here.calm_down(4)
    assert here.incidents()[0]["level"] == "critical"
    assert here.incidents()[0]["mentions"] == 39
    assert len(here.thread()) == 1


def test_a_caller_whose_mentions_could_not_be_written_is_told_to_send_them_again(here: World) -> None:
    with locked(here):
        here.write(here.mention(1, "nothing"))  # the engine is busy with this one for as long as the lock is held
        until(lambda: here.get("/-/ready").status_code == 503, "readiness is red")
        answers = []
        caller = threading.Thread(target=lambda: answers.append(here.push(here.mention(2))))
        caller.start()
        until(lambda: here.app.worker.waiting, "the call waits for the engine")
        assert not answers
    caller.join(10)
    assert answers[0].status_code == 202
    assert here.push(here.mention(2)).json()["stored"]["duplicate"] == 1


def test_a_second_daemon_on_the_same_store_fences_the_first_out(here: World) -> None:
    here.at(1)
    here.push(here.mention(1))
    here.calm_down(2)
    first = here.abandon()
    here.start_another()
    here.clock.advance(seconds=15)
    until(lambda: first.fenced_out, "the first daemon knows that it is out")
    assert not first.healthy()[0]
    assert first.act(here.incidents()[0]["id"], "resolve", "somebody") is None
    here.push(here.mention(2), here.mention(3))
    here.calm_down(5)
    assert here.incidents()[0]["level"] == "critical"
    assert len(here.slack.roots()) == 1
    assert len(here.thread()) == 1
    assert len(here.smtp.mails) == 2


def test_a_daemon_that_died_while_slack_was_answering_does_not_say_it_twice(here: World) -> None:
    here.slack.script("chat.postMessage", Fault.hang(accepted=True))
    here.at(1)
    here.push(here.mention(1))
    here.at(2)
    here.message()
    until(lambda: here.smtp.mails, "the mail is there")
    here.abandon()  # its dispatcher still waits for Slack's answer
    here.start_another()
    here.at(4)
    here.delivered()
    here.push(here.mention(2), here.mention(3))
    here.calm_down(6)
    root = here.message()
    assert "several people" in root.text
    assert len(here.thread()) == 1
    assert len(here.smtp.mails) == 2
    here.slack.stopping.set()  # let the old one's call end


def test_a_restart_goes_on_where_the_last_run_was(here: World) -> None:
    here.at(1)
    here.write(here.mention(1))
    until(lambda: here.metric("mentions_total", source="exports", outcome="accepted"), "the line was read")
    here.calm_down(2)
    root = here.message()
    here.app.stop(2.0)
    here.start_another()
    here.write(here.mention(2), here.mention(3))
    until(lambda: here.metric("mentions_total", source="exports", outcome="accepted") == 2, "the new lines were read")
    assert here.metric("mentions_total", source="exports", outcome="duplicate") == 0
    here.calm_down(4)
    assert here.incidents()[0]["mentions"] == 3
    assert here.message().ts == root.ts
    assert len(here.thread()) == 1
