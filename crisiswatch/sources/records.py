"""Cuts a stream of bytes into records: the lines of JSON Lines, the rows of CSV.

Memory is bounded whatever the input: a line longer than `LONGEST_LINE` is passed over without being kept. Offsets are
bytes of the stream (of a ``.gz``, of its decompressed content), so that reading can go on exactly where it stopped.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import BinaryIO, NamedTuple, cast

from crisiswatch.errors import BadMention
from crisiswatch.model import Mention
from crisiswatch.sources.parse import LONGEST_LINE, REASONS, decode_json, parse_line, parse_mention
from crisiswatch.sources.refusing import not_utf8, shown

__all__ = ["Record", "Records", "is_csv", "is_input", "open_input"]

_MOST_LINES = 200  # of one CSV record; more means that a quote was never closed
_WHOLE = frozenset({"author_followers", "likes", "replies", "reposts", "views"})
_REAL = frozenset({"native_sentiment", "rating", "weight"})
_INPUT = re.compile(r"\.(?:jsonl|ndjson|csv)(?:\.gz)?$", re.IGNORECASE)


def is_input(name: str) -> bool:
    """Whether a file of that name is read: ``.jsonl``, ``.ndjson`` or ``.csv``, also with ``.gz``, and not hidden."""
    return _INPUT.search(name) is not None and not name.startswith(".")


def is_csv(name: str) -> bool:
    """Whether a file holds CSV; any other name is read as JSON Lines."""
    return re.search(r"\.csv(?:\.|$)", name, re.IGNORECASE) is not None


def open_input(raw: BinaryIO, *, packed: bool) -> BinaryIO:
    """The content of an open file, decompressed if it is packed. Closing it leaves ``raw`` open if it is packed."""
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw


class Record(NamedTuple):
    """One record: the line it begins on (from 1), its bytes, or the reason why they can't be used."""

    line: int
    data: bytes
    reason: str = ""


class Records:
    """The records of a stream, in order; ``offset`` and ``line`` always stand after the last one that was given out.

    ``final`` says that nothing will be appended: then a last line without a line end is a record, else it is left.
    ``problem`` is set to ``cut_gzip`` or ``bad_gzip`` when the stream broke off.
    """

    def __init__(self, stream: BinaryIO, *, csv_rows: bool, final: bool, offset: int = 0, line: int = 0) -> None:
        self._stream = stream
        self._final = final
        self._csv = csv_rows
        self._header: _Header | None = None
        self._ahead: list[tuple[bytes, int]] = []  # lines that were read to complete a row and turned out not to
        self._start = offset
        self.offset = offset
        self.line = line
        self.problem = ""

    def __iter__(self) -> Iterator[Record]:
        try:
            yield from self._rows() if self._csv else self._lines()
        except EOFError:
            self.problem = "cut_gzip"
        except (gzip.BadGzipFile, zlib.error):
            self.problem = "bad_gzip"

    def fields(self, record: Record) -> object:
        """What a record says, whatever it is about: an object, or what else stands there as JSON. Raises `BadMention`.

        Empty cells of CSV are left out.
        """
        if record.reason:
            raise BadMention(record.reason, REASONS[record.reason])
        return decode_json(record.data) if self._header is None else self._header.fields(record.data)

    def parse(self, record: Record, *, source: str | None, now: datetime | None) -> Mention:
        """The mention in a record. Raises `BadMention`."""
        if record.reason:
            raise BadMention(record.reason, REASONS[record.reason])
        if self._header is not None:
            return parse_mention(self._header.fields(record.data), source=source, now=now)
        return parse_line(record.data, source=source, now=now)

    def times(self, record: Record) -> bytes:
        """The bytes in which a time may be looked for as JSON; a CSV row is brought into that form."""
        if self._header is None or record.reason:
            return record.data
        try:
            fields = self._header.fields(record.data)
        except BadMention:
            return b""
        return b" ".join(
            b'"%s":"%s"' % (name.encode(), str(fields[name]).encode("utf-8", "replace"))
            for name in ("received_at", "created_at")
            if name in fields
        )

    def _lines(self) -> Iterator[Record]:
        if self._start:
            self._stream.seek(self._start)
        readline = self._stream.readline
        while True:
            data = readline(LONGEST_LINE + 1)
            if data[-1:] == b"\n":  # nearly every line
                self.offset += len(data)
                self.line += 1
                yield Record(self.line, data)
                continue
            data, size = _whole_line(self._stream, data)
            if not self._complete(data):
                return
            self.offset += size
            self.line += 1
            yield Record(self.line, data, "line_too_long" if size > len(data) else "")

    def _rows(self) -> Iterator[Record]:
        data, size = _read_line(self._stream)
        if not self._complete(data):
            return
        self._header = _Header(data)
        if self._start:
            self._stream.seek(self._start)
        else:
            self.offset, self.line = size, 1
        while (row := self._row(self._header)) is not None:
            data, size, lines, reason = row
            first = self.line + 1
            self.offset += size
            self.line += lines
            yield Record(first, data, reason)

    def _row(self, header: _Header) -> tuple[bytes, int, int, str] | None:
        """The next row: bytes, size in the stream, lines, reason; None when there is no complete one."""
        lines: list[tuple[bytes, int]] = []
        total = 0
        while True:
            data, size = self._next_line()
            unfinished = not self._complete(data)
            if not unfinished:
                lines.append((data, size))
                total += size
            if not lines or (unfinished and not self._final):
                return None
            row = b"".join(part for part, _ in lines)
            if total > LONGEST_LINE or len(lines) > _MOST_LINES or unfinished:
                return self._give_back(lines)
            if not header.is_open(row):
                if len(lines) == 1 or header.is_sound(row):
                    return row, total, len(lines), ""
                return self._give_back(lines)

    def _give_back(self, lines: list[tuple[bytes, int]]) -> tuple[bytes, int, int, str]:
        """Refuse the first of some lines, whose quote swallowed the others; those are read again."""
        self._ahead = lines[1:] + self._ahead
        data, size = lines[0]
        return data, size, 1, "line_too_long" if size > LONGEST_LINE else "bad_csv"

    def _next_line(self) -> tuple[bytes, int]:
        return self._ahead.pop(0) if self._ahead else _read_line(self._stream)

    def _complete(self, data: bytes) -> bool:
        """Whether a line may be used: it has its line end, or there will never be one."""
        return data.endswith(b"\n") or (self._final and data != b"")


