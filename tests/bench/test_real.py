"""The judgement on the recorded streams: what counts as false, as late, as blind, and that a replay is what is judged."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest

from bench.detector.real import SPOTIFY, UNITED, print_table, replayed, spotify, united
from tests.support import shared_data


def incident(rule, opened_at, *, level="warning", peak=None):
    return {
        "rule": rule,
        "opened_at": opened_at,
        "resolved_at": None,
        "peak_level": peak or level,
        "levels": [{"level": level, "at": opened_at}],
        "observed": 12,
        "expected": None if rule == "product-safety" else 2.5,
    }


def report(first, last, incidents=(), trial=(), blind=()):
    return {
        "mentions": 100,
        "unmatched": 0,
        "seconds": 1.0,
        "first": first,
        "last": last,
        "detecting": ["negative-hour", "negative-wave"],
        "incidents": list(incidents),
        "trial": list(trial),
        "blind": list(blind),
    }


def autumn(*incidents, trial=()):
    """Ten weeks of SpotifyCares."""
    return report("2017-10-01T00:00:00Z", "2017-12-10T00:00:00Z", incidents, trial)


def april(*incidents, blind=()):
    return report("2017-04-06T00:00:00Z", "2017-04-11T23:59:00Z", incidents, (), blind)


def spell(since, until):
    return {"source": "x", "from": since, "to": until, "reason": "silent", "brand": "united"}


def met(result):
    return [goal["met"] for goal in result["goals"]]


def test_an_outage_told_within_the_hour_and_nothing_else_meets_both_goals():
    result = spotify(autumn(incident("negative-hour", "2017-11-28T20:45:00Z")))
    assert result["figures"]["detecting"] == {"false": 0, "false_a_week": 0.0, "delay_minutes": 45.0}
    assert met(result) == [True, True]


def test_what_opens_outside_the_outage_is_false():
    result = spotify(
        autumn(
            incident("negative-hour", "2017-11-28T19:59:00Z"),
            incident("negative-wave", "2017-11-28T20:51:00Z"),
            incident("negative-wave", "2017-11-29T03:00:00Z"),
        )
    )
    assert result["figures"]["detecting"] == {"false": 2, "false_a_week": 0.2, "delay_minutes": 51.0}
    assert met(result) == [False, False]


def test_an_outage_nobody_told_is_missed_however_quiet_the_rest():
    result = spotify(autumn())
    assert met(result) == [True, False]
    assert result["goals"][1]["said"] == "never"


def test_rules_that_open_on_single_words_are_counted_apart():
    result = spotify(
        autumn(
            incident("product-safety", "2017-10-03T10:00:00Z"),
            incident("product-safety", "2017-11-28T20:10:00Z"),
            incident("negative-hour", "2017-11-28T20:40:00Z"),
        )
    )
    assert result["figures"]["detecting"] == {"false": 0, "false_a_week": 0.0, "delay_minutes": 40.0}
    assert result["figures"]["sending"] == {"false": 1, "false_a_week": 0.1, "delay_minutes": 10.0}
    assert met(result) == [True, True]


def test_a_rule_on_trial_is_listed_and_not_judged():
    result = spotify(autumn(trial=[incident("negative-hour", "2017-10-03T10:00:00Z")]))
    assert result["figures"]["sending"]["false"] == 0
    assert [(each["rule"], each["trial"]) for each in result["incidents"]] == [("negative-hour", True)]


def test_one_incident_at_the_first_tick_after_a_gap_told_as_blind_meets_every_goal():
    blind = spell("2017-04-09T23:57:00Z", "2017-04-10T22:10:00Z")
    result = united(april(incident("negative-wave", "2017-04-10T22:15:00Z"), blind=[blind]))
    assert met(result) == [True, True, True, True]


def test_a_late_second_incident_and_a_loud_burst_are_misses():
    result = united(
        april(
            incident("negative-hour", "2017-04-06T17:00:00Z"),  # the small true one: not judged
            incident("negative-wave", "2017-04-09T11:20:00Z", level="watch", peak="warning"),
            incident("negative-wave", "2017-04-10T22:21:00Z"),
            incident("negative-wave", "2017-04-11T22:30:00Z"),
        )
    )
    assert met(result) == [False, False, False, False]
    assert result["figures"]["detecting"]["delay_minutes"] == 11.0
    assert result["figures"]["detecting"]["bursts_above_watch"] == ["negative-wave warning 2017-04-09T11:20:00Z"]


def test_a_burst_that_stays_at_watch_is_allowed():
    result = united(april(incident("negative-wave", "2017-04-08T14:20:00Z", level="watch")))
    assert result["figures"]["detecting"]["bursts_above_watch"] == []


@pytest.mark.parametrize(
    ("since", "until", "enough"),
    [
        ("2017-04-09T23:57:00Z", "2017-04-10T22:10:00Z", True),
        ("2017-04-09T23:57:00Z", None, True),
        ("2017-04-10T12:00:00Z", "2017-04-10T22:10:00Z", False),
        ("2017-04-11T02:35:00Z", "2017-04-11T22:03:00Z", False),
    ],
    ids=["the gap", "still blind", "half of it", "another hole"],
)
def test_only_a_spell_that_covers_the_gap_counts_as_told(since, until, enough):
    assert met(united(april(blind=[spell(since, until)])))[2] is enough


def test_the_table_tells_incidents_blindness_and_goals(capsys):
    blind = spell("2017-04-09T23:57:00Z", "2017-04-10T22:10:00Z")
    told = april(incident("negative-wave", "2017-04-10T22:15:00Z", peak="critical"), blind=[blind])
    print_table({"united": united(told), "spotify": spotify(autumn())})
    out = capsys.readouterr().out
    assert "2017-04-10T22:15:00Z negative-wave   warning   critical" in out
    assert "blind: x from 2017-04-09T23:57:00Z" in out
    assert "MISSED the outage within 50 min of 20:00: never" in out
    assert "met    8 and 9 April open nothing above watch: nothing" in out


def test_a_recording_goes_through_the_product_with_the_shipped_rules(tmp_path):
    begin = datetime(2017, 10, 4, tzinfo=UTC)
    with gzip.open(tmp_path / SPOTIFY.file, "wt", encoding="utf-8") as file:
        for number in range(50):
            at = (begin + timedelta(minutes=7 * number)).isoformat()
            text = "@SpotifyCares my phone was on fire" if number == 20 else "@SpotifyCares thank you"
            line = {"uid": f"x:{number}", "source": "x", "created_at": at, "text": text, "author_id": str(number)}
            file.write(json.dumps(line) + "\n")
    found = replayed(tmp_path, SPOTIFY)
    assert (found["mentions"], found["unmatched"]) == (50, 0)
    assert {"negative-wave", "negative-hour"} <= set(found["detecting"])
    assert "product-safety" not in found["detecting"]
    assert [each["rule"] for each in found["incidents"]] == ["product-safety"]
    result = spotify(found)
    assert result["figures"]["sending"]["false"] == 1
    assert result["incidents"][0]["level"] == "warning"


def test_the_gap_in_the_united_stream_is_told_as_blind_and_the_crisis_behind_it_opens(tmp_path):
    """From two days before the gap to eight minutes after it: the rest is of no matter to this, and most of it all."""
    with (
        gzip.open(shared_data(f"data/{UNITED.file}"), "rt", encoding="utf-8") as lines,
        gzip.open(tmp_path / UNITED.file, "wt", encoding="utf-8", compresslevel=1) as part,
    ):
        part.writelines(line for line in lines if "2017-04-08" < json.loads(line)["created_at"] < "2017-04-10T22:18")
    result = united(replayed(tmp_path, UNITED))
    assert 1_000 < result["mentions"] < 5_000
    assert result["unmatched"] < 0.01 * result["mentions"]
    assert result["figures"]["detecting"]["after_the_gap"] >= 1
    assert result["goals"][2]["met"]
