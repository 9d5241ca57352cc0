"""river's own detectors by name: each keeps the detectors' contract, and is river's own at heart."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from river import anomaly, drift, time_series

from crisiswatch.detector import Bin, Window, get
from crisiswatch.detector.registry import STOCK
from crisiswatch.detector.scored import Look
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
        state = lived(detector, days=7)
        calm, wave = judged(detector, state, 7, 2.0, bins=6), judged(detector, state, 7, 60.0, bins=6)
        assert wave.false_alarms_per_month < 1.0 < calm.false_alarms_per_month


class TestPageHinkley(DetectorContract):
    def detector(self):
        return get("river-page-hinkley")


def test_every_named_one_is_there_and_has_its_name():
    assert set(STOCK) == set(METHODS)
    assert all(get(name).name == name for name in STOCK)


HOURS = np.random.default_rng(8).poisson(12, 10 * 24).astype(float).tolist()
FULL = 28_400_040


def taught(name, hours):
    """A detector's method and its own numbers after these hours, evenly spread; the last is closed by an empty bin."""
    detector = get(name)
    state = detector.fresh()
    for number, count in enumerate([*hours, 0.0]):
        for part in range(12 if number < len(hours) else 1):
            state = detector.learn(state, Bin(FULL + 60 * number + 5 * part, count / 12, count / 3))
    return detector.method, list(state[len(state) - len(detector.method.fresh()) :])


def look(hours, count, *bins):
    return Look(FULL + 60 * (len(hours) + 1), count, bins)


def test_the_gaussian_is_rivers_without_the_end_of_its_scale():
    method, own = taught("river-gaussian", HOURS)
    theirs = anomaly.GaussianScorer()
    for count in HOURS[-168:]:
        theirs.learn_one(None, count)
    mean, deviation = theirs.gaussian.mu, theirs.gaussian.sigma
    assert method.score(own, look(HOURS, 30.0)) == pytest.approx((30 - mean) / deviation)
    assert theirs.score_one(None, 200.0) == theirs.score_one(None, 2000.0) == 1.0
    assert method.score(own, look(HOURS, 2000.0)) > method.score(own, look(HOURS, 200.0)) > 8.0
    assert method.score(own, look(HOURS, 0.0)) < 0.0


def test_the_standard_deviation_is_rivers_upwards():
    method, own = taught("river-standard-deviation", HOURS)
    theirs = anomaly.StandardAbsoluteDeviation()
    for count in HOURS:
        theirs.learn_one(None, count)
    assert method.score(own, look(HOURS, 30.0)) == pytest.approx(theirs.score_one(None, 30.0))
    assert theirs.score_one(None, 0.0) > 1.0
    assert method.score(own, look(HOURS, 0.0)) == 0.0


def test_the_filter_says_one_where_river_says_yes():
    method, own = taught("river-quantile-filter", HOURS[:168])
    inner = anomaly.StandardAbsoluteDeviation()
    for count in HOURS[:12]:
        inner.learn_one(None, count)
    theirs = anomaly.QuantileFilter(inner, q=0.99)
    for count in HOURS[12:168]:
        theirs.learn_one(None, count)
    for count in np.arange(13.0, 40.0):
        says_yes = theirs.classify(theirs.score_one(None, count))
        assert (method.score(own, look(HOURS[:168], count)) >= 1.0) == says_yes, count


def test_the_forecast_is_rivers_after_every_hour():
    theirs = anomaly.PredictiveAnomalyDetection(
        time_series.HoltWinters(alpha=0.2, beta=0.01, gamma=0.1, seasonality=24), n_std=3.0
    )
    for number, count in enumerate(HOURS):
        if number >= 24:
            theirs.score_one(None, count + 1.0)
        theirs.learn_one(None, count + 1.0)
        if number in {23, 24, 25, 60, len(HOURS) - 1}:
            method, own = taught("river-predictive", HOURS[: number + 1])
            forecast = theirs.predictive_model.forecast(1)[0] - 1.0
            threshold = theirs.dynamic_mae.get() + 3.0 * theirs.dynamic_se_variance.get() ** 0.5
            now = look(HOURS[: number + 1], 50.0)
            assert method.outlook(own, now)[0] == pytest.approx(max(forecast, 0.0))
            assert method.score(own, now) == pytest.approx((50 - forecast) / max(threshold, 1.0) ** 0.5)


