"""An alert as Slack blocks, within Slack's limits whatever is in it (reference: Slack's Block Kit pages).

The order is that of a person who reads it on a phone at night: what it is, how bad it is against what is usual, who has
it and the buttons to take it, what to do by when; then what people say, and why it was told at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_sdk.models.blocks import Block, HeaderBlock

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import exact, language
from crisiswatch.model import Act, Notice, Stage
from crisiswatch.notifiers import blockkit_parts as parts
from crisiswatch.notifiers.blockkit_text import escape, lines, link, named, section, small, title, units
from crisiswatch.notifiers.slack_acts import actions, offers, verdicts

__all__ = [
    "TOTAL_LIMIT",
    "blocks_for",
    "escape",
    "fallback_text",
    "notice_blocks",
    "notice_text",
    "reply_blocks",
    "statement_blocks",
]

TOTAL_LIMIT = 12_500
"""Characters of all blocks together as JSON; Slack refuses somewhere above 13,200 without documenting it."""

_BLOCKS = 50

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Room:
    """How much of each part there is room for. ``buttons``: somebody hears them."""

    buttons: bool
    labels: bool
    picture: bool = True
    trend: bool = True
    why: int = 2
    posts: int = 5
    quote: int = 400
    facts: int = 10
    fact: int = 200
    step_buttons: int = 12
    steps: int = 12
    step: int = 320
    promises: int = 10
    summary: int = 1_200
    notices: int = 300


def _rooms(*, buttons: bool) -> Iterator[_Room]:
    """From all the room in the world to hardly any: what people can best do without goes first."""
    room = _Room(buttons=buttons, labels=buttons)
    yield room
    for change in (
        {"labels": False},
        {"why": 1, "posts": 4},
        {"posts": 3, "quote": 240},
        {"step_buttons": 5},
        {"trend": False, "why": 0},
        {"posts": 2, "quote": 160},
        {"posts": 0},
        {"step_buttons": 1, "promises": 3},
        {"facts": 6, "fact": 100, "notices": 150},
        {"steps": 6, "step": 160, "step_buttons": 0},
        {"summary": 400},
        {"steps": 3, "step": 80, "promises": 0, "facts": 4},
        {"steps": 0, "notices": 80, "picture": False, "buttons": False},
    ):
        room = replace(room, **change)
        yield room


def fallback_text(document: Document) -> str:
    """What notifications and screen readers show."""
    drill = f"{phrase(document.language, 'exercise')} " if document.drill else ""
    said = document.reminder if document.stage is Stage.REMINDED and document.reminder else document.summary
    return escape(f"{drill}{document.banner}: {document.headline}. {said}", 900)


def blocks_for(
    document: Document, tag: str, *, menus: bool = False, people: Collection[str] = (), picture: str = ""
) -> list[Json]:
    """The incident's one message. `tag` makes the block ids new at each edit, as Slack asks.

    With `menus` somebody hears what is pressed: there are the document's buttons, and each post has a menu to label
    it. `people` are ids in Slack to show as the persons they are; `picture` is the id of the chart's file. What there
    is no room for is left out, the least needed first.
    """
    made: list[Json] = []
    for room in _rooms(buttons=menus):
        made = _tagged(_message(document, room, people, picture), tag)
        if len(made) <= _BLOCKS and _size(made) <= TOTAL_LIMIT:
            break
    return made[:_BLOCKS]


def reply_blocks(document: Document, tag: str, *, people: Collection[str] = (), call: str = "") -> list[Json]:
    """A short message for the thread: what changed, with the few figures that say how much, or who has to look.

    `call` is the id in Slack of a person to be called by it.
    """
    if document.stage is Stage.REMINDED:
        who = f"<@{call}> " if call else ""
        said = named(escape(document.reminder or document.summary, 1200), people)
        blocks = [section(f"{parts.CLOCK} {parts.drill(document)}{who}*{said}*")]
        return _tagged([*blocks, *_whose(document, people)], tag)
    dot = parts.DOTS[document.mood]
    head = f"{dot} {parts.drill(document)}*{escape(document.headline, 300)}*\n{escape(document.summary, 1200)}"
    blocks = [section(head)]
    if document.reminder:
        blocks.append(section(f"{parts.CLOCK} *{named(escape(document.reminder, 1200), people)}*"))
    if document.stage is Stage.CALMING and str(Act.STAND_DOWN) in document.buttons:
        say = partial(phrase, document.language)
        blocks.append(section(f"*{say('waits_for_you')}*: {say('button_above')}"))
    blocks += parts.criteria(document, 8, 300)
    figures = " · ".join(f"{escape(fact.label, 60)}: *{escape(fact.value, 150)}*" for fact in document.facts[:4])
    if figures:
        blocks.append(small(figures))
    return _tagged([*blocks, *_whose(document, people)], tag)


def statement_blocks(document: Document, tag: str) -> list[Json]:
    """The holding statements for the thread, each in its language, to be copied by a person."""
    say = partial(phrase, document.language)
    head = f"{parts.drill(document)}*{say('holding')}*\n_{say('never')}_"
    rows = []
    for tongue, words in document.statements[:6]:
        quoted = "\n> ".join(escape(line, 1_000) for line in words.strip().split("\n")[:12])
        rows.append(f"\n*{escape(language(tongue, document.language), 60)}*\n> {quoted}")
    return _tagged(lines(head, rows), tag)


def notice_text(notice: Notice) -> str:
    """What notifications show of a message that is about no single incident."""
    return escape(f"{notice.headline}. {' '.join(notice.lines[:3])}", 900)


def notice_blocks(notice: Notice, tag: str) -> list[Json]:
    """A digest, a storm's summary or a silence: a headline and its lines, as many as there is room for."""
    head: list[Block] = [HeaderBlock(text=title(notice.headline, 148))]
    say = partial(phrase, notice.language)
    foot = [small(link(notice.link, say("open_page")))] if notice.link else []
    told = [escape(line, 400) for line in notice.lines]
    for shown in (60, 30, 15, 8, 4, 2, 0):
        rest = len(told) - shown
        rows = [*told[:shown], *([f"_{say('and_more', n=exact(rest, notice.language))}_"] if rest > 0 else [])]
        made = _tagged([*head, *lines("", rows), *foot], tag)
        if _size(made) <= TOTAL_LIMIT:
            break
    return made


