"""The benchmark's tweet series as they lie in a folder: counts in five-minute rows, and the labelled windows."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np

from bench.detector.stream import BINS_PER_HOUR, BrandStream, Floats

__all__ = ["TweetSeries", "as_stream", "load"]

STEP = timedelta(minutes=5)
LABELS = "windows.json"
_RATE_BINS = 7 * 24 * BINS_PER_HOUR


@dataclass(frozen=True, slots=True)
class TweetSeries:
    """One file: row ``i`` counts the tweets of ``timestamps[i]``. A window is its first and last row, both included."""

    name: str
    timestamps: tuple[datetime, ...]
    values: Floats
    windows: tuple[tuple[int, int], ...]

    @property
    def probation(self) -> int:
        """Rows at the beginning that are never scored: 15 % of the file, but at most 15 % of 5,000 rows."""
        return min(len(self.values) * 15 // 100, 750)

    @property
    def labelled(self) -> tuple[int, ...]:
        """The labelled instants: the benchmark centres each window on one."""
        return tuple((first + last) // 2 for first, last in self.windows)


def load(folder: Path | str) -> list[TweetSeries]:
    """Read every series that ``windows.json`` has labels for, by name. `ValueError` if rows are not 5 minutes apart."""
    home = Path(folder)
    labels: dict[str, list[tuple[str, str]]] = json.loads((home / LABELS).read_text(encoding="utf-8"))
    return [_series(home / name, spans) for name, spans in sorted(labels.items()) if (home / name).exists()]


def as_stream(series: TweetSeries) -> BrandStream:
    """Give a detector the volume alone: every mention counts as negative, and nobody knows of any outage."""
    first = series.timestamps[0]
    return BrandStream(
        name=series.name,
        rate=float(series.values[:_RATE_BINS].mean()) * BINS_PER_HOUR,
        start=int(first.timestamp()) // 60,
        total=series.values.copy(),
        negative=series.values.copy(),
        exposure=np.ones(len(series.values)),
        known=np.zeros(len(series.values), dtype=np.bool_),
    )


def _series(path: Path, spans: list[tuple[str, str]]) -> TweetSeries:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(_time(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
    times = tuple(at for at, _ in rows)
    if any(after - before != STEP for before, after in pairwise(times)):
        raise ValueError(f"{path.name}: rows must be five minutes apart")
    row_of = {at: row for row, at in enumerate(times)}
    windows = tuple(sorted((row_of[_time(first)], row_of[_time(last)]) for first, last in spans))
    values = np.array([value for _, value in rows])
    return TweetSeries(path.name.removesuffix(".csv").removeprefix("Twitter_volume_"), times, values, windows)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
