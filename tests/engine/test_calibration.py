"""A stream's own class shares, other scorers, other languages: the scale changes, and that is no crisis."""

from __future__ import annotations

import random  # noqa: TID251 - seeded
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.model import IncidentOpened, Level, MentionScored, Rescored, Score, ScorerChanged, Tick
from crisiswatch.rules.model import Block, MentionFilter, Ruleset, Settle
from crisiswatch.sentiment.priors import corrected
from crisiswatch.testing.mentions import Mentions
from tests.engine.streams import at_least, rule

START = datetime(2024, 3, 4, tzinfo=UTC)
DAY = timedelta(days=1)
WAVE = rule(
    "wave",
    Level.WARNING,
    window=60,
    mentions=MentionFilter("negative"),
    settle=Settle(45, 0.5),
    levels=((Level.WARNING, Block((at_least("surprise", 1.0), at_least("count", 8), at_least("authors", 6)))),),
)
RULES = Ruleset((WAVE,))
SHARES = (0.2, 0.5, 0.3)


def said(start, days, per_hour, shares, *, seed, lean=(0.0, 0.0, 0.0), model="lite-1", noise=1.5, **fields):
    """A stream of a world with those class shares, read by a calibrated model whose logits are off by ``lean``."""
    chance, mentions, numbers = random.Random(seed), Mentions(seed), np.random.default_rng(seed)
    at, end, made = start, start + days * DAY, []
    while True:
        at += timedelta(hours=chance.expovariate(per_hour * (1.5 if 8 <= at.hour < 22 else 0.4)))
        if at >= end:
            return made
        truth = numbers.choice(3, p=shares)
        logits = numbers.normal(0.0, noise, 3) + np.asarray(lean)
        logits[truth] += noise**2
        odds = np.exp(logits - logits.max())
        negative, neutral, positive = (odds / odds.sum()).tolist()
        event = mentions.one(at, text=f"text {chance.random()}", author=f"a{chance.randrange(10**6)}", **fields)
        made.append(MentionScored(at, event.mention, Score(negative, neutral, positive, model, calibrated=True)))


@cache
def lived(days, per_hour, shares, **given):
    """What a stream opens and leaves behind that several tests begin with; nobody changes a state it was given."""
    return opened(said(START, days, per_hour, shares, **given))


def opened(events, state=None, until=None):
    state, effects = fold(state or State("acme"), [*events, Tick(until or events[-1].at)], RULES)
    return [effect.incident.opened_at for effect in effects if isinstance(effect, IncidentOpened)], state


def test_a_stream_learns_its_own_class_shares_and_that_is_no_crisis():
    found, state = lived(6, 30, (0.1, 0.6, 0.3), seed=4)
    prior = state.priors["x|"]
    assert not found
    assert prior.version >= 1
    assert prior.shares[0] == pytest.approx(0.1, abs=0.05)
    assert state.scorer == "lite-1"


def test_a_crisis_is_still_found_after_the_shares_were_learned():
    _, learned = lived(6, 30, (0.1, 0.6, 0.3), seed=4)
    wave = said(START + 6 * DAY + timedelta(hours=12), 0.1, 120, (0.8, 0.15, 0.05), seed=2)
    rest = said(START + 6 * DAY, 1, 30, (0.1, 0.6, 0.3), seed=3)
    found, _ = opened(sorted([*wave, *rest], key=lambda event: event.at), learned)
    assert len(found) == 1
    assert found[0] - wave[0].at < timedelta(minutes=45)


def test_the_shares_are_not_learned_from_a_crisis():
    _, before = lived(6, 30, (0.1, 0.6, 0.3), seed=4)
    wave = said(START + 6 * DAY + timedelta(hours=20), 0.3, 120, (0.8, 0.15, 0.05), seed=2)
    found, state = opened(wave, before, START + 7 * DAY + timedelta(minutes=1))
    assert found
    assert state.priors["x|"].shares == before.priors["x|"].shares


@pytest.mark.parametrize("seed", range(2))
def test_a_stream_that_goes_on_in_another_language_is_no_crisis(seed):
    """The model is more ready to call English negative than Italian, so English looks half again as bad."""
    italian = said(START, 6, 40, SHARES, seed=41 + seed, lean=(-0.3, 0.15, 0.0), lang="it")
    english = said(START + 6 * DAY, 2, 40, SHARES, seed=20 + seed, lean=(0.2, 0.0, 0.0), lang="en")
    calm, state = opened(italian)
    found, _ = opened(english, state)
    assert (calm, found) == ([], [])


