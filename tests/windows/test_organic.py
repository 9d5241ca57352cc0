"""Copies and floods collapse, people don't; in any order, and exactly nothing happens where nothing is copied."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.windows import BIN, MILLI, Series, Voices, author_hash, organic_part

AUTHORS = st.none() | st.integers(0, 40).map(lambda number: author_hash(f"a{number}"))
TEXTS = st.none() | st.integers(0, 40).map(lambda number: author_hash(f"t{number}"))
SAID = st.lists(st.tuples(AUTHORS, TEXTS, st.booleans()), max_size=120)


def voices(said, size: int = 256) -> Voices:
    made = Voices()
    for author, text in said:
        made.add(author, text, size)
    return made


def people(count: int, start: int = 0):
    return [(author_hash(f"p{number}"), author_hash(f"w{number}")) for number in range(start, start + count)]


def organic(said, before=()) -> float:
    return len(said) * organic_part([voices(said)], [voices(each) for each in before])


def test_one_text_by_many_accounts_counts_a_fifth_each():
    copies = [(author, 7) for author, _ in people(31)]
    assert organic(copies) == pytest.approx(31 / 5 + 4 / 5)


def test_one_account_with_many_texts_counts_a_fifth_each():
    flood = [(7, text) for _, text in people(40)]
    assert organic(flood) == pytest.approx(40 / 5 + 4 / 5)


def test_reposts_by_as_many_accounts_are_all_people():
    assert organic([(author, None) for author, _ in people(50)]) == 50


def test_what_tells_neither_account_nor_text_counts_in_full():
    assert organic([(None, None)] * 30) == 30


def test_copies_among_people_leave_the_people_alone():
    mixed = [*people(60), *((author, 7) for author, _ in people(40, 60))]
    assert organic(mixed) == pytest.approx(61 + 39 / 5)


def test_what_was_there_in_the_hour_before_is_a_copy_however_it_is_spread():
    copies = [(author, 7) for author, _ in people(10, 100)]
    assert organic(copies, [[(1, 7)]]) == pytest.approx(2.0)
    assert organic(copies, [people(50), [(1, 8)]]) == pytest.approx(10 / 5 + 4 / 5)
    assert organic(people(10), [people(5)]) == pytest.approx(5 + 5 / 50)
    assert organic(people(10), [[(author, 9) for author, _ in people(5)]]) == pytest.approx(5 + 5 / 5)


def test_an_account_that_says_the_same_again_and_again_is_next_to_nothing():
    """Two accounts that pasted one insult all morning opened an incident once ordinary complaints came in."""
    insult = [(author, 7) for author, _ in people(2)] * 80
    assert organic(insult) == pytest.approx(1 + 1 / 5 + 158 / 50)
    assert organic([*people(9, 5), *insult]) == pytest.approx(9 + 1 + 1 / 5 + 158 / 50)


@pytest.mark.parametrize("count", [1, 64, 65, 257, 1000, 20_000])
def test_any_number_of_people_count_in_full_however_many_they_are(count):
    assert organic_part([voices(people(count))]) == 1.0
    assert organic_part([voices(people(count))], [voices(people(3000, count), 64)]) == 1.0


def test_a_flood_is_seen_among_more_than_can_be_remembered():
    flood = [*people(2000), *((7, text) for _, text in people(4000, 2000))]
    assert organic(flood) / (2000 + 4000 / 5) == pytest.approx(1.0, abs=0.15)
    copies = [*people(2000), *((author, 7) for author, _ in people(4000, 2000))]
    assert organic(copies) / (2000 + 4000 / 5) == pytest.approx(1.0, abs=0.15)


def filled(said, minute: int = 100) -> Series:
    series = Series((15,), 100, 95, keep_bins=400, texts=True, crowds=True)
    for author, text, matching in said:
        if matching:
            series.add(minute, MILLI, "x", author, None, text=text)
        else:
            series.add_unmatched(minute, MILLI, author=author, text=text)
    return series


@given(SAID, SAID, st.randoms(use_true_random=False))
def test_neither_the_order_nor_when_one_looked_makes_a_difference(earlier, now, chance):
    one = filled(now)
    for author, text, matching in earlier:
        one.organic_parts(100)
        if matching:
            one.add(97, MILLI, "x", author, None, text=text)
        else:
            one.add_unmatched(97, MILLI, author=author, text=text)
    shuffled = [(97, *each) for each in earlier] + [(100, *each) for each in now]
    chance.shuffle(shuffled)
    other = filled([])
    for minute, author, text, matching in shuffled:
        if matching:
            other.add(minute, MILLI, "x", author, None, text=text)
        else:
            other.add_unmatched(minute, MILLI, author=author, text=text)
    assert one.organic_parts(100) == other.organic_parts(100)


@given(SAID)
def test_a_part_is_never_less_than_a_fifth_nor_more_than_all(said):
    for part in filled(said).organic_parts(100):
        assert 0.2 <= part <= 1.0


def test_what_was_learned_is_remembered_for_an_hour_in_less_detail():
    series = Series((15,), 0, 0, keep_bins=400, texts=True, crowds=True)
    for minute in range(600):
        for author, text in people(60, minute * 60):
            series.add(minute, MILLI, "x", author, None, text=text)
            series.add_unmatched(minute, MILLI, author=author + 1, text=text + 1)
        series.move(minute + 1, minute + 1)
        learned = (minute + 1) // BIN * BIN
        if learned % BIN == 0:
            series.settle_crowds(learned)
        assert series.crowds is not None
        assert len(series.crowds) <= 60 // BIN + 1
        assert all(len(c.others.texts.hashes) <= 64 for start, c in series.crowds.items() if start < learned)
        heard = [each for each, bucket in series.buckets.items() if bucket.voices is not None]
        assert min(heard) >= minute + 1 - 15 - 2 * BIN


def test_without_a_detector_nobody_is_listened_to():
    series = Series((15,), 100, 95, keep_bins=400)
    series.add(100, MILLI, "x", 1, None, text=2)
    series.add_unmatched(100, MILLI, author=1, text=2)
    assert series.crowds is None
    assert series.organic_parts(100) == (1.0, 1.0)
    assert series.buckets[100].voices.texts is None
