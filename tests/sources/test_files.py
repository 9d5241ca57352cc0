from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiswatch.clock import ManualClock
from crisiswatch.errors import SourceRejected, SourceUnavailable, StateError
from crisiswatch.model import Batch
from crisiswatch.sources.files import FilesSource
from crisiswatch.sources.parse import LONGEST_LINE
from crisiswatch.testing.sources import SourceContract, SourceWorld

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = START + timedelta(minutes=1)


def line(name: str, **more: object) -> bytes:
    obj = {"uid": f"x:{name}", "source": "x", "created_at": "2026-11-22T10:00:00Z", "text": f"about {name}", **more}
    return json.dumps(obj).encode() + b"\n"


def rows(*names: str, header: bool = True) -> bytes:
    body = "".join(f'x:{name},x,2026-11-22T10:00:00Z,"about {name}"\r\n' for name in names)
    return (("uid,source,created_at,text\r\n" if header else "") + body).encode()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def source(path: Path | str, **more: object) -> FilesSource:
    return FilesSource("files", path, ManualClock(START), **more)  # type: ignore[arg-type]


def read(reader: FilesSource, cursor: str | None = None) -> tuple[list[str], list[str], str | None]:
    """Uids, refusals as ``where reason``, and the cursor, after reading everything there is."""
    uids: list[str] = []
    refused: list[str] = []
    more = True
    while more:
        batch = reader.poll(cursor, LATER)
        uids += [mention.uid.removeprefix("x:") for mention in batch.mentions]
        refused += [f"{item.where} {item.reason}" for item in batch.refused]
        cursor, more = batch.cursor, batch.more
    reader.close()
    return uids, refused, cursor


class World:
    """A directory; mentions go to a file of one kind, optionally a new file each time."""

    def __init__(self, root: Path, name: str, batch_size: int) -> None:
        self.clock = ManualClock(START)
        self.root, self.name, self.batch_size = root, name, batch_size
        self.files = 0
        self.made: list[FilesSource] = []

    def put(self, names: Iterable[str]) -> None:
        self._put(b"".join(map(line, names)), rows(*names, header=False))

    def put_bad(self) -> bool:
        self._put(b'{"uid": "x:b"\n', b"x:b,x,yesterday,bad time\n")
        return True

    def _put(self, lines: bytes, cells: bytes) -> None:
        path = self.root / self.name.format(self.files)
        self.files += 1
        data = lines
        if ".csv" in self.name:
            data = cells if path.exists() else rows() + cells
        append(path, gzip.compress(data) if self.name.endswith(".gz") else data)

    def source(self) -> FilesSource:
        self.made.append(FilesSource("files", self.root, self.clock, batch_size=self.batch_size))
        return self.made[-1]


class Contract(SourceContract):
    name = "in.jsonl"
    batch_size = 5000

    @pytest.fixture(autouse=True)
    def _root(self, tmp_path: Path) -> None:
        self.root = tmp_path

    @contextmanager
    def world(self) -> Iterator[SourceWorld]:
        world = World(self.root, self.name, self.batch_size)
        yield world
        for made in world.made:
            made.close()


class TestLinesThatAreAppended(Contract):
    pass


class TestSmallBatches(Contract):
    batch_size = 3


class TestNewFiles(Contract):
    name = "in-{:03d}.ndjson"
    batch_size = 7


class TestCsv(Contract):
    name = "in.csv"
    batch_size = 4


class TestPackedFiles(Contract):
    name = "in-{:03d}.jsonl.gz"
    batch_size = 4


class TestPackedCsv(Contract):
    name = "in-{:03d}.csv.gz"


class TestPackedFileThatGrows(Contract):
    name = "in.jsonl.gz"
    batch_size = 4


def test_a_half_written_line_is_left_until_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, line("1") + line("2")[:20])
    uids, refused, cursor = read(source(path))
    assert (uids, refused) == (["1"], [])
    append(path, line("2")[20:])
    assert read(source(path), cursor)[0] == ["2"]


def test_a_last_line_without_line_end_is_read_when_the_file_is_final(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, line("1") + line("2").rstrip())
    assert read(source(path, final=True))[0] == ["1", "2"]


@pytest.mark.parametrize("single", [True, False])
def test_a_rotated_file_is_read_to_its_end_and_the_new_one_from_its_start(tmp_path: Path, single: bool) -> None:
    path = tmp_path / "a.jsonl"
    append(path, line("1"))
    uids, _, cursor = read(source(path if single else tmp_path))
    append(path, line("2"))
    path.rename(tmp_path / "a.jsonl.1")
    append(path, line("3"))
    more, _, cursor = read(source(path if single else tmp_path), cursor)
    assert uids + more == ["1", "2", "3"]
    (tmp_path / "a.jsonl.1").rename(tmp_path / "a.jsonl.2")
    path.rename(tmp_path / "a.jsonl.1")
    append(path, line("4"))
    assert read(source(path if single else tmp_path), cursor)[0] == ["4"]


def test_a_file_that_is_gone_for_a_while_goes_on_when_it_is_back(tmp_path: Path) -> None:
    path, away = tmp_path / "in" / "a.jsonl", tmp_path / "a.jsonl"
    path.parent.mkdir()
    append(path, line("1"))
    cursor = read(source(path.parent))[2]
    path.rename(away)
    uids, _, cursor = read(source(path.parent), cursor)
    assert uids == []
    append(away, line("2"))
    away.rename(path.with_name("b.jsonl"))
    assert read(source(path.parent), cursor)[0] == ["2"]


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, line("1") + line("2"))
    cursor = read(source(path))[2]
    path.write_bytes(line("3"))
    uids, _, cursor = read(source(path), cursor)
    assert uids == ["3"]
    path.write_bytes(line("4") + line("5") + line("6"))
    assert read(source(path), cursor)[0] == ["4", "5", "6"]


def test_an_exchanged_file_of_the_same_size_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, line("1"))
    cursor = read(source(path))[2]
    path.write_bytes(line("2"))
    assert read(source(path), cursor)[0] == ["2"]


def test_directories_below_are_read_and_hidden_or_other_files_are_not(tmp_path: Path) -> None:
    for name in ("a.jsonl", "sub/b.csv", ".hidden.jsonl", "notes.txt", ".git/c.jsonl", "d.jsonl.tmp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        append(tmp_path / name, rows(name) if name.endswith("csv") else line(name))
    assert read(source(tmp_path))[0] == ["a.jsonl", "sub/b.csv"]


def test_every_refusal_tells_its_file_line_and_reason(tmp_path: Path) -> None:
    data = [
        line("1"),
        b"\n",
        b"hello\r\n",
        line("x" * LONGEST_LINE),
        b'{"uid": "\xff"}\n',
        line("2"),
        b"[" * 5000 + b"\n",
    ]
    append(tmp_path / "a.jsonl", b"".join(data))
    uids, refused, _ = read(source(tmp_path, batch_size=2))
    assert uids == ["1", "2"]
    assert refused == [
        "a.jsonl:2 empty",
        "a.jsonl:3 not_json",
        "a.jsonl:4 line_too_long",
        "a.jsonl:5 bad_encoding",
        "a.jsonl:7 too_deep",
    ]


def test_line_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    append(tmp_path / "a.jsonl", line("1") + b"bad\n")
    cursor = read(source(tmp_path))[2]
    append(tmp_path / "a.jsonl", b"bad\n")
    assert read(source(tmp_path), cursor)[1] == ["a.jsonl:3 not_json"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_takes_quotes_line_breaks_and_other_separators(tmp_path: Path, separator: str) -> None:
    table = [
        ["\ufeffUID", "Source", " created_at ", "text", "likes", "rating", "mood"],
        ["x:1", "x", "2026-11-22T10:00:00Z", f'"a{separator} ""b""\r\nc"', "3", "0.5", "glad"],
        ["x:2", "x", "2026-11-22T10:00:00Z", 'five " inches', "", "", ""],
        ["x:3", "x", "2026-11-22T10:00:00Z", '"\n\n"', "many", "", ""],
        ["x:4", "x", "2026-11-22T10:00:00Z", "too", "1", "1", "1", "1"],
        ["x:5", "x", "2026-11-22T10:00:00Z"],
        ["x:6", "x", "2026-11-22T10:00:00Z", "last"],
    ]
    append(tmp_path / "a.csv", "".join(separator.join(row) + "\r\n" for row in table).encode())
    batch = source(tmp_path).poll(None, LATER)
    one, two, six = batch.mentions
    assert (one.text, one.likes, one.rating) == (f'a{separator} "b"\r\nc', 3, 0.5)
    assert (two.text, two.likes) == ('five " inches', None)
    assert six.text == "last"
    assert [f"{item.where} {item.reason}" for item in batch.refused] == [
        "a.csv:5 wrong_type",
        "a.csv:8 bad_csv",
        "a.csv:9 no_text",
    ]


def test_a_quote_that_is_never_closed_costs_one_line(tmp_path: Path) -> None:
    bad = b'x:bad,x,2026-11-22T10:00:00Z,"oh no\r\n'
    append(tmp_path / "a.csv", rows("1") + bad + rows("2", "3", header=False))
    uids, refused, _ = read(source(tmp_path))
    assert (uids, refused) == (["1", "2", "3"], ["a.csv:3 bad_csv"])


def test_a_quote_without_another_after_it_waits_but_not_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    append(
        path,
        rows("1")
        + (b'x:bad,x,2026-11-22T10:00:00Z,"oh no\r\n' + rows("2", "3", header=False))
        .replace(b'"about', b"about")
        .replace(b'3"', b"3")
        .replace(b'2"', b"2"),
    )
    assert read(source(tmp_path))[0] == ["1"]
    uids, refused, _ = read(source(tmp_path, final=True))
    assert (uids, refused) == (["1", "2", "3"], ["a.csv:3 bad_csv"])
    append(path, rows(*map(str, range(4, 300)), header=False).replace(b'"', b""))
    uids, refused, _ = read(source(tmp_path))
    assert (len(uids), refused) == (299, ["a.csv:3 bad_csv"])


def test_a_csv_header_is_not_a_mention_and_waits_for_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    append(path, b"uid,source,crea")
    _, refused, cursor = read(source(path))
    assert refused == []
    append(path, b"ted_at,text\n")
    _, refused, cursor = read(source(path), cursor)
    assert refused == []
    append(path, rows("1", header=False))
    assert read(source(path), cursor)[0] == ["1"]


def test_a_packed_file_that_breaks_off_is_reported_once_and_read_on_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    noise = [os.urandom(400).hex() for _ in range(50)]
    whole = gzip.compress(b"".join(line(str(n), extra=noise[n]) for n in range(50)))
    path.write_bytes(whole[: len(whole) // 2])
    uids, refused, cursor = read(source(path))
    assert 0 < len(uids) < 50
    assert [item.split()[1] for item in refused] == ["cut_gzip"]
    again, refused, cursor = read(source(path), cursor)
    assert (again, refused) == ([], [])
    path.write_bytes(whole)
    rest, refused, _ = read(source(path), cursor)
    assert uids + rest == [str(n) for n in range(50)]
    assert refused == []


@pytest.mark.parametrize(
    "data",
    [b"not gzip at all", gzip.compress(line("1"), mtime=0)[:-8] + b"\0" * 8],
    ids=["no gzip", "a wrong checksum"],
)
def test_a_damaged_packed_file_is_reported_once(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(data)
    _, refused, cursor = read(source(tmp_path))
    assert [item.split()[1] for item in refused] == ["bad_gzip"]
    assert read(source(tmp_path), cursor)[:2] == ([], [])


def test_a_poll_stops_at_its_deadline_and_says_that_there_is_more(tmp_path: Path) -> None:
    append(tmp_path / "a.jsonl", b"".join(line(str(n)) for n in range(1000)))
    batch = source(tmp_path).poll(None, START)
    assert len(batch.mentions) == 200
    assert batch.more


def test_the_future_is_judged_by_the_clock_unless_told_otherwise(tmp_path: Path) -> None:
    append(tmp_path / "a.jsonl", line("1", created_at="2026-11-25T00:00:00Z"))
    assert read(source(tmp_path))[1] == ["a.jsonl:1 far_future"]
    assert read(source(tmp_path, check_times=False))[0] == ["1"]


def test_a_mention_without_source_gets_the_name_of_this_one(tmp_path: Path) -> None:
    append(tmp_path / "a.jsonl", line("1", source=None))
    assert source(tmp_path).poll(None, LATER).mentions[0].source == "files"


def test_a_path_that_never_was_is_a_fault_of_the_set_up(tmp_path: Path) -> None:
    with pytest.raises(SourceRejected, match=r"there is no .*nowhere"):
        source(tmp_path / "nowhere.jsonl").poll(None, LATER)


def test_a_directory_that_fails_is_told_apart_from_one_that_may_not_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(tmp_path / "a.jsonl", line("1"))
    for error, kind in (
        (PermissionError(13, "no", "a.jsonl"), SourceRejected),
        (OSError(5, "I/O error"), SourceUnavailable),
    ):

        def fail(*_: object, error: OSError = error, **__: object) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(Path, "open", fail)
            with pytest.raises(kind, match="read"):
                source(tmp_path).poll(None, LATER)


def test_a_path_that_has_gone_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    append(path, line("1"))
    cursor = read(source(path))[2]
    path.unlink()
    with pytest.raises(SourceUnavailable, match="not there at the moment"):
        source(path).poll(cursor, LATER)


@pytest.mark.parametrize("cursor", ["", "{", "[]", '{"files": {"a": 1}}', '{"files": {"a": {"x": 1}}, "gone": []}'])
def test_a_cursor_of_somebody_else_is_an_error_and_not_a_fresh_start(tmp_path: Path, cursor: str) -> None:
    with pytest.raises(StateError):
        source(tmp_path).poll(cursor, LATER)


def test_standard_input_is_read_to_its_end() -> None:
    data = line("1") + b"bad\n" + b"x" * (3 * LONGEST_LINE) + b"\n" + line("2") + line("3").rstrip()
    uids, refused, cursor = read(source("-", stdin=io.BytesIO(data), batch_size=2))
    assert uids == ["1", "2", "3"]
    assert refused == ["stdin:2 not_json", "stdin:3 line_too_long"]
    assert cursor == "5"


def test_standard_input_gives_an_uncommitted_batch_again() -> None:
    reader = source("-", stdin=io.BytesIO(line("1") + line("2")), batch_size=1)
    first = reader.poll(None, LATER)
    assert reader.poll(None, LATER) == first
    second = reader.poll(first.cursor, LATER)
    assert second.mentions[0].uid == "x:2"
    assert reader.poll(second.cursor, LATER) == Batch(cursor="2")


def test_a_silent_pipe_is_not_waited_for_beyond_the_deadline() -> None:
    out, into = os.pipe()
    with os.fdopen(out, "rb") as stream, os.fdopen(into, "wb", buffering=0) as writer:
        reader = source("-", stdin=stream)
        assert reader.poll(None, START) == Batch()
        writer.write(line("1") + line("2")[:10])
        batch = reader.poll(None, START)
        assert [mention.uid for mention in batch.mentions] == ["x:1"]
        writer.write(line("2")[10:])
        assert [mention.uid for mention in reader.poll(batch.cursor, START).mentions] == ["x:2"]


_action = st.one_of(
    st.tuples(st.just("append"), st.integers(0, 2), st.integers(1, 4)),
    st.tuples(st.just("half"), st.integers(0, 2), st.integers(1, 60)),
    st.tuples(st.just("rotate"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("poll"), st.just(0), st.integers(1, 6)),
    st.tuples(st.just("kill"), st.just(0), st.integers(1, 6)),
)


@settings(max_examples=min(settings().max_examples, 150))  # each example writes files
@given(actions=st.lists(_action, max_size=40), kind=st.sampled_from(["jsonl", "csv"]))
def test_whatever_happens_to_tailed_files_no_line_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int, int]], kind: str
) -> None:
    root = tmp_path_factory.mktemp("tail")
    Story(root, kind).play(actions)


class Story:
    """Writers that append and rotate, a reader that is killed; the committed uids at the end are what was written."""

    def __init__(self, root: Path, kind: str) -> None:
        self.root, self.kind = root, kind
        self.written: list[str] = []
        self.pending: dict[int, bytes] = {}
        self.read: list[str] = []
        self.cursor: str | None = None
        self.reader = source(root)
        self.turns = 0

    def play(self, actions: list[tuple[str, int, int]]) -> None:
        for action, file, amount in actions:
            getattr(self, action)(file, amount)
        for file in range(3):
            self.append(file, 1)
        for _ in range(len(self.written) + 1):
            self.poll(0, 1000)
        self.reader.close()
        assert sorted(self.read) == sorted(self.written)

    def path(self, file: int) -> Path:
        return self.root / f"f{file}.{self.kind}"

    def append(self, file: int, amount: int) -> None:
        self.finish(file)
        for _ in range(amount):
            append(self.path(file), self.record(file))

    def half(self, file: int, amount: int) -> None:
        self.finish(file)
        data = self.record(file)
        cut = min(amount, len(data) - 1)
        append(self.path(file), data[:cut])
        self.pending[file] = data[cut:]

    def record(self, file: int) -> bytes:
        name = f"{file}-{len(self.written)}"
        self.written.append(name)
        if self.kind == "jsonl":
            return line(name)
        return rows(name, header=not self.path(file).exists())

    def finish(self, file: int) -> None:
        append(self.path(file), self.pending.pop(file)) if file in self.pending else None

    def rotate(self, file: int, _: int) -> None:
        self.finish(file)
        if self.path(file).exists():
            self.turns += 1
            self.path(file).rename(self.root / f"old{self.turns}.{self.kind}")

    def poll(self, _: int, size: int) -> None:
        self.reader._batch_size = size
        batch = self.reader.poll(self.cursor, LATER)
        assert batch.refused == ()
        self.read += [mention.uid.removeprefix("x:") for mention in batch.mentions]
        self.cursor = batch.cursor

    def kill(self, _: int, size: int) -> None:
        self.reader._batch_size = size
        self.reader.poll(self.cursor, LATER)
        self.reader.close()
        self.reader = source(self.root)


def test_a_csv_column_has_the_sources_own_score(tmp_path: Path) -> None:
    rows = ["uid,source,created_at,text,native_sentiment"]
    rows += [f"x:{n},x,2026-11-22T10:00:00Z,hello,{value}" for n, value in enumerate(("-0.75", "", "much"))]
    append(tmp_path / "a.csv", "\n".join([*rows, ""]).encode())
    assert [each.native_sentiment for each in source(tmp_path).poll(None, LATER).mentions] == [-0.75, None]
