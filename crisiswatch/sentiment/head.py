"""What a team's clicks teach: a small correction on top of the shipped model, one for each tenant.

The head is a residual softmax on the text's embedding: its logits are added to those of the base model, so that without
a label nothing changes. All labels are fitted anew each time (ridge penalty), which makes the result independent of
the order of the clicks and lets any of them be taken back.

Clicks are one-sided: people correct what an alert showed them wrongly and pass over what was right. Learned naively
that drives the recall of negatives to nothing, so what was shown as negative and not clicked away counts as a silent
confirmation of less weight, and no set of labels is used that holds one class alone.

How common the classes are is not for a head to say: they come among the labels as somebody chose them, and the stream's
own shares are re-estimated on all of its traffic (`crisiswatch.sentiment.priors`), which takes its scores to be at the
scale of a model trained on even shares. A head is put at that scale. Labels that for the greater part correct the base
say nothing about its bias, so that the head has none then; from labels as they come (a daily sample) it keeps what is
left of the fitted bias without the logarithms of the classes' shares, as for a case-control sample, and a slope.
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
PENALTY = 1.5  # labels' worth half a unit of squared weight; embeddings are scaled to a length of about one
BIAS_PENALTY, SLOPE_PENALTY = 0.1, 5.0
AS_THEY_COME = (
    0.45  # of the labels agree with the base: of texts drawn at random about six in ten do, of corrections none
)
NEEDED, KINDS = 100, 2  # labels, and classes among them, before a head may speak
WORST = 0.10  # of the recall of negatives, on labels it did not learn
LEAST_SLOPE = 0.1  # a head must not turn the base round
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
    """Weights (d, 3) and bias (3,) to add to the base logits times ``slope``; ``centre`` and ``scale`` (d,) standardise
    embeddings."""

    weights: Array
    bias: Array
    centre: Array
    scale: Array
    slope: float = 1.0

    def logits(self, base: Array, embeddings: Array) -> Array:
        """Give the corrected logits (n, 3)."""
        return np.asarray(self.slope * base + ((embeddings - self.centre) / self.scale) @ self.weights + self.bias)


def fit(lesson: Lesson, penalty: float = PENALTY) -> Head | None:
    """Fit a head to all of ``lesson``; None where it holds fewer than two classes, from which nothing can be learned.

    Minimises the weighted cross-entropy plus ``penalty`` / 2 times the squared weights by L-BFGS; the loss is convex,
    so the result does not depend on where it starts. The bias is fitted nearly freely and then put at the scale of even
    shares, or left out; see the module.
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
    drawn = _as_they_come(lesson)

    def loss(flat: Array) -> tuple[float, Array]:
        w, b, slope = flat[: 3 * size].reshape(size, 3), flat[3 * size : -1], flat[-1] if drawn else 1.0
        logits = slope * lesson.logits + x @ w + b
        top = logits.max(axis=1, keepdims=True)
        log_sum = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        off = weights * (np.exp(logits - log_sum) - target)
        value = float((weights * (log_sum - (logits * target).sum(axis=1, keepdims=True))).sum())
        value += 0.5 * penalty * float((w * w).sum()) + 0.5 * BIAS_PENALTY * float((b * b).sum())
        value += 0.5 * SLOPE_PENALTY * (slope - 1.0) ** 2
        steeper = float((off * lesson.logits).sum()) + SLOPE_PENALTY * (slope - 1.0) if drawn else 0.0
        grown = [(x.T @ off + penalty * w).ravel(), off.sum(axis=0) + BIAS_PENALTY * b, [steeper]]
        return value, np.concatenate(grown)

    start = np.zeros(3 * size + 4)
    start[-1] = 1.0
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    bias = found[3 * size : -1] - _log_shares(lesson) if drawn else np.zeros(3)
    slope = max(float(found[-1]), LEAST_SLOPE) if drawn else 1.0
    return Head(found[: 3 * size].reshape(size, 3), bias, centre, scale, slope)


def _as_they_come(lesson: Lesson) -> bool:
    """Whether the labels look as if drawn from the stream, and not clicked because the base was wrong."""
    given = lesson.clicked
    return bool(given.any() and (lesson.logits[given].argmax(axis=1) == lesson.classes[given]).mean() >= AS_THEY_COME)


def _log_shares(lesson: Lesson) -> Array:
    """Logarithms of the classes' shares over even ones; a label of each class is added."""
    weights = np.bincount(lesson.classes, weights=lesson.weights, minlength=3) + 1.0
    return np.asarray(np.log(3.0 * weights / weights.sum()))


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
    clicks would otherwise make the head forget. Labels as they come are judged at their own shares of the classes, as
    the stream will be read.
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
    usual = _log_shares(lesson) if _as_they_come(lesson) else np.zeros(3)
    before, said = (lesson.logits + usual).argmax(axis=1), (after + usual).argmax(axis=1)
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
    """Say whether a head may speak: it finds the negatives that were there, and is right more often on the whole.

    Labels that contradict each other teach nothing, and a head that nothing was taught is right as often as the base.
    """
    if report is None:
        return False
    return report.recall_after >= report.recall_before - WORST and report.right_after > report.right_before


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
