from __future__ import annotations

import gzip
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiswatch.errors import SourceRejected
from crisiswatch.model import Mention
from crisiswatch.sources.ordering import arrivals

START = datetime(2026, 11, 22, tzinfo=UTC)


def line(name: str, second: float, received: float | None = None) -> bytes:
    obj = {"uid": name, "source": "x", "created_at": (START + timedelta(seconds=second)).isoformat(), "text": "t"}
    if received is not None:
        obj["received_at"] = (START + timedelta(seconds=received)).isoformat()
    return json.dumps(obj).encode() + b"\n"


def names(paths: list[Path | str], **more: object) -> list[str]:
    with arrivals(paths, **more) as stream:  # type: ignore[arg-type]
        found = [item.uid if isinstance(item, Mention) else f"{Path(item.where).name} {item.reason}" for item in stream]
        assert stream.total == len(found)
    return found


def test_several_files_are_merged_by_arrival(tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl.gz"
    one.write_bytes(line("a", 0) + line("c", 20) + line("e", 40))
    two.write_bytes(gzip.compress(line("b", 10) + line("d", 30) + line("f", 50)))
    assert names([one, two]) == names([two, one]) == list("abcdef")


def test_arrival_is_when_it_was_received_if_that_is_known(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_bytes(line("late", 0, received=35) + line("x", 40))
    (tmp_path / "two.jsonl").write_bytes(line("a", 30))
    assert names([tmp_path]) == ["a", "late", "x"]


def test_a_little_disorder_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(line("a", 120) + line("b", 0) + line("c", 121))
    assert names([path]) == ["a", "b", "c"]


def test_an_input_out_of_order_is_sorted(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(b"".join(line(f"m{n:03d}", n * 60) for n in reversed(range(300))))
    assert names([path]) == [f"m{n:03d}" for n in range(300)]


def test_csv_is_ordered_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "uid,source,created_at,text\n" + "".join(f'm{n},x,2026-11-22T0{n}:00:00Z,"two\nlines"\n' for n in (5, 3, 4))
    )
    (tmp_path / "b.csv").write_text("text;created_at;source;uid\nhello;2026-11-22T04:30:00Z;x;between\n")
    assert names([tmp_path]) == ["m3", "m4", "between", "m5"]


def test_what_is_refused_comes_where_it_stands_and_is_counted(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(
        b"bad\n" + line("a", 0) + b"\n" + line("c", 20) + b"\xff\n" + line("e", 40).rstrip()
    )
    (tmp_path / "b.jsonl").write_bytes(line("b", 10) + line("d", 30))
    assert names([tmp_path]) == [
        "a.jsonl:1 not_json",
        "a",
        "a.jsonl:3 empty",
        "b",
        "c",
        "a.jsonl:5 bad_encoding",
        "d",
        "e",
    ]


def test_the_spool_tells_file_line_and_reason_too(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(line("b", 1000) + b"x" * 2_000_000 + b"\n" + line("a", 0))
    (tmp_path / "b.csv").write_text(
        "uid,source,created_at,text\nd,x,2026-11-22T02:00:00Z,t\ne,x,2026-11-22T03:00:00Z,t,t\nc,x,2026-11-22T01:00:00Z,t\n"
    )
    assert names([tmp_path]) == ["a", "b", "a.jsonl:2 line_too_long", "c", "d", "b.csv:3 bad_csv"]


def test_a_packed_file_that_breaks_off_is_counted(tmp_path: Path) -> None:
    whole = gzip.compress(line("a", 0) + line("b", 10))
    (tmp_path / "a.jsonl.gz").write_bytes(whole[:-8])
    assert names([tmp_path]) == ["a", "b", "a.jsonl.gz:3 cut_gzip"]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_is_read_packed_or_not(pack: type[bytes], tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(line("b", 10))
    data = io.BytesIO(pack(line("a", 0) + line("c", 20)))
    assert names(["-", tmp_path], stdin=data) == ["a", "b", "c"]


def test_many_files_one_after_the_other_or_at_once(tmp_path: Path) -> None:
    for n in range(80):
        (tmp_path / f"{n:03d}.jsonl").write_bytes(line(f"day{n:03d}", n * 86_400) + line(f"end{n:03d}", n * 86_400 + 9))
        (tmp_path / f"all{n:03d}.jsonl").write_bytes(line(f"all{n:03d}", 1) + line(f"far{n:03d}", 10**8))
    found = names([tmp_path])
    assert len(found) == 320
    assert found[0] == "day000"
    assert found[1:81] == [f"all{n:03d}" for n in range(80)]
    assert found[-80:] == [f"far{n:03d}" for n in range(80)]


def test_times_in_a_text_do_not_mislead(tmp_path: Path) -> None:
    fake = json.dumps({"text": 'he wrote "created_at": "1999-01-01T00:00:00Z" twice', **json.loads(line("a", 0))})
    odd = json.loads(line("a", 0))
    odd["text"] = '"created_at": "1999-01-01T00:00:00Z"'
    (tmp_path / "a.jsonl").write_text(fake + "\n" + json.dumps(odd) + "\n")
    (tmp_path / "b.jsonl").write_bytes(line("b", 1))
    assert names([tmp_path]) == ["a", "a", "b"]


def test_an_empty_input_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"")
    (tmp_path / "b.csv").write_bytes(b"uid,source,created_at,text\n")
    assert names([tmp_path]) == []
    assert names([]) == []


def test_a_path_that_is_not_there_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(SourceRejected, match="No such file"):
        arrivals([tmp_path / "nowhere.jsonl"], folder=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_leaving_early_closes_and_deletes_everything(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_bytes(line("b", 1000) + line("a", 0))
    (tmp_path / "in" / "b.jsonl").write_bytes(line("c", 0) + line("d", 1))
    with arrivals([tmp_path / "in"], folder=tmp_path) as stream:
        next(stream)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_memory_does_not_grow_with_the_input(tmp_path: Path) -> None:
    def peak(count: int) -> int:
        path = tmp_path / f"{count}.jsonl"
        path.write_bytes(b"".join(line(f"m{n}", (n * 7919) % count * 10) for n in range(count)))
        tracemalloc.start()
        with arrivals([path]) as stream:
            assert sum(1 for _ in stream) == count
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    peak(100)
    assert peak(8_000) < peak(1_000) + 200_000


_seconds = st.lists(st.integers(0, 5_000), max_size=12)


@settings(max_examples=min(settings().max_examples, 150))  # each example writes files
@given(inputs=st.lists(_seconds, max_size=4))
def test_any_inputs_come_out_complete_and_in_order_but_for_two_minutes(
    tmp_path_factory: pytest.TempPathFactory, inputs: list[list[int]]
) -> None:
    folder = tmp_path_factory.mktemp("in")
    for number, seconds in enumerate(inputs):
        (folder / f"{number}.jsonl").write_bytes(b"".join(line(f"{number}-{n}", s) for n, s in enumerate(seconds)))
    with arrivals([folder]) as stream:
        found = [item for item in stream if isinstance(item, Mention)]
    assert sorted(m.uid for m in found) == sorted(f"{i}-{n}" for i, each in enumerate(inputs) for n in range(len(each)))
    latest = START
    for mention in found:
        assert mention.created_at >= latest - timedelta(minutes=2)
        latest = max(latest, mention.created_at)
