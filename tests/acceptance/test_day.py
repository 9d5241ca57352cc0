"""A whole day of the real daemon with every source on: its story is a golden file, its promises are below."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from crisiswatch import app
from crisiswatch.charts.data import ChartData
from crisiswatch.charts.draw import incident_chart
from crisiswatch.charts.maker import ChartMaker
from crisiswatch.config import Loaded
from crisiswatch.model import Level, Phase, Stage
from crisiswatch.sources import streaming
from crisiswatch.store import Store, StoredMention
from crisiswatch.wiring import chart_maker
from tests.acceptance.day import BUDGET, PER_HOUR, Day, play

GOLDEN = Path(__file__).with_name("golden") / "day.txt"
CATCH_UP, INDEXED = timedelta(minutes=15), timedelta(minutes=1)


def drawn_once(loaded: Loaded, store: Callable[[], Store]) -> ChartMaker:
    """Have the first chart drawn and shown for all later ones: to draw each would take a fifth of the day."""
    charts, pictures = chart_maker(loaded, store), []

    def draw(data: ChartData) -> bytes:
        if not pictures:
            pictures.append(incident_chart(data))
        return pictures[0]

    charts._draw = draw
    return charts


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    if os.environ.get("CRISISWATCH_REQUIRE_ALL") != "1":
        pytest.skip("the day takes a minute; CI plays it, and so does CRISISWATCH_REQUIRE_ALL=1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "chart_maker", drawn_once)
        patch.setattr(streaming, "_SLICE", 0.01)  # how often a stream's thread looks at the clock
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        try:
            with play(tmp_path_factory.mktemp("day")) as played:
                yield played
        finally:
            structlog.reset_defaults()


def mentions_of(day: Day) -> list[StoredMention]:
    found = [each for each in day.app.store.stream() if isinstance(each, StoredMention)]
    return [each for each in found if ":before-" not in each.mention.uid]


@pytest.fixture(scope="module")
def stored(day: Day) -> Counter[str]:
    """How often each mention of the day is in the store."""
    return Counter(each.mention.uid for each in mentions_of(day))


def test_the_story_of_the_day_is_as_it_was_written(day: Day) -> None:
    text = "\n".join(day.watcher.lines) + "\n"
    if os.environ.get("CRISISWATCH_GOLDEN") == "write":
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("source", sorted(set(PER_HOUR) - {"x"}))
def test_all_that_was_said_is_there_whatever_happened(day: Day, stored: Counter[str], source: str) -> None:
    readable = {
        uid for uid, said in day.uids.items() if said.platform == source and said.at < day.last_poll[source] - INDEXED
    }
    assert readable
    assert readable <= set(stored)


def test_nothing_is_there_twice_and_nothing_that_nobody_said(day: Day, stored: Counter[str]) -> None:
    assert max(stored.values()) == 1
    assert set(stored) <= set(day.uids)
    assert not sum(count for (_, outcome), count in day.watcher.outcomes.items() if outcome in {"refused", "unmatched"})


def test_what_was_said_while_nobody_could_read_is_marked_as_caught_up(day: Day) -> None:
    marks = {each.mention.uid: each.mention.backfill for each in mentions_of(day)}
    for source, (start, end) in {"mastodon": day.script.mastodon_out, "bluesky": day.script.bluesky_silent}.items():
        missed = [
            uid for uid, said in day.uids.items() if said.platform == source and start <= said.at < end - CATCH_UP
        ]
        assert len(missed) > 20
        assert all(marks[uid] for uid in missed)


def test_catching_up_opens_no_incident(day: Day) -> None:
    """The quarrel on Mastodon would have been a wave while it was fresh; when it could be read it was over."""
    end = day.script.mastodon_out[1]
    real = [each for each in day.watcher.first.values() if not each.of_blindness]
    assert not [each for each in real if each.opened_at < day.script.crisis[0]]
    assert not [each for each in real if end <= each.opened_at < end + timedelta(hours=3)]


def test_the_crisis_is_told_rises_and_ends_only_when_all_that_told_of_it_can_be_heard(day: Day) -> None:
    (wave,) = [each for each in day.watcher.latest.values() if each.rule == "negative-wave"]
    begin, _ = day.script.crisis
    silent, again = day.script.bluesky_silent
    assert begin < wave.opened_at <= begin + timedelta(minutes=15)
    assert wave.peak_level is Level.CRITICAL
    assert {"x", "reddit", "bluesky"} <= set(day.watcher.first[wave.id].reading.sources)
    assert wave.phase is Phase.RESOLVED
    assert wave.resolved_at is not None
    # Calm from five o'clock on, but first Bluesky can't be heard, and then X, until the new month's budget.
    assert wave.opened_at < silent < again < day.script.month_ends < wave.resolved_at
    assert [each.source for each in wave.blind] == ["bluesky", "x"]


def test_each_outage_is_told_by_itself_and_taken_back(day: Day) -> None:
    blind = [each for each in day.watcher.latest.values() if each.rule == "blind"]
    told = [(sorted({spell.source for spell in each.blind}), each.phase) for each in blind]
    assert told == [
        (["mastodon"], Phase.RESOLVED),
        (["bluesky", "x"], Phase.RESOLVED),  # X falls blind before Bluesky is heard again
    ]


def test_a_limit_that_says_when_it_ends_is_waited_for_and_no_blindness(day: Day) -> None:
    start, end = day.script.x_limited
    assert not [each for each in day.asked_x if start < each < end]
    spells = [spell for each in day.watcher.latest.values() for spell in each.blind if spell.source == "x"]
    assert {spell.reason for spell in spells} == {"out_of_budget"}


def test_x_is_counted_to_the_end_and_its_budget_is_kept(day: Day, stored: Counter[str]) -> None:
    said = [uid for uid, said in day.uids.items() if said.platform == "x"]
    read = [uid for uid in stored if uid.startswith("x:")]
    assert 50 < len(read) < len(said)
    assert day.watcher.counted["x"] >= 0.98 * len(said)  # the last minutes are not complete yet
    assert day.spent <= BUDGET


def test_a_budget_is_low_for_prometheus_before_it_is_used_up(day: Day) -> None:
    (out,) = [
        spell.since
        for each in day.watcher.latest.values()
        if each.of_blindness
        for spell in each.blind
        if spell.reason == "out_of_budget"
    ]
    assert day.low_since is not None
    assert day.low_since < out


def test_every_receiver_is_told_of_the_beginning_and_the_end_once(day: Day) -> None:
    told = Counter((row.receiver, row.incident, row.stage) for row in day.sent if row.stage is not Stage.UPDATED)
    for incident in day.watcher.latest.values():
        if incident.trial:
            continue
        mailed = incident.peak_level > Level.WATCH
        for receiver in ("pr-slack", "pr-mail") if mailed else ("pr-slack",):
            case = day.app.store.case(incident.id)  # a critical one is over when a person says so, and nobody did
            ended = incident.phase is Phase.RESOLVED and case is not None and bool(case.ending)
            assert told[receiver, incident.id, Stage.RESOLVED] == ended
    assert max(count for (_, _, stage), count in told.items() if stage in {Stage.OPENED, Stage.RESOLVED}) == 1
    assert len(day.slack.roots()) == len({row.incident for row in day.sent if row.receiver == "pr-slack"})
