"""Calls to X through tweepy: one function, so that every failure becomes one of our errors in one place.

What an error says is made of status, kind and numbers: never of what X sent, which may quote a query or an author.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import requests
import tweepy

from crisiswatch.clock import Clock
from crisiswatch.errors import QuotaExhausted, SourceError, SourceRejected, SourceUnavailable
from crisiswatch.sources.x.transport import Transport

__all__ = ["Answer", "Calls", "Expired", "failure", "meta", "rows"]

_ROUTE_COUNTS = "/2/tweets/counts/recent"
_ROUTE_SEARCH = "/2/tweets/search/recent"
_ROUTE_RULES = "/2/tweets/search/stream/rules"
_WINDOW = 900.0
"""Seconds after which every rate limit of X begins anew."""
_DAY = 86_400.0

Answer = Mapping[str, Any]


class Expired(SourceUnavailable):
    """A place in the past that X no longer searches from: ``since_id`` before the last seven days, or an old page."""


class Calls:
    """X's end points as this source uses them. Not thread-safe: each thread has its own.

    ``token`` is asked for before each call, so that a file with a token may change. Each call is over at ``deadline``.
    """

    def __init__(self, token: Callable[[], str], base_url: str, timeout: float, clock: Clock) -> None:
        # At its finest level tweepy logs tokens and whole answers, and the stream logs what X says about errors.
        logging.getLogger("tweepy").setLevel(logging.CRITICAL)
        self._token = token
        self._clock = clock
        self.transport = Transport(base_url, timeout, clock)
        self._client = tweepy.Client("", return_type=dict, wait_on_rate_limit=False)
        for scheme in ("https://", "http://"):
            self._client.session.mount(scheme, self.transport)

    def close(self) -> None:
        """Close the connections that are idle."""
        self._client.session.close()

    @property
    def limit_left(self) -> float | None:
        """The part of the last end point's rate limit that is left, if X told."""
        limit, left = (_number(self.transport.headers.get(f"x-rate-limit-{name}")) for name in ("limit", "remaining"))
        return None if limit is None or left is None or limit <= 0 else min(max(left / limit, 0.0), 1.0)

    def counts(self, query: str, deadline: datetime, start: datetime | None, token: str | None) -> Answer:
        """Posts a minute, from ``start`` or seven days ago to now."""
        asked = {"query": query, "granularity": "minute", "start_time": _written(start), "next_token": token}
        return self._call("GET", _ROUTE_COUNTS, deadline, asked)

    def search(self, query: str, deadline: datetime, wanted: Mapping[str, str | int | None]) -> Answer:
        """Posts of the last seven days, the newest first."""
        return self._call("GET", _ROUTE_SEARCH, deadline, {"query": query, **wanted})

    def mentions(self, account: str, deadline: datetime, wanted: Mapping[str, str | int | None]) -> Answer:
        """Posts that name an account, the newest first."""
        return self._call("GET", f"/2/users/{account}/mentions", deadline, wanted)

    def rules(self, deadline: datetime) -> Answer:
        """The rules of the stream."""
        return self._call("GET", _ROUTE_RULES, deadline, {})

    def change_rules(self, deadline: datetime, change: Mapping[str, Any]) -> Answer:
        """Add or delete rules of the stream."""
        return self._call("POST", _ROUTE_RULES, deadline, {}, json=change)

    def _call(
        self, method: str, route: str, deadline: datetime, params: Mapping[str, Any], json: object = None
    ) -> Answer:
        self.transport.until(self._clock.monotonic() + (deadline - self._clock.now()).total_seconds())
        self._client.bearer_token = self._token()
        try:
            given = {name: value for name, value in params.items() if value is not None}
            answer = self._client.request(method, route, params=given, json=json).json()
        except (tweepy.TweepyException, requests.RequestException, ValueError, TypeError, AttributeError) as error:
            # The last three are tweepy's own on bodies and headers that X does not send.
            raise self._error(error) from None
        if not isinstance(answer, dict) or not (isinstance(answer.get("meta"), dict) or "data" in answer):
            raise SourceUnavailable("X answered something other than posts or counts")
        return answer

    def _error(self, error: Exception) -> SourceError:
        status = self.transport.status
        if status is None or 200 <= status < 300:
            what = (
                "the connection to X failed" if isinstance(error, requests.RequestException) else "X's answer is none"
            )
            return SourceUnavailable(f"{what}: {type(error).__name__}")
        return failure(status, self.transport.headers, self.transport.body, self._clock.now())


def failure(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> SourceError:
    """What an answer with an error status means."""
    said = body.lower()
    if status == 429:
        return _too_many(headers, said, now)
    if status == 402 or (status == 403 and (b"credit" in said or b"spend" in said)):
        return QuotaExhausted(f"X answered {status}: the account's credits or spending limit are used up")
    if status == 400 and any(name in said for name in (b"since_id", b"until_id", b"next_token", b"pagination_token")):
        return Expired("X does not search that far back", 0.0)
    if status >= 500 or status in {408, 409, 425}:
        return SourceUnavailable(f"X answered {status}", _asked_wait(headers, now))
    meaning = {
        400: "it refuses the query; `crisiswatch doctor --online` shows it",
        401: "the token is wrong or was revoked",
        403: "the token's project may not do this",
        404: "there is no such account or end point",
    }
    return SourceRejected(f"X answered {status}: {meaning.get(status, 'it refuses the request')}")


def _too_many(headers: Mapping[str, str], said: bytes, now: datetime) -> SourceError:
    """A 429: a rate limit tells when it ends; the monthly cap does not."""
    wait = _asked_wait(headers, now)
    if b"usage-capped" in said or b"usagecap" in said:
        return QuotaExhausted("X answered 429: the monthly cap of posts is reached")
    return SourceUnavailable("X answered 429: too many requests", _WINDOW if wait is None else wait)


def _asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds until the limit ends, if X told; at most a day."""
    reset = _number(headers.get("x-rate-limit-reset"))
    if reset is not None:
        return min(max(reset - now.timestamp(), 1.0), _DAY)
    after = _number(headers.get("retry-after"))
    return None if after is None else min(max(after, 1.0), _DAY)


def _number(text: str | None) -> float | None:
    text = (text or "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(answer: Answer) -> Sequence[object]:
    """The posts or buckets of an answer; an empty page has none."""
    data = answer.get("data")
    return data if isinstance(data, list) else ()


def meta(answer: Answer, name: str) -> str | None:
    """A text of an answer's ``meta``."""
    about = answer.get("meta")
    value = about.get(name) if isinstance(about, dict) else None
    return value if isinstance(value, str) and value else None
