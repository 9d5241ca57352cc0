"""Where each number lies in the flat state of the surge detector, and the constants it was tuned to.

Counts are mentions, times are minutes since 1970, decades are -log10 of a probability or of a rate per bin.
"""

from __future__ import annotations

from dataclasses import dataclass

from crisiswatch.windows import BIN

__all__ = ["CHANNELS", "DAY", "HOUR", "RING", "VERSION", "Channel", "Tuning"]

VERSION = 2.0
HOUR, DAY = 60 // BIN, 24 * 60 // BIN
RING = 72
"""Bins in the longest window: six hours."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One window held against one reference: ``near`` is what the last hours lead to expect, else what is usual."""

    bins: int
    near: bool


CHANNELS = (
    Channel(1, near=True),
    Channel(3, near=True),
    Channel(12, near=True),
    Channel(36, near=False),
    Channel(72, near=False),
)

# Scalars.
V, NEXT, BINS, LEVEL_Y, LEVEL_X, SHARE_K, SHARE_N = range(7)
NEAR_Y, NEAR_MU, NEAR_K, NEAR_N = range(7, 11)  # the last hours: volume against the baseline, matching against volume
HOUR_NOW, HOUR_Y, HOUR_MU = range(11, 14)
EVENT, CALM, CARRY, SILENCE, KNOWN_UNTIL, AT, LEARNED, CLUSTERS = range(14, 22)
# Of scorers that give probabilities: mentions, p(match) and p^2.
SURE_N, SURE_P, SURE_PP = range(22, 25)
GRAVE_K, GRAVE_M = 25, 26  # matching mentions whose gravity is known, and the grave ones of them
ACHIEVED = 27  # bins watched; how often elevated, high and extreme were reached; until when they are not counted anew
# Blocks.
FOUND = ACHIEVED + 1 + 2 * 3  # whether the last bin had anything to say
DISPERSION = FOUND + 1  # a channel each: of the total, of the count, of the share
TAILS = DISPERSION + 3 * len(CHANNELS)  # a channel each, then the joint score: clusters, excess, excess^2, peak, quiet
JOINT = TAILS + 5 * len(CHANNELS)
HOD = JOINT + 5  # season: pairs of weighted ratio and weight
DOW = HOD + 2 * 24
HOW = DOW + 2 * 7
BUFFER = HOW + 2 * 168  # the ring: running sums up to each bin of what `SLOT` places name
SLOT = 5  # total, count, expected total, squared weights, grave
SIZE = BUFFER + SLOT * RING


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was chosen on the development streams; the benchmark switches parts off to see what they carry.

    Half-lives are in days, spreads relative standard deviations, clips standard deviations, everything else without a
    remark is in decades.
    """

    # The baseline.
    level_half_life: float = 4.0
    share_half_life: float = 5.0
    season_half_life: float = 28.0
    season_spread: tuple[float, float, float] = (0.5, 0.1, 0.15)
    near_half_life: float = 0.1
    near_prior: float = 7.0  # mentions
    near_share_prior: float = 50.0  # mentions
    clip: float = 3.0
    ignorance: float = 0.15  # dispersion on the first day
    pace: float = 2.0  # how fast dispersions move, against the reference's step
    # What a window has to speak against, and how often that comes: a decade is one look in ten.
    surge: float = 1.25
    usual_surge: float = 3.0
    joy: float = 0.5
    grave: float = 3.0  # grave words count for no more than this
    # A quiet hour is not held against a brand: a window is expected to bring this part of the level at least.
    floor: float = 0.5
    volume_floor: float = 1.0
    # Few mentions are nobody's crisis: so many have to match in a channel's window, and in three hours; and what only
    # just as many make is never rarer than ``few``, each mention more a little.
    least: float = 4.0  # mentions
    mass: float = 6.0  # mentions
    few: float = 3.7
    each_more: float = 0.2
    # Calibration: tails begin at ``tail_from``, and what exceeds it counts up to a reach.
    tail_from: float = 2.0
    tail_half_life: float = 14.0
    reach: float = 2.0
    joint_reach: float = 1.0
    volume_reach: float = 100.0
    joint_rate: float = 0.001  # clusters a bin
    joint_mean: float = 0.37
    joint_days: float = 100.0
    # Learning stops where an event is on; while little is known, already where something is unusual.
    event_from: float = 4.0
    wary: float = 1.0
    # The parts.
    channels: tuple[int, ...] = tuple(range(len(CHANNELS)))
    volume_channels: tuple[int, ...] = (1, 2, 3, 4)
    best: int = 2
    season: bool = True
    near: bool = True
    share_test: bool = True
    calibrate: bool = True
    overdispersed: bool = True
