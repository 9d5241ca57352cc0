"""The tables, as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.sentiment.data import LANGS

__all__ = ["print_goals", "print_quality", "print_speed", "quality_lines"]


def print_quality(found: Mapping[str, Any]) -> None:
    print("Validation tweets, percent. Macro-F1 by language; AUC, precision, recall, false-positive rate (fpr) and")
    print("calibration error (ECE, 15 bins) are the negative class's. Nothing was fitted on these tweets; a few")
    print("settings of the training were chosen by them.\n")
    for line in quality_lines(found):
        print(line)
    print("\nThe negative class: precision / recall / fpr / ECE\n")
    rows = [
        [
            name,
            *(
                " / ".join(
                    f"{part[key]:.0f}" for key in ("precision", "recall", "false_positives", "calibration_error")
                )
                for part in (each["pooled"], each["by_lang"]["it"], each["by_lang"]["en"])
            ),
        ]
        for name, each in found.items()
        if "skipped" not in each
    ]
    for line in _table([["system", "all", "Italian", "English"], *rows]):
        print(line)
    for name, each in found.items():
        if "skipped" in each:
            print(f"left out: {name}: {each['skipped']}")


def quality_lines(found: Mapping[str, Any]) -> list[str]:
    """The table of macro-F1 and ranking, as lines of Markdown."""
    head = ["system", *LANGS, "mean (95 %)", "mean without hi", "AUC mean", "AUC pooled", "AUC it"]
    rows = []
    for name, each in found.items():
        if "skipped" in each:
            continue
        low, high = each["mean_f1_interval"]
        rows.append(
            [
                name,
                *(f"{each['by_lang'][lang]['macro_f1']:.1f}" for lang in LANGS),
                f"{each['mean_f1']:.1f} ({low:.1f}-{high:.1f})",
                f"{each['mean_f1_without_hi']:.1f}",
                f"{each['mean_auc']:.1f}",
                f"{each['pooled']['auc']:.1f}",
                f"{each['by_lang']['it']['auc']:.1f}",
            ]
        )
    return _table([head, *rows])


def print_speed(found: Mapping[str, Any]) -> None:
    print("\nOne core, one thread, languages found by itself\n")
    head = ["system", "texts/s one by one", "in batches of 64", "load s, CPU (clock)", "and finder", "peak MB"]
    rows = [
        [
            name,
            f"{e['one_by_one']:,.0f}",
            f"{e['in_batches']:,.0f}",
            f"{e['load_cpu_s']:.2f} ({e['load_s']:.2f})",
            f"{e['load_with_finder_cpu_s']:.2f} ({e['load_with_finder_s']:.2f})",
            f"{e['peak_mb'] or 0:.0f}",
        ]
        for name, e in found.items()
        if "skipped" not in e
    ]
    for line in _table([head, *rows]):
        print(line)
    for name, each in found.items():
        if "skipped" in each:
            print(f"left out: {name}: {each['skipped']}")


def print_goals(found: Sequence[Mapping[str, Any]]) -> None:
    print("\nGoals of the default scorer\n")
    for each in found:
        if each["found"] is None:
            print(f"  not measured  {each['goal']}")
        else:
            print(f"  {'met' if each['met'] else 'MISSED':12}  {each['goal']}: {each['found']:,.1f}")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for number, row in enumerate(rows):
        cells = [
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("| " + " | ".join(cells) + " |")
        if number == 0:
            lines.append(
                "| " + " | ".join("-" * w if i == 0 else "-" * (w - 1) + ":" for i, w in enumerate(widths)) + " |"
            )
    return lines
