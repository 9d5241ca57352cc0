from __future__ import annotations

import contextlib
import copy
import gzip
import json
import os
import pty
import re
import subprocess
import sys
import threading
from datetime import UTC, datetime

import pytest

from tests.cli.make_stream import CRISIS, SILENCE, lines
from tests.cli.support import GOOD, STREAM, copy_config, golden, process
from tests.support import ROOT

FIELDS = {"mentions", "duplicates", "invalid", "first", "last", "seconds", "incidents", "blind", "deliveries"}
INCIDENT_FIELDS = {
    "id", "brand", "rule", "opened_at", "resolved_at", "peak_level", "levels", "observed", "expected",
    "false_alarms_per_month", "mentions", "authors", "blind", "organic", "window_minutes", "since", "next_hour",
    "complaints", "questions", "severity", "grave", "themes",
}  # fmt: skip


def report(crisiswatch, *inputs: object, config: object = GOOD) -> dict:
    said = crisiswatch("replay", "--config", config, "--format", "json", *inputs)
    assert (said.code, said.err) == (0, "")
    return json.loads(said.out)


def when(text: str) -> datetime:
    assert text.endswith("Z")
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.fixture(scope="module")
def answers():
    return {}


@pytest.fixture
def answer(crisiswatch, answers):
    """What programs are told of the stream: worked out once for all tests, which only look at it."""
    if not answers:
        answers.update(report(crisiswatch, STREAM))
    return copy.deepcopy(answers)


@pytest.fixture
def plain(tmp_path):
    path = tmp_path / "stream.jsonl"
    path.write_bytes(gzip.decompress(STREAM.read_bytes()))
    return path


def test_the_stream_is_what_its_maker_makes():
    assert gzip.decompress(STREAM.read_bytes()).decode().splitlines() == list(lines())


def test_people_read_incidents_blind_spells_and_what_would_have_been_sent(crisiswatch):
    said = crisiswatch("replay", "--config", GOOD, STREAM)
    assert (said.code, said.err) == (0, "")
    golden("replay.txt", said.out)
    assert max(len(line) for line in said.out.splitlines()) <= 80


def test_programs_read_the_contract(answer):
    assert set(answer) >= FIELDS
    (incident,) = answer["incidents"]
    assert set(incident) == INCIDENT_FIELDS
    assert incident["rule"] == "negative-wave"
    assert incident["peak_level"] == "critical"
    assert [each["level"] for each in incident["levels"]] == ["warning", "critical"]
    assert CRISIS < when(incident["opened_at"]) < when(incident["resolved_at"])
    assert (when(incident["opened_at"]) - CRISIS).total_seconds() < 600
    assert abs((when(incident["since"]) - CRISIS).total_seconds()) <= 300
    assert incident["next_hour"] > incident["observed"] > incident["organic"] > incident["expected"]
    assert incident["window_minutes"] == 15
    assert {each["receiver"] for each in answer["deliveries"]} == {"console", "pr-slack", "pr-mail"}
    assert all(each["incident"] == incident["id"] for each in answer["deliveries"])
    golden("replay.json", re.sub(r'"seconds": [\d.]+', '"seconds": 0', json.dumps(answer, indent=2)) + "\n")


def test_what_mentions_say_beyond_their_mood_is_told_of_the_opening_window(crisiswatch, tmp_path):
    path = tmp_path / "some.jsonl"
    texts = (
        "the courier lost my acme parcel, still waiting for the delivery, the van caught fire",
        "acme delivery is late again, the parcel caught fire, will there be a recall?",
    )
    rows = [
        {"uid": f"x:{n}", "source": "x", "created_at": f"2026-03-02T10:0{n}:00Z", "text": text}
        for n, text in enumerate(texts)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    incident = report(crisiswatch, path)["incidents"][0]
    assert incident["rule"] == "product-safety"
    assert incident["grave"].keys() >= {"safety"}
    assert 0 < incident["severity"] <= incident["observed"]
    assert incident["themes"] == ["delivery"]
    assert incident["complaints"] + incident["questions"] > 0


def test_the_silence_is_blind_and_not_calm(answer):
    spells = answer["blind"]
    assert {each["source"] for each in spells} == {"x", "reddit"}
    for each in spells:
        assert when(each["from"]) <= SILENCE[0]
        assert when(each["to"]) >= SILENCE[1]


def test_the_order_of_lines_and_files_does_not_matter(crisiswatch, answer, plain, tmp_path):
    rows = plain.read_bytes().splitlines(keepends=True)
    folder = tmp_path / "parts"
    folder.mkdir()
    (folder / "a.jsonl").write_bytes(b"".join(rows[1::2]))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(b"".join(reversed(rows[0::2]))))
    after = report(crisiswatch, folder)
    assert {**answer, "seconds": 0} == {**after, "seconds": 0}


