"""Themes that people gave mentions, and the reader that has learned them.

What a text is about depends on no brand, so that all of them are learned together, anew each time. Only texts that are
still kept can teach. Learning is slow and runs beside the engine.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from crisiswatch.intake import Plan
from crisiswatch.model import Text
from crisiswatch.sentiment.signals import Reader
from crisiswatch.store import Store, StoredMention, counting_themes

__all__ = ["taught_reader"]

MOST = 500
"""Texts of a theme that are learned from, the newest."""
AROUND, BACK = 500, timedelta(days=7)
"""Mentions that nobody has sorted which are to stay as they are: the newest of so long, shared out among the brands."""
log = structlog.get_logger("crisiswatch.theming")


def taught_reader(store: Store, plan: Plan, now: datetime) -> Reader:
    """Give what reads beside the plan's scorer, with the themes that people gave; the plan's own if it knows them all.

    ``now`` is the time whose latest mentions stand for the stream. Without an encoder, or without a theme in the plan,
    there is nothing to teach.
    """
    finder = plan.reader.themes
    if finder is None:
        return plan.reader
    sorted_ = _sorted(store, finder.themes)
    lesson = _fingerprint(sorted_) if sorted_ else ""
    if lesson == plan.reader.lesson:
        return plan.reader
    made = finder.anew()
    if made.missing is None and sorted_:
        near = _around(store, plan, now, {stored.mention.uid for _, stored in sorted_})
        vectors = made.encode(_texts(plan, [*(stored for _, stored in sorted_), *near]))
        if vectors is None:
            return plan.reader
        for (theme, stored), vector in zip(sorted_, vectors, strict=False):
            if vector.any():
                made.teach(theme, vector, stored.mention.uid)
        made.anchor(vectors[len(sorted_) :])
        log.info("themes_taught", texts=dict(sorted(Counter(theme for theme, _ in sorted_).items())))
    return Reader(made, lesson)


def _sorted(store: Store, themes: Iterable[str]) -> list[tuple[str, StoredMention]]:
    """Theme and mention of each text that somebody sorted and that is kept: of copies the newest word, by uid."""
    known = frozenset(themes)
    clicks = [each for each in counting_themes(store.theme_feedback()).values() if each.theme in known]
    mentions = store.mentions_by_uid(each.uid for each in clicks)
    by_text: dict[str, tuple[str, StoredMention]] = {}
    for click in sorted(clicks, key=lambda each: (each.at, each.id)):
        stored = mentions.get(click.uid)
        if stored is not None and not stored.purged and stored.mention.text.strip():
            text = " ".join(stored.mention.text.casefold().split())
            by_text.pop(text, None)
            by_text[text] = click.theme, stored
    newest: defaultdict[str, list[tuple[str, StoredMention]]] = defaultdict(list)
    for theme, stored in by_text.values():
        newest[theme].append((theme, stored))
    found = [each for rows in newest.values() for each in rows[-MOST:]]
    return sorted(found, key=lambda each: each[1].mention.uid)


def _around(store: Store, plan: Plan, now: datetime, but: set[str]) -> list[StoredMention]:
    each = max(1, AROUND // max(1, len(plan.brands)))
    found: dict[str, StoredMention] = {}
    for brand in plan.brands:
        for stored in store.evidence_mentions(brand, now - BACK, now + timedelta(minutes=1), each):
            if not stored.purged and stored.mention.uid not in but and stored.mention.text.strip():
                found[stored.mention.uid] = stored
    return list(found.values())


def _texts(plan: Plan, mentions: Iterable[StoredMention]) -> list[Text]:
    """The texts as the reader meets them."""
    return [Text(each.mention.text, each.mention.lang, plan.matcher.mask_terms(each.brands)) for each in mentions]


def _fingerprint(rows: Iterable[tuple[str, StoredMention]]) -> str:
    told = [[theme, stored.mention.uid, stored.mention.text] for theme, stored in rows]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
