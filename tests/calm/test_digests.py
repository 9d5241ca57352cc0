from __future__ import annotations

from datetime import time

from crisiswatch.model import Level
from crisiswatch.store import Store
from tests.calm.house import ROME, House, daily, hours, night_for, to

WATCH = frozenset({Level.WATCH})
LOUD = frozenset({Level.WARNING, Level.CRITICAL})


def test_what_was_collected_is_told_once_a_day_and_nothing_on_a_day_without(store: Store) -> None:
    house = House(store, to("desk", levels=LOUD), to("desk", levels=WATCH, digest=daily(time(8), ROME)))
    house.says("acme")
    house.passes(60)
    house.says("bolt")
    house.passes(2)
    house.says("bolt", times=5)  # this one is told at once, and not again
    house.until(6, 59, 10)
    assert house.at("desk").notices("digest") == []
    house.passes(1)
    (digest,) = house.at("desk").notices("digest")
    assert digest.notice is not None
    assert digest.id == "digest/desk/20260304T0700Z/1/desk"
    assert digest.notice.headline == "1 incident since yesterday, 08:00 CET"
    (line,) = digest.notice.lines
    assert line.startswith("Acme: A wave (watch), 3 Mar 2026, 19:01 CET: 1 in 15 minutes; over after")
    assert all(who != "acme.wave" for _, _, who in house.at("desk").told())
    house.until(12, 0, 30)
    house.until(12, 0, 30)
    assert len(house.at("desk").notices("digest")) == 1


def test_after_an_outage_of_days_there_is_one_digest_and_after_a_kill_no_second(store: Store) -> None:
    house = House(store, to("desk", digest=daily(time(8))))
    house.says("acme", "bolt")
    house.passes(1)
    house.killed()
    house.clock.advance(days=3)
    house.passes(1)
    house.killed()
    house.passes(5)
    (digest,) = house.at("desk").got
    assert digest.notice is not None
    assert digest.notice.id == "digest/desk/20260306T0800Z"
    assert digest.notice.headline == "2 incidents since 3 Mar 2026, 18:01 UTC"


def test_a_digest_waits_for_the_end_of_quiet_hours_and_skips_what_is_silenced_until_it_is_not(store: Store) -> None:
    house = House(store, to("desk", digest=daily(time(5))), quiet=[night_for("desk")])
    house.says("acme", "bolt")
    house.silence("acme", hours=20)
    house.until(6, 55, 5)
    assert house.at("desk").got == []
    house.until(7)
    (digest,) = house.at("desk").notices("digest")
    assert digest.notice is not None
    assert [line.partition(":")[0] for line in digest.notice.lines] == ["Bolt"]
    house.until(7, 0, 10)
    _, later = house.at("desk").notices("digest")
    assert later.notice is not None
    assert [line.partition(":")[0] for line in later.notice.lines] == ["Acme"]


def test_a_route_for_some_hours_and_sources_lets_in_only_those(store: Store) -> None:
    day = to("desk", only_during=hours(time(8), time(20)))
    house = House(store, day, to("reds", sources=frozenset({"reddit"})), to("xs", sources=frozenset({"x"})))
    house.says("acme")
    house.passes(1)
    assert house.at("desk").stages() == ["opened"]
    house.until(21, 0, 5)
    house.says("bolt")
    house.passes(60, 2)
    assert house.at("desk").stages() == ["opened", "calming", "resolved"]
    assert house.at("reds").got == []
    assert house.at("xs").stages().count("opened") == 2
