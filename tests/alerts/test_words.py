"""Numbers, times and foreign text come out as a person would say and may safely see them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.alerts import words


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (131, "131"), (1234, "1,234"), (1_200_000, "1.2 million"), (3_000_000, "3 million"),
     (None, words.UNKNOWN), (math.nan, words.UNKNOWN), (math.inf, words.UNKNOWN), (10**400, words.UNKNOWN)],
)  # fmt: skip
def test_counts_are_exact(number, said):
    assert words.exact(number) == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (0.3, "less than 1"), (8.2, "8"), (19.6, "20"), (131, "130"), (1279, "1,300"), (1_279_000, "1.3 million"),
     (None, words.UNKNOWN)],
)  # fmt: skip
def test_estimates_have_no_more_digits_than_they_deserve(number, said):
    assert words.about(number) == said


@pytest.mark.parametrize(
    ("observed", "expected", "said"),
    [(20, 8, "2.5 times"), (131, 8.2, "16 times"), (16, 8, "2 times"), (5, 0, "normally there are none"),
     (0, 0, words.UNKNOWN), (5, None, words.UNKNOWN), (None, 5, words.UNKNOWN)],
)  # fmt: skip
def test_times_normal(observed, expected, said):
    assert words.times(observed, expected) == said


@pytest.mark.parametrize(
    ("per_month", "said"),
    [(300, "about 10 times a day"), (10, "about 10 times a month"), (1, "about once a month"),
     (0.1, "about once in 10 months"), (0.01, "about once in 8 years"), (1e-6, "less than once in 100 years"),
     (0, "less than once in 100 years"), (None, words.UNKNOWN), (-1, words.UNKNOWN), (math.nan, words.UNKNOWN)],
)  # fmt: skip
def test_rarity_is_a_waiting_time(per_month, said):
    assert words.rarity(per_month) == said


@pytest.mark.parametrize(
    ("length", "said"),
    [({"seconds": 45}, "45 seconds"), ({"minutes": 1}, "1 minute"), ({"minutes": 15}, "15 minutes"),
     ({"hours": 1}, "1 hour"), ({"minutes": 130}, "2 h 10 min"), ({"days": 1}, "1 day"), ({"hours": 76}, "3 days 4 h"),
     ({"minutes": -5}, "0 seconds")],
)  # fmt: skip
def test_spans(length, said):
    assert words.span(timedelta(**length)) == said


def test_times_are_told_in_a_named_zone():
    at = datetime(2026, 7, 10, 22, 10, tzinfo=UTC)
    assert words.moment(at) == "10 Jul 2026, 22:10 UTC"
    assert words.moment(at, ZoneInfo("Europe/Rome")) == "11 Jul 2026, 00:10 CEST"
    assert words.moment(at, ZoneInfo("America/Sao_Paulo")) == "10 Jul 2026, 19:10 UTC-03"
    assert words.moment(None) == words.UNKNOWN
    assert words.moment(datetime.max.replace(tzinfo=UTC), ZoneInfo("Asia/Tokyo")).startswith("31 Dec 9999")


@given(st.text(st.characters(), max_size=300))
def test_clean_text_is_harmless_and_stays_as_it_is(text):
    once = words.clean(text)
    once.encode("utf-8")
    assert once == words.clean(once)
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 or char in "\u202e\u2066\u2028" for char in once)


@given(st.text(max_size=400), st.integers(1, 300))
def test_clipped_text_fits(text, limit):
    assert len(words.clip(text, limit)) <= limit


def test_clipping_prefers_whole_words():
    assert words.clip("the new blend tastes burnt", 22) == "the new blend tastes…"


@given(st.text(st.characters(), max_size=60))
def test_a_masked_author_shows_two_characters_at_most_and_masking_again_changes_nothing(author):
    masked = words.mask(author)
    assert len(masked) <= 5
    assert words.mask(masked) == masked


@pytest.mark.parametrize(
    "url",
    [None, "", "javascript:alert(1)", "ftp://x.example/a", "//x.example", "https://", "https://user:pw@x.example/",
     "http://[broken", "https://x.example/" + "a" * 400, "data:text/html,hi"],
)  # fmt: skip
def test_only_web_addresses_are_linked(url):
    assert words.safe_url(url) is None


def test_a_link_can_not_break_out_of_its_markup():
    assert words.safe_url('https://x.example/a|b>c<d"e f?x=1&y=2') == "https://x.example/a%7Cb%3Ec%3Cd%22e%20f?x=1&y=2"


def test_a_trend_is_a_line_of_bars():
    assert words.sparkline((0, 1, 4, 8)) == "▁▁▄█"
    assert words.sparkline((0, 0)) == "▁▁"
    assert words.sparkline(()) == ""


def test_counts_by_name_are_listed_from_the_largest():
    assert words.listed({"b": 1, "a": 1, "c": 1500}) == "c 1,500, a 1, b 1"
    assert words.listed(dict.fromkeys("abcdef", 1)) == "a 1, b 1, c 1, d 1, 2 more"
    assert words.listed({}) == words.UNKNOWN
