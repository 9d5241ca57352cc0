"""The detector's reasons become sentences that are true, short, and never about what nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.alerts.render import build, fill
from crisiswatch.alerts.story import began, range_words, story
from crisiswatch.alerts.values import placeholder_values
from crisiswatch.alerts.words import UNKNOWN
from crisiswatch.model import Evidence, Reading, Reasons, Stage
from crisiswatch.notifiers.blockkit import blocks_for
from crisiswatch.notifiers.console import draw
from crisiswatch.notifiers.html import page
from crisiswatch.testing.notifiers import a_delivery, an_incident
from tests.notifiers.common import WAVE, words

END = datetime(2026, 3, 2, 22, 10, tzinfo=UTC)
WHY = Reasons(
    minutes=60,
    observed=62.0,
    expected=15.9,
    low=8.0,
    high=26.0,
    since=END - timedelta(minutes=35),
    next_hour=60.4,
    level=9.0,
    hour_of_day=1.8,
    day_of_week=1.1,
    hour_of_week=0.9,
    dispersion=0.15,
    share=0.6,
    usual_share=0.25,
)


def reading(**changes: object) -> Reading:
    values: dict[str, object] = {
        "start": END - timedelta(minutes=15),
        "end": END,
        "observed": 41.0,
        "total": 60.0,
        "authors": 30,
        "sources": ("x",),
        "expected": 4.2,
        "low": 1.1,
        "high": 8.9,
        "false_alarms_per_month": 0.33,
        "organic": 40.0,
        "reasons": WHY,
    }
    return Reading(**(values | changes))  # type: ignore[arg-type]


def why(**changes: object) -> Reasons:
    return Reasons(**({name: getattr(WHY, name) for name in Reasons.__slots__} | changes))


def test_a_wave_is_told_in_five_sentences():
    assert story(reading(), WHY.since) == (
        "Usually about 4 in 15 minutes (1 to 9); 41 now. Strongest over 1 hour: about 62, usually about 16. "
        "Since about 21:35 UTC. If it goes on like this, about 60 in the next hour. "
        "So unusual by chance alone: about once in 3 months."
    )


def test_the_window_that_is_the_rules_own_needs_no_figures_twice():
    assert "Strongest over 15 minutes. Since" in story(reading(reasons=why(minutes=15)), WHY.since)


def test_times_are_told_in_the_brands_zone_and_with_the_day_where_it_is_another():
    yesterday = END - timedelta(days=1)
    assert "Since about 22:35 CET." in story(reading(), WHY.since, ZoneInfo("Europe/Rome"))
    assert "Since about 1 Mar 2026, 22:10 UTC." in story(reading(), yesterday)


def test_many_copies_are_told_for_the_detector_goes_by_what_is_left_of_them():
    assert "; 41 now, about 12 with copies discounted." in story(reading(organic=12.0), WHY.since)


def test_when_nothing_is_unusual_any_more_nothing_is_called_strongest():
    calm = story(reading(observed=5.0, organic=5.0, false_alarms_per_month=900.0), None)
    assert "Strongest" not in calm
    assert "Since" not in calm
    assert calm.startswith("Usually about 4 in 15 minutes (1 to 9); 5 now. If it goes on like this")


def test_a_detector_without_reasons_still_says_what_is_usual():
    assert story(reading(reasons=None), None) == (
        "Usually about 4 in 15 minutes (1 to 9); 41 now. So unusual by chance alone: about once in 3 months."
    )


@pytest.mark.parametrize("changes", [{"expected": None}, {"learning": True}])
def test_nothing_is_told_that_nobody_knows(changes):
    assert story(reading(**changes), WHY.since) == ""


def test_less_than_one_mention_is_said_so():
    told = story(reading(expected=0.3, low=0.01, high=0.9, reasons=why(next_hour=0.0, observed=0.2)), None)
    assert told.startswith("Usually less than 1 in 15 minutes (0 to 1); 41 now.")
    assert "none in the next hour" in told
    assert range_words(0.4, 13.2) == "0 to 13"
    assert fill("usual is about {expected}", {"expected": "less than 1"}) == "usual is less than 1"


def test_it_began_before_the_rule_noticed_and_as_its_peak_shows_it():
    opened = END - timedelta(minutes=10)
    early, late = reading(), reading(reasons=why(since=END))
    assert began(an_incident(opened_at=opened, reading=late, peak=early)) == WHY.since
    assert began(an_incident(opened_at=opened, reading=early, peak=late)) == opened
    assert began(an_incident(opened_at=opened, reading=early, peak=reading(reasons=None))) == WHY.since
    assert began(an_incident(opened_at=opened)) == opened


def test_the_placeholders_tell_it_and_are_words_where_nobody_knows():
    incident = an_incident(reading=reading(), peak=reading(), opened_at=END)
    values = placeholder_values(incident, Evidence(), "Acme Coffee", UTC)
    assert (values["began"], values["next_hour"]) == ("2 Mar 2026, 21:35 UTC", "60")
    bare = placeholder_values(an_incident(opened_at=END), Evidence(), "Acme Coffee", UTC)
    assert (bare["began"], bare["next_hour"]) == ("2 Mar 2026, 22:10 UTC", UNKNOWN)


def test_every_channel_shows_the_story_where_it_says_why():
    incident = an_incident(reading=reading(), peak=reading(), opened_at=END)
    document = words()(a_delivery(incident=incident))
    sentence = "Since about 21:35 UTC."
    assert sentence in document.story
    assert sentence in document.plain()
    assert sentence in page(document)
    assert sentence in " ".join(draw(document).replace("│", " ").split())
    assert any(sentence in str(block) for block in blocks_for(document, "t"))


def test_the_end_tells_no_next_hour():
    incident = an_incident(reading=reading(), peak=reading(), opened_at=END)
    over = build(WAVE, a_delivery(Stage.RESOLVED, 3, incident=incident), "Acme Coffee")
    assert over.story == ""


FLOATS = st.floats() | st.sampled_from([0.0, -1.0, 1e300])


@given(st.builds(why, **dict.fromkeys(("observed", "expected", "next_hour", "low", "high"), FLOATS)), FLOATS, FLOATS)
def test_no_figure_breaks_it(reasons, low, rate):
    told = story(reading(reasons=reasons, low=low, high=low, expected=rate, false_alarms_per_month=rate), WHY.since)
    assert "nan" not in told
    assert "inf" not in told
