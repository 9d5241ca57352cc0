"""Volume of a source that counts everything and reads a part of it: the counts, times what the part read tells.

Each such count begins a round (`crisiswatch.windows.tally`). Its minutes get their volume at once, by what is known,
and get it anew at the end of every arrival minute in which something of the round was read; what a detector has learned
already stays as it was. A mention read is a voice (an account, a text, evidence) and no volume: that counts it already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from crisiswatch.engine import catchup
from crisiswatch.engine.program import SeriesPlan
from crisiswatch.engine.state import SeriesState, State, Volume
from crisiswatch.model import VolumeSample
from crisiswatch.windows import SURE, Tally, minute_of, pour

__all__ = ["Changed", "settle", "take"]

OLDEST = 12 * 60
"""Minutes: older counts are no volume any more."""

Changed = Callable[[str, int, int, str], None]
"""Hears of a series' key, a minute, by how many thousandths its matching volume changed, and of the source."""

Kept = Sequence[tuple[SeriesPlan, SeriesState]]


def take(state: State, series: Kept, sample: VolumeSample, changed: Changed) -> None:
    """Take in a source's counts, each minute once: what was counted before is left as it is.

    Counts of a source that reads everything begin no round, and end the time in which it was judged by them.
    """
    source, volume = sample.source, state.volumes.get(sample.source)
    if not sample.sampled:
        if volume is not None:
            del state.volumes[source]
            for _, kept in series:
                kept.tallies.pop(source, None)
        return
    slots = _slots(sample, -1 if volume is None else volume.until, state.now)
    if not slots:
        return
    if volume is None or volume.at != state.now:
        volume = _next_round(state, series, source, volume, slots[0][0])
    else:
        _pour_all(series, source, volume, changed, sign=-1)
    volume.until = slots[-1][0] + 1
    volume.slots = tuple(slot for slot in (*volume.slots, *slots) if slot[0] >= state.now - OLDEST)
    if sample.backfill:
        for minute, _ in volume.slots:
            catchup.note(state, minute)
    counted = _counted(volume)
    for plan, _, tally in _tallies(series, source):
        tally.parts = _parts(plan, tally, counted)
    _pour_all(series, source, volume, changed)


def settle(state: State, series: Kept, changed: Changed) -> None:
    """Make the volume of the latest rounds anew, of which something was read in the arrival minute that ends."""
    for source, volume in state.volumes.items():
        if not volume.stirred:
            continue
        volume.stirred = False
        counted = _counted(volume)
        for plan, kept, tally in _tallies(series, source):
            parts = _parts(plan, tally, counted)
            if tally.firm or parts == tally.parts:
                continue
            _pour(plan, kept, tally, source, volume, changed, sign=-1)
            tally.parts = parts
            _pour(plan, kept, tally, source, volume, changed)


def _next_round(state: State, series: Kept, source: str, before: Volume | None, first: int) -> Volume:
    """Begin a round with the minute ``first``; what the last one taught is learned."""
    counted = 0 if before is None else _counted(before)
    for plan, kept in series:
        if plan.admission.takes(source, ""):
            kept.tallies.setdefault(source, Tally()).next_round(state.now, counted)
            kept.tallies = dict(sorted(kept.tallies.items()))
    since = before.since if before is not None and before.until == first else first
    volume = state.volumes[source] = Volume(since, first, state.now)
    state.volumes = dict(sorted(state.volumes.items()))
    return volume


def _slots(sample: VolumeSample, begin: int, end: int) -> list[tuple[int, int]]:
    """The minutes of a sample from ``begin`` on and before ``end``, and their counts.

    Where only their sum is known it is spread evenly, to whole mentions.
    """
    start = minute_of(sample.start)
    counts: Sequence[int] = sample.counts
    if not counts:
        length = max(1, sample.seconds // 60)
        counts = [sample.count * (at + 1) // length - sample.count * at // length for at in range(length)]
    return [(minute, count) for minute, count in enumerate(counts, start) if begin <= minute < end and count >= 0]


def _counted(volume: Volume) -> int:
    return sum([count for _, count in volume.slots])


def _parts(plan: SeriesPlan, tally: Tally, counted: int) -> dict[str, int]:
    return SURE if plan.admission.takes_all else tally.parts_of(counted)


def _tallies(series: Kept, source: str) -> Iterator[tuple[SeriesPlan, SeriesState, Tally]]:
    for plan, kept in series:
        tally = kept.tallies.get(source)
        if tally is not None:
            yield plan, kept, tally


def _pour_all(series: Kept, source: str, volume: Volume, changed: Changed, *, sign: int = 1) -> None:
    for plan, kept, tally in _tallies(series, source):
        if not tally.firm:
            _pour(plan, kept, tally, source, volume, changed, sign=sign)


def _pour(  # noqa: PLR0917 - one question, all of it needed
    plan: SeriesPlan,
    kept: SeriesState,
    tally: Tally,
    source: str,
    volume: Volume,
    changed: Changed,
    *,
    sign: int = 1,
) -> None:
    """Put the round's volume into its minutes, or take it out, where they are neither forgotten nor learned."""
    if not tally.parts:
        return
    series = kept.series
    first = series.oldest if plan.detector is None else max(series.oldest, kept.learned)
    for minute, count in volume.slots:
        if count and minute >= first:
            moved = pour(series, minute, count, tally.parts, source, sign)
            if moved:
                changed(plan.key, minute, moved, source)
