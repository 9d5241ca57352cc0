from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crisiswatch.config.secrets import Secret
from crisiswatch.errors import SourceRejected, SourceUnavailable, StateError
from crisiswatch.model import Source
from crisiswatch.sources.mastodon import hashtags, mastodon
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.networked_sources import ASKED_WAIT, Failure, NetworkedSourceContract, NetworkedWorld
from crisiswatch.testing.sources import drain
from tests.sources.web_world import WebWorld


class World(WebWorld):
    """A server's timeline of one tag: posts after ``min_id`` from the oldest on, each page newest first."""

    secrets = ("mastodon-token-1",)

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/api/v1/timelines/tag/acme"
        size = int(asked.query["limit"])
        newer = sorted((each for each in self.things if "id" in each), key=lambda each: int(each["id"]))
        if "min_id" in asked.query:
            page = [each for each in newer if int(each["id"]) > int(asked.query["min_id"])][:size]
        else:
            page = newer[-size:]
        limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": str(300 - len(self.site.seen))}
        return Answer.of(page[::-1], **limits)

    def thing(self, number: int, text: str, **more: Any) -> dict[str, Any]:
        now = self.clock.now()
        return {
            "id": str((int(now.timestamp() * 1000) << 16) + number),
            "uri": f"https://social.example/users/jo/statuses/{number}",
            "url": f"https://social.example/@jo/{number}",
            "created_at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "edited_at": None,
            "content": f"<p>{text} <a href='https://social.example/tags/acme'>#<span>acme</span></a></p>",
            "account": {"acct": "jo", "uri": "https://social.example/users/jo", "followers_count": 7},
            **more,
        }

    def bad(self, number: int) -> dict[str, Any]:
        return self.thing(number, "", content=None)

    def source(self) -> Source:
        return self.make(mastodon, servers=[{"url": self.site.url, "token": None}], tags=("acme",))


def until(clock: Any) -> dict[str, str]:
    return {"X-RateLimit-Reset": (clock.now() + timedelta(seconds=ASKED_WAIT)).isoformat().replace("+00:00", "Z")}


@contextmanager
def world() -> Iterator[World]:
    with FakeSite(lambda _: Answer(404)) as site:
        made = World(site)
        site.rate_limit = lambda: until(made.clock)
        yield made
        made.close()


class TestMastodon(NetworkedSourceContract):
    @contextmanager
    def world(self) -> Iterator[NetworkedWorld]:
        with world() as made:
            yield made


def test_a_post_becomes_a_mention_without_its_html():
    with world() as w:
        w.say(
            "Ciao <br>acme",
            spoiler_text="caffè",
            language="it",
            created_at="2026-11-22T10:00:00.000Z",
            replies_count=1,
            reblogs_count=2,
            favourites_count=3,
        )
        batch = w.read()
    (mention,) = batch.mentions
    assert (mention.uid, mention.text) == (
        "mastodon:https://social.example/users/jo/statuses/0",
        "caffè\nCiao\nacme #acme",
    )
    assert (mention.lang, mention.created_at) == ("it", datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert (mention.author_id, mention.author_followers) == ("mastodon:https://social.example/users/jo", 7)
    assert (mention.replies, mention.reposts, mention.likes) == (1, 2, 3)
    assert (mention.url, mention.channel) == ("https://social.example/@jo/0", "social.example")
    assert batch.quota_left == pytest.approx(299 / 300)


def test_a_new_wording_is_an_edit_and_comes_once():
    with world() as w:
        said = w.say("acme is bad")
        cursor = w.read().cursor
        said |= {"content": "<p>acme is fine</p>", "edited_at": "2026-11-22T12:05:00.000Z"}
        batch = w.read(cursor)
        assert batch.mentions == ()
        assert [each.text for each in batch.edited] == ["acme is fine"]
        assert w.read(batch.cursor).edited == ()


def test_a_post_that_arrives_late_is_not_missed():
    with world() as w:
        w.put(["nr0001"])
        cursor = w.read().cursor
        late = w.say("acme late")
        late["id"] = str(int(late["id"]) - (300_000 << 16))  # written five minutes ago on a slow server
        assert len(w.read(cursor).mentions) == 1


def test_a_burst_is_read_page_by_page():
    with world() as w:
        w.put(["nr0000"])
        cursor = w.read().cursor
        w.put(f"nr{number:04d}" for number in range(1, 150))
        assert len(w.read(cursor).mentions) == 149


def test_one_server_failing_is_told_and_does_not_stop_the_others():
    with world() as w, FakeSite(lambda _: Answer.of([])) as other:
        other.fail(Failure.UNAVAILABLE)
        w.put(["nr0001"])
        source = w.make(mastodon, servers=[{"url": other.url}, {"url": w.site.url}], tags=("acme",))
        batch = drain(w, source, None)[0]
        assert len(batch.mentions) == 1
        assert [(each.reason, each.detail) for each in batch.refused] == [
            ("server_failed", f"{other.url.removeprefix('http://')}: the server answered 503")
        ]
        w.put(["nr0002"])
        batch = drain(w, source, batch.cursor)[0]
        assert (len(batch.mentions), batch.refused) == (1, ())  # it is left alone now, and has been told of
        assert len(other.seen) == 1
        other.fail(None)
        other.answer = w.site.answer
        w.pass_time(900)
        assert drain(w, source, batch.cursor)[0].mentions == ()  # it knows the same posts
        assert len(other.seen) == 2


def test_all_servers_failing_is_an_error_that_names_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MASTODON_TOKEN", "mastodon-token-1")
    with world() as w:
        source = w.make(mastodon, servers=[{"url": w.site.url, "token": Secret(env="MASTODON_TOKEN")}], tags=("acme",))
        w.fail(Failure.UNAUTHORISED)
        with pytest.raises(SourceRejected, match=r"127\.0\.0\.1:\d+: the server answered 401"):
            source.poll(None, w.clock.now() + timedelta(seconds=5))
        assert w.site.seen[0].headers["authorization"] == "Bearer mastodon-token-1"
        with pytest.raises(SourceRejected):
            source.poll(None, w.clock.now() + timedelta(seconds=5))
        assert w.asked() == 1  # it waits before it asks again


def test_a_limit_told_as_a_moment_is_waited_for():
    with world() as w:
        w.fail(Failure.RATE_LIMITED)
        with pytest.raises(SourceUnavailable) as raised:
            w.source().poll(None, w.clock.now() + timedelta(seconds=5))
    assert raised.value.after == pytest.approx(ASKED_WAIT, abs=2)


def test_tags_are_made_of_the_brands_terms():
    assert hashtags(["Acme Coffee", "#AcmeCoffee", "@acme", "2026", "Caffè!"]) == ("acmecoffee", "caffè")


def test_a_place_of_another_kind_is_an_error():
    with world() as w, pytest.raises(StateError):
        w.source().poll("7", w.clock.now() + timedelta(seconds=1))
