"""How often the themes that ship are found without a label: on sentences of our own, for want of labelled ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crisiswatch.model import Text
from crisiswatch.sentiment.lite import LiteScorer
from crisiswatch.sentiment.themes import LEAST, MARGIN, Encode, ThemeFinder, load_themes

__all__ = ["SENTENCES", "load_sentences", "measure", "print_themes"]

SENTENCES = Path(__file__).resolve().parents[2] / "tests" / "fixtures" / "theme_sentences.tsv"


def load_sentences(path: Path = SENTENCES) -> list[tuple[str, str, str]]:
    """Language, theme and sentence of each line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(lang, theme, text) for lang, theme, text in (line.split("\t") for line in lines)]


def measure(general: Sequence[Text] = (), encode: Encode | None = None) -> dict[str, Any]:
    """Percent of the sentences whose theme is the nearest, or among the two nearest, and that are given it at all.

    The stream is taken as just begun, its mean unmoved. ``general`` are texts about anything, of which few should get
    a theme.
    """
    encode = encode or LiteScorer().embed
    finder = ThemeFinder(encode, load_themes())
    if finder.missing:
        return {"skipped": finder.missing}
    sentences = load_sentences()
    vectors = encode([Text(text, lang) for lang, _, text in sentences])
    assert vectors is not None
    ranks = np.argsort(-finder.scores(vectors), axis=1)
    given = finder.find_embedded(vectors, learn=False)
    wanted = np.array([finder.themes.index(theme) for _, theme, _ in sentences])
    found: dict[str, Any] = {"themes": len(finder.themes), "least": LEAST, "margin": MARGIN, "by_lang": {}}
    for lang in ("it", "en"):
        rows = np.array([each == lang for each, _, _ in sentences])
        said = [
            (theme.id if theme else None, finder.themes[want])
            for theme, want, kept in zip(given, wanted, rows, strict=True)
            if kept
        ]
        found["by_lang"][lang] = {
            "sentences": int(rows.sum()),
            "nearest": _percent(ranks[rows, 0] == wanted[rows]),
            "two_nearest": _percent((ranks[rows, :2] == wanted[rows, None]).any(axis=1)),
            "given": _percent([one is not None for one, _ in said]),
            "given_right": _percent([one == other for one, other in said if one is not None]),
        }
    found["general"] = None
    if general:
        found["general"] = _percent([each is not None for each in finder.find(general, learn=False)])
    return found


def print_themes(found: Mapping[str, Any]) -> None:
    print(
        "\nThemes without a label, on sentences of our own (not a labelled set: nobody else has judged them), percent\n"
    )
    if "skipped" in found:
        print(f"left out: {found['skipped']}")
        return
    for lang, each in found["by_lang"].items():
        print(
            f"  {lang}, {each['sentences']} sentences, {found['themes']} themes: nearest {each['nearest']:.0f}, "
            f"among two nearest {each['two_nearest']:.0f}; given a theme {each['given']:.0f}, "
            f"of those right {each['given_right']:.0f}"
        )
    if found["general"] is not None:
        print(f"  tweets about anything that are given a theme: {found['general']:.1f}")


def _percent(hits: Any) -> float:
    hits = np.asarray(hits, dtype=float)
    return float(100 * hits.mean()) if len(hits) else float("nan")
