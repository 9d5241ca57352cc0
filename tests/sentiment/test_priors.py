"""Class shares of a stream found without a label, and what they do to its scores."""

from __future__ import annotations

import numpy as np
import pytest

from crisiswatch.sentiment.priors import ENOUGH, EVEN, RECENT, StreamPrior, corrected, reestimated


def stream(shares, count: int, seed: int = 3, noise: float = 1.0):
    """Texts of a world with those shares, scored by a model that is right where the classes are even."""
    chance = np.random.default_rng(seed)
    classes = chance.choice(3, size=count, p=shares)
    evidence = chance.normal(0.0, noise, (count, 3))
    evidence[np.arange(count), classes] += noise**2  # equal-variance Gaussians: the logits are the likelihood ratios
    logits = evidence
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True), classes


@pytest.mark.parametrize("shares", [(0.63, 0.2, 0.17), (0.05, 0.6, 0.35), (1 / 3, 1 / 3, 1 / 3)])
def test_the_shares_of_a_stream_are_found(shares):
    scores, _ = stream(shares, 4000, noise=1.8)
    assert reestimated(scores) == pytest.approx(shares, abs=0.04)


def test_corrected_scores_add_up_to_what_there_is():
    scores, classes = stream((0.6, 0.25, 0.15), 3000, noise=1.5)
    negatives = (classes == 0).sum()
    plain, better = scores[:, 0].sum(), corrected(scores, reestimated(scores))[:, 0].sum()
    assert abs(better - negatives) < 0.06 * negatives
    assert abs(plain - negatives) > 2 * abs(better - negatives)


def test_few_texts_change_little_and_none_nothing():
    scores, _ = stream((0.9, 0.05, 0.05), 10)
    assert reestimated(scores)[0] < 0.55
    assert reestimated(np.zeros((0, 3))) == EVEN


def test_even_shares_change_nothing():
    scores, _ = stream(EVEN, 50)
    assert corrected(scores, EVEN) == pytest.approx(scores)


def test_no_class_is_ruled_out():
    scores = np.tile([0.98, 0.01, 0.01], (500, 1))
    shares = reestimated(scores)
    assert min(shares) >= 0.0098
    assert sum(shares) == pytest.approx(1.0)


def test_a_stream_is_revised_once_it_has_spoken_enough_and_only_if_it_matters():
    prior = StreamPrior()
    scores, _ = stream((0.7, 0.2, 0.1), RECENT, noise=1.6)
    prior.hear([tuple(row) for row in scores[: ENOUGH - 1]])
    assert prior.revise() is None
    assert (prior.version, prior.shares) == (0, EVEN)
    prior.hear([tuple(row) for row in scores[ENOUGH - 1 :]])
    before, after = prior.revise()
    assert after > 1.1 * before
    assert prior.version == 1
    assert prior.revise() is None  # nothing new was heard
    assert prior.version == 1


def test_only_what_is_recent_counts():
    prior = StreamPrior()
    old, _ = stream((0.05, 0.05, 0.9), RECENT, seed=1)
    new, _ = stream((0.8, 0.1, 0.1), RECENT, seed=2, noise=1.6)
    prior.hear([tuple(row) for row in [*old, *new]])
    assert len(prior.recent) == RECENT
    prior.revise()
    assert prior.shares[0] > 0.6
