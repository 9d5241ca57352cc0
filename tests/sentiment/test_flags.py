"""Two flags, question and complaint, each with the cue that set it."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.matching import normalise
from crisiswatch.matching.phrases import expanded
from crisiswatch.sentiment.flags import _CUES, Flag, _tables, complaint, question

HELD = yaml.safe_load(_CUES.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "lang", "cue", "words"),
    [
        ("Is it open on Sunday?", "en", "mark", "?"),
        ("Grazie! Ma domenica siete aperti ?", "it", "mark", "?"),
        ("¿Está abierto el domingo", "es", "mark", "¿"),
        ("هل المتجر مفتوح؟", "ar", "mark", "؟"),
        ("Είστε ανοιχτά την Κυριακή;", "el", "mark", "?"),
        ("Είστε ανοιχτά την Κυριακή\u037e", None, "mark", "\u037e"),
        ("日曜日は営業していますか？", "ja", "mark", "？"),
        ("Really??? I asked twice", "en", "mark", "???"),
        ("What?! Is it open today?", "en", "mark", "?"),
        ("Come faccio a cambiare il biglietto", "it", "opening", "come faccio"),
        ("@acme ciao, quando arriva il nuovo modello", "it-IT", "opening", "quando arriva"),
        ("Qualcuno sa se il negozio di Bari è aperto", "it", "opening", "qualcuno sa"),
        ("Buongiorno. Perché non rispondete", None, "opening", "perche non rispondete"),
        ("@acme how do I change my seat", "en", "opening", "how do"),
        ("RT @bob: hi there, does anyone know the number", "en", "opening", "does anyone"),
        ("My order is 12. Where is it", "en", "opening", "where is"),
        ("Cómo puedo cambiar el billete", "es", "opening", "como puedo"),
        ("Bonjour, est-ce que le magasin est ouvert", "fr", "opening", "est ce que"),
        ("Wann kommt das neue Modell", "de", "opening", "wann kommt"),
        ("Alguém sabe o horário", "pt", "opening", "alguem sabe"),
        ("how long do I have to wait?!", "en", "opening", "how long"),
    ],
)
def test_what_asks_is_a_question_and_says_by_what(text, lang, cue, words):
    assert question(text, lang) == Flag(cue, words)


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("see https://acme.com/a?id=3&b=4", "en"),
        ("see acme.com/search?q=tea for it", "en"),
        ("l?app e l?offerta", "it"),  # an apostrophe lost on its way
        ("Seriously?! Unbelievable", "en"),
        ("Ancora in ritardo ?!?!", "it"),
        ("When I arrived the shop was closed", "en"),
        ("What a wonderful day", "en"),
        ("Come sempre siete i migliori", "it"),
        ("Quando arrivo a casa vi scrivo", "it"),
        ("Che schifo di servizio", "it"),
        ("How can you treat people like this!", "en"),
        ("Wann immer ich komme, ist es schön", "de"),
        ("Ik weet niet wat dit is; mooi", "nl"),
        ("how do you do", "ja"),  # no table of openings for this language
        ("", None),
        ("!!!", None),
    ],
)
def test_what_asks_nothing_is_no_question(text, lang):
    assert question(text, lang) is None


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("Still waiting for my order, thank you", "still waiting"),
        ("45 minutes on hold", "still waiting"),
        ("è una settimana che ancora aspetto", "still waiting"),
        ("stiamo aspettando da ore", "still waiting"),
        ("my parcel never arrived", "never arrived"),
        ("It hasn't arrived", "never arrived"),
        ("pacco mai arrivato", "never arrived"),
        ("le scarpe non sono ancora arrivate", "never arrived"),
        ("you charged me twice", "wrongly charged"),
        ("I was overcharged", "wrongly charged"),
        ("mi avete addebitato un mese in più", "wrongly charged"),
        ("addebitate due volte le spese", "wrongly charged"),
        ("I'd like a refund", "wants a refund"),
        ("Voglio il RIMBORSO", "wants a refund"),
        ("the app keeps crashing", "does not work"),
        ("l'app non funziona da ieri", "does not work"),
        ("che disservizio", "does not work"),
        ("it arrived broken", "broken or wrong"),
        ("merce consegnata danneggiata", "broken or wrong"),
        ("nobody replies to mails", "nobody answers"),
        ("il numero verde: nessuno risponde", "nobody answers"),
        ("two hours late", "late or cancelled"),
        ("treno con 90 minuti di ritardo", "late or cancelled"),
        ("third time this week", "again and again"),
        ("è la terza volta che chiamo", "again and again"),
        ("you promised a call", "promise broken"),
        ("mi avevate garantito la consegna per lunedì", "promise broken"),
        ("I want to complain", "says so"),
        ("vorrei fare un reclamo", "says so"),
        ("servizio pessimo", "says so"),
    ],
)
def test_an_expectation_that_was_not_met_is_a_complaint(text, cue):
    found = complaint(text)
    assert found is not None
    assert found.cue == cue
    assert found.words in normalise(text)


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for the quick refund!",
        "grazie per il rimborso, velocissimi",
        "Five years with you and never had a problem",
        "nessun disservizio in tre anni",
        "waiting for the weekend",
        "I love the new app, it works",
        "apre un nuovo negozio a Bari",
        "money back guarantee on all shoes",
        "il rimborsometro, un working group",  # parts of words
        "https://acme.com/refund",
        "vergogna!",  # anger alone
        "",
    ],
)
def test_praise_news_and_mere_anger_are_no_complaint(text):
    assert complaint(text) is None


def test_a_text_may_be_both_and_the_first_cue_is_the_reason():
    text = "Where is my parcel? Never arrived, I want a refund"
    assert question(text, "en") == Flag("mark", "?")
    assert complaint(text, "en") == Flag("never arrived", "never arrived")


def test_complaints_are_read_in_italian_and_english_alone():
    assert complaint("rimborso", "it-CH")
    assert complaint("refund", "en_GB")
    assert complaint("refund", "und")
    assert complaint("refund", "de") is None


def test_the_lines_of_the_tables_are_well_written():
    lines = [line for name in ("openings", "complaints") for group in HELD[name].values() for line in group]
    for line in lines + HELD["satisfied"] + HELD["greetings"]:
        assert re.fullmatch(r"[^{}]*(\{[^{}]+\}[^{}]*)*", line), line


def test_every_form_of_the_table_is_found_and_no_exception_is():
    satisfied = _forms_of(HELD["satisfied"])
    for label, lines in HELD["complaints"].items():
        for form in _forms_of(lines) - satisfied:
            assert complaint(form) is not None, (label, form)
    assert [form for form in satisfied if complaint(form)] == []
    assert len(_tables().complaints) > 1000


def _forms_of(lines):
    return {form for line in lines for form in expanded(line)}


@given(st.text(st.characters(codec=None, exclude_categories=())), st.none() | st.text(max_size=6))
def test_any_text_is_taken(text, lang):
    for flag in (question(text, lang), complaint(text, lang)):
        assert flag is None or isinstance(flag, Flag)


@pytest.mark.parametrize("text", ["? " * 50_000, "@a " * 50_000, "!" * 100_000, "a." * 50_000, "l?" * 50_000])
def test_long_nonsense_takes_no_time(text):
    question(text)
    complaint(text)
