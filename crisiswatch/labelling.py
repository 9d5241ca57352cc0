"""Labels as people give them: one press at a time, a day's sample to label, and what became of each.

Labels are only ever added, each once, so they need neither the engine's thread nor its fence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from crisiswatch.clock import Clock
from crisiswatch.config.settings import Brand
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Sentiment
from crisiswatch.sentiment.described import Described, name_of
from crisiswatch.store import Click, Store, StoredMention, ThemeClick, counting, counting_themes
from crisiswatch.web import LabelView, SampleView

__all__ = ["DAILY", "Given", "NoSuchMention", "PageLabels", "fate", "give", "sample"]

DAILY = 10
"""Mentions of a brand that are drawn for a day."""


class NoSuchMention(CrisiswatchError):
    """The mention is not stored, or is not about that brand."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a label came to.

    ``new`` is what was added, None if its actor had said so already. ``before`` is what counted until then and
    ``counts`` what does now. ``forgotten``: its text is no longer kept, so there is nothing to learn from.
    """

    new: Click | None
    before: Click | None
    counts: Click | None
    forgotten: bool


def give(store: Store, *, brand: str, uid: str, label: Sentiment, actor: str, via: str, at: datetime) -> Given:
    """Label a mention for a brand; raises `NoSuchMention`."""
    stored = _about(store, brand, uid)
    before = counting(store.feedback_on([uid])).get((brand, uid))
    click = Click(brand=brand, uid=uid, label=label, actor=actor, via=via, at=at, model=stored.score.model)
    added = store.add_feedback([click])
    counts = counting(store.feedback_on([uid])).get((brand, uid))
    return Given(added[0] if added else None, before, counts, stored.purged)


def _about(store: Store, brand: str, uid: str) -> StoredMention:
    stored = store.mentions_by_uid([uid]).get(uid)
    if stored is None:
        raise NoSuchMention("that post is not stored (any more)")
    if brand not in stored.brands:
        raise NoSuchMention("that post is not about that brand")
    return stored


def sample(store: Store, brands: Iterable[Brand], now: datetime, count: int) -> list[tuple[str, StoredMention]]:
    """``count`` mentions of each brand's yesterday with the brand's id, drawn by date and brand alone.

    It is the same sample all day long, and none of it depends on how a mention was scored.
    """
    drawn: list[tuple[str, StoredMention]] = []
    for brand in brands:
        start, end = _yesterday(brand, now)
        seed = f"{end:%Y-%m-%d %H:%M}|{brand.id}|"
        uids = sorted(store.uids_of_day(brand.id, start, end), key=lambda uid: _drawn(seed + uid))[:count]
        found = store.mentions_by_uid(uids)
        drawn += [(brand.id, found[uid]) for uid in uids if uid in found]
    return drawn


def _yesterday(brand: Brand, now: datetime) -> tuple[datetime, datetime]:
    """The last whole day where the brand is at home."""
    today = now.astimezone(brand.timezone).date()
    start, end = (
        datetime.combine(day, time(), brand.timezone).astimezone(UTC) for day in (today - timedelta(days=1), today)
    )
    return start, end


def _drawn(what: str) -> bytes:
    return hashlib.sha256(what.encode()).digest()


def fate(click: Click | ThemeClick, stored: StoredMention | None, counts: Container[int]) -> str:
    """What became of a label, in two words at most; ``counts`` are the numbers of the labels that count."""
    if click.undone_at is not None:
        return "taken back"
    if click.id not in counts:
        return "overruled"
    return "text gone" if stored is None or stored.purged else "counts"


class PageLabels:
    """What the page where people label asks for; see `crisiswatch.web.Labels`.

    ``themes`` gives those that are looked for, by id: where there is none, none is asked for.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        brands: Callable[[], Sequence[Brand]],
        clock: Clock,
        *,
        themes: Callable[[], Mapping[str, Described]] = dict,
        count: int = DAILY,
    ) -> None:
        self._store = store
        self._brands = brands
        self._clock = clock
        self._themes = themes
        self._count = count

    def sample(self) -> list[SampleView]:
        """Today's sample of every brand, with what was said of it."""
        names = {brand.id: brand.name for brand in self._brands()}
        store = self._store()
        drawn = sample(store, self._brands(), self._clock.now(), self._count)
        uids = {one.mention.uid for _, one in drawn}
        labels, themes = counting(store.feedback_on(uids)), counting_themes(store.theme_feedback_on(uids))
        return [
            _sampled(brand, names[brand], one, labels.get((brand, one.mention.uid)), themes.get(one.mention.uid))
            for brand, one in drawn
        ]

    def given(self, limit: int) -> list[LabelView]:
        """The last labels and themes, the newest first."""
        store, known = self._store(), self._themes()
        said: list[Click | ThemeClick] = [*store.feedback(limit=limit), *store.theme_feedback(limit=limit)]
        clicks = sorted(said, key=lambda click: click.id, reverse=True)[:limit]
        uids = {click.uid for click in clicks}
        stored = store.mentions_by_uid(uids)
        counts = {click.id for click in counting(store.feedback_on(uids)).values()}
        counts |= {click.id for click in counting_themes(store.theme_feedback_on(uids)).values()}
        return [_given(click, stored.get(click.uid), counts, known) for click in clicks]

    def themes(self) -> dict[str, str]:
        """The themes to choose from: what each is called, by id."""
        known = self._themes()
        return {theme: name_of(theme, known) for theme in known}

    def give(self, brand: str, uid: str, label: str, actor: str) -> str:
        """Label a mention; the reason if that can't be done."""
        try:
            give(
                self._store(),
                brand=brand,
                uid=uid,
                label=Sentiment(label),
                actor=actor,
                via="page",
                at=self._clock.now(),
            )
        except NoSuchMention as error:
            return str(error)
        return ""

    def sort(self, brand: str, uid: str, theme: str, actor: str) -> str:
        """Say what a mention is about; the reason if that can't be done."""
        if theme not in self._themes():
            return "there is no such theme (any more)"
        store = self._store()
        try:
            _about(store, brand, uid)
        except NoSuchMention as error:
            return str(error)
        at = self._clock.now()
        store.add_feedback([ThemeClick(brand=brand, uid=uid, theme=theme, actor=actor, via="page", at=at)])
        return ""

    def undo(self, number: int) -> bool:
        """Take a label or a theme back; False if there is none of that number."""
        return self._store().undo_feedback(number, self._clock.now()) is not None


def _sampled(brand: str, name: str, one: StoredMention, click: Click | None, sorted_: ThemeClick | None) -> SampleView:
    mention = one.mention
    return SampleView(
        brand=brand,
        name=name,
        uid=mention.uid,
        source=mention.source,
        at=mention.created_at,
        lang=mention.lang or "",
        text=mention.text,
        url=mention.url,
        label=None if click is None else click.label.value,
        actor="" if click is None else click.actor,
        number=0 if click is None else click.id,
        theme=None if sorted_ is None else sorted_.theme,
        themed_by="" if sorted_ is None else sorted_.actor,
        theme_number=0 if sorted_ is None else sorted_.id,
    )


def _given(
    click: Click | ThemeClick, stored: StoredMention | None, counts: Container[int], themes: Mapping[str, Described]
) -> LabelView:
    return LabelView(
        number=click.id,
        at=click.at,
        brand=click.brand,
        uid=click.uid,
        text="" if stored is None or stored.purged else stored.mention.text,
        label=click.answer if isinstance(click, Click) else "",
        theme=name_of(click.answer, themes) if isinstance(click, ThemeClick) else "",
        actor=click.actor,
        via=click.via,
        state=fate(click, stored, counts),
    )
