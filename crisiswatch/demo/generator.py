"""Two weeks of an invented brand, mention by mention: the same seed gives the same stream, byte for byte.

About twenty-five mentions an hour with the rhythm of day and week, in English and Italian, from three places; and in
it what a watcher has to tell apart: a moment of fame, a giveaway, two accounts that copy, a source that goes
silent, and a crisis.
"""

from __future__ import annotations

import json
import random  # noqa: TID251 - seeded, so that the same stream can be made again
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp

from crisiswatch.demo.texts import BOT, CHAPTER_TEXTS, CHATTER, FILL, Lines
from crisiswatch.model import Mention

__all__ = ["CHAPTERS", "END", "START", "Chapter", "as_line", "story"]

START = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
END = START + timedelta(days=14)
SEED = 7
PER_HOUR = 25.0
MOODS = (("neutral", 0.56), ("positive", 0.28), ("negative", 0.16))
SOURCES = (("x", 0.62), ("reddit", 0.24), ("reviews", 0.14))
HOURS = (3, 2, 1, 1, 1, 2, 5, 9, 12, 12, 11, 11, 12, 12, 11, 10, 10, 11, 13, 14, 15, 14, 10, 6)
DAYS = (1.05, 1.0, 1.0, 1.0, 1.05, 0.95, 0.9)
RATINGS = {"neutral": 0.5, "positive": 1.0, "negative": 0.0}


@dataclass(frozen=True, slots=True)
class Chapter:
    """Something that happens beside the usual. ``words`` say it to a person; ``mentions`` is about how many it adds."""

    name: str
    start: datetime
    end: datetime
    mentions: int
    words: str


def _at(day: int, hour: float) -> datetime:
    return START + timedelta(days=day - 1, hours=hour)


CHAPTERS = (
    Chapter("viral", _at(3, 18), _at(3, 20), 260, "a video of a dancing barista goes round: praise, no crisis"),
    Chapter("giveaway", _at(6, 10), _at(6, 13), 420, "a giveaway: hundreds of neutral posts"),
    Chapter("bots", _at(8, 5), _at(8, 5.4), 160, "two accounts paste the same insult 160 times"),
    Chapter("outage", _at(9, 7), _at(9, 15), 0, "nothing comes from x for eight hours"),
    Chapter("crisis", _at(11, 17), _at(11, 23), 900, "lids of coffee machines burst: people are burned"),
    Chapter("aftermath", _at(11, 23), _at(12, 12), 120, "the maker answers, the talk fades"),
)
"""What happens, in order of time."""


def story(seed: int = SEED) -> list[Mention]:
    """The whole stream, in order of arrival (each mention arrives some seconds after it was written)."""
    maker = _Maker(seed)
    written = [*maker.usual()]
    for chapter in CHAPTERS:
        written += maker.chapter(chapter)
    outage = next(chapter for chapter in CHAPTERS if chapter.name == "outage")
    heard = [each for each in written if each.source != "x" or not outage.start <= each.created_at < outage.end]
    return sorted(heard, key=lambda each: (each.received_at or each.created_at, each.uid))


def as_line(mention: Mention) -> str:
    """A mention as one line of JSON, the way files bring it."""
    fields = {
        "uid": mention.uid,
        "source": mention.source,
        "created_at": mention.created_at.isoformat(),
        "received_at": None if mention.received_at is None else mention.received_at.isoformat(),
        "text": mention.text,
        "author_id": mention.author_id,
        "author_followers": mention.author_followers,
        "lang": mention.lang,
        "rating": mention.rating,
        "url": mention.url,
    }
    return json.dumps({name: value for name, value in fields.items() if value is not None}, ensure_ascii=False)


def _rise_and_fall(part: float) -> float:
    """How loud the crisis is at ``part`` (0 to 1) of its time: up within the first sixth, then fading."""
    return min(part / 0.15, 1.0) * exp(-2.2 * max(part - 0.35, 0.0))


