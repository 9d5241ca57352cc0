"""Finds a detector by its name in the configuration."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points

from crisiswatch.detector.base import Detector

__all__ = ["get", "names"]

BUILT_IN = ("seasonal",)


def names() -> tuple[str, ...]:
    """Every detector that can be named: the built-in ones, then plug-ins."""
    return (*BUILT_IN, *sorted(point.name for point in entry_points(group="crisiswatch.detectors")))


@cache
def get(name: str) -> Detector:
    """Give the detector called ``name``; raises KeyError for an unknown one."""
    if name == "seasonal":
        from crisiswatch.detector.seasonal import SeasonalDetector

        return SeasonalDetector()
    for point in entry_points(group="crisiswatch.detectors"):
        if point.name == name:
            made: Detector = point.load()()
            return made
    raise KeyError(name)
