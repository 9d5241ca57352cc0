"""The page where people label: the day's sample, three buttons and a theme a mention, and what was said, to take back.

Plain forms, no script. It shows texts of mentions, so everything foreign in it is cleaned, clipped and escaped.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

from jinja2 import Template
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from crisiswatch.alerts.words import clean, clip, safe_url
from crisiswatch.errors import CrisiswatchError
from crisiswatch.web.forms import Forms
from crisiswatch.web.guard import user_of
from crisiswatch.web.page import FEEDBACK_STYLE, template
from crisiswatch.web.state import Labels, LabelView, SampleView

__all__ = ["CHOICES", "FeedbackPages", "render_feedback"]

CHOICES = {"neutral": "Not negative", "negative": "Negative", "positive": "Positive"}
"""The buttons, by label, in their order."""
SHOWN = 40
_PATH = "/feedback"
_TEXT, _EXCERPT, _NAME = 1500, 160, 60
_TOO_OLD = "This page was too old to be taken. Please press again."
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class FeedbackPages:
    """The handlers; ``token`` and ``read`` as in `Forms`."""

    def __init__(
        self, labels: Labels, token: Callable[[], str] | None, read: Callable[[Request], Awaitable[bytes]]
    ) -> None:
        self._labels = labels
        self._forms = Forms(token, read, "feedback")

    async def show(self, request: Request) -> Response:
        """The page; ``by`` is who labels, ``brand`` which sample, ``after`` the number of the mention dealt with."""
        return await self._page(dict(request.query_params), request)

    async def label(self, request: Request) -> Response:
        """Store one label and come back to the mention after it."""
        form = await self._forms.read(request)
        if "csrf" not in form:
            return await self._page(form, request, _TOO_OLD, 403)
        label = form.get("label", "")
        if label not in CHOICES:
            raise HTTPException(400, f"a label is one of: {', '.join(CHOICES)}")
        return await self._say(self._labels.give, label, form, request)

    async def theme(self, request: Request) -> Response:
        """Store what a mention is about and come back to it."""
        form = await self._forms.read(request)
        if "csrf" not in form:
            return await self._page(form, request, _TOO_OLD, 403)
        return await self._say(self._labels.sort, form.get("theme", ""), form, request)

    async def _say(
        self, say: Callable[[str, str, str, str], str], what: str, form: Mapping[str, str], request: Request
    ) -> Response:
        actor = _who(form, request) or "somebody"
        try:
            why = await run_in_threadpool(say, form.get("brand", ""), form.get("uid", ""), what, actor)
        except CrisiswatchError:
            return await self._page(form, request, "Not saved: the store can't be written now. Try again.", 503)
        if why:
            return await self._page(form, request, f"Not saved: {why}.", 409)
        return _back(form)

    async def undo(self, request: Request) -> Response:
        """Take one label back."""
        form = await self._forms.read(request)
        if "csrf" not in form:
            return await self._page(form, request, _TOO_OLD, 403)
        try:
            known = await run_in_threadpool(self._labels.undo, _number(form, "number"))
        except CrisiswatchError:
            return await self._page(form, request, "Not taken back: the store can't be written now.", 503)
        return _back(form) if known else await self._page(form, request, "There is no such label.", 404)

    async def _page(self, asked: Mapping[str, str], request: Request, fault: str = "", status: int = 200) -> Response:
        def build() -> str:
            return render_feedback(
                self._labels.sample(),
                self._labels.given(SHOWN),
                self._labels.themes(),
                by=_who(asked, request),
                known=bool(user_of(request.headers)),
                brand=asked.get("brand", ""),
                after=_number(asked, "after"),
                csrf=self._forms.csrf(),
                fault=fault,
            )

        try:
            html = await run_in_threadpool(build)
        except CrisiswatchError:
            raise HTTPException(503, "the store can't be read now, try again", {"retry-after": "5"}) from None
        return HTMLResponse(html.encode("utf-8", "replace"), status)


def _back(form: Mapping[str, str]) -> Response:
    """The page again, by GET, so that loading it anew sends nothing twice."""
    kept = {name: form[name] for name in ("by", "brand", "after") if form.get(name)}
    return RedirectResponse(f"{_PATH}?{urlencode(kept)}" if kept else _PATH, 303)


def _who(asked: Mapping[str, str], request: Request) -> str:
    """Who labels: the user the browser was told with the token, else the name on the page."""
    return clip(clean(user_of(request.headers) or asked.get("by", "")), _NAME)


def _number(asked: Mapping[str, str], name: str) -> int:
    found = asked.get(name, "")
    return int(found) if _NUMBER.fullmatch(found) else 0


def render_feedback(
    sample: Sequence[SampleView],
    given: Sequence[LabelView],
    themes: Mapping[str, str],
    *,
    by: str,
    known: bool,
    brand: str,
    after: int,
    csrf: str,
    fault: str = "",
) -> str:
    """Render the page.

    ``themes`` are the names to choose from, by id. ``known``: the browser says who labels: nobody has to write it.
    """
    brands = _brands(sample)
    chosen = brand if brand in {each["id"] for each in brands} else next((b["id"] for b in brands if b["left"]), "")
    chosen = chosen or next((each["id"] for each in brands), "")
    names = {theme: clip(clean(name), _NAME) for theme, name in themes.items()}
    shown = [_card(each, names) for each in sample if each["brand"] == chosen]
    return _template().render(
        style=FEEDBACK_STYLE,
        choices=CHOICES,
        themes=names,
        cards=shown,
        current=_current(shown, after),
        brands=brands,
        brand=chosen,
        by=by,
        known=known,
        csrf=csrf,
        fault=fault,
        given=[_row(each) for each in given],
    )


def _brands(sample: Sequence[SampleView]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for each in sample:
        one = found.setdefault(each["brand"], {"id": each["brand"], "name": clean(each["name"]), "all": 0, "left": 0})
        one["all"] += 1
        one["left"] += each["label"] is None
    return list(found.values())


def _current(cards: Sequence[Mapping[str, Any]], after: int) -> int:
    """The number of the mention to label next: the first without a label after ``after``, else from the top."""
    open_ = [number for number, card in enumerate(cards, 1) if card["label"] is None]
    return next((number for number in open_ if number > after), open_[0] if open_ else 0)


def _card(each: SampleView, themes: Mapping[str, str]) -> dict[str, Any]:
    return {
        **each,
        "text": clip(clean(each["text"]), _TEXT) or "(no text)",
        "lang": each["lang"] if _TAG.fullmatch(each["lang"]) else "",
        "source": clip(clean(each["source"]), 40),
        "url": safe_url(each["url"]),
        "actor": clip(clean(each["actor"]), _NAME),
        "about": themes.get(each["theme"] or "", each["theme"]),
        "themed_by": clip(clean(each["themed_by"]), _NAME),
    }


def _row(each: LabelView) -> dict[str, Any]:
    return {
        **each,
        "text": clip(clean(each["text"]), _EXCERPT) or "(its text is no longer kept)",
        "actor": clip(clean(each["actor"]), _NAME),
        "words": CHOICES.get(each["label"], each["label"]) or f"about: {clip(clean(each['theme']), _NAME)}",
    }


@cache
def _template() -> Template:
    return template("feedback.html")
