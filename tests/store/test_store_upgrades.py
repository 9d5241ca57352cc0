"""What an upgrade makes of a store that is in use."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from crisiswatch.store import Store, Work
from tests.store.samples import NOON, owed

HOUR = timedelta(hours=1)


def test_what_waited_for_its_hour_over_an_upgrade_has_its_whole_day_from_then(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crisiswatch.db"
    with Store.open(url) as store:
        waits = owed(1, created_at=NOON, not_before=NOON + 11 * HOUR)
        store.commit(Work(outbox=[waits, owed(1, of="acme/now/1", created_at=NOON)]))
        tried = owed(1, of="acme/tried/1", created_at=NOON, not_before=NOON + HOUR)
        store.commit(Work(outbox=[tried]))
        with store.engine.begin() as connection:
            connection.execute(sa.text("UPDATE outbox SET attempts = 3 WHERE incident = 'acme/tried/1'"))
            connection.execute(sa.text("ALTER TABLE outbox DROP COLUMN due_at"))
            connection.execute(sa.text("UPDATE alembic_version SET version_num = '0007'"))
    with Store.open(url) as store:
        assert {row.incident: row.due_at for row in store.outbox_rows()} == {
            "acme/wave/1": NOON + 11 * HOUR,
            "acme/now/1": NOON,
            "acme/tried/1": None,
        }
