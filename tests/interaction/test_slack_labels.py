"""Pressing in Slack, from the message to the label and back to who pressed: the real daemon, the real SDK, both ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from crisiswatch.model import Sentiment
from crisiswatch.notifiers.slack_labels import incident_of, value_of
from crisiswatch.testing.slack_presses import Signed, press, sign
from tests.acceptance.world import WEB, World, until, world

BY_SOCKET = ", app_token: {file: slack.app}"
BY_HTTP = ", signing_secret: {file: slack.signing}"


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("signed"), slack_more=BY_HTTP) as here:
        here.push(here.mention(1, url="https://social.example/1"))
        here.at(1)
        here.message()
        yield here


def choose(here: World, choice: str, **options: object) -> dict[str, object]:
    return press(here.message(), choice, at=here.clock.now(), url=here.slack.answer_url, **options)


def post(here: World, request: Signed, **headers: str) -> httpx.Response:
    return WEB.post(f"{here.url}/slack/actions", content=request.body, headers={**request.headers, **headers})


def send(here: World, payload: dict[str, object]) -> httpx.Response:
    return post(here, sign(here.slack.signing_secret, payload, here.clock.now()))


def answered(here: World, count: int) -> list[str]:
    until(lambda: len(here.slack.answers) >= count, f"{count} answers came")
    assert all(each["response_type"] == "ephemeral" for each in here.slack.answers)
    assert not any(each["replace_original"] for each in here.slack.answers)
    return [each["text"] for each in here.slack.answers]


def labels(here: World, uid: str = "m:1") -> list[tuple[str, str, str]]:
    return [(click.label.value, click.actor, click.via) for click in here.app.store.feedback_on([uid])]


# --- signed requests


def test_a_press_becomes_a_label_of_who_pressed_and_they_read_so(signed: World) -> None:
    signed.clock.advance(seconds=1)
    before = len(signed.slack.answers)
    answer = send(signed, choose(signed, "Not negative", user="U0PRESS"))
    assert (answer.status_code, answer.content) == (200, b"")
    text = answered(signed, before + 1)[-1]
    assert ("neutral", "U0PRESS", "slack") in labels(signed)
    assert text.startswith(":white_check_mark: Noted: *not negative*.")
    assert signed.metric("actions_total", action="label", outcome="done") >= 1


def test_a_press_that_slack_sends_again_counts_once_and_is_answered_once(signed: World) -> None:
    signed.clock.advance(seconds=1)
    before = len(signed.slack.answers)
    payload = choose(signed, "Negative", user="U0TWICE")
    request = sign(signed.slack.signing_secret, payload, signed.clock.now())
    for number in ("0", "1", "2"):
        assert post(signed, request, **{"x-slack-retry-num": number}).status_code == 200
    send(signed, choose(signed, "Positive", user="U0LAST"))
    answered(signed, before + 2)
    assert [each for each in labels(signed) if each[1] == "U0TWICE"] == [("negative", "U0TWICE", "slack")]
    assert len(signed.slack.answers) == before + 2


def test_a_change_of_mind_counts_and_the_answer_says_what_it_was_until_now(signed: World) -> None:
    before = len(signed.slack.answers)
    for choice in ("Negative", "Positive", "Positive"):
        signed.clock.advance(seconds=1)
        send(signed, choose(signed, choice, user="U0MIND"))
        before += 1
        text = answered(signed, before)[-1]
        if choice == "Positive" and "already" not in text:
            assert "Until now it was *negative*, said by <@U0MIND>" in text
    assert "You have said *positive* of this post already" in text
    assert [each[0] for each in labels(signed) if each[1] == "U0MIND"] == ["negative", "positive"]


def test_a_press_after_a_label_was_taken_back_counts_anew(signed: World) -> None:
    before = len(signed.slack.answers)
    signed.clock.advance(seconds=1)
    send(signed, choose(signed, "Negative", user="U0BACK"))
    answered(signed, before + 1)
    (mine,) = (click for click in signed.app.store.feedback_on(["m:1"]) if click.actor == "U0BACK")
    signed.clock.advance(seconds=1)
    signed.app.store.undo_feedback(mine.id, signed.clock.now())
    signed.clock.advance(seconds=1)
    send(signed, choose(signed, "Negative", user="U0BACK"))
    assert answered(signed, before + 2)[-1].startswith(":white_check_mark: Noted")
    assert len([click for click in signed.app.store.feedback_on(["m:1"]) if click.actor == "U0BACK"]) == 2


def test_an_answer_to_a_press_in_a_thread_stays_in_the_thread(signed: World) -> None:
    signed.clock.advance(seconds=1)
    before = len(signed.slack.answers)
    payload = choose(signed, "Negative", user="U0THREAD")
    payload["message"]["thread_ts"] = "1700000000.000001"  # type: ignore[index]
    send(signed, payload)
    answered(signed, before + 1)
    assert signed.slack.answers[-1]["thread_ts"] == "1700000000.000001"


@pytest.mark.parametrize(
    ("value", "block", "says"),
    [
        (value_of(Sentiment.NEGATIVE, "m:nowhere"), None, "that post is not stored"),
        (value_of(Sentiment.NEGATIVE, "m:" + "x" * 200), None, "that post is not stored"),
        ("negative:u:m:1", "no.such.incident/1/pr-slack:3", "the incident of that message is not stored"),
        ("negative:u:m:1", "", "the incident of that message is not stored"),
        ("hateful:u:m:1", None, "the incident of that message is not stored"),
        ("", None, "the incident of that message is not stored"),
    ],
)
def test_a_value_is_never_trusted(signed: World, value: str, block: str | None, says: str) -> None:
    signed.clock.advance(seconds=1)
    before, known = len(signed.slack.answers), labels(signed)
    payload = choose(signed, "Negative", user="U0FORGED")
    action = payload["actions"][0]  # type: ignore[index]
    action["selected_option"]["value"] = value
    if block is not None:
        action["block_id"] = block
    assert send(signed, payload).status_code == 200
    text = answered(signed, before + 1)[-1]
    assert text.startswith(":warning: Nothing was saved:")
    assert says in text
    assert labels(signed) == known


def test_a_button_nobody_knows_is_said_to_be_unknown(signed: World) -> None:
    signed.clock.advance(seconds=1)
    before = len(signed.slack.answers)
    payload = choose(signed, "Negative")
    payload["actions"][0]["action_id"] = "launch:now"  # type: ignore[index]
    send(signed, payload)
    assert "does not know that button" in answered(signed, before + 1)[-1]


@pytest.mark.parametrize(
    "change",
    [
        {"x-slack-signature": "v0=" + "0" * 64},
        {"x-slack-signature": "v0=é"},
        {"x-slack-signature": ""},
        {"x-slack-request-timestamp": "yesterday"},
        {"x-slack-request-timestamp": "9" * 5000},
        {"x-slack-request-timestamp": ""},
    ],
)
def test_a_request_that_is_not_signed_is_refused_and_nothing_is_done(signed: World, change: dict[str, str]) -> None:
    known = labels(signed)
    request = sign(signed.slack.signing_secret, choose(signed, "Negative", user="U0EVE"), signed.clock.now())
    headers = [(name.encode(), value.encode("utf-8")) for name, value in {**request.headers, **change}.items()]
    answer = WEB.post(f"{signed.url}/slack/actions", content=request.body, headers=headers)
    assert answer.status_code == 401
    assert labels(signed) == known


def test_an_old_request_is_not_taken_again(signed: World) -> None:
    request = sign(signed.slack.signing_secret, choose(signed, "Negative"), signed.clock.now() - timedelta(minutes=6))
    assert post(signed, request).status_code == 401
    request = sign(signed.slack.signing_secret, choose(signed, "Negative"), signed.clock.now() + timedelta(minutes=6))
    assert post(signed, request).status_code == 401
    assert post(signed, sign("another secret", choose(signed, "Negative"), signed.clock.now())).status_code == 401


def test_bodies_that_are_too_long_or_no_press_are_refused(signed: World) -> None:
    def status(body: bytes) -> int:
        stamp = str(int(signed.clock.now().timestamp()))
        from slack_sdk.signature import SignatureVerifier

        try:
            text = SignatureVerifier(signed.slack.signing_secret).generate_signature(timestamp=stamp, body=body)
        except UnicodeDecodeError:
            text = "v0=none"
        return post(
            signed, Signed(body, {"x-slack-request-timestamp": stamp, "x-slack-signature": str(text)})
        ).status_code

    assert status(b"payload=" + b"a" * 400_000) == 413
    assert status(b"payload=" + b"a" * 2_000_000) == 413
    assert status(b"payload=\xff\xfe") == 401
    assert [status(body) for body in (b"", b"payload=", b"payload=[]", b"payload={", b"payload=" + b"[" * 5000)] == [
        400
    ] * 5
    assert status(b'payload={"type":"block_actions","user":{"id":"U0ADA"},"actions":[]}') == 400
    assert status(b'payload={"type":"block_actions","user":{"id":"<!channel>"},"actions":[{}]}') == 400
    assert status(b'payload={"type":"view_submission"}') == 200
    assert status(b"ssl_check=1") == 200


def test_an_address_that_is_not_slacks_is_never_asked(signed: World) -> None:
    signed.clock.advance(seconds=1)
    before = signed.metric("actions_total", action="label", outcome="unanswered")
    payload = choose(signed, "Negative", user="U0SSRF")
    payload["response_url"] = "http://127.0.0.1:1/admin"
    send(signed, payload)
    until(lambda: signed.metric("actions_total", action="label", outcome="unanswered") > before, "it was not asked")
    assert ("negative", "U0SSRF", "slack") in labels(signed)


def test_a_long_uid_is_found_by_its_hash(tmp_path: Path) -> None:
    uid = "m:" + "ü" * 200
    with world(tmp_path, slack_more=BY_HTTP) as here:
        here.push(here.mention(1) | {"uid": uid})
        here.at(1)
        payload = choose(here, "Not negative")
        assert ":h:" in payload["actions"][0]["selected_option"]["value"]  # type: ignore[index]
        send(here, payload)
        assert "Noted" in answered(here, 1)[0]
        assert [each[0] for each in labels(here, uid)] == ["neutral"]


def test_without_the_setting_there_are_no_menus_and_nothing_is_heard(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.push(here.mention(1))
        here.at(1)
        assert not [block for block in here.message().blocks if "accessory" in block]
        request = sign(here.slack.signing_secret, {"type": "block_actions"}, here.clock.now())
        assert post(here, request).status_code == 404
        assert not here.slack.socket.opened


# --- Socket Mode


def test_over_a_socket_each_envelope_is_acknowledged_and_counts_once(tmp_path: Path) -> None:
    with world(tmp_path, slack_more=BY_SOCKET) as here:
        socket = here.slack.socket
        here.push(here.mention(1))
        here.at(1)
        until(lambda: socket.open == 1, "the daemon listens")
        until(lambda: here.metric("slack_socket_up", receiver="pr-slack") == 1, "and says so")
        payload = choose(here, "Positive")
        first = socket.send(payload)
        again = socket.send(payload, envelope=first)
        other = socket.send({"command": "/crisis"}, kind="slash_commands")
        until(lambda: len(socket.acknowledged) == 3, "all were acknowledged")
        assert sorted(socket.acknowledged) == sorted([first, again, other])
        assert answered(here, 1)[0].startswith(":white_check_mark: Noted: *positive*.")
        assert labels(here) == [("positive", "U0ADA", "slack")]

        socket.refresh()  # Slack closes a connection every few hours, and says so before
        until(lambda: socket.opened == 2, "another connection is made")
        until(lambda: socket.open == 1, "and the old one is closed")
        here.clock.advance(seconds=1)
        socket.send(choose(here, "Negative"))
        assert "Noted: *negative*" in answered(here, 2)[1]

        socket.cut()  # before the daemon is stopped: the SDK reads for three seconds before it looks at anything else
        until(lambda: socket.opened >= 3 and socket.open == 1, "it comes back after a cut, too")
        socket.stop()


def test_a_block_tells_its_incident() -> None:
    assert incident_of("acme.wave.20260303T1200Z/12/pr-slack:7") == "acme.wave.20260303T1200Z"
    assert incident_of("") == ""
    assert incident_of("x" * 300) == ""
