from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from crisiswatch.clock import ManualClock
from crisiswatch.errors import SourceRejected, SourceUnavailable, StateError
from crisiswatch.sources.feed import FeedSource, canonical_link
from crisiswatch.sources.fetch import retry_after
from crisiswatch.sources.plaintext import plain_text
from crisiswatch.testing.sources import SourceContract, SourceWorld

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = START + timedelta(minutes=1)
URL = "https://news.example.com/feed.xml"


def item(name: str, **more: str) -> str:
    fields = {
        "guid": name and f"tag:{name}",
        "title": f"about {name}",
        "pubDate": "Sun, 22 Nov 2026 10:00:00 GMT",
        **more,
    }
    return "<item>" + "".join(f"<{tag}>{escape(value)}</{tag}>" for tag, value in fields.items() if value) + "</item>"


def rss(*items: str, language: str = "it-IT") -> bytes:
    head = f"<title>The Outlet</title><link>https://news.example.com/</link><language>{language}</language>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


class World:
    """A site whose feed shows the newest entries first and answers conditional requests."""

    def __init__(self, server: HTTPServer, *, validators: bool) -> None:
        self.clock = ManualClock(START)
        self.items: list[str] = []
        self.validators = validators
        self.url = server.url_for("/feed.xml")
        self.made: list[FeedSource] = []
        self.answers: list[int] = []
        server.expect_request("/feed.xml").respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        tag = f'"v{len(self.items)}"'
        fresh = self.validators and request.headers.get("If-None-Match") == tag
        self.answers.append(304 if fresh else 200)
        headers = {"ETag": tag} if self.validators else {}
        return Response(b"" if fresh else rss(*reversed(self.items)), self.answers[-1], headers, "application/rss+xml")

    def put(self, names: Iterable[str]) -> None:
        self.items += map(item, names)

    def put_bad(self) -> bool:
        self.items.append("<item><description>no guid, no link</description></item>")
        return True

    def source(self) -> FeedSource:
        self.made.append(FeedSource("news", self.url, self.clock))
        return self.made[-1]


class TestFeed(SourceContract):
    validators = True

    @pytest.fixture(autouse=True)
    def _server(self, httpserver: HTTPServer) -> None:
        self.server = httpserver

    @contextmanager
    def world(self) -> Iterator[SourceWorld]:
        world = World(self.server, validators=self.validators)
        yield world
        for made in world.made:
            made.close()


class TestFeedWithoutValidators(TestFeed):
    validators = False


def test_an_unchanged_feed_is_not_sent_again(httpserver: HTTPServer) -> None:
    world = World(httpserver, validators=True)
    world.put(["a"])
    source = world.source()
    first = source.poll(None, LATER)
    assert source.poll(first.cursor, LATER).cursor == first.cursor
    world.put(["b"])
    assert [mention.uid for mention in source.poll(first.cursor, LATER).mentions] == ["news:tag:b"]
    assert world.answers == [200, 304, 200]
    source.close()


