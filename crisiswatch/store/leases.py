"""Leases with fencing tokens: one daemon a store, one poller a credential, no harm from one that woke up late."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from crisiswatch.errors import StoreError
from crisiswatch.store.dialect import insert_new
from crisiswatch.store.rows import Fence
from crisiswatch.store.schema import lease
from crisiswatch.store.times import micros

__all__ = ["acquire", "check", "held", "release", "renew"]

_NAME = sa.bindparam("lease_name", type_=sa.String)
_TOKEN = sa.select(lease.c.token).where(lease.c.name == _NAME).with_for_update()


def acquire(connection: sa.Connection, name: str, holder: str, now: datetime, duration: timedelta) -> Fence | None:
    """Take a lease that is free, has run out, or was the same holder's; None if somebody else holds it.

    Every taking gives a higher token, so whoever held it before is fenced out, also a twin of the same name.
    """
    free = {"name": name, "holder": "", "token": 0, "expires_at": micros(now)}
    connection.execute(insert_new(connection, lease), free)
    taken = connection.execute(
        sa.update(lease)
        .where(lease.c.name == name, sa.or_(lease.c.expires_at <= micros(now), lease.c.holder == holder))
        .values(holder=holder, token=lease.c.token + 1, expires_at=micros(now + duration))
    )
    if taken.rowcount != 1:
        return None
    return Fence(name, int(connection.execute(sa.select(lease.c.token).where(lease.c.name == name)).scalar_one()))


def renew(connection: sa.Connection, fence: Fence, now: datetime, duration: timedelta) -> bool:
    """Hold on to a lease; False if it was lost."""
    held = (lease.c.name == fence.name, lease.c.token == fence.token)
    return connection.execute(sa.update(lease).where(*held).values(expires_at=micros(now + duration))).rowcount == 1


def release(connection: sa.Connection, fence: Fence, now: datetime) -> None:
    """Give a lease back, if it is still ours; its token stays used."""
    held = (lease.c.name == fence.name, lease.c.token == fence.token)
    connection.execute(sa.update(lease).where(*held).values(holder="", expires_at=micros(now)))


def check(connection: sa.Connection, fence: Fence) -> None:
    """Raise StoreError unless the lease is still ours; the row stays locked until the transaction ends."""
    token = connection.execute(_TOKEN, {"lease_name": fence.name}).scalar()
    if token != fence.token:
        raise StoreError(f"the lease {fence.name!r} was taken by another process: nothing was written")


def held(engine: sa.Engine, name: str, now: datetime) -> bool:
    """Whether somebody holds a lease."""
    found = sa.select(lease.c.holder).where(lease.c.name == name, lease.c.expires_at > micros(now))
    with engine.connect() as connection:
        return bool(connection.execute(found).scalar())
