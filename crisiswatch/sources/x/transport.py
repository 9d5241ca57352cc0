"""The connection under tweepy: another base URL, and an end to every call, whatever the server does.

tweepy's clients have neither time-out nor base URL; both send through a `requests` session, and an adapter is the
session's public seam. Where proxies or a fake stand in for X, only this knows.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse

from crisiswatch.clock import Clock

__all__ = ["HOSTS", "Transport"]

HOSTS = ("https://api.twitter.com", "https://api.x.com")
_LARGEST = 32 * 1024 * 1024


class Transport(HTTPAdapter):
    """Sends to ``base`` what is meant for X. One for each thread: it remembers the last answer.

    ``timeout`` bounds each step in seconds; `until` sets the time (of the clock's ``monotonic``) at which a call is
    over, headers and body. ``status`` is that of the last answer, None without one; ``headers`` and ``body`` (of an
    error) belong to it.
    """

    def __init__(self, base: str, timeout: float, clock: Clock) -> None:
        self._base = base.rstrip("/")
        self._timeout = timeout
        self._clock = clock
        self._end = float("inf")
        self.status: int | None = None
        self.headers: Mapping[str, str] = {}
        self.body = b""
        super().__init__()

    def until(self, end: float) -> None:
        """Bound the next call, and forget the last one."""
        self._end = end
        self.status, self.headers, self.body = None, {}, b""

    def send(  # type: ignore[override]  # the arguments between are passed on as they come
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, **rest: Any
    ) -> requests.Response:
        """Send a request. Raises the errors of `requests` and nothing else."""
        url = request.url or ""
        for host in HOSTS:
            if url.startswith(host + "/"):
                request.url = self._base + url[len(host) :]
        seconds = min(self._timeout, self._end - self._clock.monotonic())
        if seconds <= 0:
            raise requests.Timeout("no time left")
        answer = super().send(request, stream=True, timeout=timeout or seconds, **rest)
        self.status, self.headers = answer.status_code, answer.headers
        if stream and answer.status_code == 200:
            return answer
        body = self._read(answer.raw)
        self.body = b"" if answer.ok else body[: 1 << 16]
        answer.raw = io.BytesIO(body)
        return answer

    def _read(self, raw: HTTPResponse) -> bytes:
        """The whole body, decoded. `requests` itself only bounds each single read, and nothing bounds the size."""
        body = bytearray()
        whole = False
        try:
            while chunk := raw.read1(1 << 16, decode_content=True):
                body += chunk
                if len(body) > _LARGEST or self._clock.monotonic() > self._end:
                    raise requests.Timeout("too long")
            whole = True
        except HTTPError as error:
            raise requests.ConnectionError(type(error).__name__) from error
        finally:
            raw.release_conn() if whole else raw.close()
        return bytes(body)
