"""From raw scores to false alarms a month, by what was seen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from crisiswatch.detector import rarity

MONTH = 30 * 288


def after(scores):
    state = rarity.fresh()
    for place, score in enumerate(scores):
        rarity.note(state, 0, score)
        if place % 12 == 11:
            rarity.fade(state, 0)
    return state


def episodes(per_month, months, score, seed=1):
    """Zeros with a score for a quarter of an hour, at random, so many times a month."""
    rng = np.random.default_rng(seed)
    scores = np.zeros(round(months * MONTH))
    for at in rng.integers(0, len(scores) - 3, round(per_month * months)):
        scores[at : at + 3] = score
    return scores


def test_a_score_below_every_level_is_ordinary():
    assert rarity.per_month(rarity.fresh(), 0, 0.99) == rarity.MOST


def test_what_came_ten_times_a_month_is_said_to():
    assert rarity.per_month(after(episodes(10, 6, 8.0)), 0, 8.0) == pytest.approx(10.0, rel=0.35)


def test_more_is_never_less_rare():
    state = after(np.random.default_rng(2).pareto(2.0, 3 * MONTH))
    rates = [rarity.per_month(state, 0, score) for score in np.geomspace(1.0, 1e6, 200)]
    assert all(earlier >= later for earlier, later in pairwise(rates))
    assert rates[-1] > 0.0


def test_a_heavy_tail_goes_on_as_it_was():
    state = after(np.random.default_rng(3).pareto(2.0, 6 * MONTH))
    threshold = 1000.0
    truth = MONTH * (1.0 + threshold) ** -2.0
    assert truth / 4 < rarity.per_month(state, 0, threshold) < truth * 4


def test_a_ceiling_is_as_rare_as_it_was_reached():
    scores = episodes(6, 6, 16.0)
    assert rarity.per_month(after(scores), 0, 16.0) == pytest.approx(6.0, rel=0.4)


def test_a_long_wave_counts_every_two_hours():
    quiet, wave = after(np.zeros(MONTH)), after([*np.zeros(MONTH - 240), *np.full(240, 8.0)])
    level = rarity.LEVELS.index(8.0)
    assert wave[2 + level] - quiet[2 + level] == pytest.approx(10.0, rel=0.05)


def test_old_episodes_fade():
    state = after(np.concatenate([episodes(60, 1, 8.0), np.zeros(5 * MONTH)]))
    assert rarity.per_month(state, 0, 8.0) < 3.0


def test_the_interval_is_no_narrower_than_chance_and_grows_with_the_window():
    low, expected, high = rarity.interval(100.0, 0.0, 60)
    assert (expected, high - expected) == (100.0, pytest.approx(16.45))
    assert low == pytest.approx(83.55)
    assert rarity.interval(100.0, 50.0, 360)[1:] == (600.0, pytest.approx(600 + 1.645 * 300))
    assert rarity.interval(1.0, 0.0, 15)[0] == 0.0
