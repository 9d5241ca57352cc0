"""A model's folder: its two small JSON files, the hiding of names its model was trained with, and its version."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crisiswatch.model import Text
from crisiswatch.sentiment.heavy.errors import ModelFolderError
from crisiswatch.sentiment.heavy.labels import Labels, read_labels
from crisiswatch.sentiment.masking import LONGEST, mask

__all__ = ["OPTIONS", "Folder", "read_folder"]

OPTIONS = "crisiswatch.json"
"""A file that may lie beside the model: ``{"mask": "xlm-t", "name": "..."}``, both optional."""

_MASKS = ("plain", "xlm-t")
_HIDDEN = re.compile(r"((?:https?://|www\.)\S*|(?<![\w@])@\w+)", re.IGNORECASE)
_POINTER = b"version https://git-lfs"
_NOT_CLASSES = {"multi_label_classification", "regression"}


@dataclass(frozen=True, slots=True)
class Folder:
    """What the small files say. ``mask`` is ``plain`` (`crisiswatch.sentiment.mask`) or ``xlm-t``.

    ``most`` is how many tokens the model can take and ``pad`` the token that fills short texts up, each None where
    ``config.json`` does not tell.
    """

    path: Path
    name: str
    labels: Labels
    mask: str = "plain"
    most: int | None = None
    pad: int | None = None

    def readable(self, text: Text) -> str:
        """The text as the model gets it: brand terms, names and addresses hidden, and no half characters.

        With ``xlm-t`` names become ``@user`` and addresses ``http``, as in that model's training (Barbieri et al.,
        "XLM-T", LREC 2022).
        """
        if self.mask == "plain":
            hidden = mask(text.text, text.terms)
        else:
            parts = _HIDDEN.split(text.text[:LONGEST])  # what is to be hidden stands at the odd places
            parts[::2] = [mask(part, text.terms) for part in parts[::2]]
            parts[1::2] = ["@user" if part.startswith("@") else "http" for part in parts[1::2]]
            hidden = "".join(parts)
        return hidden.encode("utf-8", "ignore").decode()

    def file(self, name: str, remedy: str) -> Path:
        """The path of a file that has to be there. Raises ModelFolderError if it is missing or only stands for one."""
        path = self.path / name
        try:
            with path.open("rb") as stream:
                start = stream.read(len(_POINTER))
        except OSError as error:
            raise ModelFolderError(self.path, f"{name} is missing or can't be read", remedy) from error
        if start == _POINTER:
            raise ModelFolderError(self.path, f"{name} is only a pointer of Git LFS", "fetch it: git lfs pull")
        return path

    def version(self, patterns: Iterable[str], *more: object) -> str:
        """The model's name and a short hash of all that its scores depend on: these files, by content, and ``more``.

        Files that are not there count as absent, the two small JSON files always.
        """
        found = {path for pattern in (*patterns, "config.json", OPTIONS) for path in self.path.glob(pattern)}
        whole = hashlib.sha256(repr(more).encode())
        for path in sorted(found):
            with path.open("rb") as stream:
                whole.update(path.name.encode() + b"\0" + hashlib.file_digest(stream, "sha256").digest())
        return f"{self.name}-{whole.hexdigest()[:10]}"


def read_folder(path: Path) -> Folder:
    """Read ``config.json`` and, if it is there, ``crisiswatch.json``; warns of labels that had to be guessed.

    Raises ModelFolderError.
    """
    if not path.is_dir():
        raise ModelFolderError(
            path, "there is no such folder", "give a folder on this machine: models are never downloaded"
        )
    config = _json(path, "config.json", "copy it from where the model comes from")
    if config.get("problem_type") in _NOT_CLASSES:
        kind = config["problem_type"]
        raise ModelFolderError(path, f"the model is one for {kind}", "use one that tells three classes apart")
    options = _json(path, OPTIONS, "mend or delete it") if (path / OPTIONS).exists() else {}
    if set(options) - {"mask", "name"} or options.get("mask", "plain") not in _MASKS:
        known = " or ".join(f'"{each}"' for each in _MASKS)
        raise ModelFolderError(
            path, f"{OPTIONS} has something unknown in it", f'it may have "name" and "mask": {known}'
        )
    labels = read_labels(config, path)
    if labels.note:
        warnings.warn(labels.note, stacklevel=3)
    return Folder(
        path,
        str(options.get("name") or path.resolve().name),
        labels,
        options.get("mask", "plain"),
        _most(config),
        _whole(config.get("pad_token_id")),
    )


def _json(folder: Path, name: str, remedy: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_text("utf-8"))
    except OSError as error:
        raise ModelFolderError(folder, f"{name} is missing or can't be read", remedy) from error
    except ValueError as error:
        raise ModelFolderError(folder, f"{name} is not JSON ({error})", remedy) from error
    if not isinstance(found, dict):
        raise ModelFolderError(folder, f"{name} is not a JSON object", remedy)
    return found


def _most(config: dict[str, Any]) -> int | None:
    """How many tokens fit: two less than there are positions, which the RoBERTa family keeps for itself."""
    positions = _whole(config.get("max_position_embeddings"))
    return positions - 2 if positions and positions > 2 else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
