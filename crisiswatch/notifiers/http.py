"""One HTTP POST of JSON, with everything that may come of it put into our three errors.

No retries and no redirects: the outbox retries, and a redirect would turn the POST into a GET. What the other side
answered beyond its status is not read: that is enough to know what came of it, and answers may repeat a secret.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NoReturn
from urllib.parse import urlsplit

import httpx

from crisiswatch import __version__
from crisiswatch.clock import Clock
from crisiswatch.errors import ConfigError, DeliveryError, Rejected, TryLater, Unknown
from crisiswatch.sources.fetch import retry_after

__all__ = ["BUSY", "MENDING", "SETUP", "Door", "Hidden", "host_of", "revealed"]

Hidden = str | Callable[[], str]
"""A secret, or a function that gives it at the moment it is needed."""

SETUP = frozenset({401, 403, 404, 405, 407, 410})
"""Statuses that say nothing about the message: once somebody has mended the set-up, it will be taken."""
MENDING = 300.0
"""Seconds after which to see whether somebody has."""

BUSY = frozenset({408, 425, 429, 503})
"""Statuses by which a server says that it did not take the message, for now."""
_UNREACHED = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH)
_USER_AGENT = f"crisiswatch/{__version__}"


@dataclass(frozen=True, slots=True)
class Door:
    """How one receiver is reached: its ``name`` in errors, a clock for waits that are told as a date, ``timeout`` in
    seconds for each step of an exchange, and a file of certificates to trust beside the system's. ``setup`` are
    statuses, beside `SETUP`, by which it says that the set-up is wrong and not the message."""

    name: str
    clock: Clock
    timeout: float = 10.0
    cafile: str | None = None
    setup: frozenset[int] = frozenset()

    def post(self, url: str, body: bytes, headers: Mapping[str, str], auth: tuple[str, str] | None = None) -> None:
        """Returns once it was accepted (2xx). Raises `Rejected`, `TryLater` or `Unknown`, never with the address."""
        sent = {"Content-Type": "application/json", "User-Agent": _USER_AGENT, **headers}
        try:
            with (
                httpx.Client(timeout=self.timeout, verify=_trusted(self.cafile), follow_redirects=False) as client,
                client.stream("POST", url, content=body, headers=sent, auth=auth) as answer,
            ):
                status, asked = answer.status_code, answer.headers.get("retry-after")
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise Rejected(f"{self.name}: the address or a header can't be used") from error
        except httpx.HTTPError as error:
            raise self._broken(error) from error
        if not 200 <= status < 300:
            self._refused(status, asked)

    def _refused(self, status: int, asked: str | None) -> NoReturn:
        if status in BUSY:
            raise TryLater(f"{self.name} asks to wait ({status})", retry_after(asked, self.clock.now()))
        if status >= 500:
            raise Unknown(f"{self.name} failed ({status}); it may have taken the message")
        if 300 <= status < 400:
            raise TryLater(f"{self.name} is somewhere else ({status}): use the address it leads to", MENDING)
        if status in SETUP or status in self.setup:
            why = {404: "there is nothing at this address"}.get(status, "the credentials or the address are refused")
            raise TryLater(f"{self.name}: {why} ({status})", MENDING)
        raise Rejected(f"{self.name}: the message is refused ({status})")

    def _broken(self, error: httpx.HTTPError) -> DeliveryError:
        """What never reached the other side can be sent again; all else may have arrived."""
        name = type(error).__name__
        cause = _root(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return TryLater(f"{self.name}: its certificate is not trusted: {cause.verify_message}", MENDING)
        unreached = isinstance(cause, socket.gaierror) or (isinstance(cause, OSError) and cause.errno in _UNREACHED)
        if unreached or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            return TryLater(f"{self.name} can't be reached: {name}")
        return Unknown(f"the connection to {self.name} broke: {name}")


def _root(error: BaseException) -> BaseException:
    """What is behind an error of the HTTP library."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


def revealed(hidden: Hidden) -> str:
    """The secret now. Raises `TryLater` where it is missing: a file or a variable can be put right."""
    if isinstance(hidden, str):
        return hidden
    try:
        return hidden()
    except ConfigError as error:
        raise TryLater(str(error)) from error


def _trusted(cafile: str | None) -> ssl.SSLContext:
    if cafile is None:
        return _usual()
    try:
        context = ssl.create_default_context()
        context.load_verify_locations(cafile=cafile)
    except OSError as error:
        raise TryLater(f"the file of certificates can't be used: {type(error).__name__}") from error
    return context


@cache
def _usual() -> ssl.SSLContext:
    """The HTTP library's own authorities; read once, because that takes longer than a request."""
    return httpx.create_ssl_context()


def host_of(url: str) -> str:
    """The host and port of an address, for people: what is before and behind may hold a secret."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "?"
    return f"{parts.hostname or '?'}{port}"
