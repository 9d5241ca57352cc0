"""The alert layer and the evaluation on arrays small enough to work out by hand."""

import json
import math

import numpy as np
import pytest

from bench.detector.evaluate import evaluate, sweep, table
from bench.detector.layer import fires
from bench.detector.stream import BINS_PER_DAY, BINS_PER_MONTH, BrandStream, Spell

DAY = BINS_PER_DAY
LENGTH = 7 * DAY + BINS_PER_MONTH  # a month after the burn-in


def scored(length, **at):
    """Scores of zero, but for bins given as b123=4.5."""
    scores = np.zeros(length)
    for bin_name, score in at.items():
        scores[int(bin_name[1:])] = score
    return scores


def at(length, scores):
    array = np.zeros(length)
    for where, score in scores.items():
        array[where] = score
    return array


def brand(crises=(), benign=(), rate=20.0, length=LENGTH, name="made"):
    nothing = np.zeros(length)
    return BrandStream(
        name=name,
        rate=rate,
        start=0,
        total=nothing,
        negative=nothing,
        exposure=nothing + 1,
        known=nothing.astype(bool),
        crises=tuple(crises),
        benign=tuple(benign),
    )


def test_a_score_below_the_threshold_tells_nobody_and_one_at_it_does():
    scores = scored(50, b10=1.99, b20=2.0)
    assert fires(scores, 2.0) == [20]
    assert fires(np.full(50, np.nan), 2.0) == []
    assert fires(np.zeros(0), 2.0) == []


def test_an_open_incident_is_not_told_again_until_two_hours_after_its_last_high_score():
    assert fires(scored(100, b10=2, b34=2), 2.0) == [10]  # 23 bins below: still open
    assert fires(scored(100, b10=2, b35=2), 2.0) == [10, 35]  # 24 bins below: closed, a new one
    # each high score keeps it open: 10, 30, 50, 70 are one incident
    assert fires(scored(100, b10=2, b30=2, b50=2, b70=2), 2.0) == [10]


def test_an_incident_that_stays_open_is_told_again_every_six_hours():
    scores = np.full(200, 2.0)
    assert fires(scores, 2.0) == [0, 72, 144]


def test_an_incident_is_told_again_when_it_gets_three_tenths_worse_than_the_worst_told():
    scores = scored(60, b10=10, b11=12.9, b12=13.0, b13=16.8, b14=17.0, b15=17.0)
    assert fires(scores, 2.0) == [10, 12, 14]
    # the reminder after six hours of a lower score does not lower the mark
    low = np.full(100, 5.0)
    low[0], low[73], low[74] = 10, 12.9, 13
    assert fires(low, 2.0) == [0, 72, 74]
    # nor does an incident's mark outlive it
    assert fires(scored(100, b10=10, b50=3, b51=4), 2.0) == [10, 50, 51]


def test_an_infinite_score_is_told_once():
    assert fires(np.full(20, np.inf), 2.0) == [0]


def test_the_delay_counts_the_bin_itself_and_the_first_fire():
    crisis = Spell(3000, 3024, "sharp")
    for where, minutes in ((3000, 5), (3005, 30), (3011, 60), (3035, 180)):
        outcome = evaluate([brand([crisis])], [at(LENGTH, {where: 5.0})], 2.0)
        assert (outcome.recall, outcome.median_delay, outcome.p90_delay) == (1.0, minutes, minutes)
        assert outcome.within_hour == (1.0 if minutes <= 60 else 0.0)
        assert outcome.false_alarms_per_month == 0
    twice = evaluate([brand([crisis])], [at(LENGTH, {3003: 5.0, 3010: 9.0})], 2.0)
    assert twice.median_delay == 20


def test_a_fire_before_the_onset_or_an_hour_after_the_end_finds_nothing():
    crisis = Spell(3000, 3024, "sharp")
    for where, alarms in ((2999, 1), (3036, 0), (3024 + 95, 0), (3024 + 96, 1)):
        outcome = evaluate([brand([crisis])], [at(LENGTH, {where: 5.0})], 2.0)
        assert outcome.recall == 0
        assert math.isnan(outcome.median_delay)
        assert outcome.false_alarms_per_month == alarms  # within eight hours after a crisis it is not held false


