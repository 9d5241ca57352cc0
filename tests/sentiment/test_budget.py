from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.clock import ManualClock
from crisiswatch.model import Score, Text
from crisiswatch.sentiment import NullScorer
from crisiswatch.sentiment.budget import REASONS, Budgeted
from crisiswatch.sentiment.heavy import open_folder
from tests.sentiment.heavy_model import make_folder


class Model:
    """Takes ``pace`` seconds of a manual clock for a text, and notes the sizes of its pieces."""

    def __init__(self, clock: ManualClock, pace: float = 0.0, name: str = "main") -> None:
        self.clock = clock
        self.pace = pace
        self.name = name
        self.pieces: list[int] = []
        self.seen: list[str] = []
        self.answer: Callable[[Sequence[Text]], Sequence[Score]] | None = None

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        self.pieces.append(len(texts))
        self.seen += [text.text for text in texts]
        self.clock.advance(seconds=self.pace * len(texts))
        return self.answer(texts) if self.answer else [Score(0.2, 0.3, 0.5, self.name)] * len(texts)


class Bench:
    """A slow model and a quick one behind a budget, and a clock."""

    def __init__(self, pace: float, seconds: float = 1.0, piece: int = 32) -> None:
        self.clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.main = Model(self.clock, pace)
        self.quick = Model(self.clock, 0.0, "quick")
        self.scorer = Budgeted(self.main, self.quick, seconds=seconds, clock=self.clock, piece=piece)
        self.tally = self.scorer.tally

    def batch(self, size: int, wait: float = 0.0) -> tuple[int, float]:
        """Score a batch after a wait: how many texts the main scorer did, and the seconds it all took."""
        self.clock.advance(seconds=wait)
        began = self.clock.monotonic()
        scores = self.scorer.score([Text(f"text {number}") for number in range(size)])
        assert len(scores) == size
        return sum(score.model == "main" for score in scores), self.clock.monotonic() - began


def boom(_: Sequence[Text]) -> Sequence[Score]:
    raise RuntimeError("out of memory")


# --- time


def test_a_model_that_is_quick_enough_scores_everything() -> None:
    bench = Bench(pace=0.001)
    assert bench.batch(100)[0] == 100
    assert bench.main.pieces == [1, 4, 16, 32, 32, 15]
    assert bench.quick.pieces == []
    assert (bench.tally.scored_by_main, bench.tally.scored_by_fallback) == (100, 0)
    assert bench.tally.reasons == dict.fromkeys(REASONS, 0)
    assert bench.tally.pace == pytest.approx(0.001)


def test_what_does_not_fit_goes_to_the_fall_back_in_one_call_and_in_order() -> None:
    bench = Bench(pace=0.05)
    scores = bench.scorer.score([Text(str(number)) for number in range(100)])
    assert [score.model for score in scores] == ["main"] * 20 + ["quick"] * 80
    assert bench.main.seen + bench.quick.seen == [str(number) for number in range(100)]
    assert bench.quick.pieces == [80]
    assert bench.clock.monotonic() == pytest.approx(1.0)
    assert (bench.tally.scored_by_main, bench.tally.scored_by_fallback) == (20, 80)
    assert bench.tally.reasons == {"budget": 80, "failed": 0, "unsound": 0, "resting": 0}


def test_each_batch_has_a_budget_of_its_own() -> None:
    bench = Bench(pace=0.05)
    assert [bench.batch(30)[0] for _ in range(3)] == [20, 20, 20]


def test_a_first_text_that_takes_forever_is_the_only_one_that_blocks() -> None:
    bench = Bench(pace=7.0)
    assert bench.batch(500) == (1, pytest.approx(7.0))
    for _ in range(5):
        assert bench.batch(500, wait=1.0) == (0, 0.0)
    assert bench.tally.reasons["budget"] == 499 + 5 * 500


def test_a_model_too_slow_for_one_text_is_tried_with_one_every_ten_seconds() -> None:
    bench = Bench(pace=3.0)
    got = [bench.batch(50, wait=1.0)[0] for _ in range(31)]
    assert sum(got) == len(bench.main.pieces) == 4
    assert set(bench.main.pieces) == {1}
    assert max(got) == 1


