"""The benchmark of reading plans counts money and posts as they are, and prints what it found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.detector.simulator import simulate
from bench.detector.stream import BINS_PER_MONTH, BrandStream
from bench.sampling import __main__ as command
from bench.sampling.month import Seen, counts_only, everything, flat, planned, weighed


@pytest.fixture(scope="module")
def brand() -> BrandStream:
    return simulate(0, 21)[6]  # 150 mentions an hour


@pytest.fixture(scope="module")
def thrifty(brand: BrandStream) -> Seen:
    return planned(brand, 25.0, seed=1)


def test_everything_read_is_the_truth_at_its_price(brand: BrandStream) -> None:
    seen = everything(brand)
    assert np.array_equal(seen.stream.negative, brand.negative)
    assert seen.cost == pytest.approx(0.005 * brand.total.sum() * BINS_PER_MONTH / brand.bins)


def test_counts_alone_tell_nothing_of_the_mood_and_cost_the_same_for_all(brand: BrandStream) -> None:
    seen = counts_only(brand)
    assert np.array_equal(seen.stream.negative, brand.total)
    assert seen.cost == pytest.approx(43.2)


def test_a_plan_keeps_its_budget_and_sees_more_for_more_money(brand: BrandStream, thrifty: Seen) -> None:
    errors = []
    for monthly, seen in ((25.0, thrifty), (400.0, planned(brand, 400.0, seed=1))):
        assert seen.dearest <= monthly
        assert 0 < seen.read < 1
        there = brand.total > 0
        errors.append(np.abs(seen.stream.negative - brand.negative)[there].mean())
    assert errors == sorted(errors, reverse=True)


def test_a_flat_rate_keeps_the_same_budget_and_its_intervals_hold_what_they_say(brand: BrandStream) -> None:
    seen = flat(brand, 100.0, seed=1)
    assert seen.dearest <= 100.0
    assert 0.05 < seen.read < 0.25
    assert seen.stream.negative.sum() == pytest.approx(brand.negative.sum(), rel=0.15)
    assert seen.intervals > 100
    assert seen.held > 0.88 * seen.intervals


def test_posts_alone_are_as_many_as_they_weigh_and_cost_the_same(brand: BrandStream) -> None:
    calm = replace(brand, total=np.full(brand.bins, 12.0), negative=np.full(brand.bins, 3.0))
    plan, alone = planned(calm, 200.0, seed=1), weighed(calm, 200.0, seed=1)
    assert alone.cost == plan.cost
    late = slice(8 * 288, None)
    assert alone.stream.total[late].sum() == pytest.approx(calm.total[late].sum(), rel=0.1)
    assert alone.stream.negative[late].sum() == pytest.approx(calm.negative[late].sum(), rel=0.1)
    assert np.std(alone.stream.negative[late]) > 2 * np.std(plan.stream.negative[late])  # all of an hour in some bins


def test_what_is_known_of_a_bin_is_known_at_its_end_or_later(brand: BrandStream, thrifty: Seen) -> None:
    seen = thrifty
    assert (seen.told >= np.arange(brand.bins)).all()
    assert (np.diff(seen.told) >= 0).all()
    assert (seen.told - np.arange(brand.bins)).max() > 0  # 25 dollars do not buy a count every five minutes


def test_a_plan_that_can_pay_for_everything_sees_everything(brand: BrandStream) -> None:
    quiet = replace(brand, total=np.ones(brand.bins), negative=np.tile([1.0, 0.0, 0.0], brand.bins // 3))
    seen = planned(quiet, 10_000.0, seed=1)
    late = slice(7 * 288 + 300, None)
    assert np.array_equal(seen.stream.negative[late], quiet.negative[late])


def test_the_command_prints_a_table_and_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "simulate", lambda seed, days: simulate(seed, days)[2:3])
    out = tmp_path / "results" / "sampling.json"
    assert command.main(["--quick", "--seeds", "3", "--jobs", "1", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "| everything read |" in printed
    assert "| plan, $100 |" in printed
    rows = json.loads(out.read_text(encoding="utf-8"))["rows"]
    assert [row["name"] for row in rows] == [
        "everything read",
        "plan, $100",
        "flat rate, $100",
        "plan, weights alone, $100",
        "counts only",
    ]
    assert rows[1]["dearest_month"] <= 100
