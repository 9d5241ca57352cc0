"""The desks of a store, in memory: what a commit sends passes over them, and time brings out what they keep back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from crisiswatch.calm.desk import Desk, desk_from_json, desk_to_json
from crisiswatch.calm.notices import budget_notice, digest_notice, silence_began, silence_ended
from crisiswatch.calm.step import Situation, Step, slot_of
from crisiswatch.calm.storms import tell_storms
from crisiswatch.config.settings_routing import Digest
from crisiswatch.errors import ActRefused
from crisiswatch.intake import Plan
from crisiswatch.model import (
    LONGEST_SILENCE,
    Case,
    Effect,
    Incident,
    MeterMoved,
    Notice,
    Silence,
    SilenceWish,
    Stage,
    awaited,
    is_open,
)
from crisiswatch.response import Sending
from crisiswatch.store import OutboxRow, Store, reminder_is_settled

__all__ = ["Calm", "Calmed"]

EVERYBODY = ""
"""The desk of nobody in particular: what happens once for all."""
UP_FOR = timedelta(hours=2)
"""For how long a brand's meter that was up counts as up with its sector."""
_UP = 10.0  # false alarms a month: what a rule calls elevated
_NEARLY = 0.1
_KEPT = timedelta(days=70)


@dataclass(slots=True)
class Calmed:
    """What one commit sends, and how it leaves the desks; not yet written, and those in memory are as they were."""

    at: datetime
    rows: list[OutboxRow] = field(default_factory=list)
    desks: dict[str, Desk] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)

    def bodies(self) -> dict[str, str]:
        """The changed desks as JSON."""
        return {name: desk_to_json(desk) for name, desk in self.desks.items()}


