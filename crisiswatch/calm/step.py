"""One commit of the calm side: every message passes through here, and goes out, waits, or is kept back.

In this order: is it silenced, is there a storm, does the receiver have quiet hours, was it reminded a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo

from crisiswatch.alerts.phrases import words_for
from crisiswatch.calm.desk import Collected, Desk, Member, Storm
from crisiswatch.calm.notices import stamp
from crisiswatch.config.settings_routing import Digest
from crisiswatch.intake import Plan
from crisiswatch.model import Case, Incident, Level, Notice, Phase, Reading, Silence, Stage
from crisiswatch.outbox import row_for, stages_for
from crisiswatch.response import Sending
from crisiswatch.store import Body, OutboxRow, body_to_json

__all__ = ["Situation", "Step", "slot_of"]

Situation = tuple[Case, Incident]
_OF_PROMISES = {"promise_due", "promise_missed"}
_PRIORITY = 2
_NOBODY = "unacknowledged"
_WEIGHTS = [Stage.UPDATED, Stage.REMINDED, Stage.ESCALATED, Stage.OPENED]


class Step:
    """What one commit makes of the desks. ``desks`` and ``silences`` are those before, which stay as they are;
    ``changed`` are the desks after it. ``stamp`` gives the time on the wall for a time of the engine's; ``queued`` who
    was told of an incident, ``held`` the incidents and receivers with a message that waits for its hour, and whether
    they have another one."""

    def __init__(
        self,
        plan: Plan,
        desks: Mapping[str, Desk],
        silences: Iterable[Silence],
        *,
        stamp: Callable[[datetime], datetime],
        queued: Callable[[str], frozenset[str]],
        held: Mapping[tuple[str, str], bool],
        revise: Callable[[str], Case] | None = None,
    ) -> None:
        self.plan = plan
        self.silences = {one.id: one for one in silences}
        self.changed: dict[str, Desk] = {}
        self.rows: list[OutboxRow] = []
        self._desks = desks
        self._stamp = stamp
        self._queued = queued
        self._held = set(held)
        self._unseen = {one for one, there in held.items() if not there}
        self._told: dict[str, set[str]] = {}
        self._revise = revise
        self._revised: dict[str, Case] = {}

    # -- desks --------------------------------------------------------------------------------------------------------

    def desk(self, receiver: str) -> Desk:
        """A receiver's desk, to be written on."""
        if receiver not in self.changed:
            before = self._desks.get(receiver)
            self.changed[receiver] = Desk() if before is None else before.copy()
        return self.changed[receiver]

    def look(self, receiver: str) -> Desk | None:
        """A receiver's desk as it is now, to be read only."""
        return self.changed.get(receiver) or self._desks.get(receiver)

    def receivers(self) -> list[str]:
        """Everybody who has a desk."""
        return sorted(self._desks.keys() | self.changed.keys())

    def told(self, incident: str) -> set[str]:
        """Who was queued a message of an incident, in this commit or before."""
        if incident not in self._told:
            self._told[incident] = set(self._queued(incident))
        return self._told[incident]

    def silenced(self, incident: Incident, at: datetime) -> bool:
        """Whether nobody is to be told of an incident at a moment."""
        return any(one.in_force(at) and one.covers(incident) for one in self.silences.values())

    def revised(self, case: Case) -> Case:
        """A case with a revision of its own for what this commit tells late."""
        if self._revise is None:
            return case
        if case.incident not in self._revised:
            self._revised[case.incident] = self._revise(case.incident)
        return self._revised[case.incident]

    def language(self, brands: Iterable[str]) -> str:
        """What a notice about these brands is written in: their language, or English where they have several."""
        return words_for({self.plan.languages.get(brand, "en") for brand in brands})

    def zone(self, brand: str) -> tzinfo:
        """The zone of a brand's times."""
        return self.plan.zones.get(brand, UTC)

    # -- incidents ----------------------------------------------------------------------------------------------------

    def send(self, sendings: Iterable[tuple[Sending, Incident]]) -> None:
        """Have all of these sent, or kept back; what happened at the same time, the gravest first."""
        for sending, incident in _gravest_first(list(sendings)):
            if incident.trial:
                continue
            self._collect(sending, incident)
            for receiver in self.receivers():
                self._follow(receiver, sending, incident)
            told = self.told(incident.id)
            for receiver, stage in stages_for(sending, incident, self.plan.routes, told=told).items():
                self.offer(receiver, stage, sending, incident)

    def offer(self, receiver: str, stage: Stage, sending: Sending, incident: Incident) -> None:
        """Send one message, unless something speaks against it."""
        if not self.plan.knows(receiver):
            return
        first = receiver not in self.told(incident.id)
        edit = self._edits(receiver, stage, incident.id)
        if stage is not Stage.RESOLVED and not edit and self.silenced(incident, sending.at):
            self._hush(receiver, stage, sending, incident, first=first)
            return
        called = any(step.asked == receiver for step in sending.case.steps)  # no summary freezes anything
        if first and not called and receiver not in self.plan.terse and not self._has_room(receiver, sending, incident):
            return
        now = self._stamp(sending.at)
        promised = sending.reminder is not None and sending.reminder.kind in _OF_PROMISES
        level = Level.CRITICAL if promised else max(incident.level, incident.peak_level)
        waits = None if edit else self.quiet_until(receiver, level, now)
        if stage is Stage.UPDATED and not (receiver in self.plan.editors or (incident.id, receiver) in self._held):
            return
        assigned = sending.reminder is not None and sending.reminder.kind == "assigned_to"
        if stage is Stage.REMINDED and not promised and not assigned:
            waits = self._remind(receiver, incident.id, now, waits)
        if stage is Stage.RESOLVED:
            self._forget(receiver, incident.id)
        desk = self.look(receiver)
        if desk is not None and incident.id in desk.silenced and not edit:
            self.desk(receiver).drop(incident.id)
        self.told(incident.id).add(receiver)
        if waits is not None:
            self._held.add((incident.id, receiver))
            self._unseen |= {(incident.id, receiver)} if first else set()
        elif not edit:
            self._unseen.discard((incident.id, receiver))
        self.rows.append(row_for(receiver, stage, sending, incident, first=first, now=now, not_before=waits))

    def _edits(self, receiver: str, stage: Stage, incident: str) -> bool:
        """Whether it only brings a message up to date that is there already, which disturbs nobody."""
        there = receiver in self.told(incident) and (incident, receiver) not in self._unseen
        return stage is Stage.UPDATED and receiver in self.plan.editors and there

    def quiet_until(self, receiver: str, level: Level | None, now: datetime) -> datetime | None:
        """When the receiver's quiet hours are over; None if a message of that level (None: of none) may go now."""
        until = now
        hours = [one for one in self.plan.quiet if receiver in one.receivers and level not in one.but]
        while (one := next((one for one in hours if one.schedule.holds(until)), None)) is not None:
            over = one.schedule.over(until)
            if over - now > timedelta(days=14):
                break
            until = over
        return None if until == now else until

    def _hush(self, receiver: str, stage: Stage, sending: Sending, incident: Incident, *, first: bool) -> None:
        """Note what a silence keeps back: the weightiest of it, for its end. Who would first have heard of it because
        nobody has it is noted as reminded."""
        desk = self.desk(receiver)
        if sending.reminder is not None and stage is not Stage.UPDATED:
            noted = desk.unsaid.get(incident.id)
            if noted is None or noted.kind != _NOBODY:
                desk.unsaid[incident.id] = sending.reminder
            weight = Stage.REMINDED
        elif first:
            weight = Stage.OPENED
        else:
            weight = stage if stage in _WEIGHTS else Stage.UPDATED
        before = desk.silenced.get(incident.id, Stage.UPDATED)
        desk.silenced[incident.id] = max(before, weight, key=_WEIGHTS.index)

    def _has_room(self, receiver: str, sending: Sending, incident: Incident) -> bool:
        """Whether a receiver is told of an incident it never heard of; if not, it is in a storm's summary."""
        storm, at = self.plan.storm, sending.at
        desk = self.desk(receiver)
        room = desk.room(at, storm.more_than, storm.within)
        level = max(incident.level, incident.peak_level)
        within = desk.storm_of(incident.id)
        if within is not None:
            got_worse = sending.stage is Stage.ESCALATED and (level is Level.CRITICAL or within.passed)
            if not (got_worse and room):
                return False
            within.members[incident.id] = _alone(within.members[incident.id])
            within.changed = True
        else:
            raging = desk.raging(at, storm.within)
            if not room or (raging is not None and level is not Level.CRITICAL):
                self._keep_back(desk, raging, receiver, sending, incident)
                return False
        desk.opened.append(at)
        return True

    def _keep_back(self, desk: Desk, storm: Storm | None, receiver: str, sending: Sending, incident: Incident) -> None:
        at = sending.at
        if storm is None:
            name = f"storm/{receiver}/{stamp(at)}"
            if any(one.id == name for one in desk.storms):  # the one before ended within this very minute
                name = f"{name}/{len(desk.storms)}"
            storm = Storm(id=name, since=at, last=at)
            desk.storms.append(storm)
        storm.last, storm.changed = max(storm.last, at), True
        storm.members[incident.id] = Member(
            brand=incident.brand, title=incident.title, level=max(incident.level, incident.peak_level), at=at
        )

    def _follow(self, receiver: str, sending: Sending, incident: Incident) -> None:
        """Keep a summary true, and let go of what is over."""
        desk = self.look(receiver)
        if desk is None:
            return
        over = sending.stage is Stage.RESOLVED
        if desk.storm_of(incident.id) is not None:
            self.desk(receiver).follow(incident, over=over)
        if over and incident.id in desk.silenced:
            self.desk(receiver).drop(incident.id)

    def _remind(self, receiver: str, incident: str, now: datetime, waits: datetime | None) -> datetime | None:
        """When a reminder may go: not within ten minutes of the one before; one that waits already takes it in."""
        reminded = self.desk(receiver).reminded
        before = reminded.get(incident)
        when = now
        if before is not None and now < before + self.plan.remind_every:
            when = before if before > now else before + self.plan.remind_every
        when = reminded[incident] = max(when, waits or when)
        return None if when == now else when

    def _forget(self, receiver: str, incident: str) -> None:
        desk = self.look(receiver)
        if desk is not None and incident in desk.reminded:
            del self.desk(receiver).reminded[incident]

    def _collect(self, sending: Sending, incident: Incident) -> None:
        """Keep it for the digests of the routes it fits."""
        if sending.stage not in {Stage.OPENED, Stage.ESCALATED}:
            return
        for route in self.plan.routes:
            if route.digest is None or not route.fits(incident, sending.at):
                continue
            for receiver in route.receivers:
                if receiver not in self.plan.terse:
                    desk = self.desk(receiver)
                    desk.collected.setdefault(incident.id, Collected(sending.at, slot_of(route.digest)))

    # -- notices ------------------------------------------------------------------------------------------------------

    def tell(self, receiver: str, notice: Notice, *, stage: Stage = Stage.OPENED, level: Level | None = None) -> None:
        """Send a notice, after the receiver's quiet hours unless it is about something of a ``level`` that may go."""
        if receiver in self.plan.terse or not self.plan.knows(receiver):
            return
        now = self._stamp(notice.at)
        self.rows.append(
            OutboxRow(
                id=f"{notice.id}/{notice.version}/{receiver}",
                incident=notice.id,
                version=notice.version,
                receiver=receiver,
                stage=stage,
                priority=_PRIORITY,
                body=body_to_json(Body(incident=_carrier(notice), notice=notice)),
                created_at=now,
                not_before=self.quiet_until(receiver, level, now),
            )
        )

    def by_route(self, brands: Iterable[str], upto: Level = Level.CRITICAL) -> Iterator[str]:
        """Those who are told at once of incidents of some brands, of a level up to ``upto``; each once."""
        wanted = frozenset(brands)
        fitting = (
            route
            for route in self.plan.routes
            if route.digest is None
            and any(level <= upto for level in route.levels)
            and (route.brands is None or route.brands & wanted)
        )
        yield from sorted({one for route in fitting for one in route.receivers})


