"""The registry and the desk: whatever is pressed is done once, told truthfully, and holds nothing else up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.errors import StoreError
from crisiswatch.interaction import Actions, Desk, Press, Refusal
from crisiswatch.interaction.desk import SlackAnswers
from crisiswatch.interaction.payload import BadPayload, read_presses
from tests.acceptance.world import until

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def a_press(action: str = "ack", number: int = 0, **more: str) -> Press:
    values = {"detail": "", "value": "", "block": "b", "actor": "U0ADA", "channel": "C0", "message": "1.2"} | more
    return Press(action=action, at=NOW + timedelta(seconds=number), **values)


class Told:
    """Who was told what, and what was counted."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str]] = []
        self.counts: list[tuple[str, str]] = []

    def answer(self, press: Press, text: str) -> bool:
        self.answers.append((press.actor, text))
        return press.actor != "U0DEAF"

    def count(self, action: str, outcome: str) -> None:
        self.counts.append((action, outcome))


@contextmanager
def working(actions: Actions) -> Iterator[tuple[Desk, Told]]:
    told = Told()
    desk = Desk(actions, told.answer, told.count)
    desk.start()
    try:
        yield desk, told
    finally:
        desk.stop(5)


def test_buttons_of_an_incident_drop_in_as_further_ids() -> None:
    actions = Actions()
    done: list[tuple[str, str, str]] = []
    for name in ("ack", "assign", "snooze", "verdict", "step_done"):
        actions.add(name, lambda press: done.append((press.action, press.detail, press.value)) or "Noted.")
    with pytest.raises(ValueError, match="no new name"):
        actions.add("ack", lambda _: "")
    with pytest.raises(ValueError, match="no new name"):
        actions.add("step:3", lambda _: "")
    with working(actions) as (desk, told):
        assert desk.take([a_press("ack", value="inc-1"), a_press("step_done", detail="3", value="inc-1")])
        until(lambda: len(told.answers) == 2, "both were answered")
    assert sorted(done) == [("ack", "", "inc-1"), ("step_done", "3", "inc-1")]
    assert sorted(told.counts) == [("ack", "done"), ("step_done", "done")]


def test_what_fails_is_told_as_failed_and_the_next_is_done() -> None:
    def broken(press: Press) -> str:
        raise {"store": StoreError("disk full"), "mistake": KeyError("x"), "no": Refusal("it is over")}[press.value]

    actions = Actions()
    actions.add("ack", broken)
    with working(actions) as (desk, told):
        for number, value in enumerate(("store", "mistake", "no")):
            desk.take([a_press(number=number, value=value)])
            until(lambda count=number: len(told.answers) > count, "it was answered")
        desk.take([a_press("what", number=9)])
        until(lambda: len(told.answers) == 4, "and so was the last")
    assert [text.startswith(":warning:") for _, text in told.answers] == [True] * 4
    assert "disk full" not in told.answers[0][1]
    assert "press again" in told.answers[0][1]
    assert told.answers[2][1] == ":warning: Nothing was saved: it is over."
    assert told.counts == [("ack", "failed"), ("ack", "failed"), ("ack", "refused"), ("unknown", "unknown")]


def test_the_same_press_is_done_once_and_another_of_the_same_person_again() -> None:
    actions, done = Actions(), []
    actions.add("ack", lambda press: done.append(press.at) or "Noted.")
    with working(actions) as (desk, told):
        assert all(desk.take([a_press(number=number)]) for number in (0, 0, 1, 0, 1))
        until(lambda: len(told.answers) == 2, "two were answered")
    assert sorted(done) == [NOW, NOW + timedelta(seconds=1)]
    assert len(told.answers) == 2


def test_a_full_desk_says_so_and_takes_the_same_press_later() -> None:
    actions, going = Actions(), threading.Event()
    actions.add("ack", lambda _: (going.wait(30) and "Noted.") or "Late.")
    with working(actions) as (desk, told):
        taken = [number for number in range(600) if desk.take([a_press(number=number)])]
        assert 490 < len(taken) <= 502
        last = taken[-1] + 1
        assert not desk.take([a_press(number=last)])
        going.set()
        until(lambda: desk.take([a_press(number=last)]), "there is room again")
        until(lambda: len(told.answers) == len(taken) + 1, "all were done")
    assert not desk.take([a_press(number=1000)])  # it is closed


def test_a_stopping_desk_does_what_it_took() -> None:
    actions, done = Actions(), []
    actions.add("ack", lambda press: done.append(press.at) or "Noted.")
    with working(actions) as (desk, told):
        desk.take([a_press(number=number) for number in range(50)])
    assert len(done) == len(told.answers) == 50


def test_who_could_not_be_told_is_counted() -> None:
    actions = Actions()
    actions.add("ack", lambda _: "Noted.")
    with working(actions) as (desk, told):
        desk.take([a_press(actor="U0DEAF")])
    assert told.counts == [("ack", "done"), ("ack", "unanswered")]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://hooks.slack.com/actions/1",
        "https://slack.com.evil.example/1",
        "https://evilslack.com/1",
        "https://[::1",
        "file:///x",
    ],
)
def test_only_slack_is_ever_answered(url: str) -> None:
    answers = SlackAnswers(lambda: frozenset({"slack.com"}), lambda: None)
    assert not answers(a_press(answer_url=url), "Noted.")


def payload(**more: object) -> dict[str, object]:
    action = {"action_id": "step_done:3", "block_id": "b", "value": "v", "action_ts": f"{NOW.timestamp():.3f}"}
    base = {"type": "block_actions", "user": {"id": "U0ADA"}, "message": {"ts": "1.2"}, "channel": {"id": "C0"}}
    return {**base, "actions": [action], **more}


def test_a_press_is_read_with_the_time_slack_gives_it() -> None:
    (press,) = read_presses(payload(), NOW + timedelta(minutes=1))
    assert (press.action, press.detail, press.value, press.at) == ("step_done", "3", "v", NOW)
    for odd in ("", "yesterday", "9" * 12, "0", "1" * 40, "NaN"):
        action = {"action_id": "ack", "action_ts": odd}
        assert read_presses(payload(actions=[action]), NOW)[0].at == NOW


@pytest.mark.parametrize(
    "odd",
    [
        [], None, "x", {"type": "block_actions"}, payload(actions={}), payload(actions=[]), payload(actions=["x"] * 26),
        payload(user={"id": "U0ADA|x"}), payload(user={}), payload(user="U0ADA"),
    ],
)  # fmt: skip
def test_what_is_no_press_is_refused(odd: object) -> None:
    with pytest.raises(BadPayload):
        read_presses(odd, NOW)


def test_odd_parts_of_a_press_are_empty() -> None:
    odd = payload(message=3, channel=None, response_url=["x"], actions=[{"action_id": 1, "value": "v" * 4000}, "x"])
    (press,) = read_presses(odd, NOW)
    assert (press.action, press.value, press.message, press.channel, press.answer_url) == ("", "", "", "", "")
