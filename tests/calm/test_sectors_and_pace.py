from __future__ import annotations

from datetime import UTC, datetime, timedelta

from crisiswatch.alerts.render import renderer
from crisiswatch.model import Level
from crisiswatch.model.alert import PlaybookStep
from crisiswatch.response import Plan as Asked
from crisiswatch.response import Rung
from crisiswatch.store import Store
from tests.calm.house import House, night_for, to

COFFEE = {"acme": "coffee", "bolt": "coffee", "cup": "coffee"}


def test_when_the_sector_rises_the_messages_name_the_others(store: Store) -> None:
    house = House(store, to("slack"), brands=["acme", "bolt", "cup", "dart"], sectors=COFFEE, slacks=["slack"])
    house.says("acme", "dart")
    house.passes(5)
    house.says("bolt")
    house.passes(5)
    found = {each.incident.brand: each for each in house.at("slack").got}
    assert {brand: each.case.sector for brand, each in found.items() if each.case is not None} == {
        "acme": ("bolt",),
        "bolt": ("acme",),
        "dart": (),
    }
    render = renderer({}, {"acme": "Acme Coffee"})
    assert render(found["bolt"]).sector == "The whole sector is up: Acme Coffee too."
    assert render(found["dart"]).sector == ""
    assert house.at("slack").stages(found["acme"].incident.id)[:2] == ["opened", "updated"]


def test_who_was_up_long_ago_or_by_another_rule_is_not_the_sector(store: Store) -> None:
    from tests.calm.house import counting

    house = House(store, to("desk"), sectors=COFFEE, rules=[counting(), counting("flood")])
    house.says("acme")
    house.passes(60)
    house.says("bolt")
    house.passes(1)
    assert all(each.case is not None and each.case.sector == () for each in house.at("desk").got)


def test_reminders_of_one_incident_are_ten_minutes_apart_and_promises_ring_in_time(store: Store) -> None:
    steps = tuple(PlaybookStep(f"Step {minute}", "duty", minute) for minute in (2, 4, 6, 8))
    house = House(store, to("desk"), asked=Asked(steps))
    house.says("acme", times=6)
    house.passes(1)
    (incident,) = store.incidents()
    soon = house.clock.now() + timedelta(minutes=7)
    house.pipeline.act(incident.id, "promise", "anna", {"text": "next update", "due": soon.isoformat()})
    house.passes(14)
    reminded = [
        (at, each.reminder)
        for at, each in zip(house.at("desk").at, house.at("desk").got, strict=True)
        if each.stage.value == "reminded" and each.reminder is not None
    ]
    steps_told = [(at, each) for at, each in reminded if each.kind == "step_overdue"]
    assert [f"{at:%H:%M}" for at, _ in steps_told] == ["18:03", "18:13"]
    assert steps_told[0][1].subject == "Step 2"
    assert steps_told[1][1].subject == "Step 4; Step 6; Step 8" or steps_told[1][1].subject.endswith("Step 8")
    assert [f"{at:%H:%M}" for at, each in reminded if each.kind.startswith("promise")] == ["18:06", "18:08"]


def test_rungs_of_the_settings_tell_their_receivers_but_not_in_their_night(store: Store) -> None:
    asked = Asked(rungs=(Rung(10, ("boss",)), Rung(20, ("chief",), frozenset({Level.CRITICAL}))))
    house = House(store, to("desk"), asked=asked, quiet=[night_for("boss")])
    house.until(22)
    house.says("acme", times=3)
    house.passes(12)
    assert house.at("boss").got == house.at("chief").got == []
    house.until(7, 0, 3)
    assert house.at("boss").stages() == ["resolved"]
    assert house.at("chief").got == []


def test_a_budget_that_will_not_last_is_told_once_a_month_and_once_when_it_is_gone(store: Store) -> None:
    house = House(store, to("desk"), to("bolts", brands=frozenset({"bolt"})), start=datetime(2026, 3, 3, tzinfo=UTC))
    for left in (0.9, 0.2, 0.09, 0.08, 0.0, 0.0):
        house.says("acme", budget_left=left)
        house.killed()
        house.passes(1)
    told = [each.notice.headline for each in house.at("desk").notices("budget") if each.notice is not None]
    assert told == ["The budget of x is nearly used up", "The budget of x is used up"]
    assert len(house.at("bolts").notices("budget")) == 2
    house.clock.advance(days=30)
    house.says("acme", budget_left=0.05)
    house.dispatch()
    assert [each.notice.id for each in house.at("desk").notices("budget") if each.notice is not None][-1] == (
        "budget/x/2026-04"
    )


def test_little_money_at_the_end_of_the_month_is_as_it_should_be(store: Store) -> None:
    house = House(store, to("desk"), start=datetime(2026, 3, 30, 12, tzinfo=UTC))
    house.says("acme", budget_left=0.04)
    house.dispatch()
    assert house.at("desk").notices("budget") == []
    house.pipeline.source_health("x", healthy=False, reason="out_of_budget")
    house.dispatch()
    (gone,) = house.at("desk").notices("budget")
    assert gone.notice is not None
    assert gone.notice.id == "budget/x/2026-03/out"
