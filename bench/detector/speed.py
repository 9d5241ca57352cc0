"""Updates a second on one core and bytes a series: ours beside river's own estimators, on one stream in one run.

An update is what an estimator does in five minutes of one series: one ``score_one``, then one ``learn_one``. Live bytes
are the deep size of the object, each thing it holds counted once, and never less than its encoding, as what compiled
types keep inside themselves cannot be seen; encoded bytes are those of its flat numbers as JSON
where it has such a state, otherwise of its pickle.
"""

from __future__ import annotations

import gc
import json
import pickle
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from bench.detector.rivals_river import river

__all__ = ["ESTIMATORS", "STREAM_SEED", "Row", "deep_bytes", "encoded_bytes", "measure", "stream", "table"]

STREAM_SEED = 7
DAYS = 21
START = 28_400_000
REPEAT = 3
"""The fastest of so many runs counts: what else the machine does can only make it slower."""

Example = dict[str, float]
Factory = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One estimator's figures; ``encoded`` says as what (``json`` or ``pickle``)."""

    name: str
    updates_per_second: float
    live_bytes: int
    encoded_bytes: int
    encoded: str


class _Univariate:
    """One of river's estimators of a single value, fed with the count."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def score_one(self, x: Example) -> float:
        return float(self.model.score_one(None, x["count"]))

    def learn_one(self, x: Example) -> None:
        self.model.learn_one(None, x["count"])


class _Predictive(_Univariate):
    """The forecaster cannot be asked before it has begun."""

    def __init__(self, model: Any, begin: int) -> None:
        super().__init__(model)
        self.begin = begin

    def score_one(self, x: Example) -> float:
        if self.begin:
            self.begin -= 1
            return 0.0
        return super().score_one(x)


class _Vector:
    """One of river's estimators of several features: count, total and time of day, each between 0 and 1."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def score_one(self, x: Example) -> float:
        return float(self.model.score_one(self._features(x)))

    def learn_one(self, x: Example) -> None:
        self.model.learn_one(self._features(x))

    @staticmethod
    def _features(x: Example) -> Example:
        count, total = x["count"], x["total"]
        return {"count": count / (count + 10.0), "total": total / (total + 30.0), "time": x["minute"] % 1440 / 1440}


class _Drift:
    """One of river's drift detectors: learning is all it does."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def score_one(self, x: Example) -> float:  # noqa: ARG002
        return float(self.model.drift_detected)

    def learn_one(self, x: Example) -> None:
        self.model.update(x["count"])


def _predictive(season: int) -> _Predictive:
    knobs = {"gamma": 0.1, "seasonality": season} if season else {}
    forecaster = river("time_series").HoltWinters(alpha=0.1, beta=0.01, **knobs)
    return _Predictive(river("anomaly").PredictiveAnomalyDetection(forecaster), max(season, 2))


ESTIMATORS: dict[str, Factory] = {
    "river GaussianScorer, 7 d": lambda: _Univariate(river("anomaly").GaussianScorer(window_size=7 * 288)),
    "river GaussianScorer": lambda: _Univariate(river("anomaly").GaussianScorer()),
    "river StandardAbsoluteDeviation": lambda: _Univariate(river("anomaly").StandardAbsoluteDeviation()),
    "river PAD (HoltWinters)": lambda: _predictive(0),
    "river PAD (HoltWinters, 288)": lambda: _predictive(288),
    "river HalfSpaceTrees": lambda: _Vector(river("anomaly").HalfSpaceTrees(seed=1)),
    "river OneClassSVM": lambda: _Vector(river("anomaly").OneClassSVM()),
    "river LODA": lambda: _Vector(river("anomaly").LODA(seed=1)),
    "river ADWIN": lambda: _Drift(river("drift").ADWIN()),
    "river PageHinkley": lambda: _Drift(river("drift").PageHinkley(mode="up")),
    "river KSWIN": lambda: _Drift(river("drift").KSWIN(seed=1)),
}
"""With river's defaults, unless the name says otherwise."""


