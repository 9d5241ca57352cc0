"""What a team's clicks teach: a small correction on top of the shipped model, one for each tenant.

The head is a residual softmax on the text's embedding: its logits are added to those of the base model, so that without
a label nothing changes. All labels are fitted anew each time (ridge penalty), which makes the result independent of
the order of the clicks and lets any of them be taken back.

Clicks are one-sided: people correct what an alert showed them wrongly and pass over what was right. Learned naively
that drives the recall of negatives to nothing, so what was shown as negative and not clicked away counts as a silent
confirmation of less weight, and no set of labels is used that holds one class alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASSES", "SILENT", "Head", "Lesson", "Report", "fit", "judged", "lesson_of", "probabilities", "safe"]

CLASSES = ("negative", "neutral", "positive")
SILENT = 0.3
"""What a silent confirmation weighs beside a click."""
PENALTY = 4.0  # labels' worth a unit of squared weight; the bias is penalised a tenth of that
NEEDED, KINDS = 100, 2  # labels, and classes among them, before a head may speak
WORST = 0.10  # of the recall of negatives, on labels it did not learn
FOLDS = 5
STEPS = 200

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is known of some texts: base logits (n, 3), embeddings (n, d), class numbers (n,) and weights (n,).

    ``clicked`` (n,) tells labels that somebody gave from silent confirmations.
    """

    logits: Array
    embeddings: Array
    classes: NDArray[np.int64]
    weights: Array
    clicked: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.classes)

    def part(self, which: NDArray[np.bool_]) -> Lesson:
        """Give the lesson of some of the texts."""
        return Lesson(
            self.logits[which],
            self.embeddings[which],
            self.classes[which],
            self.weights[which],
            self.clicked[which],
        )

    @property
    def ready(self) -> bool:
        """Whether a head may speak: enough was clicked, and with the silent ones there are two classes at least."""
        return int(self.clicked.sum()) >= NEEDED and len(set(self.classes.tolist())) >= KINDS


@dataclass(frozen=True, slots=True)
class Head:
    """Weights (d, 3) and bias (3,) to add to the base logits; ``centre`` and ``scale`` (d,) standardise embeddings."""

    weights: Array
    bias: Array
    centre: Array
    scale: Array

    def logits(self, base: Array, embeddings: Array) -> Array:
        """Give the corrected logits (n, 3)."""
        return np.asarray(base + ((embeddings - self.centre) / self.scale) @ self.weights + self.bias)


def fit(lesson: Lesson, penalty: float = PENALTY) -> Head | None:
    """Fit a head to all of ``lesson``; None where it holds fewer than two classes, from which nothing can be learned.

    Minimises the weighted cross-entropy plus ``penalty`` / 2 times the squared weights by L-BFGS; the loss is convex,
    so the result does not depend on where it starts.
    """
    if len(set(lesson.classes.tolist())) < KINDS:
        return None
    from scipy.optimize import minimize  # heavy: only who learns pays for it

    centre = lesson.embeddings.mean(axis=0)
    scale = np.full(lesson.embeddings.shape[1], max(float(lesson.embeddings.std()), 1e-6)) * np.sqrt(len(centre))
    x = (lesson.embeddings - centre) / scale
    size = x.shape[1]
    target = np.eye(3)[lesson.classes]
    weights = lesson.weights[:, None]

    def loss(flat: Array) -> tuple[float, Array]:
        w, b = flat[: 3 * size].reshape(size, 3), flat[3 * size :]
        logits = lesson.logits + x @ w + b
        top = logits.max(axis=1, keepdims=True)
        log_sum = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        off = np.exp(logits - log_sum) - target
        value = float((weights * (log_sum - (logits * target).sum(axis=1, keepdims=True))).sum())
        value += 0.5 * penalty * float((w * w).sum()) / size + 0.05 * penalty * float((b * b).sum())
        weighted = weights * off
        grown = np.concatenate(
            [
                (x.T @ weighted + penalty * w / size).ravel(),
                weighted.sum(axis=0) + 0.1 * penalty * b,
            ]
        )
        return value, grown

    found = minimize(loss, np.zeros(3 * size + 3), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return Head(found.x[: 3 * size].reshape(size, 3), found.x[3 * size :], centre, scale)


@dataclass(frozen=True, slots=True)
class Report:
    """How a head did on labels that it had not learned: recall of negatives without and with it, and of how many."""

    recall_before: float
    recall_after: float
    negatives: int
    right_before: float
    right_after: float


def judged(lesson: Lesson, penalty: float = PENALTY) -> Report | None:
    """Judge heads on held-out clicks, five-fold; None where that can't be done.

    Silent confirmations are learned from and count as negatives to be found again: they are what a one-sided stream of
    clicks would otherwise make the head forget.
    """
    if not lesson.ready:
        return None
    fold = np.arange(len(lesson)) % FOLDS
    after = np.zeros((len(lesson), 3))
    for each in range(FOLDS):
        head = fit(lesson.part(fold != each), penalty)
        if head is None:
            return None
        held = lesson.part(fold == each)
        after[fold == each] = head.logits(held.logits, held.embeddings)
    before, said = lesson.logits.argmax(axis=1), after.argmax(axis=1)
    negative = lesson.classes == 0
    count = int(negative.sum())
    return Report(
        recall_before=float((before[negative] == 0).mean()) if count else 1.0,
        recall_after=float((said[negative] == 0).mean()) if count else 1.0,
        negatives=count,
        right_before=float((before == lesson.classes).mean()),
        right_after=float((said == lesson.classes).mean()),
    )


def safe(report: Report | None) -> bool:
    """Say whether a head may speak: it finds the negatives that were there, and is no worse on the whole."""
    if report is None:
        return False
    return report.recall_after >= report.recall_before - WORST and report.right_after >= report.right_before - 0.02


def probabilities(logits: Array) -> Array:
    """Softmax of (n, 3) logits."""
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def lesson_of(
    logits: Sequence[Sequence[float]],
    embeddings: Sequence[Sequence[float]],
    classes: Sequence[str],
    clicked: Sequence[bool],
    *,
    silent: float = SILENT,
) -> Lesson:
    """Build a lesson from rows; ``classes`` by name, a silent confirmation weighs ``silent``."""
    given = np.asarray(clicked, dtype=np.bool_)
    return Lesson(
        np.asarray(logits, dtype=np.float64).reshape(len(classes), 3),
        np.array(embeddings, dtype=np.float64, ndmin=2),
        np.asarray([CLASSES.index(each) for each in classes], dtype=np.int64),
        np.where(given, 1.0, silent),
        given,
    )