def _fading(part: float) -> float:
    return exp(-3.0 * part)


def _steady(part: float) -> float:
    del part
    return 1.0


class _Maker:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._made = 0

    def usual(self) -> Iterator[Mention]:
        """Two weeks of an ordinary brand."""
        mean = sum(HOURS) / len(HOURS)
        hour = START
        while hour < END:
            rate = PER_HOUR * HOURS[hour.hour] / mean * DAYS[hour.weekday()]
            at = hour
            while True:
                at += timedelta(hours=self._random.expovariate(rate))
                if at >= hour + timedelta(hours=1):
                    break
                mood = self._pick(MOODS)
                yield self._one(at, CHATTER[mood], source=self._pick(SOURCES), mood=mood)
            hour += timedelta(hours=1)

    def chapter(self, chapter: Chapter) -> Iterator[Mention]:
        """What one chapter adds to the usual."""
        match chapter.name:
            case "bots":
                yield from self._bots(chapter)
            case "crisis":
                yield from self._crisis(chapter)
            case "viral" | "giveaway" | "aftermath":
                shape = _fading if chapter.name == "aftermath" else _steady
                for at in self._times(chapter, chapter.mentions, shape):
                    yield self._one(at, CHAPTER_TEXTS[chapter.name], source=self._pick(SOURCES[:2]))

    def _bots(self, chapter: Chapter) -> Iterator[Mention]:
        for number, at in enumerate(self._times(chapter, chapter.mentions, _steady)):
            yield self._one(at, (("en", BOT),), source="x", author=f"x-copy-{number % 2}", followers=12)

    def _crisis(self, chapter: Chapter) -> Iterator[Mention]:
        """It begins with a few people to whom it happened, a quarter of an hour apart; then everybody has a word."""
        for number in range(4):
            at = chapter.start + timedelta(minutes=number * self._random.uniform(6.0, 9.0))
            yield self._one(at, CHAPTER_TEXTS["first"], source="x")
        for at in self._times(chapter, chapter.mentions, _rise_and_fall):
            source = self._pick(SOURCES)
            yield self._one(at, CHAPTER_TEXTS["crisis"], source=source, mood="negative")

    def _times(self, chapter: Chapter, count: int, shape: Callable[[float], float]) -> list[datetime]:
        """``count`` moments of the chapter, dense where ``shape`` (0 to 1) is high."""
        span = chapter.end - chapter.start
        times: list[datetime] = []
        while len(times) < count:
            part = self._random.random()
            if self._random.random() < shape(part):
                times.append(chapter.start + part * span)
        return sorted(times)

    def _one(
        self,
        at: datetime,
        lines: Lines,
        *,
        source: str,
        mood: str = "neutral",
        author: str | None = None,
        followers: int | None = None,
    ) -> Mention:
        self._made += 1
        language, text = self._random.choice(lines)
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        delay = timedelta(seconds=round(self._random.uniform(1.0, 40.0), 3))
        words = text.format(**{gap: self._random.choice(choices) for gap, choices in FILL.items()})
        return Mention(
            uid=f"{source}:{self._made}",
            source=source,
            created_at=at,
            received_at=at + delay,
            text=words[0].upper() + words[1:],
            author_id=author or f"{source}-{self._random.randrange(6000)}",
            author_followers=followers if followers is not None else self._audience(source),
            lang=language,
            rating=RATINGS[mood] if source == "reviews" else None,
            url=f"https://{source}.example/{self._made}",
        )

    def _audience(self, source: str) -> int | None:
        """Most have a few hundred followers, a few have very many; reviewers have none to speak of."""
        if source == "reviews":
            return None
        return min(int(self._random.lognormvariate(5.5, 1.4)), 60_000)

    def _pick(self, choices: tuple[tuple[str, float], ...]) -> str:
        names, weights = zip(*choices, strict=True)
        return str(self._random.choices(names, weights)[0])
