"""Words as Slack's text objects: escaped, measured and cut as Slack counts, and never able to ping anybody.

Lengths are UTF-16 units, the strictest way Slack may count them (reference: Slack's Block Kit pages).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    InteractiveElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from crisiswatch.alerts.words import clean

__all__ = ["PERSON", "escape", "lines", "link", "named", "plain", "section", "small", "struck", "title", "units"]

PERSON = re.compile(r"[UW][A-Z0-9]{4,30}")
"""A person's id in Slack."""

_SECTION_LIMIT = 2_900
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # & first


def units(text: str) -> int:
    """How long Slack finds a text."""
    if text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)


def escape(text: str, limit: int) -> str:
    """Foreign text for mrkdwn: cleaned, ``& < >`` escaped, and clipped to `limit` UTF-16 units after escaping."""
    text = clean(text)[: limit + 1]  # a character is a unit at least
    whole = _escaped(text)
    if units(whole) <= limit:
        return whole
    room, kept = limit - 1, 0
    for char in text:
        size = len(_ENTITIES.get(char, "")) or units(char)
        if size > room:
            break
        room -= size
        kept += 1
    return _escaped(text[:kept]).rstrip() + "…"


def _escaped(text: str) -> str:
    for char, entity in _ENTITIES.items():
        text = text.replace(char, entity)
    return text


def plain(text: str, limit: int) -> str:
    """Plain text objects are not parsed, so nothing is escaped; only the length counts."""
    text = clean(text)
    while units(text) > limit:
        text = text[: len(text) - max((units(text) - limit) // 2, 1) - 1].rstrip() + "…"
    return text or "-"


def title(text: str, limit: int = 75) -> PlainTextObject:
    """The words on a button or in a list."""
    return PlainTextObject(text=plain(text, limit), emoji=True)


def named(words: str, people: Collection[str]) -> str:
    """Escaped ``words`` with the ids of these ``people`` as Slack shows a person. Only for words of our own."""
    for person in people:
        if PERSON.fullmatch(person):
            words = re.sub(rf"\b{person}\b", f"<@{person}>", words)
    return words


def struck(words: str) -> str:
    """Escaped ``words`` struck through."""
    inside = words.replace("~", "\N{TILDE OPERATOR}")
    return f"~{inside}~" if inside else ""


def link(url: str, words: str) -> str:
    """Escaped ``words`` that lead to ``url``, an address that is safe to link."""
    return f"<{url.replace('&', '&amp;').replace('|', '%7C')}|{words.replace('|', '¦')}>"


def section(mrkdwn: str, accessory: InteractiveElement | None = None) -> Block:
    """A paragraph, perhaps with something to press beside it."""
    return SectionBlock(text=MarkdownTextObject(text=mrkdwn or "-", verbatim=True), accessory=accessory)


def small(mrkdwn: str) -> Block:
    """A small grey line."""
    return ContextBlock(elements=[MarkdownTextObject(text=mrkdwn or "-", verbatim=True)])


def lines(head: str, rows: Sequence[str]) -> list[Block]:
    """Sections that hold ``head`` and ``rows``, each section within its limit."""
    sections: list[Block] = []
    text = head
    for row in rows:
        if text and units(text) + units(row) + 1 > _SECTION_LIMIT:
            sections.append(section(text))
            text = row
        else:
            text = f"{text}\n{row}" if text else row
    return [*sections, section(text)] if text else sections
