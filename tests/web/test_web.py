from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from crisiswatch.errors import CrisiswatchError
from crisiswatch.metrics import Metrics
from crisiswatch.web import MAX_BODY, HookAnswer, WebServer, WebState, create_app, is_loopback
from tests.support import require_program

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
INCIDENT = {"id": "acme/negative-wave/1", "brand": "acme", "phase": "open", "level": "warning", "opened_at": NOW}
TOKEN = "correct-horse-é"


class RecordingHook:
    def __init__(self, answer: HookAnswer | None = None) -> None:
        self.answer = answer or HookAnswer(202, {"accepted": 1})
        self.calls: list[tuple[bytes, Mapping[str, str], str]] = []

    def receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        self.calls.append((body, headers, threading.current_thread().name))
        return self.answer


def make_state(**changes: object) -> WebState:
    state = WebState(
        healthy=lambda: (True, {}),
        ready=lambda: (True, {"engine": "beating"}),
        metrics=Metrics().exposition,
        reload=lambda: (True, []),
        incidents=lambda: [INCIDENT],
        incident={INCIDENT["id"]: INCIDENT}.get,
        status=lambda: {"version": "0.1.0", "now": NOW},
    )
    return replace(state, **changes)


@contextmanager
def serving(state: WebState, **options: object) -> Iterator[httpx.Client]:
    server = WebServer(create_app(state, **options), "127.0.0.1", 0)
    server.start()
    try:
        with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as client:
            yield client
    finally:
        assert server.stop()


@pytest.fixture(scope="module")
def hook() -> RecordingHook:
    return RecordingHook()


@pytest.fixture(scope="module")
def client(hook: RecordingHook) -> Iterator[httpx.Client]:
    with serving(make_state(hooks={"helpdesk": hook})) as client:
        yield client


@pytest.fixture(scope="module")
def locked(hook: RecordingHook) -> Iterator[httpx.Client]:
    with serving(make_state(hooks={"helpdesk": hook}), host="0.0.0.0", token=lambda: TOKEN) as client:
        yield client


# --- health, metrics, reload


def test_health_and_readiness_answer_with_their_state(client: httpx.Client) -> None:
    assert client.get("/-/healthy").json() == {"status": "healthy"}
    assert client.get("/-/ready").json() == {"status": "ready", "engine": "beating"}
    assert client.head("/-/healthy").status_code == 200


def test_what_is_not_good_answers_503_and_says_why() -> None:
    state = make_state(healthy=lambda: (False, {"why": "engine"}), ready=lambda: (False, {"why": "store"}))
    with serving(state) as client:
        for path, why in (("/-/healthy", "engine"), ("/-/ready", "store")):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.json()["why"] == why


def test_metrics_come_without_a_redirect_in_the_format_asked_for(client: httpx.Client) -> None:
    plain = client.get("/metrics")
    assert plain.status_code == 200
    assert plain.headers["content-type"].startswith("text/plain")
    assert "crisiswatch_build_info" in plain.text
    modern = client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0"})
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")
    assert client.get("/metrics/").status_code == 404


def test_a_reload_is_a_post_and_a_refused_one_lists_its_problems() -> None:
    with serving(make_state(reload=lambda: (False, ["rules/a.yaml:3:5: CW012: unknown key"]))) as client:
        assert client.get("/-/reload").status_code == 405
        answer = client.post("/-/reload")
        assert answer.status_code == 422
        assert answer.json()["problems"] == ["rules/a.yaml:3:5: CW012: unknown key"]
        assert "still running" in answer.json()["status"]


def test_an_accepted_reload_answers_200(client: httpx.Client) -> None:
    assert client.post("/-/reload").json() == {"status": "reloaded", "problems": []}


# --- the API


def test_incidents_and_the_status_are_json_with_utc_times(client: httpx.Client) -> None:
    assert client.get("/api/v1/incidents").json()["incidents"][0]["opened_at"] == "2026-03-02T14:05:00Z"
    assert client.get("/api/v1/incidents/acme/negative-wave/1").json()["brand"] == "acme"
    assert client.get("/api/v1/incidents/nothing").status_code == 404
    assert client.get("/api/v1/incidents/nothing").json() == {"error": "there is no such incident"}
    assert client.get("/api/v1/status").json() == {"version": "0.1.0", "now": "2026-03-02T14:05:00Z"}


