"""river's own estimators as scorers, each score given before the bin is learned; bins without exposure are left out.

Scores that end at 1 come in two rows where it matters: as published, and with what stands behind them. Two-sided
detectors count upwards only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from bench.detector.rivals_rules import gated
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BrandStream, Floats, Scorer

__all__ = ["RIVER", "SLOW", "Seen", "river"]


def river(module: str) -> Any:
    """A module of river's; not all of it has types."""
    return import_module(f"river.{module}")


anomaly, drift, preprocessing, stats = (river(name) for name in ("anomaly", "drift", "preprocessing", "stats"))

WEEK = 7 * BINS_PER_DAY
WARM = BINS_PER_DAY


@dataclass(frozen=True, slots=True)
class Seen:
    """What an estimator is shown: the bin's negatives, those of the hour up to it, and the part of the day gone."""

    count: float
    hour: float
    time: float


Step = Callable[[Seen], float]


def scorer(make: Callable[[], Step], *, hold: int = 0) -> Scorer:
    """Run a fresh estimator over a stream; a score is held for so many more bins (for detectors that say yes once)."""

    def score(stream: BrandStream) -> Floats:
        step, scores = make(), np.zeros(stream.bins)
        for place, (at, seen) in enumerate(_shown(stream)):
            value = step(seen)
            if place >= WARM and math.isfinite(value) and value > 0.0:
                scores[at] = value
        return _held(scores, hold) * (stream.exposure > 0)

    return score


def _shown(stream: BrandStream) -> Iterator[tuple[int, Seen]]:
    counts = np.where(stream.exposure > 0, stream.negative, 0.0)
    hours = np.convolve(counts, np.ones(BINS_PER_HOUR))[: len(counts)]
    times = (stream.start / 5 + np.arange(len(counts))) % BINS_PER_DAY / BINS_PER_DAY
    for at in np.flatnonzero(stream.exposure > 0).tolist():
        yield at, Seen(float(counts[at]), float(hours[at]), float(times[at]))


def _held(scores: Floats, bins: int) -> Floats:
    held = scores.copy()
    for back in range(1, bins + 1):
        held[back:] = np.maximum(held[back:], scores[: len(scores) - back])
    return held


def _decades(z: float) -> float:
    """-log10 of a Gaussian's upper tail; its asymptote where a float's is 0."""
    if z < 8.0:
        return -math.log10(0.5 * math.erfc(z / math.sqrt(2.0)))
    return (0.5 * z * z + math.log(z * math.sqrt(2.0 * math.pi))) / math.log(10.0)


def gaussian(window: int | None, *, hourly: bool = False) -> Callable[[], Step]:
    """GaussianScorer, its saturating 2 |cdf - 1/2| replaced by the same Gaussian's log tail.

    Its rolling variance can turn negative by rounding: 0 is meant then.
    """

    def make() -> Step:
        model = anomaly.GaussianScorer(window_size=window)

        def step(seen: Seen) -> float:
            value = seen.hour if hourly else seen.count
            variance = model.gaussian._var.get()  # noqa: SLF001
            z = (value - model.gaussian.mu) / math.sqrt(max(variance, 0.05))
            model.learn_one(None, value)
            return _decades(z)

        return step

    return make


def gaussian_as_published() -> Step:
    """GaussianScorer over all history, as it is."""
    model = anomaly.GaussianScorer()

    def step(seen: Seen) -> float:
        score = model.score_one(None, seen.count)
        model.learn_one(None, seen.count)
        return float(score)

    return step


def half_space_trees() -> Step:
    """MinMaxScaler | HalfSpaceTrees of the bin, the hour and the time of day."""
    model = preprocessing.MinMaxScaler() | anomaly.HalfSpaceTrees(seed=1)
    return _unsupervised(model, lambda seen: {"count": seen.count, "hour": seen.hour, "time": seen.time})


def loda() -> Step:
    """LODA of the bin, the hour and the time of day."""
    return _unsupervised(anomaly.LODA(seed=1), lambda seen: {"count": seen.count, "hour": seen.hour, "time": seen.time})


def one_class_svm() -> Step:
    """StandardScaler | RBFSampler | OneClassSVM of the bin and the hour; its score is negative where it is unusual."""
    model = river("compose").Pipeline(
        preprocessing.StandardScaler(),
        river("feature_extraction").RBFSampler(gamma=0.5, n_components=20, seed=1),
        anomaly.OneClassSVM(nu=0.1),
    )
    return _unsupervised(model, lambda seen: {"count": seen.count, "hour": seen.hour}, sign=-1.0)


def _unsupervised(model: Any, features: Callable[[Seen], dict[str, float]], *, sign: float = 1.0) -> Step:
    mean = stats.Mean()

    def step(seen: Seen) -> float:
        x = features(seen)
        score = sign * float(model.score_one(x)) if seen.hour > mean.get() else 0.0
        model.learn_one(x)
        mean.update(seen.hour)
        return score

    return step


