from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.matching import BrandTerms, Matcher, WordFilter, normalise
from crisiswatch.model import Mention

ACME = BrandTerms(
    id="acme-coffee",
    handles=("@acmecoffee", "@acme_care"),
    any=("Acme Coffee", "#acmebrew", "caffè acme"),
    none=("acme anvils",),
    mask=("brew",),
)
COLA = BrandTerms(id="cola", handles=("@cola",), any=("可口可乐", "コカ・コーラ", "Coca-Cola"), none=())
MATCHER = Matcher([ACME, COLA])

any_text = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    "text",
    [
        "@AcmeCoffee where is my order",
        "acmecoffee ruined it",
        "#AcmeCoffee",
        "love ACME   coffee!",
        "“acme, coffee”",
        "acme\ncoffee",
        "CAFFE ACME",
        "caffe\u0300 acme",
        "l'acmebrew",
        "@acme_care, help",
        "bought at https://acmecoffee.com/shop?x=1",
        "write to info@acmecoffee.it",
    ],
)
def test_a_brand_is_found_however_it_is_written(text: str) -> None:
    assert MATCHER.brands_of(text) == ("acme-coffee",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acme",
        "acmecoffees",
        "myacmecoffee",
        "acme good coffee",
        "@acmecoffee_fans",
        "acme care",
        "https://x.test/?q=acmecoffee",
    ],
)
def test_a_part_of_a_word_or_phrase_is_not_the_brand(text: str) -> None:
    assert MATCHER.brands_of(text) == ()


def test_an_exclusion_outweighs_name_handle_and_channel() -> None:
    assert MATCHER.brands_of("@acmecoffee do you sell ACME-anvils?") == ()
    assert MATCHER.brands_of("acme anvils", channel="acmecoffee") == ()
    assert MATCHER.brands_of("acme anvilsmith @acmecoffee") == ("acme-coffee",)


def test_an_exclusion_of_one_brand_leaves_the_other() -> None:
    assert MATCHER.brands_of("acme coffee, acme anvils and coca cola") == ("cola",)


def test_several_brands_come_in_the_order_they_were_given() -> None:
    assert MATCHER.brands_of("coca-cola beats acme coffee") == ("acme-coffee", "cola")


def test_one_term_may_belong_to_several_brands() -> None:
    matcher = Matcher(
        [BrandTerms("one", any=("united",)), BrandTerms("two", handles=("@united",), none=("manchester",))]
    )
    assert matcher.brands_of("UNITED lost my bag") == ("one", "two")
    assert matcher.brands_of("manchester united") == ("one",)


def test_neighbouring_terms_are_all_found() -> None:
    matcher = Matcher(
        [BrandTerms("one", any=("one",)), BrandTerms("two", any=("two",)), BrandTerms("both", any=("one two",))]
    )
    assert matcher.brands_of("one two") == ("one", "two", "both")


@pytest.mark.parametrize("text", ["我今天喝了可口可乐很好喝", "昨日コカコーラを飲んだ", "喝cola吧", "ｺｶ･ｺｰﾗ"])
def test_scripts_without_spaces_match_inside_running_text(text: str) -> None:
    assert MATCHER.brands_of(text) == ("cola",)


def test_a_channel_counts_when_it_is_a_handle() -> None:
    assert MATCHER.brands_of("closed again", channel="AcmeCoffee") == ("acme-coffee",)
    assert MATCHER.brands_of("closed again", channel="acmebrew") == ()


def test_a_source_that_knows_the_brand_is_believed() -> None:
    assert MATCHER.brands_of_mention(_mention("coca cola", brand="acme-coffee")) == ("acme-coffee",)
    assert MATCHER.brands_of_mention(_mention("coca cola", brand="other")) == ()
    assert MATCHER.brands_of_mention(_mention("coca cola")) == ("cola",)


def _mention(text: str, brand: str | None = None) -> Mention:
    return Mention(uid="x:1", source="x", created_at=datetime(2026, 1, 1, tzinfo=UTC), text=text, brand=brand)


def test_mask_terms_are_every_word_of_the_brands() -> None:
    assert MATCHER.mask_terms(["acme-coffee"]) == (
        "@acmecoffee",
        "@acme_care",
        "Acme Coffee",
        "#acmebrew",
        "caffè acme",
        "brew",
    )
    assert MATCHER.mask_terms(["cola", "nobody"])[0] == "@cola"
    assert len(MATCHER.mask_terms(["cola", "acme-coffee"])) == 10
    assert MATCHER.mask_terms([]) == ()


def test_no_brands_and_empty_terms_match_nothing() -> None:
    assert Matcher([]).brands_of("anything") == ()
    assert Matcher([BrandTerms("odd", any=("!!!", "", " "))]).brands_of("!!! ... ") == ()


def test_ten_thousand_terms_give_the_same_answer_as_one() -> None:
    crowd = [BrandTerms(f"b{n}", any=(f"brand number {n}", f"nr{n}")) for n in range(5_000)]
    matcher = Matcher([*crowd, ACME])
    assert matcher.brands_of("acme coffee and nr17 at brand number 4999") == ("b17", "b4999", "acme-coffee")


@pytest.mark.parametrize("count", [1, 40])
def test_a_word_filter_finds_whole_words_and_phrases(count: int) -> None:
    padding = [f"filler{n}" for n in range(count)]
    words = WordFilter(["recall", "caught fire", "Reazione allergica", "...", *padding])
    assert words.hits(normalise("The toaster CAUGHT, fire!"))
    assert words.hits(normalise("una reazione allergíca"))
    assert not words.hits(normalise("I recalled that fire caught"))
    assert not words.hits(normalise(""))


def test_a_word_filter_without_words_never_hits() -> None:
    assert not WordFilter([]).hits(normalise("recall"))


@given(any_text)
def test_no_text_makes_matching_raise(text: str) -> None:
    assert set(MATCHER.brands_of(text, channel=text)) <= {"acme-coffee", "cola"}


_case = st.lists(st.booleans(), min_size=11, max_size=11)
_edge = st.text(st.sampled_from(list(" \t\n.,;:!?()[]{}'\"«»“”…@#-*~|<>%=+™🔥\u200b\x00\ud800")), max_size=5)


@given(upper=_case, before=_edge, after=_edge, rest=st.sampled_from(["", " ciao", " 我"]))
def test_case_accents_and_punctuation_around_do_not_matter(
    upper: list[bool], before: str, after: str, rest: str
) -> None:
    name = "".join(letter.upper() if up else letter for letter, up in zip("acme coffeé", upper, strict=True))
    assert MATCHER.brands_of(f"{rest} {before}{name}{after} {rest}") == ("acme-coffee",)


@given(st.text("abc é我", max_size=12), st.text("abc é我", min_size=1, max_size=4))
def test_a_term_is_found_exactly_where_its_words_stand(text: str, term: str) -> None:
    words, wanted = normalise(text).split(), normalise(term).split()
    stands = bool(wanted) and any(words[at : at + len(wanted)] == wanted for at in range(len(words)))
    assert (Matcher([BrandTerms("b", any=(term,))]).brands_of(text) == ("b",)) is stands


def test_five_megabytes_are_matched() -> None:
    assert MATCHER.brands_of("acmecoffee " + "é acme " * 800_000) == ("acme-coffee",)
