"""How well each system tells the mood of the validation tweets, by language."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bench.sentiment.data import LANGS, VALIDATION, Labelled, load
from bench.sentiment.measures import figures, macro_f1, spread_of_mean_f1
from bench.sentiment.rivals import SYSTEMS, Unavailable

__all__ = ["UNTAGGED", "measure", "of_probabilities"]

UNTAGGED = "LITE, no tag"
"""LITE once more on texts whose language it has to find itself; all other rows are told it, as a platform does."""


def measure(folder: Path, quick: bool = False) -> dict[str, Any]:
    """System -> its figures, or ``{"skipped": reason}``. Quick: every twelfth tweet."""
    data = load(folder, VALIDATION)
    if quick:
        data = data.subset(np.arange(0, len(data), 13))  # labels stand in turn: 13 takes them all
    found: dict[str, Any] = {}
    for name, make in SYSTEMS.items():
        try:
            score = make()
        except Unavailable as error:
            found[name] = {"skipped": str(error)}
            continue
        found[name] = of_probabilities(score(data.tagged()), data)
        if name == "LITE":
            found[UNTAGGED] = of_probabilities(score(data.untagged()), data)
    return found


def of_probabilities(probabilities: np.ndarray, data: Labelled) -> dict[str, Any]:
    """The figures of one system: by language, pooled, and the means over the languages."""
    by_lang = {
        lang: figures(probabilities[data.langs == lang], data.labels[data.langs == lang])
        for lang in LANGS
        if (data.langs == lang).any()
    }
    said = probabilities.argmax(axis=1)
    low, high = spread_of_mean_f1(probabilities, data.labels, data.langs)
    others = [macro_f1(said[data.langs == lang], data.labels[data.langs == lang]) for lang in by_lang if lang != "hi"]
    return {
        "by_lang": {lang: asdict(each) for lang, each in by_lang.items()},
        "pooled": asdict(figures(probabilities, data.labels)),
        "mean_f1": float(np.mean([each.macro_f1 for each in by_lang.values()])),
        "mean_f1_interval": [low, high],
        "mean_f1_without_hi": float(np.mean(others)),
        "mean_auc": float(np.mean([each.auc for each in by_lang.values()])),
    }
