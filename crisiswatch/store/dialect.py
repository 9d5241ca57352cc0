"""The one thing SQLAlchemy says differently for SQLite and PostgreSQL: insert or update."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_new", "upsert"]


def upsert(connection: sa.Connection, table: sa.Table, only_if: Callable[[Any], Any] | None = None) -> Any:
    """Insert, or overwrite the row with the same primary key, where ``only_if`` (of the new row) holds. ``only_if`` has
    to be a function of a module: the statement is kept by it."""
    return _upsert(connection.dialect.name, table, only_if)


def insert_new(connection: sa.Connection, table: sa.Table) -> Any:
    """Insert, or leave the row with the same primary key as it is."""
    return _insert_new(connection.dialect.name, table)


# To build a statement and to find out that it is the same as the last time takes longer than to execute it.
@cache
def _upsert(dialect: str, table: sa.Table, only_if: Callable[[Any], Any] | None) -> Any:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key.columns]
    new = statement.excluded
    values = {column.name: new[column.name] for column in table.columns if column.name not in keys}
    condition = None if only_if is None else only_if(new)
    return statement.on_conflict_do_update(index_elements=keys, set_=values, where=condition)


@cache
def _insert_new(dialect: str, table: sa.Table) -> Any:
    keys = [column.name for column in table.primary_key.columns]
    return _insert(dialect, table).on_conflict_do_nothing(index_elements=keys)


def _insert(dialect: str, table: sa.Table) -> Any:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
