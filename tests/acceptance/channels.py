"""What each channel shows of an incident, as its people see it, minute by minute: Slack, an inbox, Alertmanager.

A watcher looks at all of them whenever it is called and writes down what is there that was not there before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from crisiswatch.testing.fake_slack import FakeSlack
from crisiswatch.testing.fake_smtp import FakeSmtp

__all__ = ["Alerts", "Watching", "lines_of"]

Json = dict[str, Any]
_FACES = {
    "\N{LARGE RED CIRCLE}": "critical",
    "\N{LARGE ORANGE CIRCLE}": "warning",
    "\N{LARGE BLUE CIRCLE}": "calming",
    "\N{LARGE GREEN CIRCLE}": "over",
    "\N{ALARM CLOCK}": "reminder",
}
_FIGURES = re.compile(
    r"Mentions now|Normal for|Times normal|By chance|At its peak|Different accounts|Of everything|Sources |Languages |"
    r"Incident |Read wrongly|[>✓]  ?|\*?[0-9]+ in [0-9]+ minutes\*?$|\*?not known yet|[^a-z]*[\u2581-\u2588]{4}"
)
"""Figures and posts, which other tests look at: here they would hide what changes."""
_LINK = re.compile(r"<(?:https?|slack)[^|>]*\|([^>]*)>")


class Watching:
    """Writes down what `slack`, `smtp` and an Alertmanager (whose alerts ``alerts`` gives) show that is new."""

    def __init__(self, slack: FakeSlack, smtp: FakeSmtp, alerts: Callable[[], list[Json]]) -> None:
        self._slack, self._smtp, self._alerts = slack, smtp, alerts
        self.lines: list[str] = []
        self._messages: dict[str, list[str]] = {}
        self._mails = 0
        self._told: dict[tuple[str, str], tuple[str, ...]] = {}
        self._threads: dict[str, str] = {}

    def look(self, now: datetime) -> None:
        """Write down what is new in each channel, stamped ``now``."""
        for channel, seen in (("slack", self._in_slack()), ("mail", self._by_mail()), ("alertmgr", self._on_call())):
            for headline, *rest in seen:
                self.lines.append(f"{now:%H:%M}  {channel:<8}  {headline}")
                self.lines += [f"{'':17}  {line}" for line in rest]

    def say(self, now: datetime, what: str) -> None:
        """Write down what happened."""
        self.lines += ["", f"{now:%H:%M}  --        {what}"]

    def _in_slack(self) -> Iterator[list[str]]:
        for message in list(self._slack.messages):
            shown = [line for line in lines_of(message.blocks) if not _FIGURES.match(line) or line.startswith("✓  ~")]
            before = self._messages.get(message.ts)
            self._messages[message.ts] = shown
            if before is None:
                root = message.thread_ts is None
                name = self._threads.setdefault(message.ts, f"#{len(self._threads) + 1}") if root else ""
                where = f"new message {name}" if root else f"reply in the thread of {self._threads[message.thread_ts]}"
                loud = ", also to the channel" if message.broadcast else ""
                yield [f"{where}{loud}; a phone shows: {message.text[:70]}", *_head(shown)]
            elif shown != before:
                gone = [f"- {line}" for line in before if line not in shown]
                new = [f"+ {line}" for line in shown if line not in before]
                if gone or new:
                    yield [f"edit of {self._threads.get(message.ts, 'a reply')}", *gone, *new]

    def _by_mail(self) -> Iterator[list[str]]:
        fresh = self._smtp.mails[self._mails :]
        self._mails += len(fresh)
        for mail in sorted(fresh, key=lambda each: each.recipients):  # inboxes are served side by side
            text = mail.message.get_body(("plain",)).get_content()
            told = [line.rstrip() for line in text.splitlines() if line.strip()]
            pictures = [part for part in mail.message.walk() if part.get_content_type() == "image/png"]
            chart = " (with the chart)" if pictures else ""
            yield [f"to {', '.join(mail.recipients)}: {mail.message['Subject']}{chart}", *_head(told)]

    def _on_call(self) -> Iterator[list[str]]:
        for alert in self._alerts():
            labels, notes = alert["labels"], alert["annotations"]
            key = (labels["incident"], labels["severity"])
            state = (alert["state"], notes["summary"], *notes["description"].split("\n"))
            before = self._told.get(key)
            if before == state or (before is not None and before[0] == state[0] == "ended"):
                continue
            self._told[key] = state
            if before is None or before[0] != state[0]:
                yield [f"{state[0]} severity={key[1]}: {state[1]}", *state[2:]]
            else:
                gone = [f"- {line}" for line in before[1:] if line not in state]
                new = [f"+ {line}" for line in state[1:] if line not in before]
                yield [f"changed severity={key[1]}", *gone, *new]


class Alerts:
    """Alertmanager's own book-keeping over what it was posted: an alert is its labels, and ends at its ``endsAt``."""

    def __init__(self, posted: list[Any], now: Callable[[], datetime]) -> None:
        self._posted, self._now = posted, now

    def lapsing(self) -> bool:
        """Whether an active alert was not repeated for some minutes."""
        now = self._now()
        ends = [datetime.fromisoformat(alert["endsAt"]) for alert in self()]
        return any(now < end < now + timedelta(minutes=55) for end in ends)

    def __call__(self) -> list[Json]:
        known: dict[str, Json] = {}
        for body in list(self._posted):
            for alert in body:
                known[str(sorted(alert["labels"].items()))] = alert
        now = self._now()
        return [
            {**alert, "state": "firing" if datetime.fromisoformat(alert["endsAt"]) > now else "ended"}
            for alert in known.values()
        ]


def _head(shown: list[str]) -> list[str]:
    """The lines above the figures and the playbook: what is read first."""
    ends = ("The figures", "*What to do now*", "_Drafts", "What to do now")
    return shown[: next((number for number, line in enumerate(shown) if line.startswith(ends)), len(shown))]


def lines_of(blocks: list[Json]) -> list[str]:
    """The words of a message's blocks, line by line, and what can be pressed in brackets."""
    found: list[str] = []
    for block in blocks:
        texts = [block.get("text"), *(block.get("fields") or ())]
        if block["type"] == "context":
            texts += block["elements"]
        for text in texts:
            if isinstance(text, dict) and "text" in text:
                found += [line for line in _plain(str(text["text"])).split("\n") if line.strip()]
        pressed = [*(block["elements"] if block["type"] == "actions" else ()), block.get("accessory") or {}]
        names = [_button(each) for each in pressed if each]
        if names:
            found.append(" ".join(f"[{name}]" for name in names))
    return found


def _button(element: Json) -> str:
    words = element.get("text") or element.get("placeholder") or {"text": "..."}
    choices = [option["text"]["text"] for option in element.get("options", ())]
    return str(words["text"]) + (f": {' / '.join(choices)}" if choices else "")


def _plain(text: str) -> str:
    for face, word in _FACES.items():
        text = text.replace(face, f"({word})")
    return _LINK.sub(r"\1", text)
