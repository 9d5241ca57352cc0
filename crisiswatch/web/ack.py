"""The page behind the link of an e-mail: one button with which somebody takes an incident.

Programs follow links too (scanners of mail, previews), so that opening the page changes nothing: pressing does. The
signed link is the permission, no token is asked besides. It is used up once somebody has the incident, which the
incident itself remembers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.phrases import phrase
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
            lang = self._language(permit.incident)
            if _is_open(found) and press:
                return self._press(permit, found, now, lang)
        except CrisiswatchError:
            return _page(503, "Please try again", ["The store can't be read now."])
        if _is_open(found):
            who, level = _name(permit.who), _level(found)
            return _page(200, _title(found), [_figures(found, lang)], level=level, who=who, lang=lang)
        return _taken(found, now, 409 if press else 200, lang)

    def _language(self, incident: str) -> str:
        """That of the incident's messages."""
        shown = None if self._state.shown is None else self._state.shown(incident)
        return "en" if shown is None else shown.document.language

    def _press(self, permit: Permit, before: Mapping[str, Any], now: datetime, lang: str) -> Response:
        act = self._state.act
        try:
            said = None if act is None else act(permit.incident, "acknowledge", permit.who, {})
        except ActRefused as refused:
            told = f"{refused.detail[:1].upper()}{refused.detail[1:]}."
            return _page(409, phrase(lang, "link.not_done"), [told], lang=lang)
        if said is None:
            return _page(503, phrase(lang, "link.again"), [phrase(lang, "link.busy")], lang=lang)
        found = self._state.incident(permit.incident) or before
        if _holder(found)[0] not in {permit.who, ""}:
            return _taken(found, now, 409, lang)
        lines = [_title(found), phrase(lang, "link.told")]
        return _page(200, phrase(lang, "link.yours"), lines, level=_level(found), lang=lang)

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


def _taken(found: Mapping[str, Any], now: datetime, status: int, lang: str) -> Response:
    """The page of a link that is used up."""
    title, (by, since) = _title(found), _holder(found)
    if not by:
        lines = [title, phrase(lang, "link.nothing_left")]
        return _page(status, phrase(lang, "link.over"), lines, level="calm", lang=lang)
    had = f" {_ago(now - since, lang)}" if isinstance(since, datetime) else ""
    return _page(status, phrase(lang, "link.theirs", who=_name(by)), [f"{title}.{had}"], level=_level(found), lang=lang)


def _ago(length: timedelta, lang: str) -> str:
    if length < timedelta(minutes=1):
        return phrase(lang, "link.just_now")
    return phrase(lang, "link.ago", length=span(length, lang))


def _title(found: Mapping[str, Any]) -> str:
    return clip(clean(f"{found.get('brand', '')}: {found.get('title', '')}"), 160)


def _figures(found: Mapping[str, Any], lang: str) -> str:
    usual = ""
    if found.get("expected") is not None:
        usual = phrase(lang, "link.usual", n=roughly(found["expected"], lang))
    minutes, seen = str(found.get("window_minutes", "?")), exact(found.get("observed"), lang)
    return agreed(lang, phrase(lang, "link.figures", n=seen, minutes=minutes, usual=usual))


def _level(found: Mapping[str, Any]) -> str:
    level = str(found.get("level", ""))
    return level if level in _LEVELS else ""


def _name(who: object) -> str:
    """A person as people call them: a mail address without the channel's name before it."""
    return clip(clean(str(who).removeprefix("mail:")), 80)


def _page(
    status: int, heading: str, lines: Sequence[str], *, level: str = "", who: str = "", lang: str = "en"
) -> Response:
    html = template("link.html").render(
        style=LINK_STYLE,
        heading=heading,
        lines=lines,
        level=level,
        who=who,
        button=bool(who),
        lang=lang,
        say=partial(phrase, lang),
    )
    return HTMLResponse(html.encode("utf-8", "replace"), status)
