"""What happens to brands without being a crisis: campaigns, joy, surges, holidays, outages, and small stray things."""

from __future__ import annotations

import numpy as np

from bench.detector.simulator.life import log_uniform
from bench.detector.simulator.scene import Outage, Scene
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, Floats, Spell

__all__ = [
    "add_bursts",
    "add_campaigns",
    "add_clusters",
    "add_holidays",
    "add_outages",
    "add_surges",
    "add_viral",
    "add_virals",
    "draw_outage",
    "draw_viral",
    "rise_and_fall",
]

WEEK = 7 * BINS_PER_DAY
ANNOUNCED = 1 / 3  # of the campaigns stand in the calendar


def rise_and_fall(rise: int, hold: int, fading: float, *, bend: float = 1.5) -> Floats:
    """A curve that climbs to one within ``rise`` bins, holds for ``hold``, and fades with time constant ``fading``.

    It ends where a tenth is left. It climbs as a power of time, ``bend``: 1 is a straight ramp, more starts gently.
    """
    climb = (np.arange(1, rise + 1) / rise) ** bend
    fade = np.exp(-np.arange(1, int(fading * np.log(10)) + 1) / fading)
    return np.concatenate([climb, np.ones(hold), fade])


def add_holidays(scene: Scene, rng: np.random.Generator) -> None:
    """One or two local days with much less, or for some brands rather more, going on; before any other event."""
    days = np.unique(scene.life.day)
    factor = rng.uniform(0.45, 0.75) if rng.random() < 0.6 else rng.uniform(1.3, 1.9)
    count = max(1, round(rng.uniform(0.5, 2.5) * len(days) / 42))
    for day in rng.choice(days, size=min(count, len(days)), replace=False):
        on = np.flatnonzero(scene.life.day == day)
        for series in (scene.ordinary, scene.negative, scene.other):
            series[on] *= factor
        scene.benign.append(Spell(int(on[0]), int(on[-1]) + 1, "holiday"))


