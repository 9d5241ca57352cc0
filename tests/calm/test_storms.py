from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from crisiswatch.alerts.render import renderer
from crisiswatch.calm.desk import desk_from_json
from crisiswatch.clock import ManualClock
from crisiswatch.config.settings_routing import Storm
from crisiswatch.model import Delivery, Notice
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.notifiers.slack_calls import Pace
from crisiswatch.store import Store
from crisiswatch.testing.fake_slack import FakeSlack
from tests.calm.house import EVENING, House, counting, night_for, to

MANY = [f"brand{number:03}" for number in range(50)]
TEN = [counting(f"wave{number}") for number in range(10)]
LITTLE = Storm(more_than=2, within=timedelta(minutes=5))
FIVE = ["acme", "bolt", "cup", "dart", "elk"]


def notice(delivery: Delivery) -> Notice:
    assert delivery.notice is not None
    return delivery.notice


def names(deliveries: Iterable[Delivery]) -> list[str]:
    return [each.incident.brand for each in deliveries if each.notice is None]


def test_five_hundred_at_once_are_eleven_messages_and_none_is_lost(store: Store) -> None:
    clock = ManualClock(EVENING)
    with FakeSlack(clock=clock) as slack:
        house = House(
            store,
            to("slack"),
            brands=MANY,
            rules=TEN,
            slacks=["slack"],
            notifiers={
                "slack": SlackNotifier(
                    renderer({}, {}),
                    slack.token,
                    slack.channel,
                    base_url=slack.url,
                    pace=Pace(clock, lambda seconds: clock.advance(seconds=seconds)),
                )
            },
            clock=clock,
        )
        house.says(*MANY)
        house.says(*MANY[:3], times=6)
        house.passes(1)
        assert len(store.incidents(limit=1000)) == 500
        roots = slack.roots()
        assert len(roots) == len(slack.messages) == 11
        summary = roots[-1]
        assert summary.text.startswith("490 more incidents since 18:0")
        told = set().union(*(set(re.findall(r"brand\d{3}\.wave\d\.", str(root.metadata))) for root in roots))
        withheld = desk_from_json(store.desks()["slack"]).storms[0].members
        assert (len(told), len(withheld)) == (10, 490)
        assert {name.rsplit(".", 1)[0] + "." for name in withheld} & told == set()
        assert "20 critical" in str(summary.blocks)
        assert "470 watch" in str(summary.blocks)
        assert "490 still open" in str(summary.blocks)
        house.passes(60, 10)
        assert "All are over" in str(slack.roots()[10].blocks)
        assert len(slack.roots()) == 11
        assert "slack" not in store.desks() or desk_from_json(store.desks()["slack"]).storms == []


def test_the_gravest_of_one_moment_are_told_one_by_one(store: Store) -> None:
    house = House(store, to("desk"), brands=FIVE, storm=LITTLE)
    house.says(*FIVE)
    house.says("elk", times=6)
    house.says("cup", times=3)
    house.passes(1)
    assert sorted(names(house.at("desk").got)) == ["cup", "elk"]
    (first,) = house.at("desk").notices("storm")
    assert notice(first).headline == "3 more incidents since 18:01 UTC"
    assert notice(first).lines == ("3 watch. 3 still open.", "By brand: Acme 1, Bolt 1, Dart 1.")


def test_a_summary_is_edited_as_it_grows_at_most_once_a_minute_and_at_its_end(store: Store) -> None:
    house = House(store, to("slack"), brands=FIVE, storm=LITTLE, slacks=["slack"])
    house.says(*FIVE[:3])
    house.passes(1)
    for brand in FIVE[3:]:
        house.says(brand)
        house.clock.advance(seconds=20)
        house.says(brand)
    house.passes(1)
    told = house.at("slack").notices("storm")
    assert [notice(each).headline.split(" since")[0] for each in told] == ["1 more incident", "3 more incidents"]
    assert len({notice(each).id for each in told}) == 1
    house.passes(120, 1)
    told = house.at("slack").notices("storm")
    assert told[-1].stage.value == "resolved"
    assert notice(told[-1]).lines[0] == "3 watch. All are over."
    assert [notice(each).version for each in told] == list(range(1, len(told) + 1))


def test_who_can_not_be_shown_edits_hears_the_beginning_the_extent_and_the_end(store: Store) -> None:
    house = House(store, to("mail"), brands=FIVE, storm=LITTLE)
    house.says(*FIVE[:3])
    house.passes(1)
    house.says(*FIVE[3:])
    house.passes(120)
    told = house.at("mail").notices("storm")
    assert [each.stage.value for each in told] == ["opened", "escalated", "resolved"]
    assert [notice(each).headline.split()[0] for each in told] == ["1", "3", "3"]


def test_one_that_becomes_critical_is_told_by_itself_and_resolved(store: Store) -> None:
    storm = Storm(more_than=2, within=timedelta(minutes=2))
    house = House(store, to("desk"), brands=FIVE, storm=storm)
    house.says(*FIVE[:3])
    house.passes(1)
    house.says(*FIVE[3:])
    house.passes(2)
    house.says("cup", times=5)
    house.passes(1)
    assert names(house.at("desk").got)[2:] == ["cup"]
    house.passes(120)
    assert [stage for _, stage, who in house.at("desk").told() if who == "cup.wave"] == [
        "escalated",
        "calming",
        "resolved",
    ]
    told = house.at("desk").notices("storm")
    assert any("got worse since" in line for line in notice(told[-1]).lines)


def test_after_the_storm_what_opens_is_told_again(store: Store) -> None:
    house = House(store, to("desk"), brands=FIVE, storm=LITTLE)
    house.says(*FIVE[:4])
    house.passes(7)
    house.says("elk")
    house.passes(1)
    assert names(house.at("desk").got)[-1] == "elk"


def test_a_kill_in_a_storm_changes_nothing(store: Store) -> None:
    def lived(place: Store, *, killed: bool) -> list[tuple[str, str]]:
        house = House(place, to("slack"), brands=FIVE, storm=LITTLE, slacks=["slack"])
        for number in range(40):
            if number < 3:
                house.says(*FIVE[number : number + 3])
            if killed:
                house.killed()
            house.passes(1)
        return [(each.id, each.stage.value) for each in house.at("slack").got]

    with Store.open("sqlite://") as other:
        assert lived(store, killed=True) == lived(other, killed=False)


def test_a_storm_in_quiet_hours_waits_unless_something_critical_is_in_it(store: Store) -> None:
    house = House(store, to("desk"), brands=FIVE, storm=LITTLE, quiet=[night_for("desk")])
    house.until(22)
    house.says(*FIVE[:4])
    house.passes(1)
    assert house.at("desk").got == []
    house.says("elk", times=6)
    house.passes(1)
    assert names(house.at("desk").got) == []  # two were told in this storm's time already, the others wait with it
    (summary,) = house.at("desk").notices("storm")
    assert "1 critical" in notice(summary).lines[0]


def test_a_receiver_that_takes_no_summary_is_told_of_each(store: Store) -> None:
    from dataclasses import replace

    house = House(store, to("pager"), brands=FIVE, storm=LITTLE)
    house.plan = replace(house.plan, terse=frozenset({"pager"}))
    house.pipeline = house.opened()
    house.says(*FIVE)
    house.passes(1)
    assert sorted(names(house.at("pager").got)) == FIVE
