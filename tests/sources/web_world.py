"""A world of a source that asks one web server: what its tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from crisiswatch.clock import Clock
from crisiswatch.matching import BrandTerms
from crisiswatch.model import Batch, Source
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.networked_sources import Failure, RunningClock
from crisiswatch.testing.sources import drain
from crisiswatch.wiring import close_source

BRANDS = (BrandTerms("acme", handles=("@acme",), any=("acme", "acme coffee")),)


class WebWorld:
    """Keeps what was put in ``things``, oldest first; a subclass knows the platform's wire format."""

    secrets: tuple[str, ...] = ()

    def __init__(self, site: FakeSite) -> None:
        self.clock: RunningClock = RunningClock()
        self.site = site
        site.answer = self.answer
        self.things: list[dict[str, Any]] = []
        self.made: list[Source] = []

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def thing(self, number: int, text: str, **more: Any) -> dict[str, Any]:
        raise NotImplementedError

    def bad(self, number: int) -> dict[str, Any]:
        raise NotImplementedError

    def put(self, names: Iterable[str]) -> None:
        for name in names:
            self.say(f"acme {name}")

    def say(self, text: str, **more: Any) -> dict[str, Any]:
        self.things.append(self.thing(len(self.things), text, **more))
        return self.things[-1]

    def put_bad(self) -> bool:
        self.things.append(self.bad(len(self.things)))
        return True

    def make(self, factory: Callable[[str, Mapping[str, object], Clock], Source], **options: object) -> Source:
        self.made.append(factory("here", {"brands": BRANDS, **options}, self.clock))
        return self.made[-1]

    def source(self) -> Source:
        raise NotImplementedError

    def fail(self, failure: Failure | None) -> bool:
        return self.site.fail(failure)

    def pass_time(self, seconds: float) -> None:
        self.clock.skip(seconds)

    def asked(self) -> int:
        return len(self.site.seen)

    def read(self, cursor: str | None = None) -> Batch:
        (batch,) = drain(self, self.source(), cursor)
        return batch

    def close(self) -> None:
        for source in self.made:
            close_source(source)
