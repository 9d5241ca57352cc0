"""The configuration of an exercise: the real one, with rules, routes and receivers narrowed to what is asked.

Rules bear names of their own (``drill-...``), and so do the incidents: nothing of an exercise can be taken for real,
nor undo what is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from crisiswatch.config import Brand, Loaded
from crisiswatch.config.settings import Route
from crisiswatch.drill.request import DrillRequest
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Level
from crisiswatch.model.alert import AlertDefinition
from crisiswatch.rules.model import Block, Condition, Rule, Ruleset, Settle

__all__ = ["MACHINES", "MARK", "brand_of", "exercise_of", "longest_play"]

MARK = "drill-"
"""What the id of each rule of an exercise begins with."""
MACHINES = frozenset({"alertmanager", "pagerduty", "webhook"})
"""Kinds of receivers behind which no person may be: pagers that wake people, and hooks that stop campaigns."""
WINDOW = 5
WARNING_AT, CRITICAL_AT = 6, 16
_MOST_MINUTES = 180.0


def longest_play(request: DrillRequest) -> float:
    """Minutes of the exercise's own time in which an invented crisis comes and goes."""
    return min(request.minutes * request.speed, _MOST_MINUTES)


def exercise_of(loaded: Loaded, request: DrillRequest) -> Loaded:
    """The configuration to run; raises CrisiswatchError for an alert, brand or receiver that is not there."""
    settings = loaded.settings
    if request.alert and request.alert not in {each.id for each in loaded.alerts.values()}:
        known = ", ".join(sorted({each.id for each in loaded.alerts.values()}))
        raise CrisiswatchError(f"there is no alert {request.alert!r}; there are: {known}")
    brand = brand_of(loaded, request)
    rules = _recorded(loaded, request) if request.scenario is not None else (_invented(loaded, request, brand),)
    routes = _routes(loaded, request)
    escalation = tuple(replace(rung, receivers=_kept(loaded, request, rung.receivers)) for rung in settings.escalation)
    told = {name for each in routes for name in each.receivers} | {
        name for each in escalation for name in each.receivers
    }
    if not any(route.receivers for route in routes):
        raise CrisiswatchError("no route tells a person; name receivers, or let it tell machines too (--page)")
    return replace(
        loaded,
        ruleset=replace(loaded.ruleset, rules=rules, calendar=()) if request.scenario else Ruleset(rules, lateness=0),
        alerts={name: _quiet(each, told) for name, each in loaded.alerts.items()},
        settings=replace(
            settings,
            receivers=tuple(each for each in settings.receivers if each.id in told),
            routes=routes,
            escalation=escalation,
            sources=(),
            records=None,
        ),
    )


def brand_of(loaded: Loaded, request: DrillRequest) -> Brand:
    """Whose crisis it is."""
    brands = {each.id: each for each in loaded.settings.brands}
    if request.brand:
        if request.brand not in brands:
            raise CrisiswatchError(f"there is no brand {request.brand!r}; there are: {', '.join(brands)}")
        return brands[request.brand]
    rules = [rule for rule in loaded.ruleset.rules if rule.alert == request.alert and rule.brands]
    return brands[rules[0].brands[0]] if rules and rules[0].brands else loaded.settings.brands[0]


def _routes(loaded: Loaded, request: DrillRequest) -> tuple[Route, ...]:
    if request.receivers:
        every = frozenset(level for level in Level if level is not Level.CALM)
        return (Route(levels=every, brands=None, receivers=_kept(loaded, request, request.receivers)),)
    # What is invented comes from no source that a route could name.
    anywhere = request.scenario is None
    return tuple(
        replace(
            route,
            receivers=_kept(loaded, request, route.receivers),
            sources=None if anywhere else route.sources,
        )
        for route in loaded.settings.routes
    )


def _kept(loaded: Loaded, request: DrillRequest, receivers: Iterable[str]) -> tuple[str, ...]:
    """Those of ``receivers`` that the exercise tells."""
    types = {each.id: each.type for each in loaded.settings.receivers}
    if unknown := [each for each in request.receivers if each not in types]:
        raise CrisiswatchError(f"there is no receiver {unknown[0][:80]!r}; there are: {', '.join(types)}")
    if not request.page and (machines := [each for each in request.receivers if types[each] in MACHINES]):
        raise CrisiswatchError(f"{machines[0]} is a machine ({types[machines[0]]}); it is told only with --page")
    wanted = set(request.receivers) or set(types)
    return tuple(each for each in receivers if each in wanted and (request.page or types.get(each) not in MACHINES))


def _quiet(alert: AlertDefinition, told: Collection[str]) -> AlertDefinition:
    """The alert without the steps' own calls to receivers that are not part of the exercise."""
    steps = tuple(step if step.webhook in told else replace(step, webhook="") for step in alert.playbook)
    return replace(alert, playbook=steps)


def _invented(loaded: Loaded, request: DrillRequest, brand: Brand) -> Rule:
    """A rule that opens on the invented mentions alone, with the words of the alert's own rule."""
    own = next((rule for rule in loaded.ruleset.rules if rule.alert == request.alert), None)
    first = request.level if request.level is not Level.CRITICAL else Level.WARNING
    levels: list[tuple[Level, Block]] = [(first, _at_least(WARNING_AT))]
    if request.level is Level.CRITICAL:
        levels.append((Level.CRITICAL, _at_least(CRITICAL_AT)))
    return Rule(
        id=f"{MARK}{own.id if own else request.alert}",
        title=own.title if own else request.alert,
        because=own.because if own else "",
        brands=(brand.id,),
        window=WINDOW,
        levels=tuple(levels),
        settle=Settle(quiet_for=max(2, round(longest_play(request) * 0.1)), below=0.5),
        alert=request.alert,
    )


def _at_least(count: int) -> Block:
    return Block((Condition("count", "at_least", float(count)),))


def _recorded(loaded: Loaded, request: DrillRequest) -> tuple[Rule, ...]:
    """The rules in force that judge what is said, under names of their own."""
    rules = tuple(
        replace(rule, id=f"{MARK}{rule.id}", unless_open=tuple(f"{MARK}{each}" for each in rule.unless_open))
        for rule in loaded.ruleset.rules
        if rule.status == "active"
        and (not request.alert or rule.alert == request.alert)
        and (not request.brand or rule.brands is None or request.brand in rule.brands)
        and not any(_asks_of_blindness(block) for _, block in rule.levels)
    )
    if not rules:
        raise CrisiswatchError("no rule in force could judge the recording")
    return rules


def _asks_of_blindness(block: Block) -> bool:
    inner = (*block.any_of, *block.none_of)
    return any(each.measure == "blind_for" for each in block.conditions) or any(map(_asks_of_blindness, inner))