class _Header:
    """The first line of a CSV file: its separator and its field names."""

    def __init__(self, line: bytes) -> None:
        text = line.decode("utf-8-sig", "replace")
        self.separator = max(",;\t", key=text.count)
        names = next(csv.reader([text.strip("\r\n")], delimiter=self.separator), [])
        self.names = [name.strip().lower() for name in names]
        mark = re.escape(self.separator.encode())
        self._quoted = re.compile(rb'(?:(?<=^)|(?<=%b))"(?:[^"]|"")*"' % mark)
        self._opening = re.compile(rb'(?:^|%b)"' % mark)

    def is_open(self, row: bytes) -> bool:
        """Whether a quoted field still waits for its end. A quote inside an unquoted field is a plain character."""
        return b'"' in row and self._opening.search(self._quoted.sub(b"", row)) is not None

    def is_sound(self, row: bytes) -> bool:
        """Whether every quoted field ends where its cell ends: else a quote of a later row closed an earlier one."""
        text = row.decode("utf-8", "replace").rstrip("\r\n")
        try:
            next(csv.reader(io.StringIO(text, newline=""), delimiter=self.separator, strict=True))
        except csv.Error:
            return False
        return True

    def fields(self, row: bytes) -> dict[str, object]:
        """A row as an object of the input contract; empty cells are left out. Raises `BadMention`."""
        try:
            text = row.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadMention("bad_encoding", not_utf8(row, error.start)) from None
        if not text.strip():
            raise BadMention("empty", "nothing in it")
        try:
            cells = next(csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), delimiter=self.separator))
        except (csv.Error, StopIteration) as error:
            raise BadMention("bad_csv", str(error)) from None
        if len(cells) > len(self.names):
            raise BadMention("bad_csv", f"{len(cells)} cells under {len(self.names)} headings")
        return {
            name: _CONVERT[name](name, cell) if name in _CONVERT else cell
            for name, cell in zip(self.names, cells, strict=False)
            if cell or name == "text"
        }


def _number(name: str, cell: str) -> object:
    """A cell as the number it is; decimal commas are not guessed at."""
    try:
        value = decode_json(cell.encode("utf-8", "replace"))
    except BadMention:
        value = cell
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadMention("wrong_type", f"{name} must be a number, not {shown(cell)}")
    return value


_CONVERT: dict[str, Callable[[str, str], object]] = dict.fromkeys(_WHOLE | _REAL, _number)


def _read_line(stream: BinaryIO) -> tuple[bytes, int]:
    """The next line and its size; of a line that is too long, only the end is given (the size tells)."""
    return _whole_line(stream, stream.readline(LONGEST_LINE + 1))


def _whole_line(stream: BinaryIO, data: bytes) -> tuple[bytes, int]:
    """The same, when its beginning is read already."""
    size = len(data)
    if size <= LONGEST_LINE or data.endswith(b"\n"):
        return data, size
    while not data.endswith(b"\n"):
        data = stream.readline(1 << 16)
        if not data:
            return b"...", size
        size += len(data)
    return b"\n", size
