"""Bluesky: what an event of its stream becomes, and that the stream keeps the contract of sources."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.errors import SourceUnavailable, StateError
from crisiswatch.matching import BrandTerms
from crisiswatch.model import Batch
from crisiswatch.sources.bluesky import PUBLIC_INSTANCES, bluesky
from crisiswatch.sources.streaming import StreamSource, pause_after
from crisiswatch.testing.fake_bluesky import FakeBluesky
from crisiswatch.testing.networked_sources import Failure, NetworkedSourceContract, NetworkedWorld, RunningClock
from crisiswatch.testing.sources import drain

BRANDS = (BrandTerms("acme", handles=("@acme.example",), any=("acme",)),)


class World:
    def __init__(self, server: FakeBluesky) -> None:
        self.clock = RunningClock()
        self.secrets = ()
        self.server = server
        self.made: list[StreamSource] = []
        self.us = int(self.clock.now().timestamp() * 1_000_000)

    def tick(self) -> int:
        self.us += 1000
        return self.us

    def put(self, names: Iterable[str]) -> None:
        for name in names:
            self.server.post(self.tick(), "of somebody else", rkey=f"other-{name}")
            self.server.post(self.tick(), f"acme {name}", rkey=name)

    def put_bad(self) -> bool:
        self.server.post(self.tick(), {"not": "a text"}, rkey="bad")
        return True

    def source(self) -> StreamSource:
        options = {"brands": BRANDS, "url": self.server.url}
        self.made.append(bluesky("bluesky", options, self.clock))
        return self.made[-1]

    def fail(self, failure: Failure | None) -> bool:
        return self.server.fail(failure)

    def pass_time(self, seconds: float) -> None:
        self.clock.skip(seconds)

    def asked(self) -> int:
        return len(self.server.asked)

    def read(self) -> Batch:
        return drain(self, self.source(), None)[0]


@contextmanager
def world() -> Iterator[World]:
    with FakeBluesky() as server:
        made = World(server)
        try:
            yield made
        finally:
            for source in made.made:
                source.close()


class TestBluesky(NetworkedSourceContract):
    @contextmanager
    def world(self) -> Iterator[NetworkedWorld]:
        with world() as made:
            yield made


def test_a_post_becomes_a_mention_with_the_time_of_the_stream():
    with world() as w:
        w.server.post(
            w.tick(),
            "Ciao @acme.example",
            rkey="3k",
            createdAt="2031-01-01T00:00:00Z",
            langs=["it", "en"],
            reply={"parent": {"uri": "at://did:plc:a/app.bsky.feed.post/1"}, "root": {"uri": "at://did:plc:b/x/2"}},
        )
        (mention,) = w.read().mentions
    assert mention.uid == "bluesky:at://did:plc:fake/app.bsky.feed.post/3k"
    assert mention.url == "https://bsky.app/profile/did:plc:fake/post/3k"
    assert mention.created_at == datetime.fromtimestamp(w.us / 1e6, UTC)
    assert (mention.lang, mention.author_id, mention.likes) == ("it", "bluesky:did:plc:fake", None)
    assert mention.parent_uid == "bluesky:at://did:plc:a/app.bsky.feed.post/1"
    assert mention.thread_id == "bluesky:at://did:plc:b/x/2"
    assert not mention.backfill


def test_a_quoted_post_is_the_parent_of_what_is_said_about_it():
    quoted = {"uri": "at://did:plc:a/app.bsky.feed.post/1", "cid": "x"}
    with world() as w:
        w.server.post(w.tick(), "acme, look", rkey="1", embed={"$type": "app.bsky.embed.record", "record": quoted})
        w.server.post(w.tick(), "acme, see", rkey="2", embed={"record": {"record": quoted}, "media": {}})
        mentions = w.read().mentions
    assert [each.parent_uid for each in mentions] == ["bluesky:at://did:plc:a/app.bsky.feed.post/1"] * 2


def test_an_import_of_old_posts_keeps_their_dates_and_alarms_nobody():
    with world() as w:
        w.server.post(w.tick(), "acme long ago", rkey="1", createdAt="2019-05-01T10:00:00.000Z")
        (mention,) = w.read().mentions
    assert mention.created_at == datetime(2019, 5, 1, 10, tzinfo=UTC)
    assert mention.backfill


def test_deletions_and_new_wordings_are_told():
    with world() as w:
        w.put(["nr0001"])
        w.server.post(w.tick(), "nothing about you any more", rkey="nr0001", operation="update")
        w.server.post(w.tick(), None, rkey="nr0001", operation="delete")
        batch = w.read()
    uid = "bluesky:at://did:plc:fake/app.bsky.feed.post/nr0001"
    assert [each.uid for each in batch.mentions] == [uid]
    assert [(each.uid, each.text) for each in batch.edited] == [(uid, "nothing about you any more")]
    assert batch.deleted == (uid,)


def test_events_that_are_no_posts_only_move_the_place_on():
    with world() as w:
        w.server.send({"did": "did:plc:fake", "time_us": w.tick(), "kind": "identity", "identity": {}})
        w.server.send({"did": "did:plc:fake", "time_us": w.tick(), "kind": "account", "account": {"active": False}})
        batch = w.read()
    assert batch.mentions == batch.refused == ()
    assert json.loads(batch.cursor or "")["us"] == w.us


def test_an_address_too_long_for_a_key_is_shortened_the_same_way_each_time():
    with world() as w:
        w.server.post(w.tick(), "acme", rkey="r" * 300)
        w.server.post(w.tick(), None, rkey="r" * 300, operation="delete")
        batch = w.read()
    assert batch.deleted == (batch.mentions[0].uid,)
    assert len(batch.mentions[0].uid) <= 255


def test_the_next_instance_takes_over_from_one_that_is_down(monkeypatch: pytest.MonkeyPatch):
    with world() as w:
        w.put(["nr0001"])
        monkeypatch.setattr(
            "crisiswatch.sources.bluesky.PUBLIC_INSTANCES", ("ws://127.0.0.1:1/subscribe", w.server.url)
        )
        source = bluesky("bluesky", {"brands": BRANDS}, w.clock)
        w.made.append(source)
        batch = source.poll(None, w.clock.now() + timedelta(seconds=10))
    assert len(batch.mentions) == 1


def test_it_asks_for_posts_alone_a_little_before_the_place_it_was():
    with world() as w:
        w.put(["nr0001"])
        cursor = drain(w, w.source(), None)[-1].cursor
        drain(w, w.source(), cursor)
    assert w.server.asked[-1] == f"/subscribe?wantedCollections=app.bsky.feed.post&cursor={w.us - 5_000_000}"


def test_a_stream_that_breaks_is_taken_up_where_it_was():
    with world() as w:
        source = w.source()
        w.put(["nr0001"])
        cursor = drain(w, source, None)[-1].cursor
        w.server.fail(Failure.CUT)
        w.server.fail(None)
        w.put(["nr0002"])
        found: list[str] = []
        for _ in range(50):
            try:
                batch = source.poll(cursor, w.clock.now() + timedelta(seconds=10))
            except SourceUnavailable:  # it connected again before the server had come back
                w.clock.skip(2)
                continue
            cursor = batch.cursor
            found += [each.text for each in batch.mentions]
            if found:
                break
    assert found == ["acme nr0002"]


def test_a_server_that_forgot_what_it_sent_goes_on_sending_to_those_who_listen():
    with world() as w:
        source = w.source()
        w.put(["nr0001", "nr0002"])
        cursor = drain(w, source, None)[-1].cursor
        w.server.forget()
        w.put(["nr0003"])
        assert [each.text for each in drain(w, source, cursor)[0].mentions] == ["acme nr0003"]
    assert len(w.server.asked) == 1


def test_a_cursor_stays_small_however_much_is_said_and_one_of_another_kind_is_an_error():
    with world() as w:
        w.put(f"nr{n:04d}" for n in range(1200))
        batches = drain(w, w.source(), None)
        assert sum(len(each.mentions) for each in batches) == 1200
        assert len(batches[-1].cursor or "") < 20_000
        with pytest.raises(StateError):
            w.source().poll("{}", w.clock.now() + timedelta(seconds=1))


def test_the_public_instances_are_the_four_of_version_1():
    assert len(set(PUBLIC_INSTANCES)) == 4
    assert all(
        url.startswith("wss://jetstream") and url.endswith(".bsky.network/subscribe") for url in PUBLIC_INSTANCES
    )


def test_pauses_double_to_five_minutes_and_differ_from_source_to_source():
    pauses = [pause_after(number, "bluesky") for number in range(1, 20)]
    assert all(2.0**n / 2 <= pause <= min(2.0**n, 300) for n, pause in enumerate(pauses, 1) if n < 9)
    assert pauses[-1] <= 300
    assert pause_after(3, "a") != pause_after(3, "b")
