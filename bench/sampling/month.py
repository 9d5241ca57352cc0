"""A brand's weeks on X, lived through with a plan: what is counted, what is read, what it costs, what is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.detector.stream import BINS_PER_DAY, BINS_PER_MONTH, BrandStream, Floats
from crisiswatch.sources.x.estimate import Share, learned, negative_volume
from crisiswatch.sources.x.money import Budget, Wallet
from crisiswatch.sources.x.plan import Rhythm, Tuning, alarm, posts_to_read

__all__ = ["Seen", "counts_only", "everything", "planned"]

BIN = 5
"""Minutes of a bin, and of a tick."""
PRICE = 0.005
MOST = 100
WARM = 7 * BINS_PER_DAY
"""Bins whose counts the first call brings, before anything is read."""
KEEP = 0.97
"""The part of what is known of the share that is still believed a bin later."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detector is given in place of the truth, and what that cost.

    ``stream`` has estimated negatives; bin ``told[t]`` is the one at whose end bin ``t`` was known (itself or later).
    ``cost`` is in US dollars a month of thirty days, ``dearest`` that of the dearest calendar month.
    """

    stream: BrandStream
    told: np.ndarray[tuple[int], np.dtype[np.int64]]
    cost: float
    dearest: float
    read: float


def everything(stream: BrandStream) -> Seen:
    """Every post is read; nothing is counted."""
    return _seen(stream, stream.negative, PRICE * float(stream.total.sum()), read=1.0)


def counts_only(stream: BrandStream) -> Seen:
    """Nothing is read: the detector looks at all posts as if each were negative."""
    return _seen(stream, stream.total, PRICE * stream.bins, read=0.0)


def planned(stream: BrandStream, monthly: float, seed: int, tuning: Tuning | None = None, keep: float = KEEP) -> Seen:
    """The plan that ships, with a budget: counts at each tick it can pay, posts when the plan says so."""
    rng = np.random.default_rng((seed, round(100 * monthly)))
    budget = Budget(monthly, 0.3, 1, 60.0 * BIN, PRICE, PRICE)
    life = _Life(stream, budget, rng, tuning or Tuning(), keep)
    for at in range(stream.bins):
        life.tick(at)
    seen = _seen(stream, life.estimate, sum(life.months.values()), read=life.part_read)
    return replace(seen, told=life.told, dearest=max(life.months.values()))


def _seen(stream: BrandStream, negative: Floats, cost: float, *, read: float) -> Seen:
    monthly = cost * BINS_PER_MONTH / stream.bins
    made = replace(stream, negative=np.round(negative), marked=None)
    return Seen(made, np.arange(stream.bins), monthly, monthly, read)


class _Life:
    """The source's state from tick to tick; X is `stream`, of whose posts a sample is drawn without replacement."""

    def __init__(
        self, stream: BrandStream, budget: Budget, rng: np.random.Generator, tuning: Tuning, keep: float
    ) -> None:
        self.stream, self.budget, self.rng, self.tuning, self.keep = stream, budget, rng, tuning, keep
        self.wallet = Wallet()
        self.rhythm = Rhythm()
        self.share = Share()
        self.counted = -1  # the last bin that was counted
        self.begun = -1  # the last bin before those that nobody read of
        self.estimate = np.zeros(stream.bins)
        self.told = np.arange(stream.bins)
        self.months: dict[str, float] = {}
        self.posts_read = 0.0

    @property
    def part_read(self) -> float:
        return self.posts_read / max(float(self.stream.total.sum()), 1.0)

    def tick(self, at: int) -> None:
        now = EPOCH + timedelta(minutes=self.stream.start + BIN * (at + 1))
        self.wallet = self.budget.saved(self.wallet, now)
        self.share = self.share.faded(self.keep)
        due = (at - self.counted) * BIN * 60.0 >= 0.95 * self.budget.interval(self.wallet, now)
        self.months.setdefault(self.wallet.month, 0.0)
        if not due or not self.budget.can_count(self.wallet):
            return
        self.wallet = self.wallet.paid(PRICE)
        self._look(at, now)
        self.months[self.wallet.month] = self.wallet.spent
        self.counted = at

    def _look(self, at: int, now: datetime) -> None:
        """Count the bins since the last count, read what the plan wants, estimate."""
        new = slice(self.counted + 1, at + 1)
        counts = self.stream.total[new].astype(int).tolist()
        start = self.stream.start + BIN * new.start
        minutes = [count // BIN + (minute < count % BIN) for count in counts for minute in range(BIN)]
        known = at >= WARM
        strength = alarm(sum(counts), self.rhythm.expected(start, len(minutes)), self.tuning) if known else 0.0
        self.rhythm = self.rhythm.learned(start, minutes)
        unread = new if strength else slice(self.begun + 1, at + 1)
        there = int(self.stream.total[unread].sum())
        take = posts_to_read(
            there,
            strength,
            wallet=self.wallet,
            price=PRICE,
            in_all=self.budget.for_posts(self.wallet, now),
            at_once=self.budget.burst(self.wallet, now),
            most=MOST,
        )
        sample: list[tuple[float, float]] = []
        if take:
            upset = int(self.stream.negative[unread].sum())
            found = int(self.rng.hypergeometric(upset, there - upset, take))
            sample = [(there / take, 1.0)] * found + [(there / take, 0.0)] * (take - found)
            self.wallet = self.wallet.read(take * PRICE)
            self.posts_read += take
        prior, self.share = self.share, learned(self.share, sample)
        whole = float(sum(counts))
        here = sample if strength or take == there else []
        volume = negative_volume(int(whole), here, prior=prior).expected if here else whole * self.share.mean
        part = volume / whole if whole else 0.0
        self.estimate[new] = self.stream.total[new] * part
        self.told[new] = at
        if take or not there:
            self.begun = at
