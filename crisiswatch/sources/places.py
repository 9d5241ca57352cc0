"""Where reading of a file stopped, and how to know the file again under another name.

A place belongs to content, not to a name: it carries a fingerprint of the file's first bytes and of the bytes just
before it. So a renamed file goes on where it was left, and a new or truncated file under an old name begins anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from crisiswatch.errors import StateError

__all__ = ["Place", "Places"]

_HEAD = 1024
_TAIL = 64
_MOST_GONE = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file. ``offset`` and ``line`` count what was read (of a packed file, its content).

    ``head`` is how many first bytes the fingerprint covers, ``size`` a packed file's size when its end was reached (or
    when it turned out to be damaged): there is nothing to do until it changes.
    """

    offset: int
    line: int
    head: int
    digest: str
    tail: str = ""
    size: int = -1

    @classmethod
    def at(cls, raw: BinaryIO, offset: int, line: int, *, packed: bool, size: int = -1) -> Place:
        """The place after ``offset`` bytes of an open file; moves the file's position."""
        head = _HEAD if packed else min(_HEAD, offset)
        raw.seek(0)
        start = raw.read(head)
        tail = "" if packed else _tail(raw, offset)
        return cls(offset, line, len(start), _digest(start), tail, size)

    @property
    def done_at(self) -> int:
        """The size at which a file has nothing new."""
        return self.offset if self.tail else self.size

    def fits(self, raw: BinaryIO) -> bool:
        """Whether an open file has the content this place was taken from; moves the file's position."""
        raw.seek(0)
        start = raw.read(self.head)
        if len(start) < self.head or _digest(start) != self.digest:
            return False
        return not self.tail or _tail(raw, self.offset) == self.tail


@dataclass(slots=True)
class Places:
    """The places of all files of a source: by name, and those whose file has gone (it may come back renamed)."""

    files: dict[str, Place]
    gone: list[Place]

    @classmethod
    def load(cls, cursor: str | None) -> Places:
        """Read a cursor. StateError if it is not one of ours."""
        if cursor is None:
            return cls({}, [])
        try:
            data = json.loads(cursor)
            files = {str(name): Place(**place) for name, place in data["files"].items()}
            return cls(files, [Place(**place) for place in data["gone"]])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StateError(f"the saved place of a files source can't be read: {error!r}") from error

    def dump(self) -> str:
        """The cursor: the same places always give the same text."""
        files = {name: asdict(place) for name, place in sorted(self.files.items())}
        return json.dumps({"files": files, "gone": [asdict(place) for place in self.gone]}, separators=(",", ":"))

    def settle(self, root: Path, candidates: Iterable[str]) -> None:
        """Bring the names up to date: follow renamed files, let go of names that hold another file now.

        ``candidates`` are the names of all files below ``root``, also those that would not be read by their name.
        """
        lost = [name for name, place in self.files.items() if not _fits(root / name, place)]
        homeless = self.gone + [self.files.pop(name) for name in lost]
        if not homeless:
            return
        homeless.sort(key=lambda place: (place.head, place.offset))  # the best known content is looked for first
        for name in candidates:
            if name in self.files:
                continue
            found = next((place for place in reversed(homeless) if _fits(root / name, place)), None)
            if found is not None:
                self.files[name] = found
                homeless.remove(found)
        self.gone = homeless[-_MOST_GONE:]


def _fits(path: Path, place: Place) -> bool:
    try:
        with path.open("rb") as raw:
            return place.fits(raw)
    except OSError:
        return False


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def _tail(raw: BinaryIO, offset: int) -> str:
    """The fingerprint of the bytes just before ``offset``; of fewer where the file is shorter, which then differs."""
    raw.seek(max(0, offset - _TAIL))
    return _digest(raw.read(min(_TAIL, offset)))
