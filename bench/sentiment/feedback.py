"""What a team's clicks teach the scorer about a brand it has never heard of, and what they must not take away.

Two experiments on each held-out brand (see `heldout`), each repeated with other texts in other orders, all measured on
texts that nobody has labelled: as the scorer gives them, and "as read", with the stream's shares of the classes
re-estimated on all of its traffic, as the daemon does. The head, its judge and its gate are those of the daemon.

One-sided: messages show posts that were called negative; somebody clicks "Not negative" (which is stored as neutral)
on four in five of those that are not, until there are 50 clicks. What was shown and not clicked is a silent
confirmation, the newest three for a click, as in `crisiswatch.feedback`. The daemon lets no head speak before it has
100 labels; what is measured is the head itself, as if it might. For contrast the naive way: what the clicks alone say
of how common each class is.

Mixed: 200 texts of the stream drawn at random, each labelled with its true class, as the daily sample is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.sentiment.heldout import Heard, heard, held_out
from bench.sentiment.measures import area_under_curve, calibration_error, macro_f1
from crisiswatch.feedback import SILENT_PER_LABEL
from crisiswatch.sentiment.head import CLASSES, Head, Lesson, fit, judged, lesson_of, probabilities, safe
from crisiswatch.sentiment.priors import StreamPrior, corrected

__all__ = [
    "MIXED",
    "ONE_SIDED",
    "error",
    "gained",
    "lost",
    "measure",
    "mixed",
    "of_brand",
    "one_sided",
    "print_feedback",
]

ONE_SIDED, MIXED = 50, 200
_CLICKED = 0.8  # of what was wrongly called negative


def measure(folder: Path, quick: bool = False, cache: Path | None = None) -> dict[str, Any]:
    """Brand -> its figures; see `one_sided` and `mixed`. Percent and points of percent."""
    seeds = 2 if quick else 20
    return {each.brand.name: of_brand(each, seeds) for each in heard(held_out(folder), cache)}


def of_brand(brand: Heard, seeds: int) -> dict[str, Any]:
    return {
        "texts": len(brand),
        "negative": 100.0 * float((brand.classes == 0).mean()),
        "test": brand.brand.test,
        "one_sided": [one_sided(brand, seed) for seed in range(seeds)],
        "mixed": [mixed(brand, seed) for seed in range(seeds)],
    }


def one_sided(brand: Heard, seed: int, clicks: int = ONE_SIDED) -> dict[str, Any]:
    """Recall of the negatives before and after, among texts that were not shown; ``naive`` without confirmations.

    ``clicks`` are fewer than asked for where half of the texts do not hold so many wrong calls.
    """
    chance = np.random.default_rng([seed, 1])
    order = chance.permutation(len(brand))
    pool = order[: len(order) // 2]
    shown = pool[brand.logits[pool].argmax(axis=1) == 0]
    clicked = (brand.classes[shown] != 0) & (chance.random(len(shown)) < _CLICKED)
    last = np.flatnonzero(clicked)[:clicks]
    shown, clicked = shown[: last[-1] + 1], clicked[: last[-1] + 1]
    silent = np.flatnonzero(~clicked)[-SILENT_PER_LABEL * int(clicked.sum()) :]
    used = np.sort(np.concatenate([np.flatnonzero(clicked), silent]))
    lesson = _lesson(brand, shown[used], np.where(clicked[used], 1, 0), clicked[used])
    test = order[len(order) // 2 :]
    return {
        "clicks": int(clicked.sum()),
        "before": _figures(brand, test, None),
        "after": _figures(brand, test, fit(lesson)),
        "naive": _figures(brand, test, _naive(brand, shown[clicked])),
    }


def mixed(brand: Heard, seed: int, labels: int = MIXED) -> dict[str, Any]:
    """Figures before and after, among all the other texts, and whether the daemon would let the head speak."""
    order = np.random.default_rng([seed, 2]).permutation(len(brand))
    lesson = _lesson(brand, order[:labels], brand.classes[order[:labels]], np.ones(labels, dtype=bool))
    test = order[labels:]
    return {
        "labels": labels,
        "speaks": safe(judged(lesson)),
        "before": _figures(brand, test, None),
        "after": _figures(brand, test, fit(lesson)),
    }


def _lesson(brand: Heard, rows: np.ndarray, classes: np.ndarray, clicked: np.ndarray) -> Lesson:
    names = [CLASSES[each] for each in classes]
    return lesson_of(brand.logits[rows].tolist(), brand.embeddings[rows].tolist(), names, clicked.tolist())


def _naive(brand: Heard, clicked: np.ndarray) -> Head:
    """A bias alone, fitted to the clicks alone, a true class each; Newton's method would not end, so twenty steps."""
    bias, size = np.zeros(3), brand.embeddings.shape[1]
    for _ in range(20):
        off = probabilities(brand.logits[clicked] + bias) - np.eye(3)[brand.classes[clicked]]
        bias -= off.mean(axis=0) * 3.0
    return Head(np.zeros((size, 3)), bias, np.zeros(size), np.ones(size))


