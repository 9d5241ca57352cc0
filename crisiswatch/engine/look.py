"""One look at one rule's window: measures are worked out when a condition asks for them, and only once."""

from __future__ import annotations

from dataclasses import replace

from crisiswatch.detector import Bin, Detector, Explanation, Verdict, Window
from crisiswatch.engine.bins import tail_of
from crisiswatch.engine.program import WEEK
from crisiswatch.engine.state import SeriesState, State
from crisiswatch.model import Reading, Reasons, SignalCounts
from crisiswatch.rules.measures import plug_in
from crisiswatch.rules.model import MEASURES, CalendarEvent
from crisiswatch.sentiment.severity import WEIGHTS
from crisiswatch.windows import BIN, MILLI, Bucket, Series, SlidingSum, distinct_over, moment, organic_part
from crisiswatch.windows.organic import OWN_COPY_WORTH

__all__ = ["Look"]


class Look:
    """The measures of the window of ``window.length`` minutes before ``end`` of one series, early or final.

    ``counted`` are the sources that the rule counts; empty means all.
    """

    __slots__ = (
        "_authors",
        "_calendar",
        "_counted",
        "_detector",
        "_kept",
        "_organic",
        "_sources",
        "_span",
        "_state",
        "_verdict",
        "_window",
        "end",
    )

    def __init__(  # noqa: PLR0917 - one question, all of it needed
        self,
        state: State,
        kept: SeriesState,
        window: SlidingSum,
        end: int,
        detector: Detector | None,
        calendar: tuple[CalendarEvent, ...] = (),
        counted: tuple[str, ...] = (),
    ) -> None:
        self.end = end
        self._counted = counted
        self._state = state
        self._kept = kept
        self._window = window
        self._detector = detector
        self._calendar = calendar
        self._span: list[Bucket] | None = None
        self._authors: int | None = None
        self._organic: float | None = None
        self._sources: frozenset[str] | None = None
        self._verdict: Verdict | None = None

    @property
    def start(self) -> int:
        """The first minute in the window; ``end`` is the first one after it."""
        return self.end - self._window.length

    @property
    def count(self) -> float:
        """Matching mentions, weighted."""
        return self._window.count / MILLI

    @property
    def total(self) -> float:
        """Mentions of the population: the rule's filter without sentiment and words."""
        return self._window.total / MILLI

    @property
    def authors(self) -> int:
        """Different accounts behind the matching mentions."""
        if self._authors is None:
            self._authors = distinct_over([b.voices.authors for b in self._buckets() if b.voices is not None])
        return self._authors

    @property
    def organic(self) -> float | None:
        """`count` with copies of an account or a text discounted; None where texts are not looked at."""
        if self._organic is None and self._kept.series.keeps_texts:
            part = organic_part([bucket.voices for bucket in self._buckets() if bucket.voices is not None])
            self._organic = round(self.count * part, 3)
        return self._organic

    @property
    def sources(self) -> frozenset[str]:
        """Sources of the matching mentions."""
        if self._sources is None:
            self._sources = frozenset().union(*[bucket.sources for bucket in self._buckets()])
        return self._sources

    @property
    def reach(self) -> int:
        """Sum of the known audiences, in people; every mention counts its author's anew."""
        return sum([bucket.reach for bucket in self._buckets()])

    @property
    def largest_audience(self) -> int:
        """The largest known audience, in people."""
        return max([bucket.audience for bucket in self._buckets()], default=0)

    @property
    def complaints(self) -> float:
        """Matching mentions that complain, weighted."""
        return sum([bucket.said.complaints for bucket in self._buckets() if bucket.said is not None]) / MILLI

    @property
    def questions(self) -> float:
        """Matching mentions that ask, weighted."""
        return sum([bucket.said.questions for bucket in self._buckets() if bucket.said is not None]) / MILLI

    @property
    def severity(self) -> float:
        """How grave the matching mentions are, added up: each of them 0 to below 1."""
        return sum([bucket.said.weight for bucket in self._buckets() if bucket.said is not None]) / MILLI

    @property
    def share(self) -> float | None:
        """Matching part of the population; None without any."""
        return self._window.count / self._window.total if self._window.total else None

    @property
    def blind_for(self) -> int:
        """Minutes for which a source that the rule counts has been blind by now; of several, the longest."""
        counted, now = self._counted, self._state.now
        going_on = [each for each in self._state.spells if each.until < 0 and (not counted or each.source in counted)]
        return max([now - each.since for each in going_on], default=0)

    @property
    def verdict(self) -> Verdict | None:
        """The detector's judgement; None for a rule that asks for none."""
        if self._verdict is None and self._detector is not None and self._kept.detector is not None:
            verdict = self._detector.judge(self._kept.detector, self._asked(), self._tail())
            self._verdict = replace(verdict, learning=True) if self.end < self._kept.held else verdict
        return self._verdict

    def _asked(self) -> Window:
        return Window(self.end, self._window.length, self.count, self.total)

    def _reasons(self) -> Reasons | None:
        """Why the verdict is what it is, for people: worked out only where somebody is going to read it."""
        verdict = self.verdict
        if verdict is None or verdict.learning or self._detector is None or self._kept.detector is None:
            return None
        tail = self._tail()
        why = self._detector.explain(self._kept.detector, self._asked(), tail)
        return None if why is None else _reasons(why, self._heard_from(why.since), self._copies(tail))

    def _heard_from(self, minute: int | None) -> int | None:
        """When it began, or when the sources spoke again if that is in a time nobody could see."""
        while minute is not None and minute + BIN < self.end and self._state.exposure(minute) <= 0.0:
            minute += BIN
        return minute

    def _copies(self, tail: list[Bin]) -> float:
        """How many mentions people see for each that the detector does: it hardly counts copies."""
        told = sum([each.count for each in tail])
        seen = sum([b.count for b in self._kept.series.span(tail[0].start, self.end)]) / MILLI if tail else 0.0
        return min(max(seen / told, 1.0), 1.0 / OWN_COPY_WORTH) if told > 0.0 else 1.0

    def _tail(self) -> list[Bin]:
        return tail_of(self._state, self._kept, self._calendar, self.end)

    @property
    def expected(self) -> float:
        """What the detector expects here; 0 for a rule without one."""
        return self.verdict.expected if self.verdict is not None else 0.0

    @property
    def complete(self) -> bool:
        """Whether all of the window was watched, with every source able to speak."""
        return self._watched(self.start, self.end)

    def growth(self, against: str) -> float | None:
        """The count as a multiple of the reference window's (at least one mention); None where that is unknown."""
        length = self._window.length
        if against == "same_hours_last_week":
            start, end = self.start - WEEK, self.end - WEEK
            if not self._watched(start, end):
                return None
            bins = self._kept.series.bins
            reference = sum(bins.get(each, 0) for each in range(start - start % BIN, end, BIN))
        else:
            start, end = self.start - length, self.start
            if not self._watched(start, end):
                return None
            reference = sum(bucket.count for bucket in self._kept.series.span(start, end))
        return self._window.count / max(reference, MILLI)

    def value(self, measure: str, against: str | None) -> float | None:
        """Give a measure by its name in the rule language; see `crisiswatch.rules.judge.Measures`."""
        match measure:
            case "sources":
                return float(len(self.sources))
            case "growth":
                return self.growth(against or "previous_window")
            case "surprise":
                verdict = self.verdict
                return None if verdict is None or verdict.learning else verdict.false_alarms_per_month
            case _:
                found = getattr(self, measure) if measure in MEASURES else plug_in(measure)(self)
                return None if found is None else float(found)

    def reading(self) -> Reading:
        """Everything this look shows, as people see it."""
        verdict = self.verdict
        known_audience = self.reach > 0
        return Reading(
            start=moment(self.start),
            end=moment(self.end),
            observed=self.count,
            total=self.total,
            authors=self.authors,
            sources=tuple(sorted(self.sources)),
            reach=self.reach if known_audience else None,
            largest_audience=self.largest_audience if known_audience else None,
            share=None if self.share is None else round(self.share, 4),
            expected=None if verdict is None else round(verdict.expected, 3),
            low=None if verdict is None else round(verdict.low, 3),
            high=None if verdict is None else round(verdict.high, 3),
            false_alarms_per_month=None if verdict is None else _brief(verdict.false_alarms_per_month),
            learning=verdict is not None and verdict.learning,
            organic=self.organic,
            reasons=self._reasons(),
            signals=self._signals(),
        )

    def _signals(self) -> SignalCounts | None:
        """What the matching mentions say beyond their mood, for people; None where none of them says anything."""
        counts: dict[str, int] = {}
        said = [bucket.said for bucket in self._buckets() if bucket.said is not None]
        if not said:
            return None
        for each in said:
            for category, count in each.categories.items():
                counts[category] = counts.get(category, 0) + count
        gravest = sorted(counts, key=lambda category: (-WEIGHTS.get(category, 0.0), category))
        categories = tuple((category, counts[category] / MILLI) for category in gravest)
        return SignalCounts(self.complaints, self.questions, self.severity, categories)

    def trend(self, bins: int = 36) -> tuple[int, ...]:
        """Matching mentions in five-minute steps up to the window's end, oldest first."""
        last = self.end - self.end % BIN
        kept = self._kept.series.bins
        return tuple(round(kept.get(last - BIN * back, 0) / MILLI) for back in range(bins - 1, -1, -1))

    def _watched(self, start: int, end: int) -> bool:
        return start >= self._kept.first and not self._state.blind_between(start, end)

    def _buckets(self) -> list[Bucket]:
        """The window's buckets with anything that matched."""
        if self._span is None:
            self._span = self._kept.series.matched(self.end - self._window.length, self.end)
        return self._span

    @property
    def series(self) -> Series:
        """The series looked at."""
        return self._kept.series


def _reasons(why: Explanation, since: int | None, copies: float) -> Reasons:
    """The reasons rounded for people; what the next hour brings is told in mentions as people see them."""
    return Reasons(
        minutes=why.minutes,
        observed=round(why.observed, 3),
        expected=round(why.expected, 3),
        low=round(why.low, 3),
        high=round(why.high, 3),
        since=None if since is None else moment(since),
        next_hour=round(why.next_hour * copies, 3),
        level=_brief(why.level),
        hour_of_day=_brief(why.hour_of_day),
        day_of_week=_brief(why.day_of_week),
        hour_of_week=_brief(why.hour_of_week),
        dispersion=_brief(why.dispersion),
        share=None if why.share is None else round(why.share, 4),
        usual_share=round(why.usual_share, 4),
    )


def _brief(value: float) -> float:
    """Three significant digits: enough to say how rare, and the same text everywhere."""
    return float(f"{value:.3g}")
