"""What is read after a time in which nobody could listen tells what was usual, and alone alarms nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.engine.catchup import note
from crisiswatch.model import Explained, IncidentOpened, Level, MentionScored, Tick
from crisiswatch.rules.model import MentionFilter, Ruleset
from crisiswatch.testing.mentions import mention, scored
from tests.engine.streams import at_least, rule

NOON = datetime(2024, 3, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOURLY = Ruleset((rule("hourly", Level.WARNING, at_least("count", 10), window=60, mentions=MentionFilter("negative")),))


def before() -> list[MentionScored]:
    return [scored(mention(1, NOON - 200 * MINUTE), "neutral")]


def wave(start: int, end: int, *, read: datetime, number: int, first: int = 100, backfill: bool = True):
    """``number`` negative mentions of the minutes from ``start`` to ``end`` after noon, all read at once."""
    step = (end - start) * MINUTE / number
    made = [mention(first + n, NOON + start * MINUTE + n * step, author_id=f"x:{n}") for n in range(number)]
    return [scored(replace(each, backfill=backfill), at=read) for each in made]


def opened(events) -> list[IncidentOpened]:
    last = max(event.at for event in events)
    _, effects = fold(State("acme"), [*events, Tick(last + 90 * MINUTE)], HOURLY)
    return [effect for effect in effects if isinstance(effect, IncidentOpened)]


def test_a_crisis_that_is_over_when_it_is_read_alarms_nobody() -> None:
    late = wave(0, 20, read=NOON + 45 * MINUTE, number=40)
    assert not opened([*before(), *late])
    in_time = [replace(each, mention=replace(each.mention, backfill=False)) for each in late]
    assert opened([*before(), *in_time])


def test_why_it_was_held_back_is_told() -> None:
    late = wave(0, 20, read=NOON + 45 * MINUTE, number=40)
    _, effects = fold(State("acme"), [*before(), *late, Tick(NOON + 50 * MINUTE)], HOURLY)
    assert [e.held_back_by for e in effects if isinstance(e, Explained)] == ["backfill"]


def test_a_crisis_that_is_still_going_on_alarms_as_soon_as_it_is_read() -> None:
    read = NOON + 45 * MINUTE
    late = wave(0, 30, read=read, number=40)
    now = wave(30, 45, read=read, number=20, first=500, backfill=False)
    (told,) = opened([*before(), *late, *now])
    assert told.at == read + MINUTE


def test_a_crisis_that_begins_after_the_catching_up_alarms_as_ever() -> None:
    late = wave(0, 20, read=NOON + 45 * MINUTE, number=12)
    minutes = [scored(mention(900 + n, NOON + 50 * MINUTE + n * MINUTE, author_id=f"x:{900 + n}")) for n in range(30)]
    (told,) = opened([*before(), *late, *minutes])
    assert told.at < NOON + 65 * MINUTE


def test_spans_that_touch_become_one_in_whatever_order_they_come() -> None:
    minutes = [5, 100, 21, 50, 36, 85]
    one, other = State("acme", now=200), State("acme", now=200)
    for minute in minutes:
        note(one, minute)
    for minute in reversed(minutes):
        note(other, minute)
    assert one.caught_up == other.caught_up == [(5, 51), (85, 101)]
    assert decode(encode(one)).caught_up == one.caught_up


def test_a_state_that_never_caught_up_is_written_as_before() -> None:
    assert b"caught_up" not in encode(State("acme"))
