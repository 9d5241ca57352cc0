"""What a detector's scores are worth: crises found, how soon, and how many false alarms for how many brand-months."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from bench.detector.layer import fires
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BINS_PER_MONTH, BrandStream, Floats, Spell

__all__ = ["PER_MONTH", "Outcome", "evaluate", "sweep", "table"]

Key = TypeVar("Key", str, float)

PER_MONTH = (0.25, 0.5, 1.0, 2.0, 4.0)
BURN_IN_DAYS = 7.0
LATE = BINS_PER_HOUR  # a fire this long after a crisis still counts as finding it
GRACE = 8 * BINS_PER_HOUR  # and this long after it is no false alarm
LINGERS = 2 * BINS_PER_HOUR  # a benign event is the cause of false alarms this long after it
CAUSES = ("viral", "flood", "surge", "campaign", "outage", "shift", "cluster", "holiday", "burst")
"""The most telling cause first: where several lie over a false alarm, the first is blamed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a detector did at one threshold for all brands.

    Rates of false alarms are per brand and month of thirty days; delays are minutes from a crisis' onset to the end
    of the bin that told, over the crises found (``nan``: none was); ``within_hour`` is a part of all crises.
    """

    threshold: float
    false_alarms_per_month: float
    recall: float
    median_delay: float
    p90_delay: float
    within_hour: float
    by_shape: dict[str, float]
    by_rate: dict[float, float]
    false_alarms_by_rate: dict[float, float]
    causes: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The outcome as plain data: rates are named as texts, and what is no number is ``None``."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def evaluate(
    streams: Sequence[BrandStream], scores: Sequence[Floats], threshold: float, *, burn_in_days: float = BURN_IN_DAYS
) -> Outcome:
    """Judge one array of ``scores`` for each stream at this ``threshold``, behind the alert layer.

    A crisis is found by a fire between its onset and an hour after its end. A fire outside every crisis and the eight
    hours after each is a false alarm, if it comes after the burn-in.
    """
    burn_in = round(burn_in_days * BINS_PER_DAY)
    delays: list[tuple[str, float, float]] = []  # shape, rate, minutes (infinite: missed)
    months: defaultdict[float, float] = defaultdict(float)
    alarms: Counter[float] = Counter()
    causes: Counter[str] = Counter()
    for stream, score in zip(streams, scores, strict=True):
        told = fires(score, threshold)
        delays += [(crisis.kind, stream.rate, _delay(told, crisis)) for crisis in stream.crises]
        months[stream.rate] += max(0, stream.bins - burn_in) / BINS_PER_MONTH
        wrong = _false(told, stream.crises, burn_in)
        alarms[stream.rate] += len(wrong)
        causes.update(_cause(at, stream.benign) for at in wrong)
    found = np.array([minutes for _, _, minutes in delays if np.isfinite(minutes)])
    everything = sum(months.values())
    return Outcome(
        threshold=float(threshold),
        false_alarms_per_month=_part(alarms.total(), everything),
        recall=_part(len(found), len(delays)),
        median_delay=float(np.median(found)) if len(found) else np.nan,
        p90_delay=float(np.percentile(found, 90)) if len(found) else np.nan,
        within_hour=_part(int((found <= 60).sum()), len(delays)),
        by_shape=_recalls((shape, minutes) for shape, _, minutes in delays),
        by_rate=_recalls((rate, minutes) for _, rate, minutes in delays),
        false_alarms_by_rate={rate: _part(alarms[rate], months[rate]) for rate in sorted(months)},
        causes={cause: _part(count, everything) for cause, count in causes.most_common()},
    )


def sweep(
    streams: Sequence[BrandStream],
    scores: Sequence[Floats],
    per_month: Sequence[float] = PER_MONTH,
    *,
    burn_in_days: float = BURN_IN_DAYS,
) -> list[Outcome]:
    """The outcome at the lowest threshold that keeps to each wanted number of false alarms a brand-month.

    Thresholds are sought by bisection among the scores themselves; above the highest of them nothing is ever told.
    """
    burn_in = round(burn_in_days * BINS_PER_DAY)
    values = np.unique(np.concatenate([score[np.isfinite(score)] for score in scores]))
    candidates = [*values.tolist(), float(np.nextafter(values[-1], np.inf))] if len(values) else [np.inf]
    months = sum(max(0, stream.bins - burn_in) for stream in streams) / BINS_PER_MONTH

    def rate_at(threshold: float) -> float:
        told = zip(streams, scores, strict=True)
        return _part(sum(len(_false(fires(s, threshold), b.crises, burn_in)) for b, s in told), months)

    rates: dict[float, float] = {}
    outcomes = []
    for wanted in per_month:
        threshold = _lowest(candidates, rate_at, wanted, rates)
        outcomes.append(evaluate(streams, scores, threshold, burn_in_days=burn_in_days))
    return outcomes


def table(rows: Iterable[tuple[str, Outcome]]) -> list[str]:
    """Rows of a Markdown table, its head first: a name and the outcome's main figures each."""
    shapes: dict[str, None] = {}
    rows = list(rows)
    for _, outcome in rows:
        shapes |= dict.fromkeys(outcome.by_shape)
    lines = [
        f"| detector | threshold | FA a month | recall | median / p90 min | within 60 min | {' / '.join(shapes)} |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, o in rows:
        each = " / ".join(f"{100 * o.by_shape.get(shape, np.nan):.0f}" for shape in shapes)
        lines.append(
            f"| {name} | {o.threshold:.3g} | {o.false_alarms_per_month:.2f} | {100 * o.recall:.1f} % "
            f"| {o.median_delay:.0f} / {o.p90_delay:.0f} | {100 * o.within_hour:.0f} % | {each} |"
        )
    return lines


def _lowest(
    candidates: list[float], rate_at: Callable[[float], float], wanted: float, rates: dict[float, float]
) -> float:
    """The lowest candidate with at most ``wanted`` false alarms, taking their number to fall with the threshold."""

    def good(threshold: float) -> bool:
        if threshold not in rates:
            rates[threshold] = rate_at(threshold)
        return rates[threshold] <= wanted

    return candidates[min(bisect_left(candidates, True, key=good), len(candidates) - 1)]


def _delay(told: list[int], crisis: Spell) -> float:
    """Minutes until a crisis was told, counting that bin itself; infinite if it was not."""
    first = bisect_left(told, crisis.start)
    if first == len(told) or told[first] >= crisis.end + LATE:
        return float("inf")
    return (told[first] + 1 - crisis.start) * 60.0 / BINS_PER_HOUR


def _false(told: list[int], crises: Sequence[Spell], burn_in: int) -> list[int]:
    """The fires that no crisis explains."""
    return [
        at for at in told if at >= burn_in and not any(crisis.start <= at < crisis.end + GRACE for crisis in crises)
    ]


def _cause(at: int, benign: Sequence[Spell]) -> str:
    """The benign event that a false alarm in bin ``at`` is blamed on."""
    kinds = {spell.kind for spell in benign if spell.start <= at < spell.end + LINGERS}
    named = [kind for kind in CAUSES if kind in kinds]
    return (named or sorted(kinds) or ["background"])[0]


def _recalls(delays: Iterable[tuple[Key, float]]) -> dict[Key, float]:
    """The part of crises found (those with a finite delay) for each shape or rate."""
    groups: defaultdict[Key, list[bool]] = defaultdict(list)
    for key, minutes in delays:
        groups[key].append(bool(np.isfinite(minutes)))
    return {key: _part(sum(groups[key]), len(groups[key])) for key in sorted(groups)}


def _part(count: float, of: float) -> float:
    """``count`` out of ``of``; not a number where there is nothing to count."""
    return count / of if of else float("nan")


def _plain(value: object) -> object:
    """A value as JSON knows it."""
    if isinstance(value, dict):
        return {f"{key:g}" if isinstance(key, float) else key: _plain(one) for key, one in value.items()}
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
