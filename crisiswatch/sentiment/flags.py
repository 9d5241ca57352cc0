"""Two flags of a text, each with the cue that set it: does it ask something, and does it say that something went wrong.

They are not one class: two complaints in five ask something as well. Neither is the mood. A question need not be
unhappy, and a complaint may be calm ("my parcel has not arrived, thank you"): what a model takes for negative tells
complaints from other texts only weakly (AUC 70 on 3,449 labelled English tweets).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from crisiswatch.matching import normalise
from crisiswatch.matching.phrases import Phrases, expanded
from crisiswatch.sentiment.lite.language import primary

__all__ = ["Flag", "complaint", "question"]

_CUES = Path(__file__).with_name("flags.yaml")
_LONGEST = 5_000  # characters read
_ADDRESS = re.compile(r"(?:https?://|www\.)\S*|\b[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE)
_LEADING_NAMES = re.compile(r"^(?:\s*(?:RT\s+)?[.]?@\w+:?)+\s*")
_ENDS = re.compile(r"(?<=[.!?…\n;\u061f\u037e\uff1f])\s+|\n+|\s+[-\u2013\u2014]\s+")
_MARKS = "?\u00bf\u061f\u037e\uff1f\u055e\u1367"  # Latin, Spanish, Arabic, Greek, full-width, Armenian, Ethiopic
_RUN = re.compile(f"[!\u00a1{_MARKS}]*[{_MARKS}][!\u00a1{_MARKS}]*")
_BROKEN = re.compile(r"(?<=[^\W\d_])\?+(?=[^\W\d_A-Z])")  # "l?app": an apostrophe that some encoding lost
_FIRST = re.compile(r"[\s\"(@#.,:*-]*([A-Za-z]+)(?=[\s,.:;!?)\"]|$)")  # a first word that folding would leave as it is
_GREEK_END = re.compile(r";(?=\s|$)")


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a flag is set: ``cue`` names the kind, ``words`` are the mark or the folded phrase that stand in the text."""

    cue: str
    words: str


def question(text: str, lang: str | None = None) -> Flag | None:
    """Whether a text asks something; None if not. ``lang`` is BCP 47; without it all six languages' openings count.

    A question mark of any script sets the flag (cue "mark"; in Greek texts a semicolon at a word's end as well), or an
    opening interrogative of Italian, English, Spanish, French, German or Portuguese at the start of a sentence, after
    names and greetings (cue "opening"), unless the sentence ends in an exclamation mark. Marks in addresses do not
    count. A run of marks with an exclamation mark in it ("seriously?!") is taken as an outcry and does not count by
    itself, only with an opening: among some 6,000 labelled tweets with a question mark, those where every mark is in
    such a run are spread over the three moods like tweets without any mark, where questions are neutral more often.
    """
    text = _LEADING_NAMES.sub("", _without_addresses(text))
    code = primary(lang)
    if code == "el":
        text = _GREEK_END.sub("?", text)
    if any(mark in text for mark in _MARKS):
        text = _BROKEN.sub(" ", text)
        for run in _RUN.findall(text):
            if "!" not in run and "\u00a1" not in run:
                return Flag("mark", run[:3])
    return _opened(text, code)


def complaint(text: str, lang: str | None = None) -> Flag | None:
    """Whether a text says that something expected did not come true; None if no cue of that stands in it.

    ``lang`` other than Italian or English gives None; without a language both are looked for, as people mix.

    What it is: a list of phrases in both languages (``flags.yaml`` beside this module); the first that stands in the
    text is the reason. What it is not: a trained classifier. No labelled set with a licence that allows it exists in
    Italian, so precision and recall on real traffic are not known. Complaints in words that are not listed are missed,
    and one that is quoted, hypothetical or somebody else's counts. Anger without an expectation ("shame on you") is the
    sentiment's business. Use it to sort and to count, not to decide alone.
    """
    if primary(lang) not in (None, "it", "en"):
        return None
    found = _tables().complaints.find(normalise(_without_addresses(text)))
    return Flag(found[0].label, found[0].phrase) if found else None


def _without_addresses(text: str) -> str:
    text = text[:_LONGEST]
    return _ADDRESS.sub(" ", text) if "/" in text or "www." in text.lower() else text


def _opened(text: str, lang: str | None) -> Flag | None:
    """The first sentence that opens with an interrogative of a language, or of any where it is None."""
    tables = _tables()
    openings, greetings = tables.openings.get(lang or ""), tables.greetings
    if openings is None:
        return None
    for sentence in _ENDS.split(text):
        first = _FIRST.match(sentence)
        if first is not None and first[1].lower() not in openings.firsts and first[1].lower() not in greetings.firsts:
            continue  # most sentences: no need to fold them
        words = normalise(sentence[:200]).split()
        for _ in range(3):
            greeting = greetings.at_start(words)
            if not greeting:
                break
            words = words[greeting:]
        opening = openings.at_start(words)
        if opening and not (sentence.rstrip().endswith("!") and not any(mark in sentence for mark in _MARKS)):
            return Flag("opening", " ".join(words[:opening]))
    return None


class _Openings:
    """Phrases that texts begin with, by their first word: few texts begin with any of those."""

    def __init__(self, phrases: frozenset[str]) -> None:
        self.phrases = phrases
        self.firsts: dict[str, int] = {}  # words of the longest phrase with this first word
        for phrase in phrases:
            first, *rest = phrase.split()
            self.firsts[first] = max(self.firsts.get(first, 0), 1 + len(rest))

    def at_start(self, words: list[str]) -> int:
        """How many words the longest phrase takes at the start; 0 for none of them."""
        counts = range(min(self.firsts.get(words[0], 0), len(words)), 0, -1) if words else ()
        return next((count for count in counts if " ".join(words[:count]) in self.phrases), 0)


@dataclass(frozen=True, slots=True)
class _Tables:
    """``openings`` by language, those of all of them under ""."""

    openings: dict[str, _Openings]
    greetings: _Openings
    complaints: Phrases


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """Read when the first text comes: whoever wants no flags pays nothing."""
    held = yaml.safe_load(_CUES.read_text(encoding="utf-8"))
    openings = {lang: _forms(lines) for lang, lines in held["openings"].items()}
    openings[""] = frozenset().union(*openings.values())
    by_lang = {lang: _Openings(forms) for lang, forms in openings.items()}
    complaints = Phrases(held["complaints"], held["satisfied"])
    return _Tables(by_lang, _Openings(_forms(held["greetings"])), complaints)


def _forms(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(form for line in lines for form in expanded(line))
