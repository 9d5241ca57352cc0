"""The program's own words in an alert, by its language; in any other they are English."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from crisiswatch.alerts import labels_en, labels_it, phrases_en, phrases_it
from crisiswatch.alerts.agreement import agreed

__all__ = ["LANGUAGES", "phrase", "reasons", "words_for"]

_TO = re.compile(r"\ba \{(\w+)\}")
_VOWEL = ("a", "A", "à", "À")  # before which Italian says "ad" and not "a"
_GAP = re.compile(r"\{(\w+)\}")
LANGUAGES: Mapping[str, Mapping[str, str]] = {
    "en": phrases_en.ENGLISH | labels_en.ENGLISH,
    "it": phrases_it.ITALIAN | labels_it.ITALIAN,
}
"""All of them by language, each by its key."""


def _counts(lang: str, words: str) -> bool:
    one = _GAP.sub("1", words)
    return agreed(lang, one) != one


_COUNTING = frozenset(
    (lang, key) for lang, phrases in LANGUAGES.items() for key, words in phrases.items() if _counts(lang, words)
)
"""The phrases that say how many there are of something; others may hold people's own words, which stay as they are."""


def phrase(lang: str, key: str, **values: str) -> str:
    """The phrase `key` with its gaps filled; nothing for a key there is no phrase for."""
    spoken = lang if lang in LANGUAGES else "en"
    words = LANGUAGES[spoken].get(key, "")
    if spoken == "it":
        words = _TO.sub(
            lambda to: to[0].replace("a {", "ad {") if values.get(to[1], "")[:1] in _VOWEL else to[0], words
        )
    filled = _GAP.sub(lambda gap: values.get(gap[1], gap[0]), words)
    return agreed(spoken, filled) if (spoken, key) in _COUNTING else filled


def reasons(lang: str) -> tuple[str, ...]:
    """Why an alert was no crisis: what people may choose from, and what the incident's log then says."""
    return tuple(phrase(lang, f"because.{number}") for number in range(1, 8))


def words_for(languages: Collection[str]) -> str:
    """The language for what is said of several brands: theirs, where they share one that there are words for, else
    English."""
    (shared, *others) = {*languages} or {"en"}
    return shared if shared in LANGUAGES and not others else "en"
