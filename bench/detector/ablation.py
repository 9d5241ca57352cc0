"""What carries the result: our detector with one part at a time switched off or left alone, on development streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.detector import nab
from bench.detector.evaluate import sweep
from bench.detector.ours import surge
from bench.detector.stream import Floats
from bench.detector.work import Size, brands, progress, spread
from crisiswatch.detector.layout import CHANNELS, Channel, Tuning

__all__ = ["WHOLE", "measure", "variants"]

WHOLE = "as shipped"
BLUNT = "no grave words"
PER_MONTH = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class _Task:
    """A variant on the brands of one seed or, without a seed, on the tweet series."""

    tuning: Tuning
    grave: bool
    seed: int | None
    days: int
    folder: Path | None


def variants() -> dict[str, Tuning]:
    """Each variant's name and tuning; the one that ships comes first."""
    whole = Tuning()
    channels = range(len(CHANNELS))
    windows = sorted({channel.bins for channel in CHANNELS})
    return {
        WHOLE: whole,
        "no share test": replace(whole, share_test=False),
        BLUNT: whole,
        "no self-calibration": replace(whole, calibrate=False),
        "no season": replace(whole, season=False),
        "no robust clipping": replace(whole, clip=1e9),
        "no near reference": replace(whole, near=False),
        "Poisson instead of negative binomial": replace(whole, overdispersed=False),
        "no floor for quiet hours": replace(whole, floor=0.0, volume_floor=0.0),
        "the best channel, not the mean of two": replace(whole, best=1),
        **{
            f"without {_called(CHANNELS[i])}": replace(whole, channels=tuple(each for each in channels if each != i))
            for i in channels
        },
        **{f"only {_long(bins)}": _only(tuple(i for i in channels if CHANNELS[i].bins == bins)) for bins in windows},
    }


def _only(channels: tuple[int, ...]) -> Tuning:
    """These channels alone, for a series of which everything matches too."""
    return replace(Tuning(), channels=channels, volume_channels=channels, best=1)


def measure(seeds: Sequence[int], folder: Path | None, size: Size, jobs: int) -> list[dict[str, Any]]:
    """Recall and delay of each variant on the development ``seeds``, and its mean on the tweet series of ``folder``."""
    chosen = dict(list(variants().items())[: size.variants])
    places: list[int | None] = [*seeds, *([None] if folder is not None else [])]
    tasks = [
        _Task(tuning, name != BLUNT, seed, size.days, folder) for name, tuning in chosen.items() for seed in places
    ]
    answers = progress(spread(_score, tasks, jobs), len(tasks), "ablation")
    streams = brands(seeds, size.days)
    rows = []
    for name in chosen:
        scores = [each for _ in seeds for each in next(answers)]
        tweets = nab.mean_of_layers(nab.load(folder), next(answers)) if folder is not None else None
        half, one, two = sweep(streams, scores, PER_MONTH)
        rows.append(
            {
                "name": name,
                "recall": {"0.5": half.recall, "1": one.recall, "2": two.recall},
                "at_one": one.as_json(),
                "nab": tweets,
            }
        )
    return rows


def _score(task: _Task) -> list[Floats]:
    scorer = surge(task.tuning, grave=task.grave)
    if task.seed is not None:
        return [scorer(stream) for stream in brands([task.seed], task.days)]
    assert task.folder is not None
    return [scorer(nab.as_stream(series)) for series in nab.load(task.folder)]


def _called(channel: Channel) -> str:
    return f"{_long(channel.bins)} against {'the last hours' if channel.near else 'the usual'}"


def _long(bins: int) -> str:
    return f"{5 * bins} min" if bins < 12 else f"{bins / 12:g} h"
