"""The incident of a preview, which never was, and what people did about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crisiswatch.config import Brand, Loaded
from crisiswatch.model import (
    Blind,
    Case,
    CaseStep,
    Delivery,
    Evidence,
    Gate,
    Incident,
    Level,
    Notice,
    Phase,
    Post,
    Promise,
    Reading,
    Reasons,
    Reminder,
    Stage,
    StandDown,
)
from crisiswatch.model.alert import definition_for

__all__ = ["case_of", "invented", "notice_of", "reminder_of"]

_AT = datetime(2026, 3, 12, 9, 15, tzinfo=UTC)
_BLIND_FOR = Gate("blind_for", "at_least", 10.0, 32.0, held=True)
_SOMEBODY = "duty@example.com"


def case_of(loaded: Loaded, brand: Brand, alert: str, incident: Incident, stage: Stage) -> Case:
    """What people have done by that stage: nothing as it opens, nor where somebody is reminded; later somebody has it
    and has done the first step."""
    definition = definition_for(loaded.alerts, alert, brand.language)
    new = stage in {Stage.OPENED, Stage.REMINDED}
    taken = incident.opened_at + timedelta(minutes=6)
    steps = []
    for number, each in enumerate(() if definition is None else definition.playbook):
        done = not new and number == 0
        due = None if each.within_minutes is None else incident.opened_at + timedelta(minutes=each.within_minutes)
        steps.append(
            CaseStep(
                step=each.step,
                role=each.role,
                due=due,
                done_by=_SOMEBODY if done else "",
                done_at=taken if done else None,
                overdue=not done and due is not None and due <= incident.updated_at,
            )
        )
    confirm = definition is not None and incident.peak_level in definition.confirm
    over = stage is Stage.RESOLVED
    stand_down = StandDown.NOT_NEEDED
    if confirm and stage in {Stage.CALMING, Stage.RESOLVED}:
        stand_down = StandDown.CONFIRMED if over else StandDown.AWAITED
    due = incident.opened_at + timedelta(hours=2)
    return Case(
        incident=incident.id,
        brand=incident.brand,
        rule=incident.rule,
        alert=alert,
        opened_at=incident.opened_at,
        revision=incident.version,
        acknowledged_by="" if new else _SOMEBODY,
        acknowledged_at=None if new else taken,
        steps=tuple(steps),
        promises=() if new else (Promise(text="Next update", due=due, by=_SOMEBODY, at=taken),),
        stand_down=stand_down,
        stood_down_by=_SOMEBODY if over and confirm else "",
        ending="calm" if over else "",
    )


def reminder_of(case: Case, stage: Stage) -> Reminder | None:
    """Why somebody is reminded: of the step that is late, or else that somebody has to take it."""
    if stage is not Stage.REMINDED:
        return None
    late = next((step for step in case.steps if step.overdue), None)
    return Reminder("unacknowledged", rung=1) if late is None else Reminder("step_overdue", late.step, late.due)


def notice_of(kind: str, incident: Incident) -> Notice:
    """A message that is about no single incident: a digest or a storm's summary."""
    headline = "2 incidents since yesterday" if kind == "digest" else "31 incidents at once: only this message for all"
    line = f"{incident.level.word}: {incident.title}, {incident.brand}, {incident.mentions} mentions"
    return Notice(id=f"{kind}-preview", kind=kind, at=incident.updated_at, headline=headline, lines=(line,))


