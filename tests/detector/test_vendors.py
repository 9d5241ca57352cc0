"""The documented rules by name: each keeps the detectors' contract and judges as its publishers say."""

from __future__ import annotations

import json
import subprocess
import sys
from math import cbrt, sqrt

import numpy as np
import pytest

from crisiswatch.detector import Bin, Window, get
from crisiswatch.detector.registry import VENDORS
from crisiswatch.detector.scored import Look
from crisiswatch.detector.vendors import RULES
from crisiswatch.testing.pure import DetectorContract

START = 28_400_040  # a full hour


def lived(detector, hours, state=None, *, first=0, every=1):
    """The state after so many ``hours``, each with its count, spread evenly over its bins (or over each so many-th)."""
    state = detector.fresh() if state is None else state
    for number, count in enumerate(hours, first):
        for part in range(0, 12, every):
            state = detector.learn(state, Bin(START + 60 * number + 5 * part, count * every / 12, count * every / 3))
    return state


def raw(name, hours, count):
    """The raw score of ``count`` mentions in the hour after ``hours``."""
    detector = get(name)
    method, state = detector.method, lived(detector, [*hours, 0.0])  # one bin of the next hour closes the last
    own = state[len(state) - len(method.fresh()) :]
    return method.score(own, Look(START + 60 * (len(hours) + 1), count, ()))


class TestLastHour(DetectorContract):
    def detector(self):
        return get("last-hour")


class TestMeanPlusSd(DetectorContract):
    def detector(self):
        return get("mean-plus-sd")


class TestFixedMultiple(DetectorContract):
    def detector(self):
        return get("fixed-multiple")


class TestSameHours(DetectorContract):
    def detector(self):
        return get("same-hours")


class TestEarsC2(DetectorContract):
    def detector(self):
        return get("ears-c2")


class TestFarrington(DetectorContract):
    def detector(self):
        return get("farrington")


def test_every_named_rule_is_one_and_has_its_name():
    assert set(VENDORS) == set(RULES)
    assert all(get(name).name == name for name in VENDORS)


def test_the_last_hour_is_held_against_the_mean_of_the_twelve_before():
    hours = [100.0, *range(1, 13)]
    assert raw("last-hour", hours, 29.0) == pytest.approx(30.0 / 7.5)


def test_standard_deviations_are_those_of_the_hours_of_a_week():
    hours = np.random.default_rng(1).poisson(20, 200).astype(float)
    week = hours[-168:]
    assert raw("mean-plus-sd", hours, 50.0) == pytest.approx((50 - week.mean()) / week.std())


def test_the_multiple_is_that_of_the_mean_of_a_week():
    assert raw("fixed-multiple", [500.0] * 10 + [4.0] * 84 + [6.0] * 84, 29.0) == pytest.approx(30.0 / 6.0)


def test_the_same_hours_are_those_of_the_four_weeks_before():
    hours = [3.0] * (5 * 168)
    for week, count in enumerate((900.0, 10.0, 20.0, 30.0, 40.0)):
        hours[168 * week] = count
    assert raw("same-hours", hours, 51.0) == pytest.approx(52.0 / 26.0)


def test_c2_looks_at_the_same_hour_from_three_to_nine_days_ago():
    hours = [5.0] * (10 * 24)
    for day, count in enumerate((999.0, 10.0, 12.0, 14.0, 10.0, 12.0, 14.0, 12.0, 700.0, 800.0)):
        hours[24 * day] = count
    baseline = np.array([10.0, 12.0, 14.0, 10.0, 12.0, 14.0, 12.0])
    assert raw("ears-c2", hours, 30.0) == pytest.approx((30 - 12) / baseline.std())


def test_farrington_gives_z_on_the_two_thirds_scale():
    z = 1.5 * (cbrt(48.0 / 12.0) ** 2 - 1.0) / sqrt((1.0 + 1.0 / 39) / 12.0)
    assert raw("farrington", [12.0] * (20 * 24), 48.0) == pytest.approx(z)


