"""Single questions put to a detector, many times over: a first day, a flood, a joy, and a long time of nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bench.detector.simulator.benign import add_bursts, add_clusters, draw_viral
from bench.detector.simulator.crises import add_crisis, draw_curve
from bench.detector.simulator.gravity import MISREAD
from bench.detector.simulator.life import BIN_MINUTES, FIRST_MONDAY, live
from bench.detector.simulator.scene import FALSE_POSITIVE, Scene
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BINS_PER_MONTH, BrandStream, Floats, Spell

__all__ = ["calm", "cold_start", "neutral_flood", "viral_positive"]

CALM_DAYS = 21
FLOOD_RATES = (20.0, 150.0, 1000.0, 5000.0)
AFTERWARDS = 12 * BINS_PER_HOUR


def cold_start(seed: int, hours: float, trials: int) -> list[BrandStream]:
    """Brands whose very first mention ever is in bin 0, with a sharp crisis so many ``hours`` later; twelve hours more.

    Of 3 to 1,000 mentions an hour. The first mention may come at any minute of the week.
    """
    return [_first_day(np.random.default_rng((seed, 1, index)), index, hours) for index in range(trials)]


def _first_day(rng: np.random.Generator, index: int, hours: float) -> BrandStream:
    rate = (3.0, 20.0, 150.0, 1000.0)[index % 4]
    onset = round(hours * BINS_PER_HOUR)
    minute = FIRST_MONDAY + BIN_MINUTES * int(rng.integers(0, 7 * BINS_PER_DAY))
    scene = _calm_scene(rng, rate, onset + 3 * BINS_PER_DAY, minute=minute)
    crisis = add_crisis(scene, rng, "sharp", onset, draw_curve(rng, "sharp", scene.usual(onset)))
    stream = scene.observe(rng, f"cold{index}", rate)
    stream.total[0] = max(stream.total[0], 1.0)
    return _cut(stream, crisis.end + AFTERWARDS)


def neutral_flood(seed: int, trials: int, *, misread: float = FALSE_POSITIVE) -> list[BrandStream]:
    """After three calm weeks the volume triples for two to six hours, and nobody among the newcomers complains.

    The classifier still takes the part ``misread`` of them for negative. 20 to 5,000 mentions an hour.
    """
    return [_flood(np.random.default_rng((seed, 2, index)), index, misread) for index in range(trials)]


def viral_positive(seed: int, trials: int, *, misread: float = FALSE_POSITIVE) -> list[BrandStream]:
    """After three calm weeks a moment of joy: x 4-25, for hours, all of the extra positive; otherwise as the flood."""
    return [_joy(np.random.default_rng((seed, 3, index)), index, misread) for index in range(trials)]


def calm(seed: int, rate: float, months: float) -> BrandStream:
    """One brand with ``rate`` mentions an hour and nothing but ordinary life, for so many months of thirty days.

    It has a season, slow drifts, noise, small clusters and bursts; no trend, no events and no crises: for calibration.
    """
    rng = np.random.default_rng((seed, 4, round(rate * 1000)))
    scene = _calm_scene(rng, rate, round(months * BINS_PER_MONTH))
    return scene.observe(rng, f"calm{seed}-{rate:g}", rate)


def _flood(rng: np.random.Generator, index: int, misread: float) -> BrandStream:
    start = CALM_DAYS * BINS_PER_DAY + int(rng.integers(0, BINS_PER_DAY))
    end = start + int(rng.integers(2 * BINS_PER_HOUR, 6 * BINS_PER_HOUR + 1))
    scene = _calm_scene(rng, FLOOD_RATES[index % 4], end + AFTERWARDS, quiet=(start, end))
    stream = scene.observe(rng, f"flood{index}", FLOOD_RATES[index % 4])
    expected = 2 * scene.life.level[start:end]
    return _with_extra(stream, Spell(start, end, "flood"), expected, _voices(rng, scene, expected, misread))


def _joy(rng: np.random.Generator, index: int, misread: float) -> BrandStream:
    start = CALM_DAYS * BINS_PER_DAY + int(rng.integers(0, BINS_PER_DAY))
    hump, times = draw_viral(rng)
    end = start + len(hump)
    scene = _calm_scene(rng, FLOOD_RATES[index % 4], end + AFTERWARDS, quiet=(start, end))
    stream = scene.observe(rng, f"joy{index}", FLOOD_RATES[index % 4])
    expected = (times - 1) * scene.crowd(start) * hump
    return _with_extra(stream, Spell(start, end, "viral"), expected, _voices(rng, scene, expected, misread))


def _calm_scene(
    rng: np.random.Generator,
    rate: float,
    bins: int,
    *,
    minute: int = FIRST_MONDAY,
    quiet: tuple[int, int] | None = None,
) -> Scene:
    """Ordinary life; nothing stray from three hours before ``quiet`` to its end: it is to be judged alone."""
    scene = Scene.of(live(rng, rate, bins, minute=minute, settled=True))
    for add in (add_bursts, add_clusters):
        add(scene, rng)
    if quiet is not None:
        hush = slice(quiet[0] - 3 * BINS_PER_HOUR, quiet[1])
        scene.stray_negative[hush] = scene.stray_other[hush] = 0.0
        scene.benign[:] = [spell for spell in scene.benign if spell.end <= hush.start or spell.start >= hush.stop]
    return scene


@dataclass(frozen=True, slots=True)
class _Voices:
    """Mentions without complaint: how many a bin, how many of them are misread, and the part that is on average.

    ``marked`` of the misread ones have grave words.
    """

    count: npt.NDArray[np.int64]
    misread: npt.NDArray[np.int64]
    marked: npt.NDArray[np.int64]
    part: float


def _voices(rng: np.random.Generator, scene: Scene, expected: Floats, misread: float) -> _Voices:
    """Draw so many ``expected`` mentions a bin, as noisy as the brand's others."""
    jitter = scene.life.jitter
    count = rng.poisson(expected * rng.gamma(1 / jitter, jitter, len(expected)))
    misled = rng.binomial(count, misread)
    return _Voices(count, misled, rng.spawn(1)[0].binomial(misled, MISREAD * scene.life.grave), misread)


def _with_extra(stream: BrandStream, spell: Spell, expected: Floats, voices: _Voices) -> BrandStream:
    """The stream with these voices more during ``spell``."""
    assert stream.mean_total is not None
    assert stream.mean_negative is not None
    assert stream.marked is not None
    span = slice(spell.start, spell.end)
    stream.total[span] += voices.count
    stream.negative[span] += voices.misread
    stream.marked[span] += voices.marked
    stream.mean_total[span] += expected
    stream.mean_negative[span] += voices.part * expected
    return replace(stream, benign=(*stream.benign, spell))


def _cut(stream: BrandStream, end: int) -> BrandStream:
    """The stream up to bin ``end``."""
    assert stream.mean_total is not None
    assert stream.mean_negative is not None
    assert stream.marked is not None
    return replace(
        stream,
        total=stream.total[:end],
        negative=stream.negative[:end],
        exposure=stream.exposure[:end],
        known=stream.known[:end],
        mean_total=stream.mean_total[:end],
        mean_negative=stream.mean_negative[:end],
        crises=tuple(spell for spell in stream.crises if spell.start < end),
        marked=stream.marked[:end],
        benign=tuple(Spell(one.start, min(one.end, end), one.kind) for one in stream.benign if one.start < end),
    )
