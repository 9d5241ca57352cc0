"""Steps that a receiver does by itself: said to be done once it was told, whatever kept it from being told."""

from __future__ import annotations

from crisiswatch.alerts.people import kept_tasks
from crisiswatch.clock import ManualClock
from crisiswatch.errors import Rejected
from crisiswatch.model import Capabilities, Delivery, Receipt
from crisiswatch.model.alert import PlaybookStep
from crisiswatch.response import Plan as Asked
from tests.calm.house import EVENING, ROME, House, to

FREEZE = Asked((PlaybookStep("Pause what is scheduled", "social", 60, webhook="freezer"),))


class Down:
    """A receiver that refuses everything."""

    capabilities = Capabilities()

    def send(self, delivery: Delivery) -> Receipt:
        raise Rejected("no such place")


def steps(house: House, brand: str = "acme") -> list[str]:
    """How its steps read on the page: what is done, or until when and by whom."""
    (case,) = [case for case in house.store.cases(open_only=True, limit=99) if case.brand == brand]
    return [task.done or task.due for task in kept_tasks(case, (), ROME, "en")]


def test_it_reads_asked_until_it_was_told_and_then_done(store) -> None:
    house = House(store, to("boss"), slacks=("boss",), asked=FREEZE)
    house.says("acme")
    house.clock.advance(minutes=1)
    house.pipeline.tick(house.clock.now())
    assert steps(house) == ["asked of freezer · 3 Mar 2026, 20:01 CET"]
    house.passes(2)
    assert steps(house) == ["done by crisiswatch, 3 Mar 2026, 19:03 CET"]
    assert house.at("freezer").stages()[0] == "opened"
    last = house.at("boss").got[-1]
    assert last.case is not None
    assert last.case.steps[0].done_by == "crisiswatch"  # the living message says it too


def test_it_never_reads_done_where_the_receiver_can_not_be_told(store) -> None:
    clock = ManualClock(EVENING)
    house = House(store, to("boss"), asked=FREEZE, notifiers={"freezer": Down()}, clock=clock)
    house.says("acme")
    house.passes(5)
    assert steps(house) == ["freezer could not be told, do it by hand · 3 Mar 2026, 20:01 CET"]
    reminded = [each.reminder for each in house.at("boss").got if each.reminder is not None]
    assert [(each.kind, each.subject) for each in reminded] == [("step_failed", "Pause what is scheduled")]


def test_in_a_silence_it_is_held_back_and_says_so_and_is_told_at_the_end(store) -> None:
    house = House(store, to("boss"), asked=FREEZE)
    house.silence("acme", hours=1)
    for _ in range(9):
        house.says("acme")
        house.passes(5)
    assert steps(house) == ["held back from freezer by a silence · 3 Mar 2026, 20:01 CET"]
    assert house.at("freezer").stages() == []
    for _ in range(4):
        house.says("acme")
        house.passes(5)
    assert steps(house) == ["done by crisiswatch, 3 Mar 2026, 20:00 CET"]


def test_in_a_storm_everything_is_frozen_that_has_to_be(store) -> None:
    brands = [f"brand{number}" for number in range(10, 40)]
    house = House(store, to("boss"), brands=brands, asked=FREEZE)
    house.says(*brands)
    house.passes(3)
    assert len(house.at("freezer").stages()) == 30
    assert len(house.at("boss").stages()) < 30
    assert all(steps(house, brand)[0].startswith("done by crisiswatch") for brand in brands)