def add_campaigns(scene: Scene, rng: np.random.Generator) -> None:
    """A weekly campaign of two to six hours (six brands in ten have one): x 1.5-4, about as negative as usual."""
    if rng.random() >= 0.6:
        return
    slot, length = int(rng.integers(0, WEEK)), int(rng.integers(2 * BINS_PER_HOUR, 6 * BINS_PER_HOUR + 1))
    times, tone = log_uniform(rng, 1.5, 4), rng.uniform(0.6, 1.1)
    for week in range(scene.bins // WEEK + 1):
        start = week * WEEK + slot + int(rng.integers(-6, 7))
        span = slice(max(0, start), min(start + length, scene.bins))
        announced = rng.random() < ANNOUNCED
        strength = (times - 1) * rng.uniform(0.7, 1.3)
        if span.start >= span.stop:
            continue
        extra = strength * scene.life.level[span]
        upset = np.minimum(scene.life.share[span] * tone, 1.0) * extra
        scene.negative[span] += upset
        scene.other[span] += extra - upset
        scene.benign.append(Spell(span.start, span.stop, "campaign"))
        if announced:
            hours = slice(span.start // BINS_PER_HOUR * BINS_PER_HOUR, -(-span.stop // BINS_PER_HOUR) * BINS_PER_HOUR)
            scene.known[hours] = True


def add_surges(scene: Scene, rng: np.random.Generator) -> None:
    """Some hours in which everybody talks of the brand, as negatively as ever: x 2.5-9, about two in six weeks."""
    for start in _moments(scene, rng, per_day=2 / 42):
        hump = rise_and_fall(int(rng.integers(2, 13)), int(rng.integers(6, 37)), rng.uniform(6, 30))
        hump = (log_uniform(rng, 2.5, 9) - 1) * hump[: scene.bins - start]
        span = slice(start, start + len(hump))
        extra = hump * scene.life.level[span]
        scene.negative[span] += extra * scene.life.share[span]
        scene.other[span] += extra * (1 - scene.life.share[span])
        scene.benign.append(Spell(span.start, span.stop, "surge"))


def add_virals(scene: Scene, rng: np.random.Generator) -> None:
    """Moments of joy, about two in six weeks."""
    for start in _moments(scene, rng, per_day=2 / 42):
        add_viral(scene, rng, start)


def draw_viral(
    rng: np.random.Generator, *, shortest: int = 6, times: tuple[float, float] = (4, 25)
) -> tuple[Floats, float]:
    """A moment of joy: its curve (of height one, at its top for ``shortest`` bins or more), and how many ``times``
    the usual level it reaches, between these two.
    """
    curve = rise_and_fall(int(rng.integers(3, 13)), int(rng.integers(shortest, shortest + 18)), rng.uniform(9, 48))
    return curve, log_uniform(rng, *times)


def add_viral(
    scene: Scene, rng: np.random.Generator, start: int, *, shortest: int = 6, times: tuple[float, float] = (4, 25)
) -> Spell:
    """A moment of joy at bin ``start``, all of it positive (though the classifier misreads its usual part)."""
    curve, height = draw_viral(rng, shortest=shortest, times=times)
    hump = (height - 1) * curve[: scene.bins - start]
    spell = Spell(start, start + len(hump), "viral")
    scene.other[start : spell.end] += hump * scene.crowd(start)
    scene.benign.append(spell)
    return spell


def draw_outage(rng: np.random.Generator, start: int, *, end: int | None = None) -> Outage:
    """An outage of one to six hours: seven in ten are noticed, half of them delivered late, within one to three bins.

    With ``end`` it stops there instead, and ``start`` is not looked at.
    """
    length = int(rng.integers(BINS_PER_HOUR, 6 * BINS_PER_HOUR + 1))
    flagged, late = bool(rng.random() < 0.7), int(rng.integers(1, 4)) if rng.random() < 0.5 else 0
    return Outage(start, start + length, flagged, late) if end is None else Outage(end - length, end, flagged, late)


def add_outages(scene: Scene, rng: np.random.Generator) -> None:
    """Two or three outages in six weeks, none of them during a crisis: those would hide it from everybody."""
    for start in _moments(scene, rng, per_day=2.5 / 42):
        outage = draw_outage(rng, start)
        if outage.end + outage.late < scene.bins and not scene.busy(outage.start, outage.end, BINS_PER_HOUR):
            scene.outages.append(outage)
            scene.benign.append(Spell(outage.start, outage.end + outage.late, "outage"))


def add_bursts(scene: Scene, rng: np.random.Generator) -> None:
    """Heavy-tailed neutral bursts (Pareto, exponent 1.2), one to five a day by brand: ten minutes' mentions or more."""
    for start in _moments(scene, rng, per_day=rng.uniform(1, 5)):
        size = min(0.15 * (1 + rng.pareto(1.2)), 6) * max(scene.life.level[start] * BINS_PER_HOUR, 3.0)
        _stray(scene, rng, start, size, "burst")


def add_clusters(scene: Scene, rng: np.random.Generator) -> None:
    """Small negative clusters, 0.7 a day: a few people complaining together, which is nobody's crisis."""
    for start in _moments(scene, rng, per_day=0.7):
        size = rng.geometric(0.6) + rng.uniform(0.05, 0.20) * scene.ordinary[start] * BINS_PER_HOUR
        _stray(scene, rng, start, size, "cluster")


def _stray(scene: Scene, rng: np.random.Generator, start: int, size: float, kind: str) -> None:
    """Spread ``size`` mentions over ten to forty minutes from bin ``start`` on, more of them early than late."""
    hump = np.exp(-np.arange(int(rng.integers(2, 9))) / 3)[: scene.bins - start]
    series = scene.stray_other if kind == "burst" else scene.stray_negative
    series[start : start + len(hump)] += size * hump / hump.sum()
    scene.benign.append(Spell(start, start + len(hump), kind))


def _moments(scene: Scene, rng: np.random.Generator, *, per_day: float) -> list[int]:
    """Bins at which something that comes ``per_day`` times on average starts, in order."""
    count = rng.poisson(per_day * scene.bins / BINS_PER_DAY)
    return [int(at) for at in np.sort(rng.integers(0, scene.bins - 1, count))]
