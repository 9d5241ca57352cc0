"""A classifier as ONNX: ``model.onnx``, ``tokenizer.json`` and ``config.json`` in one folder; extra ``onnx``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.model import Score, Text
from crisiswatch.sentiment.heavy.errors import ModelFolderError, brief
from crisiswatch.sentiment.heavy.folder import Folder, read_folder
from crisiswatch.sentiment.heavy.scoring import filled, score_texts

__all__ = ["EXTRA", "LIBRARIES", "NAME", "OnnxScorer", "check_files"]

NAME = "onnx"
LIBRARIES = ("onnxruntime", "tokenizers")
EXTRA = "pip install 'crisiswatch[onnx]'"
_ANEW = "export or copy it anew"
_TOKENIZER = "save it with AutoTokenizer.from_pretrained(...).save_pretrained(...) where the model was made"
_EXPORT = "export the model to it, for example with Hugging Face Optimum"
_WHOLE_NUMBERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_KNOWN = ("input_ids", "attention_mask", "token_type_ids")


class OnnxScorer:
    """Scores with any ONNX sequence classifier that tells negative, neutral and positive; not calibrated.

    ``batch`` texts of like length go through the model at once, on ``threads`` threads; of a text its first
    ``longest`` tokens are read, fewer where the model takes fewer. The model id is the folder's name and a hash of
    everything the scores depend on. The model runs once before the constructor returns, so that a folder that can't
    work raises ModelFolderError there. Safe to share between threads.

    A model quantised dynamically scales by what is in the batch: its scores vary a little with a text's neighbours.
    """

    def __init__(self, folder: Path | str, *, batch: int = 32, threads: int = 1, longest: int = 128) -> None:
        if batch < 1 or threads < 1 or longest < 8:
            raise ValueError("batch and threads are at least 1 and longest at least 8")
        self._folder = found = read_folder(Path(folder))
        self._session = _session(found, threads)
        self._types, rows, self._width = _inputs(found, self._session)
        self._output = _output(found, self._session)
        self._batch = rows or batch
        self._longest = min(each for each in (longest, found.most, self._width) if each)
        self._tokenizer, self._pad, self._left = _tokenizer(found, self._longest)
        self.model = found.version(("model.onnx*", "*.data", "tokenizer.json"), self._longest)
        self.notes = (found.labels.note,) if found.labels.note else ()
        self._try()

    def score(self, texts: Sequence[Text]) -> Sequence[Score]:
        return score_texts(
            texts, self._folder, model=self.model, encode=self._encode, logits=self._logits, batch=self._batch
        )

    def _encode(self, texts: list[str]) -> list[list[int]]:
        # one by one: a batch would start threads of the tokenizer's own
        return [self._tokenizer.encode(text).ids for text in texts]

    def _logits(self, rows: list[list[int]]) -> npt.NDArray[Any]:
        ids, seen = filled(rows, self._pad, left=self._left, width=self._width)
        values = {"input_ids": ids, "attention_mask": seen, "token_type_ids": np.zeros_like(ids)}
        given = {name: values[name].astype(kind, copy=False) for name, kind in self._types.items()}
        result: npt.NDArray[Any] = self._session.run([self._output], given)[0]
        return result

    def _try(self) -> None:
        """Run the model on the longest text it may get, made of the tokenizer's last token."""
        last = max(self._tokenizer.get_vocab().values(), default=0)
        rows = [[last] * self._longest] * min(2, self._batch)
        classes = len(self._folder.labels.sides)
        try:
            got = self._logits(rows)
        except Exception as error:
            raise ModelFolderError(
                self._folder.path,
                f"model.onnx fails on {self._longest} tokens ({brief(error)})",
                "check that tokenizer.json belongs to it and that it takes batches and texts of that length",
            ) from error
        if np.shape(got) != (len(rows), classes) or np.asarray(got).dtype.kind != "f":
            raise ModelFolderError(
                self._folder.path,
                f"model.onnx gives the shape {np.shape(got)} for {len(rows)} texts, config.json has {classes} classes",
                "use a sequence classifier with the config.json that belongs to it",
            )


def check_files(folder: Folder) -> None:
    """Raise ModelFolderError for a file that is missing."""
    folder.file("model.onnx", _EXPORT)
    folder.file("tokenizer.json", _TOKENIZER)


def _session(folder: Folder, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelFolderError(folder.path, "an ONNX model needs the extra onnx", EXTRA) from error
    path = folder.file("model.onnx", _EXPORT)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, and told once
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting must not cost a core
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        wrong = f"model.onnx is damaged, incomplete or of an unknown kind ({brief(error)})"
        raise ModelFolderError(folder.path, wrong, _ANEW) from error


def _inputs(folder: Folder, session: Any) -> tuple[dict[str, Any], int | None, int | None]:
    """The inputs' number types by name, and how many texts and tokens at once the model wants, None where free."""
    found = {each.name: each for each in session.get_inputs()}
    names = ", ".join(found)
    if "input_ids" not in found or not set(found) <= set(_KNOWN):
        wrong = f"model.onnx takes {names}, not input_ids with attention_mask and token_type_ids where wanted"
        raise ModelFolderError(folder.path, wrong, "export it for text classification")
    types = {name: _WHOLE_NUMBERS.get(each.type) for name, each in found.items()}
    shape = list(found["input_ids"].shape)
    if None in types.values() or len(shape) != 2 or (isinstance(shape[0], int) and shape[0] != 1):
        wrong = (
            f"model.onnx takes input_ids of shape {shape} and types {', '.join(each.type for each in found.values())}"
        )
        raise ModelFolderError(folder.path, wrong, "export it with free batch and sequence length, and whole numbers")
    rows, width = (each if isinstance(each, int) else None for each in shape)
    return types, rows, width


def _output(folder: Folder, session: Any) -> str:
    names: list[str] = [each.name for each in session.get_outputs()]
    if "logits" in names or len(names) == 1:
        return "logits" if "logits" in names else names[0]
    wrong = f"model.onnx gives {', '.join(names)} and none of them is called logits"
    raise ModelFolderError(folder.path, wrong, "export it for text classification")


def _tokenizer(folder: Folder, longest: int) -> tuple[Any, int, bool]:
    """The tokenizer, the number it fills up with, and whether it fills up on the left."""
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelFolderError(folder.path, "an ONNX model needs the extra onnx", EXTRA) from error
    path = folder.file("tokenizer.json", _TOKENIZER)
    try:
        tokenizer = Tokenizer.from_file(str(path))
        filling = tokenizer.padding or {}
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length=longest)
    except Exception as error:
        raise ModelFolderError(folder.path, f"tokenizer.json can't be read ({brief(error)})", _TOKENIZER) from error
    named = [tokenizer.token_to_id(token) for token in ("<pad>", "[PAD]")]
    candidates = (folder.pad, filling.get("pad_id"), *named, 0)
    return tokenizer, next(each for each in candidates if each is not None), filling.get("direction") == "left"
