"""The link in an e-mail: opening it changes nothing, pressing the button takes the incident, once."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.testclient import TestClient

from crisiswatch.errors import CrisiswatchError
from crisiswatch.links import AckLinks, Expired, Forged, _coded
from crisiswatch.web import WebState, create_app
from crisiswatch.web.incident import Shown
from tests.notifiers.test_blockkit import WHOLE
from tests.web.test_web import make_state, serving

NOW = datetime(2026, 3, 3, 9, 20, tzinfo=UTC)
KEY = "k" * 32
NAME = "acme/negative-wave/1"
WHO = "mail:press@acme.example"


class Room:
    """An incident and what was done to it."""

    def __init__(self) -> None:
        self.now = NOW
        self.links: AckLinks | None = AckLinks(lambda: KEY, "https://cw.example/")
        self.acts: list[tuple[str, str, str]] = []
        self.busy = False
        self.incident = {
            "id": NAME, "brand": "acme", "title": "<b>Unusual</b> wave", "level": "critical", "phase": "open",
            "resolved_at": None, "acknowledged_by": None, "acknowledged_at": None, "observed": 211, "expected": 8.2,
            "window_minutes": 15, "opened_at": NOW,
        }  # fmt: skip

    def act(self, incident: str, action: str, actor: str, detail: Mapping[str, str]) -> str | None:
        assert detail == {}
        if self.busy:
            return None
        self.acts.append((incident, action, actor))
        if not self.incident["acknowledged_by"]:
            self.incident |= {"acknowledged_by": actor, "acknowledged_at": self.now}
        return "Noted."

    def state(self) -> WebState:
        found = lambda name: self.incident if name == NAME else None  # noqa: E731
        return make_state(incident=found, act=self.act, links=lambda: self.links, now=lambda: self.now)

    def path(self, *, incident: str = NAME, who: str = WHO) -> str:
        return AckLinks(lambda: KEY, "").url(incident, who, self.now)


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def client(room: Room) -> Iterator[TestClient]:
    app = create_app(room.state(), host="0.0.0.0", token=lambda: "a-token-nobody-has")
    with TestClient(app, base_url="https://cw.example") as client:
        yield client


def test_a_link_opens_without_a_token_and_changes_nothing(room: Room, client: TestClient):
    for answer in (client.get(room.path()), client.head(room.path()), client.get(room.path())):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "form-action 'self'" in answer.headers["content-security-policy"]
    page = client.get(room.path()).text
    assert "acme: &lt;b&gt;Unusual&lt;/b&gt; wave" in page
    assert "211 mentions in 15 minutes; usual is about 8." in page
    assert '<form method="post">' in page
    assert "press@acme.example" in page
    assert room.acts == []


def test_the_button_takes_the_incident(room: Room, client: TestClient):
    answer = client.post(room.path())
    assert answer.status_code == 200
    assert "You have it" in answer.text
    assert room.acts == [(NAME, "acknowledge", WHO)]


def test_a_second_use_says_who_has_it_and_a_restart_forgets_nothing(room: Room, client: TestClient):
    path = room.path()
    client.post(path)
    assert "It was taken just now." in client.get(path).text
    room.now += timedelta(minutes=12)
    with TestClient(create_app(room.state()), base_url="http://localhost") as restarted:
        again, shown = restarted.post(path), restarted.get(path)
    assert (again.status_code, shown.status_code) == (409, 200)
    for answer in (again, shown):
        assert "press@acme.example has it" in answer.text
        assert "It was taken 12 minutes ago." in answer.text
        assert "<form" not in answer.text
    assert len(room.acts) == 1


def test_somebody_else_was_faster(room: Room, client: TestClient):
    path = room.path()
    room.incident |= {"acknowledged_by": "U012AB3CD", "acknowledged_at": NOW}
    answer = client.post(path)
    assert answer.status_code == 409
    assert "U012AB3CD has it" in answer.text
    assert room.acts == []


def test_whoever_it_was_assigned_to_has_it(room: Room, client: TestClient):
    room.incident |= {"case": {"acknowledged_by": "U1", "acknowledged_at": NOW, "assigned_to": "Ada"}}
    answer = client.post(room.path())
    assert (answer.status_code, room.acts) == (409, [])
    assert "Ada has it" in answer.text


def test_two_who_press_at_once_are_both_told_the_truth(room: Room, client: TestClient):
    def race(incident: str, action: str, actor: str, detail: Mapping[str, str]) -> str:
        room.incident |= {"acknowledged_by": "U012AB3CD", "acknowledged_at": NOW}
        return "Noted."

    room.act = race  # type: ignore[method-assign]
    with TestClient(create_app(room.state()), base_url="http://localhost") as late:
        assert "U012AB3CD has it" in late.post(room.path()).text


def test_a_link_lasts_a_day(room: Room, client: TestClient):
    path = room.path()
    room.now += timedelta(hours=24)
    assert client.post(path).status_code == 200
    room.incident |= {"acknowledged_by": None}
    room.now += timedelta(hours=1)
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code == 410
        assert "too old" in answer.text
    assert len(room.acts) == 1


def test_what_is_over_has_nothing_to_take(room: Room, client: TestClient):
    room.incident |= {"resolved_at": NOW, "phase": "resolved"}
    answer = client.post(room.path())
    assert answer.status_code == 409
    assert "It is over" in answer.text
    assert room.acts == []


def test_an_incident_that_is_gone_is_not_found(room: Room, client: TestClient):
    assert client.get(room.path(incident="gone")).status_code == 404


def test_no_other_link_works(room: Room, client: TestClient):
    good = room.path().rpartition("/")[2]
    payload, _, signature = good.partition(".")
    other = AckLinks(lambda: "another key" * 4, "").url(NAME, WHO, NOW).rpartition("/")[2]
    richer = _coded(json.dumps([NAME, "mail:boss@acme.example", 4_000_000_000]).encode())
    plain = hmac.new(KEY.encode(), payload.encode(), "sha256").digest()
    bad = [
        other, payload, f"{payload}.", f".{signature}", f"{richer}.{signature}", good[:-1], good + "A", "x" * 5000,
        f"{payload}.{_coded(plain)}", f"{payload}.{signature}.{signature}", "%C3%A9.%C3%A9", f"{payload}=.{signature}",
    ]  # fmt: skip
    for token in bad:
        for answer in (client.get(f"/acknowledge/{token}"), client.post(f"/acknowledge/{token}")):
            assert answer.status_code in {403, 404}, token
    assert room.acts == []


def test_without_a_key_there_are_no_links(room: Room, client: TestClient):
    path = room.path()
    room.links = None
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    assert room.acts == []


def test_a_busy_engine_asks_to_press_again(room: Room, client: TestClient):
    room.busy = True
    answer = client.post(room.path())
    assert answer.status_code == 503
    assert "press again" in answer.text


def test_a_store_or_a_key_that_cannot_be_read_is_a_page_too(room: Room):
    def broken(*_: object) -> None:
        raise CrisiswatchError("no")

    path = room.path()
    state = room.state()
    with TestClient(create_app(replace(state, incident=broken)), base_url="http://localhost") as client:
        assert client.get(path).status_code == 503
    room.links = AckLinks(broken, "")  # type: ignore[arg-type]
    with TestClient(create_app(state), base_url="http://localhost") as client:
        assert client.post(path).status_code == 503


def test_the_form_of_a_real_browser_behind_a_proxy_is_taken(room: Room):
    """The proxy's name is not the server's, and the token is not known to who presses."""
    state = room.state()
    with serving(state, token=lambda: "secret") as client:
        headers = {"origin": "https://cw.example", "sec-fetch-site": "same-origin"}
        answer = client.post(room.path(), headers=headers, content=b"")
        assert isinstance(answer, httpx.Response)
        assert answer.status_code == 200


def test_a_token_is_read_as_it_was_made():
    links = AckLinks(lambda: KEY, "https://cw.example/base/", timedelta(hours=2))
    url = links.url("i/ü/1", "mail:a", NOW)
    assert url.startswith("https://cw.example/base/acknowledge/")
    assert url == links.url("i/ü/1", "mail:a", NOW + timedelta(minutes=30))
    token = url.rpartition("/")[2]
    permit = links.read(token, NOW)
    assert (permit.incident, permit.who, permit.until) == ("i/ü/1", "mail:a", datetime(2026, 3, 3, 12, 0, tzinfo=UTC))
    with pytest.raises(Expired):
        links.read(token, permit.until)
    with pytest.raises(Forged):
        AckLinks(lambda: KEY[1:], "").read(token, NOW)


def test_the_page_speaks_the_language_of_the_alert(room: Room):
    italian = Shown(replace(WHOLE, language="it"), [])
    state = replace(room.state(), shown=lambda _: italian)
    with TestClient(create_app(state), base_url="http://localhost") as client:
        asked, taken, again = client.get(room.path()), client.post(room.path()), client.post(room.path())
    for answer in (asked, taken, again):
        assert '<html lang="it">' in answer.text
    assert "211 menzioni in 15 minuti; di solito circa 8." in asked.text
    assert "Ci penso io" in asked.text
    assert "È in carico a te" in taken.text
    assert "È stato preso in carico proprio adesso." in again.text
