"""What alerts say of sources that can't be heard: beside other figures as a warning, or as the very matter."""

from __future__ import annotations

from datetime import tzinfo

from crisiswatch.alerts.document import Fact
from crisiswatch.alerts.words import UNKNOWN, clean, clip, moment
from crisiswatch.model import Blind, Incident

__all__ = ["blind_facts", "blind_words", "warning"]

_SILENCES = {
    "silent": "has been silent",
    "failing": "has been failing",
    "rejected": "has been refusing us",
    "rate_limited": "has been limiting us",
    "out_of_budget": "has been out of budget",
}
_SHOWN = 5


def warning(blind: Blind, zone: tzinfo) -> str:
    """One spell of blindness as a sentence beside the figures of an incident."""
    if blind.until is None:
        return f"Source {_silence(blind, zone)}: the figures may be too low."
    until = f"{moment(blind.since, zone)} to {moment(blind.until, zone)}"
    return f"Source {_name(blind)} was not heard from {until}: the figures for that time may be too low."


def blind_words(incident: Incident, zone: tzinfo) -> str:
    """What can't be heard now, in one sentence; else what could not be heard last."""
    now = [each for each in incident.blind if each.until is None]
    if now:
        return "; ".join(_silence(each, zone) for each in now[:_SHOWN])
    last = max(incident.blind, key=lambda each: each.since, default=None)
    return UNKNOWN if last is None else f"{_name(last)} was not heard from {_from_to(last, zone)}"


def blind_facts(incident: Incident, zone: tzinfo, opened: str) -> tuple[Fact, ...]:
    """A line for each source that can't be heard, or could not; figures of what was said would mean nothing here."""
    told = [Fact(_name(each), _spell(each, zone)) for each in incident.blind[:_SHOWN]]
    return (*told, Fact("Opened", opened))


def _spell(blind: Blind, zone: tzinfo) -> str:
    what = _SILENCES.get(blind.reason, "has not been heard")
    if blind.until is None:
        return f"{what} since {moment(blind.since, zone)}"
    return f"not heard from {_from_to(blind, zone)}"


def _silence(blind: Blind, zone: tzinfo) -> str:
    return f"{_name(blind)} {_spell(blind, zone)}"


def _from_to(blind: Blind, zone: tzinfo) -> str:
    return f"{moment(blind.since, zone)} to {moment(blind.until, zone)}"


def _name(blind: Blind) -> str:
    return clip(clean(blind.source), 60)
