"""Every rule and detector that ours is compared with: as published, with a share gate, and tuned as hard as ours.

`RIVALS`: name -> scorer. `GRID`: rule -> setting -> scorer, for `tune`, which picks a setting a rule on development
streams. Nothing here looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.detector import rivals_rules as rules
from bench.detector.evaluate import sweep
from bench.detector.rivals_river import RIVER, SLOW
from bench.detector.stream import BINS_PER_DAY, BrandStream, Floats, Scorer

__all__ = ["GRID", "PUBLISHED", "RIVALS", "Tuned", "recall_at_one", "tune"]

HOUR, DAY = 12, BINS_PER_DAY

PUBLISHED: dict[str, Scorer] = {
    "last hour / 12 h": rules.last_hour(),
    "mean + k sd, 1 h / 7 d": rules.mean_plus_sd(),
    "mean + k sd, 24 h / 7 d": rules.mean_plus_sd(window=DAY),
    "multiple of 7 d": rules.fixed_multiple(),
    "same hour of 4 weeks": rules.same_hours(),
    "same 24 h of 4 weeks": rules.same_hours(window=DAY),
    "Farrington, same hours": rules.farrington(),
    "EARS C1, same hour": rules.ears(1),
    "EARS C2, same hour": rules.ears(2),
    "EARS C3, same hour": rules.ears(3),
    "EARS C2, rolling hours": rules.ears_rolling(2),
    "EWMA z": rules.ewma(),
    "CUSUM, negative binomial": rules.cusum(),
}
"""Each at its usual setting; the threshold is what is swept."""

RIVALS: dict[str, Scorer] = {
    **PUBLISHED,
    **{f"{name} + share gate": rules.gated(scorer) for name, scorer in PUBLISHED.items()},
    **RIVER,
}


LEAST = 5.0
"""Negatives in a window below which no tuned rule says anything."""


def _grid(
    make: Callable[..., Scorer], windows: Sequence[int], lifts: Sequence[float], **knob: Sequence[float]
) -> dict[str, Scorer]:
    """A setting for each window and lift, and for each value of one more knob."""
    ((name, values),) = knob.items()
    return {
        f"{window * 5} min, {name} {value:g}, share x {lift:g}": rules.gated(
            make(window=window, **{name: value}), window, lift=lift, least=LEAST
        )
        for window in windows
        for lift in lifts
        for value in values
    }


def _lifts(base: Scorer, lifts: Sequence[float] = (1.1, 1.3, 1.5, 1.8, 2.2)) -> dict[str, Scorer]:
    """A setting for each lift of a slow scorer, which is run once a stream."""
    known: dict[int, tuple[BrandStream, Floats]] = {}

    def once(stream: BrandStream) -> Floats:
        if id(stream) not in known:
            known[id(stream)] = (stream, base(stream))  # the stream is kept, so that its id stays its own
        return known[id(stream)][1]

    return {f"share x {lift:g}": rules.gated(once, lift=lift, least=LEAST) for lift in lifts}


GRID: dict[str, dict[str, Scorer]] = {
    "Farrington + share gate": _grid(rules.farrington, (12, 18), (1.3, 1.5, 1.7), days=(14, 21)),
    "EARS C2 + share gate": _grid(rules.ears, (12, 24, 36), (1.3, 1.5), days=(7, 14)),
    "mean + k sd + share gate": _grid(rules.mean_plus_sd, (6, 12, 24), (1.5, 1.8), days=(7, 14)),
    "multiple of 7 d + share gate": _grid(rules.fixed_multiple, (6, 12, 24), (1.3, 1.5), days=(7, 14)),
    "last hour / hours before + share gate": _grid(
        rules.last_hour, (6, 12, 24), (1.3, 1.5), past=(12 * HOUR, 48 * HOUR)
    ),
    "same hours + share gate": _grid(rules.same_hours, (6, 12, 24), (1.5, 1.8, 2.2), weeks=(4,)),
    "EWMA z + share gate": {
        f"half-life {short * 5} min / 7 d, share x {lift:g}": rules.gated(
            rules.ewma(short, 7 * DAY), 2 * short, lift=lift, least=LEAST
        )
        for short in (3, 6, 12)
        for lift in (1.3, 1.5, 1.8)
    },
    "CUSUM + share gate": {
        f"for x {times:g}, share x {lift:g}": rules.gated(rules.cusum(times, 1.0), lift=lift, least=LEAST)
        for times in (4.0, 8.0, 16.0)
        for lift in (1.5, 1.8, 2.2)
    },
    **{f"{name} + share gate": _lifts(RIVER[name]) for name in RIVER if name not in SLOW and "share" not in name},
}
"""The strongest rules with nine to twelve settings each, river's estimators with five; the slow ones are left out."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What `tune` chose for one rule, its worth by the measure it was tuned with, and that of every other setting."""

    setting: str
    scorer: Scorer
    worth: float
    tried: dict[str, float]


def recall_at_one(streams: Sequence[BrandStream], scores: Sequence[Floats]) -> float:
    """Recall at one false alarm a brand and month; a little less for each hour of median delay, to part ties."""
    outcome = sweep(streams, scores, [1.0])[0]
    delay = outcome.median_delay if outcome.recall > 0 else 0.0
    return outcome.recall - 1e-4 * delay


def tune(
    streams: Sequence[BrandStream],
    worth: Callable[[Sequence[BrandStream], Sequence[Floats]], float] = recall_at_one,
    grid: dict[str, dict[str, Scorer]] | None = None,
) -> dict[str, Tuned]:
    """The best setting of each rule of the grid on these (development) ``streams``."""
    chosen: dict[str, Tuned] = {}
    for rule, settings in (GRID if grid is None else grid).items():
        tried = {name: worth(streams, [scorer(one) for one in streams]) for name, scorer in settings.items()}
        best = max(tried, key=lambda name: tried[name])
        chosen[rule] = Tuned(best, settings[best], tried[best], tried)
    return chosen
