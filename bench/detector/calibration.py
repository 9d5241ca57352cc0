"""Does a stated number of false alarms a month come true? Long calm streams of every size answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import chi2  # type: ignore[import-untyped]

from bench.detector.layer import CLOSED_AFTER, fires
from bench.detector.ours import stated, surge
from bench.detector.simulator import RATES
from bench.detector.simulator.trials import calm
from bench.detector.stream import BINS_PER_DAY, BINS_PER_MONTH
from bench.detector.work import Size, progress, spread

__all__ = ["STATED", "interval", "measure"]

STATED = (10.0, 1.0, 0.1)
"""False alarms a month: what rules call elevated, high and extreme."""
LEFT_OUT_DAYS = 14
SURE = 0.95


@dataclass(frozen=True, slots=True)
class _Stretch:
    seed: int
    rate: float
    months: float


def measure(seeds: Sequence[int], size: Size, jobs: int) -> dict[str, Any]:
    """Stated against measured, pooled and by rate; the first fourteen days of each stretch are left out.

    ``told`` counts all that the alert layer tells, as everywhere in this benchmark, ``opened`` only the first of each
    incident. ``low`` and ``high``: 95 % interval of the number told, were they independent.
    """
    rates = RATES[: size.rates]
    each = max(1, round(size.months / size.stretch / len(seeds)))
    tasks = [
        _Stretch(1000 * seed + number, rate, size.stretch) for rate in rates for seed in seeds for number in range(each)
    ]
    counts: dict[float, list[list[tuple[int, int]]]] = {rate: [] for rate in rates}
    answers = progress(spread(_count, tasks, jobs), len(tasks), "calibration")
    for task, answer in zip(tasks, answers, strict=True):
        counts[task.rate].append(answer)
    months = each * len(seeds) * size.stretch
    return {
        "months_a_rate": months,
        "pooled": _rows([one for found in counts.values() for one in found], months * len(rates)),
        "by_rate": {f"{rate:g}": _rows(found, months) for rate, found in counts.items()},
    }


def interval(count: int, months: float) -> tuple[float, float]:
    """The 95 % interval of a Poisson rate a month, ``count`` events seen (Garwood, Biometrika 28, 1936)."""
    off = (1.0 - SURE) / 2.0
    low = chi2.ppf(off, 2 * count) / 2.0 if count else 0.0
    return float(low / months), float(chi2.ppf(1.0 - off, 2 * count + 2) / 2.0 / months)


def _count(task: _Stretch) -> list[tuple[int, int]]:
    """Told and opened at each stated rate, in one brand's stretch."""
    stream = calm(task.seed, task.rate, task.months + LEFT_OUT_DAYS * BINS_PER_DAY / BINS_PER_MONTH)
    scores = surge()(stream)[LEFT_OUT_DAYS * BINS_PER_DAY :]
    found = []
    for rate in STATED:
        threshold = stated(rate)
        told = fires(scores, threshold)
        fresh = [at for at in told if not (scores[max(at - CLOSED_AFTER, 0) : at] >= threshold).any()]
        found.append((len(told), len(fresh)))
    return found


def _rows(found: Sequence[Sequence[tuple[int, int]]], months: float) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for place, rate in enumerate(STATED):
        told, opened = (sum(each[place][which] for each in found) for which in (0, 1))
        low, high = interval(told, months)
        rows[f"{rate:g}"] = {
            "count": told,
            "told": told / months,
            "opened": opened / months,
            "factor": told / months / rate,
            "low": low / rate,
            "high": high / rate,
        }
    return rows
