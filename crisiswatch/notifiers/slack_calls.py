"""A call to Slack: its errors as our three kinds, and no faster than Slack takes them.

The SDK's own retries are off: they post twice when a connection dies after Slack accepted.
"""

from __future__ import annotations

import errno
import math
import re
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPException
from typing import Any, NoReturn
from urllib.error import URLError

from slack_sdk.errors import SlackApiError, SlackClientError

from crisiswatch.clock import Clock, SystemClock
from crisiswatch.errors import DeliveryError, Rejected, TryLater, Unknown

__all__ = ["Pace", "Refusal", "call", "write"]

_TEMPORARY = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "team_added_to_org"}
    | {"request_timeout", "org_login_required", "accesslimited"}
)
_MENDABLE = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
    | {"no_permission", "access_denied", "not_in_channel", "channel_not_found", "is_archived", "restricted_action"}
    | {"ekm_access_denied", "team_access_not_granted", "not_allowed_token_type"}
)
_MENDED_IN = 300.0
_IN_BETWEEN = frozenset({*range(300, 400), 401, 403, 404, 405, 407, 410})
"""Statuses that are no words of Slack's, if no code comes with them: a proxy or a wrong address answered."""
_AMBIGUOUS = frozenset({"internal_error", "fatal_error"})
_UNREACHED = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH)
_NO_TUNNEL = "Tunnel connection failed"  # how http.client says that a proxy refused
_CODE = re.compile(r"[a-z][a-z0-9_]{1,60}")
_LONGEST_HOLD = 3600.0
_PACES = {"chat_postMessage": (1.0, 5), "chat_update": (1.2, 20)}
"""Seconds between two calls, and how many may come at once. Slack: a message a second, 50 edits a minute."""


class Refusal(Rejected):
    """Slack's own ``ok: false`` with its code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Slack refused: {code}")


class Pace:
    """How fast one channel may be written to: a burst, then one call in a while. Thread-safe.

    A method that Slack asked to wait for is not called for any other delivery until that is over; who was told so comes
    again by itself. ``wait`` is given seconds.
    """

    def __init__(self, clock: Clock | None = None, wait: Callable[[float], object] | None = None) -> None:
        self._clock = clock or SystemClock()
        self._wait = wait or threading.Event().wait
        self._free: dict[str, float] = {}
        self._held: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def before(self, method: str, delivery: str) -> None:
        """Wait until it is ``method``'s turn, a second or so; TryLater where Slack asked for more."""
        with self._lock:
            now = self._clock.monotonic()
            until, told = self._held.get(method, (now, delivery))
            if until > now and told != delivery:
                raise TryLater("Slack asked to wait", until - now)
            every, burst = _PACES.get(method, (0.0, 1))
            free = max(self._free.get(method, -math.inf), now - every * burst) + every
            self._free[method] = free
            seconds = min(max(free - now, 0.0), every)
        if seconds > 0:
            self._wait(seconds)

    def hold(self, method: str, delivery: str, seconds: float) -> None:
        """Slack asked ``delivery`` to wait."""
        with self._lock:
            self._held[method] = (self._clock.monotonic() + min(seconds, _LONGEST_HOLD), delivery)


def call(pace: Pace, delivery: str, method: Callable[..., Any], **arguments: object) -> Any:
    """Slack's answer to ``method``; raises `Rejected` (`Refusal` if Slack itself says no), `TryLater` or `Unknown`."""
    name = method.__name__
    pace.before(name, delivery)
    try:
        return method(**arguments)
    except SlackApiError as error:
        try:
            _raise_for(error)
        except TryLater as later:
            pace.hold(name, delivery, later.after or 0.0)
            raise
    except SlackClientError as error:
        raise Rejected(f"Slack's client refused the message: {type(error).__name__}") from error
    except (URLError, HTTPException, OSError) as error:
        raise _broken(error) from error
    except (ValueError, UnicodeError) as error:
        raise Unknown(f"Slack's answer can't be read: {type(error).__name__}") from error


def write(pace: Pace, delivery: str, method: Callable[..., Any], **arguments: object) -> Any:
    """`call` for what people are to see: a set-up that somebody can mend (a token, a channel) costs no message."""
    try:
        return call(pace, delivery, method, **arguments)
    except Refusal as refusal:
        if refusal.code not in _MENDABLE:
            raise
        pace.hold(method.__name__, delivery, _MENDED_IN)
        raise TryLater(
            f"Slack refused: {refusal.code}; it is tried again until somebody mends it", _MENDED_IN
        ) from refusal


def _raise_for(error: SlackApiError) -> NoReturn:
    """Raise Slack's refusal as one of our three kinds."""
    response = error.response
    status: int = response.status_code
    code = str(response.get("error") or "")
    known = code if _CODE.fullmatch(code) else ""
    if status == 429 or code in _TEMPORARY:
        raise TryLater(f"Slack asks to wait ({code or status})", _retry_after(response.headers)) from error
    if status in (408, 503):
        raise TryLater(f"Slack is not available ({status})", _retry_after(response.headers)) from error
    if code in _AMBIGUOUS or status >= 500:
        raise Unknown(f"Slack failed ({known or status}); the message may have been accepted") from error
    if status == 200 and not known:
        raise Unknown("Slack's answer says neither yes nor no") from error
    if not known and status in _IN_BETWEEN:
        raise TryLater(
            f"not Slack answered, but a proxy or a wrong address ({status}); it is tried again until somebody mends it",
            _MENDED_IN,
        ) from error
    raise Refusal(known or f"status {status}") from error


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            with suppress(ValueError):
                return max(float(value), 0.0)
    return None


def _broken(error: Exception) -> DeliveryError:
    """A connection that failed: what never reached Slack can be sent again, all else may have arrived."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return TryLater(f"Slack's certificate is not trusted: {cause.verify_message}", _MENDED_IN)
    if isinstance(cause, OSError) and str(cause).startswith(_NO_TUNNEL):
        return TryLater("the proxy lets nobody through to Slack", _MENDED_IN)
    if isinstance(cause, socket.gaierror) or (isinstance(cause, OSError) and cause.errno in _UNREACHED):
        return TryLater(f"Slack can't be reached: {type(cause).__name__}")
    return Unknown(f"the connection to Slack broke: {type(cause).__name__}")
