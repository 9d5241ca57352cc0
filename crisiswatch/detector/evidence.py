"""How strongly one window speaks against every harmless explanation, in decades.

Three things look like a crisis and are none: chance, a surge of everything (an event that people take as they always
do), and joy (volume without complaints). A window counts for what is left when each of them, with how often it comes,
has been given its due::

    S = -log10( p(volume and share by chance) + 10^-surge p(share) + 10^-joy p(matching volume) )

Volume and share given volume are independent when nothing happens, so their joint tail is Fisher's (1932).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import NamedTuple

from crisiswatch.detector import tails
from crisiswatch.detector.layout import Tuning

__all__ = ["Held", "Look", "join", "window_evidence"]


GRAVE_SPREAD = 0.02  # intra-class correlation of grave words: they come together even in calm times


class Held(NamedTuple):
    """What a window is held against; made once a look and shared by its channels.

    ``share`` usual, ``near_share`` of the last hours; ``ignorance`` and ``doubt`` widen volume and share; ``fano``
    (>= 1) says how many mentions one mention of the scorer's makes up for. ``grave_share`` of the matching mentions
    usually has grave words, known but for ``grave_doubt``.
    """

    share: float
    near_share: float
    ignorance: float
    doubt: float
    fano: float
    grave_share: float
    grave_doubt: float


class Look(NamedTuple):
    """One channel's window: what it holds and what of that was to be expected.

    ``mean`` is the expected total by the channel's reference and ``usual`` the usual one, ``weight`` the mean weight of
    a mention, ``spread`` the channel's dispersions of total, count and share; ``known``: an announced event was on;
    ``grave``: matching mentions with grave words, None where nobody looked.
    """

    total: float
    matched: float
    mean: float
    usual: float
    weight: float
    spread: Sequence[float]
    near: bool
    known: bool
    grave: float | None


def window_evidence(look: Look, held: Held, t: Tuning) -> float:
    """Give S of one channel's window, in decades."""
    share = held.near_share if look.near else held.share
    fano = held.fano * look.weight
    matching, expected = look.matched / fano, look.mean * share / fano
    # Where the last hours led to expect less than is usual, complaints have to be up against the usual as well.
    firm = max(expected, look.usual * held.share / fano) if look.near else expected
    alone = tails.negative_binomial(matching, firm, look.spread[1] + held.ignorance)
    if not t.share_test:
        return alone
    grave = 0.0
    if look.grave is not None and t.grave:
        surprise = tails.binomial(look.grave, look.matched, held.grave_share, GRAVE_SPREAD + held.grave_doubt)
        grave = min(surprise, t.grave)
    rho, trials, surge = look.spread[2] + held.doubt, look.total / fano, 0.0 if look.known else t.surge
    gate = tails.binomial(matching, trials, share, rho)
    if gate + surge + grave < t.tail_from:
        return 0.0  # nothing that would count
    both = gate + tails.negative_binomial(
        look.total / look.weight, look.mean / look.weight, look.spread[0] + held.ignorance
    )
    held_against = [both - log10(1.0 + both * tails.LN10), gate + surge, alone + t.joy]
    if look.near and share < held.share:
        held_against.append(tails.binomial(matching, trials, held.share, rho) + max(surge, t.usual_surge))
    volume = join(*held_against)
    # What is said is independent of how much is said, so its surprise adds to that of the volume (Fisher again).
    together = volume + grave
    return max(volume, together - log10(1.0 + together * tails.LN10))


def join(*decades: float) -> float:
    """-log10 of the sum of the probabilities whose -log10 are given, at least 0."""
    least = min(decades)
    return max(least - log10(sum([10.0 ** (least - each) for each in decades])), 0.0)
