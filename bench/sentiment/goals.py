"""The goals of the default scorer, and whether they are met."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.sentiment import feedback

__all__ = ["goals"]

_Goal = tuple[str, float | None, float, bool]  # what, found, its bound, whether that is the least


def goals(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every goal with what was found: ``{"goal", "found", "met"}``; None where it was not measured.

    ``found`` has what was measured by part.
    """
    told = [
        *_scorer(found.get("quality", {}).get("LITE", {}), found.get("speed", {})),
        *_feedback(found.get("feedback", {})),
        *_flood(found.get("flood", {})),
        *_streams(found.get("streams", {})),
    ]
    return [
        {"goal": what, "found": value, "met": None if value is None else (value >= bound if least else value <= bound)}
        for what, value, bound, least in told
    ]


def _feedback(found: Mapping[str, Any]) -> Iterator[_Goal]:
    tested = [each for each in found.values() if each["test"]] if found else []
    lost = [feedback.lost(each) for each in tested]
    gains = [feedback.gained(each) for each in tested]
    errors = [feedback.error(each) for each in tested]
    yield "50 one-sided clicks: the most points of negative recall lost, <= 10", max(lost, default=None), 10, False
    yield (
        "200 labels: points of negative AUC gained, the least brand's mean, >= 1.5",
        min(gains, default=None),
        1.5,
        True,
    )
    yield "200 labels: calibration error, the worst brand's mean, <= 5", max(errors, default=None), 5, False


def _flood(found: Mapping[str, Any]) -> Iterator[_Goal]:
    for what in ("flood", "switch"):
        opened = [bool(each["opened"]) for each in found.get("trials", ()) if each["kind"].startswith(what)]
        share = 100.0 * sum(opened) / len(opened) if opened else None
        yield (
            f"{'neutral floods' if what == 'flood' else 'changes of language'} that open an incident, percent, = 0",
            share,
            0,
            False,
        )


def _streams(found: Mapping[str, Any]) -> Iterator[_Goal]:
    missed = [not goal["met"] for readers in found.values() for goal in readers.get("lite", {}).get("goals", ())]
    yield "recorded streams read by lite: goals missed, = 0", sum(missed) if missed else None, 0, False


def _scorer(lite: Mapping[str, Any], speed: Mapping[str, Any]) -> Iterator[_Goal]:
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
    yield "loading to the first score of a tagged text <= 2 s CPU", costs.get("load_cpu_s"), 2, False
    yield "loading with the language finder too <= 2 s CPU", costs.get("load_with_finder_cpu_s"), 2, False
    yield "n-grams alone, in batches, >= 3,500 a second", speed.get("n-grams", {}).get("in_batches"), 3500, True
    yield "n-grams alone, one by one, >= 3,500 a second", speed.get("n-grams", {}).get("one_by_one"), 3500, True
