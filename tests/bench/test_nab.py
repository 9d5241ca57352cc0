"""The tweet benchmark's scoring rule, against cases worked out by hand, and the alert layers."""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from bench.detector.nab import (
    LAYERS,
    PROFILES,
    TweetSeries,
    as_stream,
    at_thresholds,
    behind_layers,
    best,
    cool_down,
    counts_at,
    left_out,
    load,
    mean_of_layers,
    measure,
    print_table,
    score_at,
)
from bench.detector.nab.baselines import BASELINES, hour_against_half_a_day, sigmas_of_a_week
from tests.support import shared_data

BEGIN = datetime(2015, 3, 1, tzinfo=UTC)
START = 1.0 - 2.0 / (1.0 + math.exp(5.0))  # 0.98661: what the first row of a window is worth before it is made to be 1
FP = {"standard": 0.11, "reward_low_FP_rate": 0.22, "reward_low_FN_rate": 0.11}


def series(rows=200, windows=((100, 109),), values=None) -> TweetSeries:
    """A file of 200 rows (so 30 of probation), one window of ten rows."""
    times = tuple(BEGIN + timedelta(minutes=5 * row) for row in range(rows))
    return TweetSeries("made", times, np.ones(rows) if values is None else values, windows)


def firing(*at, rows=200):
    scores = np.zeros(rows)
    scores[list(at)] = 1.0
    return scores


