"""Posts and comments on Reddit through praw, for those who have a key: its public interface closes in March 2027.

praw knows Reddit's tokens and listings, but sleeps and tries again by itself; `_Requests`, its own seam for that, has
every request end by the deadline and every refusal be an error at once. A listing shows what is new without a place to
go on from (Reddit forgets the place when that post is deleted), so the cursor remembers what was given out, by
fingerprints.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import praw
import requests
from prawcore.exceptions import PrawcoreException
from prawcore.requestor import Requestor
from requests import Response
from urllib3.exceptions import HTTPError

from crisiswatch.clock import Clock
from crisiswatch.config.secrets import Secret
from crisiswatch.errors import BadMention, SourceError, SourceRejected, SourceUnavailable, StateError
from crisiswatch.matching import BrandTerms
from crisiswatch.model import Batch, Cursor, Mention, Refused
from crisiswatch.sources.fetch import asked_wait, error_of_status
from crisiswatch.sources.hackernews import search_words
from crisiswatch.sources.memory import Seen
from crisiswatch.sources.parse import parse_mention

__all__ = ["RedditSource", "mention_of_thing", "reddit"]

_PAGE = 100
_MOST = 500  # of one listing in one poll
_REMEMBERED = 1000
_LARGEST = 16 * 1024 * 1024
_LONGEST_QUERY = 400
Listing = Callable[[praw.Reddit], Iterable[Any]]


def reddit(id: str, options: Mapping[str, object], clock: Clock) -> RedditSource:  # noqa: A002
    """Make the source. Options: ``client_id`` and ``client_secret`` (Secret), ``user_agent``, ``subreddits``,
    ``search`` (for the terms of ``brands``), ``timeout``, ``reddit_url``, ``oauth_url``."""
    timeout = cast("timedelta", options.get("timeout", timedelta(seconds=10)))
    login = _Login(
        cast("Secret", options["client_id"]),
        cast("Secret", options["client_secret"]),
        str(options["user_agent"]),
        str(options.get("reddit_url", "https://www.reddit.com")).rstrip("/"),
        str(options.get("oauth_url", "https://oauth.reddit.com")).rstrip("/") + "/",  # without it a path is lost
    )
    brands = cast("Sequence[BrandTerms]", options.get("brands", ()))
    return RedditSource(
        id,
        login,
        clock,
        subreddits=cast("Sequence[str]", options.get("subreddits", ())),
        words=search_words(brands) if options.get("search", True) else (),
        timeout=timeout.total_seconds(),
    )


@dataclass(frozen=True, slots=True)
class _Login:
    client_id: Secret
    client_secret: Secret
    user_agent: str
    reddit_url: str
    oauth_url: str


class RedditSource:
    """Reads the newest of each community (posts and comments) and of a search over all of Reddit."""

    def __init__(
        self,
        id: str,  # noqa: A002
        login: _Login,
        clock: Clock,
        *,
        subreddits: Sequence[str] = (),
        words: Sequence[str] = (),
        timeout: float = 10.0,
    ) -> None:
        self.id = id
        self._login = login
        self._clock = clock
        self._timeout = timeout
        self._listings = dict(_listings(subreddits, words))
        self._lock = threading.Lock()  # a client serves one thread at a time
        self._reddit: praw.Reddit | None = None
        self._requests: _Requests | None = None

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """What is new since ``cursor``: each listing down to what is known, at the first time its newest page."""
        left = (deadline - self._clock.now()).total_seconds()
        if left <= 0:
            raise SourceUnavailable("no time left before the deadline")
        with self._lock:
            end = self._clock.monotonic() + left
            try:
                return self._poll(cursor, end)
            except _BadToken:  # it may have been taken back before its time: once with a fresh one
                self.close()
                self._reddit = None
                return self._poll(cursor, end)
            except PrawcoreException as error:
                raise SourceUnavailable(f"Reddit answered something unexpected: {type(error).__name__}") from error
            except (AttributeError, KeyError, TypeError, ValueError) as error:  # praw reads answers without checking
                raise SourceUnavailable(f"Reddit's answer can't be read: {type(error).__name__}") from error

    def close(self) -> None:
        """Close the connections."""
        if self._requests is not None:
            self._requests.close()

    def _poll(self, cursor: Cursor | None, end: float) -> Batch:
        client, sent = self._client()
        sent.end = end
        place = _Place.load(cursor)
        mentions: dict[str, Mention] = {}
        refused: list[Refused] = []
        now = self._clock.now()
        for name, listing in self._listings.items():
            first = name not in place.listings
            for thing in reversed(list(_fresh(listing(client), place.seen(name), first=first))):
                try:
                    mention = mention_of_thing(vars(thing), type(thing).__name__ == "Comment", self.id, now)
                except BadMention as error:
                    refused.append(Refused(f"{self.id}:{thing}"[:80], error.reason, error.detail))
                else:
                    mentions.setdefault(mention.uid, mention)
        known = place.seen("")  # a post may come by several listings, at different times
        fresh = tuple(mention for uid, mention in mentions.items() if known.note(uid) == "new")
        return Batch(fresh, tuple(refused), quota_left=sent.quota_left, cursor=place.dump())

    def _client(self) -> tuple[praw.Reddit, _Requests]:
        if self._reddit is None or self._requests is None:
            self._requests = None
            self._reddit = praw.Reddit(
                client_id=self._login.client_id.reveal(),
                client_secret=self._login.client_secret.reveal(),
                user_agent=self._login.user_agent,
                reddit_url=self._login.reddit_url,
                oauth_url=self._login.oauth_url,
                check_for_updates=False,  # it would ask a package index
                check_for_async=False,
                requestor_class=cast("type[Requestor]", self._make_requests),
            )
        return self._reddit, cast("_Requests", self._requests)

    def _make_requests(self, **settings: Any) -> _Requests:
        self._requests = _Requests(clock=self._clock, seconds=self._timeout, **settings)
        return self._requests


class _BadToken(SourceRejected):
    """401 for a token that Reddit had given."""


class _Requests(Requestor):
    """Sends praw's requests, each until ``end`` (of the clock's ``monotonic``) at most.

    Refusals are raised here as errors of ours, so that nothing of praw waits and tries again; and the headers that make
    it sleep are kept from it.
    """

    def __init__(self, *, clock: Clock, seconds: float, **settings: Any) -> None:
        super().__init__(**settings)
        self._clock = clock
        self._seconds = seconds
        self.end = float("inf")
        self.quota_left: float | None = None

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """Send one request. Raises `SourceError`."""
        seconds = min(self._seconds, self.end - self._clock.monotonic())
        if seconds <= 0:
            raise SourceUnavailable("no time left before the deadline")
        try:
            answer = self._http.request(*args, **(kwargs | {"timeout": seconds, "stream": True}))
            body = self._read(answer)
        except requests.Timeout as error:
            raise SourceUnavailable("no answer in time") from error
        except (requests.RequestException, HTTPError) as error:
            raise SourceUnavailable(f"the connection failed: {type(error).__name__}") from error
        answer.raw = io.BytesIO(body)
        self._note_limit(answer)
        if answer.status_code >= 300:
            raise self._error(answer, str(args[1] if len(args) > 1 else ""))
        return answer

    def _read(self, answer: Response) -> bytes:
        """The whole body: `requests` limits neither its size nor the time it takes in all."""
        body = bytearray()
        whole = False
        try:
            while chunk := answer.raw.read1(1 << 16, decode_content=True):
                body += chunk
                if len(body) > _LARGEST:
                    raise SourceUnavailable(f"the answer is larger than {_LARGEST} bytes")
                if self._clock.monotonic() > self.end:
                    raise SourceUnavailable("the answer took too long")
            whole = True
        finally:
            if whole:
                answer.raw.release_conn()
            else:
                answer.raw.close()
        return bytes(body)

    def _note_limit(self, answer: Response) -> None:
        """Note how much is left, out of praw's sight: it would sleep until there is more."""
        left, used = answer.headers.pop("x-ratelimit-remaining", ""), answer.headers.pop("x-ratelimit-used", "")
        try:
            whole = float(left) + float(used)
            self.quota_left = min(max(float(left) / whole, 0.0), 1.0) if whole > 0 else None
        except ValueError:
            return

    def _error(self, answer: Response, url: str) -> SourceError:
        wait = asked_wait(answer.headers, self._clock.now())
        if answer.status_code == 401:
            if url.endswith("/access_token"):
                return SourceRejected("Reddit refused the app's id and secret (401)")
            return _BadToken("Reddit refused the token (401)")
        if answer.status_code < 400:
            return SourceRejected(f"there is no such place on Reddit ({answer.status_code})")
        return error_of_status(answer.status_code, wait)


