"""Slack's documented limits on messages and blocks, as its server enforces them: the error code it would answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["blocks_error", "files_of", "message_error"]

_ENTITY_OK = re.compile(r"&(?!amp;|lt;|gt;)")
_BLOCKS, _TOTAL, _TEXT, _METADATA = 50, 13_200, 40_000, 16_000

Json = Mapping[str, Any]


def message_error(arguments: Json) -> str | None:
    """The error code Slack answers for these arguments of chat.postMessage or chat.update; None if it takes them."""
    blocks = arguments.get("blocks") or []
    text = arguments.get("text") or ""
    metadata = json.dumps(arguments.get("metadata") or {})
    faults = (
        ("no_text", not blocks and not text),
        ("msg_too_long", length(text) > _TEXT),
        ("metadata_too_large", len(metadata) > _METADATA),
    )
    return next((code for code, wrong in faults if wrong), None) or blocks_error(blocks)


def blocks_error(blocks: Sequence[Json]) -> str | None:
    """The error code for these blocks, by themselves; None if Slack takes them."""
    faults = (
        ("invalid_blocks", len(blocks) > _BLOCKS or not _ids_fit(blocks)),
        ("msg_blocks_too_long", length(json.dumps(blocks, ensure_ascii=False)) > _TOTAL),
        ("invalid_blocks", not all(_block_fits(block) for block in blocks)),
    )
    return next((code for code, wrong in faults if wrong), None)


def files_of(blocks: Sequence[Json]) -> list[str]:
    """The ids of Slack's own files that blocks show."""
    return [str(block["slack_file"].get("id")) for block in blocks if "slack_file" in block]


def _ids_fit(blocks: Sequence[Json]) -> bool:
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    return len(ids) == len(set(ids)) and all(0 < len(name) <= 255 for name in ids)


def length(text: str) -> int:
    """UTF-16 units."""
    if text.isascii():
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)


def _text_fits(text: object, limit: int, kinds: Sequence[str] = ("mrkdwn", "plain_text")) -> bool:
    if not isinstance(text, Mapping) or text.get("type") not in kinds:
        return False
    words = text.get("text")
    if not isinstance(words, str) or not 0 < length(words) <= limit:
        return False
    # mrkdwn with a bare ampersand is taken by Slack, but nothing of ours should ever send one
    return text["type"] != "mrkdwn" or not _ENTITY_OK.search(words)


def _header(block: Json) -> bool:
    return _text_fits(block.get("text"), 150, ("plain_text",))


def _section(block: Json) -> bool:
    text, fields = block.get("text"), block.get("fields")
    if text is None and not fields:
        return False
    if text is not None and not _text_fits(text, 3_000):
        return False
    if "accessory" in block and not _element(block["accessory"]):
        return False
    return fields is None or (0 < len(fields) <= 10 and all(_text_fits(field, 2_000) for field in fields))


def _context(block: Json) -> bool:
    elements = block.get("elements") or []
    return 0 < len(elements) <= 10 and all(
        element.get("type") == "image" or _text_fits(element, 3_000) for element in elements
    )


def _actions(block: Json) -> bool:
    elements = block.get("elements") or []
    names = [element.get("action_id") for element in elements]
    return 0 < len(elements) <= 25 and len(names) == len(set(names)) and all(map(_element, elements))


def _image(block: Json) -> bool:
    """A public address or one of Slack's own files by id or address, never two of them."""
    file = block.get("slack_file")
    named = [block.get("image_url"), *(file.values() if isinstance(file, Mapping) else ())]
    alt = block.get("alt_text", "")
    return len([each for each in named if each]) == 1 and isinstance(alt, str) and 0 < length(alt) <= 2_000


def _divider(block: Json) -> bool:
    return set(block) <= {"type", "block_id"}


def _element(element: Json) -> bool:
    """What can be pressed, in a row or beside a text."""
    check = _ELEMENTS.get(str(element.get("type")))
    name = element.get("action_id", "")
    return check is not None and 0 < len(name) <= 255 and check(element) and _confirm(element.get("confirm"))


def _plain(text: object, limit: int) -> bool:
    return _text_fits(text, limit, ("plain_text",))


def _button(element: Json) -> bool:
    value = element.get("value", "-")
    style = element.get("style", "primary")
    return _plain(element.get("text"), 75) and 0 < length(value) <= 2_000 and style in ("primary", "danger")


def _options(element: Json, most: int) -> bool:
    options = element.get("options") or []
    return (
        0 < len(options) <= most
        and all(_plain(each.get("text"), 75) for each in options)
        and all(0 < length(each.get("value", "")) <= 150 for each in options)
    )


def _confirm(dialog: object) -> bool:
    if dialog is None:
        return True
    limits = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
    return isinstance(dialog, Mapping) and all(_plain(dialog.get(name), limit) for name, limit in limits.items())


_ELEMENTS: dict[str, Callable[[Json], bool]] = {
    "button": _button,
    "overflow": lambda element: _options(element, 5),
    "static_select": lambda element: _options(element, 100) and _plain(element.get("placeholder"), 150),
    "users_select": lambda element: _plain(element.get("placeholder"), 150),
}

_KINDS: dict[str, Callable[[Json], bool]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "image": _image,
}


def _block_fits(block: Json) -> bool:
    check = _KINDS.get(str(block.get("type")))
    return check is not None and check(block)
