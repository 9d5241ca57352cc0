"""Sockets follow the configuration, come back from what goes wrong, and are shared by receivers of one app."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crisiswatch.clock import SystemClock
from crisiswatch.config.secrets import Secret
from crisiswatch.config.settings import ReceiverSettings, SlackOptions
from crisiswatch.interaction import Actions, Switchboard
from crisiswatch.metrics import Metrics
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from tests.acceptance.world import until


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSlack]:
    with FakeSlack() as server:
        monkeypatch.setenv("APP", server.app_token)
        monkeypatch.setenv("SIGN", server.signing_secret)
        monkeypatch.delenv("GONE", raising=False)
        yield server


@pytest.fixture
def board() -> Iterator[Switchboard]:
    made = Switchboard(Actions(), SystemClock(), Metrics())
    made.start()
    yield made
    made.stop(5)


def a_receiver(slack: FakeSlack, name: str = "pr", app: str = "", sign: str = "") -> ReceiverSettings:
    options = SlackOptions(
        token=Secret(env="BOT"),
        channel="C0",
        app_token=Secret(env=app) if app else None,
        signing_secret=Secret(env=sign) if sign else None,
        base_url=slack.url,
    )
    return ReceiverSettings(id=name, type="slack", options=options)


def test_a_reload_opens_and_closes_sockets_and_leaves_the_wanted_one_alone(
    slack: FakeSlack, board: Switchboard
) -> None:
    board.swap([a_receiver(slack)])
    assert board.receive(b"", {}).status == 404
    board.swap([a_receiver(slack, app="APP"), a_receiver(slack, "second", app="APP")])
    until(lambda: slack.socket.open == 1, "one socket for one app")
    board.swap([a_receiver(slack, app="APP")])
    board.swap([a_receiver(slack, "renamed", app="APP"), a_receiver(slack, "http", sign="SIGN")])
    assert board.receive(b"", {}).status == 401
    assert (slack.socket.open, slack.socket.opened) == (1, 1)
    board.swap([a_receiver(slack, "http", sign="GONE")])
    assert board.receive(b"", {}).status == 503
    until(lambda: slack.socket.open == 0, "it is closed")
    assert slack.socket.opened == 1


@pytest.mark.parametrize(
    "fault",
    [Fault.error("invalid_auth"), Fault.rate_limited(3600), Fault.http(502), Fault.cut(), Fault("answer", body="{")],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
def test_a_socket_that_is_refused_is_asked_for_again(slack: FakeSlack, board: Switchboard, fault: Fault) -> None:
    slack.script("apps.connections.open", fault)
    board.swap([a_receiver(slack, app="APP")])
    until(lambda: slack.socket.open == 1, "it is open in the end")
    slack.socket.stop()


def test_a_token_that_is_missing_is_waited_for_without_harm(slack: FakeSlack, board: Switchboard) -> None:
    board.swap([a_receiver(slack, app="GONE")])
    board.swap([a_receiver(slack, app="APP")])
    until(lambda: slack.socket.open == 1, "the next configuration works")
    slack.socket.stop()
