from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crisiswatch.errors import SourceUnavailable, StateError
from crisiswatch.matching import BrandTerms
from crisiswatch.model import Source
from crisiswatch.sources.hackernews import hackernews, search_words
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.networked_sources import NetworkedSourceContract, NetworkedWorld
from tests.sources.web_world import WebWorld


class World(WebWorld):
    """Algolia's search: hits newest first, at most a thousand, of the seconds asked for."""

    def answer(self, asked: Asked) -> Answer:
        bounds = asked.query["numericFilters"]
        after = int(re.findall(r"created_at_i>(\d+)", bounds)[0])
        until = int((re.findall(r"created_at_i<=(\d+)", bounds) or ["9" * 12])[0])
        words = asked.query["query"].strip('"')
        hits = [
            hit for hit in reversed(self.things) if after < hit["created_at_i"] <= until and words in str(hit).lower()
        ]
        return Answer.of({"hits": hits[: int(asked.query["hitsPerPage"])], "nbHits": len(hits)})

    def thing(self, number: int, text: str, **more: Any) -> dict[str, Any]:
        second = int(self.clock.now().timestamp())
        return {"objectID": str(1000 + number), "created_at_i": second, "author": "jo", "comment_text": text, **more}

    def bad(self, number: int) -> dict[str, Any]:
        return {"objectID": str(1000 + number), "created_at_i": int(self.clock.now().timestamp()), "acme": 1}

    def source(self) -> Source:
        return self.make(hackernews, base_url=self.site.url)


@contextmanager
def world() -> Iterator[World]:
    with FakeSite(lambda _: Answer(404)) as site:
        made = World(site)
        yield made
        made.close()


class TestHackerNews(NetworkedSourceContract):
    @contextmanager
    def world(self) -> Iterator[NetworkedWorld]:
        with world() as made:
            yield made


def test_a_comment_and_a_story_become_mentions():
    with world() as w:
        w.say("<p>No, acme &amp; co<p>again", parent_id=7, story_id=5, created_at_i=1_795_348_000)
        w.say("", title="Acme closes", points=12, num_comments=3, url="https://example.com", comment_text=None)
        comment, story = w.read().mentions
    assert (comment.uid, comment.text) == ("hackernews:1000", "No, acme & co\nagain")
    assert (comment.parent_uid, comment.thread_id) == ("hackernews:7", "hackernews:5")
    assert comment.url == "https://news.ycombinator.com/item?id=1000"
    assert comment.created_at == datetime.fromtimestamp(1_795_348_000, UTC)
    assert comment.likes is None
    assert (story.text, story.likes, story.replies, story.author_id) == ("Acme closes", 12, 3, "hackernews:jo")


def test_words_that_only_begin_like_ours_are_passed_over():
    with world() as w:
        w.say("acmeology is not acme-like at all... acmeish")
        w.say("the acmeish way")
        assert [each.text for each in w.read().mentions] == ["acmeology is not acme-like at all... acmeish"]


def test_what_is_found_late_is_not_missed():
    with world() as w:
        w.say("acme now")
        cursor = w.read().cursor
        w.say("acme a little earlier", created_at_i=int(w.clock.now().timestamp()) - 500)
        assert [each.text for each in w.read(cursor).mentions] == ["acme a little earlier"]


def test_more_than_a_search_shows_is_asked_for_again():
    with world() as w:
        start = int(w.clock.now().timestamp())
        for number in range(2300):
            w.say(f"acme {number}", created_at_i=start + number)
        assert len({each.uid for each in w.read().mentions}) == 2300
        assert len(w.site.seen) == 3


def test_one_search_finds_every_term_that_begins_with_the_same_word():
    brands = [
        BrandTerms("a", handles=("@acme",), any=("Acme", "acme coffee", "Caffè Vero")),
        BrandTerms("b", any=("!",)),
    ]
    assert search_words(brands) == ("acme", "caffe vero")


def test_a_poll_without_time_for_all_searches_brings_nothing():
    with world() as w:
        w.put(["nr0001"])
        with pytest.raises(SourceUnavailable, match="no time left"):
            w.source().poll(None, w.clock.now() - timedelta(seconds=1))
        with pytest.raises(StateError):
            w.source().poll("[]", w.clock.now() + timedelta(seconds=1))
