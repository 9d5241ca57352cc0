"""What each kind of source sees and what it can't, in a few honest words."""

from __future__ import annotations

from datetime import date

__all__ = ["REDDIT_CLOSES", "coverage", "reddit_notice"]

REDDIT_CLOSES = date(2027, 3, 1)
"""The month in which Reddit's public interface is to close for everybody, as announced on 30 September 2026."""

_COVERAGE = {
    "feed": "what the feed shows when it is fetched",
    "files": "what is in the files",
    "webhook": "what is sent, nothing else",
    "bluesky": "every public post with a term of a brand; no likes, and nothing of accounts that were deleted",
    "mastodon": "posts with the hashtags, as far as these servers know them; words without a hashtag are not found",
    "hackernews": "stories and comments, some minutes after they were said; later changes are not seen",
    "reddit": "posts of the last day that a search finds, and the newest of the communities named; no other comments",
    "x": "every post by its count, and the texts of as many as the budget allows; no retweets since May 2026",
}


def coverage(kind: str) -> str | None:
    """What a source of this kind covers; None for a plug-in's."""
    return _COVERAGE.get(kind)


def reddit_notice(today: date) -> str:
    """What somebody who relies on Reddit has to know, as of ``today``."""
    if today >= REDDIT_CLOSES:
        return "Reddit closed its public interface in March 2027: take this source out"
    return (
        "Reddit closes its public interface in March 2027 and has given no new keys since 31 October 2026; "
        "apps that are not registered end from 12 January 2027: plan without it"
    )