def test_false_alarms_are_counted_after_the_burn_in_and_blamed_on_the_event_they_lie_in():
    benign = [
        Spell(4000, 4010, "campaign"),
        Spell(4005, 4006, "burst"),
        Spell(5000, 5012, "burst"),
        Spell(6000, 6010, "parade"),
    ]
    scores = at(LENGTH, dict.fromkeys((7 * DAY - 1, 7 * DAY + 100, 4007, 4033, 4100, 5035, 5100, 6001), 5.0))
    outcome = evaluate([brand(benign=benign)], [scores], 2.0)
    # 2015 is in the burn-in; 4033 is told anew (25 bins later), within 2 h of the campaign's end (4010 + 24 = 4034)
    assert outcome.false_alarms_per_month == 7
    assert outcome.causes == {"campaign": 2, "background": 3, "burst": 1, "parade": 1}
    assert list(outcome.causes) == ["background", "campaign", "burst", "parade"]
    sooner = evaluate([brand(benign=benign)], [scores], 2.0, burn_in_days=0)
    assert sooner.false_alarms_per_month == pytest.approx(8 * 30 / 37)


def test_recall_and_false_alarms_are_told_apart_by_shape_and_by_size():
    small = brand([Spell(3000, 3012, "dense"), Spell(5000, 5012, "slow")], rate=0.5)
    big = brand([Spell(3000, 3012, "dense")], rate=1000.0)
    other = brand(rate=1000.0)
    scores = [at(LENGTH, {3003: 3.0}), at(LENGTH, {3008: 3.0, 9000: 3.0}), at(LENGTH, {4000: 2.5, 6000: 1.0})]
    outcome = evaluate([small, big, other], scores, 2.0)
    assert outcome.recall == pytest.approx(2 / 3)
    assert outcome.by_shape == {"dense": 1.0, "slow": 0.0}
    assert outcome.by_rate == {0.5: 0.5, 1000.0: 1.0}
    assert outcome.false_alarms_by_rate == {0.5: 0.0, 1000.0: 1.0}
    assert outcome.false_alarms_per_month == pytest.approx(2 / 3)
    assert outcome.median_delay == pytest.approx((20 + 45) / 2)
    assert outcome.p90_delay == pytest.approx(20 + 0.9 * 25)
    assert outcome.within_hour == pytest.approx(2 / 3)


def test_a_sweep_finds_the_lowest_single_threshold_for_each_wanted_rate():
    one = brand([Spell(3000, 3012, "dense")])
    two = brand([Spell(3000, 3012, "sharp")])
    scores = [
        at(LENGTH, {3001: 3.0, 4000: 9.0, 5000: 7.0, 6000: 5.0}),
        at(LENGTH, {3001: 6.0, 4000: 8.0, 5000: 4.0, 6000: 2.0}),
    ]
    # false: 9 8 7 5 4 2 in two brand-months; crises: 6 and 3
    outcomes = sweep([one, two], scores, per_month=(0.25, 0.5, 1, 1.5, 2.5, 4))
    assert [outcome.threshold for outcome in outcomes] == [np.nextafter(9.0, 10), 9.0, 8.0, 6.0, 3.0, 2.0]
    assert [outcome.false_alarms_per_month for outcome in outcomes] == [0, 0.5, 1.0, 1.5, 2.5, 3.0]
    assert [outcome.recall for outcome in outcomes] == [0, 0, 0, 0.5, 1.0, 1.0]


def test_a_detector_whose_scores_are_all_alike_has_no_threshold_that_finds_anything():
    (outcome,) = sweep([brand([Spell(3000, 3012, "dense")])], [np.ones(LENGTH)], per_month=(1,))
    assert (outcome.recall, outcome.false_alarms_per_month) == (0, 0)
    (silent,) = sweep([brand([Spell(3000, 3012, "dense")])], [np.full(LENGTH, np.nan)], per_month=(1,))
    assert silent.recall == 0


def test_every_stream_needs_its_own_scores():
    with pytest.raises(ValueError, match="shorter"):
        evaluate([brand(), brand()], [np.zeros(LENGTH)], 1.0)


def test_an_outcome_is_told_as_json_and_as_a_row():
    crisis = Spell(3000, 3012, "dense")
    found = evaluate([brand([crisis], rate=0.5)], [at(LENGTH, {3003: 3.0, 4000: 3.0})], 2.5)
    missed = evaluate([brand([crisis], rate=0.5)], [np.zeros(LENGTH)], 2.5)
    plain = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert plain["by_rate"] == {"0.5": 1.0}
    assert plain["median_delay"] == 20
    assert plain["causes"] == {"background": 1.0}
    assert json.loads(json.dumps(missed.as_json(), allow_nan=False))["median_delay"] is None
    head, rule, row, _ = table([("ours", found), ("silent", missed)])
    assert head.count("|") == rule.count("|") == row.count("|")
    assert row == "| ours | 2.5 | 1.00 | 100.0 % | 20 / 20 | 100 % | 100 |"
