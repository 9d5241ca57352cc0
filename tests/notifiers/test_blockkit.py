"""What an incident's message in Slack holds, in which order, and that any document makes one that Slack takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from crisiswatch.alerts.document import Document, Fact, Quote, Reason, Task
from crisiswatch.alerts.phrases import phrase
from crisiswatch.model import Act, Level, Notice, Stage
from crisiswatch.notifiers.blockkit import (
    blocks_for,
    fallback_text,
    notice_blocks,
    notice_text,
    reply_blocks,
    statement_blocks,
)
from crisiswatch.notifiers.slack_acts import REASONS, wish_of
from crisiswatch.testing.notifiers import HOSTILE_TEXTS
from crisiswatch.testing.slack_limits import message_error
from tests.notifiers.common import ACTIVE, BUTTONS, WHOLE, mrkdwn

PEOPLE = ("U0ADALACE",)


def shown(blocks: list[dict[str, Any]]) -> str:
    return json.dumps(blocks, ensure_ascii=False)


def pressable(blocks: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    rows = [[*block.get("elements", ()), block.get("accessory", {})] for block in blocks]
    return {each["action_id"]: each for row in rows for each in row if "action_id" in each}


def test_what_matters_at_night_comes_first() -> None:
    text = shown(blocks_for(WHOLE, "tag", menus=True, people=PEOPLE))
    order = [
        "is now critical", "CRITICAL · escalated", "25 times the usual", "The whole sector", "helpdesk has been silent",
        "Figure 1", "Figure 6", "<@U0ADALACE> has it since", "I have it", "What to do now", "What was promised",
        "What people say", "leaking lid", "Figure 8", "First · mo•••", "Why this alert", "at least 60 mentions", "False alarm",
        "crisiswatch explain acme.wave.1",
    ]  # fmt: skip
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)


def test_every_button_says_its_act_and_its_incident() -> None:
    found = pressable(blocks_for(WHOLE, "tag", menus=True))
    assert list(found) == [
        "acknowledge", "assign", "snooze", "step_done:2", "step_done:3", "promise_kept:1", "label",
        "verdict:useful", "verdict:false_alarm", "verdict:not_a_crisis",
    ]  # fmt: skip
    assert {each["value"] for each in found.values() if each["type"] == "button"} == {"acme.wave.1"}
    assert found["assign"]["type"] == "users_select"
    assert [(each["text"]["text"], each["value"]) for each in found["snooze"]["options"]] == [
        ("Until it is calm", "calm"), ("For 1 hour", "60"), ("For 4 hours", "240"),
    ]  # fmt: skip
    assert [each["value"] for each in found["verdict:not_a_crisis"]["options"]] == list(REASONS["en"])


def test_without_anybody_to_hear_it_nothing_can_be_pressed() -> None:
    assert pressable(blocks_for(WHOLE, "tag")) == {}


def test_steps_show_who_did_what_and_what_is_late() -> None:
    text = shown(blocks_for(WHOLE, "tag", menus=True, people=PEOPLE))
    assert "What to do now*  ·  1 of 3 done" in text
    assert "✓  ~Take the lead~  _<@U0ADALACE>, 09:02 CET_" in text
    assert "Check whether the claim is true\\n*Overdue* · product · by 09:25 CET" in text
    assert "3.  Agree one holding line\\nhead of comms · by 09:40 CET" in text


def test_when_it_is_over_only_the_verdict_is_asked() -> None:
    over = replace(WHOLE, stage=Stage.RESOLVED, steps=())
    assert [name for name in pressable(blocks_for(over, "tag", menus=True)) if name != "label"] == [
        "promise_kept:1", "verdict:useful", "verdict:false_alarm", "verdict:not_a_crisis",
    ]  # fmt: skip


def test_standing_down_asks_twice() -> None:
    calm = replace(WHOLE, stage=Stage.CALMING, buttons=("stand_down", *BUTTONS))
    button = pressable(blocks_for(calm, "tag", menus=True))["stand_down"]
    assert button["confirm"]["title"]["text"] == "Is it over?"
    assert "It waits for a person" in shown(reply_blocks(calm, "tag"))
    assert "It waits for a person" not in shown(reply_blocks(replace(calm, buttons=BUTTONS), "tag"))


@pytest.mark.parametrize(
    ("lang", "said"), [("en", ("no more", "twice", "24 hours")), ("it", ("tace", "il doppio", "24 ore"))]
)
def test_closing_by_hand_says_what_is_not_told_afterwards_and_what_is(lang: str, said: tuple[str, ...]) -> None:
    for name in ("confirm.resolve.text", "page.sure"):
        text = phrase(lang, name)
        assert len(text) <= 300, "Slack would cut it"
        assert [word for word in said if word not in text] == []


def test_a_picture_takes_the_place_of_the_bars() -> None:
    without, with_picture = blocks_for(WHOLE, "tag"), blocks_for(WHOLE, "tag", picture="F0CHART")
    (image,) = [block for block in with_picture if block["type"] == "image"]
    assert image["slack_file"] == {"id": "F0CHART"}
    assert "in steps of five" in shown(without)
    assert "in steps of five" not in shown(with_picture)


def test_an_exercise_says_so_in_every_part() -> None:
    drill = replace(WHOLE, drill=True)
    for part in (
        shown(blocks_for(drill, "t")[:1]), fallback_text(drill), shown(reply_blocks(drill, "t")),
        shown(statement_blocks(drill, "t")), shown(reply_blocks(replace(drill, stage=Stage.REMINDED), "t")),
    ):  # fmt: skip
        assert "DRILL" in part


def test_a_reminder_is_said_and_may_call_one_person() -> None:
    due = replace(WHOLE, stage=Stage.REMINDED, reminder="Step 2 is overdue: check whether the claim is true.")
    text = shown(reply_blocks(due, "t", call="U0ADALACE"))
    assert "<@U0ADALACE> *Step 2 is overdue" in text
    assert "Step 2 is overdue" in fallback_text(due)


def test_statements_are_drafts_and_say_so() -> None:
    text = shown(statement_blocks(WHOLE, "t"))
    assert "Nothing is ever published automatically" in text
    assert "*English*\\n> We know of the lids.\\n> We are looking into it." in text


def test_an_id_in_a_strangers_post_stays_text() -> None:
    posted = replace(WHOLE, posts=(Quote("U0ADALACE is guilty", "mo•••"),), headline="U0ADALACE")
    text = shown(blocks_for(posted, "t", people=PEOPLE))
    assert text.count("<@U0ADALACE>") == 3  # who has it, who did the step, who promised
    assert "> U0ADALACE is guilty" in text


@pytest.mark.parametrize(("limit", "kept", "gone"), [
    (7_500, ["What people say", "False alarm", "step_done:3", "I have it"], ['"label"']),
    (5_200, ["What to do now", "step_done:2", "I have it", "False alarm"], ["Why this alert", "First · mo"]),
    (1_400, ["is now critical"], ["What people say"]),
])  # fmt: skip
def test_the_least_needed_goes_first(monkeypatch: pytest.MonkeyPatch, limit: int, kept: list, gone: list) -> None:
    monkeypatch.setattr("crisiswatch.notifiers.blockkit.TOTAL_LIMIT", limit)
    text = shown(blocks_for(replace(WHOLE, posts=WHOLE.posts * 5), "tag", menus=True))
    assert len(text) < limit + 800
    assert [each for each in kept if each not in text] == []
    assert [each for each in gone if each in text] == []


@pytest.mark.parametrize(
    ("press", "wish"),
    [
        (("acknowledge", "", "acme.wave.1"), (Act.ACKNOWLEDGE, {})),
        (("assign", "", "U0ADALACE"), (Act.ASSIGN, {"to": "U0ADALACE"})),
        (("assign", "", "everybody"), None),
        (("snooze", "", "60"), (Act.SNOOZE, {"for": "60"})),
        (("snooze", "", "calm"), (Act.SNOOZE, {"for": "calm"})),
        (("snooze", "", "-5"), None),
        (("snooze", "", "99999999"), None),
        (("step_done", "3", "acme.wave.1"), (Act.STEP_DONE, {"step": "3"})),
        (("step_done", "x", "acme.wave.1"), None),
        (("promise_kept", "1", "acme.wave.1"), (Act.PROMISE_KEPT, {"promise": "1"})),
        (("verdict", "useful", "acme.wave.1"), (Act.VERDICT, {"kind": "useful"})),
        (
            ("verdict", "not_a_crisis", REASONS["en"][0]),
            (Act.VERDICT, {"kind": "not_a_crisis", "reason": REASONS["en"][0]}),
        ),
        (("verdict", "not_a_crisis", "made up"), (Act.VERDICT, {"kind": "not_a_crisis", "reason": ""})),
        (("verdict", "great", "acme.wave.1"), None),
        (("stand_down", "", "acme.wave.1"), (Act.STAND_DOWN, {})),
        (("note", "", "words"), None),
        (("label", "", "negative:u:x"), None),
    ],
)
def test_a_press_is_read_as_an_act_or_not_at_all(press: tuple, wish: tuple | None) -> None:
    found = wish_of(*press)
    assert (None if found is None else (found.act, dict(found.detail))) == wish


# --- anything at all

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # a document this large takes minutes to shrink
FOREIGN = st.one_of(
    st.text(max_size=60),
    st.sampled_from(HOSTILE_TEXTS),
    st.builds(lambda text, times: text * times, st.sampled_from(["&", "<", '"', "\\", "é", "😀", "a b "]),
              st.integers(0, 3_000)),
)  # fmt: skip
URLS = st.one_of(st.none(), st.just("https://social.example/?" + "a=1&" * 60))
ACTS = st.sampled_from([*BUTTONS, *(f"step_done:{n}" for n in range(1, 20)), *(f"promise_kept:{n}" for n in range(12)),
                        "stand_down", "resolve", "wake", "snooze", "snooze:x|0|5|9999999", "verdict", "what:ever", ""])  # fmt: skip
MANY = st.integers(0, 20)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    one = draw(st.tuples(FOREIGN, FOREIGN, FOREIGN))
    text = st.sampled_from(one)
    some = lambda of, most=12: st.lists(of, max_size=most).map(tuple)  # noqa: E731
    return Document(
        brand=draw(text),
        headline=draw(text),
        level=draw(st.sampled_from(Level)),
        stage=draw(st.sampled_from(Stage)),
        opened_at=WHOLE.opened_at,
        summary=draw(text),
        status=draw(text),
        facts=draw(some(st.builds(Fact, text, text))),
        trend=draw(some(st.integers(-5, 10**9), 60)),
        warnings=draw(some(text)),
        note=draw(text),
        because=draw(text),
        story=draw(text),
        why=draw(some(st.builds(Reason, text, st.sampled_from([True, False, None])))),
        themes=draw(some(text)),
        posts=draw(some(st.builds(Quote, text, text, URLS, text))),
        steps=draw(some(st.builds(Task, text, text, text, text, st.booleans()), 20)),
        footer=draw(some(text)),
        key=draw(text),
        link=draw(st.sampled_from(["", "https://crisiswatch.example/incidents/1"])),
        sector=draw(text),
        reminder=draw(text),
        promises=draw(some(text)),
        criteria=draw(some(text)),
        statements=draw(some(st.tuples(text, text))),
        buttons=draw(some(ACTS, 30)),
        drill=draw(st.booleans()),
    )


@settings(max_examples=40, deadline=None, phases=QUICK)
@given(documents(), st.booleans(), st.sampled_from(["", "F0CHART"]))
def test_any_document_makes_messages_that_slack_takes(document: Document, menus: bool, picture: str) -> None:
    made = [
        blocks_for(document, "t" * 300, menus=menus, people=PEOPLE, picture=picture),
        reply_blocks(document, "t", people=PEOPLE, call="U0ADALACE"),
        statement_blocks(document, "t"),
    ]
    for blocks in made:
        assert message_error({"text": fallback_text(document), "blocks": blocks}) is None
        live = "".join(mrkdwn(blocks)).replace("<@U0ADALACE>", "")
        assert not ACTIVE.search(live)
    assert made[0][0]["type"] == "header"


@settings(max_examples=40, deadline=None, phases=QUICK)
@given(FOREIGN, st.lists(FOREIGN, max_size=200), st.sampled_from(["", "https://crisiswatch.example/digest"]))
def test_any_notice_makes_a_message_that_slack_takes(headline: str, lines: list[str], link: str) -> None:
    notice = Notice(id="n", kind="digest", at=WHOLE.opened_at, headline=headline, lines=tuple(lines), link=link)
    blocks = notice_blocks(notice, "tag")
    assert message_error({"text": notice_text(notice), "blocks": blocks}) is None
    assert blocks[0]["type"] == "header"


@pytest.mark.parametrize("unit", ["😀", "<", "&", "*_~`😀<"])
@pytest.mark.parametrize("long", [150, 3_000])
def test_whatever_counts_twice_is_counted_twice(unit: str, long: int) -> None:
    text = (unit * long)[:long]
    full = replace(
        WHOLE, headline=text, summary=text, status=text, warnings=(text,) * 3, because=text, story=text,
        why=tuple(Reason(text, True) for _ in range(11)), posts=(Quote(text, text),) * 5, promises=(text,) * 5,
        steps=tuple(Task(text, text, text, "", True) for _ in range(12)), statements=(("en", text), ("it", text)),
    )  # fmt: skip
    for document in (full, replace(full, posts=(), steps=())):
        for blocks in (
            blocks_for(document, "t", menus=True),
            reply_blocks(document, "t"),
            statement_blocks(document, "t"),
        ):
            assert message_error({"text": fallback_text(document), "blocks": blocks}) is None
