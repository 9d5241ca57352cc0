"""X's answers as mentions and volumes, in both dialects: the names up to July 2026 and those since.

========================  ========================  ==========================
what                      ``tweet``                 ``post``
========================  ========================  ==========================
fields asked for          ``tweet.fields``          ``post.fields``
edit history              edit_history_tweet_ids    edit_history_post_ids
posts referred to         referenced_tweets         referenced_posts
long text                 note_tweet                note_post
shares                    retweet_count             repost_count
a bucket's count          tweet_count               post_count
========================  ========================  ==========================

What is asked in one dialect may be answered in the other, so every answer is read in both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Literal

from crisiswatch.errors import BadMention
from crisiswatch.model import Mention
from crisiswatch.sources.parse import parse_mention, parse_time

__all__ = ["Bucket", "Dialect", "Found", "buckets", "first_id", "followers", "found_in", "said_at", "wanted_fields"]

Dialect = Literal["tweet", "post"]

_EPOCH_MS = 1_288_834_974_657
"""When X's post ids begin: the upper bits of an id are milliseconds since then."""
_FIELDS = {
    "tweet": (
        "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "in_reply_to_user_id", "lang",
        "note_tweet", "public_metrics", "referenced_tweets",
    ),
    "post": (
        "author_id", "conversation_id", "created_at", "edit_history_post_ids", "in_reply_to_user_id", "lang",
        "note_post", "public_metrics", "referenced_posts",
    ),
}  # fmt: skip
_NO_LANGUAGE = frozenset({"und", "qam", "qct", "qht", "qme", "qst", "zxx", "art"})
"""What X says of posts without words: nothing but mentions, tags, media, links."""
_RENAMED = {"in": "id", "iw": "he"}


@dataclass(frozen=True, slots=True)
class Found:
    """A post as it was read. ``id`` and ``first`` are its own id and that of its first version, as numbers."""

    mention: Mention
    id: int
    first: int

    @property
    def edited(self) -> bool:
        """Whether this is a later wording of a post."""
        return self.id != self.first


@dataclass(frozen=True, slots=True)
class Bucket:
    """``count`` posts in ``[start, start + seconds)``."""

    start: datetime
    seconds: int
    count: int


def wanted_fields(dialect: Dialect, *, expansions: bool) -> dict[str, str]:
    """The query parameters that ask for what is read here. With ``expansions``, authors too: that costs."""
    wanted = {f"{dialect}.fields": ",".join(_FIELDS[dialect])}
    if expansions:
        wanted |= {"expansions": "author_id", "user.fields": "public_metrics"}
    return wanted


def found_in(
    post: object,
    *,
    source: str,
    now: datetime,
    users: Mapping[str, int],
    weight: float = 1.0,
    brand: str | None = None,
    before: int = 0,
) -> Found:
    """One post of an answer; ``users`` are followers by author id. Raises `BadMention`.

    What was said before ``before`` (seconds since 1970) was said while nobody listened.
    """
    if not isinstance(post, dict):
        raise BadMention("not_an_object", "a post of the answer is no object")
    own = _id(post.get("id"))
    if own is None:
        raise BadMention("no_uid", "a post has no id")
    history = _one_of(post, "edit_history_tweet_ids", "edit_history_post_ids")
    versions = [number for each in history if (number := _id(each)) is not None] if isinstance(history, list) else []
    first = min([own, *versions])
    author = post.get("author_id")
    fields = {
        "uid": f"x:{first}",
        "source": source,
        # An edit is dated by its own time, but it was said when it was first said.
        "created_at": post.get("created_at") if first == own else said_at(first).isoformat(),
        "received_at": now.isoformat(),
        "text": _text(post),
        "author_id": f"x:{author}" if _id(author) is not None else None,
        "author_followers": users.get(str(author)),
        "lang": _language(post.get("lang")),
        "url": f"https://x.com/i/status/{own}",
        "thread_id": _uid(post.get("conversation_id")),
        "weight": weight,
        "brand": brand,
        **_metrics(post),
        **_references(post),
    }
    if fields["created_at"] is None:
        fields["created_at"] = said_at(own).isoformat()
    mention = parse_mention(fields, now=now)
    if mention.created_at.timestamp() < before:
        mention = replace(mention, backfill=True)
    return Found(mention, own, first)


def followers(answer: Mapping[str, Any]) -> dict[str, int]:
    """Followers by author id, from what an answer includes."""
    includes = answer.get("includes")
    users = includes.get("users") if isinstance(includes, dict) else None
    found = {}
    for user in users if isinstance(users, list) else ():
        metrics = user.get("public_metrics") if isinstance(user, dict) else None
        count = metrics.get("followers_count") if isinstance(metrics, dict) else None
        if isinstance(count, int) and count >= 0:
            found[str(user.get("id"))] = count
    return found


def buckets(rows: Iterable[object]) -> list[Bucket]:
    """The buckets of a counts answer, oldest first; what can't be read is left out."""
    found = []
    for row in rows:
        count = _one_of(row, "tweet_count", "post_count") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(count, int) or count < 0:
            continue
        try:
            start, end = parse_time("start", row.get("start")), parse_time("end", row.get("end"))
        except BadMention:
            continue
        if end > start:
            found.append(Bucket(start, round((end - start).total_seconds()), count))
    return sorted(found, key=lambda bucket: bucket.start)


def said_at(native: int) -> datetime:
    """When the post with this id was made, to the millisecond."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=(native >> 22) + _EPOCH_MS)


def first_id(seconds: int) -> int:
    """The smallest id that a post of this time (seconds since 1970) can have."""
    return max(0, seconds * 1000 - _EPOCH_MS) << 22


def _text(post: Mapping[str, Any]) -> object:
    """The whole text: beyond 280 characters ``text`` is cut and the note holds all of it. X escapes & < > as HTML."""
    note = _one_of(post, "note_tweet", "note_post")
    whole = note.get("text") if isinstance(note, dict) else None
    text = whole if isinstance(whole, str) else post.get("text")
    return unescape(text) if isinstance(text, str) else text


def _metrics(post: Mapping[str, Any]) -> dict[str, int | None]:
    metrics = post.get("public_metrics")
    if not isinstance(metrics, dict):
        return {}
    named = {
        "likes": metrics.get("like_count"),
        "replies": metrics.get("reply_count"),
        "reposts": _one_of(metrics, "retweet_count", "repost_count"),
        "views": metrics.get("impression_count"),
    }
    return {name: count if isinstance(count, int) and count >= 0 else None for name, count in named.items()}


def _references(post: Mapping[str, Any]) -> dict[str, str | None]:
    """What a post answers or quotes is its parent; what it shares as it stands is what it is a repost of."""
    rows = _one_of(post, "referenced_tweets", "referenced_posts")
    by_type: dict[object, str | None] = {}
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict):
            by_type.setdefault(row.get("type"), _uid(row.get("id")))
    return {
        "parent_uid": by_type.get("replied_to") or by_type.get("quoted"),
        "repost_of": by_type.get("retweeted") or by_type.get("reposted"),
    }


def _language(tag: object) -> str | None:
    if not isinstance(tag, str) or tag in _NO_LANGUAGE:
        return None
    return _RENAMED.get(tag, tag)


def _uid(native: object) -> str | None:
    number = _id(native)
    return None if number is None else f"x:{number}"


def _id(value: object) -> int | None:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 19 else None


def _one_of(row: Mapping[str, Any], old: str, new: str) -> Any:
    value = row.get(old)
    return row.get(new) if value is None else value
