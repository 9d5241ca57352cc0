"""The page of one incident: what a message says of it, with forms for what people do, its log and its post-mortem.

It shows texts of mentions, as messages do: cleaned, clipped and masked by the document, escaped by the template.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from jinja2 import Template
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.phrases import phrase, reasons
from crisiswatch.alerts.words import clean, clip, language, span
from crisiswatch.errors import ActRefused, CrisiswatchError
from crisiswatch.links import INCIDENT_PATH
from crisiswatch.model import Act, VerdictKind
from crisiswatch.web.forms import Forms, moment_in
from crisiswatch.web.guard import user_of
from crisiswatch.web.page import INCIDENT_STYLE, template
from crisiswatch.web.state import WebState

__all__ = ["Shown", "incident_routes", "render_incident"]

_NAME, _LINES = 60, 300
_FIELDS = ("step", "promise", "kind", "reason", "for", "to", "text", "due")
_NAMES = {
    Act.ACKNOWLEDGE: "button.acknowledge",
    Act.WAKE: "button.wake",
    Act.STAND_DOWN: "page.stand_down",
}
_SNOOZES = {"calm": None, "60": timedelta(hours=1), "240": timedelta(hours=4)}
_VERDICTS = {
    VerdictKind.USEFUL: "button.useful",
    VerdictKind.FALSE_ALARM: "page.a_false_alarm",
    VerdictKind.NOT_A_CRISIS: "page.none_because",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An incident to show: its document as of now, lines of its log as (when, who, what) in words of its language, and
    what there is besides. Times are told, and promised, in ``zone``."""

    document: Document
    log: Sequence[tuple[str, str, str]]
    chart: bool = False
    over: bool = False
    zone: tzinfo = UTC


def incident_routes(
    state: WebState, token: Callable[[], str] | None, read: Callable[[Request], Awaitable[bytes]]
) -> list[Route]:
    """The routes; none where the app shows no incidents."""
    if state.shown is None:
        return []
    pages = _IncidentPages(state, Forms(token, read, "incident"))
    base = f"{INCIDENT_PATH}/{{id}}"
    return [
        Route(base, pages.show),
        Route(f"{base}/chart.png", pages.chart),
        Route(f"{base}/post-mortem.md", pages.post_mortem),
        Route(f"{base}/do/{{act}}", pages.do, methods=["POST"]),
    ]


class _IncidentPages:
    """The handlers over one `WebState`."""

    def __init__(self, state: WebState, forms: Forms) -> None:
        self._state = state
        self._forms = forms

    async def show(self, request: Request) -> Response:
        return await self._page(request, dict(request.query_params))

    async def chart(self, request: Request) -> Response:
        found = await self._found(self._state.chart, request)
        return Response(found, media_type="image/png", headers={"cache-control": "no-cache"})

    async def post_mortem(self, request: Request) -> Response:
        found = await self._found(self._state.post_mortem, request)
        return Response(found.encode("utf-8", "replace"), media_type="text/markdown; charset=utf-8")

    async def do(self, request: Request) -> Response:
        """Do an act and come back to the page."""
        form = await self._forms.read(request)
        name, act = request.path_params["id"], request.path_params["act"]
        if "csrf" not in form:
            return await self._page(request, form, _Fault("page.too_old"), 403)
        if act not in set(Act) or self._state.act is None:
            raise HTTPException(404, "nobody can do that")
        if act == Act.RESOLVE and not form.get("sure"):
            return await self._page(request, form, _Fault.why("page.be_sure"), 409)
        actor = _who(form, request) or "somebody"
        detail = {field: form[field] for field in _FIELDS if form.get(field)}
        if act == Act.PROMISE:
            shown = await self._found(self._state.shown, request)
            detail["due"] = moment_in(detail.get("due", ""), shown.zone)
        try:
            said = await run_in_threadpool(self._state.act, name, act, actor, detail)
        except ActRefused as refused:
            fault = _Fault("page.not_done", refused.detail)
            return await self._page(request, form, fault, 404 if refused.missing else 409)
        except CrisiswatchError:
            said = None
        if said is None:
            return await self._page(request, form, _Fault.why("page.busy"), 503)
        by = f"?by={quote(form['by'])}" if form.get("by") else ""
        return RedirectResponse(f"{INCIDENT_PATH}/{quote(name)}{by}", 303)

    async def _page(
        self, request: Request, asked: Mapping[str, str], fault: _Fault | None = None, status: int = 200
    ) -> Response:
        shown = await self._found(self._state.shown, request)
        html = render_incident(
            shown,
            by=_who(asked, request),
            known=bool(user_of(request.headers)),
            csrf=self._forms.csrf(),
            fault="" if fault is None else fault.said(shown.document.language),
        )
        return HTMLResponse(html.encode("utf-8", "replace"), status)

    async def _found(self, ask: Callable[[str], Any] | None, request: Request) -> Any:
        try:
            found = None if ask is None else await run_in_threadpool(ask, request.path_params["id"])
        except CrisiswatchError:
            raise HTTPException(503, "the store can't be read now, try again", {"retry-after": "5"}) from None
        if found is None:
            raise HTTPException(404, "there is no such incident, or nothing of the kind")
        return found