def test_numbers_json_cannot_hold_become_null() -> None:
    brands = [{"id": "a", "expected": float("nan"), "observed": float("inf"), "trend": (1.0, 2.0)}]
    local = NOW.astimezone(timezone(timedelta(hours=1)))
    with serving(make_state(status=lambda: {"brands": brands, "now": local})) as client:
        status = client.get("/api/v1/status").json()
        assert status["brands"] == [{"id": "a", "expected": None, "observed": None, "trend": [1.0, 2.0]}]
        assert status["now"] == "2026-03-02T14:05:00Z"


def test_an_unknown_path_is_a_json_404(client: httpx.Client) -> None:
    answer = client.get("/nothing")
    assert (answer.status_code, answer.json()) == (404, {"error": "Not Found"})


def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/-/healthy", "/nothing", "/metrics", "/api/v1/status"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


# --- hooks


def test_a_hook_gets_the_raw_body_in_a_worker_thread_and_its_answer_goes_back(
    client: httpx.Client, hook: RecordingHook
) -> None:
    body = b'{"text": "\xff not even UTF-8"}  '
    answer = client.post("/hooks/helpdesk", content=body, headers={"X-Signature": "abc"})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    received, headers, thread = hook.calls[-1]
    assert received == body
    assert headers["x-signature"] == "abc"
    assert thread != "web"


def test_a_hook_that_is_busy_says_when_to_come_back() -> None:
    hook = RecordingHook(HookAnswer(503, {"error": "queue full"}, retry_after=1.2))
    with serving(make_state(hooks={"helpdesk": hook})) as client:
        answer = client.post("/hooks/helpdesk", content=b"{}")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"


def test_a_hook_nobody_configured_is_not_found(client: httpx.Client) -> None:
    assert client.post("/hooks/other", content=b"{}").status_code == 404
    assert client.get("/hooks/helpdesk").status_code == 405


def test_a_body_over_the_cap_is_refused_before_and_while_it_is_read(client: httpx.Client, hook: RecordingHook) -> None:
    seen = len(hook.calls)
    assert client.post("/hooks/helpdesk", content=b"x" * (MAX_BODY + 1)).status_code == 413
    chunks = (b"x" * 100_000 for _ in range(11))
    assert client.post("/hooks/helpdesk", content=chunks).status_code == 413
    assert len(hook.calls) == seen


def test_a_body_that_is_far_too_long_is_refused_unread(client: httpx.Client, hook: RecordingHook) -> None:
    seen = len(hook.calls)
    url = client.base_url
    with socket.create_connection((url.host, url.port), timeout=10) as caller:
        caller.sendall(b"POST /hooks/helpdesk HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000000\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.1 413 ")
    assert len(hook.calls) == seen


def test_a_body_that_is_cut_is_not_taken_for_a_short_one(client: httpx.Client, hook: RecordingHook) -> None:
    seen = len(hook.calls)
    url = client.base_url
    with socket.create_connection((url.host, url.port), timeout=10) as caller:
        caller.sendall(b'POST /hooks/helpdesk HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{"text": "')
    assert client.get("/-/healthy").status_code == 200
    assert len(hook.calls) == seen


def test_a_chunked_body_under_the_cap_is_taken(client: httpx.Client, hook: RecordingHook) -> None:
    assert client.post("/hooks/helpdesk", content=(b"ab" for _ in range(3))).status_code == 202
    assert hook.calls[-1][0] == b"ababab"


def test_a_blocked_hook_does_not_block_the_health_check() -> None:
    entered, release = threading.Event(), threading.Event()

    class Slow:
        def receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
            entered.set()
            assert release.wait(10)
            return HookAnswer(200)

    with serving(make_state(hooks={"slow": Slow()})) as client:
        answers: list[int] = []
        with httpx.Client(base_url=client.base_url, trust_env=False, timeout=10) as other:
            caller = threading.Thread(target=lambda: answers.append(other.post("/hooks/slow", content=b"").status_code))
            caller.start()
            assert entered.wait(5)
            assert client.get("/-/healthy").status_code == 200
            release.set()
            caller.join(10)
        assert answers == [200]


# --- who may ask


def test_without_a_token_only_local_names_are_answered(client: httpx.Client) -> None:
    for host in ("evil.example", "evil.example:9464", "127.0.0.1.evil.example", "", "[::1"):
        assert client.get("/api/v1/status", headers={"host": host}).status_code in (400, 403), host
        assert client.post("/-/reload", headers={"host": host}).status_code in (400, 403), host
    for host in ("localhost", "localhost:9464", "127.0.0.1:1", "[::1]:9464", "LOCALHOST"):
        assert client.get("/api/v1/status", headers={"host": host}).status_code == 200, host


