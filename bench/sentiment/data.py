"""The labelled tweets: read from a folder beside the repository, cleaned, never copied."""

from __future__ import annotations

import gzip
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crisiswatch.model import Text
from crisiswatch.sentiment.lite.features import Read, read

__all__ = ["FOLDER", "LANGS", "TRAINING", "VALIDATION", "Labelled", "join", "load"]

LANGS = ("it", "en", "es", "fr", "de", "pt", "ar", "hi")
TRAINING = ("umsab-train", "extra-it", "extra-en")
VALIDATION = "umsab-val"
FOLDER = (
    Path(os.environ.get("CRISISWATCH_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
    / "data"
    / "sentiment"
)

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Some texts: ``labels`` 0 negative, 1 neutral, 2 positive; ``langs`` and ``sources`` a word each."""

    texts: tuple[str, ...]
    labels: np.ndarray
    langs: np.ndarray
    sources: np.ndarray

    def __len__(self) -> int:
        return len(self.texts)

    def reads(self) -> list[Read]:
        return [read(Text(text)) for text in self.texts]

    def tagged(self) -> list[Text]:
        """The texts with their language, as a platform tags it."""
        return [Text(text, str(lang)) for text, lang in zip(self.texts, self.langs, strict=True)]

    def untagged(self) -> list[Text]:
        return [Text(text) for text in self.texts]

    def subset(self, rows: np.ndarray) -> Labelled:
        return Labelled(tuple(self.texts[i] for i in rows), self.labels[rows], self.langs[rows], self.sources[rows])


def load(folder: Path, name: str) -> Labelled:
    """One file (``lang TAB label TAB text`` a line), with the escapes undone that some of its sources left in."""
    rows = []
    with gzip.open(folder / f"{name}.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            lang, label, text = line.rstrip("\n").split("\t", 2)
            text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).replace('\\"', '"')
            rows.append((lang, int(label), text))
    return Labelled(
        tuple(text for _, _, text in rows),
        np.array([label for _, label, _ in rows]),
        np.array([lang for lang, _, _ in rows]),
        np.array([name] * len(rows)),
    )


def join(parts: list[Labelled]) -> Labelled:
    return Labelled(
        tuple(text for part in parts for text in part.texts),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.langs for part in parts]),
        np.concatenate([part.sources for part in parts]),
    )
