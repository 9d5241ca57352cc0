"""The default detector keeps every detector's contract."""

from __future__ import annotations

from crisiswatch.detector import Detector, get
from crisiswatch.testing.pure import DetectorContract


class TestSurge(DetectorContract):
    def detector(self) -> Detector:
        return get("surge")
