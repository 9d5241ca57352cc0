"""One account is no accounts, in whichever words an alert comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.render import fill
from crisiswatch.alerts.words import span
from crisiswatch.model import Gate


@pytest.mark.parametrize(
    ("lang", "many", "one"),
    [
        ("en", "{n} mentions from {n} accounts", "1 mention from 1 account"),
        ("en", "{n} negative mentions, up to {n} people", "1 negative mention, up to 1 person"),
        ("it", "{n} menzioni da {n} account", "1 menzione da 1 account"),
        ("it", "{n} menzioni negative; {n} fanno una domanda", "1 menzione negativa; 1 fa una domanda"),
    ],
)
def test_an_alert_s_own_words_are_put_right_for_one_and_left_for_others(lang: str, many: str, one: str) -> None:
    assert fill(many, {"n": "1"}, lang) == one
    for other in ("21", "1,001", "0.1", "1.1", "11", "2"):
        assert fill(many, {"n": other}, lang) == many.replace("{n}", other)


def test_reasons_and_figures_agree_with_their_number() -> None:
    def gate(measure: str, lang: str, value: float = 1.0) -> str:
        return reason(Gate(measure, "at_least", 1.0, value, held=True), lang).sentence

    assert gate("authors", "en") == "at least 1 different account wrote: 1 did"
    assert gate("complaints", "en") == "at least 1 mention complains: 1 does"
    assert gate("complaints", "it", 3.0) == "almeno 1 menzione si lamenta: sono 3"
    assert gate("authors", "it") == "almeno 1 account diverso: è 1"
    assert phrase("it", "reactions", n="1") == "1 reazione"
    assert phrase("en", "of_asking", n="1", all="1", questions="1") == "1 of 1; 1 asks something"
    assert span(timedelta(seconds=1)) == "1 second"


def test_what_people_wrote_and_other_languages_stay_as_they_are() -> None:
    said = phrase("en", "promise", text="Answer 1 accounts", due="15:00", who="Ann")
    assert said == "Answer 1 accounts: by 15:00 (Ann)"
    assert agreed("de", "1 accounts") == "1 accounts"
