"""What clicks teach, and what they must not take away."""

from __future__ import annotations

import numpy as np
import pytest

from crisiswatch.sentiment.head import NEEDED, Lesson, fit, judged, lesson_of, probabilities, safe
from crisiswatch.sentiment.priors import corrected

SIZE = 24


def brand(count: int, seed: int = 5, share=(0.6, 0.25, 0.15)):
    """Texts of a new brand: the base model sees half of what there is to see, the embedding the rest."""
    chance = np.random.default_rng(seed)
    classes = chance.choice(3, size=count, p=share)
    axes = np.random.default_rng(0).normal(0.0, 1.0, (3, SIZE))
    embeddings = axes[classes] * 0.6 + chance.normal(0.0, 1.0, (count, SIZE))
    logits = chance.normal(0.0, 1.0, (count, 3))
    logits[np.arange(count), classes] += 1.2
    logits[:, 0] -= 0.8  # too timid
    return logits, embeddings, classes


def lesson(logits, embeddings, classes, clicked=None, silent=0.3) -> Lesson:
    names = [("negative", "neutral", "positive")[each] for each in classes]
    return lesson_of(logits, embeddings, names, [True] * len(names) if clicked is None else clicked, silent=silent)


def recall(logits, classes) -> float:
    return float((logits.argmax(axis=1)[classes == 0] == 0).mean())


def test_labels_of_a_new_brand_make_its_scores_better():
    head = fit(lesson(*brand(400)))
    logits, embeddings, classes = brand(2000, seed=6)
    after = head.logits(logits, embeddings)
    assert (after.argmax(axis=1) == classes).mean() > (logits.argmax(axis=1) == classes).mean() + 0.05
    shares = np.bincount(classes, minlength=3) / len(classes)
    read = np.array([corrected(tuple(row), tuple(shares)) for row in probabilities(after).tolist()])
    assert abs(read[:, 0].mean() - shares[0]) < 0.05


def test_how_common_the_classes_are_among_the_labels_is_not_learned():
    """Three times as many complaints are labelled as there are: the scores are at the scale of even shares all the
    same."""
    logits, embeddings, classes = brand(1500, seed=3)
    wanted = np.concatenate([np.flatnonzero(classes == 0)[:300], np.flatnonzero(classes != 0)[:100]])
    few = np.concatenate([np.flatnonzero(classes == 0)[:100], np.flatnonzero(classes != 0)[:300]])
    much, little = (fit(lesson(logits[rows], embeddings[rows], classes[rows])) for rows in (wanted, few))
    fresh = brand(2000, seed=4)
    one, other = (probabilities(head.logits(*fresh[:2]))[:, 0].mean() for head in (much, little))
    assert abs(one - other) < 0.05


def test_corrections_alone_leave_no_bias_and_labels_as_they_come_a_slope():
    logits, embeddings, classes = brand(600, seed=7)
    wrong = logits.argmax(axis=1) != classes
    given = lesson(logits[wrong], embeddings[wrong], classes[wrong])
    corrections = fit(given)
    assert corrections.slope == 1.0
    assert not corrections.bias.any()
    steep = fit(lesson(3.0 * logits, embeddings, classes))
    assert 0.1 <= steep.slope < 0.7


def test_one_sided_clicks_do_not_take_the_negatives_away():
    """An alert shows 150 texts called negative; people click on 50 of those that are not. Nobody confirms anything."""
    logits, embeddings, classes = brand(900, seed=7)
    shown = logits.argmax(axis=1) == 0
    wrong = shown & (classes != 0)
    wrong &= np.cumsum(wrong) <= 50
    told = wrong | (shown & (classes == 0))
    given = lesson(logits[told], embeddings[told], np.where(wrong, classes, 0)[told], clicked=wrong[told].tolist())
    head = fit(given)
    fresh = brand(3000, seed=8)
    assert recall(head.logits(fresh[0], fresh[1]), fresh[2]) > recall(fresh[0], fresh[2]) - 0.10


def test_clicks_of_one_kind_alone_teach_nothing():
    logits, embeddings, classes = brand(300)
    none = classes == 1
    assert fit(lesson(logits[none], embeddings[none], classes[none])) is None
    assert judged(lesson(logits[none], embeddings[none], classes[none])) is None
    assert not safe(None)


def test_a_head_waits_for_a_hundred_clicks():
    logits, embeddings, classes = brand(NEEDED - 1)
    assert not lesson(logits, embeddings, classes).ready
    logits, embeddings, classes = brand(NEEDED)
    assert lesson(logits, embeddings, classes).ready


def test_the_order_of_the_clicks_changes_nothing():
    logits, embeddings, classes = brand(150)
    turned = np.random.default_rng(1).permutation(150)
    one = fit(lesson(logits, embeddings, classes))
    other = fit(lesson(logits[turned], embeddings[turned], classes[turned]))
    fresh = brand(50, seed=9)
    assert one.logits(*fresh[:2]) == pytest.approx(other.logits(*fresh[:2]), abs=0.01)


def test_labels_that_turn_the_world_upside_down_are_found_out():
    """Somebody labels every complaint as praise, while others of the kind were shown and stood: there is nothing by
    which the two could be told apart, and on held-out ones the head is right no more often."""
    logits, embeddings, classes = brand(600, seed=11)
    shown = logits.argmax(axis=1) == 0
    swapped = np.where(classes == 0, 2, classes)
    clicked = np.zeros(600, dtype=bool)
    clicked[np.flatnonzero(classes == 0)[:120]] = True
    told = clicked | shown
    report = judged(
        lesson(logits[told], embeddings[told], np.where(clicked, swapped, 0)[told], clicked=clicked[told].tolist())
    )
    assert report is not None
    assert report.right_after <= report.right_before
    assert not safe(report)


def test_no_label_changes_nothing():
    logits, embeddings, _ = brand(5)
    assert fit(lesson(np.zeros((0, 3)), np.zeros((0, SIZE)), [])) is None
    assert probabilities(logits).sum(axis=1) == pytest.approx(1.0)
    assert embeddings.shape == (5, SIZE)
