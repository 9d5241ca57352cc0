"""The tables, as this version of the program knows them. Every key is natural, so that writing twice is harmless.

Times are microseconds since 1970 in UTC, minutes are minutes since 1970, JSON is text: the same on every database.
"""

from __future__ import annotations

import sqlalchemy as sa

__all__ = [
    "HEAD",
    "blind",
    "decision",
    "delivery",
    "desk",
    "feedback",
    "heads",
    "incident",
    "incident_event",
    "journal",
    "lease",
    "mention",
    "mention_brand",
    "meta",
    "metadata",
    "minute_bucket",
    "outbox",
    "response_case",
    "silence",
    "source_cursor",
    "state",
    "theme_feedback",
]

HEAD = "0008"
"""The newest migration this program knows; a test holds it against the migrations folder."""

metadata = sa.MetaData()
_Key = sa.Text()

mention = sa.Table(
    "mention",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("uid", sa.Text, nullable=False, unique=True),
    sa.Column("source", _Key, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("event_minute", sa.BigInteger, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("source_received_at", sa.BigInteger),
    sa.Column("brands", sa.Text, nullable=False),
    sa.Column("text", sa.Text),  # NULL once purged
    sa.Column("author_id", sa.Text),
    sa.Column("author_followers", sa.BigInteger),
    sa.Column("lang", sa.Text),
    sa.Column("url", sa.Text),
    sa.Column("channel", sa.Text),
    sa.Column("likes", sa.BigInteger),
    sa.Column("replies", sa.BigInteger),
    sa.Column("reposts", sa.BigInteger),
    sa.Column("views", sa.BigInteger),
    sa.Column("parent_uid", sa.Text),
    sa.Column("thread_id", sa.Text),
    sa.Column("rating", sa.Double),
    sa.Column("native_sentiment", sa.Double),
    sa.Column("repost_of", sa.Text),
    sa.Column("weight", sa.Double, nullable=False),
    sa.Column("brand", sa.Text),
    sa.Column("label", sa.String(16), nullable=False),
    sa.Column("p_negative", sa.Double, nullable=False),
    sa.Column("p_neutral", sa.Double, nullable=False),
    sa.Column("p_positive", sa.Double, nullable=False),
    sa.Column("model", sa.Text, nullable=False),
    sa.Column("calibrated", sa.Boolean, nullable=False),
    sa.Column("backfill", sa.Boolean, nullable=False),
    sa.Column("signals", sa.Text),  # JSON; NULL where a mention says nothing beyond its mood
)

mention_brand = sa.Table(
    "mention_brand",
    metadata,
    sa.Column("brand", _Key, primary_key=True),
    sa.Column("event_minute", sa.BigInteger, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

minute_bucket = sa.Table(
    "minute_bucket",
    metadata,
    sa.Column("brand", _Key, primary_key=True),
    sa.Column("source", _Key, primary_key=True),
    sa.Column("minute", sa.BigInteger, primary_key=True),
    sa.Column("total", sa.BigInteger, nullable=False),
    sa.Column("negative", sa.BigInteger, nullable=False),
    sa.Column("p_negative", sa.Double, nullable=False),
    sqlite_with_rowid=False,
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("brand", _Key, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
)

state = sa.Table(
    "state",
    metadata,
    sa.Column("brand", _Key, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),  # counts the writes
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("updated_seq", sa.BigInteger, nullable=False),
)

incident = sa.Table(
    "incident",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("brand", _Key, nullable=False),
    sa.Column("rule", _Key, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("phase", sa.String(16), nullable=False),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Column("resolved_at", sa.BigInteger),
    sa.Column("trial", sa.Boolean, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index("ix_incident_opened", "opened_at"),
    sa.Index("ix_incident_brand", "brand", "opened_at"),
)

incident_event = sa.Table(
    "incident_event",
    metadata,
    sa.Column("incident", _Key, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("incident", _Key, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("receiver", _Key, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),  # pending | leased | sent | dead | superseded
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("not_before", sa.BigInteger, nullable=False),
    sa.Column("leased_until", sa.BigInteger),
    sa.Column("lease_token", sa.BigInteger, nullable=False),  # rises with every lease
    sa.Column("last_error", sa.Text, nullable=False),
    sa.Column("uncertain", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("due_at", sa.BigInteger),  # the first ``not_before``; null in rows from before 0008
    sa.Index("ix_outbox_chain", "incident", "receiver", "version"),
    sa.Index(
        "ix_outbox_waiting",
        "receiver",
        "priority",
        "created_at",
        sqlite_where=sa.text("status IN ('pending', 'leased')"),
        postgresql_where=sa.text("status IN ('pending', 'leased')"),
    ),
    sa.Index(
        "ix_outbox_dead",
        "receiver",
        sqlite_where=sa.text("status = 'dead'"),
        postgresql_where=sa.text("status = 'dead'"),
    ),
)

delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("incident", _Key, primary_key=True),
    sa.Column("receiver", _Key, primary_key=True),
    sa.Column("memory", sa.Text, nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("sent_at", sa.BigInteger, nullable=False),
)

source_cursor = sa.Table(
    "source_cursor",
    metadata,
    sa.Column("source", _Key, primary_key=True),
    sa.Column("cursor", sa.Text),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.Column("last_success", sa.BigInteger),
    sa.Column("last_mention_at", sa.BigInteger),
    sa.Column("carries", sa.Text, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("healthy", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

blind = sa.Table(
    "blind",
    metadata,
    sa.Column("brand", _Key, primary_key=True),
    sa.Column("source", _Key, primary_key=True),
    sa.Column("since", sa.BigInteger, primary_key=True),
    sa.Column("until", sa.BigInteger),
    sa.Column("reason", sa.String(32), nullable=False),
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", _Key, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", _Key, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

feedback = sa.Table(
    "feedback",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("brand", _Key, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),  # the mention's; its text is kept there alone
    sa.Column("label", sa.String(16), nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("via", sa.String(16), nullable=False),  # slack | page | file | audit
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("undone_at", sa.BigInteger),
    sa.Column("model", sa.Text, nullable=False),
    sa.UniqueConstraint("brand", "uid", "actor", "at", "label"),
)

theme_feedback = sa.Table(
    "theme_feedback",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("brand", _Key, nullable=False),
    sa.Column("uid", sa.Text, nullable=False),
    sa.Column("theme", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("via", sa.String(16), nullable=False),  # as for feedback
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("undone_at", sa.BigInteger),
    sa.UniqueConstraint("brand", "uid", "actor", "at", "theme"),
)

heads = sa.Table(
    "heads",
    metadata,
    sa.Column("brand", _Key, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),  # shadow | active | rolled_back
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("made_at", sa.BigInteger, nullable=False),
    sa.Column("labels", sa.BigInteger, nullable=False),
    sa.Column("report", sa.Text, nullable=False),
    sa.Column("base", sa.Text, nullable=False),
)

response_case = sa.Table(
    "response_case",
    metadata,
    sa.Column("incident", _Key, primary_key=True),
    sa.Column("brand", _Key, nullable=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Column("closed_at", sa.BigInteger),
    sa.Column("body", sa.Text, nullable=False),
    sa.Index(
        "ix_response_case_open",
        "opened_at",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    ),
)

decision = sa.Table(
    "decision",
    metadata,
    sa.Column("incident", _Key, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("chain", sa.String(64), nullable=False),
)

silence = sa.Table(
    "silence",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("brand", _Key, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("begins", sa.BigInteger, nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("ended_by", sa.Text, nullable=False),
)

desk = sa.Table(
    "desk",
    metadata,
    sa.Column("receiver", _Key, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),
)
