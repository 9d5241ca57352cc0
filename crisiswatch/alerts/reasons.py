"""Why a rule fired, as sentences: every gate with what it asked and what was seen."""

from __future__ import annotations

from datetime import timedelta

from crisiswatch.alerts.document import Reason
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import clean, exact, percent, rarity, span, times, written
from crisiswatch.model import Gate

__all__ = ["reason"]

_SEEN = {"count": "did", "organic": "did", "complaints": "do", "questions": "do", "authors": "did"}
"""What the mentions, or accounts, of a measure do: ``31 did``."""
_PLAIN = {"reach", "largest_audience"}


def reason(gate: Gate, lang: str = "en") -> Reason:
    """One gate as a sentence: ``at least 12 different accounts wrote: 31 did``; never raises for a strange gate."""
    side = phrase(lang, gate.operator) or clean(gate.operator)
    key, bound, seen, more = _told(gate, lang)
    if gate.value is None and gate.measure != "blind_for":
        seen = phrase(lang, "cannot_judge")
    sentence = phrase(lang, f"gate.{key}", side=side, n=bound, seen=seen, **more)
    return Reason(sentence=sentence, held=None if gate.value is None else gate.held)


def _told(gate: Gate, lang: str) -> tuple[str, str, str, dict[str, str]]:
    """The sentence's key, the bound and what was seen in words, and what else the sentence needs."""
    measure, bound, value = gate.measure, gate.bound, gate.value
    key, more = measure, {"name": clean(measure).replace("_", " ") or phrase(lang, "unknown")}
    asked, seen = exact(bound, lang), exact(value, lang)
    if measure in _SEEN:
        seen = phrase(lang, f"seen.{_SEEN[measure]}", n=seen)
    elif measure == "sources":
        key = "source" if bound == 1 else measure
        seen = phrase(lang, "seen.does" if value == 1 else "seen.do", n=seen)
    elif measure == "share":
        asked, seen = percent(bound, lang), percent(value, lang)
    elif measure == "growth":
        more["before"] = phrase(lang, gate.against or "before") or clean(gate.against or "")
        asked, seen = times(bound, 1, lang), phrase(lang, "seen.growth", n=times(value, 1, lang))
    elif measure == "surprise":
        key = "surprise_least" if gate.operator == "at_least" else "surprise_most"
        asked, seen = rarity(bound, lang), rarity(value, lang)
    elif measure == "blind_for":
        asked, length = span(timedelta(minutes=bound), lang), span(timedelta(minutes=value or 0), lang)
        seen = phrase(lang, "seen.blind", n=length) if value else phrase(lang, "seen.not_blind")
    elif measure not in _PLAIN:
        key = "severity" if measure == "severity" else "other"
        asked, seen = _plain(bound, lang), _plain(value or 0.0, lang)
    return key, asked, seen, more


def _plain(number: float, lang: str) -> str:
    whole = abs(number) >= 100 or float(number).is_integer()
    return exact(number, lang) if whole else written(f"{number:.2f}", lang)
