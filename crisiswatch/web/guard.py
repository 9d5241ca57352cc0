"""Who may ask for what: names, tokens and origins, and the headers every answer carries.

On a loopback address without a token any local program may ask, so a web page opened in a local browser must not be
able to: the Host header has to be a local name (against DNS rebinding) and a request that changes something must not
come from another site. With a token everything needs it but the health check, the metrics, and the hooks, Slack's
actions and the links in messages, which are signed.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import secrets
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crisiswatch.links import ACKNOWLEDGE_PATH

__all__ = ["Guard", "is_loopback", "user_of"]

_OPEN_PATHS = ("/-/healthy", "/metrics")
_SIGNED = ("/hooks/", f"{ACKNOWLEDGE_PATH}/")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Say whether a bind address is reachable from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware that refuses what may not be asked.

    ``token`` gives the bearer token (read at each request, so that it may be rotated); ``hosts`` are further names the
    server is called by; ``policy`` is the Content-Security-Policy.
    """

    def __init__(
        self, app: ASGIApp, *, token: Callable[[], str] | None, hosts: Sequence[str] = (), policy: str = ""
    ) -> None:
        self._app = app
        self._token = token
        self._hosts = _LOCAL_NAMES | {host.lower() for host in hosts}
        self._headers = {
            "content-security-policy": policy,
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",  # with no-referrer a browser hides the origin of our own forms
            "cache-control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        refusal = self._refuse(scope["method"], scope["path"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, with_headers)

    def _refuse(self, method: str, path: str, headers: Headers) -> JSONResponse | None:
        if path.startswith(_SIGNED) or path == "/slack/actions":
            return None
        if method not in _SAFE_METHODS and _from_another_site(headers):
            return JSONResponse({"error": "a page of another site may not ask for this"}, 403)
        return None if path in _OPEN_PATHS else self._identify(headers)

    def _identify(self, headers: Headers) -> JSONResponse | None:
        if self._token is None:
            if _name(headers.get("host", "")) in self._hosts:
                return None
            return JSONResponse({"error": "this server is not called by that name; set web.hosts or web.token"}, 403)
        if _presents(headers.get("authorization", ""), self._token()):
            return None
        challenge = {"www-authenticate": 'Bearer realm="crisiswatch", Basic realm="crisiswatch", charset="UTF-8"'}
        return JSONResponse({"error": "a token is needed"}, 401, challenge)


def _from_another_site(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def _name(host: str) -> str:
    """Take the port off a Host header."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _presents(authorization: str, token: str) -> bool:
    """Compare in constant time; a browser may give the token as the password of any user."""
    kind, _, value = authorization.partition(" ")
    offered = value.strip().encode("latin-1", "replace")
    if kind.lower() == "basic":
        offered = _basic(authorization)[1]
    elif kind.lower() != "bearer":
        return False
    return bool(token) and secrets.compare_digest(offered, token.encode())


def user_of(headers: Headers) -> str:
    """The user that a browser was told together with the token; empty if it was told none."""
    return _basic(headers.get("authorization", ""))[0].decode("utf-8", "replace")


def _basic(authorization: str) -> tuple[bytes, bytes]:
    """User and password of a Basic authorization, both empty if it is none."""
    kind, _, value = authorization.partition(" ")
    if kind.lower() != "basic":
        return b"", b""
    try:
        user, _, password = base64.b64decode(value.strip().encode("latin-1", "replace"), validate=True).partition(b":")
    except binascii.Error:
        return b"", b""
    return user, password
