"""Slack: what its answers mean, what is looked up, and that no post can ever ping anybody."""

from __future__ import annotations

import re
import socket
from dataclasses import replace

import pytest

from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.interaction.payload import read_presses
from crisiswatch.model import Sentiment, Stage
from crisiswatch.notifiers.blockkit import blocks_for, escape, fallback_text, reply_blocks
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.notifiers.slack_acts import REASONS, wish_of
from crisiswatch.notifiers.slack_labels import incident_of, read_value, uid_hash, value_of
from crisiswatch.testing.fake_slack import FakeSlack, Fault
from crisiswatch.testing.fake_smtp import FakeSmtp
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, an_incident, some_evidence
from crisiswatch.testing.slack_limits import message_error
from crisiswatch.testing.slack_presses import push
from tests.notifiers.common import ACTIVE, NOW, WHOLE, mrkdwn, words


@pytest.fixture
def slack():
    with FakeSlack() as server:
        yield server


@pytest.fixture
def notifier(slack):
    return SlackNotifier(words(), slack.token, slack.channel, base_url=slack.url, timeout=1)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        *[
            (Fault.error(code), Rejected)
            for code in (
                "msg_too_long", "invalid_blocks", "msg_blocks_too_long", "invalid_arguments", "metadata_too_large",
            )
        ],
        *[
            (Fault.error(code), TryLater)  # somebody can mend it, and then it is told
            for code in (
                "channel_not_found", "invalid_auth", "not_in_channel", "account_inactive", "is_archived",
                "token_revoked", "missing_scope",
            )
        ],
        (Fault.rate_limited(7), TryLater),
        (Fault.error("ratelimited"), TryLater),
        (Fault.error("service_unavailable"), TryLater),
        (Fault.http(503), TryLater),
        (Fault.error("internal_error"), Unknown),
        (Fault.error("fatal_error"), Unknown),
        (Fault.http(500), Unknown),
        (Fault.http(502), Unknown),
        (Fault.http(504, accepted=True), Unknown),
        *[(Fault.http(status), TryLater) for status in (302, 307, 401, 403, 404, 405, 407, 410)],  # a proxy in between
        (Fault("answer", body="{}"), Unknown),
        (Fault("answer", body="{broken"), Unknown),
        (Fault.accept_then_cut(), Unknown),
        (Fault.cut(), Unknown),
        (Fault.hang(), Unknown),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.body[:40]}" if isinstance(value, Fault) else value.__name__,
)  # fmt: skip
def test_every_answer_is_one_of_three_kinds(slack, notifier, fault, kind):
    slack.script("chat.postMessage", fault)
    with pytest.raises(kind) as caught:
        notifier.send(a_delivery())
    assert slack.token not in str(caught.value)


def test_the_wait_slack_asks_for_is_handed_on(slack, notifier):
    slack.script("chat.postMessage", Fault.rate_limited(7))
    with pytest.raises(TryLater) as caught:
        notifier.send(a_delivery())
    assert caught.value.after == 7


def test_a_refused_connection_is_known_not_to_have_arrived():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(TryLater):
        SlackNotifier(words(), "x", "C0", base_url=f"http://127.0.0.1:{port}/api", timeout=1).send(a_delivery())


def test_a_certificate_that_is_not_trusted_costs_no_alert():
    with FakeSmtp(security="tls") as anybody:
        slack = SlackNotifier(words(), "x", "C0", base_url=f"https://{anybody.host}:{anybody.port}/api/", timeout=5)
        with pytest.raises(TryLater, match="certificate is not trusted") as caught:
            slack.send(a_delivery())
    assert caught.value.after == 300


def test_a_proxy_that_lets_nobody_through_costs_no_alert(httpserver):
    httpserver.expect_request(re.compile(".*")).respond_with_data("who are you?", status=407)
    proxy = httpserver.url_for("").replace("localhost", "127.0.0.1")
    slack = SlackNotifier(words(), "x", "C0", base_url="https://slack.invalid/api/", timeout=5, proxy=proxy)
    with pytest.raises(TryLater) as caught:
        slack.send(a_delivery())
    assert caught.value.after == 300


