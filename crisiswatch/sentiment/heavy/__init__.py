"""Heavy scorers: a three-class sequence classifier that somebody put into a folder on this machine.

The libraries they need are extras and are imported when a folder is opened, not before. Nothing is ever downloaded.
"""

from __future__ import annotations

from pathlib import Path

from crisiswatch.model import Scorer
from crisiswatch.sentiment.heavy.errors import ModelFolderError
from crisiswatch.sentiment.heavy.onnx import OnnxScorer
from crisiswatch.sentiment.heavy.transformers import WEIGHTS, TransformersScorer

__all__ = ["ModelFolderError", "OnnxScorer", "TransformersScorer", "open_folder"]


def open_folder(path: Path | str, *, batch: int = 32, threads: int = 1, longest: int = 128) -> Scorer:
    """The scorer for what lies in a folder: ``model.onnx`` first, then weights for transformers.

    Raises ModelFolderError, which names the folder and the remedy, for a folder that is missing, holds neither, or
    holds something that can't work.
    """
    folder = Path(path)
    if folder.is_dir() and not (folder / "model.onnx").exists():
        if not any(each for pattern in WEIGHTS for each in folder.glob(pattern)):
            wrong = f"there is neither model.onnx nor {' nor '.join(WEIGHTS)} in it"
            raise ModelFolderError(folder, wrong, "put the files of a classifier there: models are never downloaded")
        return TransformersScorer(folder, batch=batch, threads=threads, longest=longest)
    return OnnxScorer(folder, batch=batch, threads=threads, longest=longest)
