"""The words of messages that are about no single incident, in a language. Pure: equal input gives equal words.

The phrases themselves are in `crisiswatch.alerts.phrases`, as are those of alerts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import about, clean, clip, exact, listed, moment, percent, span
from crisiswatch.calm.desk import Member, Storm
from crisiswatch.model import Incident, Level, Notice, Silence

__all__ = ["budget_notice", "digest_notice", "silence_began", "silence_ended", "stamp", "storm_notice"]

_SHOWN = 20
_DIGEST_SHOWN = 40


def stamp(at: datetime) -> str:
    """A moment as it stands in ids: ``20260303T1200Z``."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%MZ}"


def storm_notice(
    storm: Storm, at: datetime, names: Mapping[str, str], zone: tzinfo, page: str, *, lang: str = "en"
) -> Notice:
    """The summary of a storm as it stands."""
    members = storm.members.values()
    total, still = len(members), sum(not each.over for each in members)
    since = moment(storm.since, zone, lang).partition(", ")[2]
    lines = [f"{_levels((each.level for each in members), lang)}. {_open(still, total, lang)}"]
    grave = sorted(
        (each for each in members if each.level is Level.CRITICAL), key=lambda each: (each.over, each.at, each.brand)
    )
    lines += [_line(each, names, zone, lang) for each in grave[:_SHOWN]]
    if len(grave) > _SHOWN:
        lines.append(phrase(lang, "note.more_critical", n=exact(len(grave) - _SHOWN, lang)))
    lines.append(phrase(lang, "note.by_brand", brands=listed(_brands(members, names), _SHOWN, lang)))
    alone = sum(each.alone for each in members)
    if alone:
        lines.append(phrase(lang, "note.alone", n=exact(alone, lang)))
    return Notice(
        id=storm.id,
        kind="storm",
        at=at,
        headline=_counted("note.storm", total, lang, since=since),
        lines=tuple(lines),
        link=page,
        version=storm.version,
        language=lang,
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
    lang: str = "en",
) -> Notice:
    """What was collected since ``since``, the gravest first."""
    ranked = sorted(incidents, key=lambda each: (-each.peak_level, each.opened_at, each.id))
    lines = [_told(each, names, zone, lang) for each in ranked[:_DIGEST_SHOWN]]
    if len(ranked) > _DIGEST_SHOWN:
        rest = Counter(names.get(each.brand, each.brand) for each in ranked[_DIGEST_SHOWN:])
        left, brands = exact(len(ranked) - _DIGEST_SHOWN, lang), listed(rest, _SHOWN, lang)
        lines.append(phrase(lang, "note.rest", n=left, brands=brands))
    return Notice(
        id=f"digest/{receiver}/{stamp(due)}",
        kind="digest",
        at=due,
        headline=_counted("note.digest", len(ranked), lang, since=_since(since, due, zone, lang)),
        lines=tuple(lines),
        link=page,
        language=lang,
    )


def silence_began(silence: Silence, names: Mapping[str, str], zone: tzinfo, page: str, lang: str = "en") -> Notice:
    """Nobody is told for a while."""
    return Notice(
        id=f"silence/{silence.id}/began",
        kind="silence_began",
        at=silence.begins,
        headline=phrase(lang, "note.silenced", whom=_of(silence, names), until=moment(silence.ends, zone, lang)),
        lines=(
            phrase(lang, "note.asked", by=clip(clean(silence.by), 60), why=clip(clean(silence.reason), 300)),
            phrase(lang, "note.nobody_told", level=phrase(lang, f"level.{silence.level.word}")),
            phrase(lang, "note.to_end", id=str(silence.id)),
        ),
        link=page,
        language=lang,
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
    lang: str = "en",
) -> Notice:
    """They are told again; ``incidents`` are those that opened meanwhile, ``others`` the silences of the brand that go
    on."""
    still = sum(each.resolved_at is None for each in incidents)
    told = phrase(lang, "note.none_held")
    if incidents:
        number = len(incidents)
        told = f"{_counted('note.meanwhile', number, lang)} {_open(still, number, lang)}"
    who, why = clip(clean(silence.by), 60), clip(clean(silence.reason), 300)
    how = phrase(lang, "note.ended_by", by=clip(clean(silence.ended_by), 60)) if silence.ended_by else ""
    lasted = phrase(lang, "note.was_silenced", length=span(at - silence.begins, lang), by=who, why=why)
    return Notice(
        id=f"silence/{silence.id}/ended",
        kind="silence_ended",
        at=at,
        headline=_now(silence, others, names, zone, lang),
        lines=(
            f"{how or phrase(lang, 'note.time_over')} {lasted}",
            *(_goes_on(each, names, zone, lang) for each in others[:_SHOWN]),
            told,
            *(_told(each, names, zone, lang) for each in list(incidents)[:_SHOWN]),
        ),
        link=page,
        language=lang,
    )


