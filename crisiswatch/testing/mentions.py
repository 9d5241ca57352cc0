"""Mentions made for tests: the same seed gives the same mentions, and every text speaks of an invented brand.

`Mentions` makes whole stretches of a stream (a calm day, a wave, one loud account); `mention`, `score` and `scored`
make single ones. Times are aware UTC. Nothing here reads a clock.
"""

from __future__ import annotations

import random  # noqa: TID251 - seeded, so a stream can be made again
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from crisiswatch.model import Mention, MentionScored, Score, Sentiment

__all__ = ["SCORES", "Mentions", "in_order", "mention", "score", "scored"]

SCORES = {
    Sentiment.NEGATIVE: Score(0.8, 0.15, 0.05, "made"),
    Sentiment.NEUTRAL: Score(0.1, 0.8, 0.1, "made"),
    Sentiment.POSITIVE: Score(0.05, 0.15, 0.8, "made"),
}
"""One clear score for each sentiment."""

TEXTS = {
    Sentiment.NEGATIVE: ("my acme order is wrong again", "acme kept me waiting for an hour", "never buying acme again"),
    Sentiment.NEUTRAL: ("acme opens at nine", "is the acme shop near the station?", "passing by acme"),
    Sentiment.POSITIVE: ("love my acme coffee", "acme saved my morning", "thank you acme, that was quick"),
}


def score(sentiment: str = "negative") -> Score:
    """A score whose label is ``sentiment``."""
    return SCORES[Sentiment(sentiment)]


def mention(number: int, at: datetime, *, source: str = "x", **fields: object) -> Mention:
    """A mention with the native id ``number``, created at ``at``; ``fields`` are further fields of `Mention`."""
    made = Mention(uid=f"{source}:{number}", source=source, created_at=at, text=TEXTS[Sentiment.NEUTRAL][0])
    return replace(made, **fields) if fields else made  # type: ignore[arg-type]


def scored(made: Mention, sentiment: str = "negative", *, at: datetime | None = None) -> MentionScored:
    """The event of ``made`` arriving at ``at`` (its creation, when not given) with that sentiment."""
    return MentionScored(made.created_at if at is None else at, made, score(sentiment))


def in_order(*streams: Iterable[MentionScored]) -> list[MentionScored]:
    """Several streams as one, in order of arrival; events of the same time keep their order."""
    return sorted((event for stream in streams for event in stream), key=lambda event: event.at)


class Mentions:
    """A maker of mentions with an endless supply of ids; the same seed and calls give the same mentions."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._made = 0

    def one(
        self,
        at: datetime,
        sentiment: str = "negative",
        *,
        source: str = "x",
        author: str | None = None,
        arrives: datetime | None = None,
        **fields: object,
    ) -> MentionScored:
        """One mention created at ``at``, from a new account unless ``author`` names one."""
        self._made += 1
        text = self._random.choice(TEXTS[Sentiment(sentiment)])
        given: dict[str, object] = {"text": text, "author_id": author or f"{source}-{self._made}", **fields}
        return scored(mention(self._made, at, source=source, **given), sentiment, at=arrives)

    def steady(
        self, start: datetime, end: datetime, every: timedelta, sentiment: str = "neutral", **fields: object
    ) -> list[MentionScored]:
        """One mention each ``every`` from ``start`` until before ``end``."""
        count = max(-((start - end) // every), 0)
        return [self.one(start + every * step, sentiment, **fields) for step in range(count)]  # type: ignore[arg-type]

    def usual(
        self, start: datetime, end: datetime, per_hour: float, negative: float = 0.2, *, sources: Sequence[str] = ("x",)
    ) -> list[MentionScored]:
        """Calm as it is: ``per_hour`` mentions at random, a part ``negative`` of them negative, the rest not."""
        made: list[MentionScored] = []
        at = start
        while True:
            at += timedelta(hours=self._random.expovariate(per_hour))
            if at >= end:
                return made
            mood = "negative" if self._random.random() < negative else self._random.choice(("neutral", "positive"))
            made.append(self.one(at, mood, source=self._random.choice(sources)))

    def wave(
        self,
        start: datetime,
        over: timedelta,
        count: int,
        sentiment: str = "negative",
        *,
        authors: int | None = None,
        sources: Sequence[str] = ("x",),
        **fields: object,
    ) -> list[MentionScored]:
        """``count`` mentions spread evenly ``over`` a time, by so many ``authors`` (all different when not given)."""
        step = over / max(count, 1)
        return [
            self.one(
                start + step * place,
                sentiment,
                source=sources[place % len(sources)],
                author=None if authors is None else f"crowd-{place % authors}",
                **fields,  # type: ignore[arg-type]
            )
            for place in range(count)
        ]
