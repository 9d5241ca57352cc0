"""The rivals: each judges a bin from that bin and earlier ones, and as its publishers say."""

from __future__ import annotations

from dataclasses import replace
from math import cbrt, sqrt

import numpy as np
import pytest

from bench.detector import rivals_rules as rules
from bench.detector import speed
from bench.detector.rivals import GRID, PUBLISHED, RIVALS, recall_at_one, tune
from bench.detector.rivals_river import RIVER, SLOW
from bench.detector.speed import ESTIMATORS, deep_bytes, encoded_bytes, measure, stream, table
from bench.detector.stream import BrandStream, Spell

DAY, HOUR = 288, 12


def brand(days=20, rate=24.0, share=0.25, seed=1, start=28_400_000):
    rng = np.random.default_rng(seed)
    total = rng.poisson(rate / 12, days * DAY).astype(float)
    negative = rng.binomial(total.astype(int), share).astype(float)
    ones = np.ones(len(total))
    return BrandStream("made up", rate, start, total, negative, ones, np.zeros(len(total), bool))


def steady(count, days=20, total=None):
    counts = np.full(days * DAY, float(count))
    totals = 4 * counts if total is None else np.full(days * DAY, float(total))
    return BrandStream("steady", 12.0, 0, totals, counts, np.ones(len(counts)), np.zeros(len(counts), bool))


def wave(one, at, bins, count, total=None):
    negative, totals = one.negative.copy(), one.total.copy()
    negative[at : at + bins] = count
    totals[at : at + bins] = count + 10 if total is None else total
    return replace(one, negative=negative, total=totals)


FAST = [name for name in RIVALS if name not in SLOW]


@pytest.mark.parametrize("name", FAST)
def test_nobody_looks_ahead(name):
    one = brand(days=10)
    cut = 9 * DAY
    other = wave(one, cut, 2 * HOUR, 60.0)
    assert np.array_equal(RIVALS[name](one)[:cut], RIVALS[name](other)[:cut])


@pytest.mark.parametrize("name", FAST)
def test_missing_bins_score_nothing_and_teach_nothing(name):
    one = brand(days=10)
    exposure = one.exposure.copy()
    exposure[8 * DAY : 8 * DAY + 3 * HOUR] = 0.0
    empty = replace(one, exposure=exposure)
    scores = RIVALS[name](empty)
    filled = replace(empty, negative=np.where(exposure > 0, one.negative, 99.0))
    assert not scores[exposure == 0].any()
    assert np.array_equal(scores, RIVALS[name](filled))
    assert np.isfinite(scores).all()
    assert (scores >= 0).all()


def test_every_published_rule_sees_a_wave_that_stands_out():
    one = wave(brand(days=20), 15 * DAY, 12 * HOUR, 60.0)
    hit = slice(15 * DAY, 15 * DAY + 13 * HOUR)
    for name, scorer in PUBLISHED.items():
        scores = scorer(one)
        assert scores[hit].max() > scores[8 * DAY : 15 * DAY].max(), name


def test_the_last_hour_is_compared_with_the_mean_hour_of_the_twelve_before():
    one = wave(steady(2), 15 * DAY, HOUR, 10.0)
    scores = rules.last_hour()(one)
    assert scores[15 * DAY - 1] == pytest.approx(1.0)
    assert scores[15 * DAY + HOUR - 1] == pytest.approx(121 / 25)


def test_standard_deviations_are_those_of_sliding_hours_in_the_week_before():
    one = wave(brand(), 15 * DAY, HOUR, 20.0)
    at = 15 * DAY + HOUR - 1
    first = at - HOUR + 1 - 7 * DAY
    hours = np.array([one.negative[end - HOUR + 1 : end + 1].sum() for end in range(first, first + 7 * DAY)])
    mean = one.negative[first : first + 7 * DAY].mean() * HOUR
    assert rules.mean_plus_sd()(one)[at] == pytest.approx((240 - mean) / hours.std(), rel=1e-6)


def test_the_same_hours_are_those_of_four_weeks():
    one = steady(1, days=30)
    for week, count in enumerate((2.0, 3.0, 4.0, 5.0), 1):
        one = wave(one, 29 * DAY - 7 * week * DAY, HOUR, count)
    one = wave(one, 29 * DAY, HOUR, 20.0)
    assert rules.same_hours()(one)[29 * DAY + HOUR - 1] == pytest.approx(241 / (3.5 * 12 + 1))


