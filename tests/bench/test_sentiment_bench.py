from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from bench.sentiment import quality, rivals
from bench.sentiment.__main__ import main
from bench.sentiment.card import card
from bench.sentiment.data import FOLDER, LANGS, TRAINING, VALIDATION, load
from bench.sentiment.goals import goals
from bench.sentiment.measures import area_under_curve, calibration_error, figures, macro_f1
from bench.sentiment.train import Plan, train
from crisiswatch.model import Text
from crisiswatch.sentiment.lite import SHIPPED, Encoder, LiteScorer
from crisiswatch.sentiment.lite import load as load_model
from tests.support import shared_data

WORDS = {0: "pessimo orribile vergogna", 1: "treno stazione orario", 2: "ottimo grazie splendido"}


class Stub(Encoder):
    """Vectors from letter counts, so that a training takes no encoder."""

    def encode(self, texts):  # type: ignore[no-untyped-def]
        made = np.array([[text.count(chr(97 + i % 26)) + (i % 7) * 0.01 for i in range(512)] for text in texts])
        return (made / np.maximum(1.0, np.linalg.norm(made, axis=1, keepdims=True))).astype(np.float32)

    missing = None  # type: ignore[assignment]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Invented tweets in the form of the real files."""
    for name in (*TRAINING, VALIDATION):
        langs = LANGS if name.startswith("umsab") else (name[-2:],)
        lines = [
            f"{lang}\t{label}\t{WORDS[label].split()[n % 3]} numero {n} {lang} \\u2019\n"
            for lang in langs
            for n in range(15)
            for label in range(3)
        ]
        with gzip.open(tmp_path / f"{name}.tsv.gz", "wt", encoding="utf-8") as out:
            out.writelines(lines)
    for lang in LANGS:
        (tmp_path / f"AFINN-{lang}.json").write_text(json.dumps({"Pessimo": -3, "ottimo": 3, "a torto": -2}))
    return tmp_path


def test_training_makes_a_model_that_scores_and_makes_it_alike_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.sentiment.train.encoder", Stub)
    plan = Plan(folds=2, kept=500)
    model = train(folder, folder, folder / "one.npz", folder / "cache", plan)
    train(folder, folder, folder / "two.npz", folder / "cache", plan)
    assert (folder / "one.npz").read_bytes() == (folder / "two.npz").read_bytes()
    assert not any(name.endswith(".hi") for name in model.stacks)
    for scorer in (LiteScorer(model=model, small=True), LiteScorer(model=model, encode=Stub())):
        bad, good = scorer.score([Text("pessimo numero 3 it", "it"), Text("ottimo numero 4 it", "it")])
        assert bad.negative > 0.5 > good.negative
    assert b"numero" not in (folder / "one.npz").read_bytes()
    text = card(
        model,
        folder / "one.npz",
        {"LITE": quality.of_probabilities(np.full((360, 3), 1 / 3), load(folder, VALIDATION))},
    )
    assert model.version in text
    assert "MIT" in text


def test_escapes_that_sources_left_in_are_undone(folder: Path) -> None:
    assert load(folder, VALIDATION).texts[0].endswith("\u2019")


def test_without_the_data_the_benchmark_says_so_and_training_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = ["quality", "speed", "feedback", "flood", "streams"]
    assert main(["--data", str(tmp_path), "--recordings", str(tmp_path), "--parts", *parts]) == 0
    printed = capsys.readouterr().out
    assert "has no umsab-train.tsv.gz" in printed
    assert "has no spotifycares-2017-q4.jsonl.gz" in printed
    assert main(["train", "--data", str(tmp_path)]) == 2
    assert "has no umsab-train.tsv.gz" in capsys.readouterr().out


def test_a_quick_run_prints_the_table_and_writes_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> rivals.Score:
        raise rivals.Unavailable("it is not installed")

    monkeypatch.setattr(quality, "SYSTEMS", {"VADER": rivals.SYSTEMS["VADER"], "TextBlob": absent})
    out = folder / "out" / "figures.json"
    assert main(["--data", str(folder), "--quick", "--parts", "quality", "--json", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "| VADER " in printed
    assert "left out: TextBlob: it is not installed" in printed
    assert "not measured  texts a second one by one >= 150" in printed
    assert set(json.loads(out.read_text())) == {"quality", "goals"}


def test_goals_say_met_missed_or_not_measured() -> None:
    measured = {
        "quality": {"LITE": {"mean_f1": 61.0}},
        "speed": {"LITE": {"peak_mb": 300.0}},
        "flood": {"trials": [{"kind": "flood x3", "opened": []}, {"kind": "switch", "opened": [{}]}]},
        "streams": {"united": {"vader": {"goals": [{"met": False}]}, "lite": {"goals": [{"met": True}]}}},
    }
    found = {each["goal"]: each["met"] for each in goals(measured)}
    assert found["neutral floods that open an incident, percent, = 0"] is True
    assert found["changes of language that open an incident, percent, = 0"] is False
    assert found["recorded streams read by lite: goals missed, = 0"] is True
    assert found["200 labels: calibration error, the worst brand's mean, <= 5"] is None
    assert found["mean macro-F1 over eight languages >= 60"] is True
    assert found["peak memory <= 220 MB"] is False
    assert found["Italian macro-F1 >= 62"] is None


def test_the_measures_are_what_their_names_say() -> None:
    labels = np.array([0, 0, 1, 1, 2, 2])
    sure = np.eye(3)[labels]
    assert figures(sure, labels).macro_f1 == 100.0
    assert figures(sure, labels).auc == 100.0
    assert macro_f1(np.zeros(6, int), labels) == pytest.approx(100 * 0.5 / 3)
    assert area_under_curve(np.array([1.0, 2.0, 2.0, 3.0]), np.array([False, True, False, True])) == 87.5
    assert area_under_curve(np.array([]), np.array([], dtype=bool)) == 50.0
    assert calibration_error(np.full(100, 0.3), np.arange(100) < 30, bins=1) == pytest.approx(0.0)
    assert calibration_error(np.full(100, 0.9), np.arange(100) < 30, bins=1) == pytest.approx(60.0)


def test_measures_agree_with_scikit_learn() -> None:
    from sklearn.metrics import f1_score, roc_auc_score

    random = np.random.default_rng(3)
    labels, scores = random.integers(0, 3, 400), random.random((400, 3)).round(1)
    assert macro_f1(scores.argmax(1), labels) == pytest.approx(
        100 * f1_score(labels, scores.argmax(1), average="macro")
    )
    assert area_under_curve(scores[:, 0], labels == 0) == pytest.approx(100 * roc_auc_score(labels == 0, scores[:, 0]))


def test_the_card_beside_the_model_is_the_models() -> None:
    text = SHIPPED.with_name("MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"`lite` {load_model().version}\n" in text
    assert f"{SHIPPED.stat().st_size:,} bytes" in text


def test_the_shipped_model_keeps_what_its_card_says() -> None:
    shared_data("data/sentiment/umsab-val.tsv.gz")
    data = load(FOLDER, VALIDATION)
    found = quality.of_probabilities(rivals.SYSTEMS["n-grams + lexicon"]()(data.tagged()), data)
    assert found["by_lang"]["it"]["macro_f1"] >= 60
    assert found["by_lang"]["en"]["macro_f1"] >= 70
    assert found["mean_auc"] >= 80