@dataclass(slots=True)
class _Place:
    """What each listing showed, by its name; under "" the mentions that were given out."""

    listings: dict[str, Seen] = field(default_factory=dict)

    @classmethod
    def load(cls, cursor: str | None) -> _Place:
        if cursor is None:
            return cls()
        try:
            data = json.loads(cursor)
            return cls({str(name): Seen(dict(marks), most=_REMEMBERED) for name, marks in data["seen"].items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the saved place can't be read: {error!r}") from error

    def seen(self, name: str) -> Seen:
        return self.listings.setdefault(name, Seen(most=_REMEMBERED))

    def dump(self) -> str:
        return json.dumps({"seen": {name: seen.dump() for name, seen in self.listings.items()}}, separators=(",", ":"))


def _listings(subreddits: Sequence[str], words: Sequence[str]) -> Iterator[tuple[str, Listing]]:
    """What is read, by a name for the cursor."""
    names = "+".join(name.strip().strip("/").removeprefix("r/") for name in subreddits)
    if names:
        yield "posts", lambda client: client.subreddit(names).new(limit=_MOST)
        yield "comments", lambda client: client.subreddit(names).comments(limit=_MOST)
    for query in _queries(words):
        yield f"search {query}", _search(query)


def _search(query: str) -> Listing:
    return lambda client: client.subreddit("all").search(query, sort="new", time_filter="day", limit=_MOST)


def _queries(words: Sequence[str]) -> Iterator[str]:
    """The words as few searches, each short enough for Reddit."""
    query = ""
    for word in words:
        longer = f'{query} OR "{word}"' if query else f'"{word}"'
        if query and len(longer) > _LONGEST_QUERY:
            yield query
            longer = f'"{word}"'
        query = longer
    if query:
        yield query


def _fresh(things: Iterable[Any], seen: Seen, *, first: bool) -> Iterator[Any]:
    """The things of a listing, newest first, down to a whole page's length of known ones; at ``first`` one page."""
    known = 0
    for number, thing in enumerate(things, 1):
        if seen.note(str(thing.fullname)) == "new":
            yield thing
        else:
            known += 1
        if number % _PAGE == 0 and (first or known):
            return


def mention_of_thing(thing: Mapping[str, Any], is_comment: bool, source: str, now: datetime) -> Mention:
    """A post or comment as Reddit describes it, as a mention. Raises `BadMention`."""
    name = thing.get("name")
    if not isinstance(name, str) or not name:
        raise BadMention("no_uid", "it has no name")
    created = thing.get("created_utc")
    if isinstance(created, bool) or not isinstance(created, int | float) or not 0 < created < 1 << 40:
        raise BadMention("no_time", "it has no created_utc")
    title, body = thing.get("title"), thing.get("body" if is_comment else "selftext")
    words = [part for part in (title if not is_comment else None, body) if isinstance(part, str)]
    author = thing.get("author_fullname") or thing.get("author")
    score = thing.get("score")
    link = thing.get("permalink")
    fields = {
        "uid": f"reddit:{name}",
        "created_at": datetime.fromtimestamp(created, UTC).isoformat(),
        "received_at": now.isoformat(),
        "text": "\n\n".join(words).strip() if words else None,
        "author_id": f"reddit:{author}"[:255] if author else None,
        "channel": f"r/{thing.get('subreddit')}"[:255],
        "url": f"https://www.reddit.com{link}" if isinstance(link, str) and link.startswith("/") else None,
        "likes": score if type(score) is int and score >= 0 else None,
        "replies": thing.get("num_comments") if not is_comment else None,
        "parent_uid": f"reddit:{thing['parent_id']}" if is_comment and thing.get("parent_id") else None,
        "thread_id": f"reddit:{thing.get('link_id') or name}",
    }
    return parse_mention(fields, source=source)