def test_a_crisis_in_another_language_beside_the_usual_talk_is_found():
    """Nobody wrote English before; the Italians go on as ever, so it is no feed that changed its language."""
    italian = said(START, 9, 20, SHARES, seed=30, lang="it")
    english = said(START + 8 * DAY + timedelta(hours=10), 0.1, 40, (0.85, 0.1, 0.05), seed=31, lang="en")
    found, _ = opened(sorted([*italian, *english], key=lambda event: event.at))
    assert len(found) == 1
    assert timedelta(0) < found[0] - english[0].at < timedelta(hours=1.5)


def change(state, old, new):
    """What a pipeline says of mentions that both models have read: the old one's scores as the state corrects them."""
    shares = state.priors["x|"].shares
    before = [corrected((e.score.negative, e.score.neutral, e.score.positive), shares) for e in old]
    after = [(e.score.negative, e.score.neutral, e.score.positive) for e in new]

    def sums(rows, power):
        return tuple(sum(row[place] ** power for row in rows) for place in range(3))

    return Rescored("x", None, len(old), sums(before, 1), sums(after, 1), sums(before, 2), sums(after, 2))


@pytest.mark.parametrize(("rows", "held"), [(True, False), (False, True)])
def test_another_scorer_that_finds_twice_as_many_negatives_is_no_crisis(rows, held):
    shares = (0.15, 0.55, 0.3)
    calm, known = lived(6, 40, shares, seed=5, lean=(-1.0, 0.3, 0.0), model="old")
    later = START + 6 * DAY
    eager = said(later, 2, 40, shares, seed=6, lean=(0.8, 0.0, 0.0), model="new")
    read = (said(START, 1, 40, shares, seed=7, lean=lean) for lean in ((-1.0, 0.3, 0.0), (0.8, 0.0, 0.0)))
    both = change(known, *read)
    told = ScorerChanged(later, "new", (both,) if rows else ())
    found, state = opened([told, *eager], known)
    assert (calm, found) == ([], [])
    assert state.scorer == "new"
    assert any(kept.held > 0 for kept in state.series.values()) is held


def test_without_a_word_about_it_the_same_change_is_taken_for_one():
    """What the event is for: if this ever passes without it, the other tests show nothing."""
    shares = (0.15, 0.55, 0.3)
    _, known = lived(6, 40, shares, seed=5, lean=(-1.0, 0.3, 0.0), model="old")
    eager = said(START + 6 * DAY, 2, 40, shares, seed=6, lean=(1.6, 0.0, 0.0), model="new")
    found, _ = opened(eager, known)
    assert found


def test_a_crisis_after_the_change_is_found():
    shares = (0.15, 0.55, 0.3)
    _, known = lived(6, 40, shares, seed=5, lean=(-1.0, 0.3, 0.0), model="old")
    later = START + 6 * DAY
    read = (said(START, 1, 40, shares, seed=7, lean=lean) for lean in ((-1.0, 0.3, 0.0), (0.8, 0.0, 0.0)))
    both = change(known, *read)
    eager = said(later, 2, 40, shares, seed=6, lean=(0.8, 0.0, 0.0), model="new")
    wave = said(later + timedelta(hours=30), 0.1, 150, (0.85, 0.1, 0.05), seed=8, lean=(0.8, 0.0, 0.0), model="new")
    events = sorted([*eager, *wave], key=lambda event: event.at)
    found, _ = opened([ScorerChanged(later, "new", (both,)), *events], known)
    assert len(found) == 1
    assert timedelta(0) < found[0] - wave[0].at < timedelta(hours=1)


def test_what_was_learned_of_the_streams_survives_a_crash():
    events = said(START, 3, 30, (0.1, 0.6, 0.3), seed=4)
    _, whole = opened(events)
    _, half = opened(events[: len(events) // 2])
    _, again = opened(events[len(events) // 2 :], decode(encode(half)))
    assert again.priors == whole.priors
    assert encode(decode(encode(whole))) == encode(whole)
    copied = whole.copy()
    copied.priors["x|"].hear((1.0, 0.0, 0.0))
    assert whole.priors == decode(encode(whole)).priors