def render_incident(shown: Shown, *, by: str, known: bool, csrf: str, fault: str = "") -> str:
    """Render the page. ``known``: the browser says who acts: nobody has to write it."""
    buttons = [name.partition(":") for name in shown.document.buttons]
    acts, lang = {name for name, _, _ in buttons}, shown.document.language
    lengths = {each for name, _, detail in buttons if name == Act.SNOOZE for each in detail.split("|")}
    say = partial(phrase, lang)
    return _template().render(
        style=INCIDENT_STYLE,
        say=say,
        document=shown.document,
        named=partial(language, lang=lang),
        path=f"{INCIDENT_PATH}/{quote(shown.document.key)}",
        log=[_line(*line) for line in shown.log[-_LINES:]],
        chart=shown.chart,
        over=shown.over,
        zone=getattr(shown.zone, "key", "UTC"),
        by=by,
        known=known,
        csrf=csrf,
        fault=fault,
        plain=[(act, say(label)) for act, label in _NAMES.items() if act in acts],
        snoozes={each: _length(length, lang) for each, length in _SNOOZES.items() if each in lengths},
        assigns=Act.ASSIGN in acts,
        closes=Act.RESOLVE in acts,
        verdicts={str(kind): say(label) for kind, label in _VERDICTS.items()} if Act.VERDICT in acts else {},
        reasons=reasons(lang),
        steps={int(detail) for name, _, detail in buttons if name == Act.STEP_DONE and detail.isdecimal()},
        kept=[int(detail) for name, _, detail in buttons if name == Act.PROMISE_KEPT and detail.isdecimal()],
        promises=not shown.over,
    )


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why nothing was done, by the key of its words, or as ``page.not_done`` with the words of a refusal."""

    key: str
    detail: str = ""
    reason: str = ""

    @classmethod
    def why(cls, reason: str) -> _Fault:
        """Not done, for the ``reason`` with this key."""
        return cls("page.not_done", reason=reason)

    def said(self, lang: str) -> str:
        return phrase(lang, self.key, why=phrase(lang, self.reason) if self.reason else self.detail)


def _length(length: timedelta | None, lang: str) -> str:
    """How long to snooze, as it stands in a list."""
    return phrase(lang, "snooze.calm") if length is None else phrase(lang, "snooze.for", length=span(length, lang))


def _line(at: str, actor: str, text: str) -> dict[str, str]:
    return {"at": at, "actor": clip(clean(actor), _NAME), "text": clip(clean(text), 400)}


def _who(asked: Mapping[str, str], request: Request) -> str:
    return clip(clean(user_of(request.headers) or asked.get("by", "")), _NAME)


@cache
def _template() -> Template:
    return template("incident.html")
