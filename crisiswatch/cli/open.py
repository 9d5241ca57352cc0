"""Opening what a command works on: the configuration and the store, which only labels are written to from here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from crisiswatch.errors import CrisiswatchError

if TYPE_CHECKING:
    from crisiswatch.config import Loaded
    from crisiswatch.store import Store

__all__ = ["load_config", "must_exist", "opened_store", "sqlite_file", "with_scorer"]


def must_exist(path: Path) -> None:
    """Raise in words where there is no configuration at all."""
    if not path.exists():
        raise CrisiswatchError(
            f"there is no {path}; write one with `crisiswatch init DIR`, or say where it is with --config"
        )


def load_config(path: Path) -> Loaded:
    """The configuration; ConfigError with every problem if it is not good."""
    must_exist(path)
    from crisiswatch.config import load

    return load(path)


def with_scorer(loaded: Loaded, name: str) -> Loaded:
    """The configuration with another scorer; CrisiswatchError if there is none of that name."""
    from crisiswatch.sentiment import scorer_names

    if name not in scorer_names():
        raise CrisiswatchError(f"there is no scorer {name!r}; there are: {', '.join(scorer_names())}")
    return replace(loaded, settings=replace(loaded.settings, scorer=name, heavy=None))


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite store; None for another database or one in memory."""
    prefix, _, rest = url.partition(":///")
    if prefix.partition("+")[0] != "sqlite" or rest in ("", ":memory:"):
        return None
    return Path(rest.partition("?")[0])


@contextmanager
def opened_store(loaded: Loaded) -> Iterator[Store]:
    """The configured store; CrisiswatchError where nothing was ever stored, so that looking makes no empty file."""
    url = loaded.settings.store.reveal()
    file = sqlite_file(url)
    if file is not None and not file.exists():
        raise CrisiswatchError(f"nothing is stored yet: there is no {file}; the daemon makes it (`crisiswatch run`)")
    from crisiswatch.store import Store

    with Store.open(url) as store:
        yield store
