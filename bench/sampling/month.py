"""A brand's weeks on X, lived through with a budget: what is counted, what is read, what it costs, what is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.detector.stream import BINS_PER_DAY, BINS_PER_MONTH, BrandStream, Floats
from crisiswatch.sources.x.money import Budget, Wallet
from crisiswatch.sources.x.plan import Rhythm, Tuning, alarm, posts_to_read, slots
from crisiswatch.windows import MILLI, Tally
from crisiswatch.windows.share import Share, learned, negative_volume
from crisiswatch.windows.tally import MILLION

__all__ = ["Seen", "counts_only", "everything", "flat", "planned", "textbook", "weighed"]

BIN = 5
"""Minutes of a bin, and of a tick."""
PRICE = 0.005
MOST = 100
WARM = 7 * BINS_PER_DAY
"""Bins whose counts the first call brings, before anything is read."""
KEEP = 0.97
"""The part of what is known of the share that is still believed a bin later."""
JUDGED = 8
"""Of so many samples one has its interval compared with the truth: that takes longer than all the rest."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the detector is given in place of the truth, and what that cost.

    ``stream`` has estimated negatives; bin ``told[t]`` is the one at whose end bin ``t`` was known (itself or later).
    ``cost`` is in US dollars a month of thirty days, ``dearest`` that of the dearest calendar month. Of ``intervals``
    that were to hold the number of negatives in 95 of 100 cases, ``held`` did.
    """

    stream: BrandStream
    told: np.ndarray[tuple[int], np.dtype[np.int64]]
    cost: float
    dearest: float
    read: float
    intervals: int = 0
    held: int = 0


def everything(stream: BrandStream) -> Seen:
    """Every post is read; nothing is counted."""
    return _seen(stream, stream.negative, PRICE * float(stream.total.sum()), read=1.0)


def counts_only(stream: BrandStream) -> Seen:
    """Nothing is read: the detector looks at all posts as if each were negative."""
    return _seen(stream, stream.total, PRICE * stream.bins, read=0.0)


def planned(stream: BrandStream, monthly: float, seed: int, tuning: Tuning | None = None, keep: float = KEEP) -> Seen:
    """The plan that ships, with a budget: counts at each tick it can pay, posts when the plan says so.

    What it reads tells the share of negatives, and the counts their number: by the tally of the program itself.
    """
    life = _lived(_Life, stream, monthly, seed, tuning=tuning, keep=keep)
    return life.seen(stream.total, life.shipped)


def textbook(stream: BrandStream, monthly: float, seed: int) -> Seen:
    """The same by a share that fades to one half, which is what nothing known means."""
    life = _lived(_Life, stream, monthly, seed)
    return life.seen(stream.total, life.estimate)


def weighed(stream: BrandStream, monthly: float, seed: int) -> Seen:
    """The same reading, but all that is known is the posts that were read, each counted as often as it weighs."""
    life = _lived(_Life, stream, monthly, seed)
    return life.seen(life.weighed_all, life.weighed)


def flat(stream: BrandStream, monthly: float, seed: int) -> Seen:
    """As much money for one rate at all times: it knows how much will be said in all, and keeps nothing back."""
    life = _lived(_Flat, stream, monthly, seed)
    return life.seen(stream.total, life.estimate)


def _lived(
    kind: type[_Life],
    stream: BrandStream,
    monthly: float,
    seed: int,
    *,
    tuning: Tuning | None = None,
    keep: float = KEEP,
) -> _Life:
    rng = np.random.default_rng((seed, round(100 * monthly)))
    budget = Budget(monthly, kind.reserve, 1, 60.0 * BIN, PRICE, PRICE)
    life = kind(stream, budget, rng, tuning or Tuning(), keep)
    for at in range(stream.bins):
        life.tick(at)
    return life


def _seen(stream: BrandStream, negative: Floats, cost: float, *, read: float) -> Seen:
    monthly = cost * BINS_PER_MONTH / stream.bins
    made = replace(stream, negative=np.round(negative), marked=None)
    return Seen(made, np.arange(stream.bins), monthly, monthly, read)


class _Life:
    """The source's state from tick to tick; X is `stream`, of whose posts a sample is drawn without replacement."""

    reserve = 0.3

    def __init__(
        self, stream: BrandStream, budget: Budget, rng: np.random.Generator, tuning: Tuning, keep: float
    ) -> None:
        self.stream, self.budget, self.rng, self.tuning, self.keep = stream, budget, rng, tuning, keep
        self.wallet = Wallet()
        self.rhythm = Rhythm()
        self.share = Share()
        self.tally = Tally()
        self.round = 0  # posts that were counted the last time
        self.counted = -1  # the last bin that was counted
        self.begun = -1  # the last bin before those that nobody read of
        self.estimate, self.shipped, self.weighed, self.weighed_all = (np.zeros(stream.bins) for _ in range(4))
        self.told = np.arange(stream.bins)
        self.months: dict[str, float] = {}
        self.posts_read = self.samples = self.intervals = self.held = 0

    def seen(self, total: Floats, negative: Floats) -> Seen:
        """What was seen, if these are the numbers that are taken from it."""
        read = self.posts_read / max(float(self.stream.total.sum()), 1.0)
        made = _seen(replace(self.stream, total=np.round(total)), negative, sum(self.months.values()), read=read)
        dearest = max(self.months.values())
        return replace(made, told=self.told, dearest=dearest, intervals=self.intervals, held=self.held)

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
        start, minutes = self._minutes(new)
        strength = alarm(sum(counts), self.rhythm.expected(start, len(minutes)), self.tuning) if at >= WARM else 0.0
        self.rhythm = self.rhythm.learned(start, minutes)
        unread = new if strength else slice(self.begun + 1, at + 1)
        there = int(self.stream.total[unread].sum())
        take = self._posts(there, strength, now)
        self.tally.next_round(start + len(minutes), self.round)
        self.round = sum(counts)
        sample: list[tuple[float, float]] = []
        if take:
            found = self._read(unread, new.start, take)
            sample = [(there / take, 1.0)] * found + [(there / take, 0.0)] * (take - found)
            self.wallet = self.wallet.read(take * PRICE)
            self.posts_read += take
        prior, self.share = self.share, learned(self.share, sample)
        if 0 < take < there:
            self._judge(unread, there, sample, prior)
        whole = float(sum(counts))
        here = sample if strength or take == there else []
        volume = negative_volume(int(whole), here, prior=prior).expected if here else whole * self.share.mean
        part = volume / whole if whole else 0.0
        self.estimate[new] = self.stream.total[new] * part
        matching = self.tally.parts_of(self.round).get("matching", 0) / MILLION
        self.shipped[new] = self.stream.total[new] * matching
        self.told[new] = at
        if take or not there:
            self.begun = at

    def _posts(self, there: int, strength: float, now: datetime) -> int:
        """How many of the posts that are there to read."""
        return posts_to_read(
            there,
            strength,
            wallet=self.wallet,
            price=PRICE,
            in_all=self.budget.for_posts(self.wallet, now),
            at_once=self.budget.burst(self.wallet, now),
            most=MOST,
        )

    def _minutes(self, bins: slice) -> tuple[int, list[int]]:
        """The first minute of these bins and the counts of all, spread evenly over each bin."""
        counts = self.stream.total[bins].astype(int).tolist()
        minutes = [count // BIN + (minute < count % BIN) for count in counts for minute in range(BIN)]
        return self.stream.start + BIN * bins.start, minutes

    def _read(self, bins: slice, first: int, take: int) -> int:
        """Read from where the plan reads: the newest posts of each slot. Note them by their weight; the negatives.

        What lies in bin ``first`` or later is of the round that was counted now.
        """
        start, minutes = self._minutes(bins)
        left = {at: (int(self.stream.total[at]), int(self.stream.negative[at])) for at in range(bins.start, bins.stop)}
        negatives = 0
        for slot in slots(start, minutes, take):
            wanted, each = slot.take, slot.count / slot.take
            at = (slot.end // 60 - 1 - self.stream.start) // BIN
            while wanted and at >= bins.start:
                there, upset = left[at]
                here = min(wanted, there)
                bad = int(self.rng.hypergeometric(upset, there - upset, here)) if here else 0
                left[at] = (there - here, upset - bad)
                self._note(each, here, bad, here_and_now=at >= first)
                self.weighed_all[at] += each * here
                self.weighed[at] += each * bad
                wanted, negatives, at = wanted - here, negatives + bad, at - 1
        return negatives

    def _note(self, weight: float, posts: int, negatives: int, *, here_and_now: bool) -> None:
        """Let the tally of the program see the posts."""
        both = {"all": MILLI, "population": MILLI}
        for at in range(posts):
            figures = {**both, "matching": MILLI} if at < negatives else both
            self.tally.note(round(weight * MILLI), figures, here=here_and_now)

    def _judge(self, bins: slice, there: int, sample: list[tuple[float, float]], prior: Share) -> None:
        """Compare the interval of a sample with the truth."""
        self.samples += 1
        if self.samples % JUDGED == 0:
            volume = negative_volume(there, sample, prior=prior)
            self.intervals += 1
            self.held += volume.low <= float(self.stream.negative[bins].sum()) <= volume.high


class _Flat(_Life):
    """Reads the same part of what is said at all times, in calm as in a crisis."""

    reserve = 0.0

    def _posts(self, there: int, strength: float, now: datetime) -> int:  # noqa: ARG002  it does not look at alarms
        counting = min(PRICE * BINS_PER_MONTH, 0.5 * self.budget.monthly)
        posts = float(self.stream.total.sum()) * BINS_PER_MONTH / self.stream.bins
        rate = min(1.0, (self.budget.monthly - counting) / max(PRICE * posts, 1e-9))
        most = int(self.budget.for_posts(self.wallet, now) / PRICE + 1e-9)
        return min(int(self.rng.binomial(there, rate)), most)
