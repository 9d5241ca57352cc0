"""The sampling plan and its money: what is read, when, what it stands for, and that the month's budget is kept."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiswatch.errors import QuotaExhausted
from crisiswatch.sources.x.money import Budget, Wallet, month_end
from crisiswatch.sources.x.plan import Rhythm, alarm, posts_to_read, slots, weight
from crisiswatch.windows.share import JEFFREYS, Share, learned, negative_volume
from tests.sources.x_support import NOON, cost, drained, fake, manual, mentions, samples, source_of

counts = st.lists(st.integers(0, 300), min_size=1, max_size=200)


# --- where to read


@given(counts, st.integers(0, 500))
def test_slots_lie_in_the_time_they_stand_for_and_in_order(minutes: list[int], take: int) -> None:
    found = slots(1000, minutes, take)
    assert sum(slot.take for slot in found) == min(take, sum(minutes))
    ends = [60_000, *(slot.end for slot in found)]
    for before, slot in zip(ends, found, strict=False):
        assert before <= slot.start < slot.end <= (1000 + len(minutes)) * 60
        assert 0 < slot.take <= slot.count


@given(counts, st.integers(1, 500))
def test_what_is_read_stands_for_all_that_was_counted(minutes: list[int], take: int) -> None:
    found = slots(1000, minutes, take)
    stands_for = sum(slot.count for slot in found)
    assert stands_for <= sum(minutes)
    if take >= 2 * len(found) > 0:  # what is behind the last post read has no slot of its own
        assert sum(slot.take * weight(slot.count, slot.take) for slot in found) == pytest.approx(stands_for)
        assert stands_for >= sum(minutes) * (1 - 1 / take)


def test_an_even_hour_is_read_in_six_places() -> None:
    found = slots(0, [2] * 60, 12)
    assert [slot.end // 60 for slot in found] == [10, 20, 30, 40, 50, 60]
    assert {(slot.take, slot.count, slot.end - slot.start) for slot in found} == {(2, 20, 60)}


# --- when to read


def test_a_night_is_quiet_and_that_is_usual() -> None:
    rhythm = Rhythm()
    for _ in range(7):
        rhythm = rhythm.learned(0, [0] * 480 + [3] * 960)
    assert rhythm.expected(0, 60) == pytest.approx(0, abs=1e-6)
    assert rhythm.expected(720, 60) == pytest.approx(180, rel=0.1)
    assert alarm(180, rhythm.expected(720, 60)) == 0
    assert alarm(180, rhythm.expected(60, 60)) == 1


def test_a_crisis_does_not_become_usual_within_hours_but_a_new_level_does_within_days() -> None:
    rhythm = Rhythm()
    for _ in range(14):
        rhythm = rhythm.learned(0, [2] * 1440)
    for hour in range(3):
        rhythm = rhythm.learned(hour * 60, [40] * 60)
    assert alarm(60 * 40, rhythm.expected(180, 60)) == 1
    for _ in range(4):
        rhythm = rhythm.learned(0, [4] * 1440)
    assert alarm(60 * 4, rhythm.expected(0, 60)) == 0


@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 5000), st.floats(0, 20), st.floats(0, 20))
def test_more_is_read_the_stronger_the_alarm_and_never_more_than_there_is_or_can_be_paid(
    one: float, other: float, unread: int, allowance: float, left: float
) -> None:
    def read(strength: float) -> int:
        return posts_to_read(
            unread, strength, wallet=Wallet(allowance=allowance), price=0.005, in_all=left, at_once=left / 10, most=100
        )

    assert read(min(one, other)) <= read(max(one, other)) <= min(unread, 100, left / 0.005 + 1e-6)


def test_in_calm_it_is_saved_until_a_sample_is_worth_its_name() -> None:
    def read(posts: float, unread: int) -> int:
        return posts_to_read(
            unread, 0.0, wallet=Wallet(allowance=posts * 0.005), price=0.005, in_all=9.0, at_once=1.0, most=100
        )

    assert [read(9, 50), read(10, 50), read(9, 4), read(3, 4)] == [0, 10, 4, 0]


# --- the money

months = st.floats(5, 2000)


def budget_of(monthly: float, reserve: float = 0.3, calls: int = 1) -> Budget:
    return Budget(monthly, reserve, calls, 300.0, 0.005, 0.005)


@given(months, st.floats(0, 0.9), st.integers(1, 8), st.integers(0, 27), st.randoms(use_true_random=False))
def test_a_month_of_anything_stays_within_its_budget(
    monthly: float, reserve: float, calls: int, day: int, luck: object
) -> None:
    budget = budget_of(monthly, reserve, calls)
    now = datetime(2026, 2, 1, tzinfo=UTC) + timedelta(days=day)
    wallet = budget.saved(Wallet(), now)
    counted = now - timedelta(days=1)
    while now < datetime(2026, 3, 1, tzinfo=UTC):
        wallet = budget.saved(wallet, now)
        if (now - counted).total_seconds() >= budget.interval(wallet, now) and budget.can_count(wallet):
            wallet, counted = wallet.paid(budget.count_calls * budget.counts), now
        read = posts_to_read(
            luck.randrange(3000),  # type: ignore[attr-defined]
            luck.choice([0.0, 0.0, 0.0, 1.0]),  # type: ignore[attr-defined]
            wallet=wallet,
            price=budget.post,
            in_all=budget.for_posts(wallet, now),
            at_once=budget.burst(wallet, now),
            most=100,
        )
        wallet = wallet.read(read * budget.post)
        assert 0 <= wallet.drawn <= reserve * monthly + 1e-6
        now += timedelta(minutes=187)
    assert wallet.spent <= monthly + 1e-6


def test_the_reserve_is_not_touched_in_calm_and_the_rest_is_used() -> None:
    budget = budget_of(100.0)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    wallet, end = budget.saved(Wallet(), now), month_end(now)
    while now < end:
        wallet = budget.saved(wallet, now).paid(0.005)
        left, burst = budget.for_posts(wallet, now), budget.burst(wallet, now)
        read = posts_to_read(1000, 0.0, wallet=wallet, price=0.005, in_all=left, at_once=burst, most=100)
        wallet = wallet.read(read * 0.005)
        now += timedelta(minutes=5)
    assert wallet.drawn == 0
    assert 69 < wallet.spent < 70.1
    assert budget.saved(wallet, end).spent == 0


def a_calm_month(monthly: float, begin: datetime) -> tuple[Wallet, list[float]]:
    """What is left at the end of a month of plenty and no alarm, and what each of its days cost, read every hour."""
    budget = Budget(monthly, 0.3, 1, 3600.0, 0.005, 0.005)
    now, end, days = begin, month_end(begin), []
    wallet = budget.saved(Wallet(), now)
    while now < end:
        wallet = budget.saved(wallet, now).paid(0.005)
        left, burst = budget.for_posts(wallet, now), budget.burst(wallet, now)
        read = posts_to_read(10_000, 0.0, wallet=wallet, price=0.005, in_all=left, at_once=burst, most=10_000)
        wallet = wallet.read(read * 0.005)
        now += timedelta(hours=1)
        if now.hour == 0:
            days.append(wallet.spent - sum(days))
    return wallet, days


@settings(max_examples=8)  # each is a month hour by hour
@given(st.floats(60, 2000), st.floats(0.3, 1.0))
def test_in_calm_the_money_is_spread_over_the_month_and_its_last_hour_has_all_of_the_reserve_for_a_crisis(
    monthly: float, strength: float
) -> None:
    wallet, days = a_calm_month(monthly, datetime(2026, 11, 1, tzinfo=UTC))
    assert len(days) == 30
    assert max(days) < 1.25 * min(days)
    assert sum(days) == pytest.approx(0.7 * monthly, rel=0.02)
    budget, now = budget_of(monthly), datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert budget.kept(wallet, now) == pytest.approx(0.3 * monthly, rel=0.01)
    left, burst = budget.for_posts(wallet, now), budget.burst(wallet, now)
    read = posts_to_read(1000, strength, wallet=wallet, price=0.005, in_all=left, at_once=burst, most=100)
    assert read >= 100 * strength - 1


def test_counting_slows_down_where_it_would_eat_the_budget() -> None:
    now, wallet = datetime(2026, 11, 1, tzinfo=UTC), Wallet(month="2026-11")
    assert budget_of(100.0).interval(wallet, now) == 300
    assert budget_of(20.0).interval(wallet, now) == pytest.approx(1296)
    assert budget_of(20.0).interval(replace(wallet, spent=19.99), now) == 6 * 3600


def test_a_month_on_the_wire_costs_what_it_says_and_no_more_than_it_may() -> None:
    clock = manual()
    with fake(clock) as x:
        source, cursor, batches = source_of(x, clock, budget=3.0, every=timedelta(hours=1)), None, []
        for hour in range(40):
            for n in range(12 if 30 <= hour < 36 else 2):
                x.put(f"acme coffee {hour} {n}", at=clock.now() - timedelta(minutes=3 + 4 * n))
            more = drained(source, clock, cursor)
            batches, cursor = batches + more, more[-1].cursor
            clock.advance(hours=1)
        assert cost(batches) == pytest.approx(0.005 * (x.billed["counts"] + x.billed["posts"]))
        assert cost(batches) <= 3.0
        read = mentions(batches)
        assert 60 < len(read) < sum(sample.count for sample in samples(batches))
        in_crisis = [each for each in read if 30 <= int(each.text.split()[2]) < 36]
        assert len(in_crisis) > 25  # of 72, where of the calm posts one in five is read
        assert 0 < min(batch.budget_left or 0.0 for batch in batches) <= 1 - cost(batches) / 3


def test_when_the_money_for_posts_is_used_up_it_says_so_and_goes_on_counting() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(300):
            x.put(f"acme coffee {n}", at=NOON - timedelta(minutes=2))
        source = source_of(x, clock, read="everything", budget=1.5)
        first = source.poll(None, clock.now() + timedelta(seconds=20))
        assert first.samples
        batches = drained(source, clock, first.cursor)
        cursor = batches[-1].cursor
        clock.advance(minutes=1)
        with pytest.raises(QuotaExhausted) as raised:
            source.poll(cursor, clock.now() + timedelta(seconds=20))
        assert raised.value.resets_at == datetime(2026, 12, 1, tzinfo=UTC)
        assert "for posts; volumes are still counted" in raised.value.detail
        assert 200 < len(mentions(batches)) < 300
        clock.advance(hours=6)
        again = source.poll(cursor, clock.now() + timedelta(seconds=20))
        assert len(again.samples) == 361
        with pytest.raises(QuotaExhausted):
            source.poll(again.cursor, clock.now() + timedelta(seconds=20))
        clock.advance(days=10)
        assert mentions(drained(source, clock, again.cursor)) == []  # a new month, with money and nothing new


def test_without_any_money_it_does_not_even_count() -> None:
    clock = manual()
    with fake(clock) as x, pytest.raises(QuotaExhausted, match="for counts too"):
        drained(source_of(x, clock, budget=0.004), clock)
    assert x.seen == []


# --- what it stands for


def test_every_sampled_post_weighs_what_it_stands_for() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(600):
            x.put(f"acme coffee {n}", at=NOON - timedelta(seconds=60 + 5 * n))
        batches = drained(source_of(x, clock, budget=300.0), clock)
        read = mentions(batches)
        counted = sum(sample.count for sample in samples(batches) if sample.start >= NOON - timedelta(hours=1))
        assert 20 <= len(read) < 200
        assert sum(mention.weight for mention in read) == pytest.approx(counted, rel=0.05)
        assert len({mention.created_at.minute for mention in read}) >= 6


def test_when_all_can_be_read_all_is_read_and_each_stands_for_itself() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(30):
            x.put(f"acme coffee {n}", at=NOON - timedelta(minutes=2 + n))
        read = mentions(drained(source_of(x, clock, budget=1000.0), clock))
        assert len(read) == 30
        assert {mention.weight for mention in read} == {1.0}


# --- the estimate


def test_of_everything_read_the_number_is_known() -> None:
    volume = negative_volume(3, [(1, 1.0), (1, 0.0), (1, 1.0)])
    assert (volume.expected, volume.low, volume.high) == (2, 2, 2)


def test_of_nothing_read_nothing_is_known_but_the_count() -> None:
    volume = negative_volume(100, [])
    assert volume.expected == 50
    assert volume.low <= 1
    assert volume.high >= 99


@given(st.integers(0, 4000), st.lists(st.tuples(st.floats(1, 50), st.floats(0, 1)), max_size=60))
def test_an_estimate_lies_in_its_interval_and_within_what_there_is(
    count: int, sample: list[tuple[float, float]]
) -> None:
    volume = negative_volume(count, sample)
    assert 0 <= volume.low <= volume.high <= max(count, len(sample)) + 1e-9
    assert volume.low - 1 <= volume.expected <= volume.high + 1


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        share, count, read = rng.beta(2, 6), int(rng.integers(100, 1500)), int(rng.integers(10, 60))
        negatives = int(rng.binomial(count, share))
        seen = int(rng.hypergeometric(negatives, count - negatives, read))
        sample = [(count / read, 1.0)] * seen + [(count / read, 0.0)] * (read - seen)
        volume = negative_volume(count, sample, prior=Share(2, 6))
        held += volume.low <= negatives <= volume.high
    assert 0.93 <= held / 400 <= 0.98


@given(st.integers(200, 2000), st.floats(0.02, 0.9), st.integers(5, 60), st.integers(0, 2**16))
def test_posts_times_their_weights_are_the_number_of_negatives_on_average(
    count: int, share: float, read: int, seed: int
) -> None:
    negatives = round(count * share)
    each = weight(count, read)
    assert each == pytest.approx(1 / (read / count))
    found = np.random.default_rng(seed).hypergeometric(negatives, count - negatives, read, size=4000)
    spread = each * np.sqrt(read * share * (1 - share) / 4000)
    assert abs((each * found).mean() - negatives) < 6 * spread + 1e-6


def test_unequal_weights_tell_less() -> None:
    even = learned(JEFFREYS, [(1, 1.0), (1, 0.0)] * 10)
    uneven = learned(JEFFREYS, [(100, 1.0), (1, 0.0)] * 10)
    assert even.a + even.b == pytest.approx(21)
    assert uneven.a + uneven.b < 12
    assert uneven.mean > 0.9
    assert math.isclose(uneven.faded(0.0).mean, 0.5)
