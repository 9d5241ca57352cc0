"""A reading says why: the detector's reasons come with what people read, and only with that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crisiswatch.detector import get
from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.model import IncidentOpened, MeterMoved
from crisiswatch.rules.model import Ruleset
from tests.engine.streams import RULES, SEEDS_FOR_FIXTURE, Segment, make


def played(*segments):
    return fold(State("acme"), make(segments, 11), Ruleset(RULES))


def opened(effects):
    return {each.incident.rule: each.incident for each in effects if isinstance(each, IncidentOpened)}


def test_an_incident_of_a_judged_rule_says_why_and_one_of_another_rule_does_not():
    _, effects = played(*SEEDS_FOR_FIXTURE)
    found = opened(effects)
    reading = found["wave"].reading
    why = reading.reasons
    assert why is not None
    assert why.observed > why.high > why.expected > why.low
    assert why.since is not None
    assert reading.end - timedelta(hours=6) <= why.since < reading.end
    assert why.since.minute % 5 == 0
    assert why.next_hour > why.level
    assert why.share is not None
    assert why.share > why.usual_share
    assert any(each.reading.expected is None and each.reading.reasons is None for each in found.values())


def test_reasons_survive_a_crash():
    state, _ = played(*SEEDS_FOR_FIXTURE)
    peaks = {name: mine.peak for name, mine in state.rules.items()}
    assert any(peak is not None and peak.reasons is not None for peak in peaks.values())
    assert {name: mine.peak for name, mine in decode(encode(state)).rules.items()} == peaks


def test_nobody_asks_why_while_it_is_calm(monkeypatch: pytest.MonkeyPatch):
    def explain(*_: object) -> None:
        raise AssertionError("asked while nobody reads the answer")

    monkeypatch.setattr(type(get("surge")), "explain", explain)
    _, effects = played(Segment("usual", 600, 30, ("forum", "x"), 4))
    assert any(isinstance(each, MeterMoved) and each.expected is not None for each in effects)
    assert "wave" not in opened(effects)
