"""The post-mortem of an incident as Markdown: what happened when, what people did, and what it was worth.

All of it comes from the store: figures from the incident's snapshots, people's part from the case and its decision log,
times of delivery from the outbox. Text by strangers is cleaned, clipped and escaped before it stands in a table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.story import began, range_words
from crisiswatch.alerts.words import clean, clip, exact, language, listed, mask, moment, rarity, roughly, safe_url, span
from crisiswatch.model import Act, Blind, Case, CaseStep, Decision, Evidence, Incident, Post, Promise, Stage, taken_by
from crisiswatch.records.phrases import phrases
from crisiswatch.records.timeline import in_language, told
from crisiswatch.response import verified
from crisiswatch.store import IncidentEvent, OutboxRow, Store

__all__ = ["Facts", "gather_facts", "post_mortem"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")
_POSTS = 6
_LINES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a post-mortem is made of. ``told_at`` is when the first message about it had arrived somewhere;
    ``title`` says what happened where the rule's own title is in another language."""

    incident: Incident
    first: Incident
    case: Case | None
    decisions: tuple[Decision, ...]
    told_at: datetime | None
    evidence: Evidence
    brand: str
    zone: tzinfo = UTC
    lang: str = "en"
    title: str = ""


def gather_facts(
    store: Store, incident: Incident, evidence: Evidence, *, brand: str, zone: tzinfo = UTC, lang: str = "en"
) -> Facts:
    """What the store knows of an incident."""
    history: Sequence[IncidentEvent] = store.incident_events(incident.id)
    rows: Sequence[OutboxRow] = store.outbox_rows(incident=incident.id)
    arrived = [
        row.settled_at
        for row in rows
        if row.status == "sent" and row.settled_at is not None and row.stage in {Stage.OPENED, Stage.ESCALATED}
    ]
    return Facts(
        incident=incident,
        first=history[0].incident if history else incident,
        case=store.case(incident.id),
        decisions=tuple(store.decisions(incident.id)),
        told_at=min(arrived, default=None),
        evidence=evidence,
        brand=brand,
        zone=zone,
        lang=lang,
    )


def post_mortem(facts: Facts, chart: str = "") -> str:
    """The text; ``chart`` is where the picture lies, relative to it. The same facts give the same text."""
    words, incident = phrases(facts.lang), facts.incident
    parts = [
        f"# {words['title']}: {_safe(facts.title or f'{facts.brand}, {incident.title}', 240)}",
        f"`{incident.id}`",
        f"*{words['draft']}*",
        f"## {words['figures']}",
        _table(["", ""], _figures(facts, words)),
    ]
    if chart:
        parts += [f"## {words['chart']}", f"![{words['chart']}]({chart})"]
    timeline = _timeline(facts)
    if timeline:
        parts += [f"## {words['timeline']}", _table([words["when"], words["who"], words["what"]], timeline)]
    case = facts.case
    if case is not None and case.steps:
        parts += [
            f"## {words['playbook']}",
            "\n".join(_step(step, words, facts.zone, facts.lang) for step in case.steps),
        ]
    if case is not None and case.promises:
        parts += [
            f"## {words['promises']}",
            "\n".join(_promise(each, words, facts.zone, facts.lang) for each in case.promises),
        ]
    posts = _posts(facts.evidence)
    if posts:
        parts += [f"## {words['posts']}", "\n\n".join(_quote(post, facts.zone, facts.lang) for post in posts)]
    gates = [f"- {_safe(reason(gate, facts.lang).sentence, 240)}" for gate in facts.first.gates]
    if gates:
        parts += [f"## {words['why']}", "\n".join(gates)]
    asked = [f"{number}. {words[f'learned_{number}']}" for number in range(1, 5)]
    parts += [f"## {words['learned']}", "\n".join(asked), "---", _ending(facts, words)]
    return "\n\n".join(parts) + "\n"


def _figures(facts: Facts, words: dict[str, str]) -> list[list[str]]:
    incident, case, zone, lang = facts.incident, facts.case, facts.zone, facts.lang
    since, peak = began(incident), incident.peak
    found = [(words["opened"], _dated(incident.opened_at, zone, lang))]
    if since < incident.opened_at:
        found.append((words["began"], moment(since, zone, lang)))
        found.append((words["detected"], span(incident.opened_at - since, lang)))
    if facts.told_at is not None:
        found.append((words["told"], span(max(facts.told_at, incident.opened_at) - incident.opened_at, lang)))
    found.append((words["taken"], _taken(facts, words)))
    found.append((words["reached"], phrase(lang, f"level.{incident.peak_level.word}")))
    usual = "" if peak.expected is None else f"{roughly(peak.expected, lang)}{_range(peak.low, peak.high, lang)}"
    at_worst = f"{exact(peak.observed, lang)} / {span(peak.end - peak.start, lang)}, {moment(peak.end, zone, lang)}"
    found.append((words["peak"], f"{at_worst}; {words['usual'].format(usual=usual)}" if usual else at_worst))
    if peak.organic is not None:
        found.append((words["organic"], exact(peak.organic, lang)))
    if peak.false_alarms_per_month is not None:
        found.append((words["chance"], rarity(peak.false_alarms_per_month, lang)))
    if case is not None and case.calm_at is not None:
        found.append((words["calm"], moment(case.calm_at, zone, lang)))
    if incident.resolved_at is not None:
        found.append((words["ended"], moment(_end(facts), zone, lang)))
        found.append((words["lasted"], span((_end(facts) or incident.resolved_at) - incident.opened_at, lang)))
    said = words["mentions"].format(count=exact(incident.mentions, lang), authors=exact(incident.authors, lang))
    found.append((words["said"], agreed(lang, said)))
    return [[label, _safe(value, 300)] for label, value in [*found, *_places(facts, words)] if value]


