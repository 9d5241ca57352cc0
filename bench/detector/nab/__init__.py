"""The tweet series of the Numenta Anomaly Benchmark: volume alone, no look ahead, its own scoring rule.

``load`` a folder, give each series ``as_stream`` to a detector, and its scores to ``best`` (one threshold for all
files) or ``behind_layers`` (the mean of four cool-downs, which is what detectors are compared by).
"""

from bench.detector.nab.layers import (
    LAYERS,
    Layer,
    Layered,
    at_thresholds,
    behind_layers,
    cool_down,
    left_out,
    mean_of_layers,
)
from bench.detector.nab.scoring import PROFILES, Counts, Profile, best, counts_at, score_at
from bench.detector.nab.series import TweetSeries, as_stream, load
from bench.detector.nab.table import Figures, measure, measure_scores, print_table

__all__ = [
    "LAYERS",
    "PROFILES",
    "Counts",
    "Figures",
    "Layer",
    "Layered",
    "Profile",
    "TweetSeries",
    "as_stream",
    "at_thresholds",
    "behind_layers",
    "best",
    "cool_down",
    "counts_at",
    "left_out",
    "load",
    "mean_of_layers",
    "measure",
    "measure_scores",
    "print_table",
    "score_at",
]
