from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crisiswatch.errors import ActRefused
from crisiswatch.model import Level, SilenceWish
from crisiswatch.response import Plan as Asked
from crisiswatch.response import Rung
from crisiswatch.rules.model import Rule, Settle
from crisiswatch.store import Store
from tests.calm.house import House, counting, night_for, to


def kinds(house: House, receiver: str = "desk") -> list[str]:
    return [each.notice.kind for each in house.at(receiver).got if each.notice is not None]


def lasting() -> Rule:
    """What it finds stays open for hours."""
    return replace(counting(), settle=Settle(600, 0.5))


def test_a_silence_is_announced_keeps_back_and_at_its_end_tells_what_is_open(store: Store) -> None:
    house = House(store, to("desk"))
    house.says("bolt")
    house.silence("acme", hours=1)
    house.passes(5)
    (began,) = house.at("desk").notices("silence_began")
    assert began.notice is not None
    assert began.notice.headline == "Acme is silenced until 3 Mar 2026, 19:00 UTC"
    assert "By anna, because: a planned test" in began.notice.lines
    assert house.at("desk").told() == [("18:01", "opened", "bolt.wave")]
    house.says("acme", times=3)
    house.passes(35)
    assert len(store.incidents("acme")) == 1  # it was over by 18:31
    house.passes(10)
    house.says("acme", times=2)
    house.passes(9)
    assert [each for each in house.at("desk").told() if each[2] == "acme.wave"] == []
    house.passes(1)
    assert house.at("desk").told()[-1] == ("19:00", "opened", "acme.wave")
    assert kinds(house) == ["silence_began", "silence_ended"]
    (ended,) = house.at("desk").notices("silence_ended")
    assert ended.notice is not None
    assert "2 incidents opened meanwhile. 1 still open." in ended.notice.lines
    house.passes(60)
    assert [stage for _, stage, who in house.at("desk").told() if who == "acme.wave"][-1] == "resolved"
    assert store.silences(open_only=True) == []


def test_what_rises_above_the_silence_is_told_at_once(store: Store) -> None:
    house = House(store, to("desk"))
    house.silence("acme")
    house.says("acme", times=3)
    house.passes(3)
    house.says("acme", times=3)
    house.passes(1)
    assert house.at("desk").told() == [("18:04", "escalated", "acme.wave")]
    house.passes(200, 5)
    assert house.at("desk").stages() == ["escalated", "calming", "resolved"]


def test_who_was_told_before_gets_an_edit_at_the_end_and_the_resolve_in_any_case(store: Store) -> None:
    house = House(store, to("slack"), slacks=["slack"])
    house.says("acme")
    house.passes(1)
    number = house.silence("acme", level=Level.CRITICAL)
    house.says("acme", times=9)
    house.passes(10)
    assert house.at("slack").stages() == ["opened"]
    house.pipeline.end_silence(number, "bo")
    house.dispatch()
    assert house.at("slack").stages() == ["opened", "escalated"]  # it rose meanwhile, which is more than an edit
    house.silence("acme", level=Level.CRITICAL)
    house.passes(60, 2)
    assert house.at("slack").stages() == ["opened", "escalated", "resolved"]
    (ended,) = house.at("slack").notices("silence_ended")
    assert ended.notice is not None
    assert ended.notice.lines[0].startswith("Ended by bo.")


def test_a_silence_of_one_rule_leaves_the_others(store: Store) -> None:
    house = House(store, to("desk"), rules=[counting(), counting("flood")])
    house.silence("acme", rule="flood")
    house.says("acme", "bolt")
    house.passes(1)
    assert sorted(who for _, _, who in house.at("desk").told()) == ["acme.wave", "bolt.flood", "bolt.wave"]


def test_another_silence_goes_on_keeping_back_and_a_kill_forgets_none(store: Store) -> None:
    house = House(store, to("desk"))
    house.silence("acme", hours=0.5)
    house.silence("acme", hours=1)
    house.says("acme")
    house.passes(10)
    house.killed()
    house.passes(25)
    house.passes(15)
    house.says("acme")
    house.passes(1)
    assert house.at("desk").told() == []
    house.killed()
    house.passes(8)
    assert house.at("desk").told() == []
    house.passes(1)
    assert house.at("desk").told() == [("19:00", "opened", "acme.wave")]
    assert kinds(house).count("silence_ended") == 2


def test_the_end_of_a_silence_names_another_one_that_goes_on(store: Store) -> None:
    house = House(store, to("desk"))
    house.silence("acme", hours=1)
    house.silence("acme", hours=2, rule="wave", level=Level.WATCH)
    house.silence("acme", hours=3)
    house.passes(4 * 60, 10)
    first, rule, last = [each.notice for each in house.at("desk").notices("silence_ended")]
    assert first is not None
    assert rule is not None
    assert last is not None
    assert first.headline == "Acme stays silenced until 3 Mar 2026, 21:00 UTC"
    assert first.lines[1:3] == (
        "Silence 2 goes on until 3 Mar 2026, 20:00 UTC: Acme (wave) up to watch, by anna, because: a planned test",
        "Silence 3 goes on until 3 Mar 2026, 21:00 UTC: Acme up to warning, by anna, because: a planned test",
    )
    assert rule.headline == "Acme (wave) stays silenced until 3 Mar 2026, 21:00 UTC"
    assert last.headline == "Acme is no longer silenced"
    assert not any("goes on" in line for line in last.lines)


