"""Grave words as a weight and its reasons, in both languages, with everyday turns left alone."""

from __future__ import annotations

import re

import pytest

from crisiswatch.matching import GRAVE, grave, normalise
from crisiswatch.matching.phrases import expanded
from crisiswatch.sentiment.severity import _HARMLESS, _MORE, WEIGHTS, Severity, severity, weight_of


def of(text: str) -> Severity:
    return severity(normalise(text))


@pytest.mark.parametrize(
    ("category", "texts"),
    [
        (
            "legal",
            ["See you in court, my lawyer has everything", "Vi faccio causa!", "una diffida dal giudice di pace"],
        ),
        ("boycott", ["#BoycottAcme? no: boycott Acme", "Boicottateli... boicottiamoli", "stop buying from them"]),
        ("safety", ["my kid had an allergic reaction", "la batteria ha preso fuoco", "bimba intossicata, ricoverata"]),
        ("recall", ["a nationwide recall of their kettles", "merendine ritirate dal mercato", "campagna di richiamo"]),
        ("breach", ["my stolen data is on sale", "account hackerata", "password rubate, furto di dati"]),
        ("fraud", ["two unauthorized charges", "sono stata truffata", "carte clonate", "truffatrici? truffatori!"]),
        ("discrimination", ["xenophobic ad", "commessa razzista, clienti discriminate", "battuta omofoba"]),
        ("violence", ["the guard beat him up", "mia sorella aggredita e minacciata", "clienti violente"]),
        ("outage", ["down for everyone?", "sistema in tilt da ore", "guasto alla rete", "another outage"]),
        (
            "news",
            ["it's in the papers", "una giornalista mi ha chiamato", "siete sulla prima pagina", "al tg1? al TG!"],
        ),
    ],
)
def test_each_category_is_found_in_both_languages(category, texts):
    for text in texts:
        assert category in of(text).categories, text
        assert of(text).weight >= WEIGHTS[category]


@pytest.mark.parametrize(
    "text",
    [
        "this song is fire",
        "the new album is on fire, it's killing me",
        "mi fa morire dal ridere",
        "ho rischiato di morire dal ridere",
        "I recall the app being faster last year",
        "I recalled that your shop was nicer",
        "if I remember well she recalled how it began",
        "per causa vostra sono in ritardo, a causa del traffico",
        "facciamo causa comune con voi",
        "vi richiamo domani, grazie",
        "my blood pressure is fine, burned calories on your bike",
        "domani donazione del sangue con Acme",
        "mi avete rubato il cuore",
        "that goal has stolen the show",
        "biscuits this good should be illegal",
        "un gelato così buono dovrebbe essere illegale",
        "an explosion of flavour",
        "un'esplosione di gusto",
        "my blackout curtains came",
        "the grammar police will love it",
        "leaked trailer looks great",
        "non funziona niente, siete ladri, mai più",
        "the courts of the castle, suede shoes, scampi",
        "",
    ],
)
def test_everyday_turns_have_no_weight(text):
    assert of(text) == Severity(0.0, ())
    assert not of(text)


def test_the_reason_is_the_phrase_and_its_category():
    found = of("Truffata e ancora truffata: a police report AND my lawyer, a breach of contract")
    said = [(each.label, each.phrase) for each in found.reasons]
    assert said == [("fraud", "truffata"), ("violence", "police"), ("legal", "lawyer"), ("legal", "breach of contract")]
    assert found.categories == ("fraud", "violence", "legal")


def test_categories_add_up_below_one_and_words_of_one_count_once():
    assert of("scam").weight == of("scam, scammers, fraud!").weight == WEIGHTS["fraud"]
    assert of("scam and boycott").weight == pytest.approx(1 - 0.5 * 0.4)
    every = " . ".join(words[0] for words in GRAVE.values())
    assert 0.999 < of(every).weight < 1.0
    assert set(of(every).categories) == set(GRAVE)


def test_categories_alone_tell_the_weight_as_the_text_does():
    found = of("a scam, and boycott them, in court")
    assert weight_of(found.categories) == weight_of(found.categories[::-1]) == found.weight
    assert weight_of(()) == weight_of(("no-such",)) == 0.0


def test_every_word_of_the_detector_counts_in_its_category():
    assert set(WEIGHTS) == set(GRAVE) == set(_MORE)
    assert all(0 < weight < 1 for weight in WEIGHTS.values())
    for category, words in GRAVE.items():
        for word in words:
            assert of(word).categories == (category,), word


def test_the_other_genders_and_numbers_of_its_italian_words_count_too():
    for word in ("truffata", "truffate", "pericolose", "razziste", "violenta", "hackerate", "insabbiata", "sessista"):
        assert of(word), word
    for word in ("frodo", "furta", "scandala", "sangua"):
        assert not of(word), word


def test_no_line_repeats_a_word_of_the_detector_or_of_another_line():
    lines = [line for more in _MORE.values() for line in more]
    forms = [form for line in lines for form in expanded(line)]
    assert len(forms) == len(set(forms))
    assert set(forms) & {normalise(word).strip() for words in GRAVE.values() for word in words} == set()


def test_the_lines_are_well_written():
    for line in (*_HARMLESS, *(line for more in _MORE.values() for line in more)):
        assert re.fullmatch(r"[^{}]*(\{[^{}]+\}[^{}]*)*", line), line


def test_every_exception_keeps_something_from_being_found():
    """A phrase that holds no grave word is not needed."""
    idle = []
    for line in _HARMLESS:
        forms = expanded(line)
        assert not any(of(form) for form in forms), line
        if not any(any(f" {form} ".find(f" {word} ") >= 0 for word in _words()) for form in forms):
            idle.append(line)
    assert idle == []


def _words() -> set[str]:
    from crisiswatch.sentiment.severity import _PHRASES

    return {form for form, label in _PHRASES._forms if label is not None}


def test_what_the_detector_calls_grave_is_not_changed():
    assert grave(normalise("I recalled that"))
    assert not grave(normalise("sono stata truffata"))
