"""Tail probabilities in closed form, against the exact distributions."""

from __future__ import annotations

from itertools import product
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.detector import tails

MEANS = (0.3, 1.0, 3.0, 10.0, 40.0, 200.0)


@pytest.mark.parametrize(("mean", "phi"), list(product(MEANS, (0.01, 0.1, 0.3, 1.0))))
def test_negative_binomial_tails_are_those_of_the_exact_distribution(mean, phi):
    stats = pytest.importorskip("scipy.stats")
    exact = stats.nbinom(1.0 / phi, 1.0 / (1.0 + phi * mean))
    for count in sorted({1, 2, round(mean), round(1.5 * mean) + 1, round(3 * mean) + 2, round(8 * mean) + 5}):
        decades = -exact.logsf(count - 1) / 2.302585093
        if decades < 200:
            found = tails.negative_binomial(count, mean, phi)
            assert found == pytest.approx(decades, abs=0.03 + 0.01 * decades)


@pytest.mark.parametrize("mean", MEANS)
def test_without_dispersion_it_is_poisson(mean):
    stats = pytest.importorskip("scipy.stats")
    for count in (round(mean) + 1, round(2 * mean) + 3, round(4 * mean) + 6):
        decades = -stats.poisson(mean).logsf(count - 1) / 2.302585093
        assert tails.negative_binomial(count, mean, 0.0) == pytest.approx(decades, abs=0.03 + 0.01 * decades)


@pytest.mark.parametrize(("trials", "share"), list(product((3, 10, 50, 400), (0.03, 0.2, 0.5, 0.9))))
def test_binomial_tails_are_those_of_the_exact_distribution(trials, share):
    stats = pytest.importorskip("scipy.stats")
    exact = stats.binom(trials, share)
    for part in (0.1, 0.3, 0.5, 0.8, 1.0):
        count = max(round(part * trials), 1)
        decades = -exact.logsf(count - 1) / 2.302585093
        if count > trials * share and decades < 100:
            assert tails.binomial(count, trials, share) == pytest.approx(decades, abs=0.12 + 0.03 * decades)


@pytest.mark.parametrize("z", [-8.0, -2.0, 0.0, 0.5, 3.0, 7.9, 8.1, 20.0, 35.0])
def test_normal_tails_are_exact_and_go_on_where_floats_end(z):
    stats = pytest.importorskip("scipy.stats")
    assert tails.log10_upper_normal(z) == pytest.approx(-stats.norm.logsf(z) / 2.302585093, abs=1e-6, rel=1e-4)


COUNTS = st.floats(0, 1e5, allow_nan=False)


@given(COUNTS, st.floats(0, 1e5), st.floats(0, 4))
def test_a_negative_binomial_tail_is_a_number_and_never_negative(count, mean, phi):
    found = tails.negative_binomial(count, mean, phi)
    assert isfinite(found)
    assert found >= 0.0


@given(st.floats(0, 1e5), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_a_binomial_tail_is_a_number_and_never_negative(trials, part, share, correlation):
    found = tails.binomial(part * trials, trials, share, correlation)
    assert isfinite(found)
    assert found >= 0.0


@given(st.floats(0.1, 1e3), st.floats(0, 2), st.integers(0, 2000))
def test_more_is_never_less_unusual(mean, phi, count):
    less, more = (tails.negative_binomial(count + extra, mean, phi) for extra in (0, 1))
    assert more >= less - 0.02


def test_nothing_is_never_unusual():
    assert tails.negative_binomial(0, 5.0, 0.2) == 0.0
    assert tails.binomial(0, 10, 0.2) == 0.0
