"""An alert as one HTML page for mail programs: tables and inline styles, narrow screens and dark mode in mind.

All figures are in the text, so that it is whole where pictures are blocked. Word draws mails in Outlook: it knows no
padding of blocks and no largest width, which is why everything sits in cells.
"""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import clean, clip, exact, language, safe_url
from crisiswatch.model import Notice

__all__ = ["notice_page", "page"]

_COLOURS = {
    "critical": "#c62828",
    "warning": "#b8500a",
    "watch": "#8a6d00",
    "calming": "#1565c0",
    "resolved": "#2e7d32",
}
_NOTICE_COLOUR = "#3f5468"
_BARS = 36
_BAR_PIXELS = 56


def page(document: Document, *, picture: str = "", take: str = "") -> str:
    """The whole HTML document; all text from `document` is escaped.

    ``picture`` is the address of the chart (``cid:...``); without one, bars are drawn of table cells. ``take`` is the
    address behind the button with which somebody takes the incident.
    """
    return _template("email.html").render(
        document=document,
        lang=document.language,
        named=partial(language, lang=document.language),
        say=partial(phrase, document.language),
        drill=document.drill_line if document.drill else "",
        drill_word=document.drill_word,
        colour=_COLOURS[document.mood],
        picture=picture,
        alternative=_described(document),
        take=take,
        big=document.facts[:3],
        rest=document.facts[3:],
        bars=[] if picture else _bars(document.trend),
    )


def notice_page(notice: Notice, *, drill: bool = False) -> str:
    """The whole HTML document of a notice; all its text is escaped."""
    return _template("notice.html").render(
        headline=clip(clean(notice.headline), 150),
        lines=[clip(clean(line), 1000) for line in notice.lines],
        link=safe_url(notice.link) or "",
        banner=phrase(notice.language, f"notice.{notice.kind}") or phrase(notice.language, "notice.other"),
        drill=phrase(notice.language, "drill") if drill else "",
        drill_word=phrase(notice.language, "drill_word"),
        lang=notice.language,
        say=partial(phrase, notice.language),
        colour=_NOTICE_COLOUR,
    )


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("crisiswatch.notifiers", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _described(document: Document) -> str:
    """The chart in words, for who can't see it."""
    if not document.trend:
        return ""
    lang, span = document.language, str(len(document.trend) * 5)
    last, most = exact(document.trend[-1], lang), exact(max(document.trend), lang)
    return phrase(lang, "trend_told", n=span, last=last, most=most)


def _bars(trend: tuple[int, ...]) -> list[int]:
    """Heights in pixels, the tallest bar full; empty where there is nothing to draw."""
    shown = [max(value, 0) for value in trend[-_BARS:]]
    top = max(shown, default=0)
    return [max(value * _BAR_PIXELS // top, 2) for value in shown] if top else []
