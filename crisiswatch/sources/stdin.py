"""Standard input as a stream of lines that can be waited for with a time limit."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import BinaryIO

from crisiswatch.model import Batch, Cursor
from crisiswatch.sources.basket import Basket
from crisiswatch.sources.parse import LONGEST_LINE
from crisiswatch.sources.records import Record, Records

__all__ = ["StdinReader"]

_CHUNK = 1 << 16


class StdinReader:
    """Takes JSON Lines from standard input (or ``stream``) as they come, until it ends.

    What was read can't be read again, so the last batch is kept and given out once more until its cursor comes back.
    Cursors count records over the life of the source. One thread at a time.
    """

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream or sys.stdin.buffer
        self._fd = _descriptor(self._stream)
        self._parser = Records(io.BytesIO(), csv_rows=False, final=True)
        self._buffer = b""
        self._skipping = False
        self._ended = False
        self._lines = 0
        self._last: tuple[Cursor | None, Batch] | None = None

    def poll(self, cursor: Cursor | None, basket: Basket) -> Batch:
        """The lines that are there; waits for the first one until the deadline."""
        if self._last is not None and self._last[0] == cursor:
            return self._last[1]
        self._last = None
        count = 0
        while not basket.full():
            record = self._next_record()
            if record is not None:
                basket.take("stdin", self._parser, record)
                count += 1
            elif self._ended or not self._fill(0.0 if count else basket.wait()):
                break
        if count == 0:
            return Batch(cursor=cursor)
        done = (int(cursor) if cursor and cursor.isdecimal() else 0) + count
        batch = Batch(tuple(basket.mentions), tuple(basket.refused), cursor=str(done), more=basket.full())
        self._last = (cursor, batch)
        return batch

    def _next_record(self) -> Record | None:
        """The next line of the buffer; at the end of the stream also one without a line end."""
        line, end, rest = self._buffer.partition(b"\n")
        if not end and not (self._ended and line):
            if len(line) > LONGEST_LINE:
                self._skipping, self._buffer = True, b""
            return None if not (self._ended and self._skipping) else self._too_long(b"")
        if self._skipping or len(line) > LONGEST_LINE:
            return self._too_long(rest)
        self._buffer = rest
        self._lines += 1
        return Record(self._lines, line)

    def _too_long(self, rest: bytes) -> Record:
        self._skipping, self._buffer = False, rest
        self._lines += 1
        return Record(self._lines, b"", "line_too_long")

    def _fill(self, wait: float) -> bool:
        """Read what is there, waiting at most so many seconds for something; False if there was nothing."""
        if self._fd is None:
            data = self._stream.read(_CHUNK)
        elif select.select([self._fd], [], [], wait)[0]:
            data = os.read(self._fd, _CHUNK)
        else:
            return False
        self._ended = not data
        self._buffer += data
        return True


def _descriptor(stream: BinaryIO) -> int | None:
    """The file descriptor to wait on; None for a stream in memory, which never has to be waited for."""
    try:
        return stream.fileno()
    except (OSError, AttributeError):
        return None
