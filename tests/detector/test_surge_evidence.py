"""What the default detector takes for a crisis, what it does not, and what it remembers of its own past."""

from __future__ import annotations

import json
import random  # noqa: TID251 - seeded

import pytest

from crisiswatch.detector import Bin, DetectorState, Verdict, Window
from crisiswatch.detector.judging import SurgeDetector
from crisiswatch.detector.layout import SIZE
from crisiswatch.detector.surge import Surge

DAY = 24 * 60
DETECTOR = SurgeDetector()
END = 21 * DAY


def taught(days: int = 21, *, total: float = 10.0, share: float = 0.2, seed: int = 3, **more: float) -> DetectorState:
    """A series of steady volume: ``total`` mentions a bin, of which ``share`` match."""
    chance, state = random.Random(seed), DETECTOR.fresh()
    for start in range(0, days * DAY, 5):
        state = DETECTOR.learn(state, made(chance, start, total, share, **more))
    return state


def made(chance: random.Random, start: int, total: float, share: float, grave: float | None = None) -> Bin:
    count = sum(chance.random() < total / 40 for _ in range(40))
    matching = sum(chance.random() < share for _ in range(count))
    marked = None if grave is None else float(sum(chance.random() < grave for _ in range(matching)))
    return Bin(start, float(matching), float(count), marked=marked)


@pytest.fixture(scope="module")
def steady() -> DetectorState:
    return taught()


def hour(state: DetectorState, count: float, total: float, **more: object) -> Verdict:
    """The verdict on one hour of bins of ``count`` in ``total`` after the state."""
    tail = [Bin(END + 5 * i, count, total, **more) for i in range(12)]
    return DETECTOR.judge(state, Window(END + 60, 60, 12 * count, 12 * total), tail)


def test_an_announced_event_takes_more_than_volume(steady):
    lively = hour(steady, 7.0, 24.0)
    announced = hour(steady, 7.0, 24.0, known=True)
    assert announced.false_alarms_per_month > 2 * lively.false_alarms_per_month


def test_a_joy_without_complaints_is_no_crisis_and_one_with_them_is(steady):
    assert hour(steady, 2.5, 80.0).false_alarms_per_month > 10
    assert hour(steady, 30.0, 80.0).false_alarms_per_month < 0.1


def test_a_handful_of_mentions_is_never_extreme():
    quiet = taught(total=0.2)
    handful = [Bin(END, 7.0, 7.0)]
    crowd = [Bin(END, 20.0, 20.0)]
    few, many = (DETECTOR.judge(quiet, Window(END + 5, 15, t[0].count, t[0].total), t) for t in (handful, crowd))
    assert few.false_alarms_per_month > 0.1 > many.false_alarms_per_month


def test_grave_words_make_the_same_counts_more_unusual():
    state = taught(grave=0.05)
    plain = hour(state, 4.0, 14.0, marked=0.2)
    grave = hour(state, 4.0, 14.0, marked=2.5)
    assert grave.false_alarms_per_month < 0.5 * plain.false_alarms_per_month


def test_grave_words_alone_are_nothing(steady):
    state = taught(grave=0.05)
    assert hour(state, 2.0, 10.0, marked=2.0).false_alarms_per_month > 10
    assert hour(steady, 2.0, 10.0).false_alarms_per_month > 10


def test_a_sample_that_stands_for_more_is_less_sure(steady):
    whole = hour(steady, 5.0, 12.0)
    sampled = hour(steady, 5.0, 12.0, count_square=None, total_square=60.0)
    assert sampled.false_alarms_per_month > whole.false_alarms_per_month


def test_a_new_level_is_an_event_first_and_normal_after_some_days(steady):
    chance, state, usual = random.Random(5), steady, hour(steady, 0.0, 0.0).expected
    for start in range(END, END + 6 * DAY, 5):
        state = DETECTOR.learn(state, made(chance, start, 30.0, 0.2))
    later = END + 6 * DAY
    after = DETECTOR.judge(state, Window(later, 60, 72.0, 360.0), [Bin(later, 6.0, 30.0)])
    assert after.expected > 1.6 * usual
    assert after.false_alarms_per_month > 1.0


def test_probabilities_are_cleared_of_what_any_crowd_adds():
    """A scorer that gives 0.7 to complaints and 0.1 to the rest: a crowd without complaints must not look like some."""
    chance, state = random.Random(7), DETECTOR.fresh()
    for start in range(0, END, 5):
        hard = made(chance, start, 10.0, 0.2)
        state = DETECTOR.learn(state, blurred(hard))
    crowd = [blurred(Bin(END + 5 * i, 2.0, 40.0)) for i in range(12)]
    worse = [blurred(Bin(END + 5 * i, 14.0, 22.0)) for i in range(12)]
    calm, wave = (DETECTOR.judge(state, Window(END + 60, 60, 1.0, 1.0), tail) for tail in (crowd, worse))
    assert calm.false_alarms_per_month > 10
    assert wave.false_alarms_per_month < 0.1


def blurred(hard: Bin) -> Bin:
    others = hard.total - hard.count
    return Bin(
        hard.start,
        0.7 * hard.count + 0.1 * others,
        hard.total,
        count_square=0.49 * hard.count + 0.01 * others,
        total_square=hard.total,
    )


def test_what_was_reached_is_counted_by_the_month(steady):
    assert hour(steady, 0.0, 0.0).achieved[2] == 0.0
    state = steady
    for i in range(24):
        state = DETECTOR.learn(state, Bin(END + 5 * i, 20.0, 30.0))
    often, seldom, rarely = hour(state, 0.0, 0.0).achieved
    assert often >= seldom >= rarely > 0.0


