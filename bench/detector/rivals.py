"""Every rule and detector that ours is compared with: as published, with a share gate, and tuned as hard as ours.

`RIVALS`: name -> scorer. `GRID`: rule -> setting -> scorer, for `tune`, which picks a setting a rule on development
streams. Nothing here looks ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.detector import rivals_rules as rules
from bench.detector.evaluate import sweep
from bench.detector.rivals_river import RIVER
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


def _grid(
    make: Callable[..., Scorer],
    windows: Sequence[int],
    lifts: Sequence[float],
    least: float = 5.0,
    **knobs: Sequence[int],
) -> dict[str, Scorer]:
    """A setting for each window and lift, and for each value of one more knob."""
    ((knob, values),) = knobs.items()
    return {
        f"{window * 5} min, {knob} {value}, share x {lift:g}": rules.gated(
            make(window=window, **{knob: value}), window, lift=lift, least=least
        )
        for window in windows
        for lift in lifts
        for value in values
    }


GRID: dict[str, dict[str, Scorer]] = {
    "Farrington + share gate": _grid(rules.farrington, (6, 12, 24), (1.2, 1.5), days=(7, 14)),
    "EARS C2 + share gate": _grid(rules.ears, (6, 12, 24), (1.2, 1.5), days=(7, 14)),
    "mean + k sd + share gate": _grid(rules.mean_plus_sd, (6, 12, 24), (1.2, 1.5), days=(7, 14)),
    "last hour / 12 h + share gate": _grid(rules.last_hour, (6, 12, 24), (1.2, 1.5), past=(12 * HOUR, 24 * HOUR)),
    "EWMA z + share gate": {
        f"half-life {short * 5} min / {days} d, share x {lift:g}": rules.gated(
            rules.ewma(short, days * DAY), 2 * short, lift=lift, least=5.0
        )
        for short in (3, 6, 12)
        for days in (3, 7)
        for lift in (1.2, 1.5)
    },
}
"""The strongest rules: twelve settings each."""


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
