"""Stories and comments on Hacker News, through the search that Algolia runs for it: no account, no key, no cost.

What is said is found some minutes later, and not in order; so each search begins ten minutes before the newest hit, and
what was given out is remembered. A cursor is JSON: that time, and fingerprints.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import urlencode

import httpx

from crisiswatch.clock import Clock
from crisiswatch.errors import BadMention, SourceUnavailable, StateError
from crisiswatch.matching import BrandTerms, Matcher, normalise
from crisiswatch.model import Batch, Cursor, Mention, Refused
from crisiswatch.sources.fetch import fetch_json
from crisiswatch.sources.memory import Seen
from crisiswatch.sources.parse import parse_mention
from crisiswatch.sources.plaintext import plain_text

__all__ = ["HackerNewsSource", "hackernews", "search_words"]

_OVERLAP = 600  # seconds
_MOST_HITS = 1000  # of one search, whatever is asked for
_LARGEST = 16 * 1024 * 1024
_ROUNDS = 10


def hackernews(id: str, options: Mapping[str, object], clock: Clock) -> HackerNewsSource:  # noqa: A002
    """Make the source. Options: ``brands`` (BrandTerms), ``since`` (how far back the first poll begins), ``base_url``,
    ``timeout`` (for one request)."""
    return HackerNewsSource(
        id,
        cast("Sequence[BrandTerms]", options.get("brands", ())),
        clock,
        base_url=str(options.get("base_url", "https://hn.algolia.com")),
        since=cast("timedelta", options.get("since", timedelta(hours=1))),
        timeout=cast("timedelta", options.get("timeout", timedelta(seconds=10))),
    )


def search_words(brands: Iterable[BrandTerms]) -> tuple[str, ...]:
    """The fewest words to search for that find every term of ``brands``, as they look when normalised: who searches
    for ``acme`` finds ``acme coffee`` too."""
    terms = {normalise(term) for brand in brands for term in (*brand.handles, *brand.any)} - {" "}
    shortest = sorted(terms, key=lambda term: (len(term), term))
    kept: list[str] = []
    for term in shortest:
        if not any(other in term for other in kept):
            kept.append(term)
    return tuple(term.strip() for term in kept)


class HackerNewsSource:
    """Searches for each of the brands' terms; a poll that can't ask for all of them brings nothing."""

    def __init__(
        self,
        id: str,  # noqa: A002
        brands: Sequence[BrandTerms],
        clock: Clock,
        *,
        base_url: str = "https://hn.algolia.com",
        since: timedelta = timedelta(hours=1),
        timeout: timedelta = timedelta(seconds=10),
    ) -> None:
        self.id = id
        self._words = search_words(brands)
        self._matcher = Matcher(brands)
        self._clock = clock
        self._address = f"{base_url.rstrip('/')}/api/v1/search_by_date"
        self._since = since
        self._timeout = timeout.total_seconds()
        self._client = httpx.Client(headers={"User-Agent": "crisiswatch"})

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """What is new since ``cursor``, oldest first."""
        now = self._clock.now()
        place = _Place.load(cursor, now - self._since)
        hits: dict[str, dict[str, Any]] = {}
        for words in self._words:
            for hit in self._search(words, place.since - _OVERLAP, deadline):
                hits[str(hit.get("objectID"))] = hit
        batch = self._read(sorted(hits.values(), key=_second), place, now)
        return Batch(batch.mentions, batch.refused, cursor=place.dump())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _search(self, words: str, since: int, deadline: datetime) -> list[dict[str, Any]]:
        """All hits since then. One search gives the newest thousand, so what is older is asked for again."""
        found: list[dict[str, Any]] = []
        bounds = f"created_at_i>{since}"
        for _ in range(_ROUNDS):
            hits = self._ask(words, bounds, deadline)
            found += hits
            if len(hits) < _MOST_HITS:
                break
            bounds = f"created_at_i>{since},created_at_i<={_second(hits[-1])}"
        return found

    def _ask(self, words: str, bounds: str, deadline: datetime) -> list[dict[str, Any]]:
        seconds = min(self._timeout, (deadline - self._clock.now()).total_seconds())
        if seconds <= 0:
            raise SourceUnavailable("no time left before the deadline")
        query = {
            "query": f'"{words}"',
            "advancedSyntax": "true",
            "typoTolerance": "false",
            "tags": "(story,comment)",
            "numericFilters": bounds,
            "hitsPerPage": _MOST_HITS,
            "attributesToHighlight": "none",
        }
        url = f"{self._address}?{urlencode(query)}"
        answer, _ = fetch_json(self._client, url, {}, clock=self._clock, seconds=seconds, largest=_LARGEST)
        hits = answer.get("hits") if isinstance(answer, dict) else None
        if not isinstance(hits, list) or not all(isinstance(hit, dict) for hit in hits):
            raise SourceUnavailable("the search answered something else than hits")
        return hits

    def _read(self, hits: Iterable[dict[str, Any]], place: _Place, now: datetime) -> Batch:
        mentions: list[Mention] = []
        refused: list[Refused] = []
        for hit in hits:
            place.newest = max(place.newest, _second(hit))
            if place.seen.note(str(hit.get("objectID"))) != "new":
                continue
            try:
                mention = _mention(hit, self.id, now)
            except BadMention as error:
                refused.append(Refused(f"{self.id}:{str(hit.get('objectID'))[:40]}", error.reason, error.detail))
            else:
                if self._matcher.brands_of(mention.text):  # the search also finds words that begin like ours
                    mentions.append(mention)
        return Batch(tuple(mentions), tuple(refused))


@dataclass(slots=True)
class _Place:
    """``since``: where this poll's searches begin, but for the overlap; ``newest``: where the next one's do."""

    since: int
    newest: int
    seen: Seen = field(default_factory=Seen)

    @classmethod
    def load(cls, cursor: str | None, start: datetime) -> _Place:
        if cursor is None:
            begin = int(start.timestamp()) + _OVERLAP
            return cls(begin, begin)
        try:
            data = json.loads(cursor)
            return cls(int(data["since"]), int(data["since"]), Seen(dict(data["seen"]), most=2 * _MOST_HITS))
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(f"the saved place can't be read: {error!r}") from error

    def dump(self) -> str:
        return json.dumps({"since": self.newest, "seen": self.seen.dump()}, separators=(",", ":"))


def _second(hit: Mapping[str, Any]) -> int:
    second = hit.get("created_at_i")
    return second if type(second) is int else 0


def _mention(hit: Mapping[str, Any], source: str, now: datetime) -> Mention:
    """A hit as a mention. Raises `BadMention`."""
    number = hit.get("objectID")
    if not isinstance(number, str) or not number:
        raise BadMention("no_uid", "the hit has no objectID")
    if not 0 < _second(hit) < 1 << 40:
        raise BadMention("no_time", "the hit has no created_at_i")
    body = plain_text(_words(hit, "comment_text") or _words(hit, "story_text"))
    title = plain_text(_words(hit, "title"))
    author = hit.get("author")
    fields = {
        "uid": f"hackernews:{number}",
        "created_at": datetime.fromtimestamp(_second(hit), UTC).isoformat(),
        "received_at": now.isoformat(),
        "text": f"{title}\n\n{body}".strip() or None,
        "author_id": f"hackernews:{author}"[:255] if author else None,
        "url": f"https://news.ycombinator.com/item?id={number}",
        "likes": _count(hit.get("points")),
        "replies": _count(hit.get("num_comments")),
        "parent_uid": f"hackernews:{hit['parent_id']}" if hit.get("parent_id") else None,
        "thread_id": f"hackernews:{hit['story_id']}" if hit.get("story_id") else None,
    }
    return parse_mention(fields, source=source)


def _words(hit: Mapping[str, Any], name: str) -> str:
    value = hit.get(name)
    return value if isinstance(value, str) else ""


def _count(value: object) -> int | None:
    return value if type(value) is int and value >= 0 else None
