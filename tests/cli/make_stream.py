"""Writes stream.jsonl.gz: three invented days of Acme, the same each time. ``python -m tests.cli.make_stream``."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crisiswatch.model import MentionScored, Sentiment
from crisiswatch.testing.mentions import Mentions, in_order

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
CRISIS = START + 2 * DAY + 14 * HOUR
SILENCE = (START + DAY + 2 * HOUR, START + DAY + 11 * HOUR)
TEXTS = {
    Sentiment.NEGATIVE: (
        "acme coffee is awful, I hate it",
        "worst service ever from acme",
        "acme lied to me, terrible",
    ),
    Sentiment.NEUTRAL: ("acme opens at nine", "the acme shop is near the station", "passing by acme"),
    Sentiment.POSITIVE: ("I love acme coffee", "great day, thanks to acme", "acme is wonderful"),
}


def stream() -> list[MentionScored]:
    """Calm with two sources, nine hours in which both are silent, and a wave of complaints on the third day."""
    made = Mentions(seed=13)
    calm = made.usual(START, START + 3 * DAY, 24, sources=("x", "x", "reddit"))
    calm = [each for each in calm if not SILENCE[0] <= each.at < SILENCE[1]]
    wave = made.wave(CRISIS, 40 * MINUTE, 160, authors=70, sources=("x", "x", "reddit"))
    return in_order(calm, wave)


def lines() -> Iterator[str]:
    """The stream as JSON Lines."""
    for number, event in enumerate(stream()):
        mention = event.mention
        texts = TEXTS[event.score.label]
        yield json.dumps(
            {
                "uid": mention.uid,
                "source": mention.source,
                "created_at": mention.created_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
                "text": texts[number % len(texts)],
                "author_id": mention.author_id,
            }
        )


if __name__ == "__main__":
    body = "".join(f"{line}\n" for line in lines()).encode()
    Path(__file__).with_name("stream.jsonl.gz").write_bytes(gzip.compress(body, mtime=0))
