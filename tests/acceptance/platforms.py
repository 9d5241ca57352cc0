"""The platforms of the simulated day: for each a fake on the wire, and the one way to say something there."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from crisiswatch.clock import ManualClock
from crisiswatch.testing.fake_bluesky import FakeBluesky
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.fake_x import FakeX
from tests.sources.test_hackernews import World as HackerNewsWorld
from tests.sources.test_mastodon import World as MastodonWorld
from tests.sources.test_reddit import World as RedditWorld
from tests.sources.test_reddit import is_token
from tests.sources.web_world import WebWorld

__all__ = ["Platforms", "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """Something that somebody says on a platform: ``number`` is its own, and its author's too."""

    number: int
    platform: str
    at: datetime
    text: str
    negative: bool = False


@dataclass
class _Pen:
    """The clock of whoever writes."""

    at: datetime

    def now(self) -> datetime:
        return self.at


class Platforms:
    """X, Bluesky, Mastodon, Hacker News, Reddit and a news site, each a server on a free port."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.x = FakeX(clock)
        self.bluesky = FakeBluesky()
        self.sites = {name: FakeSite(lambda _: Answer(404)) for name in ("mastodon", "hackernews", "news")}
        self.sites["reddit"] = FakeSite(lambda _: Answer(404), spared=is_token)
        worlds = {"mastodon": MastodonWorld, "hackernews": HackerNewsWorld, "reddit": RedditWorld}
        self._worlds: dict[str, WebWorld] = {name: made(self.sites[name]) for name, made in worlds.items()}
        self._items: list[str] = []
        self.sites["news"].answer = self._feed
        self._held: list[dict[str, Any]] = []
        self.holds_back = False
        self.streamed = 0
        self._life = ExitStack()

    def __enter__(self) -> Self:
        for each in (self.x, self.bluesky, *self.sites.values()):
            self._life.enter_context(each)
        return self

    def __exit__(self, *_: object) -> None:
        self._life.close()

    def url(self, name: str) -> str:
        return self.bluesky.url if name == "bluesky" else self.x.url if name == "x" else self.sites[name].url

    # -- people -------------------------------------------------------------------------------------------------------

    def say(self, said: Said) -> str:
        """Put it where it is said; gives the uid that it has to have as a mention."""
        number, name = said.number, said.platform
        match name:
            case "x":
                return f"x:{self.x.put(said.text, at=said.at, author=f'9{number}').id}"
            case "bluesky":
                return self._post(said)
            case "news":
                stamp = f"{said.at:%a, %d %b %Y %H:%M:%S} GMT"
                self._items.append(
                    f"<item><guid>tag:n{number}</guid><title>{said.text}</title><author>a{number}</author>"
                    f"<pubDate>{stamp}</pubDate></item>"
                )
                return f"news:tag:n{number}"
            case _:
                return self._thing(said)

    def _thing(self, said: Said) -> str:
        world = self._worlds[said.platform]
        world.clock = _Pen(said.at)  # type: ignore[assignment]
        author: dict[str, dict[str, Any]] = {
            "mastodon": {"account": {"acct": "a", "uri": f"https://social.example/users/a{said.number}"}},
            "hackernews": {"author": f"a{said.number}"},
            "reddit": {"author_fullname": f"t2_{said.number}"},
        }
        made = world.say(said.text, **author[said.platform])
        native = {"mastodon": "uri", "hackernews": "objectID", "reddit": "data"}[said.platform]
        found = made[native]
        return f"{said.platform}:{found['name'] if isinstance(found, dict) else found}"

    def _post(self, said: Said) -> str:
        did, rkey = f"did:plc:a{said.number}", f"k{said.number}"
        commit = {"rev": "r", "operation": "create", "collection": "app.bsky.feed.post", "rkey": rkey, "cid": "c"}
        record = {"$type": "app.bsky.feed.post", "text": said.text, "langs": ["en"]}
        self._stream(said.at, {"did": did, "kind": "commit", "commit": {**commit, "record": record}})
        return f"bluesky:at://{did}/app.bsky.feed.post/{rkey}"

    def others_talk(self) -> None:
        """Have somebody on Bluesky say something that is nothing to us, as there somebody always does."""
        self._stream(self.clock.now(), {"did": "did:plc:other", "kind": "identity", "identity": {}})

    def _stream(self, at: datetime, event: dict[str, Any]) -> None:
        event["time_us"] = max(int(at.timestamp() * 1_000_000), self.streamed + 1)
        if self.holds_back:
            self._held.append(event)
        else:
            self.bluesky.send(event)
            self.streamed = event["time_us"]

    def falls_silent(self) -> None:
        """Let Bluesky accept whoever connects and send nothing, not even what it sent before."""
        self.holds_back = True
        self.bluesky.forget()

    def lets_go(self) -> None:
        """End the silence of Bluesky: what was said meanwhile is sent."""
        self.holds_back = False
        for event in self._held:
            event["time_us"] = max(event["time_us"], self.streamed + 1)
            self.bluesky.send(event)
            self.streamed = event["time_us"]
        self._held.clear()

    # -- servers ------------------------------------------------------------------------------------------------------

    def _feed(self, asked: Asked) -> Answer:
        tag = f'"v{len(self._items)}"'
        if asked.headers.get("if-none-match") == tag:
            return Answer(304)
        body = f'<rss version="2.0"><channel><title>News</title>{"".join(self._items[:-100:-1])}</channel></rss>'
        return Answer(200, body.encode(), {"Content-Type": "application/rss+xml", "ETag": tag})

    def limit_x_until(self, end: datetime) -> None:
        """Answer the next request to X with a 429 that says when its limit ends."""
        told = {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "0"}
        told["x-rate-limit-reset"] = str(int(end.astimezone(UTC).timestamp()))
        self.x.script("/2/", Answer(429, b'{"title": "Too Many Requests"}', told))
