"""One HTTP GET with everything that may go wrong put into two errors: permanent and temporary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from crisiswatch.clock import Clock
from crisiswatch.errors import SourceError, SourceRejected, SourceUnavailable

__all__ = ["Page", "asked_wait", "error_of_status", "fetch", "fetch_json", "retry_after"]

_TRY_AGAIN = frozenset({408, 409, 425, 429})
_LONGEST_WAIT = 86_400.0


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: ``status`` is 200 to 299, or 304; ``url`` is where it came from after redirects."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str


def fetch(
    client: httpx.Client, url: str, headers: dict[str, str], *, clock: Clock, seconds: float, largest: int
) -> Page:
    """GET ``url``, following redirects, in at most ``seconds`` and ``largest`` bytes (decompressed).

    `SourceRejected` for what somebody has to change (4xx, no such host name form, too large, redirects in a circle),
    `SourceUnavailable` for what passes (429, 5xx, time-outs, cut connections), with the wait the server asked for.
    """
    end = clock.monotonic() + seconds
    try:
        with client.stream("GET", url, headers=headers, timeout=seconds, follow_redirects=True) as answer:
            _check(answer, clock.now())
            body = _read(answer, clock, end, largest)
            return Page(answer.status_code, answer.headers, body, str(answer.url))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.TooManyRedirects) as error:
        raise SourceRejected(f"the address can't be fetched: {type(error).__name__}") from error
    except httpx.TimeoutException as error:
        raise SourceUnavailable(f"no answer in time: {type(error).__name__}") from error
    except httpx.HTTPError as error:
        raise SourceUnavailable(f"the connection failed: {type(error).__name__}") from error


def fetch_json(
    client: httpx.Client, url: str, headers: dict[str, str], *, clock: Clock, seconds: float, largest: int
) -> tuple[object, httpx.Headers]:
    """The same for an answer in JSON, with its headers; `SourceUnavailable` when it is something else."""
    page = fetch(client, url, {"Accept": "application/json", **headers}, clock=clock, seconds=seconds, largest=largest)
    try:
        return json.loads(page.body), page.headers
    except (ValueError, RecursionError) as error:
        raise SourceUnavailable("the server answered something that is not JSON") from error


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds a refusing answer asks us to wait: by ``Retry-After``, or by ``X-RateLimit-Reset`` (a time, or
    seconds, either from now or since 1970), at most a day; None if it does not say."""
    wait = retry_after(headers.get("retry-after"), now)
    reset = (headers.get("x-ratelimit-reset") or "").strip()
    if wait is not None or not reset:
        return wait
    try:
        seconds = float(reset)
    except ValueError:
        try:
            seconds = datetime.fromisoformat(reset).astimezone(UTC).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    if seconds > _LONGEST_WAIT:  # no wait, but a moment
        seconds -= now.timestamp()
    return min(max(0.0, seconds), _LONGEST_WAIT)


def retry_after(value: str | None, now: datetime) -> float | None:
    """The seconds a ``Retry-After`` header asks for, given as a number or a date; at most a day; None if unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max(0.0, (until - now).total_seconds()), _LONGEST_WAIT)


def error_of_status(status: int, after: float | None = None) -> SourceError:
    """The error that a refusing HTTP status is; ``after`` is the wait in seconds that the answer asked for."""
    if status in _TRY_AGAIN or status >= 500:
        return SourceUnavailable(f"the server answered {status}", after)
    return SourceRejected(f"the server answered {status}")


def _check(answer: httpx.Response, now: datetime) -> None:
    if not answer.is_success and answer.status_code != 304:
        raise error_of_status(answer.status_code, asked_wait(answer.headers, now))


def _read(answer: httpx.Response, clock: Clock, end: float, largest: int) -> bytes:
    """The body, cut off as soon as it is too large or takes too long: httpx itself only limits each single read."""
    body = bytearray()
    for chunk in answer.iter_bytes():  # as they come: a chunk of a given size would be waited for without an end
        body += chunk
        if len(body) > largest:
            raise SourceRejected(f"the answer is larger than {largest} bytes")
        if clock.monotonic() > end:
            raise SourceUnavailable("the answer took too long")
    return bytes(body)
