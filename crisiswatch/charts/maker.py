"""The charts of messages: drawn once for all receivers of the same news, and never a reason for a message to fail."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo

import structlog

from crisiswatch.charts.data import ChartData, from_incident
from crisiswatch.charts.draw import incident_chart
from crisiswatch.model import Delivery

__all__ = ["Chart", "ChartMaker"]

Chart = Callable[[Delivery], bytes | None]
"""What a notifier is given to illustrate a delivery: a PNG, or None where there is nothing to draw."""

_KEPT = 16
log = structlog.get_logger("crisiswatch.charts")


class ChartMaker:
    """Gives the chart of a delivery as PNG; None for a notice, without figures, or where drawing fails (logged).

    ``brands`` are names and ``zones`` time zones, by brand id. The last few charts are kept by what is on them, so
    that several receivers of one incident's version, and a message that is tried again, are drawn once. Thread-safe.
    """

    def __init__(
        self,
        brands: Mapping[str, str],
        zones: Mapping[str, tzinfo] | None = None,
        draw: Callable[[ChartData], bytes] = incident_chart,
    ) -> None:
        self._brands, self._zones = brands, zones or {}
        self._draw = draw
        self._kept: OrderedDict[ChartData, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, delivery: Delivery) -> bytes | None:
        incident = delivery.incident
        if delivery.notice is not None or not incident.trend:
            return None
        try:
            brand, zone = self._brands.get(incident.brand, incident.brand), self._zones.get(incident.brand, UTC)
            data = from_incident(incident, delivery.case, brand=brand, zone=zone, drill=delivery.drill)
            with self._lock:  # whoever waits here finds the picture ready
                return self._drawn(data)
        except Exception as error:  # noqa: BLE001 - a supervision point: an alert goes out without its picture
            log.warning("chart_failed", incident=incident.id, error=f"{type(error).__name__}: {error}")
            return None

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
