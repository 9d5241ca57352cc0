"""Posts with certain hashtags, as several Mastodon servers know them (also of others that speak like it).

A server numbers posts by the time they were written, not by when it heard of them; so each poll begins ten minutes
before the newest number, and what was given out is remembered, by the one name that a post has on all servers. A cursor
is JSON: the newest number by server and tag, and fingerprints.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

import httpx

from crisiswatch.clock import Clock
from crisiswatch.config.secrets import Secret
from crisiswatch.errors import BadMention, SourceError, SourceUnavailable, StateError
from crisiswatch.matching import BrandTerms
from crisiswatch.model import Batch, Cursor, Mention, Refused
from crisiswatch.sources.fetch import fetch_json
from crisiswatch.sources.memory import Seen
from crisiswatch.sources.parse import is_language, parse_mention
from crisiswatch.sources.plaintext import plain_text
from crisiswatch.sources.streaming import pause_after

__all__ = ["MastodonServer", "MastodonSource", "hashtags", "mastodon", "mention_of_status"]

_PAGE = 40
_PAGES = 10
_LARGEST = 4 * 1024 * 1024
_OVERLAP = 600_000 << 16  # ten minutes in a number: its upper bits are milliseconds
_FIRST_TIMED = 1 << 50  # smaller numbers are older than this way of numbering, or somebody else's
_TOLD_AGAIN = 3600.0


@dataclass(frozen=True, slots=True)
class MastodonServer:
    """A server's address, and the token it asks for, if any."""

    url: str
    token: Secret | None = None

    @property
    def name(self) -> str:
        """Its host."""
        return urlsplit(self.url).netloc


def mastodon(id: str, options: Mapping[str, object], clock: Clock) -> MastodonSource:  # noqa: A002
    """Make the source. Options: ``servers`` (mappings of ``url`` and ``token``), ``tags`` (empty: made of ``brands``),
    ``brands`` (BrandTerms), ``timeout`` (for one request)."""
    servers = cast("Sequence[Mapping[str, Any]]", options.get("servers", ()))
    tags = cast("Sequence[str]", options.get("tags") or ())
    brands = cast("Sequence[BrandTerms]", options.get("brands", ()))
    return MastodonSource(
        id,
        [MastodonServer(str(one["url"]).rstrip("/"), one.get("token")) for one in servers],
        hashtags(tags or (term for brand in brands for term in brand.any)),
        clock,
        timeout=cast("timedelta", options.get("timeout", timedelta(seconds=10))),
    )


