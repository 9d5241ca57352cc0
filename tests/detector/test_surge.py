"""The default detector: quiet while it learns, at home in the hour of the week, alarmed by what is rare."""

from __future__ import annotations

import json
import random  # noqa: TID251 - seeded
from itertools import pairwise
from math import pi, sin

import pytest
from river.base import AnomalyDetector
from river.checks import common

from crisiswatch.detector import Bin, DetectorState, Window, get, names
from crisiswatch.detector.judging import SurgeDetector
from crisiswatch.detector.layout import VERSION
from crisiswatch.detector.surge import Surge

DAY, WEEK = 24 * 60, 7 * 24 * 60
DETECTOR = SurgeDetector()


def rate(minute: int) -> float:
    """Mentions a minute: busy at noon, dead at night, half at weekends (1970 began on a Thursday)."""
    weekend = 0.5 if (minute // DAY + 3) % 7 >= 5 else 1.0
    return weekend * (1.0 + 0.9 * sin(2 * pi * (minute % DAY) / DAY - pi / 2))


def taught(days: int, *, negative: float = 0.2, seed: int = 1, missing: range = range(0)) -> DetectorState:
    chance, state = random.Random(seed), DETECTOR.fresh()
    for start in range(0, days * DAY, 5):
        total = sum(chance.random() < rate(start) * 5 / 20 for _ in range(20))
        count = sum(chance.random() < negative for _ in range(total))
        exposure = 0.0 if start in missing else 1.0
        state = DETECTOR.learn(
            state, Bin(start, 0 if exposure == 0 else count, 0 if exposure == 0 else total, exposure)
        )
    return state


@pytest.fixture(scope="module")
def month() -> DetectorState:
    return taught(28)


def judged(state: DetectorState, end: int, count: float, total: float, length: int = 60):
    """The verdict on the hour before ``end``, of which nothing has been learned yet."""
    bins = length // 5
    tail = [Bin(start, count / bins, total / bins) for start in range(end - length, end, 5)]
    return DETECTOR.judge(state, Window(end, length, count, total), tail)


def test_a_fresh_state_is_quiet_whatever_it_is_shown():
    verdict = judged(DETECTOR.fresh(), 60, 1000, 1000)
    assert verdict.learning
    assert verdict.false_alarms_per_month > 1.0 or verdict.learning


def test_it_has_learned_after_six_hours():
    state = DETECTOR.fresh()
    for start in range(0, 360, 5):
        assert judged(state, start + 60, 3, 3).learning
        state = DETECTOR.learn(state, Bin(start, 1, 4))
    assert not judged(state, 420, 3, 3).learning


def test_it_learns_the_hour_of_the_week(month):
    noon, night, sunday = (
        judged(month, 28 * DAY + at + 30, 0, 0).expected for at in (12 * 60, 24 * 60, 3 * DAY + 12 * 60)
    )
    assert noon == pytest.approx(0.2 * 60 * rate(28 * DAY + 12 * 60), rel=0.35)
    assert noon > 2.5 * night
    assert sunday < 0.92 * noon


def test_usual_counts_are_usual_and_a_wave_is_rare(month):
    noon = 28 * DAY + 12 * 60
    assert judged(month, noon, 22, 110).false_alarms_per_month > 50
    assert judged(month, noon, 120, 220).false_alarms_per_month < 0.1


def test_a_flood_in_the_usual_mood_is_no_crisis(month):
    noon = 28 * DAY + 12 * 60
    assert judged(month, noon, 66, 330).false_alarms_per_month > 1.0
    assert judged(month, noon, 30, 900).false_alarms_per_month > 10


def test_more_negative_is_never_less_unusual(month):
    noon = 28 * DAY + 12 * 60
    alarms = [judged(month, noon, count, 150).false_alarms_per_month for count in range(20, 150, 5)]
    assert all(later <= earlier * 1.001 for earlier, later in pairwise(alarms))


def test_a_calm_month_has_few_false_alarms(month):
    """The promise of ``surprise: high`` on calm counts: about one a month; here at most three clusters in four weeks."""
    chance, state, alarms, last = random.Random(99), month, 0, -DAY
    for start in range(28 * DAY, 56 * DAY, 5):
        total = sum(chance.random() < rate(start) * 5 / 20 for _ in range(20))
        count = sum(chance.random() < 0.2 for _ in range(total))
        closed = Bin(start, count, total)
        verdict = DETECTOR.judge(state, Window(start + 5, 5, count, total), [closed])
        if verdict.false_alarms_per_month <= 1.0 and start - last > 120:
            alarms, last = alarms + 1, start
        state = DETECTOR.learn(state, closed)
    assert alarms <= 3


def test_a_gap_is_missing_and_teaches_nothing(month):
    with_gap = month
    for start in range(28 * DAY, 31 * DAY, 5):
        with_gap = DETECTOR.learn(with_gap, Bin(start, 0, 0, 0.0))
    few = month
    for start in range(28 * DAY, 31 * DAY, 5):
        few = DETECTOR.learn(few, Bin(start, 0, start % 10 // 5))
    noon = 31 * DAY + 12 * 60
    usual = judged(month, noon, 0, 0).expected
    assert judged(with_gap, noon, 0, 0).expected == pytest.approx(usual, rel=0.01)
    assert judged(few, noon, 0, 0).expected < 0.8 * usual


def test_the_interval_holds_what_is_expected(month):
    verdict = judged(month, 28 * DAY + 12 * 60, 20, 100)
    assert verdict.low < verdict.expected < verdict.high
    assert verdict.observed == 20


def test_one_crisis_does_not_become_the_new_normal(month):
    state, noon = month, 29 * DAY + 12 * 60
    for start in range(28 * DAY, 28 * DAY + 180, 5):
        state = DETECTOR.learn(state, Bin(start, 200, 260))
    assert judged(state, noon, 0, 0).expected < 2.0 * judged(month, noon, 0, 0).expected


def test_learning_and_judging_leave_their_input_alone(month):
    before = list(month)
    DETECTOR.learn(month, Bin(28 * DAY, 3, 9))
    judged(month, 28 * DAY, 50, 90)
    assert list(month) == before


def test_the_state_is_flat_versioned_and_small(month):
    assert all(isinstance(number, float | int) for number in month)
    assert month[0] == VERSION
    assert list(DETECTOR.learn([99.0, *month[1:]], Bin(0, 0, 0))) == list(
        DETECTOR.learn(DETECTOR.fresh(), Bin(0, 0, 0))
    )
    text = json.dumps(month)
    assert json.loads(text) == month
    assert len(json.dumps([int(x) if x == int(x) else x for x in month], separators=(",", ":"))) <= 8192


def test_detectors_are_found_by_name():
    assert "surge" in names()
    assert get("surge") is get("surge")
    with pytest.raises(KeyError):
        get("no-such-detector")


def test_it_is_a_river_estimator():
    model = Surge()
    assert isinstance(model, AnomalyDetector)
    for minute in range(0, 3 * DAY, 5):
        model.learn_one({"minute": minute, "count": 1.0, "total": 5.0})
    before = list(model.state)
    calm = model.score_one({"minute": 3 * DAY, "count": 1.0, "total": 5.0})
    wild = model.score_one({"minute": 3 * DAY, "count": 60.0, "total": 70.0})
    assert wild > 3.0 > calm
    assert model.state == before


STREAM = [({"minute": float(5 * step), "count": float(step % 3), "total": 5.0}, step % 7 == 0) for step in range(400)]
GENERAL = [
    "check_repr",
    "check_str",
    "check_tags",
    "check_clone_same_class",
    "check_clone_is_idempotent",
    "check_doc",
    "check_init_has_default_params_for_tests",
    "check_init_default_params_are_not_mutable",
    "check_clone_changes_memory_addresses",
    "check_mutate_can_be_idempotent",
    "check_pickling_supports_roundtrip",
    "check_repr_roundtrips_clone",
    "check_clone_with_new_params_applies",
    "check_get_params_matches_signature",
]
ON_A_STREAM = [
    "check_learn_one",
    "check_pickling",
    "check_shuffle_features_no_impact",
    "check_emerging_features",
    "check_disappearing_features",
    "check_radically_disappearing_features",
    "check_no_state_aliasing_with_input",
    "check_clone_is_independent",
    "check_bounded_memory_growth",
]


@pytest.mark.parametrize("name", GENERAL)
def test_it_passes_rivers_general_checks(name):
    getattr(common, name)(Surge())


@pytest.mark.parametrize("name", ON_A_STREAM)
def test_it_passes_rivers_checks_on_a_stream(name):
    stream = STREAM * 10 if name == "check_bounded_memory_growth" else STREAM
    getattr(common, name)(Surge(), iter([(dict(x), y) for x, y in stream]))


def test_the_longest_window_is_told_whole(month):
    start = 28 * DAY + 10 * 60
    tail = [Bin(start + 5 * number, 9.0 - number // 12, 18.0) for number in range(72)]
    why = DETECTOR.explain(month, Window(start + 360, 60, 84.0, 216.0), tail)
    assert why is not None
    assert why.minutes == 360
    assert why.observed == pytest.approx(sum(each.count for each in tail))
