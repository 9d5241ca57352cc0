"""Posts kept as they were: what is deleted later can still be shown to have been said.

One JSON object a line, written as the incident goes on, never twice for a post. Each line has the SHA-256 of the post's
text, so that a screenshot or an archive can be held against it. Where the platform has taken a post back, its text and
author are taken out here too and the hash stays: that is what the terms of X and others ask of whoever keeps copies.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crisiswatch.store import StoredMention

__all__ = ["Snapshot", "kept_posts"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The lines of the file, by the post's uid, in the order in which they were first written."""

    lines: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, text: str) -> Snapshot:
        """What an earlier run wrote; a line that is cut off or is no post is passed over, and written anew."""
        found: dict[str, Mapping[str, Any]] = {}
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and isinstance(row.get("uid"), str):
                found[row["uid"]] = row
        return cls(found)

    def grown(self, posts: Iterable[StoredMention], now: datetime) -> Snapshot:
        """With these posts, those that are gone without their words."""
        lines = dict(self.lines)
        for each in posts:
            uid = each.mention.uid
            if uid not in lines and not each.purged and each.mention.text:
                lines[uid] = _line(each, now)
            elif each.purged and uid in lines and lines[uid].get("text") is not None:
                lines[uid] = {**lines[uid], "text": None, "author": None, "taken_back_at": _time(now)}
        return Snapshot(lines)

    def text(self) -> str:
        """The file."""
        return "".join(f"{json.dumps(row, ensure_ascii=False, sort_keys=True)}\n" for row in self.lines.values())

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the file."""
        return hashlib.sha256(self.text().encode()).hexdigest()


def kept_posts(posts: Iterable[StoredMention], most: int) -> list[StoredMention]:
    """Of the posts behind an incident those worth keeping: the earliest half and the loudest half of ``most``."""
    found = sorted(posts, key=lambda each: (each.mention.created_at, each.mention.uid))
    loud = sorted(found, key=lambda each: (-_loudness(each), each.mention.uid))
    names = {each.mention.uid for each in (*found[: most // 2], *loud[: most - most // 2])}
    return [each for each in found if each.mention.uid in names]


def _loudness(post: StoredMention) -> int:
    mention = post.mention
    return sum(count or 0 for count in (mention.likes, mention.replies, mention.reposts, mention.author_followers))


def _line(post: StoredMention, now: datetime) -> dict[str, Any]:
    mention = post.mention
    return {
        "uid": mention.uid,
        "source": mention.source,
        "written_at": _time(mention.created_at),
        "kept_at": _time(now),
        "text": mention.text,
        "author": mention.author_id,
        "followers": mention.author_followers,
        "url": mention.url,
        "language": mention.lang,
        "sentiment": post.score.label.value,
        "sha256": hashlib.sha256(mention.text.encode("utf-8", "surrogatepass")).hexdigest(),
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