def _message(document: Document, room: _Room, people: Collection[str], picture: str) -> list[Block]:
    offered = offers(document.buttons) if room.buttons else {}
    incident = document.key
    over = document.stage is Stage.RESOLVED
    blocks = [
        *parts.head(document, room.summary),
        *parts.notices(document, room.notices),
        *parts.figures(document, room.facts, room.fact),
    ]
    if picture and room.picture:
        blocks += parts.chart(document, picture)
    elif room.trend:
        blocks += parts.trend(document)
    blocks += parts.whose(document, people)
    blocks += parts.criteria(document, room.steps, room.step)
    if not over:
        blocks += actions(offered, incident, document.language)
    buttons = room.step_buttons if room.buttons else 0
    blocks += parts.steps(document, offered, people, shown=room.steps, buttons=buttons, limit=room.step)
    blocks += parts.promises(document, offered, people, shown=room.promises)
    told = parts.more_figures(document, room.facts, room.fact)
    blocks += parts.posts(document, told, menus=room.labels, shown=room.posts, limit=room.quote)
    blocks += parts.why(document, room.why)
    if rated := verdicts(offered, incident, document.language):
        blocks += [*parts.verdict_head(document.language, over=over), *rated]
    return [*blocks, *parts.foot(document)]


def _whose(document: Document, people: Collection[str]) -> list[Block]:
    return [small(named(escape(document.status, 400), people))] if document.status else []


def _tagged(blocks: Sequence[Block], tag: str) -> list[Json]:
    """Blocks with ids where something can be pressed: they say of which incident it is, and the rest saves the room."""
    made = []
    for number, block in enumerate(blocks):
        shown = block.to_dict()
        if shown["type"] == "actions" or "accessory" in shown:
            shown["block_id"] = f"{tag[-250:]}:{number}"
        made.append(shown)
    return made


def _size(blocks: Sequence[Json]) -> int:
    return units(json.dumps(blocks, ensure_ascii=False))
