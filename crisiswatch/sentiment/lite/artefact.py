"""The model file: one ``.npz`` of plain arrays, read without pickle, whole or not at all.

The n-gram weights lie sparse: bucket numbers as steps from one to the next (bytes; 255 means "255 and go on") and whole
numbers from -127 to 127 with a scale for each of two classes. The word scores lie as text, one word a line. A digest
over everything is kept inside, so that a damaged file is an error and not a strange score.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.sentiment.lite.features import BUCKETS

__all__ = ["FORMAT", "SHIPPED", "DamagedModelError", "Model", "load", "save", "write_arrays"]

FORMAT = 1
SHIPPED = Path(__file__).with_name("model.npz")

_EPOCH = (1980, 1, 1, 0, 0, 0)  # a zip's first day: the same model gives the same bytes


class DamagedModelError(ValueError):
    """The model file is missing, cut, changed, or of a format this program does not read."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """All that was learned. Classes are negative, neutral, positive, in this order; float32 unless said otherwise.

    ``grams`` are the n-gram weights of negative and positive, int8 (2^20, 2), times ``gram_scale`` (2), with
    ``gram_bias`` (2); neutral has what makes the sum of the three 0. ``word_scores`` has the lexicon, language -> word
    -> score. ``embedding`` (512, 3) and ``embedding_bias`` (3) are the head on the encoder's vector. ``stacks`` has the
    last step's weights, (8, 3) and named ``small`` without the encoder, (11, 3) and ``full`` with it; ``small.it`` and
    so on are a language's own. ``about`` has what else is known of the model.
    """

    version: str
    grams: npt.NDArray[np.int8]
    gram_scale: npt.NDArray[np.float32]
    gram_bias: npt.NDArray[np.float32]
    word_scores: Mapping[str, Mapping[str, int]]
    embedding: npt.NDArray[np.float32]
    embedding_bias: npt.NDArray[np.float32]
    stacks: Mapping[str, npt.NDArray[np.float32]]
    about: Mapping[str, Any]


def save(model: Model, path: Path) -> None:
    """Write a model; the same model gives the same bytes."""
    rows = np.flatnonzero(model.grams.any(axis=1))
    arrays: dict[str, npt.NDArray[Any]] = {
        "gram_steps": _steps(rows),
        "gram_weights": np.ascontiguousarray(model.grams[rows].T),
        "gram_scale": model.gram_scale,
        "gram_bias": model.gram_bias,
        "words": _bytes(_lines(model.word_scores)),
        "embedding": model.embedding.astype(np.float16),
        "embedding_bias": model.embedding_bias,
    }
    arrays |= {f"stack.{name}": values for name, values in model.stacks.items()}
    about = {"format": FORMAT, "version": model.version, **model.about, "digest": _digest(arrays)}
    arrays["about"] = _bytes(json.dumps(about, ensure_ascii=False, sort_keys=True))
    write_arrays(path, arrays)


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write a ``.npz``; the same arrays give the same bytes, which numpy's own does not."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(arrays):
            held = io.BytesIO()
            np.save(held, arrays[name], allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, held.getvalue(), compresslevel=9)


def load(path: Path = SHIPPED) -> Model:
    """Read a model. Raises DamagedModelError, which names the file, for anything but a sound file of this format."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        about = json.loads(arrays.pop("about").tobytes().decode())
        fault = _fault(arrays, about)
        model = None if fault else _model(arrays, about)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, EOFError) as error:
        raise DamagedModelError(f"{path}: no sentiment model can be read from it ({error})") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DamagedModelError(f"{path}: no sentiment model can be read from it ({error})") from error
    if model is None:
        raise DamagedModelError(f"{path}: {fault}")
    return model


def _fault(arrays: Mapping[str, npt.NDArray[Any]], about: dict[str, Any]) -> str | None:
    """What is wrong with a file that can be opened."""
    if about["format"] != FORMAT:
        return f"this is a model of format {about['format']}, and this program reads {FORMAT}"
    if about.pop("digest") != _digest(arrays):
        return "the content is not what was written; get the file anew"
    return None


def _model(arrays: Mapping[str, npt.NDArray[Any]], about: dict[str, Any]) -> Model:
    grams = np.zeros((BUCKETS, 2), dtype=np.int8)
    grams[_rows(arrays["gram_steps"])] = arrays["gram_weights"].T
    stacks = {name.removeprefix("stack."): values for name, values in arrays.items() if name.startswith("stack.")}
    return Model(
        version=about.pop("version"),
        grams=grams,
        gram_scale=arrays["gram_scale"],
        gram_bias=arrays["gram_bias"],
        word_scores=_scores(arrays["words"].tobytes().decode()),
        embedding=arrays["embedding"].astype(np.float32),
        embedding_bias=arrays["embedding_bias"],
        stacks=stacks,
        about=about,
    )


def _steps(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    """Rising numbers as steps from one to the next, in bytes: 255 stands for "255 and go on"."""
    steps = np.diff(rows, prepend=0)
    out = bytearray()
    for step in steps.tolist():
        out += b"\xff" * (step // 255) + bytes([step % 255])
    return np.frombuffer(bytes(out), dtype=np.uint8)


def _rows(steps: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    rows: npt.NDArray[np.int64] = np.cumsum(steps, dtype=np.int64)[steps != 255]
    return rows


def _lines(scores: Mapping[str, Mapping[str, int]]) -> str:
    """``# lang``, then one ``score word`` a line, sorted."""
    return "\n".join(
        line
        for lang in sorted(scores)
        for line in (f"# {lang}", *(f"{score} {word}" for word, score in sorted(scores[lang].items())))
    )


def _scores(text: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    words: dict[str, int] = {}
    for line in text.split("\n"):
        score, _, word = line.partition(" ")
        if score == "#":
            words = found.setdefault(word, {})
        else:
            words[word] = int(score)
    return found


def _bytes(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _digest(arrays: Mapping[str, npt.NDArray[Any]]) -> str:
    whole = hashlib.sha256()
    for name in sorted(arrays):
        whole.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}\n".encode())
        whole.update(np.ascontiguousarray(arrays[name]).tobytes())
    return whole.hexdigest()
