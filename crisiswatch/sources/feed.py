"""RSS and Atom feeds: news, blogs, Google Alerts.

feedparser only parses what httpx fetched, because its own fetching has no time limit; and because it never raises,
what is no feed is told by its empty version.
"""

from __future__ import annotations

import calendar
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from crisiswatch.clock import Clock
from crisiswatch.errors import BadMention, SourceRejected, SourceUnavailable, StateError
from crisiswatch.model import Batch, Cursor, Mention, Refused
from crisiswatch.sources.fetch import fetch
from crisiswatch.sources.parse import is_language, parse_mention
from crisiswatch.sources.plaintext import plain_text

__all__ = ["FeedSource", "canonical_link"]

_LARGEST = 5 * 1024 * 1024
_MOST_SEEN = 2000  # entries remembered; feeds show a few hundred at most
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 3600.0
_TRACKING = ("utm_", "fbclid", "gclid", "mc_cid", "mc_eid", "igshid", "ref_src", "cmpid")
_END = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"


class FeedSource:
    """Polls one feed, conditionally (ETag, Last-Modified); entries come oldest first, each once.

    After an error the feed is left alone for a while that doubles up to an hour, or for as long as the server asked;
    a poll within it raises `SourceUnavailable` again without a request, with the seconds left. A cursor is JSON: the
    validators, and fingerprints of the entries that were given out. A ``client`` that is handed in (proxies,
    certificates, a fake) is not closed by `close`.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  the name everybody uses
        url: str,
        clock: Clock,
        client: httpx.Client | None = None,
        *,
        timeout: float = 15.0,
        largest: int = _LARGEST,
        user_agent: str = "crisiswatch",
    ) -> None:
        self.id = id
        self._url = url
        self._clock = clock
        self._own = client is None
        self._client = client or httpx.Client()
        self._timeout = timeout
        self._largest = largest
        self._headers = {"User-Agent": user_agent, "Accept": _ACCEPT}
        self._failures = 0
        self._asked = False  # whether the last failure came with a wait that the site asked for
        self._quiet_until = 0.0

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """The entries that are new since ``cursor``. `SourceRejected` or `SourceUnavailable` when there is no feed."""
        state = _State.load(cursor)
        left = self._quiet_until - self._clock.monotonic()
        if self._failures and left > 0:
            raise SourceUnavailable(f"left alone after {self._failures} failures in a row", left, asked=self._asked)
        seconds = min(self._timeout, (deadline - self._clock.now()).total_seconds())
        if seconds <= 0:
            raise SourceUnavailable("no time left before the deadline")
        try:
            batch = self._read(state, cursor, seconds)
        except SourceUnavailable as error:
            self._asked = error.asked
            raise SourceUnavailable(error.detail, self._back_off(error.after), asked=error.asked) from error
        except SourceRejected:
            self._asked = False
            self._back_off(None)
            raise
        self._failures = 0
        return batch

    def close(self) -> None:
        """Close the connections, if they are ours."""
        if self._own:
            self._client.close()

    def _back_off(self, asked: float | None) -> float:
        """Note a failure; the seconds until the next request."""
        wait = min(_FIRST_WAIT * 2.0 ** min(self._failures, 10), _LONGEST_WAIT)
        self._failures += 1
        if asked is not None:
            wait = asked
        self._quiet_until = self._clock.monotonic() + wait
        return wait

    def _read(self, state: _State, cursor: Cursor | None, seconds: float) -> Batch:
        headers = {**self._headers, **state.conditions()}
        page = fetch(self._client, self._url, headers, clock=self._clock, seconds=seconds, largest=self._largest)
        if page.status == 304:
            return Batch(cursor=cursor)
        feed = _parse(page.body, page.headers.get("content-type", ""), self._url)
        now = self._clock.now()
        seen = dict.fromkeys(state.seen)
        mentions: list[Mention] = []
        refused: list[Refused] = []
        entries = list(enumerate(feed["entries"], 1))
        for number, entry in reversed(entries[:-1] if _is_cut(page.body) else entries):  # the last may be half of one
            try:
                mention = _mention(entry, feed, self.id, now)
            except BadMention as error:
                mark = _mark(repr(sorted(entry.items(), key=lambda item: item[0])))
                if mark not in seen:
                    refused.append(Refused(f"{self.id}:entry {number}", error.reason, error.detail))
            else:
                mark = _mark(mention.uid)
                if mark not in seen:
                    mentions.append(mention)
            seen.pop(mark, None)  # what the feed still shows is forgotten last
            seen[mark] = None
        # Of a feed that was cut short the validators are not kept: the rest is to come with the next poll.
        valid = httpx.Headers() if _is_cut(page.body) else page.headers
        after = _State(valid.get("etag", ""), valid.get("last-modified", ""), tuple(seen)[-_MOST_SEEN:])
        return Batch(tuple(mentions), tuple(refused), cursor=after.dump())


@dataclass(frozen=True, slots=True)
class _State:
    """What a cursor holds."""

    etag: str = ""
    modified: str = ""
    seen: tuple[str, ...] = ()

    @classmethod
    def load(cls, cursor: str | None) -> _State:
        if cursor is None:
            return cls()
        try:
            data = json.loads(cursor)
            return cls(str(data["etag"]), str(data["modified"]), tuple(map(str, data["seen"])))
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(f"the saved place of a feed can't be read: {error!r}") from error

    def dump(self) -> str:
        return json.dumps({"etag": self.etag, "modified": self.modified, "seen": self.seen}, separators=(",", ":"))

    def conditions(self) -> dict[str, str]:
        """The headers that make a server answer 304 when nothing changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in headers.items() if value and value.isascii()}


