"""Sliding windows over event minutes: whatever comes late or early, they say what a plain sum would say."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.windows import BIN, MILLI, Series, author_hash, minute_of, moment

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(-20, 2), st.booleans()),
        st.tuples(st.just("move"), st.integers(1, 30), st.booleans()),
    ),
    max_size=80,
)


@given(MOVES, st.sets(st.integers(1, 40), min_size=1, max_size=4))
def test_windows_are_the_plain_sums_of_what_was_counted(moves, lengths):
    now = 1000
    series = Series(lengths, now, now - 5, keep_bins=300)
    seen: list[tuple[int, bool]] = []
    for kind, number, flag in moves:
        if kind == "move":
            for _ in range(number):
                now += 1
                series.move(now, now - 5)
        elif now + number >= series.oldest:
            seen.append((now + number, flag))
            if flag:
                series.add(now + number, MILLI, "x", author_hash(str(number)), 10)
            else:
                series.add_unmatched(now + number, MILLI)
    for windows, end in ((series.early, now), (series.final, now - 5)):
        for length, window in windows.items():
            inside = [flag for minute, flag in seen if end - length <= minute < end]
            assert window.count == sum(inside) * MILLI
            assert window.total == len(inside) * MILLI


def test_one_large_move_is_many_small_ones():
    one, many = (Series((15, 60), 1000, 995, keep_bins=400) for _ in range(2))
    for series in (one, many):
        for minute in range(990, 1002):
            series.add(minute, MILLI, "x", minute, None)
    one.move(1200, 1190)
    for minute in range(1001, 1201):
        many.move(minute, max(minute - 10, 995))
    assert {length: window.count for length, window in one.early.items()} == {15: 0, 60: 0}
    assert one.early == many.early
    assert one.final == many.final


def test_old_minutes_are_forgotten_and_memory_stays_flat():
    series = Series((15,), 0, 0, keep_bins=400)
    sizes = []
    for minute in range(5000):
        series.add(minute, MILLI, "x", minute, None)
        series.move(minute + 1, minute + 1)
        sizes.append((len(series.buckets), len(series.bins)))
    assert max(buckets for buckets, _ in sizes) <= 2 * 15 + 61
    assert max(bins for _, bins in sizes) <= (400 + 60) // BIN + 2


def test_other_windows_over_the_same_mentions_begin_with_what_was_counted():
    old = Series((15,), 100, 95, keep_bins=400)
    for minute in range(80, 100):
        old.add(minute, MILLI, "x", minute, None)
    new = Series((10, 15), 100, 95, keep_bins=400)
    new.take_over(old)
    assert new.early[10].count == 10 * MILLI
    assert new.early[15].count == 15 * MILLI
    assert new.final[10].count == 10 * MILLI


def test_minutes_and_moments_are_each_others_inverse():
    when = datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)
    assert moment(minute_of(when)) == when.replace(second=0)
    assert minute_of(datetime(1969, 12, 31, 23, 59, 30, tzinfo=UTC)) == -1
