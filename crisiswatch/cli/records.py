"""`crisiswatch incidents post-mortem`: what is left of an incident, on the terminal or as files."""

from __future__ import annotations

import sys
from pathlib import Path

from crisiswatch.cli import page
from crisiswatch.cli.incidents import find
from crisiswatch.cli.open import load_config, opened_store
from crisiswatch.clock import SystemClock
from crisiswatch.errors import CrisiswatchError
from crisiswatch.keeping import keeper_for, written
from crisiswatch.records import folder_of

__all__ = ["print_post_mortem"]


def print_post_mortem(incident: str, config: Path, out: Path | None) -> int:
    """0: it is printed or written. An incident that is not over yet has one as far as it has come."""
    loaded = load_config(config)
    with opened_store(loaded) as store:
        found = find(store, incident)
        if out is None:
            sys.stdout.write(written(loaded, store, found))
            return 0
        keeper = keeper_for(loaded, store, out, 200)
        try:
            keeper.write(found, store.case(found.id), SystemClock().now())
        except OSError as error:
            raise CrisiswatchError(f"{out} can't be written: {error.strerror}") from error
    page.line(str(folder_of(out, found.id)))
    return 0
