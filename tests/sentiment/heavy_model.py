"""A real classifier of a dozen words, small enough to reckon its scores by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit

__all__ = ["NAMES", "VECTORS", "make_folder", "make_model"]

NAMES = ("negative", "neutral", "positive")
VECTORS = {
    "[PAD]": (99.0, 99.0),  # if the filling were read, every score would show it
    "[UNK]": (0.0, 0.0),
    "awful": (1.0, 0.0),
    "late": (0.5, 0.0),
    "great": (0.0, 1.0),
    "thanks": (0.0, 0.5),
    "table": (0.0, 0.0),
    "united": (0.0, 1.0),
    "it": (0.0, 0.0),
    "@user": (1.0, 1.0),
    "http": (0.5, 1.0),
    "broken": (float("nan"), 0.0),
}
"""Word -> (how bad, how good). The outputs are 4 x mean bad, 1, and 4 x mean good, in the order of the names."""


def make_model(
    names: tuple[str, ...] = NAMES,
    *,
    inputs: tuple[str, ...] = ("input_ids", "attention_mask"),
    shape: tuple[int | str, int | str] = ("texts", "tokens"),
    kind: int = TensorProto.INT64,
    output: str = "logits",
    words: int = len(VECTORS),
) -> onnx.ModelProto:
    """Embedding, mean over the tokens that are no filling, one linear layer. ``words`` cuts the embedding short."""
    columns = {"negative": (4.0, 0.0, 0.0), "neutral": (0.0, 0.0, 1.0), "positive": (0.0, 4.0, 0.0)}
    linear = np.array([columns.get(name, (0.0, 0.0, 0.0)) for name in names], dtype=np.float32).T
    held = {
        "words": np.array(list(VECTORS.values())[:words], dtype=np.float32),
        "weights": linear[:2],
        "bias": linear[2],
        "one": np.array([1], dtype=np.int64),
        "two": np.array([2], dtype=np.int64),
    }
    node = helper.make_node
    seen = "attention_mask" if "attention_mask" in inputs else inputs[0]
    nodes = [
        node("Gather", ["words", inputs[0]], ["vectors"]),
        node("Cast", [seen], ["seen"], to=TensorProto.FLOAT),
        node("Unsqueeze", ["seen", "two"], ["column"]),
        node("Mul", ["vectors", "column"], ["read"]),
        node("ReduceSum", ["read", "one"], ["sum"], keepdims=0),
        node("ReduceSum", ["seen", "one"], ["count"], keepdims=1),
        node("Div", ["sum", "count"], ["mean"]),
        node("Gemm", ["mean", "weights", "bias"], [output]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, kind, shape) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [shape[0], len(names)])],
        [numpy_helper.from_array(values, name) for name, values in held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def make_folder(
    folder: Path,
    model: onnx.ModelProto | None = None,
    *,
    names: tuple[str, ...] = NAMES,
    config: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
) -> Path:
    """Write the three files that a classifier needs, and ``crisiswatch.json`` if there are options."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model or make_model(names), folder / "model.onnx")
    labels = {"id2label": {str(number): name for number, name in enumerate(names)}}
    (folder / "config.json").write_text(json.dumps(labels | (config or {})), "utf-8")
    words = Tokenizer(WordLevel({word: number for number, word in enumerate(VECTORS)}, unk_token="[UNK]"))
    words.pre_tokenizer = WhitespaceSplit()
    words.save(str(folder / "tokenizer.json"))
    if options is not None:
        (folder / "crisiswatch.json").write_text(json.dumps(options), "utf-8")
    return folder
