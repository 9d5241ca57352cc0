"""A large stream on disk, written fast: invented brands, a rhythm of the day, a surge now and then."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import cos, pi
from pathlib import Path

from crisiswatch.demo.texts import CHATTER, FILL

__all__ = ["brand_names", "write_stream"]

START = datetime(2026, 3, 2, tzinfo=UTC)
TEXTS = 4000
SOURCES = ("x", "x", "x", "reddit", "reddit", "reviews", "bluesky")
SURGE_EVERY, SURGE_LASTS, SURGE = 60, 3, 2.0  # hours; a surge adds so many times the usual


def brand_names(count: int) -> list[str]:
    """Names that nobody has."""
    return ["Ombralta", *(f"Ombralta{number:03}" for number in range(1, count))][:count]


def write_stream(path: Path, mentions: int, *, days: float, brands: int, seed: int) -> None:
    """Write ``mentions`` lines of JSON over ``days``, in order of arrival; memory does not grow with them."""
    chance = random.Random(seed)
    texts = _texts(chance, brand_names(brands))
    with path.open("w", encoding="utf-8") as file:
        for number, at in enumerate(_times(chance, mentions, days)):
            source = chance.choice(SOURCES)
            created = at.isoformat(timespec="milliseconds")
            received = (at + timedelta(seconds=chance.random() * 20)).isoformat(timespec="milliseconds")
            lang, text = chance.choice(texts)
            file.write(
                f'{{"uid":"{source}:{number}","source":"{source}","created_at":"{created}","received_at":"{received}",'
                f'"text":{text},"author_id":"u{chance.randrange(200_000)}","author_followers":{chance.randrange(5000)},'
                f'"lang":"{lang}","url":"https://{source}.example/{number}"}}\n'
            )


def _texts(chance: random.Random, names: list[str]) -> list[tuple[str, str]]:
    lines = [line for mood in CHATTER.values() for line in mood]
    made = []
    for _ in range(TEXTS):
        lang, text = chance.choice(lines)
        filled = text.format(**{gap: chance.choice(words) for gap, words in FILL.items()})
        named = filled.replace("Ombralta", chance.choice(names))
        made.append((lang, json.dumps(f"{named} ({chance.randrange(10_000)})", ensure_ascii=False)))
    return made


def _times(chance: random.Random, mentions: int, days: float) -> Iterator[datetime]:
    """Arrival in order, denser by day than by night, with a surge every sixty hours."""
    hours = round(days * 24)
    weights = [_weight(hour) for hour in range(hours)]
    left, whole = mentions, sum(weights)
    for hour, weight in enumerate(weights):
        count = left if hour == hours - 1 else min(left, round(left * weight / whole))
        whole -= weight
        left -= count
        start = START + timedelta(hours=hour)
        yield from (start + timedelta(seconds=at) for at in sorted(chance.random() * 3599 for _ in range(count)))


def _weight(hour: int) -> float:
    surge = SURGE if hour > 200 and hour % SURGE_EVERY < SURGE_LASTS else 0.0
    return 1.0 - 0.7 * cos(2 * pi * ((hour % 24) - 3) / 24) + surge
