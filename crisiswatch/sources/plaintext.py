"""Plain text out of HTML, for sources that send HTML (feeds, mail)."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

__all__ = ["plain_text"]

# fmt: off
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table",
    "td", "th", "tr", "ul",
})
# fmt: on
_SILENT = frozenset({"script", "style", "template", "noscript"})
_LONGEST = 200_000
_TAG = re.compile("</?[A-Za-z][^<>]*>")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n\s*")


def plain_text(html: str) -> str:
    """The words of a piece of HTML: tags dropped, entities decoded, one line for each block. Never raises.

    What lies beyond 200,000 characters is not looked at.
    """
    html = html[:_LONGEST]
    if "<" not in html and "&" not in html:
        return _tidy(html)
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:  # what html.parser of Python 3.11 does with "<![0"
        return _tidy(unescape(_TAG.sub(" ", html)))
    return _tidy("".join(reader.parts))


def _tidy(text: str) -> str:
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


class _Reader(HTMLParser):
    """Collects the text between the tags; what stands in scripts and styles is not text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
