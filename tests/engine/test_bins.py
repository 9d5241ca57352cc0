"""What a detector is told: people in full, copies a fifth, probabilities added up, known events marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.detector import Bin, DetectorState, Explanation, Verdict, Window
from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.engine import program as programs
from crisiswatch.model import Event, Level, MentionScored, Score, SourceHealth, Tick
from crisiswatch.rules.model import CalendarEvent, MentionFilter, Rule, Ruleset
from crisiswatch.testing.mentions import Mentions
from crisiswatch.windows import BIN, minute_of
from tests.engine.streams import at_least, rule

START = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
WORDS = ("queue", "parcel", "waiting", "broken", "kettle", "refund", "voucher", "counter", "manager", "delayed")


class Listening:
    """A detector that writes down what it is told."""

    name = "listening"

    def __init__(self) -> None:
        self.learned: list[Bin] = []
        self.looks: list[tuple[Window, tuple[Bin, ...]]] = []

    def fresh(self) -> DetectorState:
        return [1.0]

    def learn(self, state: DetectorState, closed: Bin) -> DetectorState:
        self.learned.append(closed)
        return state

    def judge(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Verdict:
        self.looks.append((window, tuple(tail)))
        return Verdict(window.count, 1.0, 0.0, 2.0, 100.0, learning=True)

    def explain(self, state: DetectorState, window: Window, tail: Sequence[Bin] = ()) -> Explanation | None:
        return None


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Listening:
    made = Listening()
    monkeypatch.setattr(programs, "get_detector", lambda _: made)
    programs.program_for.cache_clear()
    programs._program.cache_clear()
    return made


@pytest.fixture(autouse=True)
def _forget_programs():
    yield
    programs.program_for.cache_clear()
    programs._program.cache_clear()


def watching(sentiment: str = "negative", **fields: object) -> Rule:
    filter_ = MentionFilter(sentiment, **fields)  # type: ignore[arg-type]
    return rule("r", Level.WARNING, at_least("surprise", 1.0), at_least("count", 1), mentions=filter_)


def run(events: Sequence[Event], *rules: Rule, calendar: tuple[CalendarEvent, ...] = (), hours: int = 2) -> bytes:
    end = START + timedelta(hours=hours)
    alive = Mentions(1).one(end, "neutral")  # only then it is known that the silence before it was calm
    story = [*sorted(events, key=lambda event: event.at), alive, Tick(end + timedelta(minutes=12))]
    state, _ = fold(State("acme"), story, Ruleset(rules, calendar=calendar))
    return encode(state)


def spread(count: int, start: timedelta = timedelta(0), over: timedelta = timedelta(minutes=5)) -> list[MentionScored]:
    """Different people, each with words of their own."""
    mentions = Mentions(count + start.seconds)
    made = []
    for number in range(count):
        own = [f"{word}{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}x{start.seconds}" for word in WORDS]
        at = START + start + over * number / count
        made.append(mentions.one(at, author=f"p{start.seconds}-{number}", text=" ".join(own[:7])))
    return made


def told(listening: Listening, minute: int) -> Bin:
    start = minute_of(START) + minute
    (found,) = [each for each in listening.learned if each.start == start]
    return found


COPY = "everybody should see what acme did to this family at the station tonight"


def copies(count: int, start: timedelta = timedelta(0), **fields: object) -> list[MentionScored]:
    mentions = Mentions(77)
    at = START + start
    return [
        mentions.one(
            at + timedelta(seconds=5 * number),
            author=f"c{start.seconds}-{number}",
            text=f"{COPY} https://t.example/{number} #tag{number}",
            **fields,  # type: ignore[arg-type]
        )
        for number in range(count)
    ]


def test_a_quiet_stream_counts_exactly(listening):
    run([*spread(40), *spread(33, timedelta(minutes=5)), *spread(7, timedelta(minutes=10))], watching())
    assert [(b.count, b.total, b.count_square, b.total_square) for b in listening.learned[1:4]] == [
        (40.0, 40.0, None, None),
        (33.0, 33.0, None, None),
        (7.0, 7.0, None, None),
    ]


def test_a_text_that_is_pushed_counts_once_and_then_a_fifth_each_time(listening):
    run([*copies(31), *copies(20, timedelta(minutes=10))], watching())
    assert told(listening, 0).count == told(listening, 0).total == pytest.approx(31 / 5 + 4 / 5)
    assert told(listening, 10).count == pytest.approx(20 / 5)


def test_after_an_hour_it_is_news_again(listening):
    run([*copies(10), *copies(10, timedelta(minutes=70))], watching())
    assert told(listening, 70).count == told(listening, 0).count == pytest.approx(10 / 5 + 4 / 5)


def test_one_account_that_floods_counts_a_fifth_each_time(listening):
    flood = [replace(each, mention=replace(each.mention, author_id="loud")) for each in spread(40)]
    run(flood, watching())
    assert told(listening, 0).count == pytest.approx(40 / 5 + 4 / 5)


def test_what_people_pass_on_counts_in_full(listening):
    reposts = copies(25, repost_of="x:1")
    marked = [replace(e, mention=replace(e.mention, text="RT @a: " + COPY)) for e in copies(25, timedelta(seconds=126))]
    run([*reposts, *marked], watching())
    assert told(listening, 0).count == 50.0


def test_a_flood_of_joy_hides_nothing(listening):
    joy = [replace(each, score=Score(0.05, 0.15, 0.8, "made")) for each in copies(60)]
    run([*spread(20), *joy], watching())
    assert told(listening, 0).count == 20.0
    assert told(listening, 0).total == pytest.approx(20 + 60 / 5 + 4 / 5)


def test_a_look_is_told_the_same_as_is_learned_later(listening):
    events = [*spread(30), *copies(31, timedelta(minutes=1)), *spread(9, timedelta(minutes=6), timedelta(minutes=3))]
    run(events, watching(), hours=1)
    learned = {each.start: each for each in listening.learned}
    assert told(listening, 0).count < 61
    last_tails = {b.start: b for _, tail in listening.looks for b in tail if b.minutes == BIN}
    assert last_tails[minute_of(START)] == learned[minute_of(START)]
    assert last_tails[minute_of(START) + 5] == learned[minute_of(START) + 5]
    window = max((window for window, _ in listening.looks), key=lambda each: each.count)
    assert window.count == 70.0  # a rule's own window is told as it is counted


SOFT = Score(0.3, 0.6, 0.1, "calm-1", calibrated=True)


def soft(events: Sequence[MentionScored], score: Score = SOFT) -> list[MentionScored]:
    return [replace(each, score=score) for each in events]


def test_calibrated_probabilities_are_added_up(listening):
    sure = Score(0.9, 0.1, 0.0, "calm-1", calibrated=True)
    run([*soft(spread(10)), *soft(spread(4, timedelta(seconds=30)), sure)], watching())
    found = told(listening, 0)
    assert (found.count, found.total) == (pytest.approx(10 * 0.3 + 4 * 0.9), 14.0)
    assert found.count_square == pytest.approx(10 * 0.09 + 4 * 0.81)
    assert found.total_square == pytest.approx(14.0)


def test_probabilities_that_nobody_calibrated_are_not(listening):
    run(soft(spread(10), Score(0.45, 0.3, 0.25, "vader")), watching())
    assert (told(listening, 0).count, told(listening, 0).count_square) == (10.0, None)


def test_words_and_the_sentiment_any_are_sure_whatever_the_scorer_says(listening):
    run(soft(spread(10)), watching("any"))
    assert told(listening, 0).count == 10.0
    run(soft(spread(10)), replace(watching(words=("nothing like it",)), id="words"))
    assert [b.count for b in listening.learned if b.start == minute_of(START)] == [10.0, 0.0]


def test_copies_of_what_may_be_negative_weigh_a_fifth_too(listening):
    by_stars = soft(spread(20), Score(0.9, 0.08, 0.02, "rating"))  # a label beside the scorer's own
    run([*by_stars, *soft(copies(50))], watching())
    echo = 50 / 5 + 4 / 5
    assert told(listening, 0).total == pytest.approx(20 + echo)
    assert told(listening, 0).count == pytest.approx(20 + 0.3 * echo)
    assert told(listening, 0).count_square == pytest.approx(20 + 0.09 * echo)


def test_a_sample_is_told_with_its_noise(listening):
    sampled = [replace(each, mention=replace(each.mention, weight=10.0)) for each in spread(8)]
    run([*sampled, *spread(2, timedelta(seconds=40))], watching())
    found = told(listening, 0)
    assert (found.count, found.count_square, found.total_square) == (82.0, 802.0, 802.0)


def gravely(events: Sequence[MentionScored], word: str = "hospital") -> list[MentionScored]:
    return [replace(each, mention=replace(each.mention, text=f"{each.mention.text} {word}")) for each in events]


def test_complaints_with_grave_words_are_counted_apart(listening):
    calm = gravely([replace(each, score=Score(0.05, 0.9, 0.05, "made")) for each in spread(8, timedelta(seconds=20))])
    told_in = [*spread(12), *gravely(spread(5, timedelta(seconds=7)), "ospedale"), *calm]
    run([*told_in, *spread(6, timedelta(minutes=5))], watching())
    assert (told(listening, 0).marked, told(listening, 0).count, told(listening, 0).total) == (5.0, 17.0, 25.0)
    assert (told(listening, 5).marked, told(listening, 5).count) == (0.0, 6.0)


def test_a_look_at_an_unfinished_bin_is_told_of_its_grave_words(listening):
    run(
        [
            *gravely(spread(3, over=timedelta(minutes=1))),
            *gravely(spread(4, timedelta(minutes=3), timedelta(minutes=1))),
        ],
        watching(),
    )
    tails = [each for _, tail in listening.looks for each in tail if each.start == minute_of(START)]
    assert {(each.minutes, each.marked) for each in tails if each.minutes in (1, 5)} >= {(1, 3.0)}
    assert max(each.marked for each in tails) == 7.0


def test_grave_words_weigh_what_their_mention_weighs(listening):
    sampled = [replace(each, mention=replace(each.mention, weight=10.0)) for each in gravely(spread(2))]
    sure = Score(0.9, 0.1, 0.0, "calm-1", calibrated=True)
    plain = Score(0.8, 0.15, 0.05, "rating")
    rest = soft(spread(4, timedelta(seconds=9)), plain)
    run([*soft(sampled, plain), *soft(gravely(spread(3, timedelta(seconds=30))), sure), *rest], watching())
    assert told(listening, 0).marked == pytest.approx(20 + 3 * 0.9)
    assert told(listening, 0).marked < told(listening, 0).count


def test_a_grave_text_that_is_pushed_weighs_a_fifth_too(listening):
    run(gravely(copies(31)), watching())
    assert told(listening, 0).marked == told(listening, 0).count == pytest.approx(31 / 5 + 4 / 5)


def test_a_series_without_a_detector_does_not_look_for_grave_words():
    plain = rule("r", Level.WARNING, at_least("count", 1), at_least("organic", 1), mentions=MentionFilter("negative"))
    state, _ = fold(State("acme"), gravely(spread(9)), Ruleset((plain,)))
    (kept,) = state.series.values()
    assert sum(bucket.count for bucket in kept.series.buckets.values()) == 9000
    assert not any(bucket.marked for bucket in kept.series.buckets.values())


def test_what_the_calendar_knows_is_marked(listening):
    start = minute_of(START)
    show = CalendarEvent("show", start + 7, start + 12, ("acme",))
    run(spread(20, over=timedelta(minutes=20)), watching(), calendar=(show, CalendarEvent("x", 0, 1, ("other",))))
    assert [each.start - start for each in listening.learned if each.known] == [5, 10]
    assert {b.start - start for _, tail in listening.looks for b in tail if b.known} == {5, 10}


PEOPLE = st.tuples(st.integers(0, 70 * 60), st.integers(0, 12), st.integers(0, 6), st.booleans(), st.booleans())


@given(st.lists(PEOPLE, max_size=80), st.lists(st.integers(1, 30), max_size=10))
def test_any_cut_with_a_crash_at_each_tells_the_detector_the_same(said, cuts):
    mentions = Mentions(5)
    events: list[Event] = []
    for second, author, text, negative, calibrated in said:
        words = f"{COPY} {text} {WORDS[text]}{WORDS[text + 1]} {'hospital' if text % 2 else 'theatre'}"
        made = mentions.one(
            START + timedelta(seconds=second), "negative" if negative else "neutral", author=f"a{author}", text=words
        )
        events.append(replace(made, score=replace(made.score, calibrated=calibrated)))
    events.sort(key=lambda event: event.at)
    events.append(Tick(START + timedelta(hours=2)))
    rules, listeners, left = Ruleset((watching(),)), [], []
    for sizes in ([], cuts):
        listener = Listening()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(programs, "get_detector", lambda _, one=listener: one)
            programs.program_for.cache_clear()
            programs._program.cache_clear()
            state, rest = State("acme"), list(events)
            for size in [*sizes, len(events)]:
                state, _ = fold(decode(encode(state)), rest[:size], rules)
                rest = rest[size:]
        listeners.append(listener)
        left.append(encode(state))
    assert listeners[0].learned == listeners[1].learned
    assert listeners[0].looks == listeners[1].looks
    assert left[0] == left[1]
    assert sum(each.total for each in listeners[0].learned) <= len(said)
    assert all(0.0 <= each.marked <= each.count for each in listeners[0].learned)


def test_a_detector_is_told_of_the_dark_for_as_long_as_its_windows_reach(listening):
    dark = [SourceHealth(START + timedelta(minutes=12), "x", healthy=False, reason="failing")]
    dark += [SourceHealth(START + timedelta(hours=30), "x", healthy=True)]
    run([*spread(20), *dark, *spread(20, timedelta(hours=30))], watching(), hours=31)
    starts = [each.start - minute_of(START) for each in listening.learned]
    assert set(range(0, 6 * 60, BIN)) <= set(starts)
    assert len(starts) < 31 * 60 / BIN
    assert all(each.exposure == 0.0 for each in listening.learned if 15 <= each.start - minute_of(START) < 30 * 60)


def test_what_was_said_before_a_long_silence_is_learned_when_it_ends(listening):
    run(spread(3), watching(), hours=9)
    assert told(listening, 0).count == 3.0
    assert sum(each.total for each in listening.learned) == 3.0  # who broke the silence is yet to be learned
