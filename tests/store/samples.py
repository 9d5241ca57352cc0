"""Small inputs for the store's and the outbox's tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from crisiswatch.model import NO_SIGNALS, Gate, Incident, Level, Mention, Phase, Reading, Score, Signals, Stage
from crisiswatch.store import OutboxRow, StoredMention, incident_to_json, minute_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def stored(number: int, *, brand: str = "acme", at: datetime | None = None, **fields: Any) -> StoredMention:
    at = NOON + timedelta(seconds=number) if at is None else at
    values = {"uid": f"x:{number}", "source": "x", "created_at": at, "text": f"mention {number}"} | fields
    return StoredMention(
        mention=Mention(**values),
        brands=(brand,),
        score=Score(0.7, 0.2, 0.1, "vader 3.3.2"),
        event_minute=minute_of(at),
        received_at=at,
        signals=Signals(("complaint",), ("safety", "recall"), ("delivery",)) if number % 2 else NO_SIGNALS,
    )


def incident(version: int = 1, **fields: Any) -> Incident:
    reading = Reading(
        start=NOON,
        end=NOON + timedelta(minutes=15),
        observed=40.0,
        total=50.0,
        authors=30,
        sources=("x",),
        expected=7.5,
    )
    whole = Incident(
        id="acme/wave/1",
        brand="acme",
        rule="wave",
        title="Unusual wave",
        alert="wave",
        version=version,
        phase=Phase.OPEN,
        level=Level.WARNING,
        peak_level=Level.WARNING,
        opened_at=NOON,
        updated_at=NOON + timedelta(minutes=version),
        resolved_at=None,
        levels=((Level.WARNING, NOON),),
        reading=reading,
        peak=reading,
        gates=(Gate("count", "at_least", 20.0, 40.0, held=True),),
        mentions=40,
        authors=30,
    )
    return replace(whole, **fields)


def owed(
    version: int, stage: Stage = Stage.OPENED, *, receiver: str = "desk", of: str = "acme/wave/1", **fields: Any
) -> OutboxRow:
    row = OutboxRow(
        id=f"{of}/{version}/{receiver}",
        incident=of,
        version=version,
        receiver=receiver,
        stage=stage,
        priority=0 if stage is Stage.OPENED else 2,
        body=incident_to_json(incident(version, id=of)),
        created_at=NOON + timedelta(seconds=version),
    )
    return replace(row, **fields)