def test_a_wrong_token_is_said_and_waited_for(slack):
    with pytest.raises(TryLater, match="invalid_auth"):
        SlackNotifier(words(), "wrong", slack.channel, base_url=slack.url).send(a_delivery())


def test_nothing_is_looked_up_without_need(slack, notifier):
    notifier.send(a_delivery())
    assert [call.method for call in slack.calls] == ["chat.postMessage"]


def test_a_message_whose_receipt_was_lost_is_found_and_its_story_goes_on(slack, notifier):
    notifier.send(a_delivery())
    receipt = notifier.send(a_delivery(Stage.ESCALATED, 2, previous=True))
    (root,) = slack.roots()
    assert receipt.memory["ts"] == root.ts
    assert len(slack.thread(root.ts)) == 1


def test_a_message_on_a_later_page_is_found(slack, notifier):
    notifier.send(a_delivery())
    for number in range(450):
        slack.answer("chat.postMessage", {"channel": slack.channel, "text": f"chatter {number}"}, slack.token)
    assert notifier.send(a_delivery(uncertain=True)).found


def test_another_incidents_message_is_not_taken_for_this_one(slack, notifier):
    notifier.send(a_delivery(incident=an_incident(id="another"), id="another/1/r"))
    assert not notifier.send(a_delivery(uncertain=True)).found
    assert len(slack.roots()) == 2


@pytest.mark.parametrize("code", ["missing_scope", "not_in_channel"])
def test_where_the_bot_may_not_read_a_duplicate_is_better_than_a_loss(slack, notifier, code):
    slack.script("conversations.history", Fault.error(code))
    receipt = notifier.send(a_delivery(uncertain=True))
    assert receipt.duplicate
    assert len(slack.roots()) == 1


@pytest.mark.parametrize("fault", [Fault.rate_limited(3), Fault.http(500), Fault.cut(), Fault.hang()], ids=str)
def test_a_look_up_that_fails_is_asked_again_before_anything_is_posted(slack, notifier, fault):
    slack.script("conversations.history", fault)
    with pytest.raises(TryLater):
        notifier.send(a_delivery(uncertain=True))
    assert slack.messages == []


def test_a_crash_between_the_edit_and_the_reply_makes_one_reply(slack, notifier):
    memory = notifier.send(a_delivery()).memory
    escalated = a_delivery(Stage.ESCALATED, 2, memory=memory, previous=True)
    notifier.send(escalated)  # the process dies here: no receipt is stored
    receipt = notifier.send(replace(escalated, uncertain=True))
    assert receipt.found
    assert len(slack.thread(memory["ts"])) == 1


def test_a_deleted_message_is_posted_anew_when_there_is_news(slack, notifier):
    memory = notifier.send(a_delivery()).memory
    slack.delete(memory["ts"])
    silent = notifier.send(a_delivery(Stage.UPDATED, 2, memory=memory, previous=True))
    assert slack.messages == []
    escalated = a_delivery(Stage.ESCALATED, 3, memory=silent.memory, previous=True)
    renewed = notifier.send(escalated).memory
    again = notifier.send(replace(escalated, uncertain=True))
    assert again.found
    assert [message.ts for message in slack.messages] == [renewed["ts"]] == [again.memory["ts"]]


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
def test_where_edits_are_forbidden_the_thread_still_tells_the_news(slack, notifier, code):
    memory = notifier.send(a_delivery()).memory
    slack.script("chat.update", Fault.error(code))
    notifier.send(a_delivery(Stage.RESOLVED, 2, memory=memory, previous=True))
    assert len(slack.thread(memory["ts"])) == 1


