"""Summaries of storms: brought up to date at most once a minute, and at their end."""

from __future__ import annotations

from datetime import datetime, timedelta

from crisiswatch.calm.desk import Storm
from crisiswatch.calm.notices import storm_notice
from crisiswatch.calm.step import Step
from crisiswatch.model import Level, Stage

__all__ = ["tell_storms"]

EDIT_EVERY = timedelta(minutes=1)


def tell_storms(step: Step, at: datetime) -> None:
    """Bring every receiver's summaries up to date, and drop those that are over."""
    within = step.plan.storm.within
    for receiver in step.receivers():
        desk = step.look(receiver)
        if desk is None:
            continue
        for number, storm in reversed(list(enumerate(desk.storms))):
            passing = not storm.passed and at - storm.last >= within
            if passing:
                step.desk(receiver).storms[number].passed = True
            stage = _stage(storm, at, passing=passing, edits=receiver in step.plan.editors)
            if stage is None:
                continue
            mine = step.desk(receiver).storms[number]
            _summarise(step, receiver, mine, at, stage)
            if stage is Stage.RESOLVED:
                del step.desk(receiver).storms[number]


def _summarise(step: Step, receiver: str, storm: Storm, at: datetime, stage: Stage) -> None:
    storm.version, storm.told_at, storm.changed = storm.version + 1, at, False
    if stage is not Stage.UPDATED:
        storm.heard, storm.grave = len(storm.members), storm.level is Level.CRITICAL
    brands = sorted(each.brand for each in storm.members.values())
    lang, zone = step.language(brands), step.zone(brands[0])
    notice = storm_notice(storm, at, step.plan.names, zone, step.plan.page, lang=lang)
    step.tell(receiver, notice, stage=stage, level=storm.level)


def _stage(storm: Storm, at: datetime, *, passing: bool, edits: bool) -> Stage | None:
    """What a summary has to say now, if anything."""
    if storm.version == 0:
        return Stage.OPENED
    if (storm.passed or passing) and all(each.over for each in storm.members.values()):
        return Stage.RESOLVED
    if not edits:  # who can't be shown edits hears of the first critical one, and of how many there were
        worse = storm.level is Level.CRITICAL and not storm.grave
        return Stage.ESCALATED if worse or (passing and storm.heard < len(storm.members)) else None
    fresh = storm.told_at is not None and at - storm.told_at < EDIT_EVERY
    return Stage.UPDATED if storm.changed and not fresh else None