def test_it_comes_back_by_itself_when_the_load_goes() -> None:
    bench = Bench(pace=0.01)
    assert bench.batch(60)[0] == 60
    bench.main.pace = 2.0
    bench.batch(60, wait=20.0)
    assert bench.batch(60, wait=1.0)[0] == 0
    bench.main.pace = 0.01
    assert bench.batch(60, wait=5.0)[0] == 0  # it is not known yet
    assert bench.batch(60, wait=5.0)[0] == 60
    assert bench.tally.pace == pytest.approx(0.01)


def test_load_that_comes_in_the_middle_of_a_batch_costs_one_piece() -> None:
    bench = Bench(pace=0.01)

    def slower(texts: Sequence[Text]) -> Sequence[Score]:
        if len(texts) == 16:
            bench.clock.advance(seconds=16 * 0.2)
        return [Score(0.2, 0.3, 0.5, "main")] * len(texts)

    bench.main.answer = slower
    done, took = bench.batch(500)
    assert bench.main.pieces == [1, 4, 16]
    assert done == 21
    assert took == pytest.approx(0.21 + 3.2)
    bench.main.answer = None
    bench.batch(500)
    assert bench.main.pieces[3] == 1, "after a piece that overran they start small again"


def test_after_a_pause_pieces_start_small_again() -> None:
    bench = Bench(pace=0.001)
    bench.batch(53)
    bench.batch(32, wait=5.0)
    assert bench.main.pieces == [1, 4, 16, 32, 32]
    bench.main.pace = 0.3
    assert bench.batch(100, wait=60.0) == (3, pytest.approx(0.9))


def test_the_pace_follows_slowly_within_ten_seconds() -> None:
    bench = Bench(pace=0.01, piece=1)
    bench.batch(1)
    bench.main.pace = 0.02
    bench.batch(1, wait=1.0)
    assert bench.tally.pace == pytest.approx(0.01 + 0.3 * 0.01)


def test_a_piece_is_never_larger_than_allowed_and_a_budget_may_be_endless() -> None:
    bench = Bench(pace=60.0, seconds=math.inf, piece=3)
    assert bench.batch(20)[0] == 20
    assert max(bench.main.pieces) == 3
    assert bench.batch(0) == (0, 0.0)


@given(st.lists(st.floats(0.0, 4.0), min_size=1, max_size=12), st.integers(1, 80), st.floats(0.1, 3.0), st.data())
def test_no_batch_blocks_for_longer_than_its_budget_and_one_piece(
    paces: list[float], size: int, seconds: float, data: st.DataObject
) -> None:
    bench = Bench(pace=0.0, seconds=seconds)
    for pace in paces:
        bench.main.pace = pace
        wait = data.draw(st.floats(0.0, 30.0))
        before = len(bench.main.pieces)
        done, took = bench.batch(size, wait)
        pieces = bench.main.pieces[before:]
        assert sum(pieces) == done
        assert took <= seconds + pace * max(pieces, default=0) + 1e-3
        assert pace * sum(pieces[:-1]) <= seconds + 1e-3, "a piece began after the budget had gone"
    tally = bench.tally
    assert tally.scored_by_main + tally.scored_by_fallback == size * len(paces)
    assert sum(tally.reasons.values()) == tally.scored_by_fallback


# --- failures


def test_a_piece_that_fails_goes_to_the_fall_back_whole() -> None:
    bench = Bench(pace=0.001)
    bench.batch(5)

    def picky(texts: Sequence[Text]) -> Sequence[Score]:
        return (
            boom(texts) if any(text.text == "text 3" for text in texts) else [Score(0.2, 0.3, 0.5, "main")] * len(texts)
        )

    bench.main.answer = picky
    scores = bench.scorer.score([Text(f"text {number}") for number in range(40)])
    assert [score.model for score in scores[:16]] == ["quick"] * 16
    assert [score.model for score in scores[16:]] == ["main"] * 24
    assert bench.tally.reasons["failed"] == 16
    assert (bench.tally.failures, bench.tally.last_failure) == (1, "RuntimeError")
    assert not bench.tally.resting


