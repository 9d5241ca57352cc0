"""What stands for each placeholder an alert's words may use."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

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
from crisiswatch.model import Evidence, Incident, Level

__all__ = ["placeholder_values", "span_between"]


def placeholder_values(incident: Incident, evidence: Evidence, brand_name: str, zone: tzinfo) -> dict[str, str]:
    """A text for every placeholder; a missing value is said in words. Estimates come without the word "about"."""
    return {
        "brand": clip(clean(brand_name), 80),
        "title": clip(clean(incident.title), 150),
        "because": clip(clean(incident.because), 300),
        "rule": clip(clean(incident.rule), 80),
        "incident": clip(clean(incident.id), 120),
        "level": incident.level.word,
        "previous_level": _previous(incident),
        "peak_level": incident.peak_level.word,
        "total": exact(incident.mentions),
        "total_authors": exact(incident.authors),
        **_figures(incident),
        **_times(incident, zone),
        **_evidence(incident, evidence),
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


def _evidence(incident: Incident, evidence: Evidence) -> dict[str, str]:
    themes = [clip(clean(theme), 60) for theme in evidence.themes[:3]]
    languages = {language(tag): 0 for tag in evidence.languages}
    for tag, count in evidence.languages.items():
        languages[language(tag)] += count
    named = ", ".join(clip(clean(source), 30) for source in incident.reading.sources[:6])
    return {
        "theme": themes[0] if themes and themes[0] else UNKNOWN,
        "themes": ", ".join(theme for theme in themes if theme) or UNKNOWN,
        "sources": listed(evidence.sources) if evidence.sources else named or UNKNOWN,
        "languages": listed(languages) if languages else UNKNOWN,
    }


def _previous(incident: Incident) -> str:
    earlier: list[Level] = [level for level, _ in incident.levels[:-1]]
    return earlier[-1].word if earlier else Level.CALM.word
