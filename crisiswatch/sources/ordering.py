"""Recorded inputs in the order in which their mentions arrived, for replay: any size, any order, flat memory.

A cheap first pass (a search for the time fields, no JSON) counts the lines and finds out which inputs are in order.
Those are streamed and merged, one open file for each stretch of time that overlaps; the others go through a temporary
SQLite file, which sorts on disk. Arrival is ``received_at``, else ``created_at``. An input counts as in order while
no line arrives more than two minutes before an earlier one; such a line keeps its place in the input.
"""

from __future__ import annotations

import heapq
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from crisiswatch.errors import BadMention, SourceRejected
from crisiswatch.model import Mention, Refused
from crisiswatch.sources.records import Record, Records, is_csv, is_input, open_input

__all__ = ["Arrivals", "arrivals"]

_TOLERANCE = timedelta(minutes=2)
_MOST_LANES = 64  # files open at the same time
_NAMES = (b'"received_at"', b'"created_at"')
_TIME = re.compile(rb'"\w+"\s*:\s*"([0-9Tt:.\-+ Zz]{10,40})"').match


def arrivals(
    paths: Iterable[str | Path],
    *,
    source: str | None = None,
    now: datetime | None = None,
    stdin: BinaryIO | None = None,
    folder: str | Path | None = None,
) -> Arrivals:
    """Prepare to read files, everything below directories, and ``-`` (standard input), in order of arrival.

    ``source`` is lent to mentions without one; ``now`` refuses times more than two days after it; temporary files go to
    ``folder``. `SourceRejected` for a path that is not there or can't be read. Use it as a context manager.
    """
    return Arrivals(paths, source=source, now=now, stdin=stdin, folder=folder)


@dataclass(frozen=True, slots=True)
class _Input:
    """One file and what the first pass learned: lines, arrival of the first and the latest, whether it is in order."""

    path: Path
    name: str
    number: int
    lines: int = 0
    first: float = 0.0
    latest: float = 0.0
    ordered: bool = True


_Item = tuple[float, int, int, Mention | Refused]  # arrival, input, line, what it is
_Items = Generator[_Item, None, None]


class Arrivals:
    """Mentions and refused lines by arrival; ``total`` is how many records there are, for a progress bar.

    Of two that arrived at the same moment, the one of the earlier input comes first. It can be read once.
    """

    def __init__(
        self,
        paths: Iterable[str | Path],
        *,
        source: str | None,
        now: datetime | None,
        stdin: BinaryIO | None,
        folder: str | Path | None,
    ) -> None:
        self._source = source
        self._now = now
        self._temporary = tempfile.TemporaryDirectory(prefix="crisiswatch-", dir=folder)
        self._folder = Path(self._temporary.name)
        self._spool: _Spool | None = None
        try:
            inputs = [_scan(found) for found in self._inputs(paths, stdin)]
            self.total = sum(found.lines for found in inputs)
            self._items = self._merge(inputs)
        except OSError as error:
            self.close()
            raise SourceRejected(f"{error.filename} can't be read: {error.strerror}") from error
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[Mention | Refused]:
        return self

    def __next__(self) -> Mention | Refused:
        return next(self._items)[3]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all files and delete the temporary ones."""
        items = getattr(self, "_items", None)
        if items is not None:
            items.close()
        if self._spool is not None:
            self._spool.close()
        self._temporary.cleanup()

    def _inputs(self, paths: Iterable[str | Path], stdin: BinaryIO | None) -> Iterator[_Input]:
        """The files behind the paths, in the order given, those of a directory by name."""
        number = 0
        for given in paths:
            for path, name in self._files(given, stdin):
                yield _Input(path, name, number)
                number += 1

    def _files(self, given: str | Path, stdin: BinaryIO | None) -> Iterator[tuple[Path, str]]:
        path = Path(given)
        if str(given) == "-":
            yield self._save(stdin or sys.stdin.buffer), "stdin"
        elif path.is_dir():
            yield from ((file, str(file)) for file in sorted(path.rglob("*")) if file.is_file() and is_input(file.name))
        else:
            yield path, str(given)

    def _save(self, stream: BinaryIO) -> Path:
        """Standard input as a file, because it has to be read twice; packed input is recognised."""
        path = self._folder / "stdin"
        with path.open("wb") as file:
            shutil.copyfileobj(stream, file)
        return path

    def _merge(self, inputs: Sequence[_Input]) -> _Items:
        lanes, rest = _lanes([found for found in inputs if found.ordered])
        rest += [found for found in inputs if not found.ordered]
        streams: list[_Items] = [self._lane(lane) for lane in lanes]
        if rest:
            self._spool = _Spool(self._folder / "spool.db")
            for found in sorted(rest, key=lambda item: item.number):
                self._spool.add(found)
            streams.append(self._spool.items(rest, self))
        return _closing(streams)

    def _lane(self, lane: Sequence[_Input]) -> _Items:
        """Inputs that follow each other in time, one after the other; only one of them is open."""
        for found in lane:
            arrival = found.first
            with _Opened(found) as opened:
                for record in opened.all():
                    item = self.judge(found, opened.records, record)
                    if isinstance(item, Mention):
                        arrival = max(arrival, (item.received_at or item.created_at).timestamp())
                    yield arrival, found.number, record.line, item

    def judge(self, found: _Input, records: Records, record: Record) -> Mention | Refused:
        """A record as a mention, or why it can't be one."""
        try:
            return records.parse(record, source=self._source, now=self._now)
        except BadMention as error:
            return Refused(f"{found.name}:{record.line}", error.reason, error.detail)


