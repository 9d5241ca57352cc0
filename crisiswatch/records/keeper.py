"""Keeps the folder of records: a folder for each incident, written while it goes on and finished when it is over.

Everything is written whole under another name and then moved into its place, so that a file is there whole or not at
all, whenever the machine stops. What can't be written now is written at the next look: it is all made of the store.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from crisiswatch.model import Case, Incident
from crisiswatch.records.evidence import Snapshot, kept_posts
from crisiswatch.response import decision_to_dict
from crisiswatch.store import Store, StoredMention

__all__ = ["Keeper", "folder_of"]

AFTERWARDS = timedelta(days=14)
"""So long after its end an incident's records follow what people still say of it: a verdict, a promise kept late."""
MOST_CASES = 500
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
log = structlog.get_logger("crisiswatch.records")

Behind = Callable[[Incident], Sequence[StoredMention]]
Text = Callable[[Incident, str], str]
Picture = Callable[[Incident, Case | None], bytes | None]


def folder_of(root: Path, incident: str) -> Path:
    """The folder of an incident's records."""
    return root / (_UNSAFE.sub("-", incident).strip(".-")[:150] or "incident")


class Keeper:
    """Writes records below ``root``.

    ``behind`` gives the stored posts that an incident counts, ``text`` its post-mortem with a picture of that name
    (empty: none), ``picture`` its chart. ``posts`` is how many posts are kept of an incident at most; 0 keeps none.
    Not thread-safe: one job calls it.
    """

    def __init__(
        self, root: Path, store: Store, behind: Behind, text: Text, picture: Picture, *, posts: int = 200
    ) -> None:
        self._root = root
        self._store = store
        self._behind, self._text, self._picture = behind, text, picture
        self._posts = posts
        self._seen: dict[str, tuple[int, int]] = {}

    def look(self, now: datetime) -> int:
        """Bring the records up to date; how many incidents had something new. Raises StoreError."""
        changed = 0
        for case in self._store.cases(limit=MOST_CASES):
            if case.closed_at is not None and now - case.closed_at > AFTERWARDS:
                continue
            version = (case.revision, case.decisions)
            if self._seen.get(case.incident) == version:
                continue
            incident = self._store.incident(case.incident)
            if incident is None or incident.trial:
                self._seen[case.incident] = version
                continue
            try:
                self.write(incident, case, now, finished=bool(case.ending))
            except OSError as error:
                log.warning("records_not_written", incident=case.incident, error=type(error).__name__)
                continue
            self._seen[case.incident] = version
            changed += 1
        return changed

    def write(self, incident: Incident, case: Case | None, now: datetime, *, finished: bool = True) -> None:
        """Write one incident's records as they are; ``finished``: with the post-mortem. Raises OSError, StoreError."""
        folder = folder_of(self._root, incident.id)
        folder.mkdir(parents=True, exist_ok=True)
        if self._posts and not incident.of_blindness:
            self._evidence(folder / "evidence.jsonl", incident, now)
        lines = [json.dumps(decision_to_dict(line), ensure_ascii=False) for line in self._store.decisions(incident.id)]
        if lines:
            _put(folder / "decisions.jsonl", "".join(f"{line}\n" for line in lines).encode())
        if finished:
            chart = self._picture(incident, case)
            if chart is not None:
                _put(folder / "chart.png", chart)
            _put(folder / "post-mortem.md", self._text(incident, "chart.png" if chart else "").encode())

    def forget(self, now: datetime) -> int:
        """Take out of all records the words that the store has forgotten since; how many posts. Raises StoreError."""
        gone = 0
        for path in sorted(self._root.glob("*/evidence.jsonl")) if self._root.is_dir() else ():
            try:
                before = Snapshot.read(path.read_text(encoding="utf-8", errors="replace"))
                told = [uid for uid, row in before.lines.items() if row.get("text") is not None]
                stored = self._store.mentions_by_uid(told)
                after = before.grown((each for each in stored.values() if each.purged), now)
                if after.lines != before.lines:
                    _put(path, after.text().encode())
                    gone += sum(1 for uid in told if after.lines[uid].get("text") is None)
            except OSError as error:
                log.warning("records_not_written", file=path.parent.name, error=type(error).__name__)
        return gone

    def _evidence(self, path: Path, incident: Incident, now: datetime) -> None:
        try:
            before = Snapshot.read(path.read_text(encoding="utf-8", errors="replace"))
        except FileNotFoundError:
            before = Snapshot({})
        after = before.grown(kept_posts(self._behind(incident), self._posts), now)
        if after.lines != before.lines or not path.exists():
            _put(path, after.text().encode("utf-8", "surrogatepass"))


def _put(path: Path, content: bytes) -> None:
    """Write a file whole, readable to its owner and group alone; leaves one that is the same already."""
    with contextlib.suppress(FileNotFoundError):
        if path.read_bytes() == content:
            return
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
