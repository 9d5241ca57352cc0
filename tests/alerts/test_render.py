"""Whatever an incident and the posts behind it hold, the document is fit to read, and every channel can show it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiswatch.alerts.model import PLACEHOLDERS, AlertDefinition, PlaybookStep, StageText
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.render import build, fill, renderer
from crisiswatch.alerts.values import placeholder_values
from crisiswatch.alerts.words import UNKNOWN
from crisiswatch.model import Blind, Delivery, Evidence, Gate, Incident, Level, Phase, Post, Reading, Stage
from crisiswatch.notifiers.blockkit import blocks_for, fallback_text, reply_blocks
from crisiswatch.notifiers.console import draw
from crisiswatch.notifiers.mime import compose
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, an_incident
from crisiswatch.testing.slack_limits import message_error
from tests.notifiers.common import WAVE, words


def test_every_placeholder_has_a_value():
    delivery = a_delivery()
    values = placeholder_values(delivery.incident, delivery.evidence, "Acme Coffee", UTC)
    assert values.keys() == PLACEHOLDERS.keys()
    assert {name for name, value in values.items() if not value} == {"on_topic"}


def test_a_missing_value_is_said_in_words():
    assert fill("about {expected}, {unheard_of}", {"expected": ""}) == f"about {UNKNOWN}, {UNKNOWN}"
    bare = Reading(start=NOW, end=NOW + timedelta(minutes=15), observed=3, total=3, authors=1, sources=())
    text = words()(a_delivery(incident=an_incident(reading=bare, peak=bare), evidence=Evidence())).plain()
    assert f"Normal for this hour: {UNKNOWN}" in text
    assert "None" not in text


NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def test_braces_in_a_post_are_not_filled():
    document = words()(a_delivery(evidence=Evidence(themes=("{brand} {count}",))))
    assert document.summary.endswith("Main theme: {brand} {count}.")


def test_times_are_told_in_the_brands_zone():
    rome = renderer({"negative-wave": WAVE}, {"acme-coffee": "Acme Coffee"}, {"acme-coffee": ZoneInfo("Europe/Rome")})
    document = rome(a_delivery())
    assert "3 Mar 2026, 10:15 CET" in document.plain()
    assert document.steps[0].due == "within 10 minutes, by 10:25 CET"
    assert "UTC" not in document.plain()


def test_an_alert_that_was_removed_still_tells_the_end():
    document = renderer({}, {})(a_delivery(Stage.RESOLVED, 3))
    assert "over: Unusual wave" in document.headline
    assert document.banner == "RESOLVED"


def test_a_blind_source_is_named_and_what_it_means():
    silent = Blind("helpdesk", NOW, None, "rate_limited")
    back = Blind("news", NOW, NOW + timedelta(hours=1), "failing")
    document = words()(a_delivery(incident=an_incident(blind=(silent, back))))
    assert document.warnings == (
        "Source helpdesk has been limiting us since 3 Mar 2026, 09:00 UTC: the figures may be too low.",
        "Source news was not heard from 3 Mar 2026, 09:00 UTC to 3 Mar 2026, 10:00 UTC: the figures for that time may be too low.",
    )


@pytest.mark.parametrize(
    ("why", "said"),
    [("calm", "calmed down"), ("rule_removed", "not because it calmed down"), ("by_hand", "by hand")],
)
def test_the_end_says_why_it_is_the_end(why, said):
    incident = an_incident(phase=Phase.RESOLVED, reason=why, resolved_at=NOW + timedelta(hours=2))
    document = words()(a_delivery(Stage.RESOLVED, incident=incident))
    assert said in document.status
    assert document.steps == ()
    assert document.why == ()


def test_who_has_it_is_told():
    taken = an_incident(acknowledged_by="duty-comms", acknowledged_at=NOW)
    assert "duty-comms has had it since 3 Mar 2026, 09:00 UTC." in words()(a_delivery(incident=taken)).status
    assert "Nobody has taken it yet." in words()(a_delivery()).status


@pytest.mark.parametrize(
    ("gate", "sentence", "held"),
    [
        (Gate("authors", "at_least", 12, 31, held=True), "at least 12 different accounts wrote: 31 did", True),
        (Gate("count", "at_least", 20, 5, held=False), "at least 20 mentions came in: 5 did", False),
        (Gate("count", "at_most", 20, None, held=False), "at most 20 mentions came in: can't be judged yet", None),
        (Gate("sources", "at_least", 1, 1, held=True), "at least 1 source speaks of it: 1 does", True),
        (Gate("share", "at_least", 0.35, 0.5, held=True), "at least 35 % of everything said matches: 50 %", True),
        (
            Gate("growth", "at_least", 2, 9.5, held=True, against="same_hours_last_week"),
            "at least 2 times as many as in the same hours last week: it is 9.5 times as many",
            True,
        ),
        (
            Gate("surprise", "at_least", 1.0, 0.1, held=True),
            "chance alone would bring this about once a month or more rarely: about once in 10 months",
            True,
        ),
        (Gate("bot_score", "at_most", 0.25, 0.1, held=True), "bot score is at most 0.25: 0.10", True),
        (
            Gate("reach", "at_least", 1e5, 4.82e5, held=True),
            "the accounts that wrote reach at least 100,000 people: they reach 482,000",
            True,
        ),
    ],
)
def test_a_gate_is_a_sentence(gate, sentence, held):
    assert reason(gate).sentence == sentence
    assert reason(gate).held is held


text = st.text(st.characters(), max_size=60) | st.sampled_from(HOSTILE_TEXTS)
number = st.floats() | st.integers(-5, 10**12).map(float)
count = st.integers(-3, 10**18) | st.just(10**400)
maybe = st.none() | number
when = st.datetimes(timezones=st.just(UTC))
level = st.sampled_from(Level)
reading = st.builds(
    Reading, start=when, end=when, observed=number, total=number, authors=count,
    sources=st.lists(text, max_size=8).map(tuple), reach=st.none() | count, largest_audience=st.none() | count,
    share=maybe, growth=maybe, expected=maybe, low=maybe, high=maybe, false_alarms_per_month=maybe, learning=st.booleans(),
)  # fmt: skip
gate = st.builds(
    Gate, measure=text | st.sampled_from(["count", "authors", "sources", "reach", "share", "growth", "surprise"]),
    operator=st.sampled_from(["at_least", "at_most"]) | text, bound=number, value=maybe, held=st.booleans(),
    against=st.none() | text,
)  # fmt: skip
incident = st.builds(
    Incident, id=text, brand=text, rule=text, title=text, alert=text, version=st.integers(1, 10**6),
    phase=st.sampled_from(Phase), level=level, peak_level=level, opened_at=when, updated_at=when,
    resolved_at=st.none() | when, levels=st.lists(st.tuples(level, when), max_size=4).map(tuple), reading=reading,
    peak=reading, gates=st.lists(gate, max_size=12).map(tuple), mentions=count, authors=count, because=text,
    blind=st.lists(st.builds(Blind, source=text, since=when, until=st.none() | when, reason=text), max_size=4).map(tuple),
    trend=st.lists(st.integers(-2, 10**30), max_size=60).map(tuple), flaps=st.integers(0, 5), trial=st.booleans(),
    acknowledged_by=st.none() | text, acknowledged_at=st.none() | when, reason=text,
)  # fmt: skip
post = st.builds(
    Post, uid=text, source=text, at=when, text=text, url=st.none() | text.map("https://x.example/".__add__) | text,
    author=st.none() | text, audience=st.none() | count, engagement=st.none() | count, lang=st.none() | text,
)  # fmt: skip
evidence = st.builds(
    Evidence, first=st.lists(post, max_size=4).map(tuple), loudest=st.lists(post, max_size=6).map(tuple),
    sources=st.dictionaries(text, count, max_size=6), languages=st.dictionaries(text, count, max_size=6),
    themes=st.lists(text, max_size=4).map(tuple),
)  # fmt: skip
everything = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
stage_text = StageText(everything[:200], everything)
full = AlertDefinition(
    id="full", opened=stage_text, escalated=stage_text, calming=stage_text, resolved=stage_text,
    playbook=tuple(PlaybookStep("do <this> & that " * 30, "role " * 30, minutes) for minutes in (None, 0, 10**9) * 5),
)  # fmt: skip


@settings(max_examples=100)
@given(incident, evidence, st.sampled_from(Stage), st.sampled_from([UTC, ZoneInfo("Asia/Tokyo")]))
def test_any_incident_is_fit_for_every_channel(incident, evidence, stage, zone):
    delivery = Delivery(id="d", receiver="r", stage=stage, incident=incident, evidence=evidence)
    document = build(full, delivery, "Acme <Coffee> & Söhne", zone)
    for blocks in (blocks_for(document, "tag"), reply_blocks(document, "tag")):
        assert message_error({"text": fallback_text(document), "blocks": blocks}) is None
    message = compose(delivery, document, "alerts@acme.example", ["press@acme.example"])
    raw = message.as_bytes()
    parsed = message_from_bytes(raw, policy=default)
    assert not parsed.defects
    assert parsed.get_body(("plain",)).get_content().splitlines() == document.plain().splitlines()
    assert max(map(len, raw.split(b"\r\n"))) < 998
    drawn = draw(document)
    assert all(line[0] in "╭│╰" for line in drawn.splitlines())


def test_the_document_is_the_same_each_time():
    assert words()(a_delivery()) == words()(a_delivery())
