from __future__ import annotations

from pathlib import Path

import pytest

from crisiswatch.sentiment.heavy import ModelFolderError
from crisiswatch.sentiment.heavy.labels import read_labels

FOLDER = Path("models/mine")


def sides(*names: str) -> tuple[int, ...]:
    return read_labels({"id2label": {str(number): name for number, name in enumerate(names)}}, FOLDER).sides


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("negative", "neutral", "positive"), (0, 1, 2)),
        (("POS", "NEU", "NEG"), (2, 1, 0)),
        (("Neutral", "Positive", "Negative"), (1, 2, 0)),
        (("negativo", "neutro", "positivo"), (0, 1, 2)),
        (("positiva", "neutrale", "negativa"), (2, 1, 0)),
        (("Negativ", "Neutral", "Positiv"), (0, 1, 2)),
        (("négatif", "neutre", "positif"), (0, 1, 2)),
        (("Very Negative", "Negative", "Neutral", "Positive", "Very Positive"), (0, 0, 1, 2, 2)),
        (("very_negative", "molto-positivo", "sehr negativ", "muy positivo", "neutral"), (0, 2, 0, 2, 1)),
        (("1 star", "2 stars", "3 stars", "4 stars", "5 stars"), (0, 0, 1, 2, 2)),
        (("5_stars", "4stars", "3-Stars", "2 STARS", "1 Star"), (2, 2, 1, 0, 0)),
        (("1 stella", "2 stelle", "3 stelle", "4 stelle", "5 stelle"), (0, 0, 1, 2, 2)),
        (("1 estrella", "2 estrellas", "3 estrellas", "4 estrellas", "5 estrellas"), (0, 0, 1, 2, 2)),
        (("1 Stern", "2 Sterne", "3 Sterne", "4 Sterne", "5 Sterne"), (0, 0, 1, 2, 2)),
        (("1", "0", "-1"), (2, 1, 0)),
    ],
)
def test_labels_in_the_spellings_of_the_wild_are_understood(names: tuple[str, ...], expected: tuple[int, ...]) -> None:
    assert sides(*names) == expected


def test_numbered_labels_are_taken_in_the_usual_order_and_it_is_said() -> None:
    labels = read_labels({"id2label": {"2": "LABEL_2", "0": "LABEL_0", "1": "LABEL_1"}}, FOLDER)
    assert labels.sides == (0, 1, 2)
    assert "models/mine" in labels.note
    assert "read as negative, neutral, positive" in labels.note
    assert read_labels({"id2label": {"0": "neg", "1": "neu", "2": "pos"}}, FOLDER).note == ""


def test_labels_told_the_other_way_round_serve_as_well() -> None:
    assert read_labels({"label2id": {"positive": 0, "negative": 2, "neutral": 1}}, FOLDER).sides == (2, 1, 0)


@pytest.mark.parametrize("names", [("negative", "positive"), ("LABEL_0", "LABEL_1"), ("LABEL_0",)])
def test_a_model_without_a_neutral_class_is_refused_with_the_reason(names: tuple[str, ...]) -> None:
    with pytest.raises(ModelFolderError, match=r"models/mine: it has only .*'\); use a model that has a neutral class"):
        sides(*names)


@pytest.mark.parametrize(
    "names",
    [
        ("joy", "anger", "fear"),
        ("0", "1", "2"),  # which of them is neutral differs from set to set
        ("LABEL_1", "LABEL_2", "LABEL_3"),
        ("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"),
        ("LABEL_0", "neutral", "positive"),
        ("negative", "neutral", "positive", "mixed"),
        ("1 star", "2 stars", "3 stars"),
        ("1 star", "2 stars", "3 stars", "4 stars", "5 stars", "neutral"),
        ("1 star", "1 star", "3 stars", "4 stars", "5 stars"),
    ],
)
def test_labels_that_could_mean_anything_are_refused_with_folder_labels_and_remedy(names: tuple[str, ...]) -> None:
    with pytest.raises(ModelFolderError) as caught:
        sides(*names)
    said = str(caught.value)
    assert said.startswith("models/mine: its classes ")
    assert all(repr(name) in said for name in names)
    assert "id2label of config.json" in said


def test_three_classes_of_two_sides_are_refused() -> None:
    with pytest.raises(ModelFolderError, match="lack one of negative, neutral, positive"):
        sides("negative", "positive", "very positive")


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"id2label": ["negative", "neutral", "positive"]},
        {"id2label": {"a": "negative"}},
        {"id2label": {}},
        {"id2label": {"0": "negative", "1": "neutral", "3": "positive"}},
        {"label2id": {"negative": None}},
    ],
)
def test_a_config_that_names_no_classes_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ModelFolderError, match=r"models/mine: .*id2label.*; name them negative, neutral and positive"):
        read_labels(config, FOLDER)