def budget_notice(source: str, left: float, at: datetime, brands: Sequence[str], lang: str = "en") -> Notice:
    """A source's money for the month is nearly, or quite, used up."""
    month = f"{at.astimezone(UTC):%Y-%m}"
    first = (at.astimezone(UTC).replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0)
    renewed = moment(first, lang=lang)
    out = left <= 0
    whom = ", ".join(brands[:6])
    if len(brands) > 6:
        whom = f"{whom} {phrase(lang, 'and_more', n=str(len(brands) - 6))}"
    lines = (
        phrase(lang, "note.spent" if out else "note.left", share=percent(left, lang), renewed=renewed),
        phrase(lang, "note.unseen" if out else "note.unseen_soon", brands=whom),
        phrase(lang, "note.raise"),
    )
    return Notice(
        id=f"budget/{source}/{month}" + ("/out" if out else ""),
        kind="budget",
        at=at,
        headline=phrase(lang, "note.budget_out" if out else "note.budget", source=clip(clean(source), 60)),
        lines=lines,
        language=lang,
    )


def _heading(one: Member | Incident, names: Mapping[str, str]) -> dict[str, str]:
    """Whose it is and what it is about, short enough for a line of a list."""
    return {"brand": clip(clean(names.get(one.brand, one.brand)), 80), "title": clip(clean(one.title), 150)}


def _line(member: Member, names: Mapping[str, str], zone: tzinfo, lang: str) -> str:
    return phrase(
        lang,
        "note.line",
        **_heading(member, names),
        level=phrase(lang, f"level.{member.level.word}"),
        at=moment(member.at, zone, lang),
        state=phrase(lang, "note.is_over" if member.over else "note.is_open"),
    )


def _told(incident: Incident, names: Mapping[str, str], zone: tzinfo, lang: str) -> str:
    peak = incident.peak
    normal = "" if peak.expected is None else phrase(lang, "note.normal", n=about(peak.expected, lang))
    state = phrase(lang, "note.still_open")
    if incident.resolved_at is not None:
        state = phrase(lang, "note.over_after", length=span(incident.resolved_at - incident.opened_at, lang))
    figures = phrase(lang, "in_window", n=exact(peak.observed, lang), window=span(peak.end - peak.start, lang))
    return phrase(
        lang,
        "note.told",
        **_heading(incident, names),
        level=phrase(lang, f"level.{incident.peak_level.word}"),
        at=moment(incident.opened_at, zone, lang),
        figures=f"{figures}{normal}",
        state=state,
    )


def _levels(levels: Iterable[Level], lang: str) -> str:
    counted = Counter(levels)
    return ", ".join(
        phrase(lang, "note.of_level", n=exact(counted[level], lang), level=phrase(lang, f"level.{level.word}"))
        for level in sorted(counted, reverse=True)
    )


def _brands(members: Iterable[Member], names: Mapping[str, str]) -> dict[str, int]:
    return dict(Counter(names.get(each.brand, each.brand) for each in members))


def _open(still: int, total: int, lang: str) -> str:
    if still == 0:
        return phrase(lang, "note.all_over" if total > 1 else "note.one_over")
    if still == total == 1:
        return phrase(lang, "note.one_open")
    return phrase(lang, "note.some_open", n=exact(still, lang))


def _counted(key: str, number: int, lang: str, **values: str) -> str:
    """The phrase for a number of incidents, or that for one of them."""
    return phrase(lang, f"{key}_one" if number == 1 else key, n=exact(number, lang), **values)


def _of(silence: Silence, names: Mapping[str, str]) -> str:
    name = clip(clean(names.get(silence.brand, silence.brand)), 80)
    return f"{name} ({silence.rule})" if silence.rule else name


def _now(silence: Silence, others: Sequence[Silence], names: Mapping[str, str], zone: tzinfo, lang: str) -> str:
    """Whether what a silence covered is told again."""
    same = [each for each in others if each.rule in {"", silence.rule} and each.level >= silence.level]
    if not same:
        return phrase(lang, "note.no_longer", whom=_of(silence, names))
    return phrase(lang, "note.stays", whom=_of(silence, names), until=moment(max(e.ends for e in same), zone, lang))


def _goes_on(silence: Silence, names: Mapping[str, str], zone: tzinfo, lang: str) -> str:
    return phrase(
        lang,
        "note.goes_on",
        id=str(silence.id),
        until=moment(silence.ends, zone, lang),
        whom=_of(silence, names),
        level=phrase(lang, f"level.{silence.level.word}"),
        by=clip(clean(silence.by), 60),
        why=clip(clean(silence.reason), 300),
    )


def _since(since: datetime, due: datetime, zone: tzinfo, lang: str) -> str:
    day, _, hour = moment(since, zone, lang).partition(", ")
    yesterday = (due - timedelta(days=1)).astimezone(zone).date() == since.astimezone(zone).date()
    return phrase(lang, "note.yesterday", hour=hour) if yesterday else f"{day}, {hour}"
