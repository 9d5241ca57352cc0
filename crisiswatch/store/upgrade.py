"""Brings a database to this program's schema when it is opened, and refuses one that is ahead of the program.

An empty database gets the schema's tables as they are today: the migrations lead to the same ones, but to load them
and the library that runs them takes longer than all the rest of opening. A store in memory is always empty.
"""

from __future__ import annotations

import threading
from pathlib import Path

import sqlalchemy as sa

from crisiswatch.errors import StoreError
from crisiswatch.store.database import Database
from crisiswatch.store.schema import HEAD, meta, metadata

__all__ = ["is_current", "upgrade"]

_ONE_AT_A_TIME = threading.Lock()  # alembic keeps its context in module globals
_ADVISORY_KEY = 7_273_112
_VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(),
    sa.Column("version_num", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where alembic keeps the number of the last migration, as it makes it itself."""


def is_current(url: str, timeout: int = 3) -> bool:
    """Whether there is a database with just this program's schema, which opening it would not change.

    ``timeout`` is seconds a server may take to answer. Raises StoreError where none can be reached.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql" and "connect_timeout" not in parsed.query:
        url = parsed.update_query_dict({"connect_timeout": str(timeout)}).render_as_string(hide_password=False)
    database = Database(url)
    try:
        with database.read() as connection:
            return _revision(connection) == HEAD
    finally:
        database.close()


def upgrade(database: Database) -> None:
    """Run the missing migrations, all in one transaction; safe with several programs opening at the same time.

    Raises StoreError if the schema is one this program does not know.
    """
    with database.read() as connection:
        if _revision(connection) == HEAD:
            return
    with _ONE_AT_A_TIME, database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_KEY)))
        if _empty(connection):
            _create(connection)
        elif _revision(connection) != HEAD:
            _run(connection)


def _empty(connection: sa.Connection) -> bool:
    """Whether nothing of ours is in the database; others may have tables there."""
    return not {_VERSION.name, *metadata.tables} & set(sa.inspect(connection).get_table_names())


def _create(connection: sa.Connection) -> None:
    metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection, checkfirst=False)
    connection.execute(meta.insert(), {"key": "last_seq", "value": "0"})
    connection.execute(_VERSION.insert(), {"version_num": HEAD})


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _run(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    folder = str(Path(__file__).with_name("migrations")).replace("%", "%%")
    config.set_main_option("script_location", folder)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = _revision(connection)
    if revision is not None and revision not in known:
        raise StoreError(
            f"the database has schema {revision}, which is newer than this program knows ({HEAD}): "
            "use the program that wrote it, or a newer one"
        )
    command.upgrade(config, "head")
