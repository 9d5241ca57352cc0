"""The posts behind an incident: who was first, who is loudest, where they speak, and which words mark them.

A pure function over what the store holds for the incident's window; the same mentions in any order give the same
evidence.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from crisiswatch.alerts.stopwords import STOP_WORDS
from crisiswatch.alerts.words import clean, clip, mask, safe_url
from crisiswatch.model import NO_SIGNALS, Evidence, Mention, Post, Score, Signals

__all__ = ["EVIDENCE_MENTIONS", "TEXT_LIMIT", "gather", "main_themes"]

TEXT_LIMIT = 280
"""Characters of a post that are shown."""
EVIDENCE_MENTIONS = 2000
"""Mentions of a window, the newest, that are looked through for what they are about."""

_READ_LIMIT = 2_000  # characters of a post whose words are counted: a pasted book is no theme
_THEMES = 3
_ALIKE = 0.8  # shared words of two posts from which on they say the same
_CLEARLY_MORE = 1.5  # a theme is said this many times as often, in proportion, as elsewhere
_NOISE = re.compile(r"https?://\S+|(?<!\w)@\w+|^\s*rt\b", re.IGNORECASE)
_WORDS = re.compile(r"[^\W\d_][\w'\u2019-]*", re.UNICODE)

Scored = tuple[Mention, Score]


def gather(
    mentions: Iterable[Scored],
    matches: Callable[[Mention, Score], bool],
    limit: int = 3,
    brand_terms: Collection[str] = (),
    said: Mapping[str, Signals] | None = None,
) -> Evidence:
    """Evidence from the scored `mentions` of a window: the `limit` first and `limit` loudest posts that `matches`.

    Texts that say the same are shown once. Themes are the three words or word pairs most characteristic of the
    matching mentions against the others (log-odds over distinct texts); words of `brand_terms` are none. Topics are the
    ids of the themes that `said` (what mentions say, by uid) has found in at least a tenth of the matching mentions.
    """
    inside: list[Mention] = []
    outside: list[Mention] = []
    for mention, score in mentions:
        (inside if matches(mention, score) else outside).append(mention)
    by_time = sorted(inside, key=lambda mention: (mention.created_at, mention.uid))
    by_noise = sorted(by_time, key=lambda mention: (-_loudness(mention), mention.created_at, mention.uid))
    return Evidence(
        first=_distinct(by_time, limit),
        loudest=_distinct(by_noise, limit),
        sources=dict(sorted(Counter(mention.source for mention in inside).items())),
        languages=dict(sorted(Counter(mention.lang or "unknown" for mention in inside).items())),
        themes=_themes(inside, outside, brand_terms),
        topics=main_themes([said.get(mention.uid, NO_SIGNALS) for mention in inside]) if said else (),
    )


def main_themes(signals: Sequence[Signals]) -> tuple[str, ...]:
    """The themes that mark the mentions, the most frequent first; a mention counts for the one it is nearest to."""
    counts = Counter(each.themes[0] for each in signals if each.themes)
    least = max(min(2, len(signals)), 0.1 * len(signals))
    ranked = sorted(counts, key=lambda theme: (-counts[theme], theme))
    return tuple(theme for theme in ranked if counts[theme] >= least)[:_THEMES]


def _loudness(mention: Mention) -> float:
    """Engagement counts most; an audience counts as if one in a thousand had reacted."""
    return _engagement(mention) + (mention.author_followers or 0) / 1000 + (mention.views or 0) / 1000


def _engagement(mention: Mention) -> int:
    return (mention.likes or 0) + (mention.replies or 0) + (mention.reposts or 0)


def _distinct(ranked: Sequence[Mention], limit: int) -> tuple[Post, ...]:
    shown: list[Mention] = []
    kept: list[frozenset[str]] = []
    for mention in ranked:
        if len(shown) >= limit:
            break
        words = frozenset(_tokens(mention.text)) or frozenset({clean(mention.text)})
        if not any(_alike(words, other) for other in kept):
            shown.append(mention)
            kept.append(words)
    return tuple(_post(mention) for mention in shown)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * len(one | other)


def _post(mention: Mention) -> Post:
    return Post(
        uid=mention.uid,
        source=mention.source,
        at=mention.created_at,
        text=clip(clean(mention.text), TEXT_LIMIT),
        url=safe_url(mention.url),
        author=mask(mention.author_id) if mention.author_id else None,
        audience=mention.author_followers,
        engagement=_engagement(mention) or None,
        lang=mention.lang,
    )


def _fold(text: str) -> str:
    """Lower case without accents, so that ``perché`` and ``perche`` are one word."""
    if text.isascii():
        return text.lower()
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in split if not unicodedata.combining(char)).replace("\u2019", "'")


def _tokens(text: str) -> list[str]:
    return _WORDS.findall(_fold(_NOISE.sub(" ", text[:_READ_LIMIT])))


def _terms(words: Sequence[str], banned: frozenset[str]) -> frozenset[str]:
    """Of a text's words and neighbouring pairs those that may be a theme."""
    good = [3 <= len(word) <= 30 and word not in STOP_WORDS and word not in banned for word in words]
    singles = {word for word, fine in zip(words, good, strict=True) if fine}
    pairs = {
        f"{left} {right}"
        for left, right, fine, also in zip(words, words[1:], good, good[1:], strict=False)
        if fine and also and left != right
    }
    return frozenset(singles | pairs)


def _weights(mentions: Iterable[Mention], banned: frozenset[str]) -> tuple[dict[str, float], float]:
    """How many texts hold each term, and how many texts; a text said n times counts 1 + ln n, not n."""
    copies = Counter(tuple(_tokens(mention.text)) for mention in mentions)
    held: dict[str, float] = {}
    total = 0.0
    for words in sorted(copies):
        weight = 1 + math.log(copies[words])
        total += weight
        for term in _terms(words, banned):
            held[term] = held.get(term, 0.0) + weight
    return held, total


def _themes(inside: Sequence[Mention], outside: Sequence[Mention], brand_terms: Collection[str]) -> tuple[str, ...]:
    banned = frozenset(word for term in brand_terms for word in [*_tokens(term), *_tokens(term.lstrip("@#"))])
    held, total = _weights(inside, banned)
    other, other_total = _weights(outside, banned)
    least = max(2.0, 0.03 * total) if total >= 3 else 1.0
    scores = {
        term: _score(weight, total, other.get(term, 0.0), other_total)
        for term, weight in held.items()
        if weight >= least and weight / total >= _CLEARLY_MORE * other.get(term, 0.0) / (other_total or 1.0)
    }
    ranked = sorted(scores, key=lambda term: (-scores[term], -len(term.split()), term))
    chosen: list[str] = []
    for term in ranked:
        words = set(term.split())
        if all(words.isdisjoint(earlier.split()) for earlier in chosen):
            chosen.append(term)
        if len(chosen) == _THEMES:
            break
    return tuple(chosen)


def _score(weight: float, total: float, other: float, other_total: float) -> float:
    """Log-odds ratio with half a count added to each cell, times the square root of how often the term is said."""
    odds = math.log((weight + 0.5) / (total - weight + 0.5)) - math.log((other + 0.5) / (other_total - other + 0.5))
    return round(odds * math.sqrt(weight), 9)
