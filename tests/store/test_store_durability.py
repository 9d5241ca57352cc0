from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from crisiswatch.errors import StoreError
from crisiswatch.store import Fence, JournalEntry, Store, StoredMention, Work, upgrade
from crisiswatch.store.database import Database
from crisiswatch.store.schema import HEAD, metadata
from tests.store.samples import NOON, owed, stored
from tests.support import ROOT

MINUTE = timedelta(minutes=1)

_WRITER = """
import os, sys
from crisiswatch.store import JournalEntry, SourceMark, Store, Work
from tests.store.samples import NOON, owed, stored

def write():
    store = Store.open(sys.argv[1])
    print(os.getpid(), flush=True)
    for batch in range(store.last_seq() // 301, 10_000):
        first = batch * 300
        store.commit(Work(
            mentions=[stored(n, text="t" * 400) for n in range(first, first + 300)],
            states={"acme": str(batch).encode()},
            cursors={"x": SourceMark(cursor=str(batch), updated_at=NOON)},
            journal=[JournalEntry(brand="acme", at=NOON, kind="tick", payload=str(batch))],
            outbox=[owed(1, of=f"acme/wave/{batch}")],
        ))
        print(batch, flush=True)

while sys.stdin.readline():  # each line asks for one more process, which writes until it is killed
    writer = os.fork()
    if not writer:
        write()
    os.waitpid(writer, 0)
    print("dead", flush=True)
"""


def test_kill_9_in_the_middle_of_commits_leaves_whole_batches_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crisiswatch.db"
    with _python(_WRITER, url) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        for kills in range(10):
            starter.stdin.write("\n")
            starter.stdin.flush()
            writer = int(starter.stdout.readline())
            seen = [starter.stdout.readline() for _ in range(1 + kills % 3)]
            os.kill(writer, signal.SIGKILL)
            seen += iter(starter.stdout.readline, "dead\n")
            _only_whole_batches(url, acknowledged=int(seen[-1]))


def _python(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )


def _only_whole_batches(url: str, *, acknowledged: int) -> None:
    with Store.open(url) as store:
        batches = int(store.load_states()["acme"].body) + 1
        assert batches >= acknowledged + 1
        assert store.cursors()["x"].cursor == str(batches - 1)
        assert store.last_seq() == batches * 301 == store.load_states()["acme"].seq
        assert len(store.outbox_rows(limit=10**6)) == batches
        total = sum(one.total for one in store.counts("acme", NOON, NOON + timedelta(days=30)))
        assert total == batches * 300
        events = list(store.stream())
        assert [one.seq for one in events] == list(range(1, batches * 301 + 1))
        assert sum(isinstance(one, JournalEntry) for one in events) == batches


def _limit_pages(store: Store, extra: int) -> None:
    @sa.event.listens_for(store.engine, "checkout")
    def limit(connection: sa.PoolProxiedConnection, *_: object) -> None:
        if extra:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]  # type: ignore[attr-defined]
            connection.execute(f"PRAGMA max_page_count = {pages + extra}")  # type: ignore[attr-defined]


