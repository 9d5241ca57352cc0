from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from crisiswatch.model import Text
from crisiswatch.sentiment.lite import SHIPPED, DamagedModelError, LanguageFinder, load, primary, save
from crisiswatch.sentiment.lite.features import BUCKETS, features, read, without
from crisiswatch.sentiment.lite.lexicon import Lexicon

# --- features


def test_the_hash_is_the_one_the_shipped_weights_were_learnt_under() -> None:
    found = features([read(Text("Che SCHIFO!!! :( non ci torno più… 😡 @bob"))])
    held = found.buckets.tobytes() + np.round(found.values, 5).tobytes()
    assert hashlib.sha256(held).hexdigest()[:16] == "dfb4c16702b51a2a"


def test_features_of_a_batch_are_those_of_each_text() -> None:
    texts = [read(Text(text)) for text in ("pessimo servizio!", "", "ok", "😡", "a b c d e f")]
    together = features(texts)
    assert together.count == len(texts)
    assert (together.buckets >= 0).all()
    assert (together.buckets < BUCKETS).all()
    for index, text in enumerate(texts):
        alone = features([text])
        own = together.owners == index
        assert own.any()
        assert alone.buckets.tolist() == together.buckets[own].tolist()
        assert alone.values.tolist() == together.values[own].tolist()


def test_how_a_text_is_written_counts() -> None:
    assert read(Text("BASTA, sono tre ore che ASPETTOOOO!!")).style == ("length 1", "capitals 2", "stretched", "! 2")
    assert read(Text("RT @bob: vero? https://t.co/x #roma")).style == (
        "length 1",
        "? 1",
        "names 1",
        "address",
        "tags 1",
        "repost",
    )
    assert read(Text("sooooo bello")).lower == read(Text("sooo bello")).lower


def test_what_says_nothing_about_the_mood_is_hidden() -> None:
    assert read(Text("@bob  guarda https://t.co/x\nhttp &amp; Acme", None, ("acme",))).plain == "it guarda & it"


def test_a_word_is_left_out_as_a_word() -> None:
    assert without("e allora? E poi e basta", "e").split() == ["allora?", "E", "poi", "basta"]


# --- lexicon

WORDS = Lexicon({"it": {"bello": 3, "brutto": -3, "a torto": -2, "torto": -1}})


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("bello", [3.0]),
        ("non è bello", [0.0, 0.0, -1.5]),
        ("non è per niente un posto bello", [0.0] * 6 + [-1.5]),
        ("non so chi sia stato bello", [0.0] * 5 + [3.0]),
        ("BRUTTO , bello", [-3.0, 0.0, 3.0]),
        ("accusato a torto", [0.0, -2.0, 0.0]),
        ("sono brutti", [0.0, -3.0]),
        ("nessuno . bello", [0.0, 0.0, 3.0]),
    ],
)
def test_a_negation_turns_the_next_three_words_round(words: str, expected: list[float]) -> None:
    assert WORDS.values(words.split(), "it") == expected


def test_a_language_without_a_list_has_no_scores() -> None:
    assert WORDS.measures(["bello"], "de") == (0.0, 0.0, 0.0, 0.0)
    assert WORDS.measures(["bello"], None) == (0.0, 0.0, 0.0, 0.0)
    assert WORDS.table([]).shape == (0, 4)


# --- language


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-GB", "en"), ("pt_BR", "pt"), ("IT", "it"), ("in", "id"), ("iw", "he"), ("ita", "it"), ("und", None),
        ("", None), (None, None), ("qme", None), ("zxx", None), ("☃", None), ("x", None), ("english", None),
    ],
)  # fmt: skip
def test_a_platforms_tag_is_read(tag: str | None, code: str | None) -> None:
    assert primary(tag) == code


@pytest.mark.parametrize(
    ("text", "tag", "code"),
    [
        ("il treno è in ritardo anche oggi", None, "it"),
        ("the train is late again today", None, "en"),
        ("der Zug hat heute wieder Verspätung", "und", "de"),
        ("the train is late again today", "it-IT", "it"),
        ("電車が遅れた", "ja", "ja"),
        ("القطار متأخر مرة أخرى", None, "ar"),
        ("ट्रेन फिर देर से आई", None, "hi"),
        ("電車が遅れた", None, None),
        ("😡 123", None, None),
        ("", None, None),
    ],
)
def test_the_tag_then_the_script_then_the_words_tell_the_language(text: str, tag: str | None, code: str | None) -> None:
    assert LanguageFinder().find(text, tag) == code


def test_only_configured_languages_are_guessed() -> None:
    assert LanguageFinder(["it", "en-GB"]).find("der Zug hat heute wieder Verspätung") in ("it", "en")
    assert LanguageFinder(["it"]).find("the train is late") == "it"
    assert LanguageFinder(["ar"]).find("the train is late") is None
    with pytest.raises(ValueError, match="no language"):
        LanguageFinder(["und"])


# --- the model file


def test_the_shipped_model_is_small_and_holds_together() -> None:
    assert SHIPPED.stat().st_size <= 700_000
    model = load()
    assert model.version.startswith("1.")
    assert model.grams.shape == (BUCKETS, 2)
    assert set(model.word_scores) == {"it", "en", "es", "fr", "de", "pt", "ar", "hi"}
    assert "MIT" in model.about["lexicon"]["licence"]
    assert {"small", "full", "small.it", "full.it"} <= set(model.stacks)


def test_a_model_written_again_is_the_same_bytes(tmp_path: Path) -> None:
    save(load(), tmp_path / "one.npz")
    save(load(tmp_path / "one.npz"), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes() == SHIPPED.read_bytes()


def changed(data: bytes, name: str, values: object) -> bytes:
    """The model file with one of its arrays replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for each in old.namelist():
            held = old.read(each)
            if each == f"{name}.npy":
                body = io.BytesIO()
                np.save(body, np.asarray(values))
                held = body.getvalue()
            new.writestr(each, held)
    return out.getvalue()


def test_a_damaged_model_is_refused_with_the_files_name(tmp_path: Path) -> None:
    data = SHIPPED.read_bytes()
    path = tmp_path / "broken.npz"
    middle = len(data) // 2
    flipped = data[:middle] + bytes([data[middle] ^ 0x55]) + data[middle + 1 :]
    other = np.frombuffer(b'{"format": 99, "version": "9"}', dtype=np.uint8)
    for body in (
        b"",
        b"no zip",
        data[:middle],
        flipped,
        changed(data, "gram_bias", [9.0, 9.0]),
        changed(data, "about", other),
    ):
        path.write_bytes(body)
        with pytest.raises(DamagedModelError, match=r"broken\.npz"):
            load(path)
    with pytest.raises(DamagedModelError, match=r"absent\.npz"):
        load(tmp_path / "absent.npz")


def test_a_model_with_something_to_execute_inside_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, about=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DamagedModelError, match=r"evil\.npz"):
        load(path)
