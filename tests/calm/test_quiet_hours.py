from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from crisiswatch.model import Level
from crisiswatch.rules.model import Settle
from crisiswatch.store import Store
from tests.calm.house import House, counting, night_for, to


def test_what_happens_in_the_night_is_one_message_in_the_morning(store: Store) -> None:
    house = House(store, to("desk"), to("slack"), slacks=["slack"], quiet=[night_for("desk", "slack")])
    house.until(21)
    house.says("acme")
    house.passes(5)
    house.says("acme", times=3)
    house.passes(5)
    assert house.at("desk").got == house.at("slack").got == []
    house.passes(120, 5).says("bolt", times=2)
    house.until(6, 59, 7)
    assert house.at("desk").got == []
    house.passes(1)
    assert sorted(house.at("desk").told()) == [("07:00", "resolved", "acme.wave"), ("07:00", "resolved", "bolt.wave")]
    assert sorted(house.at("desk").told()) == sorted(house.at("slack").told())
    assert len(house.at("desk").got) == 2


def test_the_message_of_the_morning_stands_by_itself_and_says_what_is_now(store: Store) -> None:
    house = House(store, to("desk"), to("slack"), slacks=["slack"], quiet=[night_for("desk", "slack")])
    house.until(6, 30)
    house.says("acme")
    house.passes(10)
    house.says("acme", times=2)
    house.passes(5)
    house.says("acme")
    house.until(7)
    for receiver in ("desk", "slack"):
        (message,) = house.at(receiver).got
        assert message.stage.value in {"opened", "escalated"}
        assert message.incident.mentions == 4
        assert not message.previous
    house.passes(60)
    assert house.at("desk").stages()[-1] == "resolved"


def test_a_critical_one_goes_at_once_and_takes_with_it_what_waits(store: Store) -> None:
    house = House(store, to("desk"), quiet=[night_for("desk")])
    house.until(22)
    house.says("acme")
    house.passes(5)
    assert house.at("desk").got == []
    house.says("acme", times=6)
    house.passes(1)
    assert house.at("desk").told() == [("22:06", "escalated", "acme.wave")]
    assert house.at("desk").got[0].incident.level is Level.CRITICAL
    house.until(7, 30, 5)
    assert house.at("desk").stages() == ["escalated", "calming", "resolved"]
    assert house.at("desk").told()[-1][0] < "23"


def test_who_has_no_quiet_hours_hears_all_the_night(store: Store) -> None:
    house = House(store, to("desk"), to("owl"), quiet=[night_for("desk")])
    house.until(22)
    house.says("acme")
    house.passes(2)
    assert house.at("owl").stages() == ["opened"]
    assert house.at("desk").got == []


def test_a_kill_in_the_night_loses_nothing_and_doubles_nothing(store: Store) -> None:
    house = House(store, to("desk"), quiet=[night_for("desk")])
    house.until(22)
    house.says("acme")
    house.passes(1)
    house.killed()
    house.says("acme", times=3)
    house.passes(1)
    house.killed()
    house.until(7, 0, 10)
    assert len(house.at("desk").got) == 1


def test_at_night_the_message_that_is_there_says_who_has_it_and_nobody_is_woken(store: Store) -> None:
    house = House(store, to("slack"), to("mail"), slacks=["slack"], quiet=[night_for("slack", "mail")])
    house.until(19, 54)
    house.says("acme", times=3)
    house.passes(1)
    (incident,) = store.incidents("acme", open_only=True)
    house.passes(8)
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.dispatch()
    assert house.at("slack").told() == [("19:55", "opened", "acme.wave"), ("20:03", "updated", "acme.wave")]
    assert house.at("slack").got[-1].case.acknowledged_by == "anna"  # type: ignore[union-attr]
    assert house.at("mail").stages() == ["opened"]


def test_at_night_the_message_goes_on_to_be_true_though_news_of_it_waits_for_the_morning(store: Store) -> None:
    lasting = replace(counting(), settle=Settle(1000, 0.5))
    house = House(store, to("slack"), rules=[lasting], slacks=["slack"], quiet=[night_for("slack")])
    house.until(19, 55)
    house.says("acme")
    house.passes(10)
    house.says("acme", times=3)
    house.passes(2)
    (incident,) = store.incidents("acme", open_only=True)
    assert incident.level is Level.WARNING
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.passes(1)
    last = house.at("slack").got[-1]
    assert (house.at("slack").told()[-1][:2], last.incident.level) == (("20:08", "updated"), Level.WARNING)
    assert last.case is not None
    assert last.case.acknowledged_by == "anna"
    house.pipeline.act(incident.id, "verdict", "anna", {"kind": "useful"})
    house.passes(1)
    last = house.at("slack").got[-1]
    assert last.case is not None
    assert last.case.verdict is not None
    assert set(house.at("slack").stages()) == {"opened", "updated"}
    house.until(6, 59, 10)
    edits = len(house.at("slack").got)
    house.passes(1)
    assert [each[:2] for each in house.at("slack").told()[edits:]] == [("07:00", "escalated")]
    assert house.at("slack").got[-1].case.verdict is not None  # type: ignore[union-attr]


def test_a_kill_between_an_edit_at_night_and_its_news_in_the_morning_loses_neither(store: Store) -> None:
    house = House(store, to("slack"), slacks=["slack"], quiet=[night_for("slack")])
    house.until(19, 55)
    house.says("acme")
    house.passes(10)
    house.says("acme", times=3)
    house.passes(1)
    (incident,) = store.incidents("acme", open_only=True)
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.killed()
    house.pipeline.act(incident.id, "verdict", "anna", {"kind": "useful"})
    house.killed()
    house.dispatch()
    assert house.at("slack").stages() == ["opened", "updated"]
    assert house.at("slack").got[-1].case.verdict is not None  # type: ignore[union-attr]
    assert [(row.stage.value, row.not_before) for row in store.outbox_rows(status="pending")] == [
        ("escalated", house.clock.now().replace(hour=7, minute=0) + timedelta(days=1))
    ]


def test_who_heard_nothing_before_the_night_gets_no_message_by_an_edit(store: Store) -> None:
    house = House(store, to("slack"), slacks=["slack"], quiet=[night_for("slack")])
    house.until(20, 30)
    house.says("acme", times=3)
    house.passes(2)
    (incident,) = store.incidents("acme", open_only=True)
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.passes(3)
    assert house.at("slack").got == []
    house.until(7, 0, 10)
    assert len(house.at("slack").got) == 1
