"""What one poll brings in, and how answers are turned into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crisiswatch.errors import BadMention
from crisiswatch.model import Batch, Cursor, Mention, Refused, VolumeSample
from crisiswatch.sources.x.calls import Answer, rows
from crisiswatch.sources.x.wire import Bucket, Found, followers, found_in

__all__ = ["Haul", "minute_start"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Haul:
    """Mentions, volumes and costs (US dollars) of one poll; to be filled, then made a batch.

    ``gap`` (seconds since 1970): what was said before it was said while nobody listened. ``sampled``: what is counted
    is not all read.
    """

    source: str
    now: datetime
    gap: int = 0
    sampled: bool = False
    mentions: dict[str, Mention] = field(default_factory=dict)
    edited: dict[str, Mention] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    samples: list[VolumeSample] = field(default_factory=list)
    cost: float = 0.0

    def __bool__(self) -> bool:
        """Whether there is something that must not be lost, be it only a cost."""
        return bool(self.mentions or self.edited or self.refused or self.samples or self.cost)

    def take(
        self, answer: Answer, where: str, *, since: int = 0, weight: float = 1.0, brand: str | None = None,
        sampled: bool = False,
    ) -> list[Found]:  # fmt: skip
        """Take the posts of an answer, the oldest first; gives them as they were read.

        A later wording goes to the edits if its first one came before ``since``, the newest id known before this
        reading. In a sample nobody knows whether the first one was read, so there it goes to the mentions too.
        """
        found = self._read(rows(answer), followers(answer), where, weight, brand)
        for each in sorted(found, key=lambda one: one.id):
            uid = each.mention.uid
            if each.edited and each.first <= since:
                self.edited[uid] = each.mention
            if not each.edited or sampled or each.first > since:
                self.mentions[uid] = each.mention
        return found

    def _read(
        self, posts: Sequence[object], users: dict[str, int], where: str, weight: float, brand: str | None
    ) -> list[Found]:
        found = []
        for number, post in enumerate(posts, 1):
            try:
                found.append(
                    found_in(
                        post,
                        source=self.source,
                        now=self.now,
                        users=users,
                        weight=weight,
                        brand=brand,
                        before=self.gap,
                    )
                )
            except BadMention as error:
                self.refused.append(Refused(f"{self.source}:{where} {number}", error.reason, error.detail))
        return found

    def count(self, brand: str, buckets: Sequence[Bucket]) -> None:
        """Take the volumes of a brand."""
        self.samples += [
            VolumeSample(
                source=self.source,
                brand=brand,
                start=each.start,
                seconds=each.seconds,
                count=each.count,
                sampled=self.sampled,
                backfill=each.start.timestamp() < self.gap,
            )
            for each in buckets
        ]

    def batch(self, cursor: Cursor, *, quota_left: float | None, budget_left: float, more: bool) -> Batch:
        """All of it."""
        return Batch(
            mentions=tuple(self.mentions.values()),
            refused=tuple(self.refused),
            samples=tuple(self.samples),
            edited=tuple(self.edited.values()),
            cost=round(self.cost, 6),
            quota_left=quota_left,
            budget_left=budget_left,
            cursor=cursor,
            more=more,
        )


def minute_start(minute: int) -> datetime:
    """When a minute (since 1970) begins."""
    return _EPOCH + timedelta(minutes=minute)