class _Opened:
    """An open input."""

    def __init__(self, found: _Input) -> None:
        self._raw = found.path.open("rb")
        packed = self._raw.peek(2)[:2] == b"\x1f\x8b" or found.name.lower().endswith(".gz")
        self._content = open_input(cast("BinaryIO", self._raw), packed=packed)
        self.records = Records(self._content, csv_rows=is_csv(found.name), final=True)
        self._first = found.first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._content is not self._raw:
            self._content.close()
        self._raw.close()

    def all(self) -> Iterator[Record]:
        """Every record, and at the end one for the reason why the input broke off, if it did."""
        yield from self.records
        if self.records.problem:
            yield Record(self.records.line + 1, b"", self.records.problem)

    def keyed(self) -> Iterator[tuple[float, Record]]:
        """The same with the arrival of each, or the last known one where a record does not tell."""
        arrival = self._first
        for record in self.all():
            seen = _moment(self.records.times(record))
            arrival = arrival if seen is None else seen.timestamp()
            yield arrival, record


class _Spool:
    """Records sorted by arrival on disk."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("PRAGMA temp_store = FILE")
        self._db.execute("CREATE TABLE records (arrival REAL, input INTEGER, line INTEGER, reason TEXT, data BLOB)")

    def add(self, found: _Input) -> None:
        with _Opened(found) as opened:
            rows = ((key, found.number, record.line, record.reason, record.data) for key, record in opened.keyed())
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)
            self._db.execute("COMMIT")

    def items(self, inputs: Sequence[_Input], owner: Arrivals) -> _Items:
        """Everything that was added, by arrival, then input, then line."""
        parsers = {found.number: (found, _parser(found)) for found in inputs}
        for arrival, number, line, reason, data in self._db.execute(
            "SELECT arrival, input, line, reason, data FROM records ORDER BY arrival, input, line"
        ):
            found, records = parsers[number]
            yield arrival, number, line, owner.judge(found, records, Record(line, data, reason))

    def close(self) -> None:
        self._db.close()


def _parser(found: _Input) -> Records:
    """Something that parses records of this input; for CSV it has seen the header."""
    with _Opened(found) as opened:
        next(opened.all(), None)
        return opened.records


def _scan(found: _Input) -> _Input:
    """The first pass: count, and look whether arrivals go forward."""
    lines, ordered = 0, True
    first: datetime | None = None
    latest: datetime | None = None
    with _Opened(found) as opened:
        times = opened.records.times
        for record in opened.all():
            lines += 1
            seen = _moment(times(record))
            if seen is None:
                continue
            if first is None or latest is None:
                first = latest = seen
            elif seen >= latest:
                latest = seen
            elif latest - seen > _TOLERANCE:
                ordered = False
    if first is None or latest is None:
        return _Input(found.path, found.name, found.number, lines)
    return _Input(found.path, found.name, found.number, lines, first.timestamp(), latest.timestamp(), ordered)


def _moment(data: bytes) -> datetime | None:
    """The arrival named in a record; None if it names none that can be read."""
    match = None
    for name in _NAMES:
        at = data.find(name)
        if at >= 0 and (match := _TIME(data, at)) is not None:
            break
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match[1].decode().upper())
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _lanes(inputs: Iterable[_Input]) -> tuple[list[list[_Input]], list[_Input]]:
    """Put inputs that follow each other in time into one lane; second, those for which there was no lane left."""
    lanes: list[list[_Input]] = []
    rest: list[_Input] = []
    for found in sorted(inputs, key=lambda item: (item.first, item.number)):
        lane = next((lane for lane in lanes if lane[-1].latest < found.first), None)
        if lane is not None:
            lane.append(found)
        elif len(lanes) < _MOST_LANES:
            lanes.append([found])
        else:
            rest.append(found)
    return lanes, rest


def _closing(streams: Sequence[_Items]) -> _Items:
    """The streams merged; closing this closes them all."""
    try:
        yield from heapq.merge(*streams, key=lambda item: item[:3])
    finally:
        for stream in streams:
            stream.close()
