"""The goals of the default scorer, and whether they are met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["goals"]


def goals(quality: Mapping[str, Any], speed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every goal with what was found: ``{"goal", "found", "met"}``; None where it was not measured."""
    return [
        {"goal": what, "found": found, "met": None if found is None else (found >= bound if least else found <= bound)}
        for what, found, bound, least in _all(quality.get("LITE", {}), speed)
    ]


def _all(lite: Mapping[str, Any], speed: Mapping[str, Any]) -> Iterator[tuple[str, float | None, float, bool]]:
    by_lang = lite.get("by_lang", {})
    yield "mean macro-F1 over eight languages >= 60", lite.get("mean_f1"), 60, True
    yield "Italian macro-F1 >= 62", by_lang.get("it", {}).get("macro_f1"), 62, True
    yield "English macro-F1 >= 64", by_lang.get("en", {}).get("macro_f1"), 64, True
    yield "negative AUC, mean over languages, >= 82", lite.get("mean_auc"), 82, True
    yield "negative AUC, all pooled, >= 82", lite.get("pooled", {}).get("auc"), 82, True
    costs = speed.get("LITE", {})
    yield "texts a second one by one >= 150", costs.get("one_by_one"), 150, True
    yield "texts a second in batches >= 400", costs.get("in_batches"), 400, True
    yield "peak memory <= 220 MB", costs.get("peak_mb"), 220, False
    yield "loading to the first score of a tagged text <= 2 s", costs.get("load_s"), 2, False
    yield "loading with the language finder too <= 2 s", costs.get("load_with_finder_s"), 2, False
    yield "n-grams alone, in batches, >= 3,500 a second", speed.get("n-grams", {}).get("in_batches"), 3500, True
    yield "n-grams alone, one by one, >= 3,500 a second", speed.get("n-grams", {}).get("one_by_one"), 3500, True
