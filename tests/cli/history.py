"""A store with a past: the recorded stream replayed into the file that the configuration names."""

from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

from crisiswatch.config import load
from crisiswatch.model import Mention
from crisiswatch.replay import Replay
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import Store
from crisiswatch.wiring import plan_for
from tests.cli.support import STREAM

__all__ = ["fill"]


_FILLED: dict[tuple[str, str], bytes] = {}
"""Filled stores by what their configuration says (without where it lies) and where they end: a replay takes a second."""


def fill(config: Path, until: datetime | None = None) -> Path:
    """Fill the store of ``config`` with the stream, or with what came before ``until``; gives the store's file."""
    limit = "9" if until is None else f"{until:%Y-%m-%dT%H:%M:%SZ}"
    paths = sorted(path for path in config.parent.rglob("*.yaml") if path.is_file())
    said = "".join(f"{path.relative_to(config.parent)}\n{path.read_text(encoding='utf-8')}\n" for path in paths)
    file = config.parent / "crisiswatch.db"
    assert not file.exists()
    if (said, limit) in _FILLED:
        file.write_bytes(_FILLED[said, limit])
        return file
    _replay(config, file, limit)
    assert not file.with_name(f"{file.name}-wal").exists()  # all of it is in the one file
    _FILLED[said, limit] = file.read_bytes()
    return file


def _replay(config: Path, file: Path, limit: str) -> None:
    loaded = load(config)
    cut = config.parent / "cut.jsonl"
    rows = gzip.decompress(STREAM.read_bytes()).decode().splitlines(keepends=True)
    cut.write_text("".join(row for row in rows if row.partition('"created_at": "')[2][:20] < limit))
    with arrivals([cut]) as stream, Store.open(f"sqlite:///{file}") as store:
        Replay(store, plan_for(loaded)).run(
            (each for each in stream if isinstance(each, Mention)), monotonic=lambda: 0.0
        )
    cut.unlink()
