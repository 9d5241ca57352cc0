"""A signature that copies share and people don't: what small edits leave alone, and what is nobody's copy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.matching import normalise, signature

STORY = "Never fly with Acme Airways again: they cancelled our connection and kept the luggage for three days"
EDITS = (
    STORY.upper(),
    STORY.replace(":", " -") + "!!!",
    STORY + " https://t.example/Ab3dE",
    STORY.replace("Acme Airways", "#Acme Airways") + " #boycottacmeairways",
    "@somebody @AcmeAirways " + STORY,
    STORY + " 47",
    STORY + " lol",
    "so " + STORY + " 😡😡",
    STORY.replace("kept", "kept all"),
    STORY.replace("Airways", "Áirways"),
)


@pytest.mark.parametrize("text", EDITS)
def test_small_edits_leave_it_as_it_is(text):
    assert signature(text) == signature(STORY) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Acme Airways cancelled our flight and nobody at the counter had an answer, four hours now",
        "They kept my luggage for three days and Acme Airways never answered, never again with them",
        "Never had a better trip than with Acme Airways: smooth connection, luggage there in minutes",
    ],
)
def test_the_same_complaint_in_other_words_is_another_text(text):
    assert signature(text) not in (None, signature(STORY))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "worst airline ever",
        "Acme Airways is the worst",
        "@AcmeAirways @other #never #again #flying https://acme.example/a/b?c=d",
        "1234 5678 91011 121314 151617 a b c de fg",
        "RT @somebody: " + STORY,
        "😡" * 40,
        "最悪の航空会社",
    ],
)
def test_what_many_may_say_independently_and_reposts_have_none(text):
    assert signature(text) is None


def test_scripts_without_spaces_have_one_too():
    text = "エイクメ航空は最悪です。三時間待たされて、荷物もまだ届いていません。二度と乗りません。"
    assert signature(text) == signature(text + " https://t.example/x") is not None
    assert signature(text) != signature(
        "エイクメ航空のラウンジは静かで、コーヒーもおいしくて、また利用したいと思いました。"
    )


def test_it_is_the_same_in_every_process():
    assert signature(STORY) == 0xCAA7FE3DA03E


@given(st.text(max_size=400))
def test_any_text_has_one_or_none_and_folding_it_before_changes_nothing(text):
    found = signature(text)
    assert found == signature(text, normalise(text))
    assert found is None or 0 <= found < 1 << 48


@given(st.permutations(STORY.split()))
def test_the_order_of_the_words_does_not_matter(words):
    assert signature(" ".join(words).replace(":", "")) == signature(STORY)
