"""Notices speak the language of the brand they are about; of brands of several languages they speak English."""

from __future__ import annotations

from datetime import time

from crisiswatch.config.settings_routing import Storm
from crisiswatch.model import Notice
from crisiswatch.store import Body, body_from_json, body_to_json
from crisiswatch.testing.notifiers import an_incident
from tests.calm.house import House, daily, to
from tests.notifiers.test_italian_messages import english


def words(notice: Notice) -> str:
    """What is read of it, without a rule's own title, a command and the words of whoever asked."""
    whole = " / ".join([notice.headline, *notice.lines])
    for ours in ("A wave", "crisiswatch silence end", "crisiswatch.yaml", "a planned test", "anna"):
        whole = whole.replace(ours, "")
    return whole


def found(house: House, kind: str) -> list[Notice]:
    return [each.notice for each in house.at("boss").notices(kind) if each.notice is not None]


def test_a_silence_of_an_italian_brand_begins_and_ends_in_italian(store) -> None:
    house = House(store, to("boss"), languages={"acme": "it"})
    house.silence("acme", hours=1)
    house.silence("bolt", hours=1)
    house.says("acme")
    house.passes(62)
    mine, other = found(house, "silence_began")
    assert (mine.language, other.language) == ("it", "en")
    assert mine.headline.startswith("Acme: nessun avviso fino a mar 3 marzo, 19:00 UTC")
    assert other.headline.startswith("Bolt is silenced until")
    ended = next(each for each in found(house, "silence_ended") if each.language == "it")
    assert ended.headline == "Acme: gli avvisi riprendono"
    assert english(words(mine)) + english(words(ended)) == []


def test_a_storm_of_italian_brands_is_italian(store) -> None:
    brands = [f"marca{number}" for number in range(10, 30)]
    spoken = dict.fromkeys(brands, "it")
    storm = Storm(more_than=2)
    house = House(store, to("boss"), brands=brands, storm=storm, languages=spoken)
    house.says(*brands)
    house.passes(3)
    (notice,) = found(house, "storm")[:1]
    assert notice.headline.startswith("Altri 18 incidenti dalle ")
    assert english(words(notice)) == []


def test_a_storm_over_brands_of_two_languages_is_english(store) -> None:
    brands = [f"marca{number}" for number in range(10, 30)]
    house = House(
        store, to("boss"), brands=brands, storm=Storm(more_than=2), languages=dict.fromkeys(brands[:12], "it")
    )
    house.says(*brands)
    house.passes(3)
    (notice,) = found(house, "storm")[:1]
    assert (notice.language, notice.headline.split()[:3]) == ("en", ["18", "more", "incidents"])


def test_a_digest_and_a_budget_of_an_italian_brand_are_italian(store) -> None:
    house = House(store, to("boss", digest=daily(time(19))), to("boss"), brands=["acme"], languages={"acme": "it"})
    house.says("acme", budget_left=0.0)
    house.passes(70)
    for kind in ("budget", "digest"):
        for notice in found(house, kind):
            assert notice.language == "it"
            assert english(words(notice)) == []
    assert found(house, "budget")


def test_a_notice_keeps_its_language_in_the_store() -> None:
    for language in ("en", "it"):
        notice = Notice(id="n", kind="storm", at=an_incident().opened_at, headline="x", language=language)
        read = body_from_json(body_to_json(Body(incident=an_incident(), notice=notice))).notice
        assert read == notice
