"""The crises a detector has to find: six shapes, each with its own curve of extra negative mentions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.detector.simulator.benign import add_viral, draw_outage, rise_and_fall
from bench.detector.simulator.life import log_uniform
from bench.detector.simulator.scene import Scene
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, Floats, Spell

__all__ = ["SHAPES", "add_crises", "add_crisis", "draw_curve"]

BUSIEST = 3 * BINS_PER_HOUR
QUIET = 8 * BINS_PER_HOUR  # between the end of a crisis and the next, so that alarms can be told apart


def _sharp(rng: np.random.Generator) -> tuple[Floats, float]:
    """Up within 20 to 60 minutes to 4-30 times the usual negatives, then fading for hours."""
    curve = rise_and_fall(int(rng.integers(4, 13)), int(rng.integers(3, 19)), rng.uniform(12, 48))
    return curve, log_uniform(rng, 4, 30)


def _slow(rng: np.random.Generator) -> tuple[Floats, float]:
    """A ramp of twelve hours to 2-6 times."""
    return rise_and_fall(12 * BINS_PER_HOUR, BINS_PER_HOUR, rng.uniform(18, 48), bend=1), log_uniform(rng, 2, 6)


def _dense(rng: np.random.Generator) -> tuple[Floats, float]:
    """20 to 60 minutes of 3-8 times, and over."""
    return np.ones(int(rng.integers(4, 13))), log_uniform(rng, 3, 8)


def _waves(rng: np.random.Generator) -> tuple[Floats, float]:
    """Three waves of an hour or two, some hours apart, of 4-15 times."""
    parts: list[Floats] = []
    for wave in range(3):
        hump = rise_and_fall(int(rng.integers(3, 10)), int(rng.integers(3, 10)), rng.uniform(4, 12))
        gap = np.zeros(0 if wave == 2 else int(rng.integers(1 * BINS_PER_HOUR, 4 * BINS_PER_HOUR)))
        parts += [hump * rng.uniform(0.6, 1.0), gap]
    return np.concatenate(parts), log_uniform(rng, 4, 15)


def _masked(rng: np.random.Generator) -> tuple[Floats, float]:
    """As the sharp one, rather stronger, while a moment of joy makes much more noise."""
    curve = rise_and_fall(int(rng.integers(4, 13)), int(rng.integers(6, 19)), rng.uniform(12, 36))
    return curve, log_uniform(rng, 6, 30)


SHAPES: dict[str, Callable[[np.random.Generator], tuple[Floats, float]]] = {
    "sharp": _sharp,
    "slow": _slow,
    "dense": _dense,
    "waves": _waves,
    "masked": _masked,
    "outage": _sharp,
}


def draw_curve(rng: np.random.Generator, shape: str, usual: float) -> Floats:
    """Extra negative mentions a bin of a crisis of this ``shape`` where ``usual`` ones a bin are usual.

    A crisis is at least 8 to 14 people who complain within its three busiest hours, however small the brand.
    """
    curve, times = SHAPES[shape](rng)
    curve = (times - 1) * usual * curve
    return np.asarray(curve * max(1.0, rng.uniform(8, 14) / np.sort(curve)[-BUSIEST:].sum()), dtype=np.float64)


def add_crisis(scene: Scene, rng: np.random.Generator, shape: str, start: int, curve: Floats) -> Spell:
    """Let a crisis with this ``curve`` break out at bin ``start``; 70 to 95 % of what is said in it is negative."""
    spell = Spell(start, start + len(curve), shape)
    purity = rng.uniform(0.7, 0.95)
    scene.crisis_negative[spell.start : spell.end] += curve
    scene.crisis_other[spell.start : spell.end] += curve * (1 / purity - 1)
    scene.crises.append(spell)
    if shape == "masked":
        add_viral(scene, rng, max(0, start - int(rng.integers(0, 10))), shortest=BINS_PER_HOUR, times=(3, 10))
    if shape == "outage":
        outage = draw_outage(rng, 0, end=start)
        scene.outages.append(outage)
        scene.benign.append(Spell(outage.start, outage.end + outage.late, "outage"))
    return spell


def add_crises(scene: Scene, rng: np.random.Generator, *, count: int = 5, first_day: int = 7) -> None:
    """So many crises of different shapes at random times from ``first_day`` on, none within eight hours of another."""
    for shape in rng.permutation(list(SHAPES))[:count]:
        for _ in range(1000):
            start = int(rng.integers(first_day * BINS_PER_DAY, scene.bins))
            curve = draw_curve(rng, str(shape), scene.usual(start))
            reach = 6 * BINS_PER_HOUR if shape == "outage" else 0
            end = start + len(curve)
            if end + QUIET < scene.bins and not scene.busy(start - reach, end, QUIET):
                add_crisis(scene, rng, str(shape), start, curve)
                break
        else:
            message = f"no room for {count} crises in {scene.bins} bins"
            raise ValueError(message)
