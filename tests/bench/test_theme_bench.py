"""The themes' part of the sentiment benchmark."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.sentiment import themes
from bench.sentiment.__main__ import main
from crisiswatch.model import Text
from crisiswatch.sentiment.lite import encoder
from crisiswatch.sentiment.themes import load_themes
from tests.support import require


def test_the_sentences_are_two_a_theme_and_language() -> None:
    counts = Counter((lang, theme) for lang, theme, _ in themes.load_sentences())
    assert set(counts) == {(lang, theme) for lang in ("it", "en") for theme in load_themes()}
    assert set(counts.values()) == {2}


def test_without_an_encoder_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    found = themes.measure(encode=lambda _: None)
    themes.print_themes(found)
    assert "left out: there is no sentence encoder" in capsys.readouterr().out


def test_chance_finds_one_theme_in_ten() -> None:
    def noise(texts):  # type: ignore[no-untyped-def]
        made = [np.random.default_rng(sum(text.text.encode())).normal(size=64) for text in texts]
        return np.array([each / np.linalg.norm(each) for each in made], dtype=np.float32)

    found = themes.measure([Text("anything")] * 3, encode=noise)
    assert all(each["nearest"] <= 40 for each in found["by_lang"].values())
    assert found["general"] in (0.0, 100.0)


def test_the_part_needs_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require(encoder().missing is None, "needs the sentence encoder")
    out = tmp_path / "figures.json"
    assert main(["--data", str(tmp_path), "--parts", "themes", "--json", str(out)]) == 0
    found = json.loads(out.read_text())["themes"]
    assert found["by_lang"]["it"]["nearest"] >= 60
    assert found["by_lang"]["en"]["nearest"] >= 45
    assert "nobody else has judged them" in capsys.readouterr().out
