"""An alert in Italian is Italian throughout: the program's own words, its numbers and its dates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crisiswatch.alerts import labels_en, labels_it, phrases_en, phrases_it
from crisiswatch.alerts.phrases import LANGUAGES, phrase
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.render import renderer
from crisiswatch.alerts.words import (
    about,
    exact,
    listed,
    moment,
    percent,
    rarity,
    roughly,
    since,
    since_about,
    span,
    times,
)
from crisiswatch.config import load, write_starter
from crisiswatch.model import Evidence, Gate, Stage
from crisiswatch.rules.model import MEASURES
from crisiswatch.testing.notifiers import a_delivery, an_incident

ENGLISH_WORDS = re.compile(
    r"\b(the|and|with|about|usually|mentions|minutes|hours?|since|within|nobody|rule|watch|warning|critical|opened"
    r"|accounts|sources|languages|by|of)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def alerts(tmp_path_factory):
    home = tmp_path_factory.mktemp("starter")
    return load(write_starter(home)).alerts


def in_italian(alerts, alert: str, stage: Stage = Stage.OPENED, **changes: object):
    incident = an_incident(alert=alert, title="Ondata", because="Capita.", **changes)
    show = renderer(alerts, {"acme-coffee": "Acme"}, {"acme-coffee": ZoneInfo("Europe/Rome")}, {"acme-coffee": "it"})
    return show(a_delivery(stage, incident=incident, evidence=Evidence(sources={"x": 1400}, languages={"it": 3})))


def test_every_phrase_is_there_in_both_languages_with_the_same_gaps():
    def gaps(words: Mapping[str, str]) -> dict[str, list[str]]:
        return {key: sorted(re.findall(r"\{(\w+)\}", text)) for key, text in words.items()}

    english, italian = LANGUAGES["en"], LANGUAGES["it"]
    assert gaps(english) == gaps(italian)
    assert all(english.values())
    assert all(italian.values())
    assert not labels_en.ENGLISH.keys() & phrases_en.ENGLISH.keys()
    assert not labels_it.ITALIAN.keys() & phrases_it.ITALIAN.keys()


@pytest.mark.parametrize("stage", [Stage.OPENED, Stage.ESCALATED, Stage.CALMING, Stage.RESOLVED])
def test_no_english_word_is_left_in_a_shipped_alert(alerts, stage):
    for alert in sorted({each.id for each in alerts.values()}):
        document = in_italian(alerts, alert, stage)
        assert document.language == "it"
        own = document.plain().replace(document.footer[0], "").replace("Holding statement", "")
        for _, text in document.statements[1:]:  # the English one, after people's own
            own = own.replace(text, "")
        assert ENGLISH_WORDS.findall(own) == []


def test_the_banner_says_how_bad_it_is_and_how_it_goes_on(alerts):
    assert in_italian(alerts, "negative-wave").banner.endswith(" · nuovo")
    assert in_italian(alerts, "negative-wave", Stage.RESOLVED).banner == "CHIUSO"


def test_an_alert_that_was_removed_is_told_in_the_brands_language():
    show = renderer({}, {}, languages={"acme-coffee": "it"})
    assert ": finito: " in show(a_delivery(Stage.RESOLVED, 3)).headline


def test_numbers_are_written_as_in_italy():
    assert (exact(1234, "it"), exact(2_500_000, "it"), exact(1_000_000, "it")) == ("1.234", "2,5 milioni", "1 milione")
    assert (about(1310, "it"), roughly(0.4, "it"), roughly(8, "it")) == ("1.300", "meno di 1", "circa 8")
    assert (times(12, 5, "it"), times(3, 0, "it"), percent(0.354, "it")) == (
        "2,4 volte",
        "di solito non ce ne sono",
        "35 %",
    )
    assert listed({"x": 1400, "reddit": 3}, lang="it") == "x 1.400, reddit 3"


def test_times_are_told_as_in_italy():
    at = a_delivery().incident.opened_at
    assert moment(at, ZoneInfo("Europe/Rome"), "it") == "mar 3 marzo, 10:15 CET"
    assert (span(timedelta(minutes=15), "it"), span(timedelta(hours=1), "it")) == ("15 minuti", "1 ora")
    assert (span(timedelta(hours=2, minutes=10), "it"), span(timedelta(days=3, hours=4), "it")) == (
        "2 h 10 min",
        "3 giorni e 4 h",
    )
    assert rarity(1.0, "it") == "circa una volta al mese"


def test_every_measure_has_a_sentence_in_both_languages():
    for measure in MEASURES:
        for value in (None, 1, 31):
            gate = Gate(measure, "at_least", 12, value, True, "previous_window")
            english, italian = reason(gate).sentence, reason(gate, "it").sentence
            assert english
            assert italian
            assert english != italian
            assert "{" not in english + italian


def test_what_somebody_wrote_is_never_filled_in():
    assert phrase("en", "has", who="{since}", since=" now") == "{since} has it."
    assert phrase("en", "has_since", who="{since}", since="till now") == "{since} has had it till now."


def test_a_statement_says_since_when_as_people_write_it():
    rome = ZoneInfo("Europe/Rome")
    for minute, said in (
        (datetime(2026, 3, 12, 8, 35, tzinfo=UTC), "dalle 9:35 circa di giovedì 12 marzo"),
        (datetime(2026, 3, 12, 0, 5, tzinfo=UTC), "dall'1:05 circa di giovedì 12 marzo"),
    ):
        assert since_about(minute, rome, "it") == said
    assert since_about(minute, rome) == "since about 12 Mar 2026, 01:05 CET"


@pytest.mark.parametrize(
    ("who", "said"), [("Ada", "In carico ad Ada."), ("Bo", "In carico a Bo."), ("", "In carico a .")]
)
def test_to_somebody_is_a_or_ad(who, said):
    assert phrase("it", "has", who=who) == said


def test_since_when_somebody_has_it_is_a_sentence():
    at, rome = datetime(2026, 3, 12, 8, 35, tzinfo=UTC), ZoneInfo("Europe/Rome")
    said = phrase("it", "has_since", who="Anna", since=since(at, rome, "it"))
    assert said == "In carico ad Anna dalle 9:35 CET di gio 12 marzo."
    assert phrase("en", "has_since", who="Anna", since=since(at)) == "Anna has had it since 12 Mar 2026, 08:35 UTC."


@pytest.mark.parametrize("stage", [Stage.OPENED, Stage.ESCALATED, Stage.CALMING, Stage.RESOLVED])
def test_what_has_gone_on_since_then_is_told_in_the_perfect(alerts, stage):
    render = renderer(alerts, {"acme-coffee": "Acme Coffee"})
    for alert in sorted({each.id for each in alerts.values()}):
        summary = render(replace(a_delivery(incident=an_incident(alert=alert)), stage=stage)).summary
        assert not re.search(r"\b(is|are|has it|have it)\b[^.;:]* since\b", summary), alert
        assert not re.search(r"\bin \w+ (minutes|hours?|days?)( from \w+ accounts)?,? since\b", summary), alert


def test_why_a_shipped_rule_exists_is_told_in_italian_too(alerts):
    for alert in sorted({each.id for each in alerts.values()}):
        document = in_italian(alerts, alert, Stage.OPENED)
        assert document.because == alerts[f"{alert}.it"].because != ""
        assert ENGLISH_WORDS.findall(document.because) == []
