"""The alert layer every detector is compared behind: a cool-down alone is worth more than most algorithms.

A score is kept only if it clearly beats everything kept lately. How long "lately" is and what "clearly" means changes
the result by some points in either direction, so what is quoted is the mean over four layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.detector.nab.scoring import PROFILES, best, counts_at, score_at
from bench.detector.nab.series import TweetSeries
from bench.detector.stream import BINS_PER_HOUR, Floats

__all__ = ["LAYERS", "Layer", "Layered", "at_thresholds", "behind_layers", "cool_down", "left_out", "mean_of_layers"]


@dataclass(frozen=True, slots=True)
class Layer:
    """One cool-down: for ``hours`` after a kept score the next one must beat ``ratio`` times it."""

    hours: int
    ratio: float

    @property
    def name(self) -> str:
        """As in the table: ``12 h x1.3``."""
        return f"{self.hours} h x{self.ratio:g}"


LAYERS = (Layer(12, 1.3), Layer(12, 1.5), Layer(24, 1.3), Layer(24, 1.5))

Table = Mapping[str, Mapping[str, float]]
"""By the layer's name, then by profile."""


@dataclass(frozen=True, slots=True)
class Layered:
    """What a detector reached behind each layer, and with which thresholds."""

    scores: Table
    thresholds: Table

    @property
    def mean(self) -> dict[str, float]:
        """The mean over the layers, by profile: the figure to quote."""
        return {profile: float(np.mean([row[profile] for row in self.scores.values()])) for profile in PROFILES}


def cool_down(scores: Floats, bins: int, ratio: float) -> Floats:
    """Keep a score only if it beats ``ratio`` times everything kept in the ``bins`` bins before it; the rest are 0.

    ``ratio`` is at least 1, so whatever was kept last has beaten all that was kept within reach of it, and is the only
    one to look at. Scores of 0 and below are never kept.
    """
    if ratio < 1.0:
        raise ValueError(f"a ratio of {ratio:g} would keep what is less than what was kept before: at least 1")
    kept = np.zeros(len(scores))
    height, since = 0.0, 0
    for at, score in enumerate(scores.tolist()):
        if score > (ratio * height if at - since <= bins else 0.0):
            kept[at] = height = score
            since = at
    return kept


def behind_layers(series: Sequence[TweetSeries], scores: Sequence[Floats]) -> Layered:
    """Give each layer's score with the best threshold for these files, and that threshold, for each profile."""
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for layer in LAYERS:
        kept = _kept(layer, scores)
        found[layer.name] = {profile: best(series, kept, profile) for profile in PROFILES}
    return Layered(
        {name: {profile: each[0] for profile, each in row.items()} for name, row in found.items()},
        {name: {profile: each[1] for profile, each in row.items()} for name, row in found.items()},
    )


def at_thresholds(series: Sequence[TweetSeries], scores: Sequence[Floats], thresholds: Table | float) -> Layered:
    """Give each layer's score with thresholds picked elsewhere: one for everything, or those of other files."""
    table = (
        {layer.name: dict.fromkeys(PROFILES, float(thresholds)) for layer in LAYERS}
        if isinstance(thresholds, int | float)
        else thresholds
    )
    reached: dict[str, dict[str, float]] = {}
    for layer in LAYERS:
        kept, row = _kept(layer, scores), table[layer.name]
        reached[layer.name] = {profile: score_at(series, kept, row[profile], profile) for profile in PROFILES}
    return Layered(reached, table)


def mean_of_layers(series: Sequence[TweetSeries], scores: Sequence[Floats]) -> dict[str, float]:
    """Give the mean over the four layers, by profile, each with its best threshold."""
    return behind_layers(series, scores).mean


def left_out(series: Sequence[TweetSeries], scores: Sequence[Floats]) -> dict[str, float]:
    """Give the mean over the layers where each file is judged with the thresholds that are best for all the others.

    What thresholds picked here are worth elsewhere, by profile. Files weigh by their windows, as in a common score.
    A single file has no others to learn a threshold from: nothing is detected, which is worth 0.
    """
    means: dict[str, list[float]] = {profile: [] for profile in PROFILES}
    for layer in LAYERS:
        kept = _kept(layer, scores)
        for profile in PROFILES:
            reached = [_judged_by_the_others(number, series, kept, profile) for number in range(len(series))]
            weights = [counts_at([each], [one], np.inf).windows for each, one in zip(series, kept, strict=True)]
            means[profile].append(float(np.average(reached, weights=weights)))
    return {profile: float(np.mean(each)) for profile, each in means.items()}


def _judged_by_the_others(number: int, series: Sequence[TweetSeries], kept: Sequence[Floats], profile: str) -> float:
    others = [each for each in range(len(series)) if each != number]
    _, threshold = (
        best([series[at] for at in others], [kept[at] for at in others], profile) if others else (0.0, np.inf)
    )
    return score_at([series[number]], [kept[number]], threshold, profile)


def _kept(layer: Layer, scores: Sequence[Floats]) -> list[Floats]:
    return [cool_down(each, layer.hours * BINS_PER_HOUR, layer.ratio) for each in scores]
