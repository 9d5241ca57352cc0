"""The one thing SQLAlchemy says differently for SQLite and PostgreSQL: insert or update."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["insert_new", "upsert"]


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def upsert(connection: sa.Connection, table: sa.Table, only_if: Callable[[Any], Any] | None = None) -> Any:
    """Insert, or overwrite the row with the same primary key, where ``only_if`` (of the new row) holds."""
    statement = _insert(connection, table)
    keys = [column.name for column in table.primary_key.columns]
    new = statement.excluded
    values = {column.name: new[column.name] for column in table.columns if column.name not in keys}
    condition = None if only_if is None else only_if(new)
    return statement.on_conflict_do_update(index_elements=keys, set_=values, where=condition)


def insert_new(connection: sa.Connection, table: sa.Table) -> Any:
    """Insert, or leave the row with the same primary key as it is."""
    keys = [column.name for column in table.primary_key.columns]
    return _insert(connection, table).on_conflict_do_nothing(index_elements=keys)
