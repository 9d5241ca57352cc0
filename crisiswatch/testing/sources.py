"""The contract every source keeps, as tests: mix `SourceContract` into a test class and give it a world.

::

    class TestMySource(SourceContract):
        def world(self):
            return MyWorld(...)     # a context manager; see SourceWorld

Needs pytest to run, but nothing of it to be imported.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from crisiswatch.clock import Clock, SystemClock
from crisiswatch.model import Batch, Cursor, Source

__all__ = ["SourceContract", "SourceWorld", "drain"]

_PATIENCE = timedelta(seconds=20)
_MOST_POLLS = 1000


class SourceWorld(Protocol):
    """What a source reads from, under the test's control."""

    clock: Clock
    """The clock the sources are made with; deadlines are told by it."""

    def put(self, names: Iterable[str]) -> None:
        """Make one mention appear for each name, its text holding the name as a word."""

    def put_bad(self) -> bool:
        """Make one thing appear that is no mention; False if this source can't come across such a thing."""

    def source(self) -> Source:
        """A new source, as after a kill: it shares nothing with the ones made before (which were not closed) but what
        they read from."""


class SourceContract:
    """What must hold for every source."""

    @abstractmethod
    def world(self) -> AbstractContextManager[SourceWorld]:
        """A fresh, empty world; left at the end of each test, it closes the sources it made and all else."""

    def test_everything_put_is_returned_once(self) -> None:
        with self.world() as world:
            names = _names(0, 25)
            world.put(names)
            batches = drain(world, world.source(), None)
            assert _texts(batches, names) == names

    def test_it_goes_on_after_three_restarts_and_drops_none_and_doubles_none(self) -> None:
        with self.world() as world:
            cursor: Cursor | None = None
            batches: list[Batch] = []
            for restart in range(4):
                world.put(_names(restart * 10, 10))
                batches += drain(world, world.source(), cursor)
                cursor = batches[-1].cursor
            assert _texts(batches, _names(0, 40)) == _names(0, 40)

    def test_a_batch_that_was_not_committed_comes_again_after_a_kill(self) -> None:
        with self.world() as world:
            world.put(_names(0, 10))
            first = drain(world, world.source(), None)
            world.put(_names(10, 10))
            drain(world, world.source(), first[-1].cursor)  # killed before its cursor was stored
            again = drain(world, world.source(), first[-1].cursor)
            assert _texts([*first, *again], _names(0, 20)) == _names(0, 20)

    def test_a_batch_that_was_not_committed_comes_again_from_the_same_source(self) -> None:
        with self.world() as world:
            world.put(_names(0, 10))
            source = world.source()
            lost = drain(world, source, None)
            again = drain(world, source, None)
            assert _texts(lost, _names(0, 10)) == _texts(again, _names(0, 10)) == _names(0, 10)

    def test_nothing_new_is_an_empty_batch_and_not_an_error(self) -> None:
        with self.world() as world:
            world.put(_names(0, 3))
            source = world.source()
            cursor = drain(world, source, None)[-1].cursor
            batch = _poll(world, source, cursor)
            assert batch.mentions == ()
            assert batch.refused == ()
            assert not batch.more

    def test_uids_are_the_same_each_time_and_differ_from_each_other(self) -> None:
        with self.world() as world:
            world.put(_names(0, 10))
            once, twice = ([m.uid for b in drain(world, world.source(), None) for m in b.mentions] for _ in range(2))
            assert once == twice
            assert len(set(once)) == 10

    def test_a_cursor_is_text_that_a_database_can_hold(self) -> None:
        with self.world() as world:
            world.put(_names(0, 3))
            cursor = drain(world, world.source(), None)[-1].cursor
            assert isinstance(cursor, str)
            assert json.loads(json.dumps(cursor)) == cursor
            assert "\0" not in cursor

    def test_a_deadline_that_has_passed_ends_the_call_at_once_and_loses_nothing(self) -> None:
        with self.world() as world:
            names = _names(0, 10)
            world.put(names)
            real = SystemClock()
            source, started = world.source(), real.monotonic()
            try:
                batch = source.poll(None, world.clock.now())
            except Exception as error:  # noqa: BLE001  to be out of time is a temporary error for a source with a network
                assert type(error).__name__ == "SourceUnavailable"  # noqa: PT017
                batch = Batch()
            assert real.monotonic() - started < 5
            rest = drain(world, world.source(), batch.cursor)
            assert _texts([batch, *rest], names) == names

    def test_what_is_no_mention_is_counted_and_its_neighbours_survive(self) -> None:
        with self.world() as world:
            world.put(_names(0, 3))
            bad = world.put_bad()
            world.put(_names(3, 3))
            batches = drain(world, world.source(), None)
            assert _texts(batches, _names(0, 6)) == _names(0, 6)
            refused = [refused for batch in batches for refused in batch.refused]
            assert len(refused) == (1 if bad else 0)
            assert all(item.where and item.reason and item.detail for item in refused)

    def test_mentions_carry_aware_times_and_a_source(self) -> None:
        with self.world() as world:
            world.put(_names(0, 3))
            for batch in drain(world, world.source(), None):
                for mention in batch.mentions:
                    assert mention.created_at.utcoffset() == timedelta(0)
                    assert mention.source
                    assert 0 < len(mention.uid) <= 255


def drain(world: SourceWorld, source: Source, cursor: Cursor | None) -> list[Batch]:
    """Poll until there is nothing more, each time with the cursor of the batch before."""
    batches: list[Batch] = []
    for _ in range(_MOST_POLLS):
        batches.append(_poll(world, source, cursor))
        cursor = batches[-1].cursor
        if not batches[-1].more:
            return batches
    raise AssertionError(f"the source says that there is more after {_MOST_POLLS} polls")


def _poll(world: SourceWorld, source: Source, cursor: Cursor | None) -> Batch:
    return source.poll(cursor, world.clock.now() + _PATIENCE)


def _names(start: int, count: int) -> list[str]:
    return [f"nr{number:04d}" for number in range(start, start + count)]


def _texts(batches: Iterable[Batch], names: Iterable[str]) -> list[str]:
    """The names found in the mentions, sorted, each as often as it came."""
    known = set(names)
    words = [word for batch in batches for mention in batch.mentions for word in mention.text.split()]
    return sorted(word for word in words if word in known)
