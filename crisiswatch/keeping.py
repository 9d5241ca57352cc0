"""Records of incidents as this configuration wants them: the posts its rules count, its words, its brands' zones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from crisiswatch.alerts.render import fill
from crisiswatch.alerts.values import placeholder_values
from crisiswatch.config import Loaded
from crisiswatch.model import Case, Delivery, Incident, Stage
from crisiswatch.model.alert import definition_for
from crisiswatch.records import Keeper, gather_facts, post_mortem
from crisiswatch.store import Store
from crisiswatch.wiring import Messages, chart_maker

__all__ = ["chart_of", "keeper_for", "written"]


def keeper_for(loaded: Loaded, store: Store, root: Path, posts: int) -> Keeper:
    """Give what keeps records below ``root``."""
    messages = Messages(store, loaded)
    draw = chart_maker(loaded, lambda: store)
    return Keeper(
        root,
        store,
        messages.behind,
        lambda incident, chart: written(loaded, store, incident, chart, messages),
        lambda incident, case: chart_of(draw, incident, case),
        posts=posts,
    )


def written(loaded: Loaded, store: Store, incident: Incident, chart: str = "", messages: Messages | None = None) -> str:
    """The post-mortem of an incident, in the language and the zone of its brand. Raises StoreError."""
    brand = next((each for each in loaded.settings.brands if each.id == incident.brand), None)
    alert = definition_for(loaded.alerts, incident.alert, "en" if brand is None else brand.language)
    evidence = (messages or Messages(store, loaded)).evidence(incident)
    if brand is None:
        lang = "en" if alert is None else alert.language
        return post_mortem(gather_facts(store, incident, evidence, brand=incident.brand, lang=lang), chart)
    name, zone, lang = brand.name, brand.timezone, brand.language
    facts = gather_facts(store, incident, evidence, brand=name, zone=zone, lang=lang)
    if (
        alert is not None and alert.language == lang != "en"
    ):  # a rule has one title, in English where it is a shipped one
        values = placeholder_values(facts.first, evidence, name, zone, lang)
        facts = replace(facts, title=fill(alert.opened.headline, values, lang))
    return post_mortem(facts, chart)


def chart_of(draw: Callable[[Delivery], bytes | None], incident: Incident, case: Case | None) -> bytes | None:
    """The chart of an incident as it stands."""
    stage = Stage.UPDATED if incident.resolved_at is None else Stage.RESOLVED
    return draw(Delivery(id=incident.id, receiver="records", stage=stage, incident=incident, case=case))
