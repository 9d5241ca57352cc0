from __future__ import annotations

from crisiswatch.config.settings import Route
from crisiswatch.model import Case, Incident, IncidentChanged, IncidentOpened, IncidentResolved, Level, Reminder, Stage
from crisiswatch.outbox import row_for, stages_for
from crisiswatch.response import Sending, respond
from crisiswatch.store import OutboxRow, body_from_json
from tests.store.samples import NOON, incident

DESK = Route(levels=frozenset({Level.WARNING, Level.CRITICAL}), brands=None, receivers=("desk",))
CHIEF = Route(levels=frozenset({Level.CRITICAL}), brands=frozenset({"acme"}), receivers=("chief", "desk"))
CRITICAL = incident(2, level=Level.CRITICAL, peak_level=Level.CRITICAL)


Told = IncidentOpened | IncidentChanged | IncidentResolved


def _made(sending: Sending, of: Incident, routes: list[Route], told: set[str]) -> list[OutboxRow]:
    stages = stages_for(sending, of, routes, told=told)
    return [row_for(one, stage, sending, of, first=one not in told, now=NOON) for one, stage in stages.items()]


def _rows(*effects: Told, told: set[str] | None = None) -> list[OutboxRow]:
    rows: list[OutboxRow] = []
    heard = set(told or ())
    case: Case | None = None
    for effect in effects:
        case, _, sendings = respond(case, effect)
        for sending in sendings:
            rows += _made(sending, effect.incident, [DESK, CHIEF], heard)
            heard |= {row.receiver for row in rows}
    return rows


def _told(rows: list[OutboxRow]) -> list[tuple[str, str]]:
    return [(row.receiver, row.stage.value) for row in rows]


def test_an_opening_goes_once_to_every_receiver_of_every_route_that_fits() -> None:
    rows = _rows(IncidentOpened(NOON, incident(level=Level.CRITICAL)))
    assert _told(rows) == [("chief", "opened"), ("desk", "opened")]
    assert [row.id for row in rows] == ["acme/wave/1/1/chief", "acme/wave/1/1/desk"]
    body = body_from_json(rows[0].body)
    assert (body.incident, body.reminder, body.drill) == (incident(level=Level.CRITICAL), None, False)
    assert body.case is not None
    assert (body.case.incident, body.case.revision) == ("acme/wave/1", 1)
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
    assert _told(_rows(over, told={"former"})) == [("former", "resolved")]
    assert _rows(over) == []


def test_nobody_joins_on_an_edit_or_while_it_calms() -> None:
    edits = [IncidentChanged(NOON, CRITICAL, stage) for stage in (Stage.UPDATED, Stage.CALMING)]
    assert _rows(*edits) == []


def test_trials_are_told_to_nobody() -> None:
    assert _rows(IncidentOpened(NOON, incident(trial=True))) == []


def test_a_rung_is_reminded_a_stranger_on_it_is_told_first_and_the_others_see_it_in_an_edit() -> None:
    reminder = Reminder("unacknowledged", rung=1)
    case = Case(incident="acme/wave/1", brand="acme", rule="wave", alert="wave", opened_at=NOON, revision=4)
    sending = Sending(at=NOON, stage=Stage.REMINDED, case=case, receivers=("boss", "desk"), reminder=reminder)
    rows = _made(sending, incident(), [DESK], {"desk", "slack"})
    assert _told(rows) == [("boss", "opened"), ("desk", "reminded"), ("slack", "updated")]
    assert [body_from_json(row.body).reminder for row in rows] == [reminder, reminder, None]
    assert [row.priority for row in rows] == [0, 1, 4]
    assert rows[0].id == "acme/wave/1/4/boss"
