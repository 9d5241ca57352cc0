"""The stream of the crash test, in rounds of five minutes: two invented brands, one told of in files, one by a webhook.

Everything of a round is received at the round's end, so what is decided depends neither on how fast the rounds are fed
nor on which of the two feeds is a moment faster. Ratings carry the mood, so no scorer is needed.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["BRANDS", "Round", "make_rounds"]

START = datetime(2026, 3, 2, tzinfo=UTC)
ROUND = timedelta(minutes=5)
BRANDS = ("alderon", "birkova")
LEARNING, CYCLE, TAIL = 76, 40, 44
CRISIS = (6, 16, 28, 30, 18, 10, 4)  # negative mentions in each round of one
SOURCES = ("x", "reddit", "reviews")


@dataclass(frozen=True, slots=True)
class Round:
    """What comes in five minutes: lines for the files and items for the webhook; ``last`` are uids to wait for."""

    number: int
    lines: tuple[str, ...]
    posted: tuple[str, ...]
    last: tuple[str, str]


def make_rounds(count: int, seed: int) -> list[Round]:
    """``count`` rounds; both brands have a crisis in each cycle of forty rounds, the second twenty rounds later."""
    maker = _Maker(seed)
    return [maker.round(number, count) for number in range(count)]


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self._earlier: dict[str, list[str]] = {brand: [] for brand in BRANDS}

    def round(self, number: int, count: int) -> Round:
        of_brand = [self._of_brand(place, brand, number, count) for place, brand in enumerate(BRANDS)]
        lines, posted = of_brand
        last = (json.loads(lines[-1])["uid"], json.loads(posted[-1])["uid"])
        if number % 7 == 3:  # what must be refused or let pass, and never cost a neighbour
            lines.insert(0, '{"uid": "broken", "text": ')
            lines.insert(0, self._line("nobody in particular", START + ROUND * number, number, 0.5))
        for brand, each in zip(BRANDS, of_brand, strict=True):
            if number % 5 == 2 and self._earlier[brand]:
                each.insert(0, self._random.choice(self._earlier[brand]))  # sent once more
            self._earlier[brand] = [*self._earlier[brand], *each[-3:]][-200:]
        return Round(number, tuple(lines), tuple(posted), last)

    def _of_brand(self, place: int, brand: str, number: int, count: int) -> list[str]:
        start = START + ROUND * number
        negative = sum(self._random.random() < 0.3 for _ in range(2)) + self._crisis(place, number, count)
        usual = self._random.randint(1, 4)
        moods = [0.0] * negative + [self._random.choice((0.5, 1.0)) for _ in range(usual)]
        self._random.shuffle(moods)
        times = sorted(self._random.uniform(0.0, 290.0) for _ in moods)
        if number % 11 == 5:
            times[0] -= 1800.0  # a straggler, too late to count as in order
        return [
            self._line(brand, start + timedelta(seconds=round(at, 3)), number, mood)
            for at, mood in zip(times, moods, strict=True)
        ]

    def _crisis(self, place: int, number: int, count: int) -> int:
        since = number - LEARNING - place * CYCLE // 2
        if since < 0 or number >= count - TAIL or since % CYCLE >= len(CRISIS):
            return 0
        return CRISIS[since % CYCLE] + self._random.randint(-2, 2)

    def _line(self, brand: str, at: datetime, number: int, mood: float) -> str:
        self._made += 1
        source = self._random.choice(SOURCES)
        return json.dumps(
            {
                "uid": f"{source}:{self._made}",
                "source": source,
                "created_at": at.isoformat(),
                "received_at": (START + ROUND * (number + 1)).isoformat(),
                "text": f"{brand} case {self._made}: è così",
                "author_id": f"a{self._random.randrange(400)}",
                "author_followers": self._random.randrange(3000),
                "lang": self._random.choice(("en", "it")),
                "rating": mood,
            },
            ensure_ascii=False,
        )
