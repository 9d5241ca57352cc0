"""Which mentions a rule counts, in a form that is quick to apply to many."""

from __future__ import annotations

from crisiswatch.matching import WordFilter, normalise
from crisiswatch.model import NO_SIGNALS, Mention, Score, Sentiment, Signals
from crisiswatch.rules.model import MentionFilter

__all__ = ["Admission", "primary_tag"]


def primary_tag(lang: str | None) -> str:
    """A language without its region, in small letters; empty where it is not known."""
    return "" if lang is None else lang.partition("-")[0].lower()


class Admission:
    """A `MentionFilter`, compiled. ``folded`` is what `normalise` gave for the mention's text.

    The *population* is what the share is a share of: the filter without its sentiment, its words and its signals.
    """

    __slots__ = ("_ignore", "_languages", "_sentiment", "_signals", "_sources", "_words")

    def __init__(self, filter_: MentionFilter) -> None:
        self._sentiment = filter_.sentiment
        self._words = WordFilter(filter_.words) if filter_.words else None
        self._ignore = WordFilter(filter_.ignore_words) if filter_.ignore_words else None
        self._languages = frozenset(filter_.languages)
        self._sources = frozenset(filter_.sources)
        wanted = (frozenset(filter_.flags), frozenset(filter_.severity), frozenset(filter_.themes))
        self._signals = wanted if any(wanted) else None

    @property
    def sentiment(self) -> str:
        """The class that is counted, or ``any``."""
        return self._sentiment

    def takes(self, source: str, primary: str) -> bool:
        """Say whether mentions of a source in a language (its primary tag, empty: unknown) can be counted."""
        if self._sources and source not in self._sources:
            return False
        return not self._languages or not primary or primary in self._languages

    @property
    def takes_all(self) -> bool:
        """Whether everything matches, from wherever it may be counted."""
        narrow = self._languages or self._words or self._ignore or self._signals
        return self._sentiment == "any" and not narrow

    @property
    def reads_words(self) -> bool:
        """Whether the text matters at all."""
        return self._words is not None or self._ignore is not None

    def in_population(self, mention: Mention, folded: str) -> bool:
        """Say whether a mention belongs to the population."""
        if not self.takes(mention.source, primary_tag(mention.lang) if self._languages else ""):
            return False
        return self._ignore is None or not self._ignore.hits(folded)

    def matches(self, label: str, folded: str, signals: Signals = NO_SIGNALS) -> bool:
        """Say whether a mention of the population is one the rule counts."""
        if self._sentiment not in ("any", label):
            return False
        return self._says(folded, signals)

    def likelihood(self, score: Score, folded: str, signals: Signals = NO_SIGNALS) -> float:
        """The probability that the rule counts a mention of the population, where ``score`` is calibrated."""
        if not self._says(folded, signals):
            return 0.0
        if self._sentiment == "any":
            return 1.0
        likely: float = getattr(score, self._sentiment)
        return likely

    def admits(self, mention: Mention, label: Sentiment, signals: Signals = NO_SIGNALS) -> bool:
        """Both questions at once, for callers in no hurry."""
        folded = normalise(mention.text) if self.reads_words else ""
        return self.in_population(mention, folded) and self.matches(label.value, folded, signals)

    def _says(self, folded: str, signals: Signals) -> bool:
        """Whether the text says what is asked for, whatever its mood."""
        if self._words is not None and not self._words.hits(folded):
            return False
        if self._signals is None:
            return True
        flags, severity, themes = self._signals
        return (
            (not flags or not flags.isdisjoint(signals.flags))
            and (not severity or not severity.isdisjoint(signals.severity))
            and (not themes or not themes.isdisjoint(signals.themes))
        )
