"""The benchmark's tweet series: our detector beside simple rules and a few rivals, all behind the same layers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.detector import nab
from bench.detector.nab.baselines import BASELINES
from bench.detector.ours import NAME, surge
from bench.detector.rivals import RIVALS
from bench.detector.stream import Floats, Scorer
from bench.detector.work import Size, progress, spread

__all__ = ["OTHERS", "measure", "thresholds_in"]

RIVALS_TOO = (
    "river GaussianScorer 7 d, log tail",
    "river GaussianScorer, log tail",
    "river PAD (HoltWinters), unsaturated",
    "river StandardAbsoluteDeviation, median",
    "river HalfSpaceTrees (count, hour, time)",
    "EWMA z",
    "Farrington, same hours",
    "EARS C2, same hour",
)
OTHERS: dict[str, Scorer] = {**BASELINES, **{name: RIVALS[name] for name in RIVALS_TOO}}

Thresholds = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By detector, layer and profile."""


@dataclass(frozen=True, slots=True)
class _Task:
    name: str
    folder: Path


def measure(folder: Path, given: Thresholds | None, size: Size, jobs: int) -> dict[str, Any]:
    """Everybody's figures with the best thresholds for these series and, if ``given``, with those picked elsewhere."""
    series = nab.load(folder)
    names = [NAME, *list(OTHERS)[: size.others]]
    answers = progress(spread(_score, [_Task(name, folder) for name in names], jobs), len(names), "nab")
    detectors: dict[str, Any] = {}
    for name, scores in zip(names, answers, strict=True):
        detectors[name] = nab.measure_scores(series, scores).as_json()
        if given is not None and name in given:
            detectors[name]["given"] = nab.at_thresholds(series, scores, given[name]).mean
    return {"series": [each.name for each in series], "given": given is not None, "detectors": detectors}


def thresholds_in(file: Path) -> Thresholds:
    """What an earlier run picked, out of the JSON it wrote; `ValueError` if there are none in it."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))["parts"]["nab"]["detectors"]
        return {
            name: {
                layer: {profile: _number(each["threshold"]) for profile, each in row.items()}
                for layer, row in figures["layers"].items()
            }
            for name, figures in found.items()
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{file} has no thresholds: it is not what `--parts nab --json FILE` writes") from error


def _number(threshold: float | None) -> float:
    """A threshold as JSON knows it: ``null`` is to say nothing."""
    return float("inf") if threshold is None else float(threshold)


def _score(task: _Task) -> list[Floats]:
    scorer = surge() if task.name == NAME else OTHERS[task.name]
    return [scorer(nab.as_stream(each)) for each in nab.load(task.folder)]
