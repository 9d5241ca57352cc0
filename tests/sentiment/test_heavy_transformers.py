"""The way through the library ``transformers``, against a stand-in for it and for torch.

torch is too large to install for these tests. The stand-in has the few names that are used, computes with numpy what
the tiny ONNX model computes, and records how it was called; that the real library takes these calls is not shown here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from crisiswatch.model import Text
from crisiswatch.sentiment.heavy import ModelFolderError, TransformersScorer, open_folder
from tests.sentiment.heavy_model import NAMES, VECTORS

WORDS = list(VECTORS)


class Tensor:
    def __init__(self, values: Any) -> None:
        self.values = values

    def float(self) -> Tensor:
        return Tensor(self.values.astype(np.float32))

    def numpy(self) -> Any:
        return self.values


class Library:
    """Both modules at once; ``calls`` has what was asked of them, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.inside = False
        self.outputs = 3
        self.inputs = ["input_ids", "token_type_ids", "attention_mask"]
        self.wrong: Exception | None = None
        self.missing: set[str] = set()

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        torch, transformers = ModuleType("torch"), ModuleType("transformers")
        torch.set_num_threads = lambda count: self.calls.append(("threads", count))  # type: ignore[attr-defined]
        torch.from_numpy = Tensor  # type: ignore[attr-defined]
        torch.inference_mode = self._inference_mode  # type: ignore[attr-defined]
        transformers.AutoTokenizer = self._auto("tokenizer", self._tokenizer)  # type: ignore[attr-defined]
        net = self._auto("model", lambda: (self._net, {"missing_keys": self.missing}))
        quiet = SimpleNamespace(disable_progress_bar=lambda: None)
        transformers.utils = SimpleNamespace(logging=quiet)  # type: ignore[attr-defined]
        transformers.AutoModelForSequenceClassification = net  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "torch", torch)
        monkeypatch.setitem(sys.modules, "transformers", transformers)

    def _auto(self, name: str, make: Any) -> Any:
        def from_pretrained(where: str, **how: Any) -> Any:
            self.calls.append((name, where, how, os.environ.get("HF_HUB_OFFLINE")))
            if self.wrong:
                raise self.wrong
            return make()

        return SimpleNamespace(from_pretrained=from_pretrained)

    @contextmanager
    def _inference_mode(self) -> Iterator[None]:
        self.inside = True
        yield
        self.inside = False

    def _tokenizer(self) -> Any:
        library = self

        class Tokenizer:
            pad_token_id = 0
            padding_side = "left"
            model_input_names = library.inputs

            def __call__(self, texts: list[str], *, truncation: bool, max_length: int) -> dict[str, list[list[int]]]:
                assert truncation
                rows = [[WORDS.index(word) if word in WORDS else 1 for word in text.split()] for text in texts]
                return {"input_ids": [row[:max_length] for row in rows]}

        return Tokenizer()

    @property
    def _net(self) -> Any:
        library = self

        class Net:
            def eval(self) -> None:
                library.calls.append(("eval",))

            def __call__(self, **given: Tensor) -> Any:
                assert library.inside
                ids, seen = given["input_ids"].values, given["attention_mask"].values[:, :, None]
                library.calls.append(("run", ids.shape, sorted(given)))
                vectors = np.array(list(VECTORS.values()))
                mean = (vectors[ids] * seen).sum(axis=1) / seen.sum(axis=1)
                logits = np.column_stack([4 * mean[:, 0], np.ones(len(ids)), 4 * mean[:, 1], mean])
                return SimpleNamespace(logits=Tensor(logits[:, : library.outputs]))

        return Net()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")  # so that what the scorer sets is undone
    made = Library()
    made.install(monkeypatch)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "tiny"
    path.mkdir()
    labels = {"id2label": {str(number): name for number, name in enumerate(NAMES)}}
    (path / "config.json").write_text(json.dumps(labels), "utf-8")
    (path / "model.safetensors").write_bytes(b"weights")
    (path / "tokenizer.json").write_text("{}", "utf-8")
    return path


