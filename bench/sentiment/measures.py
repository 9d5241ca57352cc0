"""What is measured of probabilities against labels: macro-F1, ranking, the negative class, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Figures", "area_under_curve", "calibration_error", "figures", "macro_f1", "spread_of_mean_f1"]

BINS = 15  # of equal mass, as in the reference


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one system on one set; percent. ``recall`` and so on are the negative class's, by the largest probability."""

    macro_f1: float
    auc: float
    precision: float
    recall: float
    false_positives: float
    calibration_error: float


def figures(probabilities: np.ndarray, labels: np.ndarray) -> Figures:
    """Probabilities (n, 3) against labels 0, 1, 2."""
    said, true = probabilities.argmax(axis=1) == 0, labels == 0
    hits = (said & true).sum()
    return Figures(
        macro_f1=macro_f1(probabilities.argmax(axis=1), labels),
        auc=area_under_curve(probabilities[:, 0], true),
        precision=100.0 * hits / max(1, said.sum()),
        recall=100.0 * hits / max(1, true.sum()),
        false_positives=100.0 * (said & ~true).sum() / max(1, (~true).sum()),
        calibration_error=calibration_error(probabilities[:, 0], true),
    )


def macro_f1(said: np.ndarray, labels: np.ndarray) -> float:
    """The mean over the three classes of F1 = 2 hits / (said + true), percent; a class nobody has or says has 0."""
    each = []
    for label in range(3):
        both = ((said == label) & (labels == label)).sum()
        each.append(2.0 * both / max(1, (said == label).sum() + (labels == label).sum()))
    return float(100.0 * np.mean(each))


def area_under_curve(scores: np.ndarray, true: np.ndarray) -> float:
    """How often a true one scores above another, ties half (Mann-Whitney), percent; 50 when one side is empty."""
    values, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse] if len(values) else scores
    positives, others = int(true.sum()), int((~true).sum())
    if not positives or not others:
        return 50.0
    return float(100.0 * (ranks[true].sum() - positives * (positives + 1) / 2.0) / (positives * others))


def calibration_error(probabilities: np.ndarray, true: np.ndarray, bins: int = BINS) -> float:
    """The mean distance between the probability told and the share found, in bins of equal mass, percent."""
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [len(part) * abs(probabilities[part].mean() - true[part].mean()) for part in parts]
    return float(100.0 * sum(gaps) / max(1, len(probabilities)))


def spread_of_mean_f1(
    probabilities: np.ndarray, labels: np.ndarray, langs: np.ndarray, draws: int = 300
) -> tuple[float, float]:
    """A 95 % interval of the mean macro-F1 over the languages, by drawing each language's texts anew."""
    random = np.random.default_rng(1)
    said = probabilities.argmax(axis=1)
    groups = [np.flatnonzero(langs == lang) for lang in np.unique(langs)]
    means = []
    for _ in range(draws):
        drawn = [random.choice(rows, len(rows)) for rows in groups]
        means.append(np.mean([macro_f1(said[rows], labels[rows]) for rows in drawn]))
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
