"""The connection to the database: how it is opened, what a transaction is, and what its errors become."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from crisiswatch.errors import StoreError

__all__ = ["Database"]

_WRITE = "crisiswatch_write"
_PRAGMAS = (
    "PRAGMA busy_timeout = 10000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32768",  # 32 MiB a connection: the unique index of uids is read at random
    "PRAGMA mmap_size = 67108864",
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA temp_store = MEMORY",
)


class Database:
    """An engine with two kinds of transaction, `read` and `write`. Thread-safe.

    With SQLite, writers of this process queue on a lock (SQLite itself would make them poll) and a write begins with
    ``BEGIN IMMEDIATE``, so that it never fails half-way because somebody else wrote. Everything the database raises
    leaves as StoreError, without parameters: they hold people's texts.
    """

    def __init__(self, url: str) -> None:
        try:
            parsed = sa.make_url(url)
            if parsed.drivername == "postgresql":
                parsed = parsed.set(drivername="postgresql+psycopg")
            self.sqlite = parsed.get_backend_name() == "sqlite"
            if not self.sqlite and parsed.get_backend_name() != "postgresql":
                raise StoreError(f"no such store: {parsed.get_backend_name()}; use sqlite or postgresql")
            self.memory = self.sqlite and parsed.database in (None, "", ":memory:")
            options: dict[str, Any] = {"hide_parameters": True}
            if self.memory:
                options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
            self.engine = sa.create_engine(parsed, **options)
        except (sa.exc.SQLAlchemyError, ImportError) as error:
            raise StoreError(f"the store's URL can't be used: {_words(error)}") from error
        self._writing = threading.Lock()
        if self.sqlite:
            sa.event.listen(self.engine, "connect", _prepare)
            sa.event.listen(self.engine, "begin", _begin)

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A short transaction that only reads: it sees one moment of the database."""
        held = self._writing if self.memory else contextlib.nullcontext()
        with _told_as_store_error(), held, self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that is committed at the end of the block, or rolled back if it raises."""
        held = self._writing if self.sqlite else contextlib.nullcontext()
        with _told_as_store_error(), held, self.engine.connect() as plain:
            connection = plain.execution_options(**{_WRITE: True})
            with connection.begin():
                yield connection

    @property
    def placeholder(self) -> str:
        """How the driver's own SQL marks a parameter."""
        return "?" if self.sqlite else "%s"

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextlib.contextmanager
def _told_as_store_error() -> Iterator[None]:
    try:
        yield
    except (sa.exc.SQLAlchemyError, sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
        raise StoreError(_words(error)) from error


def _words(error: BaseException) -> str:
    """The database's own words, without statement and parameters."""
    if isinstance(error, UnicodeEncodeError):
        return "a text holds characters that can't be stored (lone surrogates)"
    original = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {original}"
