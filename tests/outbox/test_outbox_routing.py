from __future__ import annotations

from datetime import timedelta

from crisiswatch.model import (
    Blind,
    BlindChanged,
    Effect,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    MeterMoved,
    Stage,
)
from crisiswatch.outbox import Route, rows_for
from crisiswatch.store import OutboxRow, incident_from_json
from tests.store.samples import NOON, incident

DESK = Route(frozenset({Level.WARNING, Level.CRITICAL}), None, ("desk",))
CHIEF = Route(frozenset({Level.CRITICAL}), frozenset({"acme"}), ("chief", "desk"))
CRITICAL = incident(2, level=Level.CRITICAL, peak_level=Level.CRITICAL)


def _rows(*effects: Effect, queued: dict[str, set[str]] | None = None, **options: set[str]) -> list[OutboxRow]:
    return rows_for(effects, [DESK, CHIEF], queued=queued or {}, now=NOON, editors=options.get("editors"))


def _told(rows: list[OutboxRow]) -> list[tuple[str, str]]:
    return [(row.receiver, row.stage.value) for row in rows]


def test_an_opening_goes_once_to_every_receiver_of_every_route_that_fits() -> None:
    rows = _rows(IncidentOpened(NOON, incident(level=Level.CRITICAL)))
    assert _told(rows) == [("chief", "opened"), ("desk", "opened")]
    assert [row.id for row in rows] == ["acme/wave/1/1/chief", "acme/wave/1/1/desk"]
    assert incident_from_json(rows[0].body) == incident(level=Level.CRITICAL)
    assert {row.created_at for row in rows} == {NOON}


def test_a_route_for_another_brand_or_level_stays_quiet() -> None:
    assert _told(_rows(IncidentOpened(NOON, incident(brand="other", level=Level.CRITICAL)))) == [("desk", "opened")]
    assert _rows(IncidentOpened(NOON, incident(level=Level.WATCH))) == []


def test_who_joins_on_escalation_hears_all_the_rest_and_first() -> None:
    rows = _rows(
        IncidentOpened(NOON, incident()),
        IncidentChanged(NOON, CRITICAL, Stage.ESCALATED),
        IncidentResolved(NOON, incident(3)),
    )
    assert _told(rows) == [
        ("desk", "opened"),
        ("chief", "escalated"),
        ("desk", "escalated"),
        ("chief", "resolved"),
        ("desk", "resolved"),
    ]
    assert [row.priority for row in rows] == [0, 0, 1, 2, 2]


def test_a_resolve_goes_only_to_those_who_were_told_whatever_the_routes_say_now() -> None:
    over = IncidentResolved(NOON, incident(3, level=Level.CRITICAL))
    assert _told(_rows(over, queued={"acme/wave/1": {"former"}})) == [("former", "resolved")]
    assert _rows(over) == []


def test_nobody_joins_on_an_edit_or_while_it_calms() -> None:
    edits = [IncidentChanged(NOON, CRITICAL, stage) for stage in (Stage.UPDATED, Stage.CALMING)]
    assert _rows(*edits) == []


def test_edits_go_only_to_receivers_that_can_edit() -> None:
    change = IncidentChanged(NOON, CRITICAL, Stage.UPDATED)
    told = {"acme/wave/1": {"desk", "mail"}}
    assert _told(_rows(change, queued=told, editors={"desk", "chief"})) == [("desk", "updated")]
    assert _told(_rows(change, queued=told)) == [("desk", "updated"), ("mail", "updated")]
    calming = IncidentChanged(NOON, CRITICAL, Stage.CALMING)
    assert _told(_rows(change, calming, queued=told, editors=set())) == [("desk", "calming"), ("mail", "calming")]


def test_trials_meters_and_blind_spells_are_told_to_nobody() -> None:
    blind = BlindChanged(NOON, "acme", Blind("x", NOON - timedelta(hours=1), None, "silent"))
    assert _rows(IncidentOpened(NOON, incident(trial=True)), MeterMoved(NOON, "acme", 1, 1, 1), blind) == []
