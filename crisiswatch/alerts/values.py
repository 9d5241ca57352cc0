"""What stands for each placeholder an alert's words may use."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from crisiswatch.alerts.blindness import blind_words
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.story import began
from crisiswatch.alerts.words import (
    about,
    clean,
    clip,
    exact,
    language,
    listed,
    moment,
    percent,
    rarity,
    since,
    since_about,
    span,
    times,
)
from crisiswatch.model import Evidence, Incident, Level, SignalCounts
from crisiswatch.sentiment.severity import NAMES

__all__ = ["grave_words", "on_topic", "placeholder_values", "span_between", "topics"]


def placeholder_values(
    incident: Incident, evidence: Evidence, brand_name: str, zone: tzinfo, lang: str = "en"
) -> dict[str, str]:
    """A text for every placeholder; a missing value is said in words. Estimates come without the word "about".

    Figures, times, levels and kinds of grave words are told in ``lang``.
    """
    return {
        "brand": clip(clean(brand_name), 80),
        "title": clip(clean(incident.title), 150),
        "because": clip(clean(incident.because), 300),
        "rule": clip(clean(incident.rule), 80),
        "incident": clip(clean(incident.id), 120),
        "on_topic": on_topic(evidence, lang),
        "blind": blind_words(incident, zone, lang),
        "level": phrase(lang, f"level.{incident.level.word}"),
        "previous_level": _previous(incident, lang),
        "peak_level": phrase(lang, f"level.{incident.peak_level.word}"),
        "total": exact(incident.mentions, lang),
        "total_authors": exact(incident.authors, lang),
        **_figures(incident, lang),
        **_times(incident, zone, lang),
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


def on_topic(evidence: Evidence, lang: str) -> str:
    """What it is about, for words that a brand may publish: only themes that somebody has named, never words of posts,
    which may be an insult, a person's name or a number. Empty if there is none."""
    named = [phrase(lang, "on_topic.one", theme=clip(clean(theme), 60)) for theme in evidence.topics[:2]]
    return phrase(lang, "on_topic", themes=", ".join(named)) if named else ""


def _signals(incident: Incident, lang: str) -> dict[str, str]:
    said = incident.reading.signals or SignalCounts()
    kinds = ", ".join(name for name, _ in grave_words(incident, lang)[:4])
    return {
        "complaints": exact(said.complaints, lang),
        "questions": exact(said.questions, lang),
        "severity": kinds or phrase(lang, "nothing_grave"),
    }


def span_between(start: datetime, end: datetime) -> timedelta | None:
    """The time from `start` to `end`; None where the two can't be compared."""
    try:
        return end - start
    except (TypeError, OverflowError):
        return None


def _figures(incident: Incident, lang: str) -> dict[str, str]:
    reading, peak = incident.reading, incident.peak
    return {
        "count": exact(reading.observed, lang),
        "organic": exact(reading.organic, lang),
        "expected": about(reading.expected, lang),
        "low": about(reading.low, lang),
        "high": about(reading.high, lang),
        "next_hour": about(None if reading.reasons is None else reading.reasons.next_hour, lang),
        "times": times(reading.observed, reading.expected, lang),
        "authors": exact(reading.authors, lang),
        "share": percent(reading.share, lang),
        "growth": times(_growth(incident), 1.0, lang),
        "reach": exact(reading.reach, lang),
        "largest_audience": exact(reading.largest_audience, lang),
        "false_alarms": rarity(reading.false_alarms_per_month, lang),
        "window": span(span_between(reading.start, reading.end), lang),
        "peak": exact(peak.observed, lang),
    }


def _growth(incident: Incident) -> float | None:
    """As the rule's own line saw it: a reading does not know what the rule compares with."""
    if incident.reading.growth is not None:
        return incident.reading.growth
    return next((gate.value for gate in incident.gates if gate.measure == "growth"), None)


def _times(incident: Incident, zone: tzinfo, lang: str) -> dict[str, str]:
    changed = incident.levels[-1][1] if incident.levels else incident.opened_at
    end = incident.resolved_at or incident.updated_at
    return {
        "since": moment(changed, zone, lang),
        "began": moment(began(incident), zone, lang),
        "from_began": since_about(began(incident), zone, lang),
        "from_level": since(changed, zone, lang),
        "from_opened": since(incident.opened_at, zone, lang),
        "opened_at": moment(incident.opened_at, zone, lang),
        "resolved_at": moment(incident.resolved_at, zone, lang),
        "duration": span(span_between(incident.opened_at, end), lang),
    }


def _evidence(incident: Incident, evidence: Evidence, lang: str) -> dict[str, str]:
    themes, none = topics(evidence), phrase(lang, "no_theme")
    languages = {language(tag, lang): 0 for tag in evidence.languages}
    for tag, count in evidence.languages.items():
        languages[language(tag, lang)] += count
    named = ", ".join(clip(clean(source), 30) for source in incident.reading.sources[:6])
    return {
        "theme": themes[0] if themes else none,
        "themes": ", ".join(themes) or none,
        "sources": listed(evidence.sources, lang=lang) if evidence.sources else named or phrase(lang, "unknown"),
        "languages": listed(languages, lang=lang) if languages else phrase(lang, "unknown"),
    }


def _previous(incident: Incident, lang: str) -> str:
    earlier: list[Level] = [level for level, _ in incident.levels[:-1]]
    return phrase(lang, f"level.{(earlier[-1] if earlier else Level.CALM).word}")
