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
_STRUCK = re.compile(r"(?<![\w~])~(\S(?:[^~\n]*\S)?)~(?![\w~])")
_EMOJI = {":warning:": "\N{WARNING SIGN}\ufe0f", ":seedling:": "\N{SEEDLING}"}

_STYLE = """
:root {
  color-scheme: light dark; --paper: #fff; --ink: #1d1c1d; --soft: #616061; --line: #dddddd; --edge: #c9c9c9;
  --link: #1264a3; --code: #c01343; --code-paper: #f8f8f8; --green: #007a5a; --red: #e01e5a; --badge: #e8e8e8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1a1d21; --ink: #d1d2d3; --soft: #ababad; --line: #35373b; --edge: #565856; --link: #1d9bd1;
    --code: #e8912d; --code-paper: #222529; --green: #148567; --badge: #35373b;
  }
}
body {
  margin: 0; background: var(--paper); color: var(--ink);
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
  background: var(--badge); color: var(--soft); font-size: 10px; font-weight: 700; border-radius: 2px;
  padding: 1px 4px; margin: 0 6px; vertical-align: 1px;
}
.time { color: var(--soft); font-size: 12px; }
h3 { font-size: 18px; line-height: 1.33; font-weight: 900; margin: 8px 0 4px; }
.section { margin: 8px 0; }
.beside { display: flex; gap: 12px; align-items: flex-start; justify-content: space-between; margin: 8px 0; }
.beside .section, .beside blockquote { margin: 0; }
.actions { display: flex; flex-wrap: wrap; gap: 8px; margin: 8px 0; }
.press {
  flex: none; border: 1px solid var(--edge); border-radius: 4px; padding: 0 12px; font-weight: 700; font-size: 13px;
  line-height: 28px; color: var(--ink); background: var(--paper); white-space: nowrap;
}
.primary { color: #fff; background: var(--green); border-color: var(--green); }
.danger { color: #fff; background: var(--red); border-color: var(--red); }
.list { font-weight: 400; color: var(--soft); }
.list::after { content: '⌄'; display: inline-block; margin-left: 14px; transform: translateY(-3px); font-weight: 700; }
.overflow { padding: 0 10px; font-weight: 900; color: var(--soft); }
.context { margin: 6px 0; font-size: 13px; color: var(--soft); }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 20px; margin: 10px 0; }
img { display: block; width: 100%; max-width: 600px; border-radius: 8px; margin: 8px 0; }
hr { border: 0; border-top: 1px solid var(--line); margin: 12px 0; }
blockquote { margin: 8px 0; padding: 0 0 0 14px; border-left: 4px solid var(--line); }
code {
  font: 12px/1.5 'DejaVu Sans Mono', monospace; color: var(--code); background: var(--code-paper);
  border: 1px solid var(--line); border-radius: 3px; padding: 1px 3px;
}
s { color: var(--soft); }
a { color: var(--link); text-decoration: none; }
.mention { background: #fff1c9; color: #1264a3; padding: 0 2px; border-radius: 3px; }
.person { background: rgba(29, 155, 209, .12); color: var(--link); padding: 0 2px; border-radius: 3px; }
.replies { font-size: 13px; font-weight: 700; color: var(--link); margin-top: 8px; }
@media (max-width: 480px) {
  .message { padding: 12px; }
  .avatar { display: none; }
}
"""


def page(
    blocks: Sequence[Json],
    *,
    name: str = "crisiswatch",
    time: str = "9:15 AM",
    replies: int = 0,
    files: Mapping[str, str] | None = None,
    people: Mapping[str, str] | None = None,
) -> str:
    """A whole HTML document with one message, light or dark as the reader's browser is set.

    `replies` is the count shown under it; `files` are addresses of pictures, `people` names, by their ids in Slack.
    """
    body = "".join(_KINDS[block["type"]](block) for block in blocks)
    for file, address in (files or {}).items():
        body = body.replace(f'src="slack-file:{escape(file)}"', f'src="{escape(address)}"')
    for person, words in (people or {}).items():
        body = body.replace(f'<span class="mention">@{person}</span>', f'<span class="person">@{escape(words)}</span>')
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
    line = _STRUCK.sub(r"<s>\1</s>", _ITALIC.sub(r"<i>\1</i>", _BOLD.sub(r"<b>\1</b>", line)))
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


def _actions(block: Json) -> str:
    return f'<div class="actions">{"".join(_KINDS[each["type"]](each) for each in block["elements"])}</div>'


def _button(element: Json) -> str:
    style = {"primary": " primary", "danger": " danger"}.get(element.get("style", ""), "")
    return f'<span class="press{style}">{_object(element["text"])}</span>'


def _list(element: Json) -> str:
    return f'<span class="press list">{_object(element["placeholder"])}</span>'


def _image(block: Json) -> str:
    """A file of Slack's own; nobody is ever asked for a picture from elsewhere."""
    return f'<img src="slack-file:{escape(block["slack_file"]["id"])}" alt="{escape(block["alt_text"])}">'


_KINDS: dict[str, Callable[[Json], str]] = {
    "header": lambda block: f"<h3>{_object(block['text'])}</h3>",
    "section": _section,
    "context": lambda block: f'<div class="context">{" ".join(map(_object, block["elements"]))}</div>',
    "divider": lambda _: "<hr>",
    "overflow": lambda _: '<span class="press overflow">⋯</span>',
    "actions": _actions,
    "button": _button,
    "static_select": _list,
    "users_select": _list,
    "image": _image,
}
