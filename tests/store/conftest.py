from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from crisiswatch.store import Store
from crisiswatch.store.schema import metadata

_POSTGRES = os.environ.get("CRISISWATCH_TEST_POSTGRES_URL")


@pytest.fixture(params=["sqlite", "memory", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "memory":
        yield "sqlite://"
    elif request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/crisiswatch.db"
    elif not _POSTGRES:
        pytest.skip("CRISISWATCH_TEST_POSTGRES_URL is not set")
    else:
        yield _POSTGRES
        engine = sa.create_engine(_POSTGRES.replace("postgresql://", "postgresql+psycopg://"))
        metadata.drop_all(engine)
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        engine.dispose()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened
