"""Detectors: how unusual a window is, against what is usual for the brand at that hour.

A detector learns from closed five-minute bins and judges windows; its state is a flat list of numbers with a version,
never a pickle. Names are resolved by `get`, which also finds plug-ins (entry points ``crisiswatch.detectors``).
"""

from crisiswatch.detector.base import MONTH, Bin, Detector, DetectorState, Explanation, Moments, Verdict, Window
from crisiswatch.detector.registry import get, names

__all__ = ["MONTH", "Bin", "Detector", "DetectorState", "Explanation", "Moments", "Verdict", "Window", "get", "names"]