def slot_of(digest: Digest) -> str:
    """A digest's hour as text: two routes with the same one share their digest."""
    when = digest.schedule
    return f"{when.start}/{','.join(map(str, sorted(when.days)))}/{when.timezone.key}"


def _alone(member: Member) -> Member:
    return Member(
        brand=member.brand, title=member.title, level=member.level, at=member.at, over=member.over, alone=True
    )


def _gravest_first(sendings: list[tuple[Sending, Incident]]) -> list[tuple[Sending, Incident]]:
    """By time, then by the gravest that comes of the incident at that time; what an incident sends stays in order."""
    top: dict[tuple[datetime, str], Level] = {}
    for sending, incident in sendings:
        key = (sending.at, incident.id)
        top[key] = max(top.get(key, Level.CALM), incident.level)
    return sorted(sendings, key=lambda each: (each[0].at, -top[each[0].at, each[1].id]))


def _carrier(notice: Notice) -> Incident:
    """What a delivery of a notice has in the place of an incident: its id and its time."""
    nothing = Reading(start=notice.at, end=notice.at, observed=0, total=0, authors=0, sources=())
    return Incident(
        id=notice.id,
        brand="",
        rule="",
        title=notice.headline,
        alert="",
        version=notice.version,
        phase=Phase.OPEN,
        level=Level.WATCH,
        peak_level=Level.WATCH,
        opened_at=notice.at.astimezone(UTC),
        updated_at=notice.at.astimezone(UTC),
        resolved_at=None,
        levels=(),
        reading=nothing,
        peak=nothing,
        gates=(),
        mentions=0,
        authors=0,
    )
