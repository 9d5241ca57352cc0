"""The page where people label: plain forms, safe from other sites, and no text on it is more than a text."""

from __future__ import annotations

import base64
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.config.settings import Brand
from crisiswatch.errors import StoreError
from crisiswatch.labelling import PageLabels
from crisiswatch.sentiment.described import Described
from crisiswatch.store import Store, ThemeClick, Work, counting_themes
from crisiswatch.web import WebServer, create_app
from tests.store.samples import NOON, stored
from tests.support import require_program
from tests.web.test_web import TOKEN, make_state

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e{{ 7 * 7 }} <!channel> \x00 javascript:alert(1)'
BRANDS = (Brand(id="acme", name="Acme <Coffee>"), Brand(id="other", name="Other"))

THEMES = {
    "staff": Described("staff", {"en": "They were rude."}, {"en": "staff & service"}),
    "lost-parcels": Described("lost-parcels", {"en": "My parcel is lost."}),
}


class World:
    """A store with yesterday's mentions, the page over it, and a browser that keeps no cookies."""

    def __init__(self, store: Store, clock: ManualClock, client: httpx.Client) -> None:
        self.store, self.clock, self.client = store, clock, client

    def page(self, path: str = "/feedback", **more: object) -> str:
        answer = self.client.get(path, **more)
        assert answer.status_code == 200
        return answer.text

    def post(
        self, path: str, page: str = "", *, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', page or self.page())
        assert found is not None
        return self.client.post(path, data={"csrf": found[1], "brand": "acme", **fields}, headers=headers)

    def label(self, label: str, uid: str = "x:1", **more: str) -> httpx.Response:
        return self.post("/feedback/label", uid=uid, label=label, **more)

    def sort(self, theme: str, uid: str = "x:1", **more: str) -> httpx.Response:
        return self.post("/feedback/theme", uid=uid, theme=theme, **more)

    def themes(self) -> list[tuple[str, str, str]]:
        clicks = self.store.theme_feedback()
        return [(click.uid, click.theme, click.actor) for click in clicks if not click.undone_at]

    def said(self) -> list[tuple[str, str, str]]:
        return [(click.uid, click.label.value, click.actor) for click in self.store.feedback() if not click.undone_at]


@contextmanager
def world(url: str = "sqlite://", themes: dict[str, Described] | None = None, **options: object) -> Iterator[World]:
    clock = ManualClock(NOON + timedelta(days=1))
    mentions = [stored(1), stored(2, text=HOSTILE, url="javascript:alert(1)", lang="x' onload=alert(1)"), stored(3)]
    mentions += [stored(4, brand="other", text="another brand's", url="https://social.example/4?a=1&b=2", lang="it")]
    with Store.open(url) as store:
        store.commit(Work(mentions=mentions))
        labels = PageLabels(lambda: store, lambda: BRANDS, clock, themes=lambda: themes or {})
        server = WebServer(create_app(make_state(labels=labels), **options), "127.0.0.1", 0)
        server.start()
        try:
            with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client:
                yield World(store, clock, client)
        finally:
            assert server.stop()


@pytest.fixture
def here() -> Iterator[World]:
    with world() as made:
        yield made


def test_the_sample_has_three_buttons_a_mention_and_the_first_is_at_hand(here: World) -> None:
    page = here.page()
    assert page.count('name="label" value="') == 9
    assert page.count("autofocus") == 1
    assert "mention 1" in page
    assert "0 of 3 labelled" in page
    assert "another brand" not in page
    assert 'lang="it" ' not in page
    assert "another brand&#39;s" in here.page("/feedback?brand=other")
    assert 'href="/feedback"' in here.page("/")


def test_a_label_is_stored_shown_and_taken_back_without_a_script(here: World) -> None:
    answer = here.label("neutral", by="Ada", after="1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/feedback?by=Ada&brand=acme&after=1"
    assert here.said() == [("x:1", "neutral", "Ada")]
    assert here.store.feedback()[0].via == "page"
    page = here.page(answer.headers["location"])
    assert "1 of 3 labelled" in page
    assert "Not negative, says Ada." in page
    assert 'value="Ada"' in page
    assert page.count("autofocus") == 1
    number = str(here.store.feedback()[0].id)
    assert here.post("/feedback/undo", number=number).status_code == 303
    assert here.said() == []
    assert "taken back" in here.page()
    here.clock.advance(seconds=1)
    here.label("neutral", by="Ada")
    assert len(here.said()) == 1


def test_pressing_twice_says_it_once(here: World) -> None:
    for _ in range(3):
        assert here.label("negative", by="Ada").status_code == 303
    assert len(here.store.feedback()) == 1


def test_not_sure_goes_on_to_the_next_and_comes_back_at_the_end(here: World) -> None:
    def now(page: str) -> str:
        return re.findall(r'class="card mention now[^"]*" aria-label="Mention (\d)', page)[0]

    assert [now(here.page(f"/feedback?brand=acme&after={n}")) for n in (0, 1, 2, 3, 77)] == ["1", "2", "3", "1", "1"]
    assert now(here.page("/feedback?after=x")) == "1"


def test_when_all_is_labelled_the_page_says_thank_you_and_opens_the_next_brand(here: World) -> None:
    for number in (1, 2, 3):
        here.label("negative", f"x:{number}")
    page = here.page("/feedback?brand=acme&by=A%26b")
    assert "All 3 labelled." in page
    assert 'href="/feedback?brand=other&amp;by=A%26b" autofocus>Next: Other</a>' in page
    assert "another brand&#39;s" in here.page()
    here.label("positive", "x:4", brand="other")
    assert "All 1 labelled. Thank you" in here.page("/feedback?brand=other")


def test_hostile_texts_are_texts(here: World) -> None:
    here.label("negative", "x:2", by=HOSTILE)
    page = here.page("/feedback?brand=acme&by=" + "%22%3E%3Cscript%3E")
    assert "<script" not in page
    assert "<img" not in page
    assert "onload" not in page
    assert 'href="javascript' not in page
    assert "\u202e" not in page
    assert "49" not in re.findall(r'<p class="text"[^>]*>([^<]*alert[^<]*)', page)[0]
    assert "{{ 7 * 7 }}" in unescape(page)
    assert "Acme &lt;Coffee&gt;" in page


def test_a_form_of_another_site_or_without_our_token_changes_nothing(here: World) -> None:
    fields = {"brand": "acme", "uid": "x:1", "label": "negative"}
    for data in (fields, {**fields, "csrf": "0" * 64}, {**fields, "csrf": "é"}):
        answer = here.client.post("/feedback/label", data=data)
        assert answer.status_code == 403
        assert "too old" in answer.text
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert here.post("/feedback/label", **fields, headers=headers).status_code == 403
        assert here.post("/feedback/undo", number="1", headers=headers).status_code == 403
    assert here.client.get("/feedback/label").status_code == 405
    assert here.store.feedback() == []
    good = {"sec-fetch-site": "same-origin", "origin": str(here.client.base_url).rstrip("/")}
    assert here.post("/feedback/label", **fields, headers=good).status_code == 303


def test_what_can_not_be_labelled_is_said_and_not_stored(here: World) -> None:
    assert here.label("hateful").status_code == 400
    for uid, brand, says in (
        ("x:99", "acme", "not stored"),
        ("x:4", "acme", "not about that brand"),
        ("", "no", "not stored"),
    ):
        answer = here.post("/feedback/label", uid=uid, label="negative", brand=brand)
        assert answer.status_code == 409
        assert says in answer.text
        assert 'role="alert"' in answer.text
    assert here.post("/feedback/undo", number="77").status_code == 404
    assert here.post("/feedback/undo", number="7" * 40).status_code == 404
    assert here.client.post("/feedback/label", content=b"\xff").status_code == 400
    assert here.client.post("/feedback/label", content=b"a=" + b"x" * 1_100_000).status_code == 413
    assert here.store.feedback() == []


def test_the_page_asks_for_the_token_and_the_browsers_user_is_who_labels() -> None:
    with world(host="0.0.0.0", token=lambda: TOKEN) as here:
        assert here.client.get("/feedback").status_code == 401
        assert here.client.post("/feedback/label", data={"uid": "x:1", "label": "negative"}).status_code == 401
        basic = base64.b64encode(f"Bea:{TOKEN}".encode()).decode()
        headers = {"authorization": f"Basic {basic}"}
        page = here.page(headers=headers)
        assert "You label as <strong>Bea</strong>" in page
        here.post("/feedback/label", page, uid="x:1", label="positive", by="Mallory", headers=headers)
        assert here.said() == [("x:1", "positive", "Bea")]


def test_what_a_mention_is_about_is_chosen_shown_changed_and_taken_back() -> None:
    with world(themes=dict(THEMES)) as here:
        page = here.page()
        assert page.count('<option value="staff">staff &amp; service</option>') == 3
        assert page.count('<option value="lost-parcels">lost parcels</option>') == 3
        answer = here.sort("staff", by="Ada", after="0")
        assert answer.status_code == 303
        assert here.themes() == [("x:1", "staff", "Ada")]
        assert here.store.theme_feedback()[0].via == "page"
        page = here.page(answer.headers["location"])
        assert "0 of 3 labelled" in page
        assert 'value="staff" selected' in page
        assert "About staff &amp; service, says Ada." in page
        assert "about: staff &amp; service" in page
        here.clock.advance(seconds=1)
        here.sort("lost-parcels", by="Bea")
        assert "About lost parcels, says Bea." in here.page()
        assert "overruled" in here.page()
        assert here.post("/feedback/undo", number=str(here.store.theme_feedback()[0].id)).status_code == 303
        assert "About staff &amp; service, says Ada." in here.page()
        assert here.said() == []


def test_labels_and_themes_stand_in_one_list_the_newest_first() -> None:
    with world(themes=dict(THEMES)) as here:
        here.sort("staff")
        here.label("negative")
        here.sort("lost-parcels", "x:3")
        given = here.page().split("Labels given")[1]
        order = [given.index(words) for words in ("about: lost parcels", ">Negative<", "about: staff")]
        assert order == sorted(order)


def test_a_theme_said_for_one_brand_can_be_said_again_for_another() -> None:
    with world(themes=dict(THEMES)) as here:
        both = replace(stored(5), brands=("acme", "other"))
        here.store.commit(Work(mentions=[both]))
        uid = both.mention.uid
        for brand, theme in (("acme", "staff"), ("other", "lost-parcels"), ("acme", "staff")):
            here.sort(theme, uid, brand=brand, by="Ada")
            here.clock.advance(seconds=1)
        counts = counting_themes(here.store.theme_feedback())
        assert counts[uid].theme == "staff"


def test_only_a_theme_that_is_looked_for_can_be_chosen_and_only_with_our_token() -> None:
    with world(themes=dict(THEMES)) as here:
        for theme, uid, says in (
            ("", "x:1", "no such theme"),
            ("x", "x:1", "no such theme"),
            ("staff", "x:4", "brand"),
        ):
            answer = here.sort(theme, uid)
            assert answer.status_code == 409
            assert says in answer.text
        assert here.client.post("/feedback/theme", data={"uid": "x:1", "theme": "staff"}).status_code == 403
        assert here.client.get("/feedback/theme").status_code == 405
        assert here.themes() == []


def test_where_no_theme_is_looked_for_none_is_asked_for_and_what_was_said_stays(here: World) -> None:
    assert "<select" not in here.page()
    assert here.sort("staff").status_code == 409
    at = here.clock.now()
    here.store.add_feedback([ThemeClick(brand="acme", uid="x:1", theme="staff", actor="<b>", via="file", at=at)])
    page = here.page()
    assert "About staff, says &lt;b&gt;." in page
    assert "about: staff" in page


def test_a_store_in_trouble_is_told_and_nothing_is_claimed(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page = here.page()

    def broken(*_: object, **__: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(Store, "add_feedback", broken)
    answer = here.post("/feedback/label", page, uid="x:1", label="negative")
    assert answer.status_code == 503
    assert "Not saved" in answer.text
    monkeypatch.setattr(Store, "feedback", broken)
    assert here.client.get("/feedback").status_code == 503


def test_the_sample_is_the_one_that_the_command_draws(here: World) -> None:
    from crisiswatch.labelling import sample

    drawn = [one.mention.uid for _, one in sample(here.store, BRANDS, here.clock.now(), 10)]
    cards = re.findall(r'name="uid" value="([^"]*)"', here.page("/feedback?brand=acme"))
    assert cards == drawn[:3]
    assert sample(here.store, (replace(BRANDS[0], id="none"),), here.clock.now(), 10) == []


def test_a_real_browser_shows_it_within_its_policy(here: World, tmp_path: Path) -> None:
    chromium = require_program("chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=1000", "--dump-dom", "--enable-logging=stderr"]
    done = subprocess.run(
        [chromium, *flags, f"{here.client.base_url}/feedback"], capture_output=True, text=True, timeout=120, check=False
    )
    assert "Is it negative?" in done.stdout
    assert "Refused to" not in done.stderr
    assert "violates the following Content Security Policy" not in done.stderr