@pytest.mark.parametrize(
    "answer", [[], [Score(0.2, 0.3, 0.5, "x")] * 2, ["negative"], None, [Score(9.0, 9.0, 9.0, "x")]]
)
def test_an_answer_that_is_no_score_for_each_text_is_a_failure(answer: Sequence[Score]) -> None:
    bench = Bench(pace=0.001)
    bench.main.answer = lambda _: answer
    assert bench.batch(1)[0] == 0
    assert bench.tally.failures == bench.tally.reasons["failed"] == 1
    assert bench.tally.pace is None


def test_a_single_score_that_is_none_goes_to_the_fall_back_alone() -> None:
    bench = Bench(pace=0.001)
    bench.batch(21)
    bad = Score(float("nan"), 0.5, 0.5, "main")
    bench.main.answer = lambda texts: [bad if text.text == "text 7" else Score(0.2, 0.3, 0.5, "main") for text in texts]
    scores = bench.scorer.score([Text(f"text {number}") for number in range(20)])
    assert [number for number, score in enumerate(scores) if score.model == "quick"] == [7]
    assert bench.tally.reasons["unsound"] == 1
    assert bench.tally.failures == 0


def test_after_three_failures_in_a_row_it_rests_longer_and_longer() -> None:
    bench = Bench(pace=0.0)
    bench.main.answer = boom
    bench.batch(100)
    assert bench.main.pieces == [1, 1, 1]
    assert bench.tally.resting
    assert bench.tally.reasons == {"budget": 0, "failed": 3, "unsound": 0, "resting": 97}
    asked = []
    for second in range(3, 3400):
        before = len(bench.main.pieces)
        bench.batch(2, wait=1.0)
        asked += [second] * (len(bench.main.pieces) - before)
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    assert gaps == [60, 120, 240, 480, 600, 600, 600, 600]
    assert set(bench.main.pieces) == {1}


def test_one_text_that_works_ends_the_rest_and_three_more_failures_begin_it_anew() -> None:
    bench = Bench(pace=0.001)
    bench.main.answer = boom
    bench.batch(10)
    assert bench.batch(10, wait=29.0)[0] == 0
    bench.main.answer = None
    assert bench.batch(10, wait=1.0)[0] == 10
    assert bench.main.pieces == [1, 1, 1, 1, 4, 5]
    assert not bench.tally.resting
    bench.main.answer = boom
    bench.batch(60)
    assert len(bench.main.pieces) == 6 + 3
    assert bench.tally.resting
    bench.main.answer = None
    assert bench.batch(10, wait=30.0)[0] == 10


def test_two_failures_and_a_success_are_no_reason_to_rest() -> None:
    bench = Bench(pace=0.001)
    calls = iter([boom, boom, None] * 50)

    def moody(texts: Sequence[Text]) -> Sequence[Score]:
        if next(calls):
            raise RuntimeError
        return [Score(0.2, 0.3, 0.5, "main")] * len(texts)

    bench.main.answer = moody
    bench.batch(60)
    assert not bench.tally.resting
    assert bench.tally.reasons["resting"] == 0


def test_failures_that_take_long_use_the_budget_up() -> None:
    bench = Bench(pace=0.6)
    bench.main.answer = boom
    assert bench.batch(10) == (0, pytest.approx(1.2))
    assert bench.tally.reasons == {"budget": 8, "failed": 2, "unsound": 0, "resting": 0}


def test_what_the_fall_back_raises_is_passed_on() -> None:
    bench = Bench(pace=0.001)
    bench.main.answer = bench.quick.answer = boom
    with pytest.raises(RuntimeError, match="out of memory"):
        bench.batch(1)


@pytest.mark.parametrize(("seconds", "piece"), [(0.0, 32), (-1.0, 32), (float("nan"), 32), (1.0, 0)])
def test_a_budget_that_makes_no_sense_is_refused(seconds: float, piece: int) -> None:
    with pytest.raises(ValueError, match="more than 0 seconds"):
        Bench(0.0, seconds, piece)


def test_a_real_model_with_a_text_it_has_no_number_for(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    heavy = open_folder(make_folder(tmp_path / "tiny"))
    scorer = Budgeted(heavy, NullScorer(), seconds=1.0, clock=clock)
    models = [score.model for score in scorer.score([Text("awful"), Text("great"), Text("broken"), Text("late")])]
    assert [model.split("-")[0] for model in models] == ["tiny", "tiny", "none", "tiny"]