def test_a_full_disk_is_a_store_error_that_leaves_nothing_half_written(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/crisiswatch.db") as store:
        store.commit(Work(mentions=[stored(1)], states={"acme": b"before"}))
        _limit_pages(store, 8)
        with pytest.raises(StoreError, match="full"):
            store.commit(
                Work(
                    mentions=[stored(n, text="t" * 1000) for n in range(2, 500)],
                    states={"acme": b"after"},
                    outbox=[owed(1)],
                )
            )
        assert store.known(f"x:{n}" for n in range(500)) == {"x:1"}
        assert (store.load_states()["acme"].body, store.outbox_rows(), store.last_seq()) == (b"before", [], 1)
        store.commit(Work(mentions=[stored(2)]))
        assert store.last_seq() == 2


def test_a_locked_database_is_a_store_error(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crisiswatch.db"
    with Store.open(url) as store, Store.open(url) as other:

        @sa.event.listens_for(store.engine, "checkout")
        def impatient(connection: sa.PoolProxiedConnection, *_: object) -> None:
            connection.execute("PRAGMA busy_timeout = 0")  # type: ignore[attr-defined]

        with other.engine.connect() as holder:
            holder.connection.execute("BEGIN IMMEDIATE")  # type: ignore[attr-defined]
            with pytest.raises(StoreError, match="locked"):
                store.commit(Work(mentions=[stored(1)]))
            holder.connection.execute("ROLLBACK")  # type: ignore[attr-defined]
        store.commit(Work(mentions=[stored(1)]))
        assert other.last_seq() == 1


def test_a_schema_newer_than_the_program_is_refused_and_left_alone(url: str, tmp_path: Path) -> None:
    if url == "sqlite://":
        pytest.skip("a store in memory has no older or newer program")
    with Store.open(url) as store, store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="schema 9999, which is newer"):
        Store.open(url)


def _migrated(url: str) -> Store:
    """A store whose tables the migrations have made, one after the other."""
    database = Database(url)
    with database.write() as connection:
        upgrade._run(connection)
    return Store(database)


@pytest.mark.parametrize("opened", [_migrated, Store.open], ids=["migrated", "new"])
def test_the_migrations_and_a_new_store_both_have_the_schema_the_program_knows(
    url: str, opened: Callable[[str], Store]
) -> None:
    with opened(url) as store:
        with store.engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert context.get_current_revision() == HEAD
            assert compare_metadata(context, metadata) == []
        store.commit(Work(mentions=[stored(1)], states={"acme": b"one"}))
        (event,) = store.stream()
    with Store.open("sqlite://") as other:
        other.commit(Work(mentions=[stored(1)]))
        assert list(other.stream()) == [event]


def test_a_new_store_is_what_the_migrations_make_word_by_word_and_row_by_row() -> None:
    def said(store: Store) -> dict[str, object]:
        """The words of each table and index, its columns in any order; and the rows that are in the tables."""
        with store.engine.connect() as connection:
            made = connection.execute(sa.text("SELECT type, name, sql FROM sqlite_master")).all()
            tables = [name for kind, name, _ in made if kind == "table"]
            rows = {name: connection.execute(sa.text(f"SELECT * FROM {name}")).all() for name in tables}
        words = {name: sorted(re.split(r",\s+", (sql or "").replace(" DEFAULT 0", ""))) for _, name, sql in made}
        return {**words, "rows": rows}

    with Store.open("sqlite://") as new, _migrated("sqlite://") as grown:
        assert said(new) == said(grown)


def test_tables_of_others_are_left_alone(url: str) -> None:
    engine = Database(url).engine if url != "sqlite://" else pytest.skip("a store in memory is ours alone")
    theirs = sa.Table("somebody_elses", sa.MetaData(), sa.Column("id", sa.Integer))
    theirs.create(engine)
    try:
        with Store.open(url) as store:
            store.commit(Work(mentions=[stored(1)]))
            assert sa.inspect(store.engine).has_table(theirs.name)
    finally:
        theirs.drop(engine)
        engine.dispose()


_OPENERS = """
import os, sys
from crisiswatch.store import Store
print("imported", flush=True)
sys.stdin.readline()
programs = []
for _ in range(4):
    program = os.fork()
    if not program:
        Store.open(sys.argv[1]).close()
        sys.exit()
    programs.append(program)
print([os.waitpid(program, 0)[1] for program in programs], flush=True)
"""


def test_many_programs_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crisiswatch.db"
    programs = _python(_OPENERS, url)
    assert programs.stdin is not None
    assert programs.stdout is not None
    assert programs.stdout.readline() == "imported\n"
    failures: list[Exception] = []

    def open_here() -> None:
        try:
            Store.open(url).close()
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_here) for _ in range(4)]
    with programs:
        programs.stdin.write("\n")
        programs.stdin.flush()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert programs.stdout.readline() == "[0, 0, 0, 0]\n"
    assert failures == []


