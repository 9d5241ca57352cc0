"""river's own detectors by name: each keeps the detectors' contract, and is river's own at heart."""

from __future__ import annotations

import numpy as np

from crisiswatch.detector import Bin, Window, get
from crisiswatch.detector.registry import STOCK
from crisiswatch.detector.stock import STOCK as METHODS
from crisiswatch.testing.pure import DetectorContract

START = 28_400_000


def lived(detector, days, *, mean=2.0, seed=1, state=None, first=0):
    """The state after ``days`` of Poisson counts."""
    counts = np.random.default_rng(seed).poisson(mean, 288 * days)
    state = detector.fresh() if state is None else state
    for number, count in enumerate(counts, first * 288):
        state = detector.learn(state, Bin(START + 5 * number, float(count), 8.0))
    return state


def judged(detector, state, day, count, bins=2):
    start = START + day * 1440
    tail = [Bin(start + 5 * number, count, count + 6.0) for number in range(bins)]
    return detector.judge(state, Window(start + 5 * bins, 15, count * min(bins, 3), 30.0), tail)


class TestGaussian(DetectorContract):
    def detector(self):
        return get("river-gaussian")


class TestStandardDeviation(DetectorContract):
    def detector(self):
        return get("river-standard-deviation")


class TestQuantileFilter(DetectorContract):
    def detector(self):
        return get("river-quantile-filter")


class TestPredictive(DetectorContract):
    def detector(self):
        return get("river-predictive")


class TestHalfSpaceTrees(DetectorContract):
    def detector(self):
        return get("river-half-space-trees")


class TestLoda(DetectorContract):
    def detector(self):
        return get("river-loda")

    def test_a_wave_is_rarer_than_calm(self):
        """To LODA a count in a gap is as new as one beyond all: calm must have varied, and the wave be high."""
        detector = self.detector()
        state = lived(detector, days=14)
        calm, wave = judged(detector, state, 14, 2.0), judged(detector, state, 14, 200.0)
        assert wave.false_alarms_per_month < 1.0 < calm.false_alarms_per_month


class TestAdwin(DetectorContract):
    def detector(self):
        return get("river-adwin")

    def test_a_wave_is_rarer_than_calm(self):
        """ADWIN needs half an hour of a wave: it gives up its old counts bit by bit."""
        detector = self.detector()
        state = lived(detector, days=14)
        calm, wave = judged(detector, state, 14, 2.0, bins=6), judged(detector, state, 14, 60.0, bins=6)
        assert wave.false_alarms_per_month < 1.0 < calm.false_alarms_per_month


class TestPageHinkley(DetectorContract):
    def detector(self):
        return get("river-page-hinkley")


def test_every_named_one_is_there_and_has_its_name():
    assert set(STOCK) == set(METHODS)
    assert all(get(name).name == name for name in STOCK)
