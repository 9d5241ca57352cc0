"""Slack blocks as an HTML page that looks like the message in Slack: for pictures in the documentation, and for tests.

Knows the blocks that crisiswatch sends; anything else raises KeyError, so that a picture never lies by omission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["mrkdwn_to_html", "page"]

Json = Mapping[str, Any]

_TOKEN = re.compile(r"<([^<>]*)>")
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])")
_ITALIC = re.compile(r"(?<![\w_])_(\S(?:[^_\n]*\S)?)_(?![\w_])")
_EMOJI = {":warning:": "\N{WARNING SIGN}\ufe0f", ":seedling:": "\N{SEEDLING}"}

_STYLE = """
:root { color-scheme: light; }
body {
  margin: 0; background: #fff; color: #1d1c1d;
  font: 15px/1.47 Lato, 'Slack-Lato', Inter, 'Noto Color Emoji', sans-serif;
}
.message { display: flex; gap: 10px; padding: 16px 22px; max-width: 720px; }
.avatar {
  flex: none; width: 36px; height: 36px; border-radius: 7px; background: #0b1f3a; color: #fff;
  font-weight: 900; letter-spacing: -.5px; display: flex; align-items: center; justify-content: center;
}
.body { min-width: 0; flex: 1; overflow-wrap: anywhere; }
.who { font-weight: 900; }
.app {
  background: #e8e8e8; color: #616061; font-size: 10px; font-weight: 700; border-radius: 2px;
  padding: 1px 4px; margin: 0 6px; vertical-align: 1px;
}
.time { color: #616061; font-size: 12px; }
h3 { font-size: 18px; line-height: 1.33; font-weight: 900; margin: 8px 0 4px; }
.section { margin: 8px 0; }
.beside { display: flex; gap: 12px; align-items: flex-start; justify-content: space-between; }
.beside blockquote, .beside .section { margin: 4px 0; }
.overflow {
  flex: none; border: 1px solid #c9c9c9; border-radius: 4px; padding: 0 10px; font-weight: 900; line-height: 26px;
  margin-top: 4px; color: #616061;
}
.context { margin: 6px 0; font-size: 13px; color: #616061; }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 20px; margin: 10px 0; }
hr { border: 0; border-top: 1px solid #ddd; margin: 14px 0; }
blockquote { margin: 8px 0; padding: 0 0 0 14px; border-left: 4px solid #ddd; }
code {
  font: 12px/1.5 'DejaVu Sans Mono', monospace; color: #c01343; background: #f8f8f8;
  border: 1px solid #e2e2e2; border-radius: 3px; padding: 1px 3px;
}
a { color: #1264a3; text-decoration: none; }
.mention { background: #fff1c9; color: #1264a3; padding: 0 2px; }
.replies { font-size: 13px; font-weight: 700; color: #1264a3; margin-top: 8px; }
"""


def page(blocks: Sequence[Json], *, name: str = "crisiswatch", time: str = "9:15 AM", replies: int = 0) -> str:
    """A whole HTML document with one message; `replies` is the count shown under it."""
    body = "".join(_KINDS[block["type"]](block) for block in blocks)
    thread = f'<div class="replies">{replies} {"reply" if replies == 1 else "replies"}</div>' if replies else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(name)}</title>'
        f"<style>{_STYLE}</style></head><body>"
        f'<div class="message"><div class="avatar">cw</div><div class="body"><span class="who">{escape(name)}</span>'
        f'<span class="app">APP</span><span class="time">{escape(time)}</span>{body}{thread}</div></div></body></html>'
    )


def mrkdwn_to_html(text: str) -> str:
    """Slack's mrkdwn as HTML. Its entities are HTML's; every other angle bracket is one of Slack's own tokens."""
    lines: list[str] = []
    quoted: list[str] = []
    for line in [*text.split("\n"), None]:
        if line is not None and line.startswith("&gt;"):
            line = ">" + line.removeprefix("&gt;")  # noqa: PLW2901  (Slack takes both for a quote)
        if line is not None and line.startswith(">"):
            quoted.append(_inline(line[1:].lstrip()))
            continue
        if quoted:
            lines.append(f"<blockquote>{'<br>'.join(quoted)}</blockquote>")
            quoted = []
            if line == "":
                continue  # the quote's own margin stands for it
        if line is not None:
            lines.append(_inline(line) + "<br>")
    html = "".join(lines).removesuffix("<br>")
    return html.replace("<br><blockquote>", "<blockquote>")


def _inline(line: str) -> str:
    line = line.replace('"', "&quot;")
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\x00{len(kept) - 1}\x00"

    line = _TOKEN.sub(lambda match: keep(_token(match[1])), line)
    line = _CODE.sub(lambda match: keep(f"<code>{match[1]}</code>"), line)
    line = _ITALIC.sub(r"<i>\1</i>", _BOLD.sub(r"<b>\1</b>", line))
    for short, char in _EMOJI.items():
        line = line.replace(short, char)
    while "\x00" in line:
        line = re.sub(r"\x00(\d+)\x00", lambda match: kept[int(match[1])], line)
    return line


def _token(inside: str) -> str:
    target, _, label = inside.partition("|")
    if target.startswith(("http://", "https://")):
        return f'<a href="{target}">{label or target}</a>'
    return f'<span class="mention">{target}</span>'


def _object(text: Json) -> str:
    words = str(text["text"])
    return mrkdwn_to_html(words) if text["type"] == "mrkdwn" else escape(words)


def _section(block: Json) -> str:
    html = f'<div class="section">{_object(block["text"])}</div>' if block.get("text") else ""
    if accessory := block.get("accessory"):
        html = f'<div class="beside">{html}{_KINDS[accessory["type"]](accessory)}</div>'
    if fields := block.get("fields"):
        html += '<div class="fields">' + "".join(f"<div>{_object(field)}</div>" for field in fields) + "</div>"
    return html


_KINDS: dict[str, Callable[[Json], str]] = {
    "header": lambda block: f"<h3>{_object(block['text'])}</h3>",
    "section": _section,
    "context": lambda block: f'<div class="context">{" ".join(map(_object, block["elements"]))}</div>',
    "divider": lambda _: "<hr>",
    "overflow": lambda _: '<div class="overflow">⋯</div>',
}