def scored(*at, profile="standard", **made):
    return score_at([series(**made)], [firing(*at)], 0.5, profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_saying_nothing_is_worth_nothing_and_a_window_found_in_its_first_row_everything(profile):
    assert scored(profile=profile) == 0.0
    assert scored(100, profile=profile) == pytest.approx(100.0)


# In a window of 10 rows that ends at row 109, row i is at -(110 - i) / 10. Null is -1, perfect 1: a raw r gives 50 (r+1).
@pytest.mark.parametrize(
    ("row", "place"), [(101, -0.9), (104, -0.6), (105, -0.5), (109, -0.1)], ids=["second", "middle", "half", "last"]
)
def test_a_later_hit_is_worth_less_along_the_sigmoid(row, place):
    raw = (2.0 / (1.0 + math.exp(5.0 * place)) - 1.0) / START
    assert scored(row) == pytest.approx(50.0 * (raw + 1.0))


def test_the_values_of_the_definition_come_out():
    assert scored(105) == pytest.approx(50.0 * (0.84828 / 0.98661 + 1.0), abs=0.01)  # half way: S(-0.5) = 0.84828
    assert scored(109) == pytest.approx(50.0 * (0.24492 / 0.98661 + 1.0), abs=0.01)  # right end: S(-0.1) = 0.24492


def test_only_the_first_hit_of_a_window_counts():
    assert scored(104, 105, 106, 109) == scored(104)
    assert scored(100, 109) == pytest.approx(100.0)


def test_a_miss_weighs_double_where_misses_are_dear():
    # two windows, one found at once: (1 - miss + 2 miss) / (2 + 2 miss)
    windows = ((60, 69), (150, 159))
    assert scored(60, windows=windows) == pytest.approx(50.0)
    assert scored(60, windows=windows, profile="reward_low_FN_rate") == pytest.approx(100.0 * 3.0 / 6.0)
    # half way into the first: (0.85980 + miss) / (2 + 2 miss)
    half = 0.84828 / 0.98661
    assert scored(65, windows=windows) == pytest.approx(100.0 * (half + 1.0) / 4.0, abs=0.01)
    assert scored(65, windows=windows, profile="reward_low_FN_rate") == pytest.approx(
        100 * (half + 2.0) / 6.0, abs=0.01
    )


@pytest.mark.parametrize("profile", PROFILES)
def test_a_false_alarm_before_any_window_has_its_full_price(profile):
    assert scored(100, 50, profile=profile) == pytest.approx(100.0 - _points(FP[profile], profile))


@pytest.mark.parametrize("profile", PROFILES)
def test_a_false_alarm_just_behind_a_window_is_cheap_and_three_widths_on_it_has_its_full_price(profile):
    # widths are counted as 9 steps: row 110 is at 1/9, row 136 at 27/9 = 3
    just = 1.0 - 2.0 / (1.0 + math.exp(5.0 / 9.0))
    assert just == pytest.approx(0.27084, abs=1e-4)
    assert scored(100, 110, profile=profile) == pytest.approx(100.0 - _points(just * FP[profile], profile))
    assert scored(100, 136, profile=profile) == pytest.approx(100.0 - _points(FP[profile], profile))
    assert scored(100, 135, profile=profile) > scored(100, 136, profile=profile)


def test_every_row_of_a_false_alarm_counts():
    assert scored(100, 50, 51, 52) == pytest.approx(100.0 - 3 * _points(0.11, "standard"))


def test_a_false_alarm_belongs_to_the_latest_window_before_it():
    windows = ((60, 69), (100, 119))  # the second is 20 rows wide: row 129 is at 10/19 behind it
    price = 0.11 * (1.0 - 2.0 / (1.0 + math.exp(5.0 * 10 / 19)))
    assert scored(60, 100, 129, windows=windows) == pytest.approx(100.0 * (4.0 - price) / 4.0)


def test_the_probationary_period_counts_for_nothing():
    assert series().probation == 30
    assert scored(0, 10, 29) == 0.0
    assert scored(30) == pytest.approx(-_points(0.11, "standard"))
    assert series(rows=15_902).probation == 750


def test_a_window_within_the_probationary_period_can_neither_be_found_nor_missed():
    windows = ((5, 14), (100, 109))
    assert scored(windows=windows) == 0.0
    assert scored(100, windows=windows) == pytest.approx(100.0)
    assert scored(7, 100, windows=windows) == pytest.approx(100.0)


def test_the_best_threshold_is_one_for_all_files():
    # Both windows are found at 5, at the price of a false alarm; at 7 only one, at 9 none.
    files = [series(), series()]
    one, other = np.zeros(200), np.zeros(200)
    one[[100, 50]] = 7.0, 5.0
    other[100] = 5.0
    other[60] = 3.0
    reached, threshold = best(files, [one, other], "standard")
    assert threshold == 5.0
    assert reached == pytest.approx(100.0 * (4.0 - 0.11) / 4.0)
    assert score_at(files, [one, other], 7.0, "standard") == pytest.approx(50.0)
    counts = counts_at(files, [one, other], 5.0)
    assert (counts.hits, counts.windows, counts.false_rows) == (2, 2, 1)


def test_where_every_alarm_is_false_it_is_best_to_say_nothing():
    assert best([series()], [firing(40, 41, 50)], "standard") == (0.0, math.inf)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_sweep_agrees_with_trying_every_threshold(profile):
    generator = np.random.default_rng(3)
    files = [series(windows=((40, 60), (120, 130))), series(rows=300, windows=((20, 70), (200, 240)))]
    for _ in range(20):
        scores = [np.round(generator.gamma(1.0, 2.0, len(each.values)), 1) for each in files]
        for each, given in zip(files, scores, strict=True):
            for first, last in each.windows:
                given[first : last + 1] += generator.choice([0.0, 0.0, 6.0], size=last - first + 1)
        tried = {at: score_at(files, scores, at, profile) for at in {*np.concatenate(scores).tolist(), math.inf}}
        reached, threshold = best(files, scores, profile)
        assert reached == pytest.approx(max(tried.values()))
        assert tried[threshold] == pytest.approx(reached)


@pytest.mark.parametrize("profile", PROFILES)
def test_any_pattern_of_alarms_scores_as_the_definition_says_word_for_word(profile):
    generator = np.random.default_rng(8)
    made = series(rows=400, windows=((50, 80), (120, 120 + 15), (300, 359)))
    for _ in range(30):
        fired = generator.random(400) < 0.02
        expected = _by_the_definition(made, fired, profile)
        assert score_at([made], [fired.astype(float)], 1.0, profile) == pytest.approx(expected)


def test_scores_that_are_no_numbers_or_too_few_are_refused():
    with pytest.raises(ValueError, match="one score a row"):
        score_at([series()], [np.zeros(199)], 0.5, "standard")
    with pytest.raises(ValueError, match="a number each"):
        best([series()], [np.full(200, np.nan)], "standard")


def test_windows_that_overlap_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        scored(windows=((40, 60), (60, 80)))


# -- alert layers -----------------------------------------------------------------------------------------------------


def test_a_cool_down_keeps_what_clearly_beats_what_was_kept_lately():
    scores = np.array([2.0, 2.5, 2.7, 3.0, 0.0, 3.6, 3.5])
    assert cool_down(scores, 3, 1.3).tolist() == [2.0, 0.0, 2.7, 0.0, 0.0, 3.6, 0.0]


def test_after_the_cool_down_anything_is_kept_again():
    scores = np.array([9.0, 1.0, 1.0, 1.0, 1.0])
    assert cool_down(scores, 3, 1.3).tolist() == [9.0, 0.0, 0.0, 0.0, 1.0]
    assert cool_down(np.array([-1.0, 0.0, -2.0]), 3, 1.3).tolist() == [0.0, 0.0, 0.0]


def test_the_cool_down_agrees_with_looking_at_everything_kept():
    scores = np.random.default_rng(5).gamma(0.7, 2.0, 600)
    for bins, ratio in ((1, 1.0), (12, 1.3), (40, 1.5)):
        kept: list[float] = []
        for at, score in enumerate(scores):
            lately = max(kept[max(0, at - bins) :], default=0.0)
            kept.append(score if score > ratio * lately else 0.0)
        assert cool_down(scores, bins, ratio).tolist() == kept


def test_a_ratio_below_one_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        cool_down(np.ones(3), 3, 0.9)


def test_four_layers_are_averaged_each_with_its_own_threshold():
    rows, window = 1000, ((400, 499),)
    made = series(rows=rows, windows=window)
    scores = np.zeros(rows)
    scores[300], scores[400] = 5.0, 7.0  # 7 beats 5 by 1.4: kept at a ratio of 1.3, lost at 1.5
    found = behind_layers([made], [scores])
    assert [found.scores[layer.name]["standard"] for layer in LAYERS] == pytest.approx([100.0, 0.0, 100.0, 0.0])
    assert [found.thresholds[layer.name]["standard"] for layer in LAYERS] == [7.0, math.inf, 7.0, math.inf]
    assert mean_of_layers([made], [scores]) == pytest.approx(dict.fromkeys(PROFILES, 50.0))
    assert at_thresholds([made], [scores], found.thresholds).mean == pytest.approx(found.mean)
    lower = at_thresholds([made], [scores], 5.0)  # now the false alarm is heard in every layer
    price = 100.0 * 0.11 / 2.0
    assert [lower.scores[layer.name]["standard"] for layer in LAYERS] == pytest.approx(
        [100.0 - price, -price, 100.0 - price, -price]
    )


def test_each_file_is_judged_with_the_thresholds_of_the_others():
    # Alone each file would choose its own hit's score; with the other's threshold the one hit is too low to be heard
    # in the second file, and in the first the false alarm is heard too.
    files = [series(), series(windows=((60, 69), (150, 159)))]
    one, other = np.zeros(200), np.zeros(200)
    one[[50, 100]] = 4.0, 8.0
    other[[60, 150]] = 3.0, 5.0
    assert left_out(files, [one, other])["standard"] == pytest.approx((1 * (100.0 - 5.5) + 2 * 0.0) / 3)
    assert left_out(files[:1], [one])["standard"] == 0.0
    assert left_out([files[0], files[0]], [one, one])["standard"] == pytest.approx(100.0)


# -- series -----------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_with_its_windows_and_becomes_a_stream_of_volume(tmp_path):
    rows = [f"2015-03-01 00:{5 * row:02}:53,{row}" for row in range(12)]
    (tmp_path / "Twitter_volume_ONE.csv").write_text("timestamp,value\n" + "\n".join(rows) + "\n")
    (tmp_path / "windows.json").write_text(
        '{"Twitter_volume_ONE.csv": [["2015-03-01 00:10:53.000000", "2015-03-01 00:20:53.000000"]]}'
    )
    (one,) = load(tmp_path)
    assert (one.name, one.windows, one.labelled, len(one.timestamps)) == ("ONE", ((2, 4),), (3,), 12)
    stream = as_stream(one)
    assert stream.total.tolist() == stream.negative.tolist() == list(range(12))
    assert stream.start == int(datetime(2015, 3, 1, tzinfo=UTC).timestamp()) // 60
    assert stream.exposure.tolist() == [1.0] * 12
    assert not stream.known.any()
    assert stream.rate == pytest.approx(5.5 * 12)


def test_a_series_with_a_row_missing_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("timestamp,value\n2015-03-01 00:00:00,1\n2015-03-01 00:10:00,1\n")
    (tmp_path / "windows.json").write_text('{"a.csv": []}')
    with pytest.raises(ValueError, match="five minutes apart"):
        load(tmp_path)


@pytest.mark.parametrize("name", BASELINES)
def test_a_simple_rule_never_looks_ahead(name):
    values = np.random.default_rng(2).poisson(9.0, 3000).astype(float)
    whole = BASELINES[name](as_stream(series(rows=3000, windows=(), values=values)))
    cut = BASELINES[name](as_stream(series(rows=2000, windows=(), values=values[:2000])))
    assert whole[:2000].tolist() == pytest.approx(cut.tolist())


def test_the_simple_rules_measure_what_they_say():
    values = np.tile([9.0, 11.0], 1500)  # mean 10, standard deviation 1
    values[2500] = 25.0
    stream = as_stream(series(rows=3000, windows=(), values=values))
    assert sigmas_of_a_week(stream)[2500] == pytest.approx(15.0)
    values = np.full(300, 2.0)
    values[288:] = 8.0
    stream = as_stream(series(rows=300, windows=(), values=values))
    assert hour_against_half_a_day(stream)[299] == pytest.approx((96 + 1) / (24 + 1))


def test_the_table_tells_score_hits_and_thresholds(capsys):
    values = np.random.default_rng(4).poisson(5.0, 2000).astype(float)
    values[1500:1512] = 90.0
    figures = measure([series(rows=2000, windows=((1480, 1560),), values=values)], sigmas_of_a_week)
    print_table({"3 sigma": figures})
    out = capsys.readouterr().out
    assert figures.counts.hits == 1
    assert f"{figures.layered.mean['standard']:.1f}" in out
    assert "12 h x1.3" in out
    assert f"{figures.layered.thresholds['24 h x1.5']['standard']:.4g}" in out
    told = figures.as_json()
    assert told["windows"] == 1
    assert set(told["layers"]) == {layer.name for layer in LAYERS}


# -- against the real series ------------------------------------------------------------------------------------------


def test_a_detector_that_fires_once_at_each_labelled_instant_scores_about_93():
    files = load(shared_data("data/nab-tweets"))
    scores = [firing(*each.labelled, rows=len(each.values)) for each in files]
    assert sum(len(each.windows) for each in files) == 16
    reached = {profile: best(files, scores, profile) for profile in PROFILES}
    assert {profile: round(score, 1) for profile, (score, _) in reached.items()} == {
        "standard": 93.0,
        "reward_low_FP_rate": 93.0,
        "reward_low_FN_rate": 95.4,
    }
    assert behind_layers(files, scores).mean["standard"] == pytest.approx(reached["standard"][0])


def test_a_cool_down_lifts_a_simple_rule():
    files = load(shared_data("data/nab-tweets"))
    figures = measure(files, sigmas_of_a_week)
    assert 45 < figures.raw["standard"][0] < figures.layered.mean["standard"] < 85


# -- helpers ----------------------------------------------------------------------------------------------------------


def _points(raw, profile):
    """What ``raw`` is in points, where there is one window."""
    return 100.0 * raw / (1.0 + (2.0 if profile == "reward_low_FN_rate" else 1.0))


def _by_the_definition(made, fired, profile):
    """The score row by row, as the definition tells it: slow, and written without the benchmark's own functions."""
    miss = 2.0 if profile == "reward_low_FN_rate" else 1.0
    found = dict.fromkeys(made.windows, -miss)
    raw = 0.0
    for row in range(made.probation, len(fired)):
        if not fired[row]:
            continue
        inside = [(first, last) for first, last in made.windows if first <= row <= last]
        before = [(first, last) for first, last in made.windows if last < row]
        if inside:
            first, last = inside[0]
            hit = math.tanh(2.5 * (last - row + 1) / (last - first + 1)) / math.tanh(2.5)
            found[inside[0]] = max(found[inside[0]], hit)
        elif before:
            first, last = before[-1]
            away = (row - last) / (last - first)
            raw -= FP[profile] * (1.0 if away >= 3.0 else math.tanh(2.5 * away))
        else:
            raw -= FP[profile]
    null = -miss * len(made.windows)
    return 100.0 * (raw + sum(found.values()) - null) / (len(made.windows) - null)
