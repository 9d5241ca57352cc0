"""Incidents as alerts in PagerDuty (Events API v2): triggered, acknowledged and resolved, known by the incident's id.

PagerDuty takes events with the same ``dedup_key`` for one alert, so that repeating one changes nothing. It pages and
escalates by itself: reminders of ours are not passed on, but the one that nobody has it, which opens the alert again
where somebody has closed it over there.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC
from typing import Any

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.render import Renderer
from crisiswatch.alerts.words import clean, clip, safe_url
from crisiswatch.clock import Clock
from crisiswatch.model import Capabilities, Delivery, Incident, Level, Receipt, Stage
from crisiswatch.notifiers.http import Door, Hidden, revealed

__all__ = ["BASE_URL", "PagerDutyNotifier", "events_of"]

BASE_URL = "https://events.pagerduty.com"
"""Where events go; accounts of the European region have ``https://events.eu.pagerduty.com``."""

_SEVERITIES = {
    Level.CALM: "info",
    Level.WATCH: "warning",
    Level.WARNING: "error",
    Level.CRITICAL: "critical",
}
_PAGING = frozenset({Stage.OPENED, Stage.ESCALATED})
_LONGEST_KEY, _LONGEST_SUMMARY = 255, 1024


class PagerDutyNotifier:
    """Sends events to one service, by its integration's `routing_key`.

    The receipt's memory is ``acknowledged``: that it was told that somebody has it.
    """

    capabilities = Capabilities(edits=True, notices=False, idempotent=True)

    def __init__(
        self,
        render: Renderer,
        clock: Clock,
        *,
        routing_key: Hidden,
        base_url: str = BASE_URL,
        timeout: float = 10.0,
    ) -> None:
        self._render = render
        self._routing_key = routing_key
        self._url = f"{base_url.rstrip('/')}/v2/enqueue"
        # It answers 400 to a wrong key as to an event it can't use, and ours are made to its rules.
        self._door = Door("PagerDuty", clock, timeout, setup=frozenset({400}))

    def send(self, delivery: Delivery) -> Receipt:
        memory = dict(delivery.memory)
        events = events_of(delivery, self._render(delivery))
        for event in events:
            key = revealed(self._routing_key)
            self._door.post(self._url, json.dumps({"routing_key": key, **event}).encode(), {})
            if event["event_action"] == "acknowledge":
                memory["acknowledged"] = "yes"
        return Receipt(memory=memory)


def events_of(delivery: Delivery, document: Document) -> list[dict[str, Any]]:
    """What PagerDuty has to hear of this delivery, without the key: nothing, one event or two."""
    if delivery.notice is not None:
        return []
    key = {"dedup_key": _dedup_key(delivery.incident.id)}
    if delivery.stage is Stage.RESOLVED:
        return [{"event_action": "resolve", **key}]
    if document.stage is Stage.RESOLVED:
        return []  # what is said after the end
    known = delivery.previous or delivery.stage in _PAGING
    told = delivery.memory.get("acknowledged") == "yes"
    nobody = delivery.reminder is not None and delivery.reminder.kind == "unacknowledged"
    events: list[dict[str, Any]] = []
    if delivery.stage in _PAGING or (delivery.stage is Stage.REMINDED and nobody):
        events.append({"event_action": "trigger", **key, **_trigger(delivery, document)})
    if known and not told and _who_has_it(delivery):
        events.append({"event_action": "acknowledge", **key})
    return events


def _trigger(delivery: Delivery, document: Document) -> dict[str, Any]:
    incident = delivery.incident
    drill = delivery.drill or document.drill
    link = safe_url(delivery.link or document.link)
    return {
        "client": "crisiswatch",
        **({"client_url": link, "links": [{"href": link, "text": "The incident's page"}]} if link else {}),
        "payload": {
            "summary": clip(
                f"{f'{document.drill_word}: ' if drill else ''}{document.headline}" or incident.id, _LONGEST_SUMMARY
            ),
            "source": "crisiswatch",
            "severity": _SEVERITIES[incident.level],
            "timestamp": incident.opened_at.astimezone(UTC).isoformat(),
            "component": clean(incident.brand),
            "group": clean(incident.brand),
            "class": clean(incident.rule),
            "custom_details": _details(incident, document, drill=drill),
        },
    }


def _details(incident: Incident, document: Document, *, drill: bool) -> dict[str, Any]:
    reading = incident.reading
    figures = {
        "observed": reading.observed,
        "expected": reading.expected,
        "low": reading.low,
        "high": reading.high,
        "false_alarms_per_month": reading.false_alarms_per_month,
    }
    return {
        "incident": clean(incident.id),
        "level": incident.level.word,
        "summary": document.summary,
        "status": document.status,
        "warnings": list(document.warnings),
        "figures": {fact.label: fact.value for fact in document.facts},
        **{name: value for name, value in figures.items() if value is not None and math.isfinite(value)},
        "steps": [task.step for task in document.steps],
        "explain": document.footer[-1] if document.footer else "",
        "drill": drill,
    }


def _who_has_it(delivery: Delivery) -> str:
    case = delivery.case
    return (case.acknowledged_by if case is not None else "") or delivery.incident.acknowledged_by or ""


def _dedup_key(incident: str) -> str:
    """The incident's id, or what stands for one that is too long."""
    key = clean(incident)
    if len(key) <= _LONGEST_KEY:
        return key or "crisiswatch"
    return f"{key[:180]}-{hashlib.sha256(incident.encode('utf-8', 'surrogatepass')).hexdigest()}"
