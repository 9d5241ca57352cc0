"""Statements of people on mentions, of one kind in one table: appended, counted by the newest, taken back.

Nothing said is deleted or overwritten. All kinds are numbered together, so that a number alone says what to take back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from crisiswatch.store.rows import Click, ThemeClick
from crisiswatch.store.schema import feedback, meta, theme_feedback
from crisiswatch.store.times import micros

__all__ = ["Ledger", "chunks", "counting", "counting_themes", "lock_out_writers"]

_CHUNK = 500
_PRESSED = ("slack", "page")
_NUMBERED = (feedback, theme_feedback)
_T = TypeVar("_T")
_Said = TypeVar("_Said", Click, ThemeClick)
_Whose = tuple[str, str, str]


def counting(clicks: Iterable[Click]) -> dict[tuple[str, str], Click]:
    """The click that counts for each brand and uid: the newest that was not taken back, whoever made it."""
    return {(click.brand, click.uid): click for click in sorted(clicks, key=_age) if click.undone_at is None}


def counting_themes(clicks: Iterable[ThemeClick]) -> dict[str, ThemeClick]:
    """The theme that counts for each uid: the newest that was not taken back, whichever brand it was said for."""
    return {click.uid: click for click in sorted(clicks, key=_age) if click.undone_at is None}


class Ledger(Generic[_Said]):
    """The statements in ``table``; ``to_row`` and ``from_row`` are how one is written and read."""

    def __init__(
        self, table: sa.Table, to_row: Callable[[_Said], dict[str, Any]], from_row: Callable[[Any], _Said]
    ) -> None:
        self._table = table
        self._to_row: Callable[[_Said], dict[str, Any]] = to_row
        self._from_row: Callable[[Any], _Said] = from_row

    def add(self, connection: sa.Connection, clicks: Iterable[_Said]) -> list[_Said]:
        """Append those that say something new, with their numbers; returns them.

        Nothing new is what stands there already, and what its actor had said last at that time, also if that was taken
        back since: so the same file may be read twice. Who presses again after it was taken back, or after somebody
        else has said otherwise, says it anew.
        """
        lock_out_writers(connection)
        last = max(int(connection.execute(sa.select(sa.func.max(each.c.id))).scalar() or 0) for each in _NUMBERED)
        added: list[_Said] = []
        for chunk in chunks(clicks):
            said = self._said(connection, {click.uid for click in chunk})
            new: list[_Said] = []
            for click in chunk:
                earlier = said[_whose(click)]
                if _tells_nothing(click, earlier) and not (click.via in _PRESSED and _insists(click, said)):
                    continue
                last += 1
                new.append(replace(click, id=last))
                earlier.append(new[-1])
            if new:
                connection.execute(sa.insert(self._table), [self._to_row(click) for click in new])
            added += new
        return added

    def find(self, connection: sa.Connection, brand: str | None, limit: int | None) -> list[_Said]:
        """Everything that was said, the last written first."""
        found = sa.select(self._table).order_by(self._table.c.id.desc()).limit(limit)
        if brand is not None:
            found = found.where(self._table.c.brand == brand)
        return [self._from_row(row) for row in connection.execute(found)]

    def on(self, connection: sa.Connection, uids: Iterable[str]) -> list[_Said]:
        """Everything that was said of these mentions, the first written first."""
        said = (self._said(connection, set(chunk)) for chunk in chunks(dict.fromkeys(uids)))
        return sorted((click for part in said for each in part.values() for click in each), key=lambda click: click.id)

    def undo(self, connection: sa.Connection, number: int, now: datetime) -> _Said | None:
        """Take one back; None if there is none of that number. The first time it was taken back stays."""
        table, mine = self._table, self._table.c.id == number
        connection.execute(sa.update(table).where(mine, table.c.undone_at.is_(None)).values(undone_at=micros(now)))
        row = connection.execute(sa.select(table).where(mine)).first()
        return None if row is None else self._from_row(row)

    def _said(self, connection: sa.Connection, uids: set[str]) -> defaultdict[_Whose, list[_Said]]:
        found: defaultdict[_Whose, list[_Said]] = defaultdict(list)
        for row in connection.execute(sa.select(self._table).where(self._table.c.uid.in_(uids))):
            click = self._from_row(row)
            found[_whose(click)].append(click)
        return found


def lock_out_writers(connection: sa.Connection) -> None:
    """Wait until no other transaction writes: the row of the last number is every writer's lock."""
    connection.execute(sa.select(meta.c.value).where(meta.c.key == "last_seq").with_for_update())


def chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    """The values by a few hundred, as many as one statement may name."""
    waiting = iter(values)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk


def _tells_nothing(click: Click | ThemeClick, earlier: Sequence[Click | ThemeClick]) -> bool:
    if any(each.at == click.at and each.answer == click.answer for each in earlier):
        return True
    before = [each for each in earlier if each.at <= click.at]
    return bool(before) and max(before, key=_age).answer == click.answer


def _insists(click: _Said, said: Mapping[_Whose, Sequence[_Said]]) -> bool:
    """Whether a press says once more what does not count any more; the same press sent again does not."""
    about = [each for (brand, uid, _), clicks in said.items() if (brand, uid) == _what(click) for each in clicks]
    own = [each for each in about if each.actor == click.actor and each.at <= click.at]
    if any(each.at == click.at and each.answer == click.answer for each in own):
        return False
    last = max(own, key=_age)
    if last.undone_at is not None:
        return click.at >= last.undone_at
    standing = [each for each in about if each.at <= click.at and each.undone_at is None]
    return bool(standing) and max(standing, key=_age).answer != click.answer


def _whose(click: Click | ThemeClick) -> _Whose:
    return *_what(click), click.actor


def _what(click: Click | ThemeClick) -> tuple[str, str]:
    """What it speaks of: a text towards a brand, or, of a theme, the text whichever the brand."""
    return click.brand if isinstance(click, Click) else "", click.uid


def _age(click: Click | ThemeClick) -> tuple[datetime, int]:
    return click.at, click.id
