"""Bluesky's public posts through Jetstream, its open stream: no account, no key, no cost.

Every post of the network comes (about 50 a second); only those with a term of a brand are kept. A cursor is JSON: the
stream's time of the last event in microseconds, and fingerprints of the mentions of its last seconds, because one goes
on a little earlier after a break: the public instances' clocks differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b, sha256
from typing import Any, cast
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException
from websockets.sync.client import ClientConnection, connect

from crisiswatch.clock import Clock
from crisiswatch.errors import BadMention, SourceError, SourceRejected, SourceUnavailable, StateError
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Batch, Cursor, Mention, Refused
from crisiswatch.sources.fetch import error_of_status, retry_after
from crisiswatch.sources.parse import is_language, parse_mention, parse_time
from crisiswatch.sources.streaming import StreamSource

__all__ = ["PUBLIC_INSTANCES", "bluesky", "mention_of_post"]

PUBLIC_INSTANCES = tuple(
    f"wss://jetstream{number}.us-{coast}.bsky.network/subscribe" for coast in ("east", "west") for number in (1, 2)
)
"""The instances that Bluesky runs for everybody, tried in this order."""

_POSTS = "app.bsky.feed.post"
_REWIND = 5_000_000  # microseconds
_MOST_SEEN = 500
_OLD = timedelta(days=1)
_LARGEST = 1 << 20


def bluesky(id: str, options: Mapping[str, object], clock: Clock) -> StreamSource:  # noqa: A002
    """Make the source. Options: ``brands`` (BrandTerms), ``url`` (None: the public instances), ``since`` (how far back
    the first poll begins), ``timeout`` (for one connection)."""
    brands = cast("Sequence[BrandTerms]", options.get("brands", ()))
    url = cast("str | None", options.get("url"))
    since = cast("timedelta", options.get("since", timedelta(minutes=10)))
    timeout = cast("timedelta", options.get("timeout", timedelta(seconds=20)))
    urls = PUBLIC_INSTANCES if url is None else (url,)
    matcher = Matcher(brands)

    def begin(cursor: Cursor | None) -> _Jetstream:
        return _Jetstream(id, urls, matcher, clock, _Place.load(cursor, clock.now() - since))

    return StreamSource(begin, clock, id=id, connect=timeout.total_seconds())


def mention_of_post(event: Mapping[str, Any], source: str, now: datetime) -> Mention:
    """The post that an event of Jetstream holds. Raises `BadMention`.

    Its time is the stream's, because the author's may be anything; but one that the author dates more than a day back
    is an import of something old, which keeps its date and alarms nobody.
    """
    commit = event["commit"]
    record = commit.get("record")
    if not isinstance(record, dict):
        raise BadMention("not_an_object", "the post has no record")
    did, rkey = str(event.get("did")), str(commit.get("rkey"))
    at, backfill = _time(int(event["time_us"]), record.get("createdAt"))
    parent, root = _reply(record)
    langs = record.get("langs")
    lang = langs[0] if isinstance(langs, list) and langs and isinstance(langs[0], str) else ""
    fields = {
        "uid": _uid(f"at://{did}/{_POSTS}/{rkey}"),
        "created_at": at.isoformat(),
        "received_at": now.isoformat(),
        "text": record.get("text"),
        "author_id": f"bluesky:{did}"[:255],
        "lang": lang if is_language(lang) and len(lang) <= 64 else None,
        "url": f"https://bsky.app/profile/{did}/post/{rkey}",
        "parent_uid": parent or _quoted(record),
        "thread_id": root,
        "backfill": backfill,
    }
    return parse_mention(fields, source=source)


@dataclass(slots=True)
class _Place:
    """Where the stream was read to, and the mentions of its last seconds with their times."""

    us: int
    seen: dict[str, int] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: str | None, start: datetime) -> _Place:
        if cursor is None:
            return cls(int(start.timestamp() * 1_000_000) + _REWIND)
        try:
            data = json.loads(cursor)
            return cls(int(data["us"]), {str(mark): int(us) for mark, us in data["seen"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the saved place of the stream can't be read: {error!r}") from error

    def dump(self) -> str:
        return json.dumps({"us": self.us, "seen": self.seen}, separators=(",", ":"))

    def is_new(self, uid: str, us: int) -> bool:
        """Note a mention; whether it was not noted before."""
        mark = blake2b(uid.encode(), digest_size=8).hexdigest()
        if mark in self.seen:
            return False
        self.seen[mark] = us
        if len(self.seen) > _MOST_SEEN:
            del self.seen[next(iter(self.seen))]
        return True

    def move(self, us: int) -> None:
        self.us = max(self.us, us)
        while self.seen and self.seen[oldest := next(iter(self.seen))] < self.us - 2 * _REWIND:
            del self.seen[oldest]


class _Jetstream:
    """Opens the stream at the place it has come to, at the first instance that answers."""

    def __init__(self, source: str, urls: Sequence[str], matcher: Matcher, clock: Clock, place: _Place) -> None:
        self.source = source
        self.matcher = matcher
        self.clock = clock
        self._place = place
        self._urls = urls
        self._turn = 0

    def open(self, seconds: float) -> _Connection:
        error: SourceError | None = None
        for _ in self._urls:
            url = self._urls[self._turn % len(self._urls)]
            try:
                return self._connect(url, seconds / len(self._urls))
            except SourceError as failed:
                error = failed
                self._turn += 1
        raise error or SourceRejected("no address is configured")

    def place(self) -> Cursor:
        return self._place.dump()

    def _connect(self, url: str, seconds: float) -> _Connection:
        query = urlencode({"wantedCollections": _POSTS, "cursor": self._place.us - _REWIND})
        life = ExitStack()
        try:
            opened = connect(f"{url}?{query}", open_timeout=seconds, close_timeout=0.5, max_size=_LARGEST)
            return _Connection(self, life.enter_context(opened), life)
        except InvalidStatus as error:
            wait = retry_after(error.response.headers.get("retry-after"), self.clock.now())
            raise error_of_status(error.response.status_code, wait) from error
        except InvalidURI as error:
            raise SourceRejected("the address can't be used for a stream") from error
        except (InvalidHandshake, OSError, EOFError) as error:  # a time-out is an OSError
            raise SourceUnavailable(f"the connection failed: {type(error).__name__}") from error

    def batch_of(self, event: Mapping[str, Any]) -> Batch:
        """What one event brings: a mention, a new wording, a deletion, something unreadable, or nothing to us."""
        us = int(event["time_us"])
        content = self._content(event, us)
        self._place.move(us)
        return Batch(content.mentions, content.refused, (), content.edited, content.deleted, cursor=self._place.dump())

    def _content(self, event: Mapping[str, Any], us: int) -> Batch:
        commit = event.get("commit")
        if not isinstance(commit, dict) or commit.get("collection") != _POSTS:
            return Batch()
        uri = f"at://{event.get('did')}/{_POSTS}/{commit.get('rkey')}"
        operation = commit.get("operation")
        if operation == "delete":
            return Batch(deleted=(_uid(uri),))
        record = commit.get("record")
        text = record.get("text") if isinstance(record, dict) else None
        ours = not isinstance(text, str) or bool(self.matcher.brands_of(text))
        if operation == "create" and not (ours and self._place.is_new(uri, us)):
            return Batch()
        try:
            mention = mention_of_post(event, self.source, self.clock.now())
        except BadMention as error:
            return Batch(refused=(Refused(f"{self.source}:{us}", error.reason, error.detail),))
        # An edit is told of whatever it says now: the wording before may have been about a brand.
        return Batch(edited=(mention,)) if operation == "update" else Batch(mentions=(mention,))


class _Connection:
    """One connection to one instance."""

    def __init__(self, stream: _Jetstream, socket: ClientConnection, life: ExitStack) -> None:
        self._stream = stream
        self._socket = socket
        self._life = life  # websockets gives a connection only for the time of a `with`

    def read(self, seconds: float) -> Batch | None:
        try:
            message = self._socket.recv(timeout=seconds)
        except TimeoutError:
            return None
        except (ConnectionClosed, WebSocketException, OSError) as error:
            raise SourceUnavailable(f"the stream broke off: {type(error).__name__}") from error
        try:
            event = json.loads(message)
        except (ValueError, RecursionError) as error:
            raise SourceUnavailable("the stream sends something that is not JSON") from error
        if not isinstance(event, dict) or type(event.get("time_us")) is not int:
            raise SourceUnavailable("the stream sends something that is not of Jetstream, version 1")
        return self._stream.batch_of(event)

    def close(self) -> None:
        self._life.close()


def _uid(uri: str) -> str:
    uid = f"bluesky:{uri}"
    if len(uid) <= 255 and uid.isprintable():
        return uid
    return f"bluesky:sha256:{sha256(uri.encode('utf-8', 'replace')).hexdigest()}"


def _time(us: int, declared: object) -> tuple[datetime, bool]:
    """The time of a post, and whether it is an import of something old. Raises `BadMention`."""
    try:
        at = datetime.fromtimestamp(us / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadMention("bad_time", "time_us is no time of any calendar") from error
    try:
        said = parse_time("createdAt", declared)
    except BadMention:
        return at, False
    return (said, True) if said < at - _OLD else (at, False)


def _reply(record: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The post that is answered, and the first one of the conversation."""
    reply = record.get("reply")
    if not isinstance(reply, dict):
        return None, None
    return _reference(reply.get("parent")), _reference(reply.get("root"))


def _quoted(record: Mapping[str, Any]) -> str | None:
    """The post that is quoted, with or without a picture beside it."""
    embed = record.get("embed")
    quoted = embed.get("record") if isinstance(embed, dict) else None
    inner = quoted.get("record") if isinstance(quoted, dict) else None
    return _reference(inner) or _reference(quoted)


def _reference(value: object) -> str | None:
    uri = value.get("uri") if isinstance(value, dict) else None
    return _uid(uri) if isinstance(uri, str) and uri.startswith("at://") else None
