from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.matching import is_unspaced, matchable, normalise

any_text = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", " "),
        ("Ciao, @ACME!", " ciao acme "),
        ("perché  così", " perche cosi "),
        ("perche\u0301", " perche "),
        ("Große Straße", " grosse strasse "),
        ("İstanbul ISPARTA ısparta", " istanbul isparta isparta "),
        ("Łódź Ørsted Đoković cœur", " lodz orsted dokovic coeur "),
        ("\uff21\uff23\uff2d\uff25", " acme "),  # full width
        ("Acme™ Acme® ©Acme", " acme acme acme "),
        ("acme's l'acme acme’s", " acme s l acme acme s "),
        ("_acme_ @acme_care __", " acme acme_care "),
        ("Coca-Cola…", " coca cola "),
        ("ac\u200bme ac\u00adme", " acme acme "),
        ("我爱Nike鞋", " 我 爱 nike 鞋 "),
        ("ｺｶ･ｺｰﾗ", " コ カ コ ー ラ "),
        ("ガ カ\u3099 ｶﾞ", " ガ ガ ガ "),
        ("삼성이", " 삼 성 이 "),
        ("Ελλάδα ΟΔΟΣ", " ελλαδα οδοσ "),
        ("Ёлка", " елка "),
        ("شَرِكَة", " شركة "),
        ("हिन्दी", " हिन्दी "),
        ("see https://www.acme.com/news/recall?utm=united#top now", " see https www acme com news recall now "),
        ("a\x00b \ud800c", " a b c "),
        ("🔥!!", " "),
    ],
)
def test_texts_are_brought_to_one_spelling(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_terms_without_a_letter_or_digit_can_not_match() -> None:
    assert not matchable("!!!")
    assert not matchable("🔥")
    assert matchable("#acme")


def test_scripts_without_spaces_are_known() -> None:
    assert all(is_unspaced(letter) for letter in "可コラไทย삼")
    assert not any(is_unspaced(letter) for letter in "aéЖعह")


@given(any_text)
def test_any_text_is_normalised_and_padded_and_stays_so(text: str) -> None:
    once = normalise(text)
    assert once.startswith(" ")
    assert once.endswith(" ")
    assert "  " not in once
    assert normalise(once) == once
    once.encode()


@given(any_text)
def test_composed_and_decomposed_spellings_are_the_same(text: str) -> None:
    assert normalise(unicodedata.normalize("NFD", text)) == normalise(unicodedata.normalize("NFC", text))


def test_five_megabytes_are_taken() -> None:
    assert normalise("é _http://x?" * 400_000).startswith(" e ")
    assert len(normalise("www." * 1_250_000)) > 4_000_000
