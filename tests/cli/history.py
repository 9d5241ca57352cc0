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


def fill(config: Path, until: datetime | None = None) -> Path:
    """Fill the store of ``config`` with the stream, or with what came before ``until``; gives the store's file."""
    loaded = load(config)
    file = config.parent / "crisiswatch.db"
    cut = config.parent / "cut.jsonl"
    rows = gzip.decompress(STREAM.read_bytes()).decode().splitlines(keepends=True)
    limit = "9" if until is None else f"{until:%Y-%m-%dT%H:%M:%SZ}"
    cut.write_text("".join(row for row in rows if row.partition('"created_at": "')[2][:20] < limit))
    with arrivals([cut]) as stream, Store.open(f"sqlite:///{file}") as store:
        Replay(store, plan_for(loaded)).run(
            (each for each in stream if isinstance(each, Mention)), monotonic=lambda: 0.0
        )
    cut.unlink()
    return file