def test_farrington_forgives_a_past_outbreak():
    hours = np.random.default_rng(2).poisson(12, 20 * 24).astype(float)
    struck = hours.copy()
    struck[15 * 24] = 500.0
    assert raw("farrington", struck, 60.0) > 0.25 * raw("farrington", hours, 60.0)


@pytest.mark.parametrize("name", VENDORS)
def test_a_month_of_a_loud_brand_with_odd_weights_is_still_short(name):
    detector, rng = get(name), np.random.default_rng(3)
    state = lived(detector, rng.uniform(1000, 99_999, 29 * 24), every=4)
    assert len(json.dumps(list(state))) <= 8 * 1024
    assert sum(sys.getsizeof(number) for number in state) + sys.getsizeof(list(state)) <= 32 * 1024


@pytest.mark.parametrize("name", VENDORS)
def test_it_goes_on_from_json_as_if_nothing_had_happened(name):
    detector, hours = get(name), np.random.default_rng(4).poisson(7, 24 * 12).astype(float).tolist()
    middle = lived(detector, hours[:150])
    straight = lived(detector, hours[150:], middle, first=150)
    again = lived(detector, hours[150:], json.loads(json.dumps(list(middle))), first=150)
    assert list(again) == list(straight)


@pytest.mark.parametrize("name", VENDORS)
def test_the_state_of_another_layout_is_left_and_it_learns_anew(name):
    detector = get(name)
    assert detector.judge([99.0, 1.0, 2.0], Window(START, 60, 9.0, 9.0)).learning
    assert list(detector.learn([99.0], Bin(START, 1.0, 2.0))) == list(
        detector.learn(detector.fresh(), Bin(START, 1.0, 2.0))
    )


@pytest.mark.parametrize("name", VENDORS)
def test_calm_gives_no_more_alarms_than_it_says(name):
    """Three Poisson weeks to learn, three to count: hours said to come once a month or less must be about that rare."""
    detector, rng = get(name), np.random.default_rng(5)
    hours = rng.poisson(12, 42 * 24)
    state, told, last = lived(detector, hours[: 21 * 24].astype(float).tolist()), 0, -99
    for number in range(21 * 24, len(hours)):
        end = START + 60 * (number + 1)
        tail = [Bin(end - 60 + 5 * part, hours[number] / 12, 12.0) for part in range(12)]
        verdict = detector.judge(state, Window(end, 60, float(hours[number]), 144.0), tail)
        if verdict.false_alarms_per_month <= 1.0:
            told, last = told + (number - last > 2), number
        for one in tail:
            state = detector.learn(state, one)

    assert told <= 3


def test_a_rule_has_no_reasons_to_give():
    detector = get("last-hour")
    assert detector.explain(detector.fresh(), Window(START, 60, 9.0, 9.0)) is None


def test_what_is_expected_is_given_for_the_window_of_the_rule():
    detector = get("fixed-multiple")
    state = lived(detector, [24.0] * 100)
    quarter, day = (detector.judge(state, Window(START + 6000, length, 1.0, 1.0)) for length in (15, 1440))
    assert (quarter.expected, day.expected) == (6.0, 576.0)
    assert quarter.low < 6.0 < quarter.high


def test_half_an_hour_of_an_outage_is_learned_as_a_whole_hour():
    detector = get("fixed-multiple")
    state = lived(detector, [24.0] * 100)
    for part in range(12):
        state = detector.learn(state, Bin(START + 6000 + 5 * part, 2.0 if part < 6 else 0.0, 8.0, float(part < 6)))
    state = detector.learn(state, Bin(START + 6060, 2.0, 8.0))
    assert detector.judge(state, Window(START + 6065, 60, 24.0, 96.0)).expected == 24.0


def test_naming_the_detectors_does_not_import_river():
    code = "import sys; from crisiswatch.detector import get, names; names(); get('farrington'); assert 'river' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