def test_duplicates_count_once_and_bad_lines_are_set_aside(crisiswatch, answer, plain):
    with plain.open("ab") as file:
        file.write(b'not json\n{"uid": "x:1"}\n')
    twice = report(crisiswatch, plain, STREAM)
    assert twice["duplicates"] == answer["mentions"]
    assert twice["mentions"] == answer["mentions"]
    assert twice["invalid"] == 2
    assert twice["incidents"] == answer["incidents"]


def test_people_are_told_where_the_bad_lines_are(crisiswatch, plain):
    rows = plain.read_bytes().splitlines(keepends=True)[:40]
    plain.write_bytes(b"".join(rows) + b'not json\n{"uid": "x:1"}\n')
    said = crisiswatch("replay", "--config", GOOD, plain)
    assert "2 invalid" in said.out
    assert "stream.jsonl:41" in said.out


def test_mentions_come_from_standard_input_too():
    rows = gzip.decompress(STREAM.read_bytes()).splitlines(keepends=True)[:150]
    run = process("replay", "--config", str(GOOD), "--format", "json", "-", stdin=b"".join(rows))
    assert run.returncode == 0
    assert run.stderr == b""
    assert json.loads(run.stdout)["mentions"] == 150


def test_sources_need_not_be_in_the_configuration(crisiswatch, tmp_path):
    path = tmp_path / "one.jsonl"
    row = {"uid": "nowhere:1", "source": "nowhere", "created_at": "2026-03-02T10:00:00Z", "text": "acme caught fire"}
    path.write_text(json.dumps(row) + "\n")
    (incident,) = report(crisiswatch, path)["incidents"]
    assert incident["rule"] == "product-safety"


def test_a_configuration_that_matches_nothing_says_so(crisiswatch, tmp_path):
    acme = '    name: Acme\n    handles: {official: ["@acme"], care: ["@acmecare"]}\n    any: [acme coffee]\n'
    path = copy_config(tmp_path / "c", replace=((acme, "    name: Zebra Tea\n"),))
    said = crisiswatch("replay", "--config", path, STREAM)
    assert said.code == 0
    assert "0 of 1,776 mentions matched any brand" in said.out
    assert report(crisiswatch, STREAM, config=path)["unmatched"] == 1776


def test_nothing_at_all_is_not_a_failure(crisiswatch, tmp_path):
    path = tmp_path / "empty.jsonl"
    path.write_text("")
    said = crisiswatch("replay", "--config", GOOD, path)
    assert said.code == 0
    assert said.out.startswith("There was nothing to replay.")
    assert report(crisiswatch, path)["first"] is None


def test_two_brands_are_told_apart(crisiswatch, tmp_path):
    second = ("sources:\n", "  - {id: shops, name: Acme Shops, any: [acme]}\nsources:\n")
    said = crisiswatch("replay", "--config", copy_config(tmp_path, replace=(second,)), STREAM)
    golden("replay-two-brands.txt", said.out)


def test_another_scorer_can_be_tried(crisiswatch):
    said = crisiswatch("replay", "--config", GOOD, "--scorer", "none", "--format", "json", STREAM)
    assert said.code == 0
    assert json.loads(said.out)["incidents"] == []
    said = crisiswatch("replay", "--config", GOOD, "--scorer", "oracle", STREAM)
    assert (said.code, said.out) == (2, "")
    assert said.err == "crisiswatch: there is no scorer 'oracle'; there are: lite, none, vader\n"


def test_a_terminal_sees_progress_and_the_answer_stays_clean(plain):
    plain.write_bytes(b"".join(plain.read_bytes().splitlines(keepends=True)[:150]))
    terminal, inner = pty.openpty()
    command = subprocess.Popen(
        [sys.executable, "-m", "crisiswatch", "replay", "--config", GOOD, "--format", "json", plain],
        stdout=subprocess.PIPE,
        stderr=inner,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"},
    )
    os.close(inner)
    seen = threading.Thread(target=drain, args=(terminal, shown := bytearray()))
    seen.start()
    out, _ = command.communicate(timeout=60)
    seen.join(60)
    os.close(terminal)
    assert command.returncode == 0
    assert json.loads(out)["mentions"] == 150
    assert b"replaying" in shown
    assert b"150" in shown


def drain(terminal: int, shown: bytearray) -> None:
    with contextlib.suppress(OSError):  # how a terminal says that its other end is closed
        while data := os.read(terminal, 4096):
            shown += data


def test_a_replay_leaves_nothing_behind(crisiswatch, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    config = copy_config(tmp_path / "c")
    before = sorted(config.parent.iterdir())
    report(crisiswatch, STREAM, config=config)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert sorted(config.parent.iterdir()) == before
