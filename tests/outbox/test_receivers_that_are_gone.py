"""A receiver that is taken out of the configuration is owed nothing any more."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from crisiswatch.outbox import Outcome
from crisiswatch.senders import Senders
from crisiswatch.store import Store
from tests.calm.house import House, built, night_for, to


def test_what_a_removed_receiver_is_owed_is_given_up_counted_and_told_why() -> None:
    with Store.open("sqlite://") as store:
        house = House(store, to("desk", "mail"), quiet=[night_for("desk", "mail")])
        house.until(21)
        house.says("acme", "bolt")
        house.passes(1)
        outcomes: Counter[tuple[str, str]] = Counter()
        fence = store.acquire("daemon", "me", house.clock.now(), timedelta(days=90))
        assert fence is not None
        counted = threading.Lock()

        def count(receiver: str, outcome: Outcome, _: float) -> None:
            with counted:
                outcomes[receiver, outcome.value] += 1

        senders = Senders(store, house.clock, fence, count)
        try:
            senders.swap({"desk": house.at("desk")}, built)
            rows = store.outbox_rows(status="dead")
            assert {row.receiver for row in rows} == {"mail"}
            assert {row.last_error for row in rows} == {"no receiver of this name is configured any more"}
            assert outcomes["mail", "dead"] == len(rows) == 2
            assert store.outbox_stats(house.clock.now())["desk"].pending == 2
        finally:
            senders.stop(5)


def test_nothing_is_queued_for_a_receiver_that_is_not_configured() -> None:
    with Store.open("sqlite://") as store:
        house = House(store, to("desk", "mail"))
        house.says("acme")
        house.passes(1)
        assert house.at("mail").stages() == ["opened"]
        house.plan = replace(house.plan, routes=(to("desk"),), receivers=frozenset({"desk"}))
        house.pipeline.reload(house.plan)
        house.silence("bolt", hours=1)
        house.says("acme", times=8)
        house.passes(60)
        assert house.at("desk").stages()[-1] == "resolved"
        assert [row.stage.value for row in store.outbox_rows() if row.receiver == "mail"] == ["opened"]