def test_it_says_when_it_began_and_where_it_leads(steady):
    tail = [Bin(END + 5 * i, 2.0, 10.0) for i in range(6)] + [Bin(END + 30 + 5 * i, 12.0, 20.0) for i in range(4)]
    reasons = DETECTOR.explain(steady, Window(END + 50, 15, 36.0, 60.0), tail)
    assert reasons is not None
    assert END + 25 <= reasons.since <= END + 35
    assert reasons.observed > reasons.high > reasons.expected > reasons.low
    assert 100 < reasons.next_hour < 200
    assert reasons.usual_share == pytest.approx(0.2, abs=0.05)
    assert reasons.share > 0.4


@pytest.mark.parametrize("cut", [1, 40, 400, 2000])
def test_it_goes_on_from_its_saved_state_to_the_last_digit(cut):
    chance = random.Random(cut)
    bins = [made(chance, 5 * i, 6.0, 0.3, 0.1) for i in range(cut + 300)]
    straight = Surge()
    for each in bins:
        straight.learn_one(features(each))
    first = Surge()
    for each in bins[:cut]:
        first.learn_one(features(each))
    second = Surge.resume([float(x) for x in json.loads(json.dumps(first.state))])
    for each in bins[cut:]:
        second.learn_one(features(each))
    assert second.state == straight.state


def test_a_state_of_another_layout_starts_afresh():
    state = DETECTOR.learn([1.0] * 10, Bin(0, 1.0, 2.0))
    assert len(state) == SIZE
    assert DETECTOR.judge([1.0] * 400, Window(5, 15, 9.0, 9.0), [Bin(0, 9.0, 9.0)]).learning


def features(each: Bin) -> dict[str, object]:
    return {"minute": each.start, "count": each.count, "total": each.total, "marked": each.marked}


def test_a_fraction_here_and_there_keeps_the_saved_state_small():
    chance, model = random.Random(11), Surge()
    for i in range(30 * 288):
        total = round(chance.random() * 400, 3)
        count, marked = round(total * chance.random() * 0.4, 3), round(total * 0.01, 3)
        x = {"minute": 5 * i, "count": count, "total": total, "marked": marked}
        model.learn_one({**x, "count_square": 0.8 * count, "total_square": 1.7 * total})
    assert len(json.dumps(model.state, separators=(",", ":"))) <= 8 * 1024


def test_a_souring_that_stays_is_the_new_normal_within_three_days(steady):
    chance, state, alarming = random.Random(13), steady, []
    for start in range(END, END + 6 * DAY, 5):
        each = made(chance, start, 20.0, 0.5)
        verdict = DETECTOR.judge(state, Window(start + 5, 15, each.count, each.total), [each])
        if verdict.false_alarms_per_month <= 1.0:
            alarming.append(start)
        state = DETECTOR.learn(state, each)
    assert alarming[0] <= END + 60
    assert alarming[-1] <= END + 3 * DAY


@pytest.mark.parametrize("what", ["count", "total", "exposure", "marked", "count_square", "total_square"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_a_bin_of_nonsense_spoils_nothing(steady, what, value):
    sane = {"count": 2.0, "total": 10.0, "exposure": 1.0, "marked": 0.0, "count_square": None, "total_square": None}
    bad = Bin(END, **{**sane, what: value})
    state = DETECTOR.learn(steady, bad)
    DETECTOR.judge(steady, Window(END + 5, 15, 2.0, 10.0), [bad])
    for i in range(1, 100):
        state = DETECTOR.learn(state, Bin(END + 5 * i, 2.0, 10.0))
    later = END + 500
    verdict = DETECTOR.judge(state, Window(later + 5, 15, 6.0, 30.0), [Bin(later, 2.0, 10.0)])
    assert all(each == each and abs(each) != float("inf") for each in state)  # noqa: PLR0124 - not a number
    assert verdict.expected >= 0.0


def test_a_thin_sample_keeps_the_saved_state_small():
    chance, model = random.Random(17), Surge()
    for i in range(20 * 288):
        total = 1000.0 * chance.randint(0, 40) + 0.25
        count = 1000.0 * chance.randint(0, 8)
        model.learn_one({"minute": 5 * i, "count": count, "total": total, "total_square": 1000.0 * total})
    assert len(json.dumps(model.state, separators=(",", ":"))) <= 8 * 1024


def test_the_reasons_tell_the_window_that_carried_the_verdict_though_a_quiet_bin_has_begun_since(steady):
    """The verdict stands for a quarter of an hour; so do its reasons, or they would tell of figures nobody finds odd."""
    wave = [Bin(END, 14.0, 20.0)]
    window = Window(END + 6, 15, 14.0, 24.0)
    before = DETECTOR.explain(steady, Window(END + 5, 15, 14.0, 20.0), wave)
    after = DETECTOR.explain(steady, window, [*wave, Bin(END + 5, 0.0, 0.0, minutes=1)])
    assert (after.minutes, after.observed) == (before.minutes, before.observed)
    assert after.observed > 2 * after.expected


def test_the_next_hour_is_reckoned_from_the_minutes_that_have_passed(steady):
    """A bin that is one minute old holds a fifth of what it will: the outlook must not sink because a bin began."""
    wave = [Bin(END + 5 * i, 14.0, 30.0) for i in range(4)]
    whole = DETECTOR.explain(steady, Window(END + 15, 15, 42.0, 90.0), wave[:3])
    begun = DETECTOR.explain(steady, Window(END + 16, 15, 44.0, 96.0), [*wave[:3], Bin(END + 15, 2.8, 6.0, minutes=1)])
    assert begun.next_hour == pytest.approx(whole.next_hour, rel=0.1)
