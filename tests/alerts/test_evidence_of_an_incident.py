"""The posts behind an incident, from its opening window to now, however long it lasts and however much is said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crisiswatch.config import load, write_starter
from crisiswatch.model import Evidence, Incident, Reading
from crisiswatch.store import Store, StoredMention, Work
from crisiswatch.wiring import Messages
from tests.cli.support import GOOD
from tests.store.samples import NOON, incident, stored

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as opened:
        yield opened


def window(minutes: float) -> Reading:
    end = NOON + minutes * MINUTE
    return replace(incident().reading, start=end - 15 * MINUTE, end=end)


def opened_at_noon(now: float, peak: float = 0) -> Incident:
    return replace(incident(), rule="negative-wave", reading=window(now), peak=window(peak))


def evidence(store: Store, one: Incident, *said: StoredMention) -> Evidence:
    store.commit(Work(mentions=list(said)))
    return Messages(store, load(GOOD)).evidence(one)


def test_the_first_post_stays_the_first_when_the_peak_comes_later(store: Store) -> None:
    posts = [
        stored(1, text="the grinder exploded", at=NOON - 2 * MINUTE),
        stored(2, text="never again", at=NOON + HOUR),
        stored(3, text="shame on them", at=NOON + HOUR),
    ]
    found = evidence(store, opened_at_noon(now=70, peak=65), *posts)
    assert [post.text for post in found.first][:2] == ["the grinder exploded", "never again"]


def test_an_incident_that_ends_long_after_its_peak_still_has_its_posts_themes_and_languages(store: Store) -> None:
    posts = [stored(n, text=f"leaking lids burned me {n}", at=NOON - MINUTE, lang="it", likes=n) for n in range(5)]
    found = evidence(store, opened_at_noon(now=30 * 60), *posts)
    assert found.first[0].text == "leaking lids burned me 0"
    assert found.loudest[0].text == "leaking lids burned me 4"
    assert found.languages == {"it": 5}
    assert "leaking lids" in found.themes or "burned" in " ".join(found.themes)


def test_of_more_than_can_be_read_the_first_and_the_loudest_are_shown_all_the_same(store: Store) -> None:
    first = stored(1, text="it began with me", at=NOON - 2 * MINUTE)
    loud = stored(2, text="everybody saw this", at=NOON + HOUR, reposts=3, author_followers=9_000_000)
    later = NOON + 5 * HOUR
    many = [stored(10 + n, text=f"one of many, number {n}", at=later, likes=2000) for n in range(2600)]
    found = evidence(store, opened_at_noon(now=6 * 60, peak=6 * 60), first, loud, *many)
    assert found.first[0].text == "it began with me"
    assert found.loudest[0].text == "everybody saw this"
    assert dict(found.sources) == {"x": 0}, "which sources is known, how much of each is not"


def burned(number: int, at: datetime) -> StoredMention:
    return stored(number, text=f"the kettle burned me, {'very ' * number}badly", at=at, likes=1)


def small_talk(first: int, count: int, at: datetime) -> list[StoredMention]:
    return [stored(n, text=f"good morning number {n}", at=at, likes=99) for n in range(first, first + count)]


def of_injuries(store: Store, folder: Path, *said: StoredMention) -> Evidence:
    write_starter(folder)
    store.commit(Work(mentions=list(said)))
    return Messages(store, load(folder / "crisiswatch.yaml")).evidence(
        replace(opened_at_noon(now=25), rule="product-safety")
    )


def test_the_first_post_of_a_busy_brand_is_found_among_thousands_that_the_rule_does_not_count(
    store: Store, tmp_path: Path
) -> None:
    posts = [
        *small_talk(100, 700, NOON - 10 * MINUTE),
        burned(1, NOON - MINUTE),
        *small_talk(1000, 2300, NOON + 5 * MINUTE),
        *(burned(n, NOON + 20 * MINUTE) for n in range(2, 6)),
    ]
    found = of_injuries(store, tmp_path, *posts)
    assert found.first[0].uid == burned(1, NOON).mention.uid
    assert {post.uid for post in found.loudest} <= {burned(n, NOON).mention.uid for n in range(1, 6)}
    assert sum(found.sources.values()) == 5, "all were found, so all are counted"


def test_no_post_is_called_the_first_where_there_were_too_many_to_look_for_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crisiswatch.wiring.EDGE_READ", 500)
    posts = [
        *small_talk(100, 700, NOON - 10 * MINUTE),
        burned(1, NOON - MINUTE),
        *small_talk(1000, 2300, NOON + 5 * MINUTE),
        *(burned(n, NOON + 20 * MINUTE) for n in range(2, 6)),
    ]
    found = of_injuries(store, tmp_path, *posts)
    assert found.first == ()
    assert {post.uid for post in found.loudest} <= {burned(n, NOON).mention.uid for n in range(1, 6)}
    assert set(found.sources.values()) == {0}
