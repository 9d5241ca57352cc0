"""The menu beside a post in Slack, and what a press on it says.

An option's value is ``{label}:u:{uid}``, or ``{label}:h:{hash of the uid}`` where that is longer than Slack takes.
Whoever reads one back must not trust it: it says which mention is meant, and proves nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from slack_sdk.models.blocks import Option, OverflowMenuElement

from crisiswatch.alerts.phrases import phrase
from crisiswatch.model import Sentiment

__all__ = ["LABEL", "WORDS", "Said", "incident_of", "menu", "read_value", "uid_hash", "value_of"]

LABEL = "label"
"""The action id of the menu."""
WORDS = {
    label: phrase("en", f"mood.{label.value}") for label in (Sentiment.NEUTRAL, Sentiment.NEGATIVE, Sentiment.POSITIVE)
}
"""What the menu offers, in its order."""

_LONGEST = Option.value_max_length
_HASHED = 40


@dataclass(frozen=True, slots=True)
class Said:
    """A label and the mention it is for: by ``uid``, or else by ``hashed``, the `uid_hash` of one."""

    label: Sentiment
    uid: str = ""
    hashed: str = ""


def menu(uid: str, lang: str = "en") -> OverflowMenuElement:
    """The menu for the mention ``uid``."""
    options = [Option(text=phrase(lang, f"mood.{label.value}"), value=value_of(label, uid)) for label in WORDS]
    return OverflowMenuElement(action_id=LABEL, options=options)


def value_of(label: Sentiment, uid: str) -> str:
    """What a press on ``label`` is to send back."""
    plain = f"{label.value}:u:{uid}"
    units = len(plain.encode("utf-16-le", "surrogatepass")) // 2  # as Slack may count
    return plain if units <= _LONGEST else f"{label.value}:h:{uid_hash(uid)}"


def uid_hash(uid: str) -> str:
    """What stands for a uid that is too long to send."""
    return hashlib.sha256(uid.encode("utf-8", "surrogatepass")).hexdigest()[:_HASHED]


def read_value(value: str) -> Said | None:
    """What a value says; None if it is none of ours."""
    word, _, rest = value.partition(":")
    kind, _, name = rest.partition(":")
    if word not in set(Sentiment) or not name:
        return None
    if kind == "u":
        return Said(Sentiment(word), uid=name)
    return Said(Sentiment(word), hashed=name) if kind == "h" else None


def incident_of(block_id: str) -> str:
    """The incident whose message a block is in: block ids are ``{incident}/{version}/{receiver}:{number}``."""
    return block_id.rpartition(":")[0].rsplit("/", 2)[0]
