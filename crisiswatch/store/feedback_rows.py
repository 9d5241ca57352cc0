"""What people said of mentions, and the heads learned from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crisiswatch.model import Sentiment
from crisiswatch.store.dialect import upsert
from crisiswatch.store.ledger import Ledger, chunks, lock_out_writers
from crisiswatch.store.mention_rows import SELECTED, from_row
from crisiswatch.store.rows import Click, StoredHead, StoredMention, ThemeClick
from crisiswatch.store.schema import feedback, heads, mention, mention_brand, theme_feedback
from crisiswatch.store.times import from_micros, micros, minute_of

__all__ = ["add", "add_head", "all_heads", "labels", "of_day", "save_heads", "stored_mentions", "themes", "undo"]


def stored_mentions(connection: sa.Connection, uids: Iterable[str]) -> dict[str, StoredMention]:
    """The mentions of these uids, by uid; those that are not stored are left out."""
    found: dict[str, StoredMention] = {}
    for chunk in chunks(dict.fromkeys(uids)):
        for row in connection.execute(sa.select(*SELECTED).where(mention.c.uid.in_(chunk))):
            one = from_row(row)
            found[one.mention.uid] = one
    return found


def of_day(connection: sa.Connection, brand: str, start: datetime, end: datetime) -> list[str]:
    """The uids of a brand's mentions with a text whose minute is in [start, end) and that had arrived by ``end``."""
    found = (
        sa.select(mention.c.uid)
        .join(mention_brand, mention_brand.c.seq == mention.c.seq)
        .where(
            mention_brand.c.brand == brand,
            mention_brand.c.event_minute >= minute_of(start),
            mention_brand.c.event_minute < minute_of(end),
            mention.c.received_at < micros(end),
            mention.c.text.is_not(None),
        )
        .order_by(mention.c.seq)
    )
    return [str(uid) for uid in connection.execute(found).scalars()]


def all_heads(connection: sa.Connection, brand: str | None) -> list[StoredHead]:
    """Every head, by brand, the newest first."""
    found = sa.select(heads).order_by(heads.c.brand, heads.c.version.desc())
    if brand is not None:
        found = found.where(heads.c.brand == brand)
    return [
        StoredHead(
            brand=row.brand,
            version=row.version,
            state=row.state,
            body=row.body,
            made_at=from_micros(row.made_at),
            labels=row.labels,
            report=row.report,
            base=row.base,
        )
        for row in connection.execute(found)
    ]


def save_heads(connection: sa.Connection, changed: Iterable[StoredHead]) -> None:
    """Write heads over those of the same brand and version."""
    for each in changed:
        row = {
            "brand": each.brand,
            "version": each.version,
            "state": each.state,
            "body": each.body,
            "made_at": micros(each.made_at),
            "labels": each.labels,
            "report": each.report,
            "base": each.base,
        }
        connection.execute(upsert(connection, heads), row)


def add_head(connection: sa.Connection, head: StoredHead, changed: Iterable[StoredHead]) -> bool:
    """Write a head whose version is not there yet, and change others; False if it is there."""
    lock_out_writers(connection)
    newest = sa.select(sa.func.max(heads.c.version)).where(heads.c.brand == head.brand)
    if int(connection.execute(newest).scalar() or 0) >= head.version:
        return False
    save_heads(connection, (head, *changed))
    return True


def _row(click: Click) -> dict[str, Any]:
    return {
        "id": click.id,
        "brand": click.brand,
        "uid": click.uid,
        "label": click.label.value,
        "actor": click.actor,
        "via": click.via,
        "at": micros(click.at),
        "undone_at": micros(click.undone_at),
        "model": click.model,
    }


def _click(row: Any) -> Click:
    return Click(
        brand=row.brand,
        uid=row.uid,
        label=Sentiment(row.label),
        actor=row.actor,
        via=row.via,
        at=from_micros(row.at),
        model=row.model,
        id=row.id,
        undone_at=from_micros(row.undone_at),
    )


def _theme_row(click: ThemeClick) -> dict[str, Any]:
    return {
        "id": click.id,
        "brand": click.brand,
        "uid": click.uid,
        "theme": click.theme,
        "actor": click.actor,
        "via": click.via,
        "at": micros(click.at),
        "undone_at": micros(click.undone_at),
    }


def _theme_click(row: Any) -> ThemeClick:
    return ThemeClick(
        brand=row.brand,
        uid=row.uid,
        theme=row.theme,
        actor=row.actor,
        via=row.via,
        at=from_micros(row.at),
        id=row.id,
        undone_at=from_micros(row.undone_at),
    )


labels: Ledger[Click] = Ledger(feedback, _row, _click)
"""What was said of mentions' sentiment."""

themes: Ledger[ThemeClick] = Ledger(theme_feedback, _theme_row, _theme_click)
"""What was said of their themes."""


def add(connection: sa.Connection, clicks: Sequence[Click | ThemeClick]) -> list[Click | ThemeClick]:
    """Append those that say something new, as `Ledger.add` does; returns them, the sentiments first."""
    said = labels.add(connection, [each for each in clicks if isinstance(each, Click)])
    return [*said, *themes.add(connection, [each for each in clicks if isinstance(each, ThemeClick)])]


def undo(connection: sa.Connection, number: int, now: datetime) -> Click | ThemeClick | None:
    """Take one statement back, of whichever kind; None if there is none of that number."""
    return labels.undo(connection, number, now) or themes.undo(connection, number, now)
