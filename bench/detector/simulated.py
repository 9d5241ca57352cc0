"""The simulated brands: our detector, the clairvoyant bound, and every rival as published and tuned, in one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.detector.evaluate import BURN_IN_DAYS, PER_MONTH, Outcome, evaluate, sweep
from bench.detector.ours import NAME, stated, surge
from bench.detector.rivals import GRID, RIVALS, tune
from bench.detector.rivals_river import SLOW
from bench.detector.simulator.clairvoyant import clairvoyant
from bench.detector.stream import BINS_PER_DAY, BINS_PER_MONTH, Floats, Scorer
from bench.detector.work import Size, brands, progress, spread

__all__ = ["BOUND", "measure"]

BOUND = "clairvoyant bound"
COUNTS = f"{NAME}, counts alone"
BURN_IN = round(BURN_IN_DAYS * BINS_PER_DAY)


@dataclass(frozen=True, slots=True)
class _Scoring:
    """Score one seed's brands with ours (or the clairvoyant)."""

    name: str
    seed: int
    days: int


@dataclass(frozen=True, slots=True)
class _Judging:
    """Judge a rival on all seeds; with a rule of the grid, in the setting that is best on the development seeds.

    The slow ones take as long as all others together for the last places, so they are judged on the first seed alone.
    """

    name: str
    seeds: tuple[int, ...]
    dev_seeds: tuple[int, ...]
    size: Size
    grid: bool


def measure(seeds: Sequence[int], dev_seeds: Sequence[int], size: Size, jobs: int) -> dict[str, Any]:
    """Everybody at one false alarm a brand-month, ours at other rates and at its own stated threshold too.

    The bound and the rivals see counts alone; so there is a row of ours without grave words.

    The threshold for a wanted rate is sought on the very streams that are judged, for everybody alike, and is one for
    all brands; the row ``stated`` has the threshold that promises one false alarm a month, untouched by the streams.
    """
    streams = brands(seeds, size.days)
    rows = {name: _curve(name, streams, seeds, size, jobs) for name in (BOUND, NAME, COUNTS)}
    scores = rows[NAME].scores
    return {
        "seeds": list(seeds),
        "dev_seeds": list(dev_seeds),
        "months": round(sum(stream.bins - BURN_IN for stream in streams) / BINS_PER_MONTH, 1),
        "crises": sum(len(stream.crises) for stream in streams),
        "bound": _by_rate(rows[BOUND].outcomes),
        "ours": _by_rate(rows[NAME].outcomes),
        "counts_alone": _by_rate(rows[COUNTS].outcomes),
        "stated": evaluate(streams, scores, stated(1.0)).as_json(),
        "rivals": _rivals(seeds, dev_seeds, size, jobs),
    }


@dataclass(frozen=True, slots=True)
class _Curve:
    scores: list[Floats]
    outcomes: list[Outcome]


def _curve(name: str, streams: Sequence[Any], seeds: Sequence[int], size: Size, jobs: int) -> _Curve:
    tasks = [_Scoring(name, seed, size.days) for seed in seeds]
    scores = [each for found in progress(spread(_score, tasks, jobs), len(tasks), name) for each in found]
    return _Curve(scores, sweep(streams, scores, PER_MONTH))


def _by_rate(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {f"{rate:g}": outcome.as_json() for rate, outcome in zip(PER_MONTH, outcomes, strict=True)}


def _score(task: _Scoring) -> list[Floats]:
    scorer: Callable[..., Floats] = clairvoyant if task.name == BOUND else surge(grave=task.name != COUNTS)
    return [scorer(stream) for stream in brands([task.seed], task.days)]


def _rivals(seeds: Sequence[int], dev_seeds: Sequence[int], size: Size, jobs: int) -> list[dict[str, Any]]:
    """Rows of the rivals at one false alarm a month."""
    published = [name for name in RIVALS if not size.others or name not in SLOW][: size.others]
    tasks = [_Judging(name, tuple(seeds), tuple(dev_seeds), size, grid=False) for name in published]
    if dev_seeds:
        tasks += [_Judging(name, tuple(seeds), tuple(dev_seeds), size, grid=True) for name in list(GRID)[: size.grids]]
    return list(progress(spread(_judge, tasks, jobs), len(tasks), "rivals"))


def _judge(task: _Judging) -> dict[str, Any]:
    setting, scorer = _tuned(task) if task.grid else ("as published", RIVALS[task.name])
    slow = task.name in SLOW and len(task.seeds) > 1
    streams = brands(task.seeds[:1] if slow else task.seeds, task.size.days)
    outcome = sweep(streams, [scorer(stream) for stream in streams], [1.0])[0]
    return {
        "name": task.name,
        "setting": f"{setting}, first seed alone" if slow else setting,
        "tuned": task.grid,
        "at_one": outcome.as_json(),
    }


def _tuned(task: _Judging) -> tuple[str, Scorer]:
    settings = dict(list(GRID[task.name].items())[: 2 if task.size.grids else None])
    chosen = tune(brands(task.dev_seeds, task.size.days), grid={task.name: settings})[task.name]
    return chosen.setting, chosen.scorer
