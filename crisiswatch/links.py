"""Links that do something: signed, bound to an incident and to whom they were sent, and good for a while.

A token is ``payload.signature``: the payload is JSON (incident, who, expiry in seconds since 1970) in base64url, the
signature HMAC-SHA256 over a name of the purpose and the payload, so that a key used elsewhere too signs nothing here.
Nothing is stored: whether a link was used is seen at the incident.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

__all__ = ["ACKNOWLEDGE_PATH", "INCIDENT_PATH", "AckLinks", "Expired", "Forged", "Permit", "page_of"]

ACKNOWLEDGE_PATH = "/acknowledge"
"""Where the page of a link is, below the public address."""

INCIDENT_PATH = "/incidents"
"""Where the page of an incident is, below the public address."""

LIFETIME = timedelta(hours=24)
_PURPOSE = b"crisiswatch acknowledge 1\n"
_LONGEST = 2000
_ROUND = 3600


def page_of(public_url: str, incident: str) -> str:
    """The address of an incident's page."""
    return f"{public_url.rstrip('/')}{INCIDENT_PATH}/{quote(incident, safe='')}"


class Forged(ValueError):
    """Not a link of ours, or not whole."""


class Expired(ValueError):
    """A link of ours whose time is over."""


@dataclass(frozen=True, slots=True)
class Permit:
    """What a link allows: ``who`` may acknowledge ``incident`` until ``until``."""

    incident: str
    who: str
    until: datetime


class AckLinks:
    """Makes and reads the links of one key. ``key`` gives it when it is asked for, so that it may be rotated: that ends
    all links under way. ``public_url`` is the address at which people reach the pages."""

    def __init__(self, key: Callable[[], str], public_url: str, lifetime: timedelta = LIFETIME) -> None:
        self._key = key
        self._base = public_url.rstrip("/") + ACKNOWLEDGE_PATH
        self._lifetime = lifetime

    def url(self, incident: str, who: str, now: datetime) -> str:
        """A link for ``who``, good for the lifetime, rounded up to a whole hour: a message that is sent again after a
        moment carries the same one."""
        ends = (now + self._lifetime).timestamp()
        return f"{self._base}/{self.token(incident, who, int(-(-ends // _ROUND)) * _ROUND)}"

    def token(self, incident: str, who: str, until: int) -> str:
        """The signed part of a link; ``until`` is seconds since 1970."""
        payload = _coded(json.dumps([incident, who, until], separators=(",", ":")).encode())
        return f"{payload}.{_coded(self._signature(payload))}"

    def read(self, token: str, now: datetime) -> Permit:
        """What a token allows. Raises `Forged` or `Expired`; compares in constant time before it looks at anything."""
        payload, _, signature = token.partition(".")
        if len(token) > _LONGEST or not hmac.compare_digest(_decoded(signature), self._signature(payload)):
            raise Forged
        incident, who, until = json.loads(_decoded(payload))
        ends = datetime.fromtimestamp(until, UTC)
        if now >= ends:
            raise Expired
        return Permit(incident, who, ends)

    def _signature(self, payload: str) -> bytes:
        return hmac.new(self._key().encode(), _PURPOSE + payload.encode("utf-8", "replace"), hashlib.sha256).digest()


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decoded(text: str) -> bytes:
    """The bytes behind base64url; nothing for what is none, which no signature is."""
    try:
        return base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return b""
