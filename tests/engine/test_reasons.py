"""A reading says why: the detector's reasons come with what people read, and only with that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from crisiswatch.detector import Explanation, get
from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.model import (
    Event,
    IncidentOpened,
    Level,
    Mention,
    MentionScored,
    MeterMoved,
    Reading,
    Score,
    SourceHealth,
    Tick,
)
from crisiswatch.rules.model import Block, Ruleset
from crisiswatch.windows import minute_of
from tests.engine.streams import NEGATIVE, RULES, SEEDS_FOR_FIXTURE, START, Segment, at_least, make, rule

NUMBERS = count()


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


def test_the_next_hour_is_told_with_all_its_copies():
    """Twenty posts by one account weigh less than twenty by twenty, but people will see about as many."""
    copied, varied = opening_of(authors=1), opening_of(authors=20)
    assert copied.reasons is not None
    assert varied.reasons is not None
    assert copied.observed == varied.observed
    assert copied.reasons.observed < 0.6 * varied.reasons.observed
    assert copied.reasons.next_hour > 0.6 * varied.reasons.next_hour


def test_the_next_hour_of_one_account_that_repeats_itself_is_told_with_all_of_it():
    flood = opening_of(authors=1, posts=100, text="acme never answers the parcel is still missing since monday")
    assert flood.observed >= 100
    assert flood.reasons is not None
    assert flood.reasons.observed < 20
    assert flood.reasons.next_hour > 2 * flood.observed


def test_nothing_is_said_to_have_begun_while_nobody_could_see(monkeypatch: pytest.MonkeyPatch):
    detector = type(get("surge"))
    explain = detector.explain

    def in_the_dark(*args: object) -> Explanation:
        return replace(explain(*args), since=minute_of(START) + 475)

    monkeypatch.setattr(detector, "explain", in_the_dark)
    blind = [
        SourceHealth(START + timedelta(minutes=476), "x", healthy=False, reason="failing"),
        SourceHealth(START + timedelta(minutes=480), "x", healthy=True),
    ]
    seen, missed = opening_of(authors=20), opening_of(*blind, authors=20)
    assert seen.reasons is not None
    assert seen.reasons.since == START + timedelta(minutes=475)
    assert missed.reasons is not None
    assert missed.reasons.since == START + timedelta(minutes=480)


def opening_of(*blind: SourceHealth, authors: int, posts: int = 20, text: str = "") -> Reading:
    """The reading of an incident opened by so many posts in two minutes after eight hours of a calm trickle."""
    asks = Block(
        (at_least("count", posts),), any_of=(Block((at_least("surprise", 0.1),)), Block((at_least("count", 1),)))
    )
    judged = rule("judged", Level.WARNING, mentions=NEGATIVE, levels=((Level.WARNING, asks),))
    events: list[Event] = [said(5 * number, f"calm {number}") for number in range(96)]
    events += blind
    events += [said(480 + 2 * number // posts, f"angry {number % authors}", text) for number in range(posts)]
    _, effects = fold(State("acme"), [*events, Tick(START + timedelta(minutes=484))], Ruleset((judged,)))
    return opened(effects)["judged"].reading


def said(minute: int, author: str, text: str = "") -> MentionScored:
    at = START + timedelta(minutes=minute)
    mention = Mention(
        uid=f"x:{minute}-{author}-{next(NUMBERS)}", source="x", created_at=at, text=text, author_id=author
    )
    return MentionScored(at, mention, Score(0.9, 0.05, 0.05, "test"))


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


def test_what_was_achieved_is_not_told_before_the_detector_has_learned():
    _, effects = played(Segment("usual", 600, 30, ("forum", "x"), 4))
    meters = [each for each in effects if isinstance(each, MeterMoved)]
    assert meters[0].achieved is None
    assert meters[-1].achieved is not None
    assert all((each.achieved is None) == (each.false_alarms_per_month is None) for each in meters)
