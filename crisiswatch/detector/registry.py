"""Finds a detector by its name in the configuration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from crisiswatch.detector.base import Detector

__all__ = ["get", "names"]

BUILT_IN = {
    "surge": "crisiswatch.detector.judging:SurgeDetector",
}
VENDORS = ("last-hour", "mean-plus-sd", "fixed-multiple", "same-hours", "ears-c2", "farrington")
STOCK = (
    "river-gaussian",
    "river-standard-deviation",
    "river-quantile-filter",
    "river-predictive",
    "river-half-space-trees",
    "river-loda",
    "river-adwin",
    "river-page-hinkley",
)


def names() -> tuple[str, ...]:
    """Every detector that can be named: our own, the documented rules, river's, then plug-ins."""
    plug_ins = sorted(point.name for point in entry_points(group="crisiswatch.detectors"))
    return (*BUILT_IN, *VENDORS, *STOCK, *plug_ins)


@cache
def get(name: str) -> Detector:
    """Give the detector called ``name``; raises KeyError for an unknown one."""
    if name in BUILT_IN:
        module, _, made_by = BUILT_IN[name].partition(":")
        own: Detector = getattr(import_module(module), made_by)()
        return own
    if name in VENDORS:
        from crisiswatch.detector.vendors import rule

        return rule(name)
    if name in STOCK:
        from crisiswatch.detector.stock import stock

        return stock(name)
    for point in entry_points(group="crisiswatch.detectors"):
        if point.name == name:
            made: Detector = point.load()()
            return made
    raise KeyError(name)
