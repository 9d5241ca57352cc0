from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crisiswatch.config.secrets import Secret
from crisiswatch.errors import SourceRejected, StateError
from crisiswatch.model import Mention, Source
from crisiswatch.sources.reddit import mention_of_thing, reddit
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.networked_sources import Failure, NetworkedSourceContract, NetworkedWorld
from tests.sources.web_world import WebWorld
from tests.support import shared_data

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def is_token(asked: Asked) -> bool:
    return asked.path.endswith("/access_token")


class World(WebWorld):
    """Reddit's listings: newest first, a page at a time."""

    secrets = ("reddit-id-1", "reddit-secret-1", "reddit-token-1")

    def answer(self, asked: Asked) -> Answer:
        if is_token(asked):
            return Answer.of(
                {"access_token": "reddit-token-1", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
            )
        kinds = ("t1",) if asked.path.endswith("/comments/") else ("t3",)
        things = [each for each in reversed(self.things) if each["kind"] in kinds]
        names = [each["data"]["name"] for each in things]
        start = names.index(asked.query["after"]) + 1 if "after" in asked.query else 0
        page = things[start : start + min(int(asked.query["limit"]), 100)]
        more = page[-1]["data"]["name"] if start + len(page) < len(things) else None
        limits = {"x-ratelimit-remaining": "60.0", "x-ratelimit-used": "40", "x-ratelimit-reset": "300"}
        return Answer.of({"kind": "Listing", "data": {"after": more, "before": None, "children": page}}, **limits)

    def thing(self, number: int, text: str, *, kind: str = "t3", **more: Any) -> dict[str, Any]:
        data = {
            "id": f"a{number:03d}",
            "name": f"{kind}_a{number:03d}",
            "created_utc": self.clock.now().timestamp(),
            "author": "jo",
            "subreddit": "acme",
            "permalink": f"/r/acme/comments/a{number}/",
            "score": 3,
        }
        words = {"title": text, "selftext": "", "num_comments": 2} if kind == "t3" else {"body": text}
        return {"kind": kind, "data": data | words | more}

    def bad(self, number: int) -> dict[str, Any]:
        return self.thing(number, "no time", created_utc=None)

    def source(self, **options: object) -> Source:
        login = {"client_id": Secret(env="REDDIT_ID"), "client_secret": Secret(env="REDDIT_SECRET")}
        urls = {"reddit_url": self.site.url, "oauth_url": self.site.url}
        return self.make(reddit, user_agent="linux:test:1 (by u/nobody)", **login, **urls, **options)

    def paths(self) -> list[str]:
        return [asked.path for asked in self.site.seen]


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDDIT_ID", "reddit-id-1")
    monkeypatch.setenv("REDDIT_SECRET", "reddit-secret-1")


@contextmanager
def world() -> Iterator[World]:
    with FakeSite(lambda _: Answer(404), spared=is_token) as site:
        made = World(site)
        yield made
        made.close()


class TestReddit(NetworkedSourceContract):
    @contextmanager
    def world(self) -> Iterator[NetworkedWorld]:
        with world() as made:
            yield made


def poll(w: World, source: Source, cursor: str | None = None) -> tuple[list[Mention], str | None]:
    batch = source.poll(cursor, w.clock.now() + timedelta(seconds=10))
    return list(batch.mentions), batch.cursor


def test_a_post_becomes_a_mention_and_the_limit_is_told():
    with world() as w:
        w.say("Acme again", selftext="it broke", author_fullname="t2_x")
        batch = w.read()
    (mention,) = batch.mentions
    assert (mention.uid, mention.text) == ("reddit:t3_a000", "Acme again\n\nit broke")
    assert (mention.likes, mention.replies, mention.channel) == (3, 2, "r/acme")
    assert (mention.author_id, mention.thread_id) == ("reddit:t2_x", "reddit:t3_a000")
    assert mention.url == "https://www.reddit.com/r/acme/comments/a0/"
    assert batch.quota_left == pytest.approx(0.6)


def test_communities_are_read_whole_and_each_thing_comes_once():
    with world() as w:
        w.say("acme post")
        w.say("acme comment", kind="t1", parent_id="t3_a000", link_id="t3_a000")
        source = w.source(subreddits=("acme", "r/coffee"))
        mentions, cursor = poll(w, source)
        assert sorted(each.uid for each in mentions) == ["reddit:t1_a001", "reddit:t3_a000"]
        assert [each.parent_uid for each in mentions if each.parent_uid] == ["reddit:t3_a000"]
        assert w.paths()[1:] == ["/r/acme+coffee/new", "/r/acme+coffee/comments/", "/r/all/search/"]
        assert poll(w, source, cursor)[0] == []


def test_a_burst_is_read_page_by_page_down_to_what_is_known():
    with world() as w:
        w.put(["nr0000"])
        source = w.source()
        _, cursor = poll(w, source)
        w.put(f"nr{number:04d}" for number in range(1, 251))
        mentions, _ = poll(w, source, cursor)
        assert len({each.uid for each in mentions}) == 250


def test_what_comes_up_again_from_below_when_something_is_deleted_is_known():
    with world() as w:
        w.put(f"nr{number:04d}" for number in range(100))
        source = w.source()
        _, cursor = poll(w, source)
        del w.things[50]
        assert poll(w, source, cursor)[0] == []


def test_a_token_that_was_taken_back_is_asked_for_anew():
    with world() as w:
        source = w.source()
        w.put(["nr0001"])
        good = w.site.answer
        refused = iter([Answer.of({}, 401)])
        w.site.answer = lambda asked: good(asked) if is_token(asked) else next(refused, None) or good(asked)
        assert len(poll(w, source)[0]) == 1
        assert [path.endswith("access_token") for path in w.paths()] == [True, False, True, False]


def test_a_wrong_secret_is_told_from_a_wrong_token():
    with world() as w:
        w.site.spared = lambda _: False
        w.fail(Failure.UNAUTHORISED)
        with pytest.raises(SourceRejected, match="id and secret"):
            poll(w, w.source())


def test_a_limit_that_is_used_up_does_not_make_praw_sleep():
    with world() as w:
        good = w.site.answer

        def used_up(asked: Asked) -> Answer:
            answer = good(asked)
            return Answer(answer.status, answer.body, {**answer.headers, "x-ratelimit-remaining": "0.0"})

        w.site.answer = used_up
        source = w.source()
        _, cursor = poll(w, source)
        started = w.clock.monotonic()
        poll(w, source, cursor)
        assert w.clock.monotonic() - started < 5


def test_a_place_of_another_kind_is_an_error():
    with world() as w, pytest.raises(StateError):
        poll(w, w.source(), "{}")


@pytest.mark.parametrize(
    ("name", "kind"), [("subreddit_new", "t3"), ("subreddit_search", "t3"), ("stream_comments", "t1")]
)
def test_what_reddit_really_answered_is_read(name: str, kind: str):
    recording = json.loads(shared_data(f"recordings/reddit/{name}.json").read_text(encoding="utf-8"))
    answers = [json.loads(each["response"]["body"]["string"]) for each in recording["interactions"]]
    things = [child for answer in answers if "data" in answer for child in answer["data"]["children"]]
    mentions = [mention_of_thing(each["data"], each["kind"] == "t1", "reddit", NOW) for each in things]
    assert len({mention.uid for mention in mentions}) == len({each["data"]["name"] for each in things}) > 0
    assert all(
        mention.uid.startswith(f"reddit:{kind}_") and mention.text and mention.url
        for mention in mentions
        if kind == "t3"
    )


def test_praw_reads_a_whole_recorded_listing():
    recording = json.loads(shared_data("recordings/reddit/subreddit_new.json").read_text(encoding="utf-8"))
    body = recording["interactions"][1]["response"]["body"]["string"].encode()
    with world() as w:
        token = w.site.answer
        w.site.answer = lambda asked: (
            token(asked) if is_token(asked) else Answer(200, body, {"Content-Type": "application/json"})
        )
        mentions, _ = poll(w, w.source())
    assert len(mentions) == 100
    assert all(each.author_id and each.channel == "r/AskReddit" for each in mentions)
