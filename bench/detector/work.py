"""Work spread over processes, and how much of it is done: in full, or in a few minutes to see that all is in order."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from bench.detector.simulator import simulate
from bench.detector.stream import BrandStream

__all__ = ["FULL", "QUICK", "Size", "brands", "progress", "spread"]

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Size:
    """How much is done. ``days`` a simulated brand is followed, ``trials`` of a kind a question, ``months`` of calm a
    rate, ``seconds`` an estimator is timed for. ``others``, ``grids`` and ``variants``: so many of each at most.
    """

    days: int = 42
    cold_trials: int = 120
    trials: int = 200
    months: float = 100.0
    stretch: float = 5.0
    seconds: float = 1.5
    others: int | None = None
    grids: int | None = None
    variants: int | None = None
    rates: int | None = None


FULL = Size()
QUICK = Size(21, 2, 1, 0.5, 0.5, 0.05, 2, 1, 2, 2)
"""Enough to see every table, not to believe any figure in it."""


def brands(seeds: Sequence[int], days: int) -> list[BrandStream]:
    """The simulated brands of these seeds, twelve each."""
    return [brand for seed in seeds for brand in simulate(seed, days)]


def spread(work: Callable[[Task], Result], tasks: Sequence[Task], jobs: int) -> Iterator[Result]:
    """Yield ``work(task)`` for each task, in their order, from so many processes; with one job from this one.

    A process does one task and ends, so that what detectors keep of the streams they saw never piles up.
    """
    if jobs <= 1:
        yield from map(work, tasks)
        return
    with multiprocessing.Pool(jobs, maxtasksperchild=1) as pool:
        yield from pool.imap(work, tasks, chunksize=1)


def progress(results: Iterator[Any], total: int, what: str) -> Iterator[Any]:
    """Pass results on, telling standard error now and then how many of them have come."""
    began = said = time.monotonic()
    for done, result in enumerate(results, 1):
        if time.monotonic() - said > 20.0:
            said = time.monotonic()
            print(f"  {what}: {done} of {total} after {said - began:.0f} s", file=sys.stderr, flush=True)
        yield result
