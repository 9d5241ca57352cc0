"""A detector's figures on the series, and the table of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.detector.nab.layers import LAYERS, Layered, behind_layers, left_out
from bench.detector.nab.scoring import PROFILES, Counts, best, counts_at
from bench.detector.nab.series import TweetSeries, as_stream
from bench.detector.stream import Floats, Scorer

__all__ = ["Figures", "measure", "measure_scores", "print_table"]


@dataclass(frozen=True, slots=True)
class Figures:
    """One detector: raw by profile (score, threshold), what raw finds (standard profile), and behind the layers.

    ``left_out``: the mean of the layers where each file has the thresholds of all the others.
    """

    raw: Mapping[str, tuple[float, float]]
    counts: Counts
    layered: Layered
    left_out: Mapping[str, float]

    def as_json(self) -> dict[str, object]:
        """Everything, with the thresholds, as plain numbers; an infinite threshold (say nothing) is null."""
        return {
            "raw": {profile: {"score": score, "threshold": _finite(at)} for profile, (score, at) in self.raw.items()},
            "hits": self.counts.hits,
            "windows": self.counts.windows,
            "false_rows": self.counts.false_rows,
            "mean_of_layers": self.layered.mean,
            "left_out": dict(self.left_out),
            "layers": {
                name: {
                    profile: {"score": score, "threshold": _finite(self.layered.thresholds[name][profile])}
                    for profile, score in row.items()
                }
                for name, row in self.layered.scores.items()
            },
        }


def measure(series: Sequence[TweetSeries], scorer: Scorer) -> Figures:
    """Run a detector over every series, each from its own beginning, and give its figures."""
    return measure_scores(series, [scorer(as_stream(each)) for each in series])


def measure_scores(series: Sequence[TweetSeries], scores: Sequence[Floats]) -> Figures:
    """Give the figures of scores that are there already, one array a series."""
    raw = {profile: best(series, scores, profile) for profile in PROFILES}
    counts = counts_at(series, scores, raw["standard"][1])
    return Figures(raw, counts, behind_layers(series, scores), left_out(series, scores))


def print_table(found: Mapping[str, Figures]) -> None:
    """One line a detector, ``standard / low FP / low FN``; then the thresholds, for use on other series.

    `left-out thresholds` is the mean of the layers where each file has the thresholds of the others.
    """
    names = [layer.name for layer in LAYERS]
    width = max([len(name) for name in found] + [8])
    print(f"{'detector':<{width}}  {'raw':>20}  {'found':>5} {'false':>5}", end="")
    print(f"  {'mean of four layers':>20}  {'left-out thresholds':>20}", end="")
    print("".join(f"  {name:>20}" for name in names))
    for name, figures in found.items():
        counts = figures.counts
        print(f"{name:<{width}}  {_triple({each: at[0] for each, at in figures.raw.items()})}", end="")
        print(f"  {counts.hits:>2}/{counts.windows:<2} {counts.false_rows:>5}  {_triple(figures.layered.mean)}", end="")
        print(f"  {_triple(figures.left_out)}", end="")
        print("".join(f"  {_triple(figures.layered.scores[layer])}" for layer in names))
    print("\nthresholds behind the layers, by profile:")
    for name, figures in found.items():
        thresholds = "".join(f"  {_triple(figures.layered.thresholds[layer], '.4g')}" for layer in names)
        print(f"{name:<{width}}{thresholds}")


def _triple(row: Mapping[str, float], how: str = ".1f") -> str:
    return " / ".join(format(row[profile], how) for profile in PROFILES).rjust(20)


def _finite(threshold: float) -> float | None:
    return None if threshold == float("inf") else threshold
