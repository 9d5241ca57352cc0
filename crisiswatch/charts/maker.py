"""The charts of messages: drawn once for all receivers of the same news, and never a reason for a message to fail."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

import structlog

from crisiswatch.alerts.phrases import phrase
from crisiswatch.charts.data import STEP, ChartData, from_history, from_incident
from crisiswatch.charts.draw import incident_chart
from crisiswatch.model import Delivery, Incident, Stage

__all__ = ["Chart", "ChartMaker", "Counted"]

Chart = Callable[[Delivery], bytes | None]
"""What a notifier is given to illustrate a delivery: a PNG, or None where there is nothing to draw."""

LEAD = timedelta(hours=1)
"""What is shown of the time before an incident that is over."""
_KEPT = 16
log = structlog.get_logger("crisiswatch.charts")


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts by the minute they began in, what they count (a plural), and whether that is what the rule counts."""

    minutes: Iterable[tuple[datetime, float]]
    what: str
    same: bool


class ChartMaker:
    """Gives the chart of a delivery as PNG; None for a notice, without figures, or where drawing fails (logged).

    ``brands`` are names, ``zones`` time zones and ``languages`` what its words are in, by brand id. The
    last few charts are kept by what is on them, so that several receivers of one incident's version, and a message
    that is tried again, are drawn once. ``count`` gives stored counts from one moment to another, with which an
    incident that is over and was long is shown whole; None where there are none that would be right. Thread-safe.
    """

    def __init__(
        self,
        brands: Mapping[str, str],
        zones: Mapping[str, tzinfo] | None = None,
        draw: Callable[[ChartData], bytes] = incident_chart,
        count: Callable[[Incident, datetime, datetime], Counted | None] | None = None,
        languages: Mapping[str, str] | None = None,
    ) -> None:
        self._languages = languages or {}
        self._count = count
        self._brands, self._zones = brands, zones or {}
        self._draw = draw
        self._kept: OrderedDict[ChartData, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, delivery: Delivery) -> bytes | None:
        incident = delivery.incident
        if delivery.notice is not None or not incident.trend:
            return None
        try:
            lang = self._languages.get(incident.brand, "en")
            data = replace(self._data(delivery, lang), drill_words=phrase(lang, "drill_short"))
            with self._lock:  # whoever waits here finds the picture ready
                return self._drawn(data)
        except Exception as error:  # noqa: BLE001 - a supervision point: an alert goes out without its picture
            log.warning("chart_failed", incident=incident.id, error=f"{type(error).__name__}: {error}")
            return None

    def _data(self, delivery: Delivery, lang: str) -> ChartData:
        incident, case = delivery.incident, delivery.case
        brand, zone = self._brands.get(incident.brand, incident.brand), self._zones.get(incident.brand, UTC)
        start, end = incident.opened_at - LEAD, incident.resolved_at
        if self._count is not None and end is not None and end - start > STEP * len(incident.trend):
            found = self._count(incident, start, end)
            if found is not None:
                return from_history(
                    incident, found.minutes, start, end, case,
                    same=found.same, what=found.what, brand=brand, zone=zone, drill=delivery.drill, lang=lang,
                )  # fmt: skip
        calming = (incident.updated_at,) if delivery.stage is Stage.CALMING and end is None else ()
        return from_incident(incident, case, calming=calming, brand=brand, zone=zone, drill=delivery.drill, lang=lang)

    def _drawn(self, data: ChartData) -> bytes:
        picture = self._kept.get(data)
        if picture is None:
            picture = self._draw(data)
            self._kept[data] = picture
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(data)
        return picture
