"""`crisiswatch feedback`: labels from a file, taken back, learned, and a sample of the day to label."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from crisiswatch.cli.labels import MOST
from crisiswatch.model import Mention, Score
from crisiswatch.store import Store, StoredMention, Work, minute_of
from tests.cli.support import copy_config

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MOODS = {"delayed": "negative", "blend": "positive", "opening": "neutral"}


@pytest.fixture
def config(tmp_path, monkeypatch):
    path = copy_config(tmp_path / "home", append="sentiment: {scorer: lite}\n")
    clock = SimpleNamespace(now=lambda: NOW, monotonic=lambda: 0.0)
    monkeypatch.setattr("crisiswatch.cli.feedback.SystemClock", lambda: clock)
    with opened(path) as store:
        store.commit(Work(mentions=[mention(n) for n in range(150)]))
    return path


def opened(config) -> Store:
    return Store.open(f"sqlite:///{config.parent / 'crisiswatch.db'}")


def mention(number: int) -> StoredMention:
    at = datetime(2026, 3, 9, 8, 0, tzinfo=UTC) + timedelta(minutes=number)
    word = list(MOODS)[number % 3]
    text = "=SUM(1;2)\nof Acme" if number == 3 else f"Acme {word}, remark {number} of many"
    return StoredMention(
        mention=Mention(uid=f"x:{number}", source="x", created_at=at, text=text, lang="en"),
        brands=("acme",),
        score=Score(0.2, 0.6, 0.2, "lite-1"),
        event_minute=minute_of(at),
        received_at=at,
    )


def labels(count: int, start: int = 0) -> str:
    rows = [f"x:{n},{list(MOODS.values())[n % 3]}" for n in range(start, start + count)]
    return "\n".join(["uid,label", *rows]) + "\n"


@pytest.fixture
def written(tmp_path):
    def write(content: str | bytes, name: str = "labels.csv", at: datetime = NOW - timedelta(hours=1)):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(file, (at.timestamp(), at.timestamp()))
        return file

    return write


def listed(crisiswatch, config) -> list[dict]:
    said = crisiswatch("feedback", "list", "--config", config, "--limit", 1000, "--format", "json")
    assert said.code == 0
    return json.loads(said.out)["labels"]


def test_the_same_file_imported_twice_changes_nothing(crisiswatch, config, written):
    file = written(labels(30))
    said = crisiswatch("feedback", "import", file, "--config", config, "--as", "anna")
    assert (said.code, said.out, said.err) == (0, "30 labels imported, 0 known already.\n", "")
    first = listed(crisiswatch, config)
    said = crisiswatch("feedback", "import", file, "--config", config, "--as", "anna")
    assert said.out == "0 labels imported, 30 known already.\n"
    assert listed(crisiswatch, config) == first
    assert {(each["actor"], each["via"], each["model"]) for each in first} == {("anna", "file", "lite-1")}


def test_an_older_file_does_not_overrule_a_newer_one(crisiswatch, config, written):
    for day, label in ((1, "negative"), (2, "positive"), (1, "negative")):
        file = written(f"uid,label\nx:1,{label}\n", f"{label}.csv", NOW - timedelta(days=5 - day))
        assert crisiswatch("feedback", "import", file, "--config", config, "--as", "anna").code == 0
    states = {each["label"]: each["state"] for each in listed(crisiswatch, config)}
    assert states == {"positive": "counts", "negative": "overruled"}


def test_json_lines_may_say_who_and_when(crisiswatch, config, written):
    rows = [
        {"uid": "x:1", "label": "Negative", "actor": "bo", "at": "2026-03-09T20:00:00+01:00", "brand": "acme"},
        {"uid": "x:2", "label": "neutral", "via": "audit", "likes": 3},
    ]
    file = written(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()), "labels.jsonl.gz")
    said = crisiswatch("feedback", "import", file, "--config", config, "--as", "anna", "--format", "json")
    assert json.loads(said.out) == {"imported": 2, "known": 0, "empty": 0, "forgotten": 0, "bad": []}
    second, first = listed(crisiswatch, config)
    assert (first["actor"], first["at"], first["via"]) == ("bo", "2026-03-09T19:00:00Z", "file")
    assert (second["actor"], second["via"]) == ("anna", "audit")


BAD = """uid,label,actor,at,brand,via
x:1,negative,,,,
x:2,bad,,,,
,negative,,,,
x:999,negative,,,,
x:4,neutral,,2026-03-09 10:00,,
x:5,neutral,,2027-01-01T00:00:00Z,,
x:6,neutral,,,other,
x:7,neutral,,,,slack
x:1,positive,,,,
x:8,neutral,,,,,,more
"""


def test_every_bad_line_is_told_with_its_number_and_nothing_is_imported(crisiswatch, config, written):
    file = written(BAD)
    said = crisiswatch("feedback", "import", file, "--config", config)
    assert said.code == 1
    told = said.err.splitlines()
    assert [int(line.split(":")[1]) for line in told] == list(range(3, 12))
    for line, word in zip(
        told,
        ("'bad'", "no uid", "x:999", "must look like", "ahead", "'other'", "via", "line 2", "8 cells"),
        strict=True,
    ):
        assert word in line
    assert "Nothing was imported" in said.out
    assert listed(crisiswatch, config) == []


def test_the_good_lines_are_imported_when_asked(crisiswatch, config, written):
    said = crisiswatch("feedback", "import", written(BAD), "--config", config, "--skip-bad")
    assert (said.code, said.out) == (0, "1 label imported, 0 known already.\n")
    assert len(said.err.splitlines()) == 9


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("uid,label\nx:1,negative\n".encode("utf-16"), "UTF-16"),
        ("uid,label,actor\nx:1,negative,andré\n".encode("latin-1"), "csv:2: not UTF-8"),
        (b"label\nnegative\n", "no uid"),
        (b"uid\nx:1\n", "no label"),
        (b'uid,label\n"x:1,negative\n', "csv:2"),
        (bytes(range(256)), "is no text in UTF-8"),
    ],
    ids=["utf-16", "latin-1", "no uid", "no label", "open quote", "no text at all"],
)
def test_a_file_that_is_something_else_is_refused_in_words(crisiswatch, config, written, content, why):
    said = crisiswatch("feedback", "import", written(content), "--config", config)
    assert said.code in (1, 2)
    assert why in said.err
    assert "Traceback" not in said.err
    assert listed(crisiswatch, config) == []


def test_an_empty_file_and_one_that_is_not_there(crisiswatch, config, written, tmp_path):
    assert crisiswatch("feedback", "import", written(b""), "--config", config).out.startswith("0 labels imported")
    said = crisiswatch("feedback", "import", tmp_path / "none.csv", "--config", config)
    assert (said.code, said.err) == (2, "crisiswatch: <dir>/none.csv: No such file or directory\n")


def test_a_spreadsheet_of_another_country_is_understood(crisiswatch, config, written):
    file = written(b"\xef\xbb\xbfUID;Label\r\nx:1;negative\r\nx:2; POSITIVE \r\n")
    assert crisiswatch("feedback", "import", file, "--config", config).out.startswith("2 labels imported")


def test_the_words_of_slack_and_of_italian_colleagues_are_understood(crisiswatch, config, written):
    file = written("uid,label\nx:1,Not negative\nx:2,negativo\nx:3,positivo\nx:4,non negativo\n")
    assert crisiswatch("feedback", "import", file, "--config", config).out.startswith("4 labels imported")
    labels = {each["uid"]: each["label"] for each in listed(crisiswatch, config)}
    assert labels == {"x:1": "neutral", "x:2": "negative", "x:3": "positive", "x:4": "neutral"}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PK\x03\x04" + bytes(50), "is a spreadsheet or an archive; save the sheet as CSV UTF-8"),
        ("uid,label\nx:1,negative\n".encode("utf-16-le"), "is no text in UTF-8; save it as UTF-8"),
    ],
)
def test_a_spreadsheet_file_is_refused_in_one_sentence(crisiswatch, config, written, content, why):
    said = crisiswatch("feedback", "import", written(content, "labels.xlsx"), "--config", config)
    assert said.code == 2
    assert why in said.err
    assert len(said.err.splitlines()) == 1


def test_a_huge_file_is_refused_and_a_huge_line_is_one_bad_line(crisiswatch, config, written):
    file = written("uid,label\n" + "x:1,negative\n" * (MOST + 1))
    said = crisiswatch("feedback", "import", file, "--config", config)
    assert said.code == 2
    assert "more than 100,000 lines" in said.err
    said = crisiswatch("feedback", "import", written("uid,label\nx:1," + "a" * 3_000_000 + "\n"), "--config", config)
    assert said.code == 1
    assert len(said.err) < 500
    faults = written("uid,label\n" + "x:1,bad\n" * 5000)
    assert "and 4,980 more" in crisiswatch("feedback", "import", faults, "--config", config).err


def test_a_cut_archive_imports_nothing(crisiswatch, config, written):
    file = written(gzip.compress(labels(100).encode())[:-20], "labels.csv.gz")
    said = crisiswatch("feedback", "import", file, "--config", config)
    assert said.code == 2
    assert "damaged or cut off" in said.err
    assert listed(crisiswatch, config) == []


def test_a_label_is_taken_back_by_its_number(crisiswatch, config, written):
    file = written(labels(2))
    crisiswatch("feedback", "import", file, "--config", config, "--as", "anna")
    said = crisiswatch("feedback", "undo", 2, "--config", config)
    assert (said.code, said.out) == (0, "taken back: 2, x:1 was positive to anna\n")
    assert [each["state"] for each in listed(crisiswatch, config)] == ["taken back", "counts"]
    crisiswatch("feedback", "import", file, "--config", config, "--as", "anna")
    assert [each["state"] for each in listed(crisiswatch, config)] == ["taken back", "counts"]
    said = crisiswatch("feedback", "undo", 77, "--config", config)
    assert (said.code, said.err) == (2, "crisiswatch: there is no label 77; `crisiswatch feedback list` shows them\n")


def test_the_list_is_for_people_too(crisiswatch, config, written):
    assert crisiswatch("feedback", "list", "--config", config).out == "Nothing was labelled yet.\n"
    crisiswatch("feedback", "import", written(labels(3)), "--config", config, "--as", "anna")
    rows = crisiswatch("feedback", "list", "--config", config, "--limit", 2).out.splitlines()
    assert rows[0].split() == ["id", "at", "(UTC)", "brand", "mention", "label", "by", "via", "state"]
    assert rows[1].split() == ["3", "2026-03-10", "08:00", "acme", "x:2", "neutral", "anna", "file", "counts"]
    assert len(rows) == 3
    assert crisiswatch("feedback", "list", "--config", config, "--brand", "nobody").code == 2


def test_learning_goes_from_shadow_to_active_and_is_listed(crisiswatch, config, written):
    crisiswatch("feedback", "import", written(labels(99)), "--config", config)
    said = crisiswatch("feedback", "learn", "--config", config)
    assert said.code == 0
    assert "version 1, shadow: 99 of the 100 labels that are needed" in " ".join(said.out.split())
    crisiswatch("feedback", "import", written(labels(51, start=99), "more.csv"), "--config", config)
    said = crisiswatch("feedback", "learn", "--config", config, "--format", "json")
    (told,) = json.loads(said.out)["brands"]
    assert (told["made"]["state"], told["made"]["labels"], told["in_force"]) == ("active", 150, 2)
    assert told["report"]["recall_after"] >= told["report"]["recall_before"] - 0.1
    assert "body" not in told["made"]
    said = crisiswatch("feedback", "list", "--config", config)
    assert "What was learned" in said.out
    assert "active" in said.out
    assert "nothing new" in crisiswatch("feedback", "learn", "--config", config).out


def test_learning_needs_a_scorer_that_can_be_taught(crisiswatch, config):
    config.write_text(config.read_text().replace("scorer: lite", "scorer: vader"))
    said = crisiswatch("feedback", "learn", "--config", config)
    assert said.code == 2
    assert "can't be taught" in said.err


def test_labels_of_forgotten_texts_stay_and_are_not_learned(crisiswatch, config, written):
    crisiswatch("feedback", "import", written(labels(120)), "--config", config)
    with opened(config) as store:
        store.purge(NOW, NOW - timedelta(days=30))
    assert {each["state"] for each in listed(crisiswatch, config)} == {"text gone"}
    assert "no label with a text" in " ".join(crisiswatch("feedback", "learn", "--config", config).out.split())
    said = crisiswatch("feedback", "import", written(labels(1, start=130), "late.csv"), "--config", config)
    assert "nothing to learn from" in said.out


def test_the_sample_is_the_same_all_day_and_another_tomorrow(crisiswatch, config, monkeypatch):
    first = crisiswatch("feedback", "audit", "--config", config).out
    with opened(config) as store:
        store.commit(Work(mentions=[mention(n) for n in range(1000, 1040)]))
    assert crisiswatch("feedback", "audit", "--config", config).out == first
    assert crisiswatch("feedback", "audit", "--config", config, "--count", 3).out.splitlines() == first.splitlines()[:4]
    later = SimpleNamespace(now=lambda: NOW + timedelta(days=1))
    monkeypatch.setattr("crisiswatch.cli.feedback.SystemClock", lambda: later)
    other = crisiswatch("feedback", "audit", "--config", config)
    assert other.out != first
    rows = list(csv.DictReader(io.StringIO(first)))
    assert len({row["uid"] for row in rows}) == 10
    assert {(row["label"], row["via"], row["brand"]) for row in rows} == {("", "audit", "acme")}


def test_the_filled_in_sample_is_imported_and_what_is_left_blank_is_no_fault(crisiswatch, config, written):
    sample = list(csv.DictReader(io.StringIO(crisiswatch("feedback", "audit", "--config", config).out)))
    for row in sample[:6]:
        row["label"] = "neutral"
    filled = io.StringIO()
    writer = csv.DictWriter(filled, list(sample[0]))
    writer.writeheader()
    writer.writerows(sample)
    said = crisiswatch("feedback", "import", written(filled.getvalue()), "--config", config)
    assert said.out == "6 labels imported, 0 known already.\n4 lines without a label yet.\n"
    assert {each["via"] for each in listed(crisiswatch, config)} == {"audit"}


def test_no_text_of_the_sample_is_a_formula(crisiswatch, config):
    said = crisiswatch("feedback", "audit", "--config", config, "--count", 200)
    texts = {row["uid"]: row["text"] for row in csv.DictReader(io.StringIO(said.out))}
    assert texts["x:3"] == "'=SUM(1;2) of Acme"
    drawn = json.loads(crisiswatch("feedback", "audit", "--config", config, "--format", "json").out)["sample"]
    assert len(drawn) == 10
    assert "negative" not in json.dumps(drawn)


def test_themes_come_from_a_file_are_listed_and_taken_back(crisiswatch, config, written):
    file = written("uid,label,theme\nx:1,negative,delivery\nx:2,,billing\nx:3,neutral,\n")
    said = crisiswatch("feedback", "import", file, "--config", config, "--as", "anna")
    assert (said.code, said.out) == (0, "4 labels imported, 0 known already.\n")
    said = crisiswatch("feedback", "import", file, "--config", config, "--as", "anna")
    assert said.out.startswith("0 labels imported, 4 known already.\n")
    rows = [{"uid": "x:2", "theme": "price", "actor": "bo", "at": "2026-03-10T08:30:00Z"}]
    file = written("\n".join(map(json.dumps, rows)), "themes.jsonl")
    assert crisiswatch("feedback", "import", file, "--config", config).code == 0
    found = json.loads(crisiswatch("feedback", "list", "--config", config, "--format", "json").out)
    assert [(each["uid"], each["label"]) for each in found["labels"]] == [("x:3", "neutral"), ("x:1", "negative")]
    told = {each["theme"]: (each["id"], each["actor"], each["state"]) for each in found["themes"]}
    assert {theme: rest[1:] for theme, rest in told.items()} == {
        "delivery": ("anna", "counts"),
        "billing": ("anna", "overruled"),
        "price": ("bo", "counts"),
    }
    said = crisiswatch("feedback", "undo", told["price"][0], "--config", config)
    assert said.out == f"taken back: {told['price'][0]}, x:2 was price to bo\n"
    assert "taken back" in crisiswatch("feedback", "list", "--config", config).out
    undone = crisiswatch("feedback", "undo", told["billing"][0], "--config", config, "--format", "json")
    assert json.loads(undone.out)["theme"] == "billing"


def test_a_theme_that_there_is_none_and_two_themes_at_once_are_told(crisiswatch, config, written):
    file = written("uid,theme\nx:1,shipping\nx:2,price\nx:2,refund\n")
    said = crisiswatch("feedback", "import", file, "--config", config)
    assert said.code == 1
    first, second = said.err.splitlines()
    assert ":2: there is no theme 'shipping'; there are: account, billing" in first
    assert ":4: it says refund, line 3 says price" in second


def test_the_same_contradiction_is_told_of_labels_and_themes_alike(crisiswatch, config, written):
    file = written("uid,label,theme\nx:2,negative,price\nx:2,negative,price\nx:2,positive,price\n")
    said = crisiswatch("feedback", "import", file, "--config", config)
    assert said.err.count("it says positive, line 2 says negative") == 1
    assert len(said.err.splitlines()) == 1
