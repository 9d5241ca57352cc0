"""What an alert tells of complaints, grave words and themes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from crisiswatch.alerts.evidence import gather
from crisiswatch.alerts.model import AlertDefinition, StageText
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.render import build
from crisiswatch.alerts.values import placeholder_values
from crisiswatch.model import Evidence, Gate, SignalCounts, Signals
from crisiswatch.testing.notifiers import a_delivery, an_incident
from tests.alerts.test_evidence import CALM, negative, said

COUNTS = SignalCounts(31.0, 5.0, 3.2, (("safety", 3.0), ("recall", 1.0)))
WORDS = StageText("{theme} | {themes}", "{complaints}, {questions}, {severity}", ("why", "themes"))


def told(counts: SignalCounts | None, topics: tuple[str, ...], language: str = "en"):
    incident = an_incident()
    incident = replace(incident, reading=replace(incident.reading, signals=counts))
    alert = AlertDefinition(id="a", opened=WORDS, escalated=WORDS, calming=WORDS, resolved=WORDS, language=language)
    return build(alert, a_delivery(incident=incident, evidence=Evidence(topics=topics)), "Acme", UTC)


def test_an_alert_names_themes_complaints_and_grave_words():
    document = told(COUNTS, ("refunds", "rude staff"))
    assert document.headline == "refunds | refunds, rude staff"
    assert document.summary == "31, 5, safety, recall"
    assert document.themes == ("refunds", "rude staff")
    assert "grave words stand in some of the mentions: safety in 3, recall in 1" in document.plain()
    assert any(fact.label == "Complaints" and fact.value.endswith("5 ask something") for fact in document.facts)


@pytest.mark.parametrize(
    ("language", "headline", "summary"),
    [
        ("en", "no clear theme | no clear theme", "0, 0, no grave words"),
        ("it", "nessun tema evidente | nessun tema evidente", "0, 0, nessuna parola grave"),
    ],
)
def test_where_nothing_was_found_the_words_say_so(language, headline, summary):
    document = told(None, (), language)
    assert (document.headline, document.summary) == (headline, summary)
    assert "grave words" not in "".join(each.sentence for each in document.why)


def test_kinds_of_grave_words_are_named_in_the_alerts_language():
    assert told(COUNTS, (), "it").summary == "31, 5, sicurezza, richiamo di prodotti"


def test_typical_words_stand_in_where_no_theme_leads():
    values = placeholder_values(an_incident(), Evidence(themes=("burnt beans",)), "Acme", UTC)
    assert values["theme"] == "burnt beans"


def test_the_topic_is_what_a_tenth_of_the_counted_mentions_is_about():
    wave = [said(number, f"number {number}") for number in range(30)]
    about = {
        mention.uid: Signals(themes=("staff", "refund") if number < 4 else ("refund",) if number < 6 else ())
        for number, (mention, _) in enumerate(wave)
    }
    calm = {mention.uid: Signals(themes=("price",)) for mention, _ in CALM}
    assert gather([*CALM, *wave], negative, said=about | calm).topics == ("staff",)
    assert gather(wave[:1], negative, said=about).topics == ("staff",)
    assert gather(wave, negative).topics == ()


@pytest.mark.parametrize(
    ("gate", "sentence"),
    [
        (Gate("complaints", "at_least", 5, 9.0, held=True), "at least 5 mentions complain: 9 do"),
        (Gate("questions", "at_most", 5, None, held=False), "at most 5 mentions ask something: can't be judged yet"),
        (Gate("severity", "at_least", 2.5, 3.2, held=True), "the mentions' grave words add up to at least 2.50: 3.20"),
    ],
)
def test_conditions_on_them_read_as_sentences(gate, sentence):
    assert reason(gate).sentence == sentence
