"""The themes' part of the sentiment benchmark."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.sentiment import theme_clicks, themes
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
    nowhere = ["--data", str(tmp_path), "--recordings", str(tmp_path)]
    assert main([*nowhere, "--parts", "themes", "--json", str(out)]) == 0
    found = json.loads(out.read_text())["themes"]
    assert found["by_lang"]["it"]["nearest"] >= 60
    assert found["by_lang"]["en"]["nearest"] >= 45
    assert "nobody else has judged them" in capsys.readouterr().out


def test_clicks_are_measured_on_posts_that_were_held_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stream = theme_clicks.STREAMS["music service"]
    said = {"billing": "charged", "account": "password", "price": "expensive", "cancellation": "cancel"}
    rows = [
        {"text": f"they {word} me again for {theme} thing {letters} today"}
        for theme, word in said.items()
        for letters in ("".join(chr(97 + int(digit)) for digit in f"{number:02d}") for number in range(40))
    ]
    rows += [{"text": f"a lovely evening with {chr(97 + number)} songs of mine"} for number in range(20)]
    with gzip.open(tmp_path / stream.file, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)

    def words(texts):  # type: ignore[no-untyped-def]
        kinds = [*said, "lovely"]
        made = np.array([[*(float(kind in text.text) for kind in kinds), 1.0] for text in texts])
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    described = {theme: {"en": f"about {theme}" if theme == "billing" else "about"} for theme in (*said, "not-working")}
    found = theme_clicks.measure(tmp_path, described, words, quick=True)
    assert set(found) == {"music service"}
    few, _, many = found["music service"]["clicks"].values()
    assert many["right"] > few["right"] + 20
    assert many["general"] == few["general"]
    theme_clicks.print_clicks(found)
    assert "20 clicks a theme" in capsys.readouterr().out
    assert theme_clicks.measure(tmp_path, described, lambda _: None) == {}
