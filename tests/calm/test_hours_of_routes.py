"""A route that is open at some hours only loses nothing that is still going on when they begin."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

from crisiswatch.cli.words import told_words
from crisiswatch.model import Level
from crisiswatch.response import Plan as Asked
from crisiswatch.rules.model import Settle
from crisiswatch.store import Store
from tests.calm.house import ROME, House, counting, hours, to

OFFICE = hours(time(9), time(18))
LASTING = replace(counting(), settle=Settle(600, 0.5))


def test_what_opened_before_the_hours_is_told_when_they_begin_and_to_its_end(store: Store) -> None:
    house = House(store, to("desk", only_during=OFFICE), to("owl"), rules=[LASTING])
    house.until(8, 50, 30)
    house.says("acme", times=3)
    house.passes(9)
    assert house.at("desk").got == []
    house.passes(1)
    assert house.at("desk").told() == [("09:00", "opened", "acme.wave")]
    assert house.at("owl").stages() == ["opened"]
    house.until(23, 0, 30)
    assert house.at("desk").stages()[-1] == "resolved"
    assert house.at("desk").stages().count("opened") == 1


def test_what_was_over_before_the_hours_is_not_told_and_a_kill_across_their_beginning_loses_nothing(
    store: Store,
) -> None:
    house = House(store, to("desk", only_during=OFFICE), rules=[counting(), replace(LASTING, id="flood")])
    house.until(7, 0, 30)
    house.says("acme", times=3)
    house.until(8, 58)
    house.clock.advance(minutes=5)
    house.killed()
    house.passes(1)
    assert house.at("desk").told() == [("09:04", "opened", "acme.flood")]


def test_what_waits_to_be_confirmed_is_told_when_the_hours_begin_as_calm(store: Store) -> None:
    asked = Asked(confirm=frozenset({Level.CRITICAL}))
    house = House(store, to("desk", only_during=OFFICE), to("owl"), asked=asked)
    house.until(7, 0, 30)
    house.says("acme", times=6)
    house.until(8, 59)
    assert (house.at("owl").stages()[-1], house.at("desk").got) == ("calming", [])
    house.passes(2)
    assert house.at("desk").told() == [("09:00", "calming", "acme.wave")]
    (incident,) = house.store.incidents("acme")
    house.pipeline.act(incident.id, "stand_down", "anna")
    house.passes(1)
    assert house.at("desk").stages() == ["calming", "resolved"]


def test_check_says_the_hours_beside_who_is_told() -> None:
    routes = [to("desk", only_during=hours(time(9), time(18), ROME)), to("owl")]
    assert told_words(counting(), routes, ["acme"]) == [
        "desk (only every day, 09:00 to 18:00 Europe/Rome) and owl (watch, warning and critical)"
    ]
    assert told_words(counting(), [*routes, to("desk")], ["acme"]) == ["desk and owl (watch, warning and critical)"]
