"""The words of messages that are about no single incident. Pure: equal input gives equal words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from crisiswatch.alerts.words import about, clean, clip, exact, listed, moment, percent, span
from crisiswatch.calm.desk import Member, Storm
from crisiswatch.model import Incident, Level, Notice, Silence

__all__ = ["budget_notice", "digest_notice", "silence_began", "silence_ended", "stamp", "storm_notice"]

_SHOWN = 20
_DIGEST_SHOWN = 40


def stamp(at: datetime) -> str:
    """A moment as it stands in ids: ``20260303T1200Z``."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%MZ}"


def storm_notice(storm: Storm, at: datetime, names: Mapping[str, str], zone: tzinfo, page: str) -> Notice:
    """The summary of a storm as it stands."""
    members = storm.members.values()
    total, still = len(members), sum(not each.over for each in members)
    since = moment(storm.since, zone).partition(", ")[2]
    lines = [f"{_levels(each.level for each in members)}. {_open(still, total)}"]
    grave = sorted(
        (each for each in members if each.level is Level.CRITICAL), key=lambda each: (each.over, each.at, each.brand)
    )
    lines += [_line(each, names, zone) for each in grave[:_SHOWN]]
    if len(grave) > _SHOWN:
        lines.append(f"{len(grave) - _SHOWN} more critical ones.")
    lines.append(f"By brand: {listed(_brands(members, names), _SHOWN)}.")
    alone = sum(each.alone for each in members)
    if alone:
        lines.append(f"{exact(alone)} of them got worse since and have a message of their own.")
    return Notice(
        id=storm.id,
        kind="storm",
        at=at,
        headline=f"{exact(total)} more {_incidents(total)} since {since}",
        lines=tuple(lines),
        link=page,
        version=storm.version,
    )


def digest_notice(
    receiver: str,
    due: datetime,
    since: datetime,
    incidents: Sequence[Incident],
    *,
    names: Mapping[str, str],
    zone: tzinfo,
    page: str,
) -> Notice:
    """What was collected since ``since``, the gravest first."""
    ranked = sorted(incidents, key=lambda each: (-each.peak_level, each.opened_at, each.id))
    lines = [_told(each, names, zone) for each in ranked[:_DIGEST_SHOWN]]
    if len(ranked) > _DIGEST_SHOWN:
        rest = Counter(names.get(each.brand, each.brand) for each in ranked[_DIGEST_SHOWN:])
        lines.append(f"{len(ranked) - _DIGEST_SHOWN} more: {listed(rest, _SHOWN)}.")
    number = len(ranked)
    return Notice(
        id=f"digest/{receiver}/{stamp(due)}",
        kind="digest",
        at=due,
        headline=f"{exact(number)} {_incidents(number)} since {_since(since, due, zone)}",
        lines=tuple(lines),
        link=page,
    )


def silence_began(silence: Silence, names: Mapping[str, str], zone: tzinfo, page: str) -> Notice:
    """Nobody is told for a while."""
    return Notice(
        id=f"silence/{silence.id}/began",
        kind="silence_began",
        at=silence.begins,
        headline=f"{_of(silence, names)} is silenced until {moment(silence.ends, zone)}",
        lines=(
            f"By {clip(clean(silence.by), 60)}, because: {clip(clean(silence.reason), 300)}",
            f"Nobody is told of incidents up to {silence.level.word}. What is open at the end is told then.",
            f"To end it now: crisiswatch silence end {silence.id}",
        ),
        link=page,
    )


def silence_ended(
    silence: Silence,
    at: datetime,
    incidents: Collection[Incident],
    *,
    names: Mapping[str, str],
    zone: tzinfo,
    page: str,
    others: Sequence[Silence] = (),
) -> Notice:
    """They are told again; ``incidents`` are those that opened meanwhile, ``others`` the silences of the brand that go
    on."""
    still = sum(each.resolved_at is None for each in incidents)
    told = "No incident was held back."
    if incidents:
        number = len(incidents)
        told = f"{exact(number)} {_incidents(number)} opened meanwhile. {_open(still, number)}"
    whose = f"{clip(clean(silence.by), 60)}, because: {clip(clean(silence.reason), 300)}"
    how = f"Ended by {clip(clean(silence.ended_by), 60)}." if silence.ended_by else "Its time was over."
    return Notice(
        id=f"silence/{silence.id}/ended",
        kind="silence_ended",
        at=at,
        headline=_now(silence, others, names, zone),
        lines=(
            f"{how} It was silenced for {span(at - silence.begins)} by {whose}",
            *(_goes_on(each, names, zone) for each in others[:_SHOWN]),
            told,
            *(_told(each, names, zone) for each in list(incidents)[:_SHOWN]),
        ),
        link=page,
    )


