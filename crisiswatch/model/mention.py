"""What is said about a brand: a mention, its sentiment, and volume counts without text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

__all__ = ["Mention", "Score", "Sentiment", "VolumeSample", "mention_of"]


class Sentiment(StrEnum):
    """The most likely class of a text."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One post, comment, review, ticket or article. All times are aware UTC; unknown is None, never 0.

    ``uid`` is ``"{source}:{native id}"`` (at most 255 characters), the key by which a re-delivered mention counts once.
    ``created_at`` is the author's clock and may be wrong; ``received_at`` is ours. ``weight`` is 1 / sampling rate
    (1.0 = every mention is read). ``brand`` is set only when the source knows it already. ``backfill``: it was said
    while nobody could listen and is read now; it tells what is usual, and alone alarms nobody.
    ``native_sentiment`` is the source's own reading of the mood, from -1 (negative) to 1 (positive).
    ``text`` is empty where there was none; then only ``brand`` can tell whom it is about.
    """

    uid: str
    source: str
    created_at: datetime
    text: str
    received_at: datetime | None = None
    author_id: str | None = None
    author_followers: int | None = None
    lang: str | None = None
    url: str | None = None
    channel: str | None = None
    likes: int | None = None
    replies: int | None = None
    reposts: int | None = None
    views: int | None = None
    parent_uid: str | None = None
    thread_id: str | None = None
    rating: float | None = None
    native_sentiment: float | None = None
    repost_of: str | None = None
    weight: float = 1.0
    brand: str | None = None
    backfill: bool = False


class _Open:
    """A mention that is being filled: the same slots, not frozen yet."""

    __slots__ = tuple(Mention.__dataclass_fields__)


def mention_of(values: Sequence[Any]) -> Mention:
    """The mention with these values of all its fields, in their order: what ``Mention(...)`` gives, but sooner.

    A frozen dataclass sets field by field through ``object.__setattr__``, a fifth of what it takes to read a line.
    """
    made: Any = _Open()
    (
        made.uid,
        made.source,
        made.created_at,
        made.text,
        made.received_at,
        made.author_id,
        made.author_followers,
        made.lang,
        made.url,
        made.channel,
        made.likes,
        made.replies,
        made.reposts,
        made.views,
        made.parent_uid,
        made.thread_id,
        made.rating,
        made.native_sentiment,
        made.repost_of,
        made.weight,
        made.brand,
        made.backfill,
    ) = values
    made.__class__ = Mention  # allowed between classes of the same slots
    return cast("Mention", made)


@dataclass(frozen=True, slots=True)
class Score:
    """A text's sentiment: probabilities that sum to 1, and the model (name and version) that gave them.

    ``calibrated``: of all texts that get 0.3, three in ten are so; then they can be added up to an expected number.
    """

    negative: float
    neutral: float
    positive: float
    model: str
    calibrated: bool = False

    @property
    def label(self) -> Sentiment:
        """The most likely class; a tie goes to neutral, then to negative."""
        if self.neutral >= self.negative and self.neutral >= self.positive:
            return Sentiment.NEUTRAL
        return Sentiment.NEGATIVE if self.negative >= self.positive else Sentiment.POSITIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeSample:
    """How many mentions a source counted in ``[start, start + seconds)``, without their texts.

    ``counts`` has the number in each minute from ``start`` on, where that is known. ``sampled``: not all of them are
    read, so the volume goes by the count, and what is read tells what they say. ``backfill`` as in `Mention`.
    """

    source: str
    brand: str
    start: datetime
    seconds: int
    count: int
    complete: bool = True
    counts: tuple[int, ...] = ()
    sampled: bool = False
    backfill: bool = False