def _figures(brand: Heard, rows: np.ndarray, head: Head | None) -> dict[str, Any]:
    """Figures on some texts as scored, and as read; see the module."""
    logits = brand.logits[rows]
    if head is not None:
        logits = head.logits(logits, brand.embeddings[rows])
    scored = probabilities(logits)
    return {**_of(scored, brand.classes[rows]), "read": _of(_read(scored), brand.classes[rows])}


def _read(scored: np.ndarray) -> np.ndarray:
    prior = StreamPrior()
    rows = [(row[0], row[1], row[2]) for row in scored.tolist()]
    for row in rows:
        prior.hear(row)
    prior.revise()
    return np.array([corrected(row, prior.shares) for row in rows])


def _of(found: np.ndarray, true: np.ndarray) -> dict[str, Any]:
    said = found.argmax(axis=1)
    return {
        "recall": float(100.0 * (said[true == 0] == 0).mean()),
        "auc": area_under_curve(found[:, 0], true == 0),
        "ece": calibration_error(found[:, 0], true == 0),
        "macro_f1": macro_f1(said, true),
    }


def print_feedback(found: Mapping[str, Any]) -> None:
    """Means and spread over the seeds; of the loss of recall the worst."""
    print("\nWhat clicks teach about a brand that was never heard of; percent, on texts that nobody labelled")
    print(f"\n{ONE_SIDED} clicks 'not negative': recall of negatives before -> after (the most a seed lost)\n")
    for name, each in found.items():
        told = []
        for how, runs in (("as scored", each["one_sided"]), ("as read", _as_read(each["one_sided"]))):
            before, after, naive = (mean(runs, stage, "recall") for stage in ("before", "after", "naive"))
            told.append(
                f"{how} {before:.1f} -> {after:.1f} ({most_lost(runs, 'after'):.1f}), "
                f"naive {naive:.1f} ({most_lost(runs, 'naive'):.1f})"
            )
        print(f"  {_title(name, each)}: {'; '.join(told)}")
    print(f"\n{MIXED} labels of random texts: before -> after (standard deviation of the gain over seeds)\n")
    for name, each in found.items():
        print(
            f"  {_title(name, each)}, speaks in {sum(run['speaks'] for run in each['mixed'])} of {len(each['mixed'])}"
        )
        for how, runs in (("as scored", each["mixed"]), ("as read", _as_read(each["mixed"]))):
            told = [
                f"{key} {mean(runs, 'before', key):.1f} -> {mean(runs, 'after', key):.1f} ({spread(runs, key):.1f})"
                for key in ("auc", "ece", "macro_f1", "recall")
            ]
            print(f"      {how}: {', '.join(told)}")


def _as_read(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    stages = ("before", "after", "naive")
    return [{stage: run[stage]["read"] for stage in stages if stage in run} for run in runs]


def lost(each: Mapping[str, Any]) -> float:
    """The most points of recall that one-sided clicks cost a brand in any seed, as scored or as read."""
    return max(most_lost(runs, "after") for runs in (each["one_sided"], _as_read(each["one_sided"])))


def gained(each: Mapping[str, Any]) -> float:
    """Points of negative AUC that the mixed labels gained on average, as read."""
    runs = _as_read(each["mixed"])
    return mean(runs, "after", "auc") - mean(runs, "before", "auc")


def error(each: Mapping[str, Any]) -> float:
    """Mean calibration error after the mixed labels, as read."""
    return mean(_as_read(each["mixed"]), "after", "ece")


def most_lost(runs: Sequence[Mapping[str, Any]], stage: str) -> float:
    """The most points of recall that any seed lost."""
    return max(run["before"]["recall"] - run[stage]["recall"] for run in runs)


def mean(runs: Sequence[Mapping[str, Any]], stage: str, key: str) -> float:
    return float(np.mean([run[stage][key] for run in runs]))


def spread(runs: Sequence[Mapping[str, Any]], key: str) -> float:
    """Standard deviation over the seeds of what was gained."""
    return float(np.std([run["after"][key] - run["before"][key] for run in runs]))


def _title(name: str, each: Mapping[str, Any]) -> str:
    return f"{name} ({'test' if each['test'] else 'dev'}, {each['texts']:,} texts, {each['negative']:.0f} % negative)"
