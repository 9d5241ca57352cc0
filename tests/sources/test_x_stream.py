"""X's stream: posts within seconds, nothing lost in its gaps, and never more connections than X allows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from crisiswatch.clock import SystemClock
from crisiswatch.errors import QuotaExhausted, SourceRejected
from crisiswatch.model import Mention
from crisiswatch.sources.x.source import XSource
from crisiswatch.sources.x.stream import Pause
from crisiswatch.testing.fake_http import Answer
from crisiswatch.testing.fake_x import FakeX
from crisiswatch.testing.networked_sources import RunningClock
from tests.sources.x_support import drained, mentions, source_of

STREAM = {"stream": True, "count_every": timedelta(days=2)}


def until(true: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    pause = threading.Event()
    real = SystemClock()
    end = real.monotonic() + 10
    while not true():
        assert real.monotonic() < end, "it did not happen in 10 seconds"
        pause.wait(0.005)


class Reader:
    """Polls as the daemon does, and keeps what it got."""

    def __init__(self, x: FakeX, clock: RunningClock) -> None:
        self.x, self.clock = x, clock
        x.counted_back = timedelta(hours=1)
        self.source: XSource = source_of(x, clock, **STREAM)
        self.cursor: str | None = None
        self.got: dict[str, Mention] = {}
        self.edits: list[str] = []

    def poll(self) -> list[str]:
        batches = drained(self.source, self.clock, self.cursor)
        self.cursor = batches[-1].cursor
        new = [mention for mention in mentions(batches) if mention.uid not in self.got]
        self.got |= {mention.uid: mention for mention in new}
        self.edits += [mention.text for batch in batches for mention in batch.edited]
        return [mention.text for mention in new]

    def up(self) -> None:
        """Begin, and wait until the stream is."""
        self.poll()
        until(lambda: self.x.open_streams)
        self.poll()

    def quiet(self) -> bool:
        """Poll; whether that cost no search, as it does once the stream has taken over from it."""
        asked = len(self.x.asked_for("search/recent"))
        self.poll()
        return len(self.x.asked_for("search/recent")) == asked

    def texts(self) -> list[str]:
        return sorted(mention.text for mention in self.got.values())

    def has(self, text: str) -> bool:
        return bool(self.poll()) and text in self.texts()


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


def test_posts_come_by_the_stream_and_cost_no_search(clock: RunningClock) -> None:
    with FakeX(clock, keep_alive=0.02) as x:
        reader = Reader(x, clock)
        reader.up()
        until(reader.quiet)
        searches = len(x.asked_for("search/recent"))
        x.put("acme coffee one")
        x.put("acme coffee two")
        until(lambda: reader.poll() or len(reader.got) == 2)
        until(lambda: reader.poll() or len(reader.got) == 2)
        assert reader.texts() == ["acme coffee one", "acme coffee two"]
        assert len(x.asked_for("search/recent")) == searches
        reader.source.close()


def test_rules_are_made_once_with_a_tag_and_others_are_left_alone(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        x.rules = [
            {"id": "1", "value": "somebody's", "tag": "other"},
            {"id": "2", "value": "old", "tag": "crisiswatch-x:0"},
            {"id": "3", "value": "no tag"},
        ]
        for _ in range(2):
            reader = Reader(x, clock)
            reader.up()
            reader.source.close()
            x.cut_streams()
            until(lambda: not x.open_streams)
        assert [(rule["value"], rule.get("tag")) for rule in x.rules][:2] == [("somebody's", "other"), ("no tag", None)]
        (ours,) = x.rules[2:]
        assert ours["tag"] == "crisiswatch-x:0"
        assert "Acme Coffee" in ours["value"]
        assert len([asked for asked in x.asked_for("rules") if asked.method == "POST"]) == 2


def test_what_is_said_in_a_gap_is_searched_for(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        reader = Reader(x, clock)
        reader.up()
        x.put("acme coffee before")
        until(lambda: reader.has("acme coffee before"))
        x.close_streams_at_once = True
        x.cut_streams()
        until(lambda: not x.open_streams)
        x.put("acme coffee in the gap")
        x.close_streams_at_once = False
        until(lambda: x.open_streams)
        x.put("acme coffee after")
        until(lambda: reader.poll() or len(reader.got) == 3)
        assert reader.texts() == ["acme coffee after", "acme coffee before", "acme coffee in the gap"]
        reader.source.close()


def test_posts_that_were_not_committed_come_again(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        reader = Reader(x, clock)
        reader.up()
        x.put("acme coffee lost")
        lost: list[str] = []
        until(lambda: lost.extend(m.text for m in mentions(drained(reader.source, clock, reader.cursor))) or lost)
        until(lambda: reader.has("acme coffee lost"))
        reader.source.close()


def test_after_a_kill_the_search_brings_what_the_queue_held(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        reader = Reader(x, clock)
        reader.up()
        x.put("acme coffee in the queue")
        reader.source = source_of(x, clock, **STREAM)
        assert reader.poll() == ["acme coffee in the queue"]
        reader.source.close()


def test_an_edit_on_the_stream_is_an_edit(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        reader = Reader(x, clock)
        reader.up()
        post = x.put("acme coffee is bad")
        until(lambda: reader.has("acme coffee is bad"))
        x.put("acme coffee is good", edit_of=post)
        until(lambda: reader.poll() or reader.edits)
        assert reader.edits == ["acme coffee is good"]
        reader.source.close()


def test_a_matching_rule_without_a_tag_does_not_end_the_stream(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        x.untagged = True
        reader = Reader(x, clock)
        reader.up()
        x.put("acme coffee once")
        until(lambda: reader.has("acme coffee once"))
        x.put("acme coffee twice")
        until(lambda: reader.has("acme coffee twice"))
        assert x.connects == 1
        reader.source.close()


def test_a_stream_that_may_not_be_is_told_by_the_poll(clock: RunningClock) -> None:
    with FakeX(clock) as x:
        x.script("stream/rules", Answer.of({"title": "Forbidden"}, 403))
        reader = Reader(x, clock)
        with pytest.raises(SourceRejected):
            until(lambda: reader.poll() and False)
        reader.source.close()


def test_without_money_for_posts_the_stream_is_left(clock: RunningClock) -> None:
    with FakeX(clock, keep_alive=0.02) as x:
        reader = Reader(x, clock)
        reader.source = source_of(x, clock, **STREAM, budget=5.0)
        reader.up()
        for n in range(1200):
            x.put(f"acme coffee {n}")
        with pytest.raises(QuotaExhausted):
            until(lambda: reader.poll() and False)
        until(lambda: not x.open_streams)
        # What was on its way when the thousand that the budget pays for had come is used too: it has been charged.
        assert 1000 <= len(reader.got) <= 1200
        reader.source.close()


def test_it_waits_ever_longer_for_what_does_not_get_better() -> None:
    broken, refused, limited = Pause(), Pause(), Pause()
    assert [broken.after(None, 0.0) for _ in range(70)][::23] == [0.25, 6.0, 11.75, 16.0]
    assert [refused.after(503, 0.0) for _ in range(8)] == [5, 10, 20, 40, 80, 160, 320, 320]
    assert [limited.after(429, 0.0) for _ in range(6)] == [60, 120, 240, 480, 960, 960]
    refused.lasted()
    assert refused.after(503, 0.0) == 5


def test_a_server_that_closes_at_once_gets_fewer_than_fifty_connections_in_a_quarter_of_an_hour() -> None:
    pause, at, connects = Pause(), 0.0, []
    while at < 7200:
        pause.connected(at)
        pause.lasted()  # a sign of life each time: the worst case
        connects.append(at)
        at += pause.after(None, at)
    assert len(connects) > 100
    assert max(sum(one <= other < one + 900 for other in connects) for one in connects) <= 40