def quantile_filter() -> Step:
    """QuantileFilter(GaussianScorer, 0.999) as published: its score where it says yes."""
    model = anomaly.QuantileFilter(anomaly.GaussianScorer(), q=0.999)

    def step(seen: Seen) -> float:
        score = model.score_one(None, seen.count)
        yes = model.classify(score)
        model.learn_one(None, seen.count)
        return float(score) if yes and seen.count > model.anomaly_detector.gaussian.mu else 0.0

    return step


def predictive(*, published: bool) -> Callable[[], Step]:
    """PredictiveAnomalyDetection(HoltWinters without season): as published, or error^2 over threshold, upwards."""

    def make() -> Step:
        forecaster = river("time_series").HoltWinters(alpha=0.1, beta=0.01)
        model = anomaly.PredictiveAnomalyDetection(forecaster, horizon=1, n_std=3.0)
        learned = 0

        def step(seen: Seen) -> float:
            nonlocal learned
            value, score = 0.0, 0.0
            if learned >= 2:
                error = seen.count - forecaster.forecast(1)[0]
                threshold = model.dynamic_mae.get() + 3.0 * math.sqrt(max(model.dynamic_se_variance.get(), 0.0))
                score = float(model.score_one(None, seen.count))
                value = error * error / max(threshold, 1e-3) if error > 0 else 0.0
            model.learn_one(None, seen.count)
            learned += 1
            return score if published else value

        return step

    return make


def standard_absolute_deviation() -> Step:
    """StandardAbsoluteDeviation around the median, upper side."""
    model = anomaly.StandardAbsoluteDeviation(sub_stat=stats.Quantile(0.5))

    def step(seen: Seen) -> float:
        middle = model.sub_stat.get()
        score = float(model.score_one(None, seen.count)) if middle is not None and seen.count > middle else 0.0
        model.learn_one(None, seen.count)
        return score

    return step


def adwin() -> Step:
    """ADWIN: yes where it cut its window and the mean rose; the score is the rise in Poisson deviations."""
    model = drift.ADWIN()

    def step(seen: Seen) -> float:
        before = model.estimation
        model.update(seen.count)
        rise = model.estimation - before
        return rise / math.sqrt(before + 0.1) if model.drift_detected and rise > 0 else 0.0

    return step


def page_hinkley() -> Step:
    """PageHinkley upwards, of counts in standard deviations: yes is 1."""
    model, usual = drift.PageHinkley(mode="up", delta=0.5), stats.Var()

    def step(seen: Seen) -> float:
        model.update((seen.count - usual.mean.get()) / max(math.sqrt(usual.get()), 1.0))
        usual.update(seen.count)
        return float(model.drift_detected)

    return step


def kswin() -> Step:
    """KSWIN: -log10 of the p-value where it said yes and the newer values are the higher ones."""
    model = drift.KSWIN(seed=1)

    def step(seen: Seen) -> float:
        older = float(np.mean(model.window)) if model.window else 0.0
        model.update(seen.count)
        risen = model.drift_detected and float(np.mean(model.window)) > older
        return -math.log10(max(model.p_value, 1e-300)) if risen else 0.0

    return step


HOLD = BINS_PER_HOUR - 1

RIVER: dict[str, Scorer] = {
    "river GaussianScorer, as published": scorer(gaussian_as_published),
    "river GaussianScorer 7 d, log tail": scorer(gaussian(WEEK)),
    "river GaussianScorer, log tail": scorer(gaussian(None)),
    "river GaussianScorer 7 d of hours, log tail": scorer(gaussian(WEEK, hourly=True)),
    "river GaussianScorer 7 d of hours, log tail + share gate": gated(scorer(gaussian(WEEK, hourly=True))),
    "river HalfSpaceTrees (count, hour, time)": scorer(half_space_trees),
    "river QuantileFilter (Gaussian, 0.999)": scorer(quantile_filter),
    "river PAD (HoltWinters), as published": scorer(predictive(published=True)),
    "river PAD (HoltWinters), unsaturated": scorer(predictive(published=False)),
    "river StandardAbsoluteDeviation, median": scorer(standard_absolute_deviation),
    "river ADWIN, upwards": scorer(adwin, hold=HOLD),
    "river PageHinkley, upwards": scorer(page_hinkley, hold=HOLD),
    "river KSWIN, upwards": scorer(kswin, hold=HOLD),
    "river OneClassSVM (RBF)": scorer(one_class_svm),
    "river LODA": scorer(loda),
}

SLOW = ("river KSWIN, upwards", "river LODA")
"""These take seconds a stream; the others less than one."""
