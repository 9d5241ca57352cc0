"""An alert as one HTML page for mail programs: inline styles, no pictures, narrow screens and dark mode in mind."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from crisiswatch.alerts.document import Document

__all__ = ["page"]

_COLOURS = {
    "critical": "#c62828",
    "warning": "#c2570c",
    "watch": "#8a6d00",
    "calming": "#1565c0",
    "resolved": "#2e7d32",
}
_BARS = 36
_BAR_PIXELS = 56


def page(document: Document) -> str:
    """The whole HTML document; all text from `document` is escaped."""
    return _template().render(
        document=document,
        colour=_COLOURS[document.mood],
        big=document.facts[:3],
        rest=document.facts[3:],
        bars=_bars(document.trend),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("crisiswatch.notifiers", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("email.html")


def _bars(trend: tuple[int, ...]) -> list[int]:
    """Heights in pixels, the tallest bar full; empty where there is nothing to draw."""
    shown = [max(value, 0) for value in trend[-_BARS:]]
    top = max(shown, default=0)
    return [max(value * _BAR_PIXELS // top, 2) for value in shown] if top else []
