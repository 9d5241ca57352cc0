"""Incidents as alerts of Prometheus's Alertmanager (API v2), which routes, groups and silences them.

An alert is known by its labels, so they say only what never changes about an incident, with one exception: its level
is the label ``severity``, because routes can only look at labels. When the level rises, another alert begins and the
one of the old level ends, in the same request. All else is in annotations.

Alertmanager keeps nothing: an alert that is not repeated ends by itself. So what is open is repeated every minute, and
each time promised to last for an hour: a daemon that is stopped, updated or killed in between is no end of a crisis.
An end is told with the time at which it was, and repeated for that hour.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.render import Renderer
from crisiswatch.alerts.words import clean, clip, safe_url
from crisiswatch.clock import Clock
from crisiswatch.errors import DeliveryError, Rejected, TryLater, Unknown
from crisiswatch.model import Capabilities, Case, Delivery, Incident, Level, Receipt, Stage
from crisiswatch.notifiers.http import Door, Hidden, host_of, revealed

__all__ = ["ALERT_NAME", "EVERY", "HOLD", "AlertmanagerNotifier", "alerts_of"]

ALERT_NAME = "CrisiswatchIncident"
"""The label ``alertname`` of every alert."""
EVERY = timedelta(minutes=1)
"""How often what is open is repeated."""
HOLD = timedelta(hours=1)
"""How long Alertmanager is told to take an alert for active when it hears no more of it."""

_PATH = "/api/v2/alerts"


class AlertmanagerNotifier:
    """Posts to one Alertmanager, or to each of a cluster: it is delivered when one of them took it.

    Those that did not get it with the next repetition; the receipt's memory names them as ``missed``. `urls` are the
    addresses as their pages have them (``http://host:9093``, with a path before ``/api`` if there is one). `username`
    with `password`, or `token` (Bearer), are sent where given. `labels` are put on every alert.
    """

    capabilities = Capabilities(edits=True, notices=False, every=EVERY.total_seconds(), idempotent=True)

    def __init__(
        self,
        render: Renderer,
        clock: Clock,
        *,
        urls: Sequence[str],
        username: str | None = None,
        password: Hidden | None = None,
        token: Hidden | None = None,
        labels: Mapping[str, str] | None = None,
        cafile: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        if not urls:
            raise ValueError("there is no Alertmanager without an address")
        self._render = render
        self._clock = clock
        self._urls = tuple(urls)
        self._account = (username, password) if username is not None and password is not None else None
        self._token = token
        self._labels = dict(labels or {})
        self._door = Door("Alertmanager", clock, timeout, cafile)

    def send(self, delivery: Delivery) -> Receipt:
        unknown = delivery.stage is Stage.UPDATED and not delivery.previous  # nothing that could be changed
        if delivery.notice is not None or unknown:
            return Receipt(memory=dict(delivery.memory))
        missed = self._post(self._alerts(delivery))
        before = delivery.memory.get("missed")
        noted = {"missed": missed} if missed or before is not None else {}
        return Receipt(memory={**delivery.memory, **noted})

    def repeat(self, deliveries: Sequence[Delivery]) -> None:
        alerts = [alert for one in deliveries if one.notice is None for alert in self._alerts(one)]
        if alerts:
            self._post(alerts)

    def _alerts(self, delivery: Delivery) -> list[dict[str, Any]]:
        return alerts_of(delivery, self._render(delivery), self._clock.now(), self._labels)

    def _post(self, alerts: Iterable[Mapping[str, Any]]) -> str:
        """Send to each server; returns those that did not take it, in words. Raises if none did."""
        body = json.dumps(list(alerts)).encode()
        auth = None if self._account is None else (self._account[0], revealed(self._account[1]))
        headers = {} if self._token is None else {"Authorization": f"Bearer {revealed(self._token)}"}
        failed: dict[str, DeliveryError] = {}
        for url in self._urls:
            try:
                self._door.post(url.rstrip("/") + _PATH, body, headers, auth)
            except DeliveryError as error:
                failed[url] = error
        if len(failed) == len(self._urls):
            raise _most_hopeful(list(failed.values()))
        return ", ".join(sorted(host_of(url) for url in failed))


def _most_hopeful(errors: Sequence[DeliveryError]) -> DeliveryError:
    """What one of them may have taken is unknown; what one may take later is worth waiting for."""
    for kind in (Unknown, TryLater, Rejected):
        found = [error for error in errors if isinstance(error, kind)]
        if found:
            return min(found, key=lambda error: getattr(error, "after", None) or 0.0)
    return errors[0]


def alerts_of(
    delivery: Delivery, document: Document, now: datetime, labels: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """The alerts that tell how the incident stands: one active, unless it is over, and one ended for each lower level
    it has left behind within `HOLD` (before that it has ended by itself); the active, or last to end, first."""
    incident = delivery.incident
    same = {
        **(labels or {}),
        "alertname": ALERT_NAME,
        "brand": clean(incident.brand),
        "rule": clean(incident.rule),
        "incident": clip(clean(incident.id), 250),
        **({"drill": "true"} if delivery.drill or document.drill else {}),
    }
    link = safe_url(delivery.link or document.link)
    told = {"annotations": _annotations(document, link), **({"generatorURL": link} if link else {})}
    alerts: list[dict[str, Any]] = []
    for level, start, end in _spells(incident, delivery.case, over=document.stage is Stage.RESOLVED):
        if alerts and end is not None and end < now - HOLD:
            continue
        since = min(start, now)
        until = now + HOLD if end is None else max(min(end, now), since)
        times = {"startsAt": _stamp(since), "endsAt": _stamp(until)}
        labelled = {name: value for name, value in {**same, "severity": level.word}.items() if value}
        alerts.append({"labels": labelled, **times, **told})
    return alerts


def _spells(incident: Incident, case: Case | None, *, over: bool) -> list[tuple[Level, datetime, datetime | None]]:
    """Each level that the incident has had, from when until when (None: still), the present one first.

    What a person had to confirm was active until then, though its figures had been calm for long.
    """
    levels = incident.levels or ((incident.level, incident.opened_at),)
    spells: dict[Level, tuple[datetime, datetime | None]] = {}
    for number, (level, since) in enumerate(levels):
        start = spells[level][0] if level in spells else since
        spells[level] = (start, levels[number + 1][1] if number + 1 < len(levels) else None)
    if over:
        end = (case.ended_at if case is not None else None) or incident.resolved_at or incident.updated_at
        spells = {level: (start, until or end) for level, (start, until) in spells.items()}
    return [(level, *spell) for level, spell in reversed(spells.items())]


def _annotations(document: Document, link: str | None) -> dict[str, str]:
    """What people read: it may change without making another alert."""
    drill = f"{document.drill_word}, an exercise: " if document.drill else ""
    said = (document.summary, document.status, document.reminder, document.sector, document.note, *document.warnings)
    found = {
        "summary": f"{drill}{document.headline}",
        "description": drill + "\n".join(line for line in said if line),
        "figures": "\n".join(f"{fact.label}: {fact.value}" for fact in document.facts),
        "steps": "\n".join(f"{n}. {task.step}" for n, task in enumerate(document.steps, 1)),
        "explain": document.footer[-1] if document.footer else "",
        "link": link or "",
    }
    return {name: text for name, text in found.items() if text}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
