"""The plug-ins that compute keep their contracts, and a measure from outside works in a rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.engine import State, fold
from crisiswatch.model import IncidentOpened, Level, Mention, MentionScored, Score, Scorer, Tick
from crisiswatch.rules import measures
from crisiswatch.rules.measures import Measure, Shown
from crisiswatch.rules.model import Block, Condition, Rule, Ruleset
from crisiswatch.sentiment import NullScorer, VaderScorer
from crisiswatch.testing.pure import MeasureContract, ScorerContract


class TestVader(ScorerContract):
    def scorer(self) -> Scorer:
        return VaderScorer()


class TestNullScorer(ScorerContract):
    def scorer(self) -> Scorer:
        return NullScorer()


def reach_per_mention(shown: Shown) -> float | None:
    return shown.reach / shown.count if shown.count else None


class TestReachPerMention(MeasureContract):
    def measure(self) -> Measure:
        return reach_per_mention


def test_a_measure_from_another_package_opens_an_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    measures.plug_in.cache_clear()
    monkeypatch.setattr("crisiswatch.engine.look.plug_in", {"reach_per_mention": reach_per_mention}.__getitem__)
    block = Block((Condition("reach_per_mention", "at_least", 1000.0), Condition("count", "at_least", 2.0)))
    rule = Rule(id="loud", title="Loud", window=15, levels=((Level.WARNING, block),), alert="loud")
    at = datetime(2026, 3, 2, 10, tzinfo=UTC)
    mentions = [
        Mention(uid=f"x:{n}", source="x", created_at=at, text="hm", author_id=f"a{n}", author_followers=1500)
        for n in range(3)
    ]
    events = [MentionScored(at, mention, Score(0.1, 0.8, 0.1, "test")) for mention in mentions]
    _, effects = fold(State("acme"), [*events, Tick(at + timedelta(minutes=20))], Ruleset((rule,)))
    opened = [effect for effect in effects if isinstance(effect, IncidentOpened)]
    assert len(opened) == 1
    assert opened[0].incident.gates[0].value is not None
