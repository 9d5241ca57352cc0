"""Counting different accounts in little memory: exact for few, close for many, and never a matter of order."""

from __future__ import annotations

import random  # noqa: TID251 - seeded
from math import sqrt

from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.windows import HASH_SPACE, Distinct, author_hash, distinct_over

HASHES = st.integers(0, HASH_SPACE - 1)


def of(size: int, values) -> Distinct:
    sketch = Distinct(size)
    for value in values:
        sketch.add(value)
    return sketch


def same(one: Distinct, other: Distinct) -> bool:
    return (one.hashes, one.limit) == (other.hashes, other.limit)


@given(st.lists(HASHES, max_size=40))
def test_few_are_counted_exactly(values):
    assert of(40, values).estimate() == len(set(values))


@given(st.lists(st.integers(0, 60), max_size=120), st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_order_of_adding_changes_nothing(values, size, chance):
    shuffled = list(values)
    chance.shuffle(shuffled)
    assert same(of(size, values), of(size, shuffled))


@given(
    st.lists(st.tuples(st.integers(2, 12), st.lists(st.integers(0, 80), max_size=40)), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_merging_sketches_of_any_size_in_any_order_is_the_same(parts, chance):
    sketches = [of(size, values) for size, values in parts]
    shuffled = list(sketches)
    chance.shuffle(shuffled)
    one, other = Distinct(20), Distinct(20)
    for sketch in sketches:
        one.update(sketch)
    for sketch in shuffled:
        other.update(sketch)
    assert same(one, other)
    assert distinct_over(sketches) == distinct_over(shuffled)


@given(st.lists(st.lists(HASHES, max_size=60), max_size=6))
def test_merging_is_like_having_seen_everything(parts):
    merged = Distinct(24)
    for values in parts:
        merged.update(of(24, values))
    assert same(merged, of(24, [value for values in parts for value in values]))


@given(st.integers(0, 2**32), st.sampled_from((64, 256, 1024)), st.integers(1, 20_000))
def test_many_are_counted_within_five_standard_errors(seed, size, count):
    chance = random.Random(seed)
    values = {chance.randrange(HASH_SPACE) for _ in range(count)}
    estimate = of(size, values).estimate()
    assert abs(estimate - len(values)) <= 5 * len(values) / sqrt(size) * (len(values) > size)


def test_the_estimate_is_not_biased():
    ratios = []
    for run in range(300):
        values = (author_hash(f"{run}:{number}") for number in range(900))
        ratios.append(of(100, values).estimate() / 900)
    assert abs(sum(ratios) / len(ratios) - 1.0) < 0.02


def test_a_window_of_many_minutes_counts_an_account_once():
    minutes = [of(64, [author_hash(f"a{number}") for number in range(start, start + 30)]) for start in range(0, 90, 15)]
    assert distinct_over(minutes) == 105
    assert distinct_over([None, *minutes, None]) == 105
    assert distinct_over([]) == 0


def test_a_crowded_minute_does_not_hide_the_others():
    crowded = of(32, [author_hash(f"c{number}") for number in range(5000)])
    others = [of(32, [author_hash(f"o{place}.{number}") for number in range(20)]) for place in range(50)]
    assert 0.5 < distinct_over([crowded, *others]) / 6000 < 1.6


def test_author_hashes_are_the_same_in_every_process_and_take_any_name():
    assert author_hash("ada") == 0xA8B0E7C330BF
    assert author_hash("\ud800") != author_hash("")


@given(st.lists(HASHES, max_size=40), HASHES)
def test_a_copy_goes_its_own_way(values, extra):
    one = of(8, values)
    twin = one.copy()
    twin.add(extra)
    assert same(one, of(8, values))
