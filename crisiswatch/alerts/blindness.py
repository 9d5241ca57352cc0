"""What alerts say of sources that can't be heard: beside other figures as a warning, or as the very matter."""

from __future__ import annotations

from datetime import tzinfo

from crisiswatch.alerts.document import Fact
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import clean, clip, moment, since
from crisiswatch.model import Blind, Incident

__all__ = ["blind_facts", "blind_words", "warning"]

_SHOWN = 5


def warning(blind: Blind, zone: tzinfo, lang: str = "en") -> str:
    """One spell of blindness as a sentence beside the figures of an incident."""
    if blind.until is None:
        return phrase(lang, "blind.warning", what=_silence(blind, zone, lang))
    return phrase(lang, "blind.warned", name=_name(blind), span=_from_to(blind, zone, lang))


def blind_words(incident: Incident, zone: tzinfo, lang: str = "en") -> str:
    """What can't be heard now, in one sentence; else what could not be heard last."""
    now = [each for each in incident.blind if each.until is None]
    if now:
        return "; ".join(_silence(each, zone, lang) for each in now[:_SHOWN])
    last = max(incident.blind, key=lambda each: each.since, default=None)
    if last is None:
        return phrase(lang, "unknown")
    return phrase(lang, "blind.was", name=_name(last), span=_from_to(last, zone, lang))


def blind_facts(incident: Incident, zone: tzinfo, opened: str, lang: str = "en") -> tuple[Fact, ...]:
    """A line for each source that can't be heard, or could not; figures of what was said would mean nothing here."""
    told = [Fact(_name(each), _spell(each, zone, lang)) for each in incident.blind[:_SHOWN]]
    return (*told, Fact(phrase(lang, "fact.opened"), opened))


def _spell(blind: Blind, zone: tzinfo, lang: str) -> str:
    if blind.until is not None:
        return phrase(lang, "blind.past", span=_from_to(blind, zone, lang))
    what = phrase(lang, f"blind.{blind.reason}") if blind.reason in _REASONS else phrase(lang, "blind.other")
    return phrase(lang, "blind.since", what=what, since=since(blind.since, zone, lang))


def _silence(blind: Blind, zone: tzinfo, lang: str) -> str:
    return f"{_name(blind)} {_spell(blind, zone, lang)}"


def _from_to(blind: Blind, zone: tzinfo, lang: str) -> str:
    return phrase(lang, "blind.from_to", start=moment(blind.since, zone, lang), end=moment(blind.until, zone, lang))


def _name(blind: Blind) -> str:
    return clip(clean(blind.source), 60)


_REASONS = frozenset({"silent", "failing", "rejected", "rate_limited", "out_of_budget"})
