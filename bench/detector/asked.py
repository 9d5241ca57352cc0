"""Single questions to our detector at its stated threshold: a first day, a flood without complaint, a joy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bench.detector.evaluate import evaluate
from bench.detector.layer import fires
from bench.detector.ours import SilentFirst, stated, surge
from bench.detector.simulator.trials import cold_start, neutral_flood, viral_positive
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BINS_PER_MONTH, BrandStream, Floats
from bench.detector.work import Size, brands, progress, spread

__all__ = ["COLD_HOURS", "measure"]

COLD_HOURS = (2, 6, 12, 24, 48)
RATES = (10.0, 1.0, 0.1)
LINGERS = 2 * BINS_PER_HOUR
"""An incident that opens so many bins after a flood is still blamed on it."""
WEEK = 7 * BINS_PER_DAY

Trials = list[tuple[BrandStream, Floats]]


@dataclass(frozen=True, slots=True)
class _Question:
    kind: str
    seed: int
    trials: int
    hours: float = 0.0
    days: int = 42


def measure(seeds: Sequence[int], size: Size, jobs: int) -> dict[str, Any]:
    """The trials of all seeds together; a crisis is found as in `evaluate`, a flood opens whatever is told during it.

    What the product would not tell because the detector is still learning counts as not told. The first week's false
    alarms are those of the simulated brands, with their benign events.
    """
    each, cold = -(-size.trials // len(seeds)), -(-size.cold_trials // len(seeds))
    questions = [_Question("cold", seed, cold, hours) for hours in COLD_HOURS for seed in seeds]
    questions += [_Question(kind, seed, each) for kind in ("flood", "joy") for seed in seeds]
    questions += [_Question("week", seed, 0, days=size.days) for seed in seeds]
    found: dict[tuple[str, float], Trials] = {}
    answers = progress(spread(_ask, questions, jobs), len(questions), "trials")
    for question, told in zip(questions, answers, strict=True):
        found.setdefault((question.kind, question.hours), []).extend(told)
    return {
        "threshold": stated(1.0),
        "cold": {f"{hours}": _cold(found["cold", hours]) for hours in COLD_HOURS},
        "first_week": _first_week(found["week", 0.0]),
        "flood": _opened(found["flood", 0.0]),
        "joy": _opened(found["joy", 0.0]),
    }


def _ask(question: _Question) -> Trials:
    streams = _STREAMS[question.kind](question)
    return [(stream, SilentFirst(surge())(stream)) for stream in streams]


def _weeks(question: _Question) -> list[BrandStream]:
    """The first seven days of the simulated brands: no crisis has happened by then."""
    return [
        replace(
            brand,
            total=brand.total[:WEEK],
            negative=brand.negative[:WEEK],
            exposure=brand.exposure[:WEEK],
            known=brand.known[:WEEK],
            marked=None if brand.marked is None else brand.marked[:WEEK],
            mean_total=None,
            mean_negative=None,
            crises=(),
        )
        for brand in brands([question.seed], question.days)
    ]


_STREAMS: dict[str, Callable[[_Question], list[BrandStream]]] = {
    "cold": lambda question: cold_start(question.seed, question.hours, question.trials),
    "flood": lambda question: neutral_flood(question.seed, question.trials),
    "joy": lambda question: viral_positive(question.seed, question.trials),
    "week": _weeks,
}


def _cold(trials: Trials) -> dict[str, Any]:
    outcome = evaluate(*_columns(trials), stated(1.0), burn_in_days=0.0)
    months = sum(stream.bins for stream, _ in trials) / BINS_PER_MONTH
    return {
        "trials": len(trials),
        "recall": outcome.recall,
        "median_delay": outcome.as_json()["median_delay"],
        "by_rate": outcome.as_json()["by_rate"],
        "false_alarms": round(outcome.false_alarms_per_month * months),
    }


def _first_week(trials: Trials) -> dict[str, Any]:
    outcome = evaluate(*_columns(trials), stated(1.0), burn_in_days=0.0)
    return {
        "brands": len(trials),
        "false_alarms_per_month": outcome.false_alarms_per_month,
        "by_rate": outcome.as_json()["false_alarms_by_rate"],
        "causes": outcome.causes,
    }


def _opened(trials: Trials) -> dict[str, Any]:
    """Share of trials in which something is told between the start and two hours after the end of the event."""
    opened = dict.fromkeys(RATES, 0)
    nominal = 0.0
    for stream, scores in trials:
        event = stream.benign[-1]
        nominal += (event.end + LINGERS - event.start) / BINS_PER_MONTH
        for rate in RATES:
            told = fires(scores, stated(rate))
            opened[rate] += any(event.start <= at < event.end + LINGERS for at in told)
    return {
        "trials": len(trials),
        "opened": {f"{rate:g}": count / len(trials) for rate, count in opened.items()},
        "nominal": nominal / len(trials),
    }


def _columns(trials: Trials) -> tuple[list[BrandStream], list[Floats]]:
    return [stream for stream, _ in trials], [scores for _, scores in trials]
