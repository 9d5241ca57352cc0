"""An alert as Slack blocks, within Slack's limits whatever is in it (reference: Slack's Block Kit pages).

Foreign text is escaped, put in ``verbatim`` objects and measured after escaping, so that a post can neither ping a
channel nor break a message. Lengths are counted in UTF-16 units, the strictest way Slack may count them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from crisiswatch.alerts.document import Document, Quote, Task
from crisiswatch.alerts.words import clean, sparkline
from crisiswatch.notifiers.slack_labels import menu

__all__ = ["TOTAL_LIMIT", "blocks_for", "escape", "fallback_text", "reply_blocks"]

TOTAL_LIMIT = 12_500
"""Characters of all blocks together as JSON; Slack refuses somewhere above 13,200 without documenting it."""

_SECTION_LIMIT = 2_900
_DOTS = {
    "critical": "\N{LARGE RED CIRCLE}",
    "warning": "\N{LARGE ORANGE CIRCLE}",
    "watch": "\N{LARGE YELLOW CIRCLE}",
    "calming": "\N{LARGE BLUE CIRCLE}",
    "resolved": "\N{LARGE GREEN CIRCLE}",
}
_MARKS = {True: "✓", False: "✗", None: "?"}
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

Json = dict[str, Any]


def escape(text: str, limit: int) -> str:
    """Foreign text for mrkdwn: cleaned, ``& < >`` escaped, and clipped to `limit` UTF-16 units after escaping."""
    parts = [_ENTITIES.get(char, char) for char in clean(text)]
    sizes = [_units(part) for part in parts]
    if sum(sizes) <= limit:
        return "".join(parts)
    room, kept = limit - 1, 0
    for size in sizes:
        if size > room:
            break
        room -= size
        kept += 1
    return "".join(parts[:kept]).rstrip() + "…"


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _plain(text: str, limit: int) -> str:
    """Plain text objects are not parsed, so nothing is escaped; only the length counts."""
    text = clean(text)
    while _units(text) > limit:
        text = text[: len(text) - max((_units(text) - limit) // 2, 1) - 1].rstrip() + "…"
    return text or "-"


def fallback_text(document: Document) -> str:
    """What notifications and screen readers show."""
    return escape(f"{document.banner}: {document.headline}. {document.summary}", 900)


def blocks_for(document: Document, tag: str, *, menus: bool = False) -> list[Json]:
    """The incident's one message. `tag` makes the block ids new at each edit, as Slack asks.

    With `menus` each post has one to label it, unless the message would be too long with them: they go first.
    """
    parts: list[tuple[int, Callable[[], list[Block]]]] = [
        (0, lambda: _head(document)),
        (0, lambda: _notices(document)),
        (1, lambda: _facts(document)),
        (5, lambda: _trend(document)),
        (2, lambda: _steps(document)),
        (4, lambda: _posts(document, menus=menus)),
        (3, lambda: _why(document)),
        (1, lambda: _foot(document)),
    ]
    built = [(rank, make()) for rank, make in parts]
    if menus and _size([block for _, group in built for block in group]) > TOTAL_LIMIT:
        return blocks_for(document, tag)
    while _size([block for _, group in built for block in group]) > TOTAL_LIMIT:
        worst = max(rank for rank, group in built if group)
        built = [(rank, [] if rank == worst else group) for rank, group in built]
    return _tagged([block for _, group in built for block in group], tag)


def reply_blocks(document: Document, tag: str) -> list[Json]:
    """A short message for the thread: what changed, with the few figures that say how much."""
    blocks = [_text(f"{_DOTS[document.mood]} *{escape(document.headline, 300)}*\n{escape(document.summary, 1200)}")]
    figures = " · ".join(f"{escape(fact.label, 60)}: *{escape(fact.value, 150)}*" for fact in document.facts[:4])
    if figures:
        blocks.append(_small(figures))
    return _tagged(blocks, tag)


def _tagged(blocks: Sequence[Block], tag: str) -> list[Json]:
    made: list[Json] = []
    for number, block in enumerate(blocks[:50]):
        made.append({**block.to_dict(), "block_id": f"{tag[-250:]}:{number}"})
    return made


def _size(blocks: Sequence[Block]) -> int:
    return _units(json.dumps([block.to_dict() for block in blocks], ensure_ascii=False))


def _text(mrkdwn: str) -> Block:
    return SectionBlock(text=MarkdownTextObject(text=mrkdwn or "-", verbatim=True))


def _small(mrkdwn: str) -> Block:
    return ContextBlock(elements=[MarkdownTextObject(text=mrkdwn or "-", verbatim=True)])


def _head(document: Document) -> list[Block]:
    title = _plain(document.headline, 145)
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=f"{_DOTS[document.mood]} {title}", emoji=True))]
    line = f"*{escape(document.banner, 60)}*"
    if document.status:
        line += f"  ·  {escape(document.status, 400)}"
    blocks.append(_small(line))
    if document.summary:
        blocks.append(_text(escape(document.summary, 1200)))
    return blocks


def _notices(document: Document) -> list[Block]:
    lines = [f":warning: *{escape(warning, 300)}*" for warning in document.warnings]
    if document.note:
        lines.append(f":seedling: {escape(document.note, 300)}")
    return [_text("\n".join(lines))] if lines else []


def _facts(document: Document) -> list[Block]:
    if not document.facts:
        return []
    fields = [
        MarkdownTextObject(text=f"*{escape(fact.label, 60)}*\n{escape(fact.value, 200)}", verbatim=True)
        for fact in document.facts[:10]
    ]
    return [SectionBlock(fields=fields)]


def _trend(document: Document) -> list[Block]:
    if not any(document.trend):
        return []
    minutes = 5 * min(len(document.trend), 48)
    return [_small(f"`{sparkline(document.trend)}`  the last {minutes} minutes in steps of five")]


def _why(document: Document) -> list[Block]:
    lines = [f"{_MARKS[reason.held]}  {escape(reason.sentence, 240)}" for reason in document.why]
    if not lines and not document.because and not document.story:
        return []
    head = "*Why this alert*" + (f"\n_{escape(document.because, 300)}_" if document.because else "")
    head += f"\n{escape(document.story, 500)}" if document.story else ""
    return [DividerBlock(), *_lines(head, lines)]


def _posts(document: Document, *, menus: bool) -> list[Block]:
    if not document.posts:
        return []
    head = "*What people say*"
    if document.themes:
        head += "\nThemes: " + ", ".join(f"*{escape(theme, 60)}*" for theme in document.themes)
    if not menus:
        return [DividerBlock(), *_lines(head, [_quote(post) for post in document.posts])]
    head += "\n_What does each mean for the brand? Say so with the ⋯ beside it: crisiswatch learns from that._"
    return [DividerBlock(), _text(head), *(_post(post) for post in document.posts)]


def _post(post: Quote) -> Block:
    text = MarkdownTextObject(text=_quote(post).rstrip("\n"), verbatim=True)
    return SectionBlock(text=text, accessory=menu(post.uid) if post.uid else None)


def _quote(post: Quote) -> str:
    byline = escape(post.byline, 200)
    if post.url:
        byline = f"<{post.url.replace('&', '&amp;').replace('|', '%7C')}|{byline}>"
    return f"> {escape(post.text, 400)}\n> {byline}\n"


def _steps(document: Document) -> list[Block]:
    if not document.steps:
        return []
    lines = [f"{number}.  {_task(task)}" for number, task in enumerate(document.steps, 1)]
    return [DividerBlock(), *_lines("*What to do now*", lines)]


def _task(task: Task) -> str:
    details = " · ".join(escape(part, 100) for part in (task.role, task.due) if part)
    return f"{escape(task.step, 320)}  ·  _{details}_" if details else escape(task.step, 320)


def _foot(document: Document) -> list[Block]:
    if not document.footer:
        return []
    *lines, command = (escape(line, 250) for line in document.footer)
    return [_small("  ·  ".join([*lines, f"`{command.replace('`', '')}`"]))]


def _lines(head: str, lines: Sequence[str]) -> list[Block]:
    """Sections that hold `head` and `lines`, each section within its limit."""
    sections: list[Block] = []
    text = head
    for line in lines:
        if _units(text) + _units(line) + 1 > _SECTION_LIMIT:
            sections.append(_text(text))
            text = line
        else:
            text = f"{text}\n{line}"
    return [*sections, _text(text)]
