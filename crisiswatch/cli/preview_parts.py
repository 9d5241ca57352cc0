"""The incident of a preview, which never was, and what people did about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

from crisiswatch.calm.desk import Member, Storm
from crisiswatch.calm.notices import digest_notice, storm_notice
from crisiswatch.cli.preview_figures import Figures, calm, figures, of_blindness, stand_in
from crisiswatch.config import Brand, Loaded
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import (
    Blind,
    Case,
    CaseStep,
    Delivery,
    Evidence,
    Incident,
    Level,
    Notice,
    Phase,
    Post,
    Promise,
    Reading,
    Reminder,
    Stage,
    StandDown,
)
from crisiswatch.model.alert import definition_for
from crisiswatch.rules.judge import gates
from crisiswatch.rules.model import Rule

__all__ = ["case_of", "invented", "notice_of", "reminder_of"]

_AT = datetime(2026, 3, 12, 9, 15, tzinfo=UTC)
_NONE = Evidence()
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


def notice_of(kind: str, incident: Incident, brand: Brand, receiver: str) -> Notice:
    """A digest of this incident or a storm of many like it, in the words and the time zone of the real ones."""
    names, at = {brand.id: brand.name}, incident.updated_at
    if kind == "digest":
        due, since = at + timedelta(hours=1), at - timedelta(hours=23)
        return digest_notice(
            receiver, due, since, [incident], names=names, zone=brand.timezone, page="", lang=brand.language
        )
    member = Member(brand=brand.id, title=incident.title, level=incident.level, at=incident.opened_at)
    members = {str(number): replace(member) for number in range(31)}
    storm = Storm(id="storm-preview", since=incident.opened_at, last=at, members=members, version=1)
    return storm_notice(storm, at, names, brand.timezone, "", lang=brand.language)


def invented(loaded: Loaded, brand: Brand, alert: str, stage: Stage, receiver: str) -> Delivery:
    """A delivery about an incident that never was, of the rule that uses the alert; of several, the one of its name.

    It opened at the rule's lowest level; what is not its opening has come to the highest. Raises CrisiswatchError for
    an escalation of a rule that has one level.
    """
    rule = _rule_of(loaded, alert)
    steps = [level for level, _ in rule.levels]
    if stage is Stage.ESCALATED and len(steps) == 1:
        raise CrisiswatchError(f"this never escalates: the rule {rule.id} has no level but {steps[0].word}")
    level = steps[0] if stage is Stage.OPENED else steps[-1]
    over = stage is Stage.RESOLVED
    seen = figures(rule, level, _AT)
    later = stage in {Stage.CALMING, Stage.RESOLVED}
    now = calm(rule, _AT + timedelta(minutes=max(120, rule.window + 30))) if later else seen
    peak, reading = seen.reading, now.reading
    opened = _AT if level is steps[0] else _AT - timedelta(minutes=_rise(rule, seen, steps[0]))
    levels = ((steps[0], opened),) if level is steps[0] else ((steps[0], opened), (level, _AT))
    silent = of_blindness(rule)
    grown = 1.0 if stage is Stage.OPENED else 4.1
    incident = Incident(
        id=f"{brand.id}.{rule.id}.{opened:%Y%m%dT%H%MZ}",
        brand=brand.id,
        rule=rule.id,
        title=rule.title,
        because=rule.because,
        alert=alert,
        version={Stage.OPENED: 1, Stage.ESCALATED: 2, Stage.CALMING: 3}.get(stage, 4),
        phase=Phase.RESOLVED if over else Phase.SETTLING if stage is Stage.CALMING else Phase.OPEN,
        level=level,
        peak_level=level,
        opened_at=opened,
        updated_at=reading.end,
        resolved_at=reading.end if over else None,
        levels=levels,
        reading=reading,
        peak=peak,
        gates=gates(dict(rule.levels)[level], now),
        blind=(_silence(loaded, rule, seen, reading.end if later else None),) if silent else (),
        mentions=round(peak.observed * grown),
        authors=round(peak.authors * (1.0 if grown == 1.0 else 0.86 * grown)),
        trend=_trend(peak, reading),
        reason="calm" if over else "",
    )
    name = f"{incident.id}/{incident.version}/{receiver}"
    evidence = _NONE if silent else _evidence(brand, peak)
    return Delivery(id=name, receiver=receiver, stage=stage, incident=incident, evidence=evidence)


def _rule_of(loaded: Loaded, alert: str) -> Rule:
    found = [each for each in loaded.ruleset.rules if each.alert == alert]
    return next((each for each in found if each.id == alert), found[0] if found else stand_in(alert))


def _rise(rule: Rule, seen: Figures, first: Level) -> float:
    """Minutes from the opening to the rise; a silence is as old at each as its level says."""
    return seen.blind_for - figures(rule, first, _AT).blind_for if of_blindness(rule) else 22.0


def _silence(loaded: Loaded, rule: Rule, seen: Figures, now: datetime | None) -> Blind:
    """A source that is silent for as long as the level asks, or was, until some minutes before ``now``."""
    named = rule.mentions.sources or tuple(each.id for each in loaded.settings.sources) or ("x",)
    until = None if now is None else now - timedelta(minutes=rule.settle.quiet_for)
    return Blind(named[0], _AT - timedelta(minutes=seen.blind_for), until, "silent")


def _trend(peak: Reading, now: Reading) -> tuple[int, ...]:
    """Mentions in steps of five minutes: usual ones, then a rise to the peak's window, and down to what is now."""
    minutes = (peak.end - peak.start) // timedelta(minutes=1)
    bins, usual = max(1, minutes // 5), (peak.expected or 0.1 * peak.observed) * 5 / minutes
    rise = [usual + (2 * place + 1) * (peak.observed - usual * bins) / bins**2 for place in range(bins)]
    after = min((now.end - peak.end) // timedelta(minutes=5), 24)
    low, high = now.observed / bins, rise[-1]
    ebb = [low + (high - low) * (1 - step / after) ** 3 for step in range(1, after + 1)]
    course = [*([usual] * 36), *rise, *ebb][-36:]
    told, sums = 0, []
    for place in range(36):  # rounded so that the sums of windows stay what they are
        total = round(sum(course[: place + 1]))
        sums.append(total - told)
        told = total
    return tuple(sums)


def _evidence(brand: Brand, peak: Reading) -> Evidence:
    """Invented posts; the largest account among them is the one that the figures know."""
    largest = peak.largest_audience
    said = (
        ("x", f"{brand.name} took my money twice and nobody answers", 31, largest),
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
        sources=_parted(peak.sources, peak.observed),
        languages=_parted(("en", "it"), peak.observed),
        themes=("charged double", "customer care", "refund"),
    )


def _parted(names: tuple[str, ...], count: float) -> dict[str, int]:
    """The mentions by what they are told apart by: the first has most."""
    left, parts = round(count), {}
    for name in names[:-1]:
        parts[name] = ceil(left * 0.7)
        left -= parts[name]
    last = dict.fromkeys(names[-1:], left)
    return {name: n for name, n in {**parts, **last}.items() if n}