class Calm:
    """Not thread-safe: the pipeline's thread calls it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._desks = {name: desk_from_json(body) for name, body in store.desks().items()}
        self._silences = {one.id: one for one in store.silences(open_only=True)}
        self._last = max((one.id for one in store.silences(limit=1)), default=0)
        self._looked: datetime | None = None

    def meters(self, effects: Iterable[Effect], plan: Plan) -> dict[str, datetime]:
        """When the meter of a brand that has a sector was last up, as of after ``effects``."""
        marks = self._desks[EVERYBODY].marks if EVERYBODY in self._desks else {}
        up = {name.partition("/")[2]: at for name, at in marks.items() if name.startswith("meter/")}
        return up | {effect.brand: effect.at for effect in _ups(effects, plan)}

    def waits(self) -> bool:
        """Whether time alone may bring something out."""
        return bool(self._silences) or any(desk.storms or desk.collected for desk in self._desks.values())

    def work_out(
        self,
        plan: Plan,
        sendings: Sequence[tuple[Sending, Incident]],
        *,
        at: datetime,
        stamp: Callable[[datetime], datetime],
        situation: Callable[[str], Situation | None],
        live: Callable[[], Iterable[str]] = tuple,
        revise: Callable[[str], Case] | None = None,
        effects: Iterable[Effect] = (),
        budget: tuple[str, float] | None = None,
        silences: Sequence[Silence] = (),
    ) -> Calmed:
        """Say what goes out of ``sendings``, and of what time and ``silences`` (new, or ended by somebody) bring out.

        ``at`` is the time the engine has come to; ``situation`` gives an incident that is open with its case, as they
        are after this commit, ``live`` the names of those there are; ``revise`` gives a case its next revision;
        ``budget`` is a source with what is left of its money.
        """
        names = {incident.id for _, incident in sendings}
        queued = self._store.queued_receivers(names) if names else {}
        held = self._store.waiting(names, stamp(at)) if names else {}
        step = Step(
            plan,
            self._desks,
            (self._silences | {one.id: one for one in silences}).values(),
            stamp=stamp,
            queued=lambda name: queued[name] if name in queued else self._store.queued_receivers([name])[name],
            held=held,
            revise=revise,
        )
        done = Calmed(at=at)
        for one in silences:
            done.silences.append(one)
            if one.ended_at is None:
                lang = step.language([one.brand])
                self._announce(step, one, silence_began(one, plan.names, step.zone(one.brand), plan.page, lang))
        step.send(sendings)
        self._end_silences(step, done, at, situation)
        self._begin_hours(step, at, live, situation)
        self._digests(step, at, situation)
        tell_storms(step, at)
        self._look_at_budget(step, at, budget)
        for effect in _ups(effects, plan):
            step.desk(EVERYBODY).marks[f"meter/{effect.brand}"] = effect.at
        done.rows = step.rows
        done.desks = {name: desk for name, desk in step.changed.items() if desk != self._desks.get(name, Desk())}
        return done

    def adopt(self, done: Calmed) -> None:
        """Take over what was written."""
        self._looked = done.at
        self._desks.update(done.desks)
        for one in done.silences:
            self._last = max(self._last, one.id)
            if one.ended_at is None:
                self._silences[one.id] = one
            else:
                self._silences.pop(one.id, None)

    # -- silences -----------------------------------------------------------------------------------------------------

    def begun(self, wish: SilenceWish, at: datetime, plan: Plan) -> Silence:
        """The silence that somebody asks for; raises `ActRefused` where it makes no sense."""
        if wish.brand not in plan.brands:
            raise ActRefused(
                f"there is no brand {wish.brand[:120]!r}; there are: {', '.join(plan.brands)}", missing=True
            )
        rules = [rule.id for rule in plan.ruleset.for_brand(wish.brand)]
        if wish.rule and wish.rule not in rules:
            raise ActRefused(f"no rule {wish.rule[:120]!r} watches {wish.brand}", missing=True)
        if not wish.reason.strip() or not wish.by.strip():
            raise ActRefused("a silence has a reason, and somebody who answers for it")
        if not timedelta(minutes=1) <= wish.lasting <= LONGEST_SILENCE:
            raise ActRefused(f"a silence lasts from a minute to {LONGEST_SILENCE.days} days")
        return Silence(
            id=self._last + 1,
            brand=wish.brand,
            rule=wish.rule,
            level=wish.level,
            reason=wish.reason.strip()[:1000],
            by=wish.by.strip()[:120],
            begins=at,
            ends=at + wish.lasting,
        )

    def ended(self, number: int, by: str, at: datetime) -> Silence:
        """A silence that somebody ends; raises `ActRefused` if it is not in force."""
        found = self._silences.get(number)
        if found is None:
            raise ActRefused(f"no silence {number} is in force", missing=True)
        return replace(found, ended_at=at, ended_by=by)

    def _end_silences(
        self, step: Step, done: Calmed, at: datetime, situation: Callable[[str], Situation | None]
    ) -> None:
        for one in list(step.silences.values()):
            if one.ended_at is None and one.ends <= at:
                over = step.silences[one.id] = replace(one, ended_at=one.ends)
                done.silences.append(over)
        ended = [one for one in done.silences if one.ended_at is not None]
        for one in ended:
            zone, page = step.zone(one.brand), step.plan.page
            found = self._meanwhile(one, situation)
            others = [each for each in step.silences.values() if each.in_force(at) and each.concerns(one)]
            lang = step.language([one.brand])
            notice = silence_ended(
                one, at, found, names=step.plan.names, zone=zone, page=page, others=others, lang=lang
            )
            self._announce(step, one, notice)
        if ended:
            self._release(step, at, situation)

    def _announce(self, step: Step, silence: Silence, notice: Notice) -> None:
        for receiver in step.by_route([silence.brand], silence.level):
            step.tell(receiver, notice)

    def _meanwhile(self, silence: Silence, situation: Callable[[str], Situation | None]) -> list[Incident]:
        """What opened while it was silenced, as far as the store knows, the first first."""
        stored = self._store.incidents(silence.brand, limit=1000)
        end = silence.ended_at or silence.ends
        found = [each for each in stored if silence.begins <= each.opened_at <= end and not each.trial]
        now = [(situation(each.id), each) for each in found]
        covered = [each if open_ is None else open_[1] for open_, each in now]
        return sorted((each for each in covered if silence.covers(each)), key=lambda each: (each.opened_at, each.id))

    def _release(self, step: Step, at: datetime, situation: Callable[[str], Situation | None]) -> None:
        """Tell what was kept back, as it is now, unless another silence still covers it."""
        for receiver in step.receivers():
            desk = step.look(receiver)
            for name, stage in sorted(desk.silenced.items()) if desk is not None else ():
                found = situation(name)
                if found is not None and step.silenced(found[1], at):
                    continue
                reminder = None if desk is None else desk.unsaid.get(name)
                step.desk(receiver).drop(name)
                if found is not None:
                    self._tell_late(
                        step, receiver, Sending(at=at, stage=stage, case=found[0], reminder=reminder), found[1]
                    )

    def _tell_late(self, step: Step, receiver: str, kept: Sending, incident: Incident) -> None:
        """Tell a receiver of an incident what a silence kept back, and of that only what still has to be told."""
        stage, reminder = kept.stage, kept.reminder
        first = receiver not in step.told(incident.id)
        if reminder is not None and reminder_is_settled(reminder, kept.case):
            reminder = None
        if stage is Stage.REMINDED and reminder is None:
            if first:  # it was called because nobody had it
                return
            stage = Stage.UPDATED
        kept = kept if first else replace(kept, case=step.revised(kept.case))  # it may have had an edit of this one
        told = _first_stage(kept.case) if first else stage
        step.offer(receiver, told, replace(kept, stage=stage, reminder=reminder), incident)

    # -- what time brings out -----------------------------------------------------------------------------------------

    def _begin_hours(
        self, step: Step, at: datetime, live: Callable[[], Iterable[str]], situation: Callable[[str], Situation | None]
    ) -> None:
        """Tell those whose hours begin what opened before them and is still open."""
        before = self._looked
        begun = [
            replace(route, only_during=None)
            for route in step.plan.routes
            if (hours := route.only_during) is not None
            and route.digest is None
            and hours.holds(at)
            and (before is None or not hours.holds(before))
        ]
        for name in live() if begun else ():
            found = situation(name)
            if found is None or not is_open(found[1], found[0]) or found[1].trial:
                continue
            case, incident = found
            stage = _first_stage(case)
            for receiver in sorted({one for route in begun if route.fits(incident, at) for one in route.receivers}):
                if receiver not in step.told(name):
                    step.offer(receiver, stage, Sending(at=at, stage=stage, case=case), incident)

    def _digests(self, step: Step, at: datetime, situation: Callable[[str], Situation | None]) -> None:
        slots: dict[str, dict[str, Digest]] = {}
        for route in step.plan.routes:
            for receiver in route.receivers if route.digest is not None else ():
                if route.digest is not None:
                    slots.setdefault(receiver, {})[slot_of(route.digest)] = route.digest
        for receiver in step.receivers():
            desk = step.look(receiver)
            if desk is not None and desk.collected:
                self._digest(step, receiver, slots.get(receiver, {}), at, situation)

    def _digest(
        self,
        step: Step,
        receiver: str,
        slots: Mapping[str, Digest],
        at: datetime,
        situation: Callable[[str], Situation | None],
    ) -> None:
        """Send what is due of what was collected for a receiver: once, however many hours were missed."""
        desk = step.desk(receiver)
        if not slots:  # no route collects for it any more
            desk.collected.clear()
            return
        first = next(iter(slots))
        due: dict[datetime, list[str]] = {}
        for slot, digest in slots.items():
            mine = {n: c.at for n, c in desk.collected.items() if (c.slot if c.slot in slots else first) == slot}
            if not mine:
                continue
            after = min(mine.values())
            when = digest.due(after if self._looked is None else max(after, self._looked), at)
            if when is not None:
                due.setdefault(when, []).extend(name for name, since in mine.items() if since <= when)
        for when, collected in sorted(due.items()):
            told: list[Incident] = []
            since = [desk.collected[name].at for name in collected]
            for name in collected:
                found = situation(name)
                incident = self._store.incident(name) if found is None else found[1]
                if incident is not None and step.silenced(incident, at):
                    continue
                del desk.collected[name]
                if incident is None or receiver in step.told(name) or desk.storm_of(name) is not None:
                    continue
                told.append(incident)
            if told:
                digest = next(each for each in slots.values() if each.due(when - timedelta(minutes=1), when))
                before = digest.due(when - timedelta(days=8), when - timedelta(minutes=1))
                begun = min([*since, *([before] if before else [])])
                zone, lang = digest.schedule.timezone, step.language([each.brand for each in told])
                step.tell(
                    receiver,
                    digest_notice(
                        receiver, when, begun, told, names=step.plan.names, zone=zone, page=step.plan.page, lang=lang
                    ),
                )

    def _look_at_budget(self, step: Step, at: datetime, budget: tuple[str, float] | None) -> None:
        """Tell, once a month, that a source's money will not last; and once that it is gone."""
        if budget is None:
            return
        source, left = budget
        if left > 0 and not (left < _NEARLY and left < _month_left(at) / 2):
            return
        brands = sorted(step.plan.feeds.get(source, frozenset(step.plan.brands)))
        names = [step.plan.names.get(brand, brand) for brand in brands]
        notice = budget_notice(source, left, at, names, step.language(brands))
        known = step.look(EVERYBODY)
        if known is not None and notice.id in known.marks:
            return
        marks = step.desk(EVERYBODY).marks
        for old in [name for name, when in marks.items() if when < at - _KEPT]:
            del marks[old]
        marks[notice.id] = at
        for receiver in step.by_route(brands):
            step.tell(receiver, notice)


def _first_stage(case: Case) -> Stage:
    """How somebody is told late of an incident: as opened, or as calm where only a person's word is awaited."""
    return Stage.CALMING if awaited(case) else Stage.OPENED


def _ups(effects: Iterable[Effect], plan: Plan) -> list[MeterMoved]:
    """The meters that went up, of brands with a sector."""
    return [
        effect
        for effect in effects
        if isinstance(effect, MeterMoved)
        and effect.brand in plan.sectors
        and effect.false_alarms_per_month is not None
        and effect.false_alarms_per_month <= _UP
    ]


def _month_left(at: datetime) -> float:
    """The part of the month (UTC) that is left."""
    start = at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = (start + timedelta(days=32)).replace(day=1)
    return (end - at) / (end - start)
