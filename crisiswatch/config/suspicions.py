"""What is legal over the whole configuration but looks like a mistake: levels, routes, alerts, receivers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crisiswatch.config.document import Document, Where, shown
from crisiswatch.config.settings import Route, Settings
from crisiswatch.model import Level
from crisiswatch.rules.model import Block, Rule, Ruleset

__all__ = ["check_findable", "check_levels", "check_use"]


def check_levels(rule: Rule, document: Document, where: Where) -> None:
    """Note conditions that always hold, and a higher level that asks for less than a lower one."""
    for level, block in rule.levels:
        place = (*where, "levels", level.word)
        for condition in block.conditions:
            if condition.operator == "at_least" and condition.bound == 0:
                document.report(
                    "CW049",
                    (*place, condition.measure),
                    f"`{condition.measure}` is always at least 0, so this line says nothing",
                    "raise the number, or delete the line",
                    severity="warning",
                )
    for (lower, before), (higher, after) in zip(rule.levels, rule.levels[1:], strict=False):
        for measure in _weaker(before, after):
            document.report(
                "CW048",
                (*where, "levels", higher.word, measure),
                f"`{higher.word}` asks for less `{measure}` than `{lower.word}`",
                f"raise it, or swap `{lower.word}` and `{higher.word}`",
                severity="warning",
            )


def _weaker(before: Block, after: Block) -> list[str]:
    floors = {one.measure: one.bound for one in before.conditions if one.operator == "at_least"}
    found = []
    for one in after.conditions:
        if one.operator == "at_least" and one.measure in floors:
            sign = -1 if one.measure == "surprise" else 1  # its bound is false alarms: fewer is stricter
            if sign * one.bound < sign * floors[one.measure]:
                found.append(one.measure)
    return found


def check_use(
    settings: Settings,
    ruleset: Ruleset,
    config: Document,
    places: Mapping[str, tuple[Document, Where]],
    alerts: Sequence[Document],
) -> None:
    """Note what will never be used. ``places`` tells where each rule is written."""
    active = [rule for rule in ruleset.rules if rule.status == "active"]
    brands = [brand.id for brand in settings.brands]
    for at, route in enumerate(settings.routes):
        if not any(_fits(route, rule, brands) for rule in active):
            message = "no active rule opens incidents of these levels and brands"
            config.report("CW071", ("routes", at), message, "check the levels and brands", severity="warning")
    for rule in active:
        if not any(_fits(route, rule, brands) for route in settings.routes):
            document, where = places[rule.id]
            message = f"no route delivers the incidents of {shown(rule.id)}"
            hint = "add a route in crisiswatch.yaml, or write `status: trial`"
            document.report("CW072", (*where, "id"), message, hint, severity="warning")
    _check_unused(settings, ruleset, config, alerts)
    _check_languages(settings, config, alerts)


def _check_languages(settings: Settings, config: Document, alerts: Sequence[Document]) -> None:
    """Note brands of one language, which alerts have words in, whose people are told everything in English."""
    words = {str(document.get(("language",))) for document in alerts} - {"en"}
    for at, brand in enumerate(settings.brands):
        spoken = {language.partition("-")[0] for language in brand.languages}
        if len(spoken) == 1 and spoken <= words and config.get(("brands", at, "language")) is None:
            (lang,) = spoken
            message = f"people speak of {shown(brand.id)} in {shown(lang)}, and what its own people read is in English"
            hint = f"write `language: {lang}`; or `language: en`, if English is meant"
            config.report("CW063", ("brands", at, "languages"), message, hint, severity="warning")


def check_findable(settings: Settings, ruleset: Ruleset, places: Mapping[str, tuple[Document, Where]]) -> None:
    """Note rules that count by theme where the scorer has no encoder to find themes with.

    A model of a folder has none of its own: themes are found with its fall-back's.
    """
    heavy = settings.heavy
    scorer = settings.scorer if heavy is None else heavy.fallback
    if scorer not in {"vader", "none"}:
        return
    told = f"the scorer {shown(scorer)} has" if heavy is None else f"the model and its fall-back {shown(scorer)} have"
    mend = "{scorer: lite}" if heavy is None else "{..., fallback: lite}"
    for rule in ruleset.rules:
        if rule.mentions.themes and rule.status != "off":
            document, where = places[rule.id]
            message = f"{told} no encoder, so no mention has a theme"
            hint = f"write `sentiment: {mend}` in crisiswatch.yaml"
            document.report("CW065", (*where, "mentions", "themes"), message, hint, severity="warning")


def _check_unused(settings: Settings, ruleset: Ruleset, config: Document, alerts: Sequence[Document]) -> None:
    named = {rule.alert for rule in ruleset.rules}
    for document in alerts:
        if (alert := document.get(("alert",))) not in named:
            message = f"no rule uses the alert {shown(alert)}"
            document.report("CW073", ("alert",), message, "name it in a rule, or delete the file", severity="warning")
    told = {name for route in settings.routes for name in route.receivers}
    told |= {name for rung in settings.escalation for name in rung.receivers}
    for document in alerts:
        steps = document.get(("playbook",))
        if isinstance(steps, list):
            told |= {str(step.get("webhook")) for step in steps if isinstance(step, dict)}
    for at, receiver in enumerate(settings.receivers):
        if receiver.id not in told:
            message = f"no route leads to the receiver {shown(receiver.id)}"
            hint = "add it to a route, or delete it"
            config.report("CW074", ("receivers", at, "id"), message, hint, severity="warning")
    if not ruleset.rules:
        message = "there are no rules, so no alert can come"
        config.report("CW077", ("rules",), message, "`crisiswatch init DIR` writes some", severity="warning")


def _fits(route: Route, rule: Rule, brands: Sequence[str]) -> bool:
    watched = set(brands) if rule.brands is None else set(rule.brands)
    levels: set[Level] = {level for level, _ in rule.levels}
    return bool(levels & route.levels) and bool(watched if route.brands is None else watched & route.brands)