def invented(loaded: Loaded, brand: Brand, alert: str, stage: Stage, receiver: str) -> Delivery:
    """A delivery about an incident that never was, of the first rule that uses the alert."""
    rule = next((each for each in loaded.ruleset.rules if each.alert == alert), None)
    level = Level.CRITICAL if stage is not Stage.OPENED else Level.WARNING
    over = stage is Stage.RESOLVED
    peak = _reading(124 if stage is not Stage.OPENED else 41, _AT)
    reading = _reading(9, _AT + timedelta(hours=2)) if stage in (Stage.CALMING, Stage.RESOLVED) else peak
    levels = ((Level.WARNING, _AT - timedelta(minutes=22)), (Level.CRITICAL, _AT))
    opened = levels[0][1] if stage is not Stage.OPENED else _AT
    blind = rule is not None and any(
        line.measure == "blind_for" for _, block in rule.levels for line in block.conditions
    )
    incident = Incident(
        id=f"{brand.id}.{rule.id if rule else alert}.{opened:%Y%m%dT%H%MZ}",
        brand=brand.id,
        rule=rule.id if rule else alert,
        title=rule.title if rule else alert,
        because=rule.because if rule else "",
        alert=alert,
        version={Stage.OPENED: 1, Stage.ESCALATED: 2, Stage.CALMING: 3}.get(stage, 4),
        phase=Phase.RESOLVED if over else Phase.SETTLING if stage is Stage.CALMING else Phase.OPEN,
        level=level,
        peak_level=level,
        opened_at=opened,
        updated_at=reading.end,
        resolved_at=reading.end if over else None,
        levels=levels if stage is not Stage.OPENED else ((Level.WARNING, _AT),),
        reading=reading,
        peak=peak,
        gates=(_BLIND_FOR,) if blind else _gates(peak),
        blind=(
            Blind(
                loaded.settings.sources[0].id if loaded.settings.sources else "x",
                opened - timedelta(minutes=10),
                reading.end if over else None,
                "silent",
            ),
        )
        if blind
        else (),
        mentions=512 if stage is not Stage.OPENED else 41,
        authors=388 if stage is not Stage.OPENED else 36,
        trend=(3, 2, 4, 3, 2, 3, 5, 2, 3, 4, 2, 3, 3, 2, 4, 3, 6, 11, 15, 21),
        reason="calm" if over else "",
    )
    name = f"{incident.id}/{incident.version}/{receiver}"
    return Delivery(id=name, receiver=receiver, stage=stage, incident=incident, evidence=_evidence(brand))


def _reading(observed: float, end: datetime) -> Reading:
    return Reading(
        start=end - timedelta(minutes=15),
        end=end,
        observed=observed,
        total=observed * 1.5,
        authors=round(observed * 0.88),
        sources=("reddit", "x"),
        organic=round(observed * 0.92),
        share=0.667,
        expected=4.2,
        low=1.1,
        high=8.9,
        false_alarms_per_month=0.02 if observed > 20 else 12.0,
        reasons=_reasons(observed, end),
    )


def _reasons(observed: float, end: datetime) -> Reasons:
    return Reasons(
        minutes=60,
        observed=round(observed * 1.6),
        expected=16.8,
        low=7.4,
        high=29.5,
        since=end - timedelta(minutes=40),
        next_hour=observed * 3.5,
        level=14.0,
        hour_of_day=1.2,
        day_of_week=1.0,
        hour_of_week=1.0,
        dispersion=0.1,
        share=0.612,
        usual_share=0.28,
    )


def _gates(peak: Reading) -> tuple[Gate, ...]:
    return (
        Gate("count", "at_least", 20, peak.observed, held=True),
        Gate("authors", "at_least", 12, float(peak.authors), held=True),
        Gate("surprise", "at_least", 1.0, peak.false_alarms_per_month, held=True),
    )


def _evidence(brand: Brand) -> Evidence:
    said = (
        ("x", f"{brand.name} took my money twice and nobody answers", 31, 1_900),
        ("reddit", f"Is anybody else charged double by {brand.name}?", 214, None),
        ("x", f"Addebito doppio da {brand.name}, il servizio clienti non risponde", 12, 640),
    )
    posts = tuple(
        Post(uid=f"{source}:{number}", source=source, at=_AT - timedelta(minutes=14 - number), text=text,
             author=f"person{number}", engagement=engagement, audience=audience)
        for number, (source, text, engagement, audience) in enumerate(said)
    )  # fmt: skip
    return Evidence(
        first=posts[:1],
        loudest=posts[1:],
        sources={"x": 29, "reddit": 12},
        languages={"en": 30, "it": 11},
        themes=("charged double", "customer care", "refund"),
    )
