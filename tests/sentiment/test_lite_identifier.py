from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bench.sentiment.identifier import LANGUAGES, cut
from crisiswatch.sentiment.lite import LanguageFinder, language
from crisiswatch.sentiment.lite.identifier import (
    IDENTIFIER,
    Identifier,
    load_identifier,
    pack,
    save_identifier,
    unpack,
)

TEXTS = [
    "il treno è in ritardo anche oggi", "the train is late again today", "der Zug hat heute wieder Verspätung",
    "el tren llega tarde otra vez", "le train est encore en retard", "o comboio está atrasado outra vez",
    "CHE VERGOGNA", "ok", "no", "😡 123 lol", "e\u0301 perche\u0301", "xyzzy", "7", "", "\ud800 hi", "mi casa es tu casa",
]  # fmt: skip


@pytest.fixture(scope="module")
def ours() -> Identifier:
    return load_identifier()


@pytest.fixture
def fresh() -> Iterator[None]:
    for each in (language._classify, language._ours):
        each.cache_clear()
    yield
    for each in (language._classify, language._ours):
        each.cache_clear()


@pytest.mark.parametrize("among", [LANGUAGES, ("it", "en"), ("en", "de", "pt")])
def test_the_cut_says_what_py3langid_says(ours: Identifier, among: tuple[str, ...]) -> None:
    whole, mine = language._identifier(among), ours.among(among)
    noise = np.random.default_rng(4).choice(list("aeionrtls èçßñ"), (60, 25))
    for text in [*TEXTS, *map("".join, noise)]:
        assert mine.classify(text) == whole.classify(text)[0], text


def test_the_file_that_ships_is_the_cut_of_the_package(ours: Identifier, tmp_path: Path) -> None:
    save_identifier(cut(), tmp_path / "made.npz")
    made = load_identifier(tmp_path / "made.npz")
    assert made.languages == ours.languages
    assert made._states == ours._states
    assert np.array_equal(made._weights, ours._weights)
    assert np.array_equal(made._prior, ours._prior)
    assert IDENTIFIER.stat().st_size < 400_000


def test_states_are_what_they_were_when_they_are_unpacked() -> None:
    states = {b"": -1, b"a": 3, b"ab": -1, b"abc": 0, b"b": 3, b"\xff\xfe": 70_000}
    assert unpack(pack(states)) == states


def test_runs_are_counted_by_the_longest_one_that_is_known() -> None:
    weights = np.array([[0.0, -1.0], [-1.0, 0.0]], dtype=np.float32)
    made = Identifier(["it", "en"], {b"": -1, b"t": -1, b"th": 0, b"e": 1}, weights, np.zeros(2, dtype=np.float32))
    assert made.classify("th th") == "it"
    assert made.classify("e e e th") == "en"
    assert made.classify("zzz") == "it"
    with pytest.raises(ValueError, match="nl"):
        made.among(["nl", "it"])


@pytest.mark.usefixtures("fresh")
def test_without_its_file_py3langid_itself_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, held = tmp_path / "identifier.npz", IDENTIFIER.read_bytes()
    monkeypatch.setattr(language, "load_identifier", lambda: load_identifier(path))
    for damaged in (held[: len(held) // 2], b"PK" * 50):
        language._ours.cache_clear()
        path.write_bytes(damaged)
        assert language._ours() is None
    assert LanguageFinder(["it", "en"]).find("the train is late again today") == "en"


@pytest.mark.usefixtures("fresh")
def test_a_language_that_is_not_in_the_cut_is_found_by_py3langid() -> None:
    assert LanguageFinder(["it", "nl"]).find("de trein is vandaag alweer te laat") == "nl"
