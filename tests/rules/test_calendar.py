"""What is known to come: once, or each week, for one brand or for all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.rules.model import WEEK, CalendarEvent, Ruleset, is_known


@given(
    st.integers(-3 * WEEK, 3 * WEEK), st.integers(1, WEEK), st.integers(-9 * WEEK, 9 * WEEK), st.integers(1, 5),
    st.booleans(),
)  # fmt: skip
def test_a_bin_is_known_when_any_of_its_minutes_is(start, length, bin_start, minutes, weekly):
    event = CalendarEvent("show", start, start + length, weekly=weekly)

    def on(minute: int) -> bool:
        since = minute - start
        return (since % WEEK if weekly else since) in range(length)

    expected = any(on(minute) for minute in range(bin_start, bin_start + minutes))
    assert event.touches(bin_start, bin_start + minutes) == expected


def test_each_brand_has_its_own_events_and_those_of_all():
    mine, everybodys = CalendarEvent("a", 0, 5, ("acme",)), CalendarEvent("b", 0, 5)
    rules = Ruleset(calendar=(mine, everybodys))
    assert rules.calendar_of("acme") == (mine, everybodys)
    assert rules.calendar_of("other") == (everybodys,)
    assert not is_known((), 0, 5)
    assert is_known((mine,), 4, 9)