def test_the_forecast_knows_the_hour_of_the_day_after_an_outage():
    daily = [40.0 if hour % 24 == 12 else 4.0 for hour in range(20 * 24)]
    method, own = taught("river-predictive", daily)
    later = FULL + 60 * (20 * 24 + 13 + 72)  # the hour 12 to 13, three days on
    assert method.outlook(own, Look(later, 0.0, ()))[0] == pytest.approx(40.0, rel=0.2)
    method.learn_hour(own, FULL // 60 + 20 * 24 + 100, 4.0)  # four days and four hours were missing
    assert method.outlook(own, Look(FULL + 60 * (20 * 24 + 13 + 96 + 24), 0.0, ()))[0] == pytest.approx(40.0, rel=0.2)


def test_the_trees_and_loda_follow_from_their_seeds():
    hours = HOURS[:110]  # they remember 96
    for name in ("river-half-space-trees", "river-loda"):
        method, own = taught(name, hours)
        first = method.score(own, look(hours, 31.0))
        sys.modules[type(method).__module__].__dict__["_trees" if "trees" in name else "_loda"].cache_clear()
        assert method.score(own, look(hours, 31.0)) == first
        assert method.score(own, look(hours, 2.0)) == 0.0


def test_page_hinkley_is_rivers_until_it_says_yes():
    method = get("river-page-hinkley").method
    own, theirs = method.fresh(), drift.PageHinkley(mode="up", delta=0.5)
    counts = [*np.random.default_rng(3).poisson(2, 2000).tolist(), 60, 60, 60]
    answers = []
    for count in counts:
        theirs.update(method._standard(own, float(count)))
        method.learn_bin(own, float(count))
        assert bool(own[9]) == theirs.drift_detected
        answers.append(theirs.drift_detected)
    assert any(answers[-3:])
    assert method.score(own, Look(0, 180.0, ())) > 50.0  # and held after river has begun anew


def test_adwin_says_nothing_unless_the_mean_rises():
    method = get("river-adwin").method
    rng = np.random.default_rng(4)
    own = method.fresh()
    for count in rng.poisson(8, 240):
        method.learn_bin(own, float(count))
    assert method.score(own, Look(0, 0.0, (30.0,) * 9)) > 1.0
    assert method.score(own, Look(0, 0.0, (0.0,) * 9)) <= 0.0


@pytest.mark.parametrize("name", STOCK)
def test_it_goes_on_from_json_as_if_nothing_had_happened(name):
    detector = get(name)
    straight = middle = detector.fresh()
    for number, count in enumerate(np.random.default_rng(4).poisson(3, 288 * 5)):
        closed = Bin(START + 5 * number, float(count), 9.0)
        straight = detector.learn(straight, closed)
        middle = detector.learn(json.loads(json.dumps(list(middle))) if number % 400 == 399 else middle, closed)
    assert list(middle) == list(straight)


@pytest.mark.parametrize("name", STOCK)
def test_odd_weights_and_loud_brands_still_make_a_short_state(name):
    detector = get(name)
    state = detector.fresh()
    for number, count in enumerate(np.random.default_rng(6).uniform(50, 9999, 288 * 9)):
        state = detector.learn(state, Bin(START + 5 * number, float(count), 2e4))
    assert len(json.dumps(list(state))) <= 8 * 1024
    assert sum(sys.getsizeof(number) for number in state) + sys.getsizeof(list(state)) <= 32 * 1024


@pytest.mark.parametrize("name", STOCK)
def test_a_brand_that_is_never_mentioned_breaks_nothing(name):
    detector = get(name)
    state = lived(detector, days=9, mean=0.0)
    calm = judged(detector, state, 9, 0.0)
    assert calm.false_alarms_per_month == 360.0
    assert calm.expected == pytest.approx(0.0)
    assert judged(detector, state, 9, 1.0).false_alarms_per_month > 0.0


@pytest.mark.parametrize("name", STOCK)
def test_the_state_of_another_layout_is_left_and_it_learns_anew(name):
    detector = get(name)
    assert detector.judge([99.0, 1.0, 2.0], Window(START, 60, 9.0, 9.0)).learning