def budget_notice(source: str, left: float, at: datetime, brands: Sequence[str]) -> Notice:
    """A source's money for the month is nearly, or quite, used up."""
    month = f"{at.astimezone(UTC):%Y-%m}"
    renewed = moment((at.astimezone(UTC).replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0))
    out = left <= 0
    name = clip(clean(source), 60)
    whom = ", ".join(brands[:6]) + (f" and {len(brands) - 6} more" if len(brands) > 6 else "")
    lines = [f"{percent(left)} of this month's money for posts is left; a new month begins {renewed}."]
    if out:
        lines = [f"No more posts are read from there until {renewed}."]
    lines.append(f"What is said there about {whom} is not seen{'' if out else ' once it is gone'}.")
    return Notice(
        id=f"budget/{source}/{month}" + ("/out" if out else ""),
        kind="budget",
        at=at,
        headline=f"The budget of {name} is {'' if out else 'nearly '}used up",
        lines=(*lines, "Raise its budget in crisiswatch.yaml and reload, or have it read less."),
    )


def _line(member: Member, names: Mapping[str, str], zone: tzinfo) -> str:
    state = "over" if member.over else "open"
    name = clip(clean(names.get(member.brand, member.brand)), 80)
    return f"{name}: {clip(clean(member.title), 150)} ({member.level.word}, {moment(member.at, zone)}, {state})"


def _told(incident: Incident, names: Mapping[str, str], zone: tzinfo) -> str:
    peak = incident.peak
    normal = "" if peak.expected is None else f", normal is {about(peak.expected)}"
    state = "still open"
    if incident.resolved_at is not None:
        state = f"over after {span(incident.resolved_at - incident.opened_at)}"
    name = clip(clean(names.get(incident.brand, incident.brand)), 80)
    figures = f"{exact(peak.observed)} in {span(peak.end - peak.start)}{normal}"
    opened = moment(incident.opened_at, zone)
    return f"{name}: {clip(clean(incident.title), 150)} ({incident.peak_level.word}), {opened}: {figures}; {state}"


def _levels(levels: Iterable[Level]) -> str:
    counted = Counter(levels)
    return ", ".join(f"{exact(counted[level])} {level.word}" for level in sorted(counted, reverse=True))


def _brands(members: Iterable[Member], names: Mapping[str, str]) -> dict[str, int]:
    return dict(Counter(names.get(each.brand, each.brand) for each in members))


def _open(still: int, total: int) -> str:
    if still == 0:
        return "All are over." if total > 1 else "It is over."
    return f"{exact(still)} still open." if still < total or total > 1 else "It is still open."


def _incidents(number: int) -> str:
    return "incident" if number == 1 else "incidents"


def _of(silence: Silence, names: Mapping[str, str]) -> str:
    name = clip(clean(names.get(silence.brand, silence.brand)), 80)
    return f"{name} ({silence.rule})" if silence.rule else name


def _now(silence: Silence, others: Sequence[Silence], names: Mapping[str, str], zone: tzinfo) -> str:
    """Whether what a silence covered is told again."""
    same = [each for each in others if each.rule in {"", silence.rule} and each.level >= silence.level]
    if not same:
        return f"{_of(silence, names)} is no longer silenced"
    return f"{_of(silence, names)} stays silenced until {moment(max(each.ends for each in same), zone)}"


def _goes_on(silence: Silence, names: Mapping[str, str], zone: tzinfo) -> str:
    who, why = clip(clean(silence.by), 60), clip(clean(silence.reason), 300)
    until = moment(silence.ends, zone)
    whom = f"{_of(silence, names)} up to {silence.level.word}"
    return f"Silence {silence.id} goes on until {until}: {whom}, by {who}, because: {why}"


def _since(since: datetime, due: datetime, zone: tzinfo) -> str:
    day, _, hour = moment(since, zone).partition(", ")
    yesterday = (due - timedelta(days=1)).astimezone(zone).date() == since.astimezone(zone).date()
    return f"yesterday, {hour}" if yesterday else f"{day}, {hour}"
