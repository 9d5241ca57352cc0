"""What every part of this benchmark passes on: one brand's stream in five-minute bins, with the truth about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["BINS_PER_DAY", "BINS_PER_HOUR", "BINS_PER_MONTH", "BrandStream", "Floats", "Scorer", "Spell"]

BINS_PER_HOUR = 12
BINS_PER_DAY = 288
BINS_PER_MONTH = 30 * BINS_PER_DAY

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spell:
    """Bins ``start`` to ``end`` (not included) in which something happened: ``kind`` names it."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True, slots=True)
class BrandStream:
    """One brand as the daemon would have seen it, all arrays of one length: one number a bin.

    ``total`` mentions, of which ``negative`` were classified as negative, ``marked`` of these with grave words (None
    where nobody looked); ``exposure`` 0..1 is the part of the sources known to be up; ``known``: somebody had announced
    an event for this hour in the calendar. ``mean_total`` and ``mean_negative`` are the true means of a bin without any
    crisis, which only a clairvoyant knows; ``None`` for real data. ``start`` is the minute (UTC, since 1970) of the
    first bin. ``rate``: usual mentions an hour.
    """

    name: str
    rate: float
    start: int
    total: Floats
    negative: Floats
    exposure: Floats
    known: npt.NDArray[np.bool_]
    mean_total: Floats | None = None
    mean_negative: Floats | None = None
    crises: tuple[Spell, ...] = ()
    benign: tuple[Spell, ...] = field(default=())
    marked: Floats | None = None

    @property
    def bins(self) -> int:
        """How many bins there are."""
        return len(self.total)


Scorer = Callable[[BrandStream], Floats]
"""A detector under test: gives one score a bin (more is more unusual), each from that bin and earlier ones alone."""
