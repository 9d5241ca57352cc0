"""From a delivery to a ``crisiswatch.incident.v1`` message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.words import clean, clip, mask, safe_url
from crisiswatch.model import Case, Delivery, Incident, Notice, Post, Reading, Reminder, Verdict
from crisiswatch.notifiers.incident_v1 import (
    BlindPart,
    CasePart,
    FiguresPart,
    GatePart,
    IncidentPart,
    LevelPart,
    LinksPart,
    Message,
    NoticePart,
    PostPart,
    PromisePart,
    ReminderPart,
    SnoozePart,
    StepPart,
    VerdictPart,
)

__all__ = ["event_of", "message_of"]


def event_of(delivery: Delivery) -> str:
    """What the message tells: the stage, or ``notice``."""
    return "notice" if delivery.notice is not None else delivery.stage.value


def message_of(delivery: Delivery, document: Document, *, posts: bool = False) -> dict[str, Any]:
    """The message as plain JSON values, whatever is in the delivery. Without `posts` no words of anybody's post."""
    drill = delivery.drill or document.drill
    notice, evidence = delivery.notice, delivery.evidence
    alone = notice is not None
    incident = delivery.incident
    lines = (document.summary, document.status, document.reminder, document.sector, document.note, *document.warnings)
    headline = document.headline if notice is None else notice.headline
    message = Message(
        id=delivery.id,
        event=event_of(delivery),
        drill=drill,
        headline=f"{document.drill_word}: {headline}" if drill else headline,
        text=" ".join(line for line in (lines if notice is None else notice.lines) if line),
        incident=None if alone else _incident(incident, document),
        figures=None if alone else _figures(incident.reading),
        peak=None if alone else _figures(incident.peak),
        case=None if alone or delivery.case is None else _case(delivery.case),
        reminder=None if delivery.reminder is None else _reminder(delivery.reminder),
        notice=None if notice is None else _notice(notice),
        sources=_counted(evidence.sources),
        languages=_counted(evidence.languages),
        topics=evidence.topics,
        posts=tuple(_post(post) for post in _once((*evidence.first, *evidence.loudest))) if posts else (),
        links=LinksPart(
            page=safe_url(delivery.link or document.link or (notice.link if notice else "")),
            explain=document.footer[-1] if document.footer and not alone else "",
        ),
    )
    return message.model_dump(mode="json", by_alias=True)


def _incident(one: Incident, document: Document) -> IncidentPart:
    return IncidentPart(
        id=one.id,
        brand=one.brand,
        brand_name=document.brand,
        rule=one.rule,
        title=one.title,
        alert=one.alert,
        version=one.version,
        phase=one.phase.value,
        level=one.level.word,
        peak_level=one.peak_level.word,
        opened_at=one.opened_at,
        updated_at=one.updated_at,
        resolved_at=one.resolved_at,
        ended_by=one.reason,
        levels=tuple(LevelPart(level=level.word, since=since) for level, since in one.levels),
        mentions=one.mentions,
        authors=one.authors,
        flaps=one.flaps,
        because=one.because,
        trend=one.trend,
        blind=tuple(BlindPart.model_validate(blind) for blind in one.blind),
        conditions=tuple(GatePart.model_validate(gate) for gate in one.gates),
    )


def _figures(one: Reading) -> FiguresPart:
    said = one.signals
    return FiguresPart(
        start=one.start,
        end=one.end,
        observed=one.observed,
        total=one.total,
        authors=one.authors,
        organic=one.organic,
        share=one.share,
        expected=one.expected,
        low=one.low,
        high=one.high,
        false_alarms_per_month=one.false_alarms_per_month,
        learning=one.learning,
        reach=one.reach,
        complaints=None if said is None else said.complaints,
        questions=None if said is None else said.questions,
        sources=one.sources,
    )


def _case(one: Case) -> CasePart:
    return CasePart(
        revision=one.revision,
        acknowledged_by=one.acknowledged_by,
        acknowledged_at=one.acknowledged_at,
        assigned_to=one.assigned_to,
        assigned_by=one.assigned_by,
        snooze=None if one.snooze is None else SnoozePart.model_validate(one.snooze),
        verdict=None if one.verdict is None else _verdict(one.verdict),
        steps=tuple(
            StepPart(
                number=number,
                step=each.step,
                role=each.role,
                due=each.due,
                done_by=each.done_by,
                done_at=each.done_at,
                overdue=each.overdue,
            )
            for number, each in enumerate(one.steps, 1)
        ),
        promises=tuple(
            PromisePart(
                number=number,
                text=each.text,
                due=each.due,
                by=each.by,
                kept_by=each.kept_by,
                kept_at=each.kept_at,
                missed=each.missed,
            )
            for number, each in enumerate(one.promises, 1)
        ),
        rung=one.rung,
        sector=one.sector,
        stand_down=one.stand_down.value,
        stood_down_by=one.stood_down_by,
        closed_at=one.closed_at,
    )


def _verdict(one: Verdict) -> VerdictPart:
    return VerdictPart(kind=one.kind.value, by=one.by, at=one.at, reason=one.reason)


def _reminder(one: Reminder) -> ReminderPart:
    return ReminderPart(kind=one.kind, subject=one.subject, due=one.due, rung=one.rung)


def _notice(one: Notice) -> NoticePart:
    return NoticePart(id=one.id, kind=one.kind, at=one.at, headline=one.headline, lines=one.lines, version=one.version)


def _post(one: Post) -> PostPart:
    return PostPart(
        uid=one.uid,
        source=one.source,
        at=one.at,
        text=one.text,
        author=mask(one.author) if one.author else "",
        url=safe_url(one.url),
        audience=one.audience,
        engagement=one.engagement,
        lang=one.lang,
    )


def _once(posts: Iterable[Post]) -> Iterable[Post]:
    return {post.uid: post for post in posts}.values()


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {clip(clean(name), 80): count for name, count in counts.items() if count}
