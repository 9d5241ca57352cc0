"""No faster than Slack takes it: a burst, then a message a second; and nobody else knocks while Slack asked to wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.errors import TryLater
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.notifiers.slack_calls import Pace
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from crisiswatch.testing.notifiers import a_delivery, an_incident
from tests.notifiers.common import NOW, words


class Watch:
    """A clock that a wait turns."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW)
        self.waits: list[float] = []
        self.pace = Pace(self.clock, self.wait)

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.clock.advance(seconds=seconds)


def test_a_burst_passes_and_then_one_a_second() -> None:
    watch = Watch()
    for _ in range(8):
        watch.pace.before("chat_postMessage", "d")
    assert watch.waits == [1.0, 1.0, 1.0]
    watch.clock.advance(seconds=60)
    watch.pace.before("chat_postMessage", "d")
    assert len(watch.waits) == 3


def test_fifty_edits_a_minute_and_messages_do_not_wait_for_edits() -> None:
    watch = Watch()
    for _ in range(70):
        watch.pace.before("chat_update", "d")
    assert sum(watch.waits) == pytest.approx(60)
    watch.waits.clear()
    watch.pace.before("chat_postMessage", "d")
    watch.pace.before("conversations_history", "d")
    assert watch.waits == []


def test_what_slack_asked_of_one_delivery_holds_for_all_of_that_kind_only() -> None:
    watch = Watch()
    with FakeSlack() as slack:
        one = SlackNotifier(words(), slack.token, slack.channel, base_url=slack.url, pace=watch.pace)
        memory = one.send(a_delivery()).memory
        slack.script("chat.update", Fault.rate_limited(30))
        edit = a_delivery(memory=memory, previous=True, id="one/2/pr")
        with pytest.raises(TryLater):
            one.send(edit)
        watch.clock.advance(seconds=10)
        with pytest.raises(TryLater) as caught:
            one.send(replace(edit, id="two/2/pr"))
        assert caught.value.after == 20
        assert [call.method for call in slack.calls] == ["chat.postMessage"]  # it was not even asked
        one.send(a_delivery(incident=an_incident(id="three"), id="three/1/pr"))  # an alert does not wait for edits
        watch.clock.advance(seconds=20)
        one.send(replace(edit, id="two/2/pr"))
    assert [call.method for call in slack.calls] == ["chat.postMessage"] * 2 + ["chat.update"]
