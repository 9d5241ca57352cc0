"""The page behind the link of an e-mail: one button with which somebody takes an incident.

Programs follow links too (scanners of mail, previews), so that opening the page changes nothing: pressing does. The
signed link is the permission, no token is asked besides. It is used up once somebody has the incident, which the
incident itself remembers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.words import clean, clip, exact, roughly, span
from crisiswatch.errors import ActRefused, CrisiswatchError
from crisiswatch.links import Expired, Forged, Permit
from crisiswatch.web.page import LINK_STYLE, template
from crisiswatch.web.state import WebState

__all__ = ["LinkPages"]

_LEVELS = frozenset({"watch", "warning", "critical"})


class LinkPages:
    """The handlers over one `WebState`."""

    def __init__(self, state: WebState) -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """What the link is about, and the button; changes nothing."""
        return await run_in_threadpool(self._answer, request.path_params["token"], press=False)

    async def take(self, request: Request) -> Response:
        """The button was pressed: whoever the link was sent to has it, unless somebody has it already."""
        return await run_in_threadpool(self._answer, request.path_params["token"], press=True)

    def _answer(self, token: str, *, press: bool) -> Response:
        links, now = self._state.links(), self._now()
        if links is None or now is None or self._state.act is None:
            return _page(404, "There is nothing here", ["This server sends no such links."])
        try:
            permit = links.read(token, now)
        except Expired:
            return _page(410, "This link is too old", ["Open the latest message of this incident and use its link."])
        except Forged:
            return _page(403, "This link can't be used", ["It is not whole, or its key has changed."])
        except CrisiswatchError:
            return _page(503, "Please try again", ["The key of the links can't be read now."])
        return self._allowed(permit, now, press=press)

    def _allowed(self, permit: Permit, now: datetime, *, press: bool) -> Response:
        """The answer to whoever may press; the incident decides whether there is anything left to take."""
        try:
            found = self._state.incident(permit.incident)
            if found is None:
                return _page(404, "This incident is no longer kept", [])
            if _is_open(found) and press:
                return self._press(permit, found, now)
        except CrisiswatchError:
            return _page(503, "Please try again", ["The store can't be read now."])
        if _is_open(found):
            return _page(200, _title(found), [_figures(found)], level=_level(found), who=_name(permit.who))
        return _taken(found, now, 409 if press else 200)

    def _press(self, permit: Permit, before: Mapping[str, Any], now: datetime) -> Response:
        act = self._state.act
        try:
            said = None if act is None else act(permit.incident, "acknowledge", permit.who, {})
        except ActRefused as refused:
            return _page(409, "Nothing was done", [f"{refused.detail[:1].upper()}{refused.detail[1:]}."])
        if said is None:
            return _page(503, "Please press again in a moment", ["The engine is busy; nothing was done yet."])
        found = self._state.incident(permit.incident) or before
        if _holder(found)[0] not in {permit.who, ""}:
            return _taken(found, now, 409)
        told = "Everybody who got the alert is told so."
        return _page(200, "You have it", [_title(found), told], level=_level(found))

    def _now(self) -> datetime | None:
        return None if self._state.now is None else self._state.now()


def _is_open(found: Mapping[str, Any]) -> bool:
    return not _holder(found)[0] and bool(found.get("open", found.get("resolved_at") is None))


def _holder(found: Mapping[str, Any]) -> tuple[str, object]:
    """Who has it, and since when; the people's side of the incident knows best."""
    case = found.get("case") or {}
    for each in (case, found):
        if each.get("acknowledged_by"):
            return str(case.get("assigned_to") or each["acknowledged_by"]), each.get("acknowledged_at")
    return "", None


def _taken(found: Mapping[str, Any], now: datetime, status: int) -> Response:
    """The page of a link that is used up."""
    title, (by, since) = _title(found), _holder(found)
    if not by:
        return _page(status, "It is over", [title, "There is nothing left to take."], level="calm")
    had = f" It was taken {_ago(now - since)}." if isinstance(since, datetime) else ""
    return _page(status, f"{_name(by)} has it", [f"{title}.{had}"], level=_level(found))


def _ago(length: timedelta) -> str:
    return "just now" if length < timedelta(minutes=1) else f"{span(length)} ago"


def _title(found: Mapping[str, Any]) -> str:
    return clip(clean(f"{found.get('brand', '')}: {found.get('title', '')}"), 160)


def _figures(found: Mapping[str, Any]) -> str:
    usual = "" if found.get("expected") is None else f"; usual is {roughly(found['expected'])}"
    return agreed(
        "en", f"{exact(found.get('observed'))} mentions in {found.get('window_minutes', '?')} minutes{usual}."
    )


def _level(found: Mapping[str, Any]) -> str:
    level = str(found.get("level", ""))
    return level if level in _LEVELS else ""


def _name(who: object) -> str:
    """A person as people call them: a mail address without the channel's name before it."""
    return clip(clean(str(who).removeprefix("mail:")), 80)


def _page(status: int, heading: str, lines: Sequence[str], *, level: str = "", who: str = "") -> Response:
    html = template("link.html").render(
        style=LINK_STYLE, heading=heading, lines=lines, level=level, who=who, button=bool(who)
    )
    return HTMLResponse(html.encode("utf-8", "replace"), status)
