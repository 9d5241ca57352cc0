"""Series for the rules there are now: which one that is kept goes on, and what a new one takes over from it."""

from __future__ import annotations

from dataclasses import replace

from crisiswatch.engine.program import SeriesPlan
from crisiswatch.engine.state import SeriesState, State
from crisiswatch.windows import BIN, Series

__all__ = ["fits", "new_series"]


def fits(plan: SeriesPlan, series: Series) -> bool:
    """Whether a series that is kept counts what the plan asks for."""
    return (
        tuple(series.early) == plan.lengths
        and series.keep_bins == plan.keep_bins
        and series.keeps_texts == plan.texts
        and (series.crowds is not None) == (plan.detector is not None)
    )


def new_series(state: State, plan: SeriesPlan, kept: SeriesState | None) -> SeriesState:
    """A series as the plan asks for; what one before it counted and learned of the same mentions goes on in it."""
    judged = plan.detector is not None
    series = Series(plan.lengths, state.now, state.closed, keep_bins=plan.keep_bins, texts=plan.texts, crowds=judged)
    first, learned = state.now, state.closed - state.closed % BIN
    detector = plan.detector.fresh() if plan.detector is not None else None
    if kept is not None:  # other windows over the same mentions: keep what was counted and learned
        old = kept.series
        series.take_over(old)
        first = max(
            kept.first,
            state.closed - old.keep if series.keep > old.keep else kept.first,
            state.closed - old.keep_bins if series.keep_bins > old.keep_bins else kept.first,
        )
        learned, detector = kept.learned, kept.detector if kept.detector is not None else detector
    # What the round under way was made into stays as it is: nobody knows which of it was taken over.
    tallies = {} if kept is None else {source: replace(tally, firm=True) for source, tally in kept.tallies.items()}
    return SeriesState(series, first, learned, detector, tallies=tallies)
