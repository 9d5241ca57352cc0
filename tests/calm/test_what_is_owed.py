"""Whatever the quiet hours, silences and storms: nobody misses a critical one, and who heard the beginning hears the end."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from crisiswatch.calm.desk import desk_from_json, desk_to_json
from crisiswatch.config.settings_routing import Storm
from crisiswatch.model import Level
from crisiswatch.store import Store
from tests.calm.house import EVENING, House, night_for, to

BRANDS = ["acme", "bolt", "cup"]
_days = st.lists(
    st.tuples(
        st.sampled_from(["says", "says", "says", "silence", "kill"]),
        st.sampled_from(BRANDS),
        st.integers(1, 7),
        st.integers(1, 40),
    ),
    min_size=2,
    max_size=14,
)


@given(
    day=_days,
    more_than=st.integers(1, 3),
    quiet=st.booleans(),
    begins=st.sampled_from([0, 1, 100, 700]),
    level=st.sampled_from([Level.WATCH, Level.WARNING]),
)
@settings(max_examples=6, deadline=None)
def test_nobody_misses_a_critical_one_and_who_heard_the_beginning_hears_the_end(
    day: list[tuple[str, str, int, int]], more_than: int, quiet: bool, begins: int, level: Level
) -> None:
    receivers = ("slack", "mail", "owl")
    with Store.open("sqlite://") as store:
        house = House(
            store,
            to(*receivers),
            brands=BRANDS,
            slacks=["slack"],
            quiet=[night_for("slack", "mail")] if quiet else [],
            storm=Storm(more_than=more_than, within=timedelta(minutes=10)),
            start=EVENING + timedelta(minutes=begins),
        )
        for what, brand, times, minutes in day:
            if what == "says":
                house.says(brand, times=times)
            elif what == "silence":
                house.silence(brand, hours=times / 2, level=level)
            else:
                house.killed()
            house.passes(minutes, 4)
        house.passes(24 * 60, 60)
        incidents = {each.id: each for each in store.incidents(limit=1000)}
        assert all(each.resolved_at is not None for each in incidents.values())
        assert all(each.pending == each.dead == 0 for each in store.outbox_stats(house.clock.now()).values())
        for name in receivers:
            _is_owed_nothing(house, name, {key for key, each in incidents.items() if each.peak_level is Level.CRITICAL})
        assert store.silences(open_only=True) == []
        assert store.conflicts == 0
        for body in store.desks().values():
            desk = desk_from_json(body)
            assert desk_from_json(desk_to_json(desk)) == desk
            assert not desk.storms
            assert not desk.silenced


def _is_owed_nothing(house: House, name: str, critical: set[str]) -> None:
    got = house.at(name).got
    assert len({each.id for each in got}) == len(got)
    alone = {each.incident.id for each in got if each.notice is None}
    summed = sum(
        int(each.notice.headline.split()[0])
        for each in got
        if each.notice is not None and each.notice.kind == "storm" and each.stage.value == "resolved"
    )
    withheld = critical - alone
    assert len(withheld) <= summed
    for incident in alone:
        stages = house.at(name).stages(incident)
        assert stages[0] in {"opened", "escalated", "resolved"}
        assert stages[-1] == "resolved"
        assert stages.count("resolved") == 1
