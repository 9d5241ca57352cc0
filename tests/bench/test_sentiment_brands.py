"""The parts of the sentiment benchmark about brands: what clicks teach, floods, recorded streams."""

from __future__ import annotations

import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from bench.sentiment import feedback, flood, heldout, streams
from bench.sentiment.data import TRAINING
from bench.sentiment.heldout import BRANDS, Brand, Heard
from crisiswatch.config import load
from crisiswatch.model import Score, Text


@pytest.fixture
def brand() -> Heard:
    """A brand whose complaints the base half sees, and overcalls."""
    chance = np.random.default_rng(2)
    classes = chance.choice(3, 900, p=(0.3, 0.5, 0.2))
    logits = chance.normal(0.0, 1.0, (900, 3))
    logits[np.arange(900), classes] += 1.0
    logits[:, 0] += 0.5
    embeddings = np.random.default_rng(0).normal(size=(3, 16))[classes] + chance.normal(size=(900, 16))
    made = Brand("acme", "en", ("acme",))
    return Heard(made, tuple(f"text {n}" for n in range(900)), logits, embeddings, classes)


def test_one_sided_clicks_are_so_many_and_cost_no_recall_while_the_naive_way_loses_it_all(brand: Heard) -> None:
    found = feedback.one_sided(brand, 1)
    assert found["clicks"] == feedback.ONE_SIDED
    assert found["after"]["recall"] > found["before"]["recall"] - 10
    assert found["naive"]["recall"] < 10


def test_mixed_labels_are_not_among_the_texts_they_are_measured_on(
    brand: Heard, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: list[np.ndarray] = []
    figures = feedback._figures
    monkeypatch.setattr(feedback, "_figures", lambda b, rows, head: seen.append(rows) or figures(b, rows, head))
    found = feedback.of_brand(brand, 2)
    assert {len(rows) for rows in seen} == {450, 700}
    assert feedback.gained(found) > 0
    assert feedback.lost(found) < 10
    assert feedback.error(found) < 10
    feedback.print_feedback({"acme": found})
    assert "acme (dev, 900 texts" in capsys.readouterr().out


def test_a_brand_is_held_out_of_every_file(tmp_path: Path) -> None:
    for name in TRAINING:
        lang = "it" if name == "extra-it" else "en"
        lines = [f"{lang}\t{n % 3}\tIl governo MONTI numero {n}\n" for n in range(4)]
        lines += [f"{lang}\t{n % 3}\tanything {n} about the #iPhone\n" for n in range(4)]
        lines += [f"{lang}\t{n % 3}\tgovernors and montiest {n}\n" for n in range(8)]
        with gzip.open(tmp_path / f"{name}.tsv.gz", "wt", encoding="utf-8") as out:
            out.writelines(lines)
    split = heldout.held_out(tmp_path)
    assert len(split.brands["Monti"]) == 4  # those in Italian
    assert len(split.brands["electronics"]) == 8
    assert not any("MONTI" in text or "iPhone" in text for text in (*split.rest.texts, *split.unseen.texts))
    assert len(split.unseen) == 6
    assert not set(split.unseen.texts) - set(split.rest.texts) - {f"governors and montiest {n}" for n in range(8)}
    assert [each.test for each in BRANDS].count(True) == 2


class Words:
    """A scorer of one word."""

    def __init__(self) -> None:
        self.asked = 0

    def score(self, texts: list[Text]) -> list[Score]:
        self.asked += len(texts)
        return [
            Score(0.97, 0.02, 0.01, "words", True) if "pessimo" in text.text else Score(0.02, 0.9, 0.08, "words", True)
            for text in texts
        ]


def _said(mood: str, lang: str, number: int) -> str:
    """Texts that are no copies of each other."""
    letters = np.random.default_rng(zlib.crc32(f"{mood} {lang} {number}".encode())).choice(list("abcdefgh"), (9, 6))
    return " ".join(["Monti", mood, *map("".join, letters)])


TALK = {
    lang: [[_said(mood, lang, n) for n in range(400)] for mood in ("pessimo", "solito", "ottimo")]
    for lang in ("it", "en")
}


@pytest.mark.parametrize(("kind", "opens"), [(flood.Kind("flood", 3), False), (flood.Kind("wave", 5), True)])
def test_a_flood_goes_through_the_pipeline_and_a_wave_is_found(
    monkeypatch: pytest.MonkeyPatch, kind: flood.Kind, opens: bool
) -> None:
    monkeypatch.setattr(flood, "USUAL", timedelta(days=4))
    words = Words()
    found = flood.run(flood.Trial(kind, 12.0, (0.2, 0.5, 0.3), 1), TALK, flood.Counting(words))
    assert bool(found["opened"]) is opens
    assert found["mentions"] > 1_000
    assert words.asked <= 3 * 400


def test_a_stream_changes_its_language_in_the_middle() -> None:
    trial = flood.Trial(flood.Kind("switch"), 5.0, (0.2, 0.5, 0.3), 1)
    begins = flood.START + flood.USUAL
    made = list(flood._stream(trial, TALK, np.random.default_rng(1), begins))
    assert {each.lang for each in made if each.created_at >= begins} == {"en"}
    assert {each.lang for each in made if each.created_at < begins} == {"it"}
    assert max(each.created_at for each in made) < begins + flood.SWITCHED


def test_the_table_of_floods_names_rules_and_rates(capsys: pytest.CaptureFixture[str]) -> None:
    one = {"kind": "flood x3", "rate": 8.0, "negative": 0.15, "before": [], "opened": [{"rule": "negative-hour"}]}
    flood.print_flood({"trials": [one, {**one, "opened": []}]})
    printed = capsys.readouterr().out
    assert "flood x3: 1 of 2; incidents: negative-hour 1" in printed
    assert "8 an hour, 15 % negative: 1 of 2" in printed
    assert len(flood.trials(2)) == 48


def test_recordings_are_replayed_by_each_scorer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, _ = streams.RECORDINGS["spotify"]
    begin = datetime(2017, 11, 1, tzinfo=UTC)
    lines = [
        json.dumps(
            {
                "uid": f"x:{n}", "source": "x", "created_at": (begin + timedelta(minutes=30 * n)).isoformat(),
                "text": f"@SpotifyCares the app is {'awful' if n % 4 == 0 else 'open'} {n}", "author_id": f"a{n}",
            }
        )
        for n in range(160)
    ]  # fmt: skip
    assert streams.missing(tmp_path) == [each.file for each, _ in streams.RECORDINGS.values()]
    with gzip.open(tmp_path / recording.file, "wt", encoding="utf-8") as out:
        out.write("\n".join(lines))
    found = streams.measure(tmp_path, quick=True)
    assert found["spotify"]["vader"]["negative"]["labelled"] == pytest.approx(25, abs=1)
    streams.print_streams(found)
    assert "spotify, vader: false 0" in capsys.readouterr().out


def test_the_rules_that_ask_a_detector_are_found(tmp_path: Path) -> None:
    loaded = load(streams.starter(tmp_path, flood.BRAND))
    assert {"negative-hour", "negative-wave"} <= streams.detecting(loaded.ruleset)
    assert "product-safety" not in streams.detecting(loaded.ruleset)
