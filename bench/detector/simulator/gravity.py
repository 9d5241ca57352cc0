"""How many complaints have grave words (a court, an injury, a boycott ...): a brand's usual part, and a crisis' own.

Assumptions, all of them drawn from a generator of their own, and what was measured (`python -m bench.detector.gravity`
on two recorded streams; public tweets labelled by people): of the negative mentions of calm times 0.9 % (a streaming
service's help desk) and 7.0 % (an airline, half of them one headline many times) have grave words, of English tweets
4.4 to 4.9 %, of Italian ones 1.6 to 1.8 %; of neutral tweets 0.4 to 0.6 times as many, of what a scorer misreads
nobody knows. In one crisis, of a passenger who was hurt, 18.7 %; in another, an app that was down, 2 % (one of 50).
"""

from __future__ import annotations

import numpy as np

from bench.detector.simulator.life import wander
from bench.detector.stream import Floats, Spell

__all__ = ["GRAVER_CLUSTERS", "MISREAD", "PLAIN_CRISES", "Gravity", "draw_crisis"]

MISREAD = 0.2
"""What is taken for negative and is not has this part of the brand's usual rate."""
PLAIN_CRISES = 1 / 3
"""Of the crises, so many have no more grave words than usual."""
GRAVER_CLUSTERS = 0.1
"""Of the stray clusters, so many are about something as grave as a crisis."""

CRISIS, CRISIS_SPREAD = 0.10, 0.7
MOST = 0.6


def draw_crisis(rng: np.random.Generator, base: float) -> float:
    """The part of the complaints that a crisis adds: ``base`` in a third of them, else lognormal around 10 %.

    One in five of those is above the 18.7 % that were measured; never less than ``base``, never above 60 %.
    """
    if rng.random() < PLAIN_CRISES:
        return base
    return float(np.clip(CRISIS * np.exp(CRISIS_SPREAD * rng.standard_normal()), base, MOST))


class Gravity:
    """The parts with grave words a bin of one brand's mentions, by origin: they wander around the brand's ``base``.

    ``usual`` of ordinary complaints and those of benign events, ``misread`` of mentions without complaint, ``crisis``
    of what crises add, ``stray`` of what clusters add.
    """

    __slots__ = ("crisis", "misread", "stray", "usual")

    def __init__(
        self, rng: np.random.Generator, base: float, bins: int, crises: tuple[Spell, ...], clusters: tuple[Spell, ...]
    ) -> None:
        path = np.exp(wander(rng, bins, spread=rng.uniform(0.1, 0.4), hours=rng.uniform(4, 24)))
        self.usual: Floats = np.minimum(base * path, MOST)
        self.misread: Floats = MISREAD * self.usual
        self.crisis: Floats = self.usual.copy()
        self.stray: Floats = self.usual.copy()
        for spell in crises:
            _raise(self.crisis, spell, draw_crisis(rng, base))
        for spell in clusters:
            if rng.random() < GRAVER_CLUSTERS:
                _raise(self.stray, spell, draw_crisis(rng, base))


def _raise(parts: Floats, spell: Spell, part: float) -> None:
    span = slice(spell.start, spell.end)
    parts[span] = np.maximum(parts[span], part)
