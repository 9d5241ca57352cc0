"""Which incidents the page and the API show, and what is made only once for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crisiswatch import showing
from crisiswatch.config import Loaded, load, write_starter
from crisiswatch.model import Decision, IncidentOpened, IncidentResolved, Phase
from crisiswatch.showing import MOST_OVER, IncidentViews
from crisiswatch.store import Store, Work
from tests.cli.support import GOOD
from tests.store.samples import NOON, incident

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as opened:
        yield opened


def views(store: Store, loaded: Loaded) -> IncidentViews:
    return IncidentViews(lambda: loaded, lambda: store)


def test_all_that_are_open_are_listed_and_the_newest_of_those_that_are_over(store: Store) -> None:
    effects: list[IncidentOpened | IncidentResolved] = []
    for number in range(2 * 260):
        one = replace(incident(), id=f"i{number:03}", opened_at=NOON + number * MINUTE)
        over = replace(one, phase=Phase.RESOLVED, resolved_at=one.opened_at + MINUTE, reason="calm")
        effects.append(IncidentOpened(NOON, one) if number < 260 else IncidentResolved(NOON, over))
    store.commit(Work(effects=effects))
    listed = views(store, load(GOOD)).listed()
    assert [each["id"] for each in listed if each["open"]] == [f"i{number:03}" for number in range(259, -1, -1)]
    assert len([each for each in listed if not each["open"]]) >= MOST_OVER
    assert listed[0]["id"] == "i519"


def test_one_maker_of_charts_serves_all_requests_until_the_configuration_changes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(showing, "chart_maker", lambda loaded, _: made.append(loaded) or (lambda _: b"png"))
    store.commit(Work(effects=[IncidentOpened(NOON, incident())]))
    now = [load(GOOD)]
    shown = IncidentViews(lambda: now[0], lambda: store)
    assert [shown.chart(incident().id) for _ in range(3)] == [b"png"] * 3
    assert shown.chart("never") is None
    assert len(made) == 1
    now[0] = load(GOOD)
    shown.chart(incident().id)
    assert len(made) == 2


def line(number: int, kind: str, actor: str, text: str) -> Decision:
    return Decision(incident=incident().id, number=number, at=NOON, actor=actor, kind=kind, text=text)


def test_the_log_is_told_in_the_language_of_the_page_and_in_the_zone_of_the_brand(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_starter(tmp_path)
    config = tmp_path / "crisiswatch.yaml"
    config.write_text(config.read_text().replace("languages: [it, en]", "languages: [it, en]\n    language: it"))
    one = replace(incident(), brand="acme-coffee", alert="negative-wave")
    store.commit(Work(effects=[IncidentOpened(NOON, one)]))
    lines = [
        line(1, "opened", "crisiswatch", "Opened at warning: 40 mentions."),
        line(2, "note", "Ada", "It is calm."),
    ]
    monkeypatch.setattr(Store, "decisions", lambda self, name: lines)
    shown = views(store, load(config)).shown(one.id)
    assert shown is not None
    assert [(who, what) for _, who, what in shown.log] == [
        ("crisiswatch", "Aperto a livello allerta."),
        ("Ada", "It is calm."),
    ]
    assert all(when.endswith(("CET", "CEST")) for when, _, _ in shown.log)
