"""A classifier for the library ``transformers``, from a local folder; extra ``transformers``. Nothing is downloaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.model import Score, Text
from crisiswatch.sentiment.heavy.errors import ModelFolderError, brief
from crisiswatch.sentiment.heavy.folder import Folder, read_folder
from crisiswatch.sentiment.heavy.scoring import filled, score_texts

__all__ = ["EXTRA", "LIBRARIES", "NAME", "WEIGHTS", "TransformersScorer", "check_files"]

WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
"""How the files of weights are called, one or several."""

_WORDS = ("tokenizer.json", "*.model", "vocab.*")
_MORE = ("tokenizer_config.json", "merges.txt", "special_tokens_map.json", "added_tokens.json")
NAME = "transformers"
LIBRARIES = ("torch", "transformers")
EXTRA = "pip install 'crisiswatch[transformers]'"


class TransformersScorer:
    """Scores with any local sequence classifier that tells negative, neutral and positive; not calibrated.

    ``batch``, ``longest`` and the model id are as with `OnnxScorer`; ``threads`` is set for all of torch in this
    process. Code that lies in the folder is never run, and the process is told to stay off the hub
    (``HF_HUB_OFFLINE``). The model runs once before the constructor returns; a folder that can't work raises
    ModelFolderError there.
    """

    def __init__(self, folder: Path | str, *, batch: int = 32, threads: int = 1, longest: int = 128) -> None:
        if batch < 1 or threads < 1 or longest < 8:
            raise ValueError("batch and threads are at least 1 and longest at least 8")
        self._folder = found = read_folder(Path(folder))
        check_files(found)
        self._torch, library = _libraries(found)
        self._torch.set_num_threads(threads)
        self._batch = batch
        self._longest = min(longest, found.most or longest)
        self._tokenizer, self._net = _load(found, library)
        pad = self._tokenizer.pad_token_id
        self._pad = int(found.pad or 0) if pad is None else int(pad)
        self._left = self._tokenizer.padding_side == "left"
        self._takes_types = "token_type_ids" in self._tokenizer.model_input_names
        self.model = found.version((*WEIGHTS, *_WORDS, *_MORE), self._longest)
        self.notes = (found.labels.note,) if found.labels.note else ()
        self._try()

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        return score_texts(
            texts, self._folder, model=self.model, encode=self._encode, logits=self._logits, batch=self._batch
        )

    def _encode(self, texts: list[str]) -> list[list[int]]:
        found: list[list[int]] = self._tokenizer(texts, truncation=True, max_length=self._longest)["input_ids"]
        return found

    def _logits(self, rows: list[list[int]]) -> npt.NDArray[Any]:
        ids, seen = filled(rows, self._pad, left=self._left)
        given = {"input_ids": ids, "attention_mask": seen}
        if self._takes_types:
            given["token_type_ids"] = np.zeros_like(ids)
        tensors = {name: self._torch.from_numpy(values) for name, values in given.items()}
        with self._torch.inference_mode():
            result: npt.NDArray[Any] = self._net(**tensors).logits.float().numpy()  # numpy knows no bfloat16
        return result

    def _try(self) -> None:
        classes = len(self._folder.labels.sides)
        remedy = "check that the tokenizer, config.json and the weights belong together"
        try:
            shape = np.shape(self._logits(self._encode(["a"])))
        except Exception as error:
            raise ModelFolderError(self._folder.path, f"the model fails ({brief(error)})", remedy) from error
        if shape != (1, classes):
            wrong = f"the model gives the shape {shape} for one text, config.json has {classes} classes"
            raise ModelFolderError(self._folder.path, wrong, remedy)


def check_files(folder: Folder) -> None:
    """Raise ModelFolderError for a file that is missing."""
    weights = sorted(path.name for pattern in WEIGHTS for path in folder.path.glob(pattern))
    if not weights:
        raise ModelFolderError(folder.path, f"there is no {' or '.join(WEIGHTS)}", "copy the model's weights there")
    for name in weights:
        folder.file(name, "make it readable")
    if not any(each for pattern in _WORDS for each in folder.path.glob(pattern)):
        # the library would make an empty tokenizer, and go on
        wrong = "the tokenizer is missing (tokenizer.json, *.model or vocab.*)"
        raise ModelFolderError(folder.path, wrong, "copy it from where the model comes from")


def _libraries(folder: Folder) -> tuple[Any, Any]:
    """Torch and transformers, told first that there is no hub: they read that once, when they are imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        import torch
        import transformers
    except ImportError as error:
        wrong = "a model for transformers needs the extra transformers"
        raise ModelFolderError(folder.path, wrong, EXTRA) from error
    return torch, transformers


def _load(folder: Folder, library: Any) -> tuple[Any, Any]:
    where = str(folder.path.resolve())
    remedy = "save model and tokenizer there anew with save_pretrained"
    how = {"local_files_only": True, "trust_remote_code": False}
    library.utils.logging.disable_progress_bar()
    try:
        tokenizer = library.AutoTokenizer.from_pretrained(where, **how)
        net, told = library.AutoModelForSequenceClassification.from_pretrained(where, output_loading_info=True, **how)
    except Exception as error:
        raise ModelFolderError(folder.path, f"transformers can't load it ({brief(error)})", remedy) from error
    missing = sorted(told["missing_keys"])
    if missing:  # the library would fill them with chance, and go on
        wrong = f"the weights lack {len(missing)} that a classifier needs ({', '.join(missing[:3])})"
        raise ModelFolderError(folder.path, wrong, "use a model that was trained to classify")
    net.eval()
    return tokenizer, net