def test_a_folder_of_weights_is_loaded_from_there_alone(library: Library, folder: Path) -> None:
    assert isinstance(open_folder(folder, threads=2), TransformersScorer)
    how = {"local_files_only": True, "trust_remote_code": False}
    where = str(folder.resolve())
    assert library.calls[:2] == [("threads", 2), ("tokenizer", where, how, "1")]
    assert library.calls[2:4] == [("model", where, how | {"output_loading_info": True}, "1"), ("eval",)]
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_scores_come_in_the_texts_order_from_batches_of_like_length(library: Library, folder: Path) -> None:
    scorer = TransformersScorer(folder, batch=2, longest=8)
    del library.calls[:]
    scores = scorer.score(
        [Text("great " * 50), Text(""), Text("awful"), Text("awful late"), Text("@bob"), Text("late")]
    )
    names = ["attention_mask", "input_ids", "token_type_ids"]
    assert library.calls == [("run", (2, 1), names), ("run", (2, 2), names), ("run", (1, 8), names)]
    rounded = [(round(score.negative, 3), round(score.neutral, 3), round(score.positive, 3)) for score in scores]
    assert rounded == [
        (0.017, 0.047, 0.936),
        (0.0, 1.0, 0.0),
        (0.936, 0.047, 0.017),
        (0.844, 0.114, 0.042),
        (0.212, 0.576, 0.212),
        (0.665, 0.245, 0.09),
    ]
    assert {score.model for score in scores} == {scorer.model}
    assert not any(score.calibrated for score in scores)


def test_a_model_without_token_types_is_given_none(library: Library, folder: Path) -> None:
    library.inputs = ["input_ids", "attention_mask"]
    TransformersScorer(folder)
    assert library.calls[-1] == ("run", (1, 1), ["attention_mask", "input_ids"])


def test_weights_tokenizer_and_length_belong_to_the_version(library: Library, folder: Path) -> None:
    seen = [TransformersScorer(folder).model, TransformersScorer(folder, longest=64).model]
    (folder / "sentencepiece.bpe.model").write_bytes(b"pieces")
    seen.append(TransformersScorer(folder).model)
    (folder / "model.safetensors").write_bytes(b"other weights")
    seen.append(TransformersScorer(folder).model)
    (folder / "README.md").write_text("notes\n", "utf-8")
    assert len(set(seen)) == 4
    assert TransformersScorer(folder).model == seen[-1]
    assert all(each.startswith("tiny-") for each in seen)


def fault(folder: Path) -> str:
    with pytest.raises(ModelFolderError) as caught:
        TransformersScorer(folder)
    assert str(caught.value).startswith(f"{folder}: ")
    return str(caught.value).removeprefix(f"{folder}: ")


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_a_missing_extra_is_named_with_the_command_that_brings_it(
    library: Library, folder: Path, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    said = "a model for transformers needs the extra transformers; pip install 'crisiswatch[transformers]'"
    assert fault(folder) == said


def test_what_the_library_refuses_is_told_in_one_line(library: Library, folder: Path) -> None:
    library.wrong = OSError("no file named tokenizer.json\nmore\nand more")
    remedy = "save model and tokenizer there anew with save_pretrained"
    assert fault(folder) == f"transformers can't load it (no file named tokenizer.json); {remedy}"
    library.wrong = ValueError()
    assert fault(folder).startswith("transformers can't load it (ValueError)")


def test_a_model_that_was_never_taught_to_classify_is_refused(library: Library, folder: Path) -> None:
    library.missing = {"classifier.weight", "classifier.bias"}
    said = (
        "the weights lack 2 that a classifier needs (classifier.bias, classifier.weight); use a model that was trained"
    )
    assert fault(folder).startswith(said)


def test_a_model_that_does_not_fit_its_config_is_refused(library: Library, folder: Path) -> None:
    library.outputs = 4
    assert fault(folder).startswith("the model gives the shape (1, 4) for one text, config.json has 3 classes; check")


def test_a_model_that_fails_is_refused_when_it_is_opened(library: Library, folder: Path) -> None:
    sys.modules["torch"].inference_mode = None  # type: ignore[attr-defined]
    assert fault(folder).startswith("the model fails (")


def test_a_missing_tokenizer_is_named_because_the_library_would_make_an_empty_one(
    library: Library, folder: Path
) -> None:
    (folder / "tokenizer.json").unlink()
    assert fault(folder).startswith("the tokenizer is missing (tokenizer.json, *.model or vocab.*); copy it")
    assert library.calls == []
    (folder / "sentencepiece.bpe.model").write_bytes(b"pieces")
    TransformersScorer(folder)


def test_weights_are_missing_or_only_pointed_to(library: Library, folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.example/spec/v1\n", "utf-8")
    assert fault(folder) == "model.safetensors is only a pointer of Git LFS; fetch it: git lfs pull"
    (folder / "model.safetensors").unlink()
    assert fault(folder).startswith("there is no model*.safetensors or pytorch_model*.bin; copy")
