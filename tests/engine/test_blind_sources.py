"""A source is blind when it is silent beyond its own rhythm, and sees again when it speaks again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.engine import State, fold
from crisiswatch.engine.rhythm import Rhythm
from crisiswatch.engine.state import BlindSpell
from crisiswatch.model import BlindChanged, Level, Mention, MentionScored, Score, Tick
from crisiswatch.rules.model import Block, Condition, Rule, Ruleset

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
RULES = Ruleset(
    (
        Rule(
            id="any",
            title="Anything",
            window=15,
            levels=((Level.WATCH, Block((Condition("count", "at_least", 500.0),))),),
            alert="any",
        ),
    )
)


def said(number: int, at: datetime, created: datetime | None = None) -> MentionScored:
    mention = Mention(uid=f"x:{number}", source="x", created_at=created or at, text="hm")
    return MentionScored(at, mention, Score(0.1, 0.8, 0.1, "test"))


def spells(events: list) -> list[BlindChanged]:
    _, effects = fold(State("acme"), events, RULES)
    return [effect for effect in effects if isinstance(effect, BlindChanged)]


@pytest.mark.parametrize("first", [5, 20, 30, 500])
def test_a_first_poll_full_of_entries_is_not_taken_for_a_pace(first: int) -> None:
    morning = START + timedelta(hours=9)
    events = [said(n, START) for n in range(first)]
    events += [said(1000 + n, morning + timedelta(hours=n)) for n in range(240)]
    told = spells(events)
    assert all(effect.blind.until is not None for effect in told[-1:])
    assert all((effect.at - START) < timedelta(days=3) for effect in told)


def test_a_backlog_is_a_sign_of_life_and_no_pace() -> None:
    old = START - timedelta(days=2)
    events = [said(n, START, old + timedelta(minutes=n)) for n in range(300)]
    events += [said(1000 + n, START + timedelta(hours=1 + n)) for n in range(72)]
    assert spells(events) == []


def test_one_stray_old_post_does_not_make_the_stream_blind() -> None:
    events = [said(0, START - timedelta(days=400))]
    events += [said(1 + n, START + timedelta(minutes=20 * n)) for n in range(100)]
    told = spells(events)
    assert told[-1].blind.until is not None
    assert told[-1].at - START < timedelta(minutes=30)


def test_strays_in_a_hole_do_not_end_it() -> None:
    events = [said(n, START + timedelta(minutes=3 * n)) for n in range(4 * 24 * 20)]
    hole = events[-1].at
    events += [said(10_000 + n, hole + timedelta(hours=5 + 4 * n)) for n in range(4)]
    events.append(Tick(hole + timedelta(hours=20)))
    told = spells(events)
    assert len(told) == 1
    assert told[0].blind.until is None


def test_what_could_speak_is_the_same_number_in_every_process() -> None:
    """A set of names has another order in each process, and so has the last digit of a sum over it."""
    state = State("acme")
    for number in range(24):
        heard = Rhythm(first=0, newest_event=0, last_arrival=0, mass=0.1 + number / 7, span=1000.0)
        state.sources[f"s{number:02}"] = heard
    rates = [rhythm.rate for rhythm in state.sources.values()]
    for blind in range(25):
        state.spells = [BlindSpell(f"s{number:02}", 0, -1, "failing") for number in range(blind)]
        assert state.exposure(100) == sum(rates[blind:]) / sum(rates)