def canonical_link(link: str) -> str | None:
    """A link without tracking parameters and fragment, out of Google's redirect; None if it is not http or https."""
    try:
        parts = urlsplit(link.strip())
        target = parse_qs(parts.query).get("url") or parse_qs(parts.query).get("q")
        if target and (parts.hostname or "").startswith(("www.google.", "google.")) and parts.path == "/url":
            parts = urlsplit(target[0])
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        return None
    kept = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not pair[0].lower().startswith(_TRACKING)
    ]
    return urlunsplit((parts.scheme, parts.netloc.lower(), parts.path, urlencode(kept), ""))


def _parse(body: bytes, content_type: str, url: str) -> Mapping[str, Any]:
    """The feed in a body. `SourceRejected` if it is none, `SourceUnavailable` if it broke off before any entry.

    Relative links and guids are resolved against ``url`` as configured: a redirect must not change anybody's uid.
    """
    import feedparser

    if not body:
        raise SourceUnavailable("the answer was empty")
    headers = {"content-type": content_type, "content-location": url}
    feed: Mapping[str, Any] = feedparser.parse(io.BytesIO(body), response_headers=headers)
    if not feed.get("version"):
        raise SourceRejected("what is at this address is not an RSS or Atom feed")
    if not feed["entries"] and _is_cut(body):
        raise SourceUnavailable("the feed is broken")
    return feed


def _is_cut(body: bytes) -> bool:
    """Whether the end of the feed is missing; sloppy XML that is all there is taken as it is."""
    return _END.search(body[-1000:].replace(b"\0", b"")) is None


def _mention(entry: Mapping[str, Any], feed: Mapping[str, Any], source: str, now: datetime) -> Mention:
    """One entry as a mention: title and summary are its text. Raises `BadMention`."""
    link = canonical_link(entry.get("link") or "")
    native = entry.get("id") or link
    if not native:
        raise BadMention("no_uid", "the entry has neither a guid nor a link")
    uid = f"{source}:{native}"
    if len(uid) > 255 or not uid.isprintable():
        uid = f"{source}:sha256:{hashlib.sha256(native.encode('utf-8', 'replace')).hexdigest()}"
    text = _text(entry)
    if not text:
        raise BadMention("no_text", "the entry has neither a title nor a summary")
    author = plain_text(entry.get("author") or "")[:120]
    fields = {
        "uid": uid,
        "created_at": _time(entry, now).isoformat(),
        "received_at": now.isoformat(),
        "text": text,
        "author_id": f"{source}:{author}" if author else None,
        "lang": _language(entry, feed),
        "url": link if link is not None and len(link) <= 2048 else None,
        "channel": plain_text(feed["feed"].get("title") or "")[:255],
    }
    return parse_mention(fields, source=source)


def _text(entry: Mapping[str, Any]) -> str:
    """Title and body as plain text; the full content where there is one, and the title not twice."""
    title = plain_text(entry.get("title") or "")
    contents = entry.get("content") or [{"value": entry.get("summary") or ""}]
    body = plain_text(contents[0].get("value") or "")
    if body.startswith(title):
        return body or title
    return f"{title}\n\n{body}".strip()


def _time(entry: Mapping[str, Any], now: datetime) -> datetime:
    """When it was published; the time we saw it where the feed does not say, or says something impossible."""
    # Through dict, because feedparser's own look-up answers one with the other and warns about it.
    plain = cast("dict[str, Any]", entry)
    parsed = dict.get(plain, "published_parsed") or dict.get(plain, "updated_parsed")
    if parsed is None:
        return now
    try:
        moment = datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return moment if moment.year >= 1970 and moment <= now + timedelta(days=2) else now


def _language(entry: Mapping[str, Any], feed: Mapping[str, Any]) -> str | None:
    """The language the entry or the feed names, if it is a BCP 47 tag."""
    named = (entry.get("title_detail") or {}).get("language") or entry.get("language") or feed["feed"].get("language")
    tag = str(named or "").strip().replace("_", "-")
    return tag if is_language(tag) and len(tag) <= 64 else None


def _mark(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()
