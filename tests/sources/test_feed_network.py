"""A feed keeps the contract of sources with a network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from crisiswatch.sources.feed import FeedSource
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.networked_sources import Failure, NetworkedSourceContract, NetworkedWorld, RunningClock


def item(name: str) -> str:
    return f"<item><guid>tag:{name}</guid><title>about {name}</title></item>"


class World:
    def __init__(self, site: FakeSite) -> None:
        self.clock = RunningClock()
        self.secrets = ()
        self.site = site
        site.answer = self._answer
        self.items: list[str] = []
        self.made: list[FeedSource] = []

    def _answer(self, asked: Asked) -> Answer:
        tag = f'"v{len(self.items)}"'
        if asked.headers.get("if-none-match") == tag:
            return Answer(304)
        body = f'<rss version="2.0"><channel><title>News</title>{"".join(reversed(self.items))}</channel></rss>'
        return Answer(200, body.encode(), {"Content-Type": "application/rss+xml", "ETag": tag})

    def put(self, names: Iterable[str]) -> None:
        self.items += map(item, names)

    def put_bad(self) -> bool:
        self.items.append("<item><description>no guid, no link</description></item>")
        return True

    def source(self) -> FeedSource:
        self.made.append(FeedSource("news", f"{self.site.url}/feed.xml", self.clock))
        return self.made[-1]

    def fail(self, failure: Failure | None) -> bool:
        return self.site.fail(failure)

    def pass_time(self, seconds: float) -> None:
        self.clock.skip(seconds)

    def asked(self) -> int:
        return len(self.site.seen)


class TestFeed(NetworkedSourceContract):
    @contextmanager
    def world(self) -> Iterator[NetworkedWorld]:
        with FakeSite(lambda _: Answer(404)) as site:
            world = World(site)
            yield world
            for made in world.made:
                made.close()
