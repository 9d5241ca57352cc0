"""What an Italian brand's people read is Italian in every channel: buttons, what is asked once more, mails, pictures."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crisiswatch.alerts.render import build
from crisiswatch.alerts.words import clean
from crisiswatch.charts.data import ChartData
from crisiswatch.charts.draw import incident_chart
from crisiswatch.charts.maker import ChartMaker
from crisiswatch.config import load, write_starter
from crisiswatch.model import Act, Delivery, Evidence, Reminder, Stage
from crisiswatch.notifiers.apprise import short_text
from crisiswatch.notifiers.blockkit import blocks_for, fallback_text, reply_blocks, statement_blocks
from crisiswatch.notifiers.html import page
from crisiswatch.notifiers.mime import compose
from crisiswatch.notifiers.slack_acts import REASONS, wish_of
from crisiswatch.testing.notifiers import a_delivery, an_incident
from crisiswatch.web.incident import Shown, render_incident
from tests.alerts.test_italian import ENGLISH_WORDS
from tests.response.stories import Story, at, does, opening

MORE_ENGLISH = re.compile(
    r"\b(done|kept|promised|overdue|step|open|page|end|until|snooze|useful|false|worth|close|chart|last|first|said"
    r"|somebody|drafts?|never|exercise|have it|themes|posts?|reading|not)\b",
    re.IGNORECASE,
)
OURS = {"action_id", "value", "block_id", "type", "style", "url", "emoji", "verbatim"}


@pytest.fixture(scope="module")
def wave(tmp_path_factory):
    return load(write_starter(tmp_path_factory.mktemp("starter"))).alerts["negative-wave.it"]


def a_case():
    story = Story(opening(), does(2, "step_done", step="1"), does(3, "promise", text="novità", due=at(90).isoformat()))
    story.tell(does(4, "acknowledge", "ada"), does(5, "snooze", for_="60")).until(400)
    return replace(story.case, snooze=None, sector=("rival",))


def told(wave, stage: Stage = Stage.UPDATED, **changes: Any):
    """The Italian document of an incident that people are at work on, and its delivery."""
    steps = replace(a_case(), steps=tuple(replace(one, step="Fare", role="turno") for one in a_case().steps))
    delivery: Delivery = replace(
        a_delivery(stage, incident=an_incident(alert="negative-wave", title="Ondata", because="Capita."), **changes),
        case=steps,
        link="https://crisi.example/incidents/1",
        evidence=Evidence(sources={"x": 1400}, languages={"it": 3}),
        reminder=Reminder("stand_down_awaited") if stage is Stage.REMINDED else None,
        drill=True,
    )
    document = build(wave, delivery, "Acme", names={"rival": "Rivale"})
    return replace(document, statements=(("it", "Ne siamo al corrente."),), footer=("Incidente 1",)), delivery


def said(node: Any, key: str = "") -> list[str]:
    """All that a person reads of blocks."""
    if isinstance(node, dict):
        return [text for name, value in node.items() if name not in OURS for text in said(value, name)]
    if isinstance(node, list):
        return [text for value in node for text in said(value, key)]
    return [node] if isinstance(node, str) else []


def english(text: str) -> list[str]:
    without = re.sub(r"<https?://[^|>]*\||:[a-z]+:|crisiswatch[ a-z]*|post\b|follower|account", "", text)
    return ENGLISH_WORDS.findall(without) + MORE_ENGLISH.findall(without)


@pytest.mark.parametrize("stage", list(Stage))
def test_no_english_word_is_left_in_slack(wave, stage):
    document, _ = told(wave, stage)
    offered = replace(document, buttons=(*document.buttons, str(Act.STAND_DOWN), str(Act.RESOLVE), str(Act.WAKE)))
    shown = said(blocks_for(offered, "t", menus=True) + reply_blocks(offered, "t") + statement_blocks(offered, "t"))
    assert english(" / ".join([*shown, fallback_text(offered)])) == []


def test_the_buttons_are_the_words_of_the_playbook(wave):
    document, _ = told(wave)
    text = json.dumps(blocks_for(replace(document, buttons=(str(Act.ACKNOWLEDGE), *document.buttons)), "t", menus=True))
    assert '"Ci penso io"' in text
    assert any('"Ci penso io"' in step.step for step in wave.playbook)


def test_the_sector_is_named_without_its_sentence(wave):
    document, _ = told(wave)
    assert any("*Tutto il settore*  ·  Rivale." in text for text in said(blocks_for(document, "t")))


def test_a_reason_in_italian_is_a_reason(wave):
    assert len(REASONS["it"]) == len(REASONS["en"])
    for reason in REASONS["it"]:
        wish = wish_of("verdict", "not_a_crisis", reason)
        assert wish is not None
        assert wish.detail["reason"] == reason


@pytest.mark.parametrize("stage", [Stage.OPENED, Stage.REMINDED, Stage.RESOLVED])
def test_no_english_word_is_left_in_a_mail(wave, stage):
    document, delivery = told(wave, stage)
    mail = compose(delivery, document, "a@example.com", ["b@example.com"], take="https://crisi.example/t/1")
    html = page(document, take="https://crisi.example/t/1")
    shown = re.sub(r"<style>.*?</style>|<!--.*?-->|<[^>]*>", " ", html, flags=re.DOTALL)
    plain = mail.get_body(("plain",))
    assert plain is not None
    for text in (clean(shown), plain.get_content(), mail["Subject"]):
        assert english(re.sub(r"https?://\S+", "", text)) == []
    assert 'lang="it"' in html
    assert "Ci penso io" in html


def test_no_english_word_is_left_on_the_page_of_an_incident(wave):
    document, _ = told(wave)
    shown = Shown(replace(document, drill=False), [], chart=True, zone=ZoneInfo("Europe/Rome"))
    html = render_incident(shown, by="", known=False, csrf="c")
    read = re.findall(r'(?:alt|placeholder|aria-label|value)="([^"]*)"', html)
    words = re.sub(r"<style>.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL)
    assert english(clean(" / ".join([words, *(each for each in read if " " in each)])).replace("Europe/Rome", "")) == []
    assert '<html lang="it">' in html


def test_no_english_word_is_left_in_a_picture(wave):
    _, delivery = told(wave, Stage.RESOLVED)
    drawn: list[ChartData] = []
    maker = ChartMaker({"acme-coffee": "Acme"}, languages={"acme-coffee": "it"}, draw=lambda d: drawn.append(d) or b"")
    maker(delivery)
    words = [drawn[0].title, drawn[0].drill_words, *(mark.label for mark in drawn[0].marks)]
    assert english(" / ".join(words)) == []
    assert incident_chart(drawn[0]).startswith(b"\x89PNG")


def test_no_english_word_is_left_in_a_short_text(wave):
    document, _ = told(wave)
    assert english("\n".join(short_text(document))) == []
