"""What the tests of X share: a brand, a source on a fake, and polls until there is nothing more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from crisiswatch.clock import Clock, ManualClock
from crisiswatch.matching import BrandTerms
from crisiswatch.model import Batch, Mention, VolumeSample
from crisiswatch.sources.x.factory import make
from crisiswatch.sources.x.source import XSource
from crisiswatch.testing.fake_x import FakeX

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACME = BrandTerms(id="acme", handles=("@acme",), any=("Acme Coffee", "#acme"), none=("acme anvils",))


class Token:
    """A secret that is there."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text


def fake(clock: Clock, **given: Any) -> FakeX:
    """A server that has counts of the last hour alone: most tests have no use for the ten thousand minutes of a week."""
    x = FakeX(clock, **given)
    x.counted_back = timedelta(hours=1)
    return x


def source_of(x: FakeX, clock: Clock, **options: Any) -> XSource:
    given = {"base_url": x.url, "token": Token(x.token), "brands": (ACME,), **options}
    return make("x", given, clock)


def manual() -> ManualClock:
    return ManualClock(NOON)


def drained(source: XSource, clock: Clock, cursor: str | None = None) -> list[Batch]:
    batches = []
    while not batches or batches[-1].more:
        batches.append(source.poll(cursor, clock.now() + timedelta(seconds=20)))
        cursor = batches[-1].cursor
    return batches


def mentions(batches: list[Batch]) -> list[Mention]:
    return [mention for batch in batches for mention in batch.mentions]


def samples(batches: list[Batch]) -> list[VolumeSample]:
    return [sample for batch in batches for sample in batch.samples]


def cost(batches: list[Batch]) -> float:
    return round(sum(batch.cost for batch in batches), 6)