def stream(seed: int = STREAM_SEED, days: int = DAYS) -> list[Example]:
    """Bins of an invented brand: about twenty mentions an hour with a daily rhythm, a quarter of them negative."""
    rng = np.random.default_rng(seed)
    minutes = START + 5 * np.arange(288 * days)
    totals = rng.poisson(20 / 12 * (1.0 + 0.7 * np.sin(2 * np.pi * minutes / 1440)) * rng.gamma(10, 0.1, len(minutes)))
    counts = rng.binomial(totals, 0.25)
    return [
        {"minute": minute, "count": float(count), "total": float(total), "exposure": 1.0}
        for minute, count, total in zip(minutes.tolist(), counts.tolist(), totals.tolist(), strict=True)
    ]


def measure(seconds: float = 1.0, detectors: Mapping[str, Factory] | None = None) -> list[Row]:
    """Time each estimator for about ``seconds``, ours (``detectors``) first, then river's; one after the other.

    A factory gives an estimator with ``score_one(x)`` and ``learn_one(x)``; x has ``minute``, ``count``, ``total`` and
    ``exposure`` of one bin. Its bytes are counted after as much of the stream as it was given time for, three days at
    least.
    """
    examples = stream()
    return [_row(name, make, examples, seconds) for name, make in {**(detectors or {}), **ESTIMATORS}.items()]


def table(rows: Iterable[Row]) -> list[str]:
    """The rows as a Markdown table."""
    lines = ["| estimator | updates/s | live | encoded |", "| --- | --- | --- | --- |"]
    for row in rows:
        live, kept = row.live_bytes / 1024, row.encoded_bytes / 1024
        lines.append(
            f"| {row.name} | {row.updates_per_second:,.0f} | {live:.1f} KiB | {kept:.1f} KiB ({row.encoded}) |"
        )
    return lines


def _row(name: str, make: Factory, examples: Sequence[Example], seconds: float) -> Row:
    rates = []
    for _ in range(REPEAT):
        model = make()
        rates.append(_rate(model, examples, seconds / REPEAT))
    size, kind = encoded_bytes(model)
    live = deep_bytes(getattr(model, "model", model))
    return Row(name, max(rates), max(live, size if kind == "pickle" else 0), size, kind)


def _rate(model: Any, examples: Sequence[Example], seconds: float) -> float:
    """Updates a second; the first day is not timed, as there is less to do in it."""
    score, learn = model.score_one, model.learn_one
    for x in examples[:288]:
        score(x)
        learn(x)
    done, spent, place = 0, 0.0, 288
    collecting = gc.isenabled()
    gc.disable()
    try:
        while spent < seconds or done < 576:
            piece = examples[place : place + 288]
            began = time.perf_counter()
            for x in piece:
                score(x)
                learn(x)
            spent += time.perf_counter() - began
            done += len(piece)
            place += 288
            if place >= len(examples):
                break
    finally:
        if collecting:
            gc.enable()
    return done / spent


def encoded_bytes(model: Any) -> tuple[int, str]:
    """Bytes of its flat ``state`` as JSON, or else of its pickle, and which of the two."""
    state = getattr(model, "state", None)
    if isinstance(state, (list, tuple, array, np.ndarray)):
        return len(json.dumps([float(number) for number in state], separators=(",", ":")).encode()), "json"
    return len(pickle.dumps(getattr(model, "model", model), pickle.HIGHEST_PROTOCOL)), "pickle"


def deep_bytes(thing: Any) -> int:
    """What an object and all it holds take, each once; modules, classes and functions belong to everybody."""
    seen: set[int] = set()
    waiting, size = [thing], 0
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, (type, ModuleType, FunctionType, MethodType)):
            continue
        seen.add(id(one))
        size += sys.getsizeof(one)
        waiting.extend(_held(one))
    return size


def _held(one: Any) -> list[Any]:
    if isinstance(one, (str, bytes, int, float, np.ndarray, array)):
        return []
    held = list(gc.get_referents(one))
    if isinstance(one, dict) or not hasattr(one, "__dict__"):
        return held
    return [*held, vars(one)]