def test_a_first_message_late_in_the_story_needs_no_reply(slack, notifier):
    notifier.send(a_delivery(Stage.ESCALATED, 2))
    (message,) = slack.messages
    assert message.thread_ts is None


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_post_can_ping_or_break_a_message(text):
    incident = an_incident(title=text, because=text, acknowledged_by=text)
    document = words()(a_delivery(incident=incident, evidence=some_evidence(text)))
    for blocks in (blocks_for(document, "tag"), reply_blocks(document, "tag")):
        arguments = {"text": fallback_text(document), "blocks": blocks}
        assert message_error(arguments) is None
        for live in mrkdwn(arguments):
            assert not ACTIVE.search(live), live
            assert "@channel" not in live
            assert "@everyone" not in live


@pytest.mark.parametrize("limit", [1, 5, 6, 10, 100])
@pytest.mark.parametrize("text", ["&&&&&&", "a&b<c>d", "\N{PILE OF POO}" * 90, "x" * 200])
def test_escaping_never_cuts_inside_an_entity(text, limit):
    shown = escape(text, limit)
    assert len(shown.encode("utf-16-le")) // 2 <= limit
    assert not re.search(r"&(?!(amp|lt|gt);)", shown)


# --- menus


def test_each_post_has_a_menu_and_everything_fits(slack):
    SlackNotifier(words(), slack.token, slack.channel, base_url=slack.url, menus=True).send(a_delivery())
    (root,) = slack.roots()
    menus = [block["accessory"] for block in root.blocks if "accessory" in block]
    assert len(menus) == len(words()(a_delivery()).posts) == 1
    for menu in menus:
        assert menu["action_id"] == "label"
        assert [option["text"]["text"] for option in menu["options"]] == ["Not negative", "Negative", "Positive"]
        assert [option["value"].partition(":")[0] for option in menu["options"]] == ["neutral", "negative", "positive"]


def test_without_anybody_to_hear_it_there_is_no_menu(slack, notifier):
    notifier.send(a_delivery())
    assert not [block for block in slack.roots()[0].blocks if "accessory" in block]


@pytest.mark.parametrize("uid", ["x:1", "x:" + "a" * 250, "x:" + "\U0001f600" * 60, "negative:h:x", ":"])
def test_a_value_says_which_mention_is_meant_and_fits(uid):
    for label in Sentiment:
        value = value_of(label, uid)
        assert len(value.encode("utf-16-le")) // 2 <= 150
        said = read_value(value)
        assert said.label is label
        assert said.uid == uid or said.hashed == uid_hash(uid)


@pytest.mark.parametrize(
    "value", ["", "negative", "negative:u", "negative:u:", "negative:x:1", "hateful:u:x:1", "NEGATIVE:u:x"]
)
def test_a_value_that_is_none_of_ours_says_nothing(value):
    assert read_value(value) is None


# --- presses, from the message to what is read


@pytest.mark.parametrize(
    ("name", "chosen", "value", "wish"),
    [
        ("acknowledge", "", "acme.wave.1", {}),
        ("step_done:2", "", "acme.wave.1", {"step": "2"}),
        ("assign", "U0GRACEH", "U0GRACEH", {"to": "U0GRACEH"}),
        ("snooze", "For 1 hour", "60", {"for": "60"}),
        (
            "verdict:not_a_crisis",
            REASONS["en"][2],
            REASONS["en"][2],
            {"kind": "not_a_crisis", "reason": REASONS["en"][2]},
        ),
    ],
)
def test_what_is_pressed_comes_back_as_an_act_of_the_incident(slack, name, chosen, value, wish):
    one = SlackNotifier(lambda _: WHOLE, slack.token, slack.channel, base_url=slack.url, menus=True)
    one.send(a_delivery(id="acme.wave.1/2/pr"))
    (root,) = slack.roots()
    (press,) = read_presses(push(root, name, chosen, at=NOW, url=slack.answer_url, user="U0ADALACE"), NOW)
    assert (press.actor, press.value, incident_of(press.block)) == ("U0ADALACE", value, "acme.wave.1")
    assert wish_of(press.action, press.detail, press.value).detail == wish


def test_what_is_not_there_can_not_be_pressed(slack, notifier):
    notifier.send(a_delivery())
    with pytest.raises(LookupError):
        push(slack.roots()[0], "acknowledge", at=NOW, url=slack.answer_url)
