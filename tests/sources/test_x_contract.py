"""The contracts of sources, kept by X against a server that speaks its wire format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from crisiswatch.model import Source
from crisiswatch.testing.fake_x import FakeX
from crisiswatch.testing.networked_sources import Failure, NetworkedSourceContract, RunningClock
from tests.sources.x_support import source_of

READ_ALL = {"read": "everything", "count_every": timedelta(days=2), "look_back": timedelta(days=2)}


class World:
    """Posts about one brand, all of them read."""

    def __init__(self, x: FakeX, clock: RunningClock) -> None:
        self.clock = clock
        self.secrets = (x.token, x.user_token)
        self._x = x
        self._made: list[Source] = []

    def put(self, names: Iterable[str]) -> None:
        for name in names:
            self._x.put(f"acme coffee said {name} today")

    def put_bad(self) -> bool:
        self._x.put_broken()
        return True

    def source(self) -> Source:
        self._made.append(source_of(self._x, self.clock, **READ_ALL))
        return self._made[-1]

    def fail(self, failure: Failure | None) -> bool:
        return self._x.fail(failure)

    def pass_time(self, seconds: float) -> None:
        self.clock.skip(seconds)

    def asked(self) -> int:
        return len(self._x.seen)

    def close(self) -> None:
        for each in self._made:
            each.close()  # type: ignore[attr-defined]


class TestXKeepsTheContract(NetworkedSourceContract):
    @contextmanager
    def world(self) -> Iterator[World]:
        clock = RunningClock()
        with FakeX(clock) as x:
            x.counted_back = timedelta(hours=1)  # a week of minutes in every test would only take time
            world = World(x, clock)
            try:
                yield world
            finally:
                world.close()
