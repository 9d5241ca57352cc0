"""What the starter's own rules find in two recorded streams, through the command a user would type.

The part of each that holds the crisis and what was usual before it: `bench.detector.real` replays them whole.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support import shared_data

BRANDS = {
    "united": ("United Airlines", "@united", "united-2017-04-06--11.jsonl.gz"),
    "spotify": ("Spotify", "@SpotifyCares", "spotifycares-2017-q4.jsonl.gz"),
}
PARTS = {"united": ("2017-04-06", "2017-04-10T22:40"), "spotify": ("2017-11-22", "2017-11-28T21:30")}


def replayed(crisiswatch, tmp_path: Path, brand: str) -> dict:
    name, handle, file = BRANDS[brand]
    path = part_of(shared_data(f"data/{file}"), tmp_path / "recorded.jsonl", *PARTS[brand])
    crisiswatch("init", tmp_path)
    config = tmp_path / "crisiswatch.yaml"
    config.write_text(
        f"version: 1\nbrands:\n  - {{id: {brand}, name: {name}, handles: {{care: ['{handle}']}}}}\n"
        "receivers:\n  - {id: console, type: console}\nroutes:\n  - {receivers: [console]}\n"
    )
    said = crisiswatch("replay", "--config", config, "--format", "json", path)
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def part_of(recording: Path, path: Path, start: str, end: str) -> Path:
    with gzip.open(recording, "rt", encoding="utf-8") as lines, path.open("w", encoding="utf-8") as part:
        part.writelines(line for line in lines if start <= json.loads(line)["created_at"] < end)
    return path


def when(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture
def united(crisiswatch, tmp_path):
    return replayed(crisiswatch, tmp_path, "united")


def test_the_united_crisis_is_noticed_within_minutes_and_the_gap_before_it_is_blind(united):
    begin = datetime(2017, 4, 10, 22, 10, tzinfo=UTC)
    assert united["mentions"] > 4_000
    waves = [each for each in united["incidents"] if each["rule"] == "negative-wave"]
    opened = [when(each["opened_at"]) for each in waves if when(each["opened_at"]) >= begin]
    assert opened
    assert opened[0] - begin <= timedelta(minutes=20)
    gap = max(
        (each for each in united["blind"] if each["to"] and when(each["to"]) <= begin + timedelta(hours=1)),
        key=lambda each: when(each["to"]) - when(each["from"]),
    )
    assert when(gap["to"]) - when(gap["from"]) > timedelta(hours=21)
    assert abs(when(gap["to"]) - begin) <= timedelta(minutes=10)
    assert any(each["stage"] == "opened" and when(each["at"]) == opened[0] for each in united["deliveries"])


def test_the_spotify_outage_is_noticed(crisiswatch, tmp_path):
    answer = replayed(crisiswatch, tmp_path, "spotify")
    start, end = datetime(2017, 11, 28, 20, 30, tzinfo=UTC), datetime(2017, 11, 29, 3, tzinfo=UTC)
    assert answer["mentions"] > 1_200
    opened = [when(each["opened_at"]) for each in answer["incidents"]]
    assert any(start <= each <= end for each in opened)
    assert any(start <= each <= start + timedelta(minutes=45) for each in opened)