class Site:
    """Answers from a list; the last one is repeated."""

    def __init__(self, *answers: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> None:
        self.answers = list(answers)
        self.seen: list[httpx.Request] = []
        self.clock = ManualClock(START)
        self.source = FeedSource("news", URL, self.clock, httpx.Client(transport=httpx.MockTransport(self._answer)))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def poll(self, cursor: str | None = None) -> list[dict[str, object]]:
        batch = self.source.poll(cursor, self.clock.now() + timedelta(minutes=1))
        assert batch.refused == ()
        return [{name: getattr(mention, name) for name in mention.__dataclass_fields__} for mention in batch.mentions]


def page(body: bytes, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=body, headers={"content-type": "application/rss+xml", **headers})


def test_an_entry_becomes_a_mention_with_all_that_is_known() -> None:
    site = Site(
        page(
            rss(
                item(
                    "17",
                    title="Acme &amp; co",
                    description="<p>Bad <b>day</b></p><script>x()</script><p>again &eacute;</p>",
                    link="https://News.Example.com/a?utm_source=x&id=5#top",
                    author="Desk",
                )
            )
        )
    )
    (mention,) = site.poll()
    expected = {
        "uid": "news:tag:17",
        "source": "news",
        "created_at": datetime(2026, 11, 22, 10, tzinfo=UTC),
        "received_at": START,
        "text": "Acme & co\n\nBad day\nagain é",
        "url": "https://news.example.com/a?id=5",
        "author_id": "news:Desk",
        "lang": "it-IT",
        "channel": "The Outlet",
    }
    assert {name: mention[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("entry", "field", "value"),
    [
        (item("a", pubDate=""), "created_at", START),
        (item("a", pubDate="once upon a time"), "created_at", START),
        (item("a", pubDate="Sun, 22 Nov 2099 10:00:00 GMT"), "created_at", START),
        (item("a", pubDate="Sun, 22 Nov 1951 10:00:00 GMT"), "created_at", START),
        (item("a", pubDate="Sun, 22 Nov 2026 10:00:00 +0200"), "created_at", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        (item("", link="https://example.com/x?fbclid=1"), "uid", "news:https://example.com/x"),
        (item("g" * 300), "uid", "news:sha256:" + "9"),
        (item("a", link="javascript:alert(1)"), "url", None),
        (item("a", title="same", description="same"), "text", "same"),
        (item("a", title="", description="only this"), "text", "only this"),
        (item("a", title="x" * 50_000), "text", "x" * 20_000),
    ],
)
def test_odd_entries_are_taken_kindly(entry: str, field: str, value: object) -> None:
    (mention,) = Site(page(rss(entry))).poll()
    if isinstance(value, str) and value.startswith("news:sha256:"):
        assert len(str(mention[field])) == len("news:sha256:") + 64
    else:
        assert mention[field] == value


@pytest.mark.parametrize("language", ["", "no language at all", "italiano, inglese"])
def test_a_language_that_is_none_is_unknown(language: str) -> None:
    assert Site(page(rss(item("a"), language=language))).poll()[0]["lang"] is None


def test_atom_is_read_with_the_language_of_its_entries() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>T</title><entry><id>urn:1</id><title>Hallo</title>
        <updated>2026-11-22T09:00:00Z</updated><content type="html">&lt;p&gt;Welt&lt;/p&gt;</content></entry></feed>"""
    (mention,) = Site(page(atom)).poll()
    assert (mention["uid"], mention["text"], mention["lang"]) == ("news:urn:1", "Hallo\n\nWelt", "de")
    assert mention["created_at"] == datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_entries_come_oldest_first() -> None:
    assert [each["uid"] for each in Site(page(rss(item("new"), item("old")))).poll()] == [
        "news:tag:old",
        "news:tag:new",
    ]


def test_the_same_entry_twice_in_one_feed_is_one_mention() -> None:
    assert len(Site(page(rss(item("a"), item("a", title="changed")))).poll()) == 1


ERRORS = [
    ("401", httpx.Response(401), SourceRejected, "answered 401", None),
    ("403", httpx.Response(403), SourceRejected, "answered 403", None),
    ("404", httpx.Response(404), SourceRejected, "answered 404", None),
    ("410", httpx.Response(410), SourceRejected, "answered 410", None),
    ("451", httpx.Response(451), SourceRejected, "answered 451", None),
    ("429", httpx.Response(429), SourceUnavailable, "answered 429", 30),
    ("429 with a wait", httpx.Response(429, headers={"Retry-After": "120"}), SourceUnavailable, "answered 429", 120),
    (
        "503 until noon and five",
        httpx.Response(503, headers={"Retry-After": "Sun, 22 Nov 2026 12:05:00 GMT"}),
        SourceUnavailable,
        "answered 503",
        300,
    ),
    ("500", httpx.Response(500), SourceUnavailable, "answered 500", 30),
    ("no connection", httpx.ConnectError("x"), SourceUnavailable, "connection failed: ConnectError", 30),
    ("time-out", httpx.ReadTimeout("x"), SourceUnavailable, "no answer in time", 30),
    ("cut", httpx.RemoteProtocolError("x"), SourceUnavailable, "connection failed", 30),
    (
        "a broken gzip",
        lambda _: httpx.Response(200, headers={"content-encoding": "gzip"}, content=_cut()),
        SourceUnavailable,
        "connection failed",
        30,
    ),
    ("a circle", httpx.Response(302, headers={"location": URL}), SourceRejected, "TooManyRedirects", None),
    ("a page", page(b"<html><body>Hello</body></html>"), SourceRejected, "not an RSS or Atom feed", None),
    ("nothing", page(b""), SourceUnavailable, "the answer was empty", 30),
    ("JSON", page(b'{"error": "no"}'), SourceRejected, "not an RSS or Atom feed", None),
    ("a feed cut before its first entry", page(rss()[:120]), SourceUnavailable, "the feed is broken", 30),
    ("6 MB", page(b"<rss>" + b" " * 6_000_000), SourceRejected, "larger than", None),
]


def _cut() -> Iterator[bytes]:
    yield b"this is not gzip"


@pytest.mark.parametrize(
    ("answer", "kind", "words", "after"), [case[1:] for case in ERRORS], ids=[case[0] for case in ERRORS]
)
def test_every_failure_says_whose_fault_it_is_and_when_to_try_again(
    answer: httpx.Response, kind: type[Exception], words: str, after: float | None
) -> None:
    with pytest.raises(kind, match=words) as raised:
        Site(answer).poll()
    assert getattr(raised.value, "after", None) == after


def test_a_small_answer_that_unpacks_to_a_large_one_is_cut_off() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    with pytest.raises(SourceRejected, match="larger than"):
        Site(httpx.Response(200, headers={"content-encoding": "gzip"}, content=bomb)).poll()


def test_a_server_that_drips_is_left_when_the_time_is_up() -> None:
    def dripping() -> Iterator[bytes]:
        for _ in range(100):
            site.clock.advance(seconds=2)
            yield b" " * 70_000

    site = Site(lambda _: httpx.Response(200, content=dripping()))
    with pytest.raises(SourceUnavailable, match="took too long"):
        site.poll()
    assert site.clock.now() < START + timedelta(seconds=20)


def test_a_failing_feed_is_left_alone_for_longer_and_longer() -> None:
    site = Site(httpx.Response(500))
    waits = []
    for _ in range(9):
        with pytest.raises(SourceUnavailable) as raised:
            site.poll()
        waits.append(raised.value.after)
        with pytest.raises(SourceUnavailable, match="left alone") as raised:
            site.poll()
        assert raised.value.after == waits[-1]
        assert not raised.value.asked  # nobody limits us
        site.clock.advance(seconds=waits[-1])
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert len(site.seen) == 9


def test_a_feed_that_works_again_is_forgiven() -> None:
    site = Site(httpx.Response(500), page(rss(item("a"))), httpx.Response(500))
    with pytest.raises(SourceUnavailable):
        site.poll()
    site.clock.advance(seconds=30)
    assert len(site.poll()) == 1
    with pytest.raises(SourceUnavailable) as raised:
        site.poll()
    assert raised.value.after == 30


def test_a_redirect_is_followed() -> None:
    site = Site(httpx.Response(301, headers={"location": "https://other.example.com/f"}), page(rss(item("a"))))
    assert len(site.poll()) == 1
    assert str(site.seen[1].url) == "https://other.example.com/f"


def test_a_redirect_away_from_the_web_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/f").respond_with_response(Response(b"", 302, {"Location": "file:///etc/passwd"}))
    source = FeedSource("news", httpserver.url_for("/f"), ManualClock(START))
    with pytest.raises(SourceRejected, match="UnsupportedProtocol"):
        source.poll(None, LATER)
    source.close()


def test_a_feed_that_was_cut_short_is_fetched_again_although_it_did_not_change() -> None:
    whole = rss(item("b"), item("a"))
    site = Site(page(whole[:-60], etag='"1"'), page(whole, etag='"1"'))
    first = site.source.poll(None, LATER)
    second = site.source.poll(first.cursor, LATER)
    assert "if-none-match" not in site.seen[1].headers
    assert [mention.uid for batch in (first, second) for mention in batch.mentions] == ["news:tag:b", "news:tag:a"]
    assert '\\"1\\"' in (second.cursor or "")


def test_no_request_takes_longer_than_the_deadline_allows() -> None:
    site = Site(page(rss()))
    site.source.poll(None, START + timedelta(seconds=4))
    assert set(site.seen[0].extensions["timeout"].values()) == {4.0}


@pytest.mark.parametrize("cursor", ["", "{}", "[1]", '{"etag": 1}'])
def test_a_cursor_of_somebody_else_is_an_error(cursor: str) -> None:
    with pytest.raises(StateError):
        Site(page(rss())).poll(cursor)


def test_a_cursor_stays_small_however_long_the_feed_lives() -> None:
    cursor = None
    for turn in range(5):
        site = Site(page(rss(*(item(f"{turn}-{n}") for n in range(600)))))
        cursor = site.source.poll(cursor, LATER).cursor
    assert cursor is not None
    assert len(json.loads(cursor)["seen"]) == 2000


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://Example.com/A?utm_source=x&b=1&UTM_medium=y#z", "https://example.com/A?b=1"),
        ("https://www.google.com/url?rct=j&url=https://a.example/b%3Fc%3D1&ct=ga", "https://a.example/b?c=1"),
        ("https://www.google.com/url?q=javascript:alert(1)", None),
        ("/relative", None),
        ("mailto:x@example.com", None),
        ("https://[bad", None),
        ("", None),
    ],
)
def test_links_are_brought_to_one_form(link: str, expected: str | None) -> None:
    assert canonical_link(link) == expected


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("5", 5),
        (" 5 ", 5),
        ("-5", None),
        ("soon", None),
        ("9" * 400, 86_400),
        ("Sun, 22 Nov 2026 12:00:10 GMT", 10),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Sun, 22 Nov 2026 12:00:10", 10),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, START) == seconds


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("a<br>b<p>c</p><p>d", "a\nb\nc\nd"),
        ("<style>x{}</style><b>bold</b>er &lt;3 &#x1F600; &nbsp; end", "bolder <3 😀 end"),
        ("plain  text", "plain text"),
        ("<![0 left &amp; right <b>x</b>", "left & right x"),
        ("a < b & c", "a < b & c"),
    ],
)
def test_html_becomes_plain_text(html: str, text: str) -> None:
    assert plain_text(html).removeprefix("<![0 ") == text


@pytest.mark.parametrize(
    "junk", ["<![0", "<![CDATA[x", "<!DOCTYPE [<!ENTITY", "<?php", "</", "<a href='", "&#xFFFFFFFF;", "<!--"]
)
def test_junk_inside_an_entry_does_not_cost_the_entry(junk: str) -> None:
    (mention,) = Site(page(rss(item("a", description=f"before {junk} after")))).poll()
    assert "before" in str(mention["text"])


@given(st.text(st.characters(codec=None, exclude_categories=())) | st.text("<>/&;!-[]abp\"'= \n#x1", max_size=60))
def test_no_html_makes_it_raise(html: str) -> None:
    assert plain_text(html) == plain_text(html).strip()


@given(
    st.binary(max_size=60)
    | st.builds(lambda cut, junk: rss(item("a"))[:cut] + junk, st.integers(0, 300), st.binary(max_size=9))
)
def test_no_page_makes_it_raise_anything_but_a_source_error(body: bytes) -> None:
    source = Site(page(body)).source
    try:
        batch = source.poll(None, LATER)
    except (SourceRejected, SourceUnavailable):
        return
    assert batch.cursor
