"""Brands, rules that count, receivers that remember, and the real pipeline and dispatchers under a manual clock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crisiswatch.clock import ManualClock
from crisiswatch.config.settings_routing import Digest, QuietHours, Route, Storm
from crisiswatch.intake import Intake, Plan, Result
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Capabilities, Delivery, Level, Mention, Notifier, Receipt, SilenceWish
from crisiswatch.outbox import Dispatcher
from crisiswatch.pipeline import Pipeline
from crisiswatch.response import Plan as Asked
from crisiswatch.rules.model import Block, Condition, Rule, Ruleset, Schedule, Settle
from crisiswatch.sentiment.null import NullScorer
from crisiswatch.store import OutboxRow, Store, body_from_json

EVENING = datetime(2026, 3, 3, 18, 0, tzinfo=UTC)
ALL = frozenset({Level.WATCH, Level.WARNING, Level.CRITICAL})
EVERY_DAY = frozenset(range(7))
ROME = ZoneInfo("Europe/Rome")


def hours(start: time, end: time, zone: ZoneInfo | None = None, days: frozenset[int] = EVERY_DAY) -> Schedule:
    first, last = start.hour * 60 + start.minute, end.hour * 60 + end.minute
    return Schedule(days=days, start=first, end=last, timezone=zone or ZoneInfo("UTC"))


NIGHT = hours(time(20), time(7))


def night_for(*receivers: str, but: frozenset[Level] = frozenset({Level.CRITICAL})) -> QuietHours:
    return QuietHours(receivers=frozenset(receivers), schedule=NIGHT, but=but)


def to(*receivers: str, levels: frozenset[Level] = ALL, **fields: object) -> Route:
    whole = Route(levels=levels, brands=None, receivers=receivers)
    return replace(whole, **fields)  # type: ignore[arg-type]


def daily(at: time, zone: ZoneInfo | None = None) -> Digest:
    return Digest(schedule=hours(at, at, zone))


def counting(name: str = "wave") -> Rule:
    """Watch at 1 mention in fifteen minutes, warning at 3, critical at 6; over ten minutes after it is calm."""
    levels = ((Level.WATCH, 1), (Level.WARNING, 3), (Level.CRITICAL, 6))
    return Rule(
        id=name,
        title=f"A {name}",
        window=15,
        levels=tuple((level, Block((Condition("count", "at_least", bound),))) for level, bound in levels),
        settle=Settle(10, 0.5),
        alert=name,
    )


@dataclass
class Memory:
    """A receiver that remembers what reached it; an edit changes what is there, as people would see it."""

    edits: bool = False
    got: list[Delivery] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    clock: ManualClock | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(edits=self.edits)

    def send(self, delivery: Delivery) -> Receipt:
        self.got.append(delivery)
        assert self.clock is not None
        self.at.append(self.clock.now())
        return Receipt(memory={"at": delivery.id})

    def told(self) -> list[tuple[str, str, str]]:
        """Time, stage and incident of each message about an incident."""
        return [
            (f"{at:%H:%M}", each.stage.value, each.incident.id.rsplit(".", 1)[0])
            for at, each in zip(self.at, self.got, strict=True)
            if each.notice is None
        ]

    def stages(self, incident: str | None = None) -> list[str]:
        return [
            each.stage.value
            for each in self.got
            if each.notice is None and (incident is None or each.incident.id == incident)
        ]

    def notices(self, kind: str) -> list[Delivery]:
        return [each for each in self.got if each.notice is not None and each.notice.kind == kind]


def built(row: OutboxRow) -> Delivery:
    body = body_from_json(row.body)
    return Delivery(
        id=row.id,
        receiver=row.receiver,
        stage=row.stage,
        incident=body.incident,
        memory=row.memory,
        uncertain=row.uncertain,
        previous=row.previous,
        case=body.case,
        reminder=body.reminder,
        notice=body.notice,
    )


class House:
    """All of it. ``brands`` are watched, ``rules`` count; receivers named in ``slacks`` can edit, the others can't."""

    def __init__(
        self,
        store: Store,
        *routes: Route,
        brands: Sequence[str] = ("acme", "bolt"),
        rules: Sequence[Rule] = (counting(),),
        slacks: Sequence[str] = (),
        quiet: Sequence[QuietHours] = (),
        storm: Storm | None = None,
        sectors: dict[str, str] | None = None,
        languages: dict[str, str] | None = None,
        asked: Asked | None = None,
        start: datetime = EVENING,
        notifiers: dict[str, Notifier] | None = None,
        clock: ManualClock | None = None,
    ) -> None:
        self.store = store
        self.clock = clock or ManualClock(start)
        self.plan = Plan(
            brands=tuple(brands),
            matcher=Matcher([BrandTerms(id=brand, any=(brand,)) for brand in brands]),
            scorer=NullScorer(),
            ruleset=Ruleset(tuple(rules), lateness=0),
            routes=routes,
            editors=frozenset(slacks),
            quiet=tuple(quiet),
            storm=storm or Storm(),
            names={brand: brand.title() for brand in brands},
            sectors=sectors or {},
            languages=languages or {},
            feeds={"x": frozenset(brands)},
            asked={} if asked is None else {(brand, rule.id): asked for brand in brands for rule in rules},
        )
        self.receivers: dict[str, Memory] = {}
        self._others = notifiers or {}
        self._numbers = 0
        self.pipeline = self.opened()

    def opened(self) -> Pipeline:
        return Pipeline(self.store, self.plan, clock=self.clock.now)

    def killed(self) -> None:
        """What a kill leaves is the store."""
        self.pipeline = self.opened()
        self.store.recover_outbox()

    def says(self, *brands: str, times: int = 1, **fields: object) -> Result:
        """So many mentions of each brand, now."""
        said = []
        for brand in brands:
            for _ in range(times):
                self._numbers += 1
                said.append(
                    Mention(
                        uid=f"x:{self._numbers}",
                        source="x",
                        created_at=self.clock.now(),
                        text=f"{brand} {self._numbers}",
                        author_id=f"a{self._numbers}",
                    )
                )
        return self.pipeline.ingest(Intake(source="x", mentions=said, **fields))  # type: ignore[arg-type]

    def passes(self, minutes: int = 1, step: int = 1) -> House:
        """Time goes on, tick by tick, and everything that may go out goes out."""
        for gone in range(0, minutes, step):
            self.clock.advance(minutes=min(step, minutes - gone))
            self.pipeline.tick(self.clock.now())
            self.dispatch()
        return self

    def until(self, hour: int, minute: int = 0, step: int = 1) -> House:
        """Time goes on to the next such hour."""
        now = self.clock.now()
        then = now.replace(hour=hour, minute=minute)
        then += timedelta(days=then <= now)
        return self.passes(round((then - now) / timedelta(minutes=1)), step)

    def dispatch(self) -> None:
        waiting = self.store.outbox_stats(self.clock.now())
        for name in sorted(waiting):
            dispatcher = Dispatcher(
                store=self.store,
                receiver_id=name,
                notifier=self._notifier(name),
                clock=self.clock,
                stop=threading.Event(),
                on_outcome=lambda *_: None,
                build_delivery=built,
            )
            while dispatcher.run_once():
                pass

    def _notifier(self, name: str) -> Notifier:
        return self._others.get(name) or self.at(name)

    def at(self, name: str) -> Memory:
        """What a receiver has got."""
        if name not in self.receivers:
            self.receivers[name] = Memory(edits=name in self.plan.editors, clock=self.clock)
        return self.receivers[name]

    def silence(self, brand: str, hours: float = 2, **fields: object) -> int:
        wish = SilenceWish(
            brand=brand,
            reason="a planned test",
            by="anna",
            lasting=timedelta(hours=hours),
            **fields,  # type: ignore[arg-type]
        )
        begun, _ = self.pipeline.silence(wish)
        return begun.id