def test_c2_leaves_the_two_newest_days_out():
    one = wave(steady(1), 13 * DAY, HOUR, 50.0)
    loud = wave(one, 14 * DAY, HOUR, 11.0)
    at = 14 * DAY + HOUR - 1
    assert rules.ears(2)(loud)[at] == pytest.approx(120.0)  # 132 against 12, which never varied
    assert rules.ears(1)(loud)[at] < 1.0


def test_farrington_is_z_on_the_two_thirds_scale():
    z = rules.farrington(days=7, around=0)(wave(steady(1), 15 * DAY, HOUR, 4.0))[15 * DAY + HOUR - 1]
    assert z == pytest.approx(1.5 * (cbrt(48 / 12) ** 2 - 1.0) / sqrt((1 + 1 / 7) / 12))


def test_farrington_forgives_a_past_outbreak():
    one = brand()
    at = 15 * DAY + HOUR - 1
    outbreak = wave(wave(one, 12 * DAY, HOUR, 40.0), 15 * DAY, HOUR, 5.0)
    calm = rules.farrington()(wave(one, 15 * DAY, HOUR, 5.0))[at]
    assert rules.farrington(passes=0)(outbreak)[at] < 0.05 * calm
    assert rules.farrington()(outbreak)[at] > 0.2 * calm
    assert rules.farrington(passes=4)(outbreak)[at] > 0.6 * calm


def test_a_neutral_flood_does_not_pass_the_share_gate():
    one = wave(steady(1, total=4), 15 * DAY, HOUR, 3.0, total=12.0)
    hit = 15 * DAY + HOUR - 1
    assert rules.last_hour()(one)[hit] > 2.0
    assert rules.gated(rules.last_hour(), lift=1.2)(one)[hit] == 0.0
    assert rules.gated(rules.last_hour(), lift=0.9)(one)[hit] > 2.0


def test_few_negatives_do_not_pass_where_a_least_number_is_asked():
    one = wave(steady(0, total=4), 15 * DAY, 1, 4.0, total=5.0)
    assert rules.gated(rules.last_hour(), least=4)(one)[15 * DAY] == 5.0
    assert rules.gated(rules.last_hour(), least=5)(one)[15 * DAY] == 0.0


def test_cusum_adds_up_and_stops_at_its_upper_end():
    scores = rules.cusum(4.0, 1.0, most=6.0)(wave(steady(1), 15 * DAY, 3 * HOUR, 5.0))
    rise = scores[15 * DAY : 15 * DAY + 3]
    assert 0 < rise[0] < rise[1] < rise[2]
    assert scores.max() == 6.0
    assert scores[15 * DAY - 1] == 0.0


def test_tuning_takes_the_setting_that_finds_most():
    one = wave(brand(days=30), 20 * DAY, HOUR, 30.0)
    streams = [replace(one, crises=(Spell(20 * DAY, 20 * DAY + HOUR, "sharp"),))]
    settings = {"deaf": lambda stream: np.zeros(stream.bins), "good": rules.last_hour()}
    chosen = tune(streams, grid={"rule": settings})["rule"]
    assert chosen.setting == "good"
    assert chosen.tried["deaf"] < chosen.worth == recall_at_one(streams, [rules.last_hour()(streams[0])])


def test_the_grid_is_as_large_as_promised():
    assert all(5 <= len(settings) <= 15 for settings in GRID.values())
    assert set(SLOW) <= set(RIVER)


def test_speed_is_measured_for_ours_and_for_rivers_side_by_side(monkeypatch):
    monkeypatch.setattr(speed, "REPEAT", 1)

    class Ours:
        state = (1.0, 2.5)

        def score_one(self, x):
            assert set(x) == {"minute", "count", "total", "exposure"}
            return 0.0

        def learn_one(self, x):
            pass

    rows = measure(0.0, {"ours": Ours})
    assert [row.name for row in rows] == ["ours", *ESTIMATORS]
    assert all(row.updates_per_second > 0 and row.live_bytes > 0 for row in rows)
    assert (rows[0].encoded_bytes, rows[0].encoded) == (len("[1.0,2.5]"), "json")
    assert len(table(rows)) == 2 + len(rows)


def test_bytes_are_counted_once_and_all_the_way_down():
    shared = [float(number) for number in range(1000)]
    assert deep_bytes([shared, shared]) == deep_bytes([shared]) + 8
    assert deep_bytes(shared) > 1000 * (8 + 24)
    assert encoded_bytes(shared)[1] == "pickle"


def test_the_speed_stream_follows_from_its_seed():
    assert stream(days=2) == stream(days=2)
    assert stream(3, days=2) != stream(4, days=2)