def hashtags(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms as hashtags, without the mark: ``Acme Coffee`` is ``acmecoffee``. What can be none is left out."""
    tags = (re.sub(r"\W", "", term.lower()) for term in terms if not term.startswith("@"))
    return tuple(dict.fromkeys(tag for tag in tags if tag and not tag.isdigit()))


class MastodonSource:
    """Asks every server for every tag. A server that fails is told of (when it begins, then each hour) and left alone
    for a while; only when none answers the poll fails."""

    def __init__(
        self,
        id: str,  # noqa: A002
        servers: Sequence[MastodonServer],
        tags: Sequence[str],
        clock: Clock,
        *,
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        self.id = id
        self._servers = tuple(servers)
        self._tags = tuple(tags)
        self._clock = clock
        self._timeout = timeout.total_seconds()
        self._client = httpx.Client(headers={"User-Agent": "crisiswatch"})
        self._trouble: dict[str, _Trouble] = {}
        self._turn = 0

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """What is new or reworded since ``cursor``."""
        place = _Place.load(cursor)
        found = _Found()
        answered = 0
        error: SourceError | None = None
        self._turn += 1  # each time another server is first, should there not be time for all
        for at in range(len(self._servers)):
            server = self._servers[(at + self._turn) % len(self._servers)]
            if self._clock.now() >= deadline:
                error = error or SourceUnavailable("no time left before the deadline")
                break
            try:
                self._ask(server, place, found, deadline)
            except SourceError as failed:
                error = failed
                self._note(server, failed, found)
            else:
                answered += 1
                self._trouble.pop(server.name, None)
        if error is not None and not answered:
            raise error
        return Batch(
            mentions=tuple(found.mentions),
            refused=tuple(found.refused),
            edited=tuple(found.edited),
            quota_left=found.quota_left,
            cursor=place.dump(),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, server: MastodonServer, place: _Place, found: _Found, deadline: datetime) -> None:
        trouble = self._trouble.get(server.name)
        if trouble is not None and (wait := trouble.until - self._clock.monotonic()) > 0:
            raise trouble.error if trouble.asked is None else SourceUnavailable(trouble.error.detail, wait)
        for tag in self._tags:
            for status in self._timeline(server, tag, place, found, deadline):
                self._take(status, place.seen, found)

    def _timeline(
        self, server: MastodonServer, tag: str, place: _Place, found: _Found, deadline: datetime
    ) -> Iterator[dict[str, Any]]:
        """The posts of a tag after the place, page by page upwards; at the first time the newest page alone."""
        key = f"{server.name}/{tag}"
        after = _earlier(place.newest.get(key))
        for _ in range(_PAGES):
            page = self._page(server, tag, after, found, deadline)
            if page:
                newest = str(page[0].get("id"))  # the newest comes first
                place.newest[key] = _later(place.newest.get(key), newest)
                yield from reversed(page)
            if after is None or len(page) < _PAGE:
                return
            after = newest

    def _page(
        self, server: MastodonServer, tag: str, after: str | None, found: _Found, deadline: datetime
    ) -> list[dict[str, Any]]:
        seconds = min(self._timeout, (deadline - self._clock.now()).total_seconds())
        if seconds <= 0:
            raise SourceUnavailable(f"{server.name}: no time left before the deadline")
        query = {"limit": _PAGE} | ({} if after is None else {"min_id": after})
        url = f"{server.url}/api/v1/timelines/tag/{quote(tag)}?{urlencode(query)}"
        headers = {} if server.token is None else {"Authorization": f"Bearer {server.token.reveal()}"}
        try:
            answer, said = fetch_json(self._client, url, headers, clock=self._clock, seconds=seconds, largest=_LARGEST)
        except SourceUnavailable as error:
            raise SourceUnavailable(f"{server.name}: {error.detail}", error.after) from error
        except SourceError as error:
            raise type(error)(f"{server.name}: {error.detail}") from error
        if not isinstance(answer, list) or not all(isinstance(status, dict) for status in answer):
            raise SourceUnavailable(f"{server.name}: the server answered something else than posts")
        found.limit(said)
        return answer

    def _take(self, status: dict[str, Any], seen: Seen, found: _Found) -> None:
        name = str(status.get("uri") or status.get("id"))
        was = seen.note(name, str(status.get("edited_at") or ""))
        if was == "known":
            return
        try:
            mention = mention_of_status(status, self.id, self._clock.now())
        except BadMention as error:
            found.refused.append(Refused(f"{self.id}:{name[:80]}", error.reason, error.detail))
        else:
            (found.edited if was == "changed" else found.mentions).append(mention)

    def _note(self, server: MastodonServer, error: SourceError, found: _Found) -> None:
        """Remember that a server fails, and tell it where it is news."""
        now = self._clock.monotonic()
        before = self._trouble.get(server.name)
        if before is not None and before.until > now:
            return
        asked = error.after if isinstance(error, SourceUnavailable) else None
        failures = 1 if before is None else before.failures + 1
        told = -_TOLD_AGAIN if before is None else before.told
        if before is None or now - told >= _TOLD_AGAIN:
            told = now
            found.refused.append(Refused(f"{self.id}:{server.name}", "server_failed", error.detail))
        wait = min(pause_after(failures + 4, server.name), 900.0) if asked is None else asked
        self._trouble[server.name] = _Trouble(error, failures, asked, told, now + wait)


@dataclass(frozen=True, slots=True)
class _Trouble:
    """A server that fails: the wait it ``asked`` for, when it was ``told`` of, and ``until`` when it is left alone."""

    error: SourceError
    failures: int
    asked: float | None
    told: float
    until: float


@dataclass(slots=True)
class _Found:
    """What one poll brings."""

    mentions: list[Mention] = field(default_factory=list)
    edited: list[Mention] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    quota_left: float | None = None

    def limit(self, headers: Mapping[str, str]) -> None:
        """Note how much of a server's limit is left; of several, the least."""
        left, whole = headers.get("x-ratelimit-remaining", ""), headers.get("x-ratelimit-limit", "")
        if left.isdecimal() and whole.isdecimal() and int(whole) > 0:
            share = min(int(left) / int(whole), 1.0)
            self.quota_left = share if self.quota_left is None else min(self.quota_left, share)


@dataclass(slots=True)
class _Place:
    newest: dict[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=lambda: Seen(most=2000))

    @classmethod
    def load(cls, cursor: str | None) -> _Place:
        if cursor is None:
            return cls()
        try:
            data = json.loads(cursor)
            newest = {str(key): str(number) for key, number in data["newest"].items()}
            return cls(newest, Seen(dict(data["seen"]), most=2000))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the saved place can't be read: {error!r}") from error

    def dump(self) -> str:
        return json.dumps({"newest": self.newest, "seen": self.seen.dump()}, separators=(",", ":"))


def mention_of_status(status: Mapping[str, Any], source: str, now: datetime) -> Mention:
    """A post as a mention; its warning, if it has one, is part of the text. Raises `BadMention`."""
    uri = status.get("uri")
    if not isinstance(uri, str) or not uri:
        raise BadMention("no_uid", "the post has no uri")
    content = status.get("content")
    if not isinstance(content, str):
        raise BadMention("no_text", "the post has no content")
    warning = status.get("spoiler_text")
    account = status.get("account")
    account = account if isinstance(account, dict) else {}
    author = account.get("uri") or account.get("url")
    language = status.get("language")
    url = status.get("url") or uri
    fields = {
        "uid": _uid(uri),
        "created_at": status.get("created_at"),
        "received_at": now.isoformat(),
        "text": f"{plain_text(warning) if isinstance(warning, str) else ''}\n{plain_text(content)}".strip(),
        "author_id": f"mastodon:{author}"[:255] if author else None,
        "author_followers": _count(account.get("followers_count")),
        "lang": language if isinstance(language, str) and is_language(language) and len(language) <= 64 else None,
        "url": url if isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) <= 2048 else None,
        "channel": (urlsplit(uri).hostname or "")[:255] or None,
        "replies": _count(status.get("replies_count")),
        "reposts": _count(status.get("reblogs_count")),
        "likes": _count(status.get("favourites_count")),
    }
    return parse_mention(fields, source=source)


def _uid(uri: str) -> str:
    uid = f"mastodon:{uri}"
    if len(uid) <= 255 and uid.isprintable():
        return uid
    return f"mastodon:sha256:{sha256(uri.encode('utf-8', 'replace')).hexdigest()}"


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _earlier(number: str | None) -> str | None:
    """A number as of ten minutes before, where numbers tell a time."""
    if number is None or not number.isdecimal() or int(number) < _FIRST_TIMED:
        return number
    return str(int(number) - _OVERLAP)


def _later(one: str | None, other: str) -> str:
    if one is None:
        return other
    if one.isdecimal() and other.isdecimal():
        return max(one, other, key=int)
    return other