def _dated(at: datetime, zone: tzinfo, lang: str) -> str:
    """A moment with its year, which messages leave out in some languages; it stands once in a post-mortem."""
    text, year = moment(at, zone, lang), str(at.astimezone(zone).year)
    return text if year in text else text.replace(", ", f" {year}, ", 1)


def _places(facts: Facts, words: dict[str, str]) -> list[tuple[str, str]]:
    incident, case, evidence, lang = facts.incident, facts.case, facts.evidence, facts.lang
    named: dict[str, int] = {}
    for tag, count in evidence.languages.items():
        named[language(tag, lang)] = named.get(language(tag, lang), 0) + count
    found = [
        (
            words["sources"],
            listed(evidence.sources, lang=lang) if evidence.sources else ", ".join(incident.peak.sources),
        ),
        (words["languages"], listed(named, lang=lang) if named else ""),
        (words["themes"], ", ".join(evidence.topics or evidence.themes)),
        (words["blind"], "; ".join(_spell(each, facts.zone, lang) for each in incident.blind)),
        (words["flaps"], str(incident.flaps) if incident.flaps else ""),
    ]
    verdict = None if case is None else case.verdict
    if verdict is None:
        found.append((words["verdict"], words["no_verdict"]))
    else:
        why = f" ({verdict.reason})" if verdict.reason else ""
        found.append((words["verdict"], f"{words[verdict.kind.value]}{why}, {verdict.by}"))
    return found


def _taken(facts: Facts, words: dict[str, str]) -> str:
    who, at = taken_by(facts.incident, facts.case)
    if not who or at is None:
        return words["nobody"]
    opened = facts.incident.opened_at
    return f"{span(max(at, opened) - opened, facts.lang)}, {words['taken_by'].format(who=who)}"


def _end(facts: Facts) -> datetime | None:
    """When it was over for people: a stand-down that was confirmed comes after the figures."""
    over = [line.at for line in facts.decisions if line.kind in {"resolved", Act.STAND_DOWN}]
    return max([facts.incident.resolved_at or facts.incident.updated_at, *over])


def _range(low: float | None, high: float | None, lang: str) -> str:
    return "" if low is None or high is None else f" ({range_words(low, high, lang)})"


def _spell(blind: Blind, zone: tzinfo, lang: str) -> str:
    until = "…" if blind.until is None else moment(blind.until, zone, lang)
    return f"{blind.source}: {moment(blind.since, zone, lang)} - {until}"


def _timeline(facts: Facts) -> list[list[str]]:
    zone, lang = facts.zone, facts.lang
    day = moment(facts.incident.opened_at, zone, lang).partition(", ")[0] + ", "
    return [
        [
            moment(line.at, zone, lang).removeprefix(day),
            _safe(line.actor, 60),
            _safe(told(line, zone, lang, day), 300),
        ]
        for line in facts.decisions[:_LINES]
    ]


def _step(step: CaseStep, words: dict[str, str], zone: tzinfo, lang: str) -> str:
    who = f" ({_safe(step.role, 60)})" if step.role else ""
    if step.done_at is None:
        state, box = words["not_done"], " "
    else:
        kind = "done" if step.due is None else "in_time" if step.done_at <= step.due else "late"
        state, box = words[kind].format(who=_safe(step.done_by, 60), when=moment(step.done_at, zone, lang)), "x"
    return f"- [{box}] {_safe(step.step, 300)}{who}: {state}"


def _promise(promise: Promise, words: dict[str, str], zone: tzinfo, lang: str) -> str:
    if promise.kept_at is not None:
        state = words["kept"].format(who=_safe(promise.kept_by, 60), when=moment(promise.kept_at, zone, lang))
    else:
        state = words["missed" if promise.missed else "open"].format(when=moment(promise.due, zone, lang))
    return f"- {_safe(promise.text, 200)}: {state}"


def _posts(evidence: Evidence) -> list[Post]:
    kept: dict[str, Post] = {}
    for post in (*evidence.first, *evidence.loudest):
        kept.setdefault(post.uid, post)
    return list(kept.values())[:_POSTS]


def _quote(post: Post, zone: tzinfo, lang: str) -> str:
    by = " · ".join(part for part in (mask(post.author) if post.author else "", post.source) if part)
    url = safe_url(post.url)
    line = f"{_safe(by, 80)}, {moment(post.at, zone, lang)}"
    return f"> {_safe(post.text, 280)}\n>\n> {f'[{line}](<{url}>)' if url else line}"


def _ending(facts: Facts, words: dict[str, str]) -> str:
    incident, case = facts.incident, facts.case
    ending = (case.ending if case is not None else "") or incident.reason or "calm"
    lines = [f"{words['ending']} {words.get(f'ending_{ending}', ending)}."]
    if case is not None and case.stood_down_by:
        lines[0] = f"{lines[0][:-1]}; {words['confirmed'].format(who=_safe(case.stood_down_by, 60))}."
    if facts.decisions:
        wrong = in_language(facts.lang, verified(facts.decisions, case))
        lines.append(
            words["log_broken"].format(wrong=wrong) if wrong else words["log"].format(count=len(facts.decisions))
        )
    lines.append(words["again"].format(incident=incident.id))
    return "  \n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _safe(text: str, limit: int) -> str:
    """Foreign text that stays on its line and is no Markdown."""
    return _MARKDOWN.sub(r"\\\1", clip(clean(text), limit))
