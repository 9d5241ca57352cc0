"""What people said of mentions' sentiment, and the heads learned from it. Nothing said is deleted or overwritten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from crisiswatch.model import Sentiment
from crisiswatch.store.dialect import upsert
from crisiswatch.store.mention_rows import SELECTED, from_row
from crisiswatch.store.rows import Click, StoredHead, StoredMention
from crisiswatch.store.schema import feedback, heads, mention, mention_brand, meta
from crisiswatch.store.times import from_micros, micros, minute_of

__all__ = ["add", "add_head", "all_heads", "counting", "find", "of_day", "on", "save_heads", "stored_mentions", "undo"]

_CHUNK = 500
_PRESSED = ("slack", "page")
_T = TypeVar("_T")
_Whose = tuple[str, str, str]


def counting(clicks: Iterable[Click]) -> dict[tuple[str, str], Click]:
    """The click that counts for each brand and uid: the newest that was not taken back, whoever made it."""
    found: dict[tuple[str, str], Click] = {}
    for click in sorted(clicks, key=_age):
        if click.undone_at is None:
            found[click.brand, click.uid] = click
    return found


def add(connection: sa.Connection, clicks: Iterable[Click]) -> list[Click]:
    """Append those that say something new, with their ids; returns them.

    Nothing new is what stands there already, and what its actor had said last at that time, also if that was taken
    back since: so the same file may be read twice. Who presses again after it was taken back, or after somebody else
    has said otherwise, says it anew.
    """
    _lock_out_writers(connection)
    last = int(connection.execute(sa.select(sa.func.max(feedback.c.id))).scalar() or 0)
    added: list[Click] = []
    for chunk in _chunks(clicks):
        said = _said(connection, {click.uid for click in chunk})
        new: list[Click] = []
        for click in chunk:
            earlier = said[_whose(click)]
            if _tells_nothing(click, earlier) and not (click.via in _PRESSED and _insists(click, said)):
                continue
            last += 1
            new.append(replace(click, id=last))
            earlier.append(new[-1])
        if new:
            connection.execute(sa.insert(feedback), [_row(click) for click in new])
        added += new
    return added


def _tells_nothing(click: Click, earlier: Sequence[Click]) -> bool:
    if any(each.at == click.at and each.label is click.label for each in earlier):
        return True
    before = [each for each in earlier if each.at <= click.at]
    return bool(before) and max(before, key=_age).label is click.label


def _insists(click: Click, said: Mapping[_Whose, Sequence[Click]]) -> bool:
    """Whether a press says once more what does not count any more; the same press sent again does not."""
    about = [each for (brand, uid, _), clicks in said.items() if (brand, uid) == _what(click) for each in clicks]
    own = [each for each in about if each.actor == click.actor and each.at <= click.at]
    if any(each.at == click.at and each.label is click.label for each in own):
        return False
    last = max(own, key=_age)
    if last.undone_at is not None:
        return click.at >= last.undone_at
    counts = counting(each for each in about if each.at <= click.at).get(_what(click))
    return counts is not None and counts.label is not click.label


def _said(connection: sa.Connection, uids: set[str]) -> defaultdict[_Whose, list[Click]]:
    found: defaultdict[_Whose, list[Click]] = defaultdict(list)
    for row in connection.execute(sa.select(feedback).where(feedback.c.uid.in_(uids))):
        click = _click(row)
        found[_whose(click)].append(click)
    return found


def _whose(click: Click) -> _Whose:
    return click.brand, click.uid, click.actor


def _what(click: Click) -> tuple[str, str]:
    return click.brand, click.uid


def _age(click: Click) -> tuple[datetime, int]:
    return click.at, click.id


def find(connection: sa.Connection, brand: str | None, limit: int | None) -> list[Click]:
    """Everything that was said, the last written first."""
    found = sa.select(feedback).order_by(feedback.c.id.desc()).limit(limit)
    if brand is not None:
        found = found.where(feedback.c.brand == brand)
    return [_click(row) for row in connection.execute(found)]


def on(connection: sa.Connection, uids: Iterable[str]) -> list[Click]:
    """Everything that was said of these mentions, the first written first."""
    said = (_said(connection, set(chunk)) for chunk in _chunks(dict.fromkeys(uids)))
    return sorted((click for part in said for each in part.values() for click in each), key=lambda click: click.id)


def undo(connection: sa.Connection, number: int, now: datetime) -> Click | None:
    """Take one click back; None if there is none of that number. The first time it was taken back stays."""
    mine = feedback.c.id == number
    connection.execute(sa.update(feedback).where(mine, feedback.c.undone_at.is_(None)).values(undone_at=micros(now)))
    row = connection.execute(sa.select(feedback).where(mine)).first()
    return None if row is None else _click(row)


def stored_mentions(connection: sa.Connection, uids: Iterable[str]) -> dict[str, StoredMention]:
    """The mentions of these uids, by uid; those that are not stored are left out."""
    found: dict[str, StoredMention] = {}
    for chunk in _chunks(dict.fromkeys(uids)):
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
    _lock_out_writers(connection)
    newest = sa.select(sa.func.max(heads.c.version)).where(heads.c.brand == head.brand)
    if int(connection.execute(newest).scalar() or 0) >= head.version:
        return False
    save_heads(connection, (head, *changed))
    return True


def _lock_out_writers(connection: sa.Connection) -> None:
    """Wait until no other transaction writes: the row of the last number is every writer's lock."""
    connection.execute(sa.select(meta.c.value).where(meta.c.key == "last_seq").with_for_update())


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


def _chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    waiting = iter(values)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk
