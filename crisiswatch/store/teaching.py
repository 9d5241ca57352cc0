"""What people said of sentiments and themes, and what was learned from it: that part of the store's face."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar, cast

from crisiswatch.store import feedback_rows
from crisiswatch.store.database import Database
from crisiswatch.store.rows import Click, StoredHead, StoredMention, ThemeClick

__all__ = ["Teaching"]

_Said = TypeVar("_Said", bound=Click | ThemeClick)


class Teaching:
    """Labels, themes and heads; each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_feedback(self, clicks: Iterable[_Said]) -> list[_Said]:
        """Append the clicks that say something new, all or none; returns them with their ids, themes last."""
        with self._database.write() as connection:
            return cast("list[_Said]", feedback_rows.add(connection, list(clicks)))

    def feedback(self, brand: str | None = None, *, limit: int | None = None) -> list[Click]:
        """Every click, also those that do not count any more, the last written first."""
        with self._database.read() as connection:
            return feedback_rows.labels.find(connection, brand, limit)

    def theme_feedback(self, brand: str | None = None, *, limit: int | None = None) -> list[ThemeClick]:
        """Every theme that somebody gave a mention, as `feedback` gives sentiments."""
        with self._database.read() as connection:
            return feedback_rows.themes.find(connection, brand, limit)

    def feedback_on(self, uids: Iterable[str]) -> list[Click]:
        """All that was said of these mentions, to whichever brand; the first written first."""
        with self._database.read() as connection:
            return feedback_rows.labels.on(connection, uids)

    def theme_feedback_on(self, uids: Iterable[str]) -> list[ThemeClick]:
        """All themes that these mentions were given; the first written first."""
        with self._database.read() as connection:
            return feedback_rows.themes.on(connection, uids)

    def undo_feedback(self, number: int, now: datetime) -> Click | ThemeClick | None:
        """Take a click of either kind back; gives it as it is then, None if there is none of that number."""
        with self._database.write() as connection:
            return feedback_rows.undo(connection, number, now)

    def mentions_by_uid(self, uids: Iterable[str]) -> dict[str, StoredMention]:
        """The stored ones of some mentions."""
        with self._database.read() as connection:
            return feedback_rows.stored_mentions(connection, uids)

    def uids_of_day(self, brand: str, start: datetime, end: datetime) -> list[str]:
        """The brand's mentions of [start, end) that have a text and had arrived by ``end``, in order of arrival."""
        with self._database.read() as connection:
            return feedback_rows.of_day(connection, brand, start, end)

    def heads(self, brand: str | None = None) -> list[StoredHead]:
        """Every head ever learned, by brand, the newest first."""
        with self._database.read() as connection:
            return feedback_rows.all_heads(connection, brand)

    def save_heads(self, changed: Iterable[StoredHead]) -> None:
        """Write heads, all or none, over those of the same brand and version."""
        with self._database.write() as connection:
            feedback_rows.save_heads(connection, changed)

    def add_head(self, head: StoredHead, changed: Iterable[StoredHead] = ()) -> bool:
        """Write a new head, and ``changed`` ones as `save_heads` does.

        False, and nothing is written, where somebody has written a head of that brand and version meanwhile.
        """
        with self._database.write() as connection:
            return feedback_rows.add_head(connection, head, changed)
