"""The bundled stream: invented, the same every time, and with everything in it that the demonstration tells of."""

import json
from collections import Counter
from datetime import timedelta

from crisiswatch.demo.generator import CHAPTERS, END, START, as_line, story
from crisiswatch.sources.parse import parse_mention

MENTIONS = story()


def chapter(name):
    return next(each for each in CHAPTERS if each.name == name)


def during(name):
    told = chapter(name)
    return [each for each in MENTIONS if told.start <= each.created_at < told.end]


def test_the_same_seed_gives_the_same_stream_byte_for_byte():
    assert [as_line(each) for each in story()] == [as_line(each) for each in MENTIONS]


def test_another_seed_gives_another_stream():
    assert [each.text for each in story(8)] != [each.text for each in MENTIONS]


def test_two_weeks_of_about_twenty_five_an_hour_in_order_of_arrival():
    arrivals = [each.received_at for each in MENTIONS]
    assert arrivals == sorted(arrivals)
    assert START <= MENTIONS[0].created_at < START + timedelta(hours=2)
    assert MENTIONS[-1].created_at < END
    usual = len(MENTIONS) - sum(each.mentions for each in CHAPTERS)
    assert 22 < usual / (14 * 24) < 27


def test_every_mention_is_one_of_its_own_in_one_of_two_languages_from_one_of_three_sources():
    assert len({each.uid for each in MENTIONS}) == len(MENTIONS)
    assert {each.lang for each in MENTIONS} == {"en", "it"}
    assert {each.source for each in MENTIONS} == {"x", "reddit", "reviews"}
    assert len({each.author_id for each in MENTIONS}) > 3000


def test_every_text_is_filled_in_and_names_the_brand():
    for each in MENTIONS:
        assert "{" not in each.text
        assert "ombralta" in each.text.lower()


def test_a_line_is_read_back_as_the_same_mention():
    for each in MENTIONS[::97]:
        assert parse_mention(json.loads(as_line(each)), source="town-talk", now=None) == each


def test_days_are_louder_than_nights():
    hours = Counter(each.created_at.hour for each in MENTIONS)
    assert hours[20] > 5 * hours[3]


def test_the_outage_silences_one_source_alone():
    heard = Counter(each.source for each in during("outage"))
    assert heard["x"] == 0
    assert heard["reddit"] > 20


def test_the_insult_comes_from_two_accounts_that_copy_it():
    pasted = [each for each in during("bots") if "scam" in each.text]
    assert len(pasted) == chapter("bots").mentions
    assert len({each.author_id for each in pasted}) == 2
    assert len({each.text for each in pasted}) == 1


def test_the_crisis_begins_small_and_rises_within_the_hour():
    told = chapter("crisis")
    scared = [
        each
        for each in during("crisis")
        if any(word in each.text for word in ("boiling", "burned", "lid ", "coperchio"))
    ]
    assert scared[0].created_at - told.start < timedelta(minutes=5)
    first = sum(each.created_at < told.start + timedelta(minutes=15) for each in during("crisis"))
    second_hour = sum(timedelta(hours=1) <= each.created_at - told.start < timedelta(hours=2) for each in MENTIONS)
    assert second_hour > 10 * first