def test_a_scraper_and_a_help_desk_may_use_any_name(client: httpx.Client) -> None:
    assert client.get("/metrics", headers={"host": "crisiswatch.internal"}).status_code == 200
    assert client.get("/-/healthy", headers={"host": "10.0.0.7:9464"}).status_code == 200
    assert client.post("/hooks/helpdesk", content=b"", headers={"host": "hooks.example.com"}).status_code == 202


def test_a_further_name_may_be_configured() -> None:
    with serving(make_state(), hosts=["Watch.example.com"]) as client:
        assert client.get("/", headers={"host": "watch.example.com"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_page_of_another_site_can_not_reload(client: httpx.Client, headers: dict[str, str]) -> None:
    assert client.post("/-/reload", headers=headers).status_code == 403


def test_a_page_of_our_own_may_reload(client: httpx.Client) -> None:
    own = {"origin": str(client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    assert client.post("/-/reload", headers=own).status_code == 200


@pytest.mark.parametrize("path", ["/", "/-/ready", "/api/v1/status", "/api/v1/incidents", "/api/v1/incidents/x"])
def test_with_a_token_everything_else_needs_it(locked: httpx.Client, path: str) -> None:
    refused = locked.get(path)
    assert refused.status_code == 401
    assert "Bearer" in refused.headers["www-authenticate"]
    assert locked.get(path, headers={"authorization": "Bearer wrong"}).status_code == 401
    assert locked.get(path, headers=bearer(TOKEN)).status_code in (200, 404)
    assert locked.get(path, headers=bearer(TOKEN) | {"host": "watch.example.com"}).status_code in (200, 404)


def bearer(token: str) -> dict[str, bytes]:
    return {"authorization": b"Bearer " + token.encode()}  # type: ignore[dict-item]


def test_with_a_token_health_metrics_and_hooks_stay_open(locked: httpx.Client) -> None:
    assert locked.get("/-/healthy").status_code == 200
    assert locked.get("/metrics").status_code == 200
    assert locked.post("/hooks/helpdesk", content=b"").status_code == 202
    assert locked.post("/-/reload").status_code == 401


def test_a_browser_may_give_the_token_as_a_password(locked: httpx.Client) -> None:
    def basic(pair: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    assert locked.get("/", headers=basic(f"anybody:{TOKEN}")).status_code == 200
    assert locked.get("/", headers=basic("anybody:wrong")).status_code == 401
    assert locked.get("/", headers={"authorization": b"Basic \xa7\xa7"}).status_code == 401


def test_a_rotated_token_holds_at_once_and_an_empty_one_opens_nothing() -> None:
    tokens = ["first"]
    with serving(make_state(), token=lambda: tokens[0]) as client:
        assert client.get("/", headers=bearer("first")).status_code == 200
        tokens[0] = "second"
        assert client.get("/", headers=bearer("first")).status_code == 401
        tokens[0] = ""
        assert client.get("/", headers={"authorization": "Bearer"}).status_code == 401


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "watch.example.com"])
def test_an_open_address_without_a_token_is_refused_at_start(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(ValueError, match=r"web\.token"):
        create_app(make_state(), host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "[::1]", "localhost"])
def test_loopback_addresses_are_known(host: str) -> None:
    assert is_loopback(host)


# --- the server


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = WebServer(create_app(make_state()), "127.0.0.1", port)
        with pytest.raises(CrisiswatchError, match=f"can't listen on 127.0.0.1:{port}: Address already in use"):
            server.start()
        assert server.stop()


def test_a_stopped_server_frees_its_port() -> None:
    server = WebServer(create_app(make_state()), "127.0.0.1", 0)
    server.start()
    port = server.port
    assert httpx.get(f"{server.url}/-/healthy", trust_env=False).status_code == 200
    assert server.stop()
    again = WebServer(create_app(make_state()), "127.0.0.1", port)
    again.start()
    assert again.stop()


def test_the_page_is_valid_to_a_real_browser_and_loads_nothing(client: httpx.Client, tmp_path) -> None:
    import subprocess

    chromium = require_program("chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    flags += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    flags += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=1000", "--dump-dom", "--enable-logging=stderr"]
    result = subprocess.run(
        [chromium, *flags, f"{client.base_url}/"], capture_output=True, text=True, timeout=120, check=False
    )
    assert "Open incidents" in result.stdout
    assert "Refused to" not in result.stderr
    assert "violates the following Content Security Policy" not in result.stderr
