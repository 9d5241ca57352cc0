"""What a source has given out already, small enough for a cursor."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b

__all__ = ["Seen"]


class Seen:
    """Fingerprints of things and of the state each was in; beyond ``most``, what was noted longest ago is forgotten."""

    def __init__(self, marks: Mapping[str, str] | None = None, *, most: int = 1000) -> None:
        self._marks = dict(marks or {})
        self._most = most

    def note(self, name: str, state: str = "") -> str:
        """Note a thing in a state: ``new``, ``changed``, or ``known`` when it was noted in this state before."""
        mark, now = _mark(name), _mark(state) if state else ""
        before = self._marks.pop(mark, None)
        self._marks[mark] = now
        if len(self._marks) > self._most:
            del self._marks[next(iter(self._marks))]
        if before is None:
            return "new"
        return "known" if before == now else "changed"

    def dump(self) -> dict[str, str]:
        """For the next `Seen`; JSON keeps the order."""
        return dict(self._marks)


def _mark(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=6).hexdigest()
