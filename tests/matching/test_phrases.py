"""Phrases with labels: forms in one line of a table, whole words, the longest wins, exceptions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.matching.normalise import normalise
from crisiswatch.matching.phrases import Found, Phrases, expanded

TABLE = {
    "fraud": ("truffat{o,a,i,e}", "furto"),
    "breach": ("furto di dati", "password rubat{a,e}"),
    "safety": ("blood",),
}


def find(text: str, phrases: Phrases | None = None) -> list[tuple[str, str]]:
    held = phrases or Phrases(TABLE, exceptions=("blood {pressure,test}",))
    return [(each.label, each.phrase) for each in held.find(normalise(text))]


@pytest.mark.parametrize(
    ("line", "forms"),
    [
        ("ciao", ("ciao",)),
        ("truffat{o,a}", ("truffato", "truffata")),
        ("{has,have} not {yet,} come", ("has not yet come", "has not come", "have not yet come", "have not come")),
        ("È già lì", ("e gia li",)),
        ("don't", ("don t",)),
        ("{,}", ()),
    ],
)
def test_a_line_of_a_table_stands_for_all_its_forms(line: str, forms: tuple[str, ...]) -> None:
    assert expanded(line) == forms


def test_words_are_found_whole_in_the_order_of_the_text_each_once() -> None:
    assert find("Furto! TRUFFATE, truffata; truffate di nuovo") == [
        ("fraud", "furto"),
        ("fraud", "truffate"),
        ("fraud", "truffata"),
    ]
    assert find("truffaldino, furtone") == []


def test_the_longer_phrase_wins_over_what_lies_in_it() -> None:
    assert find("un furto di dati") == [("breach", "furto di dati")]
    assert find("un furto di dati e un furto") == [("breach", "furto di dati"), ("fraud", "furto")]


def test_an_exception_hides_only_what_lies_in_it() -> None:
    assert find("my blood pressure") == []
    assert find("blood on my blood pressure monitor") == [("safety", "blood")]


def test_a_phrase_under_two_labels_belongs_to_the_first_and_an_exception_to_none() -> None:
    assert find("one two", Phrases({"a": ("one",), "b": ("one", "two")})) == [("a", "one"), ("b", "two")]
    assert find("one two", Phrases({"a": ("one",), "b": ("two",)}, exceptions=("one",))) == [("b", "two")]


def test_an_empty_table_finds_nothing() -> None:
    assert Phrases({}).find(normalise("anything")) == ()
    assert len(Phrases({"a": ("{x,y} z",)})) == 2


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert all(isinstance(each, Found) for each in Phrases(TABLE).find(normalise(text)))