def test_a_silence_that_covers_less_does_not_hide_that_a_wider_one_is_over(store: Store) -> None:
    house = House(store, to("desk"))
    house.silence("acme", hours=1)
    house.silence("acme", hours=2, rule="wave")
    house.passes(61)
    (ended,) = house.at("desk").notices("silence_ended")
    assert ended.notice is not None
    assert ended.notice.headline == "Acme is no longer silenced"
    assert ended.notice.lines[1].startswith("Silence 2 goes on until")


def test_only_those_on_routes_that_fit_hear_of_a_silence_and_not_in_their_night(store: Store) -> None:
    routes = [
        to("desk"),
        to("chief", levels=frozenset({Level.CRITICAL})),
        to("bolts", brands=frozenset({"bolt"})),
    ]
    house = House(store, *routes, quiet=[night_for("desk")])
    house.until(21)
    house.silence("acme", hours=1)
    house.passes(5)
    assert house.at("desk").got == house.at("chief").got == house.at("bolts").got == []
    house.until(7, 0, 5)
    assert kinds(house) == ["silence_began", "silence_ended"]
    assert house.at("chief").got == house.at("bolts").got == []


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"brand": "nobody"}, "there is no brand"),
        ({"rule": "nothing"}, "no rule"),
        ({"reason": " "}, "a reason"),
        ({"by": ""}, "somebody who answers"),
        ({"lasting": timedelta(days=31)}, "30 days"),
        ({"lasting": timedelta()}, "a minute"),
    ],
)
def test_a_silence_has_an_owner_a_reason_and_an_end(store: Store, wish: dict[str, object], why: str) -> None:
    whole = {"brand": "acme", "reason": "tests", "by": "anna", "lasting": timedelta(hours=1)} | wish
    with pytest.raises(ActRefused, match=why):
        House(store, to("desk")).pipeline.silence(SilenceWish(**whole))  # type: ignore[arg-type]
    with pytest.raises(ActRefused, match="no silence 7"):
        House(store, to("desk")).pipeline.end_silence(7, "bo")
    assert store.silences() == []


LADDER = Asked(rungs=(Rung(20, ("boss",)), Rung(30)))


def test_a_rung_that_falls_due_in_a_silence_is_climbed_at_its_end(store: Store) -> None:
    house = House(store, to("desk"), asked=LADDER, rules=[lasting()])
    house.says("acme", times=3)
    house.passes(2)
    house.silence("acme", hours=1)
    house.passes(58)
    assert house.at("desk").stages() == ["opened"]
    assert house.at("boss").got == []
    house.passes(3)
    (boss,) = house.at("boss").got
    assert (boss.stage.value, boss.reminder and boss.reminder.kind) == ("opened", "unacknowledged")
    assert house.at("desk").told()[-1] == ("19:02", "reminded", "acme.wave")


def test_whoever_takes_it_within_the_silence_spares_the_next_rung(store: Store) -> None:
    house = House(store, to("desk"), asked=LADDER, rules=[lasting()])
    house.says("acme", times=3)
    house.passes(2)
    house.silence("acme", hours=1)
    house.passes(50)
    house.killed()
    (incident,) = store.incidents("acme", open_only=True)
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.passes(15)
    assert house.at("boss").got == []
    assert "reminded" not in house.at("desk").stages()


def test_what_opens_and_climbs_within_a_silence_is_one_message_at_its_end(store: Store) -> None:
    house = House(store, to("desk"), asked=LADDER, rules=[lasting()])
    house.silence("acme", hours=1)
    house.says("acme", times=3)
    house.passes(61)
    assert house.at("desk").stages() == ["opened"]
    assert len(house.at("boss").got) == 1


def test_in_a_silence_the_message_that_is_there_says_who_has_it_and_nothing_is_lost_at_its_end(store: Store) -> None:
    house = House(store, to("slack"), to("mail"), slacks=["slack"], rules=[lasting()])
    house.says("acme")
    house.passes(1)
    house.silence("acme", hours=1)
    house.says("acme", times=3)
    house.passes(2)
    (incident,) = store.incidents("acme", open_only=True)
    house.pipeline.act(incident.id, "acknowledge", "anna")
    house.dispatch()
    assert house.at("slack").stages() == ["opened", "updated"]
    assert house.at("slack").got[-1].case.acknowledged_by == "anna"  # type: ignore[union-attr]
    house.passes(60)
    assert house.at("slack").stages()[-1] == "escalated"
    assert house.at("mail").stages() == ["opened", "escalated"]
    assert store.conflicts == 0
