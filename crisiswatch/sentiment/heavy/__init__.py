"""Heavy scorers: a three-class sequence classifier that somebody put into a folder on this machine.

The libraries they need are extras and are imported when a folder is opened, not before. Nothing is ever downloaded.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from pathlib import Path

from crisiswatch.sentiment.heavy import onnx, transformers
from crisiswatch.sentiment.heavy.errors import ModelFolderError
from crisiswatch.sentiment.heavy.folder import read_folder
from crisiswatch.sentiment.heavy.onnx import OnnxScorer
from crisiswatch.sentiment.heavy.transformers import TransformersScorer

__all__ = ["HeavyScorer", "ModelFolderError", "OnnxScorer", "TransformersScorer", "look_into", "open_folder"]

HeavyScorer = OnnxScorer | TransformersScorer
"""``model`` is the id its scores bear, ``notes`` what a person should know of how its labels were read."""


def open_folder(path: Path | str, *, batch: int = 32, threads: int = 1, longest: int = 128) -> HeavyScorer:
    """The scorer for what lies in a folder: ``model.onnx`` first, then weights for transformers.

    Raises ModelFolderError, which names the folder and the remedy, for a folder that is missing, holds neither, or
    holds something that can't work.
    """
    kind = OnnxScorer if _is_onnx(Path(path)) else TransformersScorer
    return kind(path, batch=batch, threads=threads, longest=longest)


def look_into(path: Path | str) -> tuple[str, ...]:
    """Look whether `open_folder` could work, without opening anything large; gives what a person should know.

    Raises ModelFolderError as `open_folder` does, for a library that is not installed too; a model that is damaged
    inside is found when it is opened.
    """
    folder = Path(path)
    kind = onnx if _is_onnx(folder) else transformers
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the note is given back
        found = read_folder(folder)
    kind.check_files(found)
    missing = [name for name in kind.LIBRARIES if find_spec(name) is None]
    if missing:
        raise ModelFolderError(folder, f"it needs the extra {kind.NAME}, and {missing[0]} is not installed", kind.EXTRA)
    return (found.labels.note,) if found.labels.note else ()


def _is_onnx(folder: Path) -> bool:
    """Whether it is one for onnxruntime; a folder that is not there is, and that is what is said of it then."""
    if not folder.is_dir() or (folder / "model.onnx").exists():
        return True
    if not any(each for pattern in transformers.WEIGHTS for each in folder.glob(pattern)):
        wrong = f"there is neither model.onnx nor {' nor '.join(transformers.WEIGHTS)} in it"
        raise ModelFolderError(folder, wrong, "put the files of a classifier there: models are never downloaded")
    return False
