"""What stands for each placeholder an alert's words may use."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from crisiswatch.alerts.blindness import blind_words
from crisiswatch.alerts.story import began
from crisiswatch.alerts.words import (
    UNKNOWN,
    about,
    clean,
    clip,
    exact,
    language,
    listed,
    moment,
    percent,
    rarity,
    span,
    times,
)
from crisiswatch.model import Evidence, Incident, Level, SignalCounts
from crisiswatch.sentiment.severity import NAMES

__all__ = ["grave_words", "placeholder_values", "span_between", "topics"]

_NO_THEME = {"en": "no clear theme", "it": "nessun tema evidente"}
_NOTHING_GRAVE = {"en": "no grave words", "it": "nessuna parola grave"}


def placeholder_values(
    incident: Incident, evidence: Evidence, brand_name: str, zone: tzinfo, lang: str = "en"
) -> dict[str, str]:
    """A text for every placeholder; a missing value is said in words. Estimates come without the word "about".

    Kinds of grave words are named in ``lang``.
    """
    return {
        "brand": clip(clean(brand_name), 80),
        "title": clip(clean(incident.title), 150),
        "because": clip(clean(incident.because), 300),
        "rule": clip(clean(incident.rule), 80),
        "incident": clip(clean(incident.id), 120),
        "blind": blind_words(incident, zone),
        "level": incident.level.word,
        "previous_level": _previous(incident),
        "peak_level": incident.peak_level.word,
        "total": exact(incident.mentions),
        "total_authors": exact(incident.authors),
        **_figures(incident),
        **_times(incident, zone),
        **_signals(incident, lang),
        **_evidence(incident, evidence, lang),
    }


def grave_words(incident: Incident, lang: str = "en") -> list[tuple[str, float]]:
    """The kinds of grave words in the window with their mentions, the gravest first, as people call them."""
    said = incident.reading.signals
    names = NAMES.get(lang, NAMES["en"])
    return [] if said is None else [(names.get(each, clip(clean(each), 30)), count) for each, count in said.categories]


def topics(evidence: Evidence) -> tuple[str, ...]:
    """What the mentions are about: their themes, else the words that mark them."""
    found = [clip(clean(theme), 60) for theme in (evidence.topics or evidence.themes)[:3]]
    return tuple(theme for theme in found if theme)


def _signals(incident: Incident, lang: str) -> dict[str, str]:
    said = incident.reading.signals or SignalCounts()
    kinds = ", ".join(name for name, _ in grave_words(incident, lang)[:4])
    return {
        "complaints": exact(said.complaints),
        "questions": exact(said.questions),
        "severity": kinds or _NOTHING_GRAVE.get(lang, _NOTHING_GRAVE["en"]),
    }


def span_between(start: datetime, end: datetime) -> timedelta | None:
    """The time from `start` to `end`; None where the two can't be compared."""
    try:
        return end - start
    except (TypeError, OverflowError):
        return None


def _figures(incident: Incident) -> dict[str, str]:
    reading, peak = incident.reading, incident.peak
    return {
        "count": exact(reading.observed),
        "organic": exact(reading.organic),
        "expected": about(reading.expected),
        "low": about(reading.low),
        "high": about(reading.high),
        "next_hour": about(None if reading.reasons is None else reading.reasons.next_hour),
        "times": times(reading.observed, reading.expected),
        "authors": exact(reading.authors),
        "share": percent(reading.share),
        "growth": times(reading.growth, 1.0),
        "reach": exact(reading.reach),
        "largest_audience": exact(reading.largest_audience),
        "false_alarms": rarity(reading.false_alarms_per_month),
        "window": span(span_between(reading.start, reading.end)),
        "peak": exact(peak.observed),
    }


def _times(incident: Incident, zone: tzinfo) -> dict[str, str]:
    changed = incident.levels[-1][1] if incident.levels else incident.opened_at
    end = incident.resolved_at or incident.updated_at
    return {
        "since": moment(changed, zone),
        "began": moment(began(incident), zone),
        "opened_at": moment(incident.opened_at, zone),
        "resolved_at": moment(incident.resolved_at, zone),
        "duration": span(span_between(incident.opened_at, end)),
    }


def _evidence(incident: Incident, evidence: Evidence, lang: str) -> dict[str, str]:
    themes, none = topics(evidence), _NO_THEME.get(lang, _NO_THEME["en"])
    languages = {language(tag): 0 for tag in evidence.languages}
    for tag, count in evidence.languages.items():
        languages[language(tag)] += count
    named = ", ".join(clip(clean(source), 30) for source in incident.reading.sources[:6])
    return {
        "theme": themes[0] if themes else none,
        "themes": ", ".join(themes) or none,
        "sources": listed(evidence.sources) if evidence.sources else named or UNKNOWN,
        "languages": listed(languages) if languages else UNKNOWN,
    }


def _previous(incident: Incident) -> str:
    earlier: list[Level] = [level for level, _ in incident.levels[:-1]]
    return earlier[-1].word if earlier else Level.CALM.word
