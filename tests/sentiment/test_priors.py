"""Class shares of a stream found without a label, and what they do to its scores."""

from __future__ import annotations

import numpy as np
import pytest

from crisiswatch.sentiment.priors import ENOUGH, EVEN, StreamPrior, corrected, reestimated


def stream(shares, count: int, seed: int = 3, noise: float = 1.8):
    """Texts of a world with those shares, scored by a model that is right where the classes are even."""
    chance = np.random.default_rng(seed)
    classes = chance.choice(3, size=count, p=shares)
    logits = chance.normal(0.0, noise, (count, 3))
    logits[np.arange(count), classes] += noise**2  # equal-variance Gaussians: the logits are the likelihood ratios
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return [tuple(row) for row in (odds / odds.sum(axis=1, keepdims=True)).tolist()], classes


def heard(scores) -> StreamPrior:
    prior = StreamPrior()
    for score in scores:
        prior.hear(score)
    return prior


@pytest.mark.parametrize("shares", [(0.63, 0.2, 0.17), (0.05, 0.6, 0.35), EVEN])
def test_the_shares_of_a_stream_are_found(shares):
    scores, _ = stream(shares, 4000)
    assert reestimated(heard(scores).cells) == pytest.approx(shares, abs=0.05)


@pytest.mark.parametrize("shares", [(0.6, 0.25, 0.15), (0.1, 0.5, 0.4)])
def test_corrected_scores_add_up_to_what_there_is(shares):
    scores, classes = stream(shares, 3000, noise=1.5)
    negatives = (classes == 0).sum()
    found = reestimated(heard(scores).cells)
    plain = sum(score[0] for score in scores)
    better = sum(corrected(score, found)[0] for score in scores)
    assert abs(better - negatives) < 0.12 * negatives
    assert abs(plain - negatives) > 2 * abs(better - negatives)


def test_few_texts_change_little_and_none_nothing():
    scores, _ = stream((0.9, 0.05, 0.05), 10)
    assert reestimated(heard(scores).cells)[0] < 0.55
    assert reestimated({}) == EVEN


def test_even_shares_change_nothing():
    for score in stream(EVEN, 50)[0]:
        assert corrected(score, EVEN) == pytest.approx(score)


def test_no_class_is_ruled_out():
    shares = reestimated(heard([(0.98, 0.01, 0.01)] * 500).cells)
    assert min(shares) >= 0.0098
    assert sum(shares) == pytest.approx(1.0)


def test_a_stream_is_revised_once_it_has_spoken_enough_and_only_if_it_matters():
    scores, _ = stream((0.7, 0.2, 0.1), 500)
    prior = heard(scores[: int(ENOUGH) - 1])
    assert not prior.revise()
    assert (prior.version, prior.shares) == (0, EVEN)
    for score in scores[int(ENOUGH) - 1 :]:
        prior.hear(score)
    before = prior.expected()[0][0]
    assert prior.revise()
    assert prior.expected()[0][0] > 1.1 * before
    assert not prior.revise()  # nothing new was heard
    assert prior.version == 2


def test_only_what_is_recent_counts():
    prior = heard(stream((0.05, 0.05, 0.9), 500, seed=1)[0])
    prior.fade(40)
    for score in stream((0.8, 0.1, 0.1), 500, seed=2)[0]:
        prior.hear(score)
    prior.revise()
    assert prior.shares[0] > 0.6
    prior.fade(10_000)
    assert not prior.cells or max(prior.cells.values()) < 1.0


def test_the_order_of_the_mentions_changes_nothing():
    scores, _ = stream((0.5, 0.3, 0.2), 300)
    assert heard(scores).cells == heard(scores[::-1]).cells


@pytest.mark.parametrize("score", [(0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.5, 0.0, 0.5)])
def test_certain_scores_stay_probabilities(score):
    prior = heard([score] * 200)
    prior.revise()
    found = corrected(score, prior.shares)
    assert sum(found) == pytest.approx(1.0)
    assert all(0.0 <= each <= 1.0 for each in found)
