"""Forms of our own pages: read within a cap, and taken only with the token of a page that we made."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request

__all__ = ["Forms", "moment_in"]


class Forms:
    """Makes and checks the hidden token, besides the guard's look at a request's origin.

    ``token`` is the web server's, so that an open page survives a restart; without one it lives as long as the process.
    ``read`` reads a body within its cap. ``what`` keeps the tokens of different pages apart.
    """

    def __init__(self, token: Callable[[], str] | None, read: Callable[[Request], Awaitable[bytes]], what: str) -> None:
        self._token, self._read, self._what = token, read, what
        self._own = secrets.token_bytes(32)

    def csrf(self) -> str:
        """The hidden token."""
        key = self._token().encode() if self._token is not None else self._own
        return hmac.new(key, f"the forms of the {self._what} page".encode(), hashlib.sha256).hexdigest()

    async def read(self, request: Request) -> dict[str, str]:
        """The fields of a form, without ``csrf`` if that was not ours."""
        body = await self._read(request)
        try:
            fields = parse_qs(body.decode("utf-8"), max_num_fields=20)
        except ValueError:
            raise HTTPException(400, "the body is no form") from None
        form = {name: values[0] for name, values in fields.items()}
        offered = form.pop("csrf", "").encode("utf-8", "replace")
        if hmac.compare_digest(offered, self.csrf().encode()):
            form["csrf"] = ""
        return form


def moment_in(text: str, zone: tzinfo) -> str:
    """A time of a form, ``2026-03-03T15:00``, as it is on a clock in ``zone``; what is none is given back as it is."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).isoformat()
