"""One of something: ``1 accounts`` becomes ``1 account``, with the verb that goes with it.

Words of alerts are written for many, and hold whatever number there is; what is said of one is put right here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["agreed"]

_ENGLISH = {
    "mentions complain": "mention complains",
    "mentions that match": "mention that matches",
    "mentions ask": "mention asks",
    "ask something": "asks something",
    "do": "does",
    "people": "person",
    **{f"{noun}s": noun for noun in ("account", "mention", "post", "follower", "reaction", "second", "line", "report")},
}
_ITALIAN = {
    "menzioni si lamentano": "menzione si lamenta",
    "menzioni fanno": "menzione fa",
    "menzioni negative": "menzione negativa",
    "fanno una": "fa una",
    "account diversi": "account diverso",
    "menzioni": "menzione",
    "persone": "persona",
    "reazioni": "reazione",
    "secondi": "secondo",
    "righe": "riga",
}
_ONE = r"(?<![\w.,])1"


def _pattern(words: Mapping[str, str]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"{_ONE} ((?:different |negative )?)({'|'.join(longest)})(?!\w)")


_BY_LANGUAGE = {"en": (_pattern(_ENGLISH), _ENGLISH), "it": (_pattern(_ITALIAN), _ITALIAN)}
_ARE_ONE = re.compile(r"\bsono 1(?![\w]|[.,]\d)")


def agreed(lang: str, text: str) -> str:
    """`text` with what it says of one in the singular; of a language that is not known here nothing is changed."""
    if "1" not in text or lang not in _BY_LANGUAGE:
        return text
    pattern, words = _BY_LANGUAGE[lang]
    text = pattern.sub(lambda found: f"1 {found[1]}{words[found[2]]}", text)
    return _ARE_ONE.sub("è 1", text) if lang == "it" else text
