"""`crisiswatch score`: a person tries the scorer on a few lines."""

from __future__ import annotations

import gzip
import io
import json
from types import SimpleNamespace

import pytest

from tests.cli.support import GOOD

LINES = "Great service, thank you!\n\nTerrible, I hate it, never again\nWhen do you open?\n"


@pytest.fixture
def typed(monkeypatch):
    def type_in(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data), isatty=lambda: False))

    return type_in


def test_each_line_gets_its_mood_and_the_whole_its_sum(crisiswatch, tmp_path):
    file = tmp_path / "said.txt"
    file.write_text(LINES, encoding="utf-8")
    said = crisiswatch("score", file, "--scorer", "vader")
    labels = [line.split()[0] for line in said.out.splitlines()]
    assert (said.code, labels) == (0, ["positive", "negative", "neutral", "question"])
    assert "3 texts" in said.err
    assert "vader-3.3.2" in said.err


def test_the_shipped_scorer_says_which_words_carried_it(crisiswatch, typed):
    typed(b"Servizio pessimo, che vergogna\n")
    said = crisiswatch("score", "--lang", "it")
    assert said.out.startswith("negative")
    assert "vergogna +" in said.out
    assert "1 text, " in said.err
    assert "lite-" in said.err


def test_every_line_is_one_of_json(crisiswatch, typed):
    typed(LINES.encode())
    said = crisiswatch("score", "-", "--format", "json", "--scorer", "vader")
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [row["label"] for row in rows] == ["positive", "negative", "neutral"]
    assert all(abs(row["negative"] + row["neutral"] + row["positive"] - 1) < 0.01 for row in rows)
    assert rows[1]["text"] == "Terrible, I hate it, never again"


def test_a_configuration_brings_its_scorer_and_hides_its_brands(crisiswatch, typed):
    typed(b"Acme is awful\n")
    said = crisiswatch("score", "--config", GOOD, "--format", "json")
    row = json.loads(said.out)
    assert row["model"].startswith("lite-1.")
    assert row["label"] == "negative"


@pytest.mark.parametrize(
    "data", [b"\xff\xfe broken \x80\n", b"\x00\x01\x02\n", b"x" * 300_000 + b"\n", "\ufeffhello\r\n".encode()]
)
def test_whatever_bytes_come_a_line_is_a_line(crisiswatch, typed, data):
    typed(data)
    said = crisiswatch("score", "--scorer", "none", "--format", "json")
    assert said.code == 0
    assert len(said.out.splitlines()) == 1
    assert not json.loads(said.out)["text"].startswith("\ufeff")


def test_nothing_to_score_is_said(crisiswatch, typed):
    typed(b"\n  \n")
    said = crisiswatch("score", "--scorer", "none")
    assert (said.code, said.out) == (0, "")
    assert said.err == "There was no line of text to score.\n"


def test_a_file_that_is_not_there_and_a_scorer_nobody_knows(crisiswatch, tmp_path):
    said = crisiswatch("score", tmp_path / "none.txt", "--scorer", "none")
    assert (said.code, said.out) == (2, "")
    assert said.err == "crisiswatch: <dir>/none.txt can't be read: No such file or directory\n"
    said = crisiswatch("score", tmp_path, "--scorer", "oracle")
    assert said.code == 2
    assert said.err == "crisiswatch: there is no scorer 'oracle'; there are: lite, none, vader\n"


@pytest.mark.parametrize("data", [LINES.encode("utf-16"), LINES.encode("utf-16-le"), b"PK\x03\x04\x14\x00\x06\x00"])
def test_a_file_that_is_no_text_is_refused_and_not_judged(crisiswatch, tmp_path, data):
    file = tmp_path / "said.txt"
    file.write_bytes(data)
    said = crisiswatch("score", file, "--scorer", "none")
    assert (said.code, said.out) == (2, "")
    assert said.err == "crisiswatch: <dir>/said.txt is no text in UTF-8; save it as UTF-8, one text a line\n"


def test_lines_in_another_encoding_are_told(crisiswatch, tmp_path):
    file = tmp_path / "said.txt"
    file.write_bytes("bene\nperché no\ncosì così\n".encode("latin-1"))
    said = crisiswatch("score", file, "--scorer", "none")
    assert said.code == 0
    assert "2 lines not in UTF-8 (the first is line 2): save it as UTF-8, or words are lost." in said.err


def test_a_packed_file_is_unpacked_and_a_damaged_one_is_told(crisiswatch, tmp_path):
    file = tmp_path / "said.txt.gz"
    file.write_bytes(gzip.compress(LINES.encode()))
    assert "3 texts" in crisiswatch("score", file, "--scorer", "none").err
    file.write_bytes(gzip.compress(LINES.encode())[:-12])
    said = crisiswatch("score", file, "--scorer", "none")
    assert (said.code, said.err) == (2, "crisiswatch: <dir>/said.txt.gz: the compressed file is damaged or cut off\n")


def test_a_reason_is_never_a_word_that_nobody_wrote(crisiswatch, typed):
    typed(b"Boycott Acme now @acmecoffee\n")
    said = crisiswatch("score", "--config", GOOD, "--format", "json")
    assert {each["word"] for each in json.loads(said.out)["why"]} <= {"Boycott", "now"}
