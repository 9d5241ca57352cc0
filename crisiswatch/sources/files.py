"""Mentions from files: one file, or a directory that is tailed, or standard input."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from crisiswatch.clock import Clock
from crisiswatch.errors import SourceRejected, SourceUnavailable
from crisiswatch.model import Batch, Cursor, Refused
from crisiswatch.sources.basket import Basket
from crisiswatch.sources.parse import REASONS
from crisiswatch.sources.places import Place, Places
from crisiswatch.sources.records import Records, is_csv, is_input, open_input
from crisiswatch.sources.stdin import StdinReader

__all__ = ["FilesSource"]


class FilesSource:
    """Reads ``*.jsonl``, ``*.ndjson`` and ``*.csv``, also ``.gz``, from a file or from everywhere below a directory.

    New files and appended lines are found at the next poll; a half-written last line is left until it is complete,
    or, with ``final`` (nothing will be appended any more), read as it is. Renaming, rotation (also of a single file,
    to a name that begins with its own) and truncation neither lose nor double a line. Nothing is ever changed on disk.
    A cursor is JSON: for each file the offset and a fingerprint. The path ``-`` is standard input, which can't be read
    again: its cursor only tells whether the last batch was committed.

    ``check_times`` refuses times more than two days after the clock's. Close it when done: it may hold one file open.
    """

    def __init__(
        self,
        id: str,  # noqa: A002  the name everybody uses
        path: str | Path,
        clock: Clock,
        *,
        batch_size: int = 5000,
        final: bool = False,
        check_times: bool = True,
        stdin: BinaryIO | None = None,
    ) -> None:
        self.id = id
        self._path = Path(path)
        self._clock = clock
        self._batch_size = batch_size
        self._final = final
        self._check_times = check_times
        self._stdin = StdinReader(stdin) if str(path) == "-" else None
        self._held: _Handle | None = None

    def poll(self, cursor: Cursor | None, deadline: datetime) -> Batch:
        """What is new since ``cursor``, at most ``batch_size`` records. `SourceRejected` when the path never was there
        or may not be read, `SourceUnavailable` when the disk fails or the path is gone for the moment."""
        basket = Basket(self.id, self._clock, deadline, self._batch_size, check_times=self._check_times)
        if self._stdin is not None:
            return self._stdin.poll(cursor, basket)
        try:
            return self._poll_files(Places.load(cursor), basket)
        except FileNotFoundError as error:
            if cursor is None:
                raise SourceRejected(f"there is no {self._path}") from error
            raise SourceUnavailable(f"{self._path} is not there at the moment") from error
        except PermissionError as error:
            raise SourceRejected(f"{error.filename or self._path} may not be read") from error
        except OSError as error:
            raise SourceUnavailable(f"{self._path} can't be read: {error.strerror}") from error

    def close(self) -> None:
        """Let go of the file that is being read."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _poll_files(self, places: Places, basket: Basket) -> Batch:
        root, wanted, all_names = self._look()
        places.settle(root, all_names)
        more = False
        # What a rotated file still holds is older than what is in the new one.
        for name in [*sorted(places.files.keys() - wanted), *sorted(wanted)]:
            if basket.full():
                more = True
                break
            self._read(root, name, places, basket)
        more = more or basket.full()
        return Batch(tuple(basket.mentions), tuple(basket.refused), cursor=places.dump(), more=more)

    def _look(self) -> tuple[Path, set[str], list[str]]:
        """The directory, the names to read, and all names under which a file may turn up again."""
        if self._path.is_dir():
            names = sorted(_names_below(self._path))
            return self._path, {name for name in names if is_input(Path(name).name)}, names
        root, name = self._path.parent, self._path.name
        names = sorted(entry.name for entry in root.iterdir() if entry.name.startswith(name) and entry.is_file())
        if name not in names and not names:
            raise FileNotFoundError(2, "no such file", str(self._path))
        return root, {name} & set(names), names

    def _read(self, root: Path, name: str, places: Places, basket: Basket) -> None:
        """Take records of one file until it or the basket is at its end; notes the new place."""
        place = places.files.get(name)
        try:
            handle = self._handle(root, name, place)
        except FileNotFoundError:  # renamed since we looked; the next poll finds it
            return
        if handle is None:
            return
        try:
            finished = handle.drain(basket)
            place = handle.place(finished=finished)
            if place.offset or place.size >= 0:
                places.files[name] = place
            else:
                places.files.pop(name, None)
        except BaseException:
            handle.close()
            raise
        if handle.packed and not finished:  # to come back to its place would mean to decompress it all again
            self._held = handle
        else:
            handle.close()

    def _handle(self, root: Path, name: str, place: Place | None) -> _Handle | None:
        """The file, open and in place; None when it has nothing new or is not what the place was taken from."""
        held, self._held = self._held, None
        if held is not None:
            if held.name == name and place is not None and held.records.offset == place.offset:
                return held
            held.close()
        return _Handle.open(root, name, place, final=self._final)


def _names_below(root: Path) -> Iterator[str]:
    """Every file below a directory, by its path from there; hidden files and directories are passed over."""
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        here = Path(folder).relative_to(root)
        yield from ((here / name).as_posix() for name in files if not name.startswith("."))


class _Handle:
    """One open file and its records."""

    def __init__(self, name: str, raw: BinaryIO, place: Place | None, *, final: bool) -> None:
        self.name = name
        self._raw = raw
        self.packed = name.lower().endswith(".gz") or raw.peek(2)[:2] == b"\x1f\x8b"  # type: ignore[attr-defined]
        self._content = open_input(raw, packed=self.packed)
        offset, line = (place.offset, place.line) if place else (0, 0)
        self.records = Records(
            self._content, csv_rows=is_csv(name), final=final or self.packed, offset=offset, line=line
        )
        self._iterator = iter(self.records)

    @classmethod
    def open(cls, root: Path, name: str, place: Place | None, *, final: bool) -> _Handle | None:
        """Open a file at its place; None when there is nothing new in it or the place is not of this file."""
        raw = (root / name).open("rb")
        try:
            size = os.fstat(raw.fileno()).st_size
            if place is not None and (not place.fits(raw) or size == place.done_at):
                raw.close()
                return None
            raw.seek(0)
            return cls(name, raw, place, final=final)
        except BaseException:
            raw.close()
            raise

    def drain(self, basket: Basket) -> bool:
        """Take records until the basket is full (False) or the file has no more for now (True)."""
        while not basket.full():
            record = next(self._iterator, None)
            if record is None:
                if self.records.problem:
                    reason = self.records.problem
                    basket.refused.append(Refused(f"{self.name}:{self.records.line + 1}", reason, REASONS[reason]))
                return True
            basket.take(self.name, self.records, record)
        return False

    def place(self, *, finished: bool) -> Place:
        """Where reading stands; of a file that is read on, the position does not change."""
        position = self._raw.tell()
        size = os.fstat(self._raw.fileno()).st_size
        if not self.packed and size < self.records.offset:  # truncated while it was read
            return Place.at(self._raw, 0, 0, packed=False)
        done = size if finished and self.packed else -1
        place = Place.at(self._raw, self.records.offset, self.records.line, packed=self.packed, size=done)
        self._raw.seek(position)
        return place

    def close(self) -> None:
        if self._content is not self._raw:
            self._content.close()
        self._raw.close()
