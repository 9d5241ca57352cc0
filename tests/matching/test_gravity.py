"""Which complaints have grave words: courts, injuries, boycotts and the like, in both languages, and no everyday anger."""

from __future__ import annotations

import pytest

from crisiswatch.matching import GRAVE, grave, normalise

SERIOUS = (
    "My lawyer will be in touch with @acme",
    "We are going to SUE them for this",
    "boycott acme now!",
    "#Boycott #Acme",
    "Two children in hospital after drinking it",
    "the battery caught fire on my desk",
    "Acme kettles RECALLED over shock risk",
    "total scam, my card details were stolen",
    "our accounts got hacked again",
    "a racist manager threw us out",
    "staff assaulted a customer, police on the scene",
    "nationwide outage since this morning",
    "BREAKING NEWS: Acme cheated for years",
    "Faccio denuncia, ci vediamo in tribunale",
    "boicottaggio subito",
    "è finita al pronto soccorso per un'intossicazione",
    "lotto ritirato dal mercato",
    "È una TRUFFA!",
    "violazione dei dati di tutti i clienti",
    "commesso razzista e violento",
    "i carabinieri sono intervenuti",
    "uno scandalo nazionale",
)

EVERYDAY = (
    "never again, worst service ever, shame on you",
    "I recall the app being faster last year",
    "my flight was cancelled and nobody answers the phone, terrible!",
    "the site is down again, it does not work",
    "killed it last night, to die for",
    "mai più, siete dei ladri, che vergogna",
    "le sue scarpe sono arrivate rotte",
    "l'app non funziona da due giorni, pessimi",
    "grazie Acme, tutto perfetto",
    "policeman's hat costume, three sizes too small",
    "the recaller and the scampi were fine",
    "",
)


@pytest.mark.parametrize("text", SERIOUS)
def test_what_is_serious_is_grave(text):
    assert grave(normalise(text))


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_anger_and_parts_of_words_are_not(text):
    assert not grave(normalise(text))


def test_every_entry_is_found_alone_and_written_in_any_way():
    for words in GRAVE.values():
        for word in words:
            assert grave(normalise(word))
            assert grave(normalise(f"so, «{word.upper()}»!"))


def test_no_entry_stands_twice_or_holds_another_one():
    entries = [normalise(word) for words in GRAVE.values() for word in words]
    inside = [(one, other) for one in entries for other in entries if one in other]
    assert inside == [(each, each) for each in entries]
