"""What a detector is told of five minutes: expected mentions, without what is only copied."""

from __future__ import annotations

from crisiswatch.detector import Bin
from crisiswatch.engine.state import SeriesState, State
from crisiswatch.rules.model import CalendarEvent, is_known
from crisiswatch.windows import BIN, MILLI, UNTOUCHED, Lean, Series

__all__ = ["LONGEST_TAIL", "bin_of", "tail_of"]

LONGEST_TAIL = 6 * 60  # minutes: a silence of which nobody knows yet what it means may last longer than any window
MANY = 2 * LONGEST_TAIL // BIN  # bins that are kept without asking whether they are still needed
NOTHING = Lean()
TAIL_MOVES = 3 * 60  # minutes: a longer tail begins anew so seldom, so that what was made of it lasts


def tail_of(state: State, kept: SeriesState, calendar: tuple[CalendarEvent, ...], end: int) -> list[Bin]:
    """The bins that the detector has not learned yet, up to minute ``end``: the last one may be unfinished.

    A finished bin is made once and kept until somebody speaks in it, or in the hour before it.
    """
    made, series = kept.unlearned, kept.series
    if series.touched != UNTOUCHED:
        for start in [start for start in made if start >= series.touched]:
            del made[start]
        series.touched = UNTOUCHED
    oldest = end - LONGEST_TAIL
    first = max(kept.learned, oldest - oldest % TAIL_MOVES)
    if len(made) > MANY:
        for start in [start for start in made if start < first]:
            del made[start]
    blind, bins = bool(state.blind_between(first, end)), []
    for start in range(first, end - BIN + 1, BIN):
        known = is_known(calendar, start, start + BIN)
        exposure = state.exposure(start) if blind else 1.0
        each = made.get(start)
        if each is None or each.exposure != exposure or each.known != known:
            each = made[start] = bin_of(state, kept, calendar, start, start + BIN)
        bins.append(each)
    if (end - first) % BIN and end > first:
        bins.append(bin_of(state, kept, calendar, end - end % BIN, end))
    return bins


def bin_of(state: State, kept: SeriesState, calendar: tuple[CalendarEvent, ...], start: int, end: int) -> Bin:
    """The bin from minute ``start``, as far as minute ``end``.

    A scorer's calibrated probabilities and sampling weights are in ``kept``'s buckets already. Accounts and texts that
    were there within the bin or in the hour before it count as copies; without any of them nothing is changed. Grave
    words are looked for in what matches alone.
    """
    count, total, marked, lean = _sums(kept.series, start, end)
    matching, others = kept.series.organic_parts(start)  # of the whole bin, however little of it counts yet
    everything = count * matching + (total - count) * others
    told = lean is not NOTHING and lean != NOTHING
    square = (count * MILLI + lean.matching_square) * matching + lean.others_square * others
    total_square = (total * MILLI + lean.total_square) * (everything / total if total else 1.0)
    return Bin(
        start,
        ((count + lean.matching) * matching + lean.others * others) / MILLI,
        everything / MILLI,
        state.exposure(start),
        end - start,
        known=is_known(calendar, start, end),
        count_square=square / MILLI**2 if told else None,
        total_square=total_square / MILLI**2 if told else None,
        marked=marked * matching / MILLI,
    )


def _sums(series: Series, start: int, end: int) -> tuple[int, int, int, Lean]:
    count = total = marked = 0
    lean, get = NOTHING, series.buckets.get
    for minute in range(start, end):
        bucket = get(minute)
        if bucket is None:
            continue
        count += bucket.count
        total += bucket.total
        marked += bucket.marked
        if bucket.lean is not None:
            if lean is NOTHING:
                lean = Lean()
            lean.add(bucket.lean)
    return count, total, marked, lean