def test_a_daemon_that_lost_its_lease_writes_and_sends_nothing(store: Store) -> None:
    first = store.acquire("daemon", "one", NOON, MINUTE)
    assert first is not None
    store.commit(Work(mentions=[stored(1)], outbox=[owed(1)], fence=first))
    assert store.acquire("daemon", "two", NOON + MINUTE / 2, MINUTE) is None
    assert store.renew(first, NOON + MINUTE / 2, MINUTE)
    assert store.acquire("daemon", "two", NOON + MINUTE, MINUTE) is None
    second = store.acquire("daemon", "two", NOON + 2 * MINUTE, MINUTE)
    assert second is not None
    assert second.token > first.token
    with pytest.raises(StoreError, match="taken by another"):
        store.commit(Work(mentions=[stored(2)], states={"acme": b"late"}, fence=first))
    with pytest.raises(StoreError, match="taken by another"):
        store.lease("desk", NOON + 2 * MINUTE, MINUTE, fence=first)
    assert (store.last_seq(), store.load_states()) == (1, {})
    assert not store.renew(first, NOON + 2 * MINUTE, MINUTE)
    store.commit(Work(mentions=[stored(2)], fence=second))


def test_a_restarted_daemon_takes_its_own_lease_at_once_and_a_released_one_is_free(store: Store) -> None:
    first = store.acquire("daemon", "one", NOON, MINUTE)
    again = store.acquire("daemon", "one", NOON, MINUTE)
    assert first is not None
    assert again == Fence("daemon", first.token + 1)
    store.release(again, NOON)
    assert store.acquire("daemon", "two", NOON, MINUTE) == Fence("daemon", first.token + 2)


def test_purging_forgets_texts_and_authors_but_not_counts_nor_what_was_seen(store: Store) -> None:
    mentions = [stored(n, at=NOON + n * MINUTE, author_id=f"u{n}", url="https://x.example") for n in range(50)]
    store.commit(Work(mentions=mentions))
    assert store.purge(NOON + 20 * MINUTE, NOON - MINUTE, chunk=7) == 20
    assert store.purge(NOON + 20 * MINUTE, NOON - MINUTE, chunk=7) == 0
    kept = [one for one in store.stream() if isinstance(one, StoredMention)]
    assert [(one.purged, one.mention.text, one.mention.author_id, one.mention.url) for one in kept[:20]] == [
        (True, "", None, None)
    ] * 20
    assert [one.mention for one in kept[20:]] == [one.mention for one in mentions[20:]]
    assert len(store.known(one.mention.uid for one in mentions)) == 50
    assert sum(one.total for one in store.counts("acme", NOON, NOON + 50 * MINUTE)) == 50
    assert len(list(store.evidence_mentions("acme", NOON, NOON + 50 * MINUTE, 100))) == 30
    assert store.purge(NOON + 40 * MINUTE, NOON - MINUTE, chunk=7) == 20


def test_purging_counts_also_forgets_the_mentions_themselves(store: Store) -> None:
    store.commit(
        Work(
            mentions=[stored(n, at=NOON + n * MINUTE) for n in range(50)],
            journal=[JournalEntry(brand="acme", at=NOON, kind="tick", payload="{}", position=0)],
        )
    )
    store.purge(NOON, NOON + 10 * MINUTE, chunk=7)
    assert sum(one.total for one in store.counts("acme", NOON, NOON + 50 * MINUTE)) == 40
    assert [one.seq for one in store.stream()] == list(range(12, 52))
    assert store.known(["x:9", "x:10"]) == {"x:10"}
    store.commit(Work(mentions=[stored(99)]))
    assert store.last_seq() == 52
