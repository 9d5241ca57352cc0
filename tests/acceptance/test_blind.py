"""Blind is not calm: a source that fails never ends an incident, and the page says that nobody can see."""

from __future__ import annotations

import shutil

import pytest

from tests.acceptance.world import World, until, world

HOUR = 60


def fail_three_times(here: World) -> None:
    """Take the inbox away and let it be looked at until the daemon gives up on it."""
    until(lambda: here.app.store.cursor("exports"), "the source has a place to go on from")
    here.folder.joinpath("inbox").rename(here.folder / "away")
    for _ in range(3):
        before = failures(here)
        here.app.look_now()
        until(lambda count=before: failures(here) > count, "one more failure")
        here.clock.advance(seconds=60)


def failures(here: World) -> int:
    return here.app._polls.poller("exports").mark.failures


def come_back(here: World) -> None:
    here.folder.joinpath("away").rename(here.folder / "inbox")
    here.clock.advance(minutes=5)
    here.app.look_now()
    until(lambda: here.metric("source_up", source="exports") == 1, "the source is up")


def open_by_file(here: World, **fields: object) -> None:
    here.at(1)
    here.write(here.mention(1, **fields))
    until(lambda: here.metric("mentions_total", source="exports", outcome="accepted"), "the line was read")
    here.calm_down(2)
    assert here.message()


def test_two_failures_are_bad_luck_and_three_are_blindness(here: World) -> None:
    open_by_file(here)
    here.folder.joinpath("inbox").rename(here.folder / "away")
    for number in (1, 2):
        here.app.look_now()
        until(lambda count=number: failures(here) == count, "one more failure")
        here.clock.advance(seconds=60)
    assert here.metric("source_up", source="exports") == 1
    here.app.look_now()
    until(lambda: here.metric("source_up", source="exports") == 0, "the source is down")
    assert here.metric("source_failures_total", source="exports", reason="failing") >= 1


@pytest.mark.parametrize("said_by", ["exports", "reddit"])
def test_an_incident_does_not_end_while_its_source_is_blind(here: World, said_by: str) -> None:
    open_by_file(here, source=said_by)
    here.do_the_playbook()
    fail_three_times(here)
    here.engine_turns()
    here.calm_down(5 * HOUR, 12 * HOUR)
    assert here.incidents()[0]["phase"] == "open"
    assert not [reply for reply in here.slack.thread(here.message().ts) if "calm" in reply.text.lower()]
    assert "1 of 2 sources cannot be heard: exports" in here.get("/").text
    come_back(here)
    here.engine_turns()
    here.calm_down(14 * HOUR)
    assert here.incidents()[0]["phase"] == "open"
    here.calm_down(19 * HOUR)
    assert here.incidents()[0]["phase"] == "resolved"
    assert "sources cannot be heard" not in here.get("/").text


def test_a_page_without_incidents_says_blind_not_calm(here: World) -> None:
    here.at(1)
    here.write(here.mention(1, "Acme Coffee opens at nine"))
    until(lambda: here.metric("mentions_total", source="exports", outcome="accepted"), "the line was read")
    fail_three_times(here)
    here.engine_turns()
    page = here.get("/").text
    assert "silence is not calm" in page
    assert ">Blind<" in page


def test_a_source_that_never_could_be_read_is_blind_and_not_just_starting(tmp_path) -> None:
    sources = "  - {id: exports, type: files, path: ./inbox, every: 1h}\n  - {id: other, type: files, path: ./nowhere, every: 1h}\n"
    with world(tmp_path, sources=sources) as here:
        until(lambda: here.metric("source_failures_total", source="other", reason="rejected"), "it was tried")
        page = here.get("/").text
        assert "1 of 2 sources cannot be heard: other" in page


def test_a_source_that_was_blind_before_a_restart_sees_again_after_it(here: World) -> None:
    open_by_file(here)
    fail_three_times(here)
    here.engine_turns()
    assert "cannot be heard" in here.get("/").text
    here.app.stop(2.0)
    shutil.move(here.folder / "away", here.folder / "inbox")
    here.start_another()
    until(lambda: here.metric("source_up", source="exports") == 1, "the source is up")
    until(lambda: "cannot be heard" not in here.get("/").text, "the page says that it is heard")
    here.calm_down(9 * HOUR)
    assert here.incidents()[0]["phase"] == "resolved"
