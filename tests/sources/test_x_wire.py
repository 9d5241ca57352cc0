"""X's answers read right: real ones recorded by tweepy's authors, and shapes nobody should send."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.errors import BadMention
from crisiswatch.sources.x.wire import buckets, followers, found_in, said_at
from tests.support import shared_data

FIELDS = [
    "id",
    "text",
    "created_at",
    "public_metrics",
    "edit_history_post_ids",
    "note_tweet",
    "lang",
    "author_id",
    "referenced_posts",
    "referenced_tweets",
    "type",
    "conversation_id",
    "like_count",
]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def recorded(name: str) -> dict[str, Any]:
    text = shared_data(f"recordings/x/{name}.yaml").read_text(encoding="utf-8")
    body = yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"]
    return json.loads(gzip.decompress(body))


def test_a_recorded_search_is_read_whole() -> None:
    answer = recorded("search_recent_tweets")
    found = [found_in(post, source="x", now=NOW, users={}) for post in answer["data"]]
    assert len(found) == answer["meta"]["result_count"] == 10
    assert max(each.id for each in found) == int(answer["meta"]["newest_id"])
    for each in found:  # their texts say when they were written; X was not asked to
        written = datetime.fromisoformat(each.mention.text.rpartition(" ")[0]).replace(tzinfo=UTC)
        assert abs((each.mention.created_at - written).total_seconds()) < 5
        assert not each.edited


def test_recorded_mentions_are_read_whole() -> None:
    answer = recorded("get_users_mentions")
    found = [found_in(post, source="x", now=NOW, users={}) for post in answer["data"]]
    assert len({each.mention.uid for each in found}) == answer["meta"]["result_count"]
    assert all("twitter" in each.mention.text.lower() for each in found)


def test_recorded_counts_add_up_and_their_ends_are_not_whole() -> None:
    answer = recorded("get_recent_tweets_count")
    found = buckets(answer["data"])
    assert sum(each.count for each in found) == answer["meta"]["total_tweet_count"] == 411
    assert {each.seconds for each in found[1:-1]} == {3600}
    assert found[0].seconds < 3600
    assert found[-1].seconds < 3600


def test_an_id_tells_the_time() -> None:
    assert said_at(1578516068309794817).isoformat(timespec="seconds") == "2022-10-07T22:42:12+00:00"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(FIELDS),
                inner,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_is_sent_is_a_mention_or_refused(post: object) -> None:
    try:
        found = found_in(post, source="x", now=NOW, users={})
    except BadMention:
        return
    assert found.mention.uid.startswith("x:")


@pytest.mark.parametrize("rows", [[None, 3, {}], [{"tweet_count": 1, "start": "x", "end": "y"}], [{"tweet_count": -1}]])
def test_buckets_that_are_none_are_left_out(rows: list[object]) -> None:
    assert buckets(rows) == []
    assert followers({"includes": rows}) == followers({"includes": {"users": rows}}) == {}
