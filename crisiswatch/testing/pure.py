"""The contracts of the plug-ins that compute: scorers, detectors and measures. Mix one into a test class.

::

    class TestMyScorer(ScorerContract):
        def scorer(self):
            return MyScorer()

Needs pytest to run, but nothing of it to be imported.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass

from crisiswatch.detector import Bin, Detector, DetectorState, Window
from crisiswatch.model import Scorer, Text
from crisiswatch.rules.measures import Measure

__all__ = ["DetectorContract", "MeasureContract", "ScorerContract", "Shown"]

HOSTILE = ("", " ", "\x00", "\ud800", "a" * 20_000, "🔥" * 500, "<script>", "\u202eabc", "١٢٣", "\n\n\n", "NO " * 3000)
START = 28_400_000  # a minute of 2023; a Saturday
LARGEST_STATE = 8 * 1024


class ScorerContract:
    """What must hold for every scorer."""

    @abstractmethod
    def scorer(self) -> Scorer:
        """Give a scorer, ready to use."""

    def test_one_sound_score_for_each_text_in_order(self) -> None:
        texts = [Text("This is terrible, I hate it."), Text("The shop opens at nine."), Text("I love it, great!")]
        scores = list(self.scorer().score(texts))
        assert len(scores) == len(texts)
        for score in scores:
            parts = (score.negative, score.neutral, score.positive)
            assert all(0.0 <= part <= 1.0 for part in parts)
            assert abs(sum(parts) - 1.0) < 1e-6
            assert score.model

    def test_no_text_is_no_work(self) -> None:
        assert list(self.scorer().score([])) == []

    def test_no_text_breaks_it(self) -> None:
        texts = [Text(text, lang, ("brand",)) for text in HOSTILE for lang in (None, "it", "xx-nonsense")]
        assert len(list(self.scorer().score(texts))) == len(texts)

    def test_a_score_does_not_depend_on_its_neighbours(self) -> None:
        text, other = Text("They never answer. Awful."), Text("What a lovely morning!")
        scorer = self.scorer()
        alone = next(iter(scorer.score([text])))
        together = list(scorer.score([other, text, other]))
        assert abs(together[1].negative - alone.negative) < 1e-6


class DetectorContract:
    """What must hold for every detector."""

    _learned: tuple[float, ...]

    @abstractmethod
    def detector(self) -> Detector:
        """Give a detector."""

    def test_judging_learns_nothing_and_learning_leaves_the_old_state(self) -> None:
        detector = self.detector()
        state = detector.learn(detector.fresh(), Bin(START, 2.0, 9.0))
        before = list(state)
        window = Window(START + 15, 15, 40.0, 60.0)
        tail = (Bin(START + 5, 20.0, 30.0), Bin(START + 10, 20.0, 30.0))
        assert detector.judge(state, window, tail) == detector.judge(state, window, tail)
        assert detector.explain(state, window, tail) == detector.explain(state, window, tail)
        detector.learn(state, Bin(START + 5, 3.0, 8.0))
        assert list(state) == before

    def test_its_state_is_a_short_flat_list_of_numbers_that_survives_json(self) -> None:
        detector = self.detector()
        state = self._fortnight(detector)
        text = json.dumps(list(state))
        assert len(text) <= LARGEST_STATE
        window = Window(START + 14 * 1440 + 5, 15, 12.0, 30.0)
        tail = (Bin(START + 14 * 1440, 8.0, 14.0),)
        assert detector.judge(json.loads(text), window, tail) == detector.judge(state, window, tail)

    def test_a_gap_is_not_a_zero(self) -> None:
        detector = self.detector()
        state = self._fortnight(detector)
        after: DetectorState = state
        for number in range(288):
            after = detector.learn(after, Bin(START + 14 * 1440 + 5 * number, 0.0, 0.0, 0.0))
        window = Window(START + 16 * 1440, 15, 6.0, 24.0)
        assert detector.judge(after, window).expected == detector.judge(state, window).expected

    def test_a_wave_is_rarer_than_calm(self) -> None:
        detector = self.detector()
        state = self._fortnight(detector)
        end = START + 14 * 1440
        quiet, loud = Bin(end, 2.0, 8.0), (Bin(end, 60.0, 75.0), Bin(end + 5, 60.0, 75.0))
        calm = detector.judge(state, Window(end + 5, 15, 6.0, 24.0), (quiet,))
        wave = detector.judge(state, Window(end + 10, 15, 122.0, 158.0), loud)
        assert wave.false_alarms_per_month < 1.0 < calm.false_alarms_per_month
        assert 0.0 <= calm.low <= calm.expected <= calm.high

    def test_it_says_that_it_is_still_learning(self) -> None:
        detector = self.detector()
        assert detector.judge(detector.fresh(), Window(START, 15, 50.0, 50.0)).learning

    @classmethod
    def _fortnight(cls, detector: Detector) -> list[float]:
        """The state after two weeks; learned once for all tests of the class, of which each gets its own copy."""
        if "_learned" not in vars(cls):
            state: DetectorState = detector.fresh()
            for number in range(14 * 288):
                state = detector.learn(state, Bin(START + 5 * number, float(1 + number % 3), 8.0))
            cls._learned = tuple(state)
        return list(cls._learned)


@dataclass(frozen=True, slots=True)
class Shown:
    """A window to try a measure on; see `crisiswatch.rules.measures.Shown`."""

    count: float = 12.0
    total: float = 30.0
    authors: int = 9
    sources: frozenset[str] = frozenset({"x", "reddit"})
    reach: int = 5400
    largest_audience: int = 2000
    share: float | None = 0.4
    expected: float = 3.0


class MeasureContract:
    """What must hold for every measure."""

    @abstractmethod
    def measure(self) -> Measure:
        """Give the measure."""

    def test_it_gives_a_number_or_none(self) -> None:
        value = self.measure()(Shown())
        assert value is None or float(value) == value

    def test_an_empty_window_does_not_break_it(self) -> None:
        self.measure()(Shown(0.0, 0.0, 0, frozenset(), 0, 0, None, 0.0))

    def test_the_same_window_gives_the_same_number(self) -> None:
        assert self.measure()(Shown()) == self.measure()(Shown())
