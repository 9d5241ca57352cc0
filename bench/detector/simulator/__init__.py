"""Made-up brands with known truth, written without looking at any detector's model; everything follows from seeds."""

from __future__ import annotations

import numpy as np

from bench.detector.simulator.benign import (
    add_bursts,
    add_campaigns,
    add_clusters,
    add_holidays,
    add_outages,
    add_surges,
    add_virals,
)
from bench.detector.simulator.crises import add_crises
from bench.detector.simulator.life import FIRST_MONDAY, live
from bench.detector.simulator.scene import Scene
from bench.detector.stream import BINS_PER_DAY, BrandStream

__all__ = ["RATES", "simulate"]

RATES = (0.5, 3.0, 20.0, 150.0, 1000.0, 5000.0)
"""Usual mentions an hour; two brands of each."""


def simulate(seed: int, days: int = 42) -> list[BrandStream]:
    """Twelve brands followed for so many ``days`` (at least 21), with five crises each after the first week."""
    week = int(np.random.default_rng(seed).integers(0, 104))
    return [
        _brand(np.random.default_rng((seed, index)), f"sim{seed}-{index}", RATES[index // 2], days, week)
        for index in range(2 * len(RATES))
    ]


def _brand(rng: np.random.Generator, name: str, rate: float, days: int, week: int) -> BrandStream:
    scene = Scene.of(live(rng, rate, days * BINS_PER_DAY, minute=FIRST_MONDAY + week * 7 * 24 * 60))
    add_holidays(scene, rng)
    add_crises(scene, rng)
    add_outages(scene, rng)
    for add in (add_campaigns, add_virals, add_surges, add_bursts, add_clusters):
        add(scene, rng)
    return scene.observe(rng, name, rate)
