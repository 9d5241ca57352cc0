"""`crisiswatch incidents`: what the store knows of them; what people do to them goes through the daemon."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.words import about, clean, clip, exact, moment, rarity, span
from crisiswatch.cli import page
from crisiswatch.cli.open import load_config, opened_store
from crisiswatch.cli.page import Format
from crisiswatch.config import Loaded
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Case, Incident, awaited, is_open, taken_by
from crisiswatch.store import IncidentEvent, OutboxRow, Store
from crisiswatch.web import incident_view

__all__ = ["act", "ask", "find", "list_incidents", "show_incident"]

_AWAITED = "over in the figures, waits for a person to confirm"
_DONE = {"acknowledge": "acknowledged", "resolve": "resolved"}


def list_incidents(config: Path, answer: Format, *, only_open: bool, brand: str | None, limit: int) -> int:
    """Print incidents, the newest first."""
    loaded = load_config(config)
    if brand is not None and brand not in {each.id for each in loaded.settings.brands}:
        known = ", ".join(each.id for each in loaded.settings.brands)
        raise CrisiswatchError(f"there is no brand {brand!r} in {config}; there are: {known}")
    with opened_store(loaded) as store:
        found = store.incidents(brand, open_only=only_open, limit=limit)
        cases = {case.incident: case for case in store.cases([each.id for each in found])}
    if answer is Format.JSON:
        page.print_json({"incidents": [incident_view(each, cases.get(each.id)) for each in found]})
    elif found:
        _list(found, cases)
    else:
        page.line("No incident is open." if only_open else "There was no incident yet.")
    return 0


def _list(found: Sequence[Incident], cases: Mapping[str, Case]) -> None:
    for each in found:
        case = cases.get(each.id)
        nobody = "nobody has it" if is_open(each, case) else "nobody took it"
        who = taken_by(each, case)[0]
        taken = f"taken by {clean(who)}" if who else nobody
        parts = [each.peak_level.word, _life(each, case), page.counted(each.mentions, "mention"), taken]
        page.line(each.id, style="bold")
        page.line(clean(each.title), indent=2)
        page.line(" · ".join(parts), indent=2)


def _life(incident: Incident, case: Case | None) -> str:
    trial = ", on trial" if incident.trial else ""
    opened = f"{page.time_of(incident.opened_at)} UTC"
    if awaited(case):
        return f"{_AWAITED}, since {opened}{trial}"
    if incident.resolved_at is None:
        return f"{incident.phase.value} since {opened}{trial}"
    ended = max(incident.resolved_at, (case.ended_at if case else None) or incident.resolved_at)
    return f"over, {opened} for {page.brief(ended - incident.opened_at)}{trial}"


def find(store: Store, incident: str) -> Incident:
    """The incident of that id; CrisiswatchError with those there are, if there is none."""
    found = store.incident(incident)
    if found is not None:
        return found
    last = [each.id for each in store.incidents(limit=3)]
    hint = f"; the last ones are {', '.join(last)}" if last else "; there was none yet"
    raise CrisiswatchError(f"there is no incident {incident!r}{hint}")


def show_incident(incident: str, config: Path, answer: Format) -> int:
    """Print one incident with its history and its messages."""
    loaded = load_config(config)
    with opened_store(loaded) as store:
        found = find(store, incident)
        history = store.incident_events(incident)
        case = store.case(incident)
        messages = sorted(store.outbox_rows(incident=incident), key=lambda row: (row.version, row.receiver))
    if answer is Format.JSON:
        page.print_json(
            {
                **incident_view(found, case),
                "history": [_event_json(each) for each in history],
                "messages": [_message_json(each) for each in messages],
            }
        )
        return 0
    _show(found, case, loaded)
    page.heading("What happened (UTC)")
    page.table(
        ("at", "what", "level", "seen", "normal", "mentions"),
        [_event_row(each) for each in history],
        right=("seen", "normal", "mentions"),
    )
    if messages:
        page.heading("What was sent (UTC)")
        rows = [(page.time_of(row.created_at), row.receiver, row.stage.value, _fate(row)) for row in messages]
        page.table(("queued", "receiver", "stage", "fate"), rows, folds=("fate",))
    return 0


def _show(incident: Incident, case: Case | None, loaded: Loaded) -> None:
    zones = {brand.id: brand.timezone for brand in loaded.settings.brands}
    zone = zones.get(incident.brand)
    opened = moment(incident.opened_at, zone) if zone else moment(incident.opened_at)
    page.line(f"{incident.id}: {clean(incident.title)}", style="bold")
    peak = incident.peak
    rows = [
        ("brand, rule", f"{incident.brand}, {incident.rule}"),
        ("level", f"{incident.level.word}, at its peak {incident.peak_level.word}"),
        ("now", _phase(incident, case)),
        ("opened", opened),
        ("mentions", agreed("en", f"{exact(incident.mentions)} by {exact(incident.authors)} accounts")),
        ("at its peak", f"{exact(peak.observed)} in {span(peak.end - peak.start)}, normal is {about(peak.expected)}"),
        ("by chance", rarity(peak.false_alarms_per_month)),
        ("taken by", clean(taken_by(incident, case)[0]) or "nobody"),
    ]
    page.facts(rows)


def _phase(incident: Incident, case: Case | None) -> str:
    trial = " (on trial: nothing is sent)" if incident.trial else ""
    if awaited(case):
        return f"{_AWAITED}{trial}"
    if incident.resolved_at is None:
        return f"{incident.phase.value}{trial}"
    lasted = span(incident.resolved_at - incident.opened_at)
    return f"resolved after {lasted}, because: {incident.reason.replace('_', ' ')}{trial}"


def _event_row(event: IncidentEvent) -> tuple[str, ...]:
    incident, reading = event.incident, event.incident.reading
    normal = "-" if reading.expected is None else about(reading.expected).replace("less than", "<")
    return (
        page.time_of(event.at),
        event.stage.value,
        incident.level.word,
        exact(reading.observed),
        normal,
        exact(incident.mentions),
    )


def _event_json(event: IncidentEvent) -> dict[str, object]:
    return {"at": event.at, "stage": event.stage.value, "version": event.incident.version, **_figures(event.incident)}


def _figures(incident: Incident) -> dict[str, object]:
    reading = incident.reading
    return {
        "level": incident.level.word,
        "observed": reading.observed,
        "expected": reading.expected,
        "false_alarms_per_month": reading.false_alarms_per_month,
        "mentions": incident.mentions,
        "authors": incident.authors,
    }


def _message_json(row: OutboxRow) -> dict[str, object]:
    return {
        "receiver": row.receiver,
        "stage": row.stage.value,
        "version": row.version,
        "queued_at": row.created_at,
        "status": row.status,
        "attempts": row.attempts,
        "settled_at": row.settled_at,
        "error": row.last_error,
    }


def _fate(row: OutboxRow) -> str:
    if row.status == "sent":
        missed = f", {clip(clean(row.last_error), 120)}" if row.last_error else ""
        return f"sent {page.time_of(row.settled_at)}{missed}"
    tries = f" after {page.counted(row.attempts, 'attempt')}" if row.attempts else ""
    error = f": {clip(clean(row.last_error), 120)}" if row.last_error else ""
    return f"{row.status}{tries}{error}"


# -- through the daemon -----------------------------------------------------------------------------------------------


def act(incident: str, action: str, actor: str, config: Path, detail: Mapping[str, str] | None = None) -> int:
    """Ask the running daemon to do an `Act`: it is the only one that writes."""
    told = {"actor": actor or getpass.getuser(), "detail": dict(detail or {})}
    answer = ask(config, f"incidents/{incident}/{action}", told)
    said = _DONE.get(action) or clean(str(answer.get("answer", ""))).rstrip(".")
    page.line(f"{said}: {incident}", wrap=False)
    return 0


def ask(config: Path, path: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Ask something of the running daemon's API; its answer. Raises CrisiswatchError where it refuses."""
    import httpx

    web = load_config(config).settings.web
    host = "127.0.0.1" if web.host in ("0.0.0.0", "") else "[::1]" if web.host == "::" else web.host  # noqa: S104
    if not web.port:
        raise CrisiswatchError("web.port is 0, so nobody knows where the daemon listens; give it a port")
    headers = {} if web.token is None else {"authorization": f"Bearer {web.token.reveal()}"}
    url = f"http://{host}:{web.port}/api/v1/{path}"
    try:
        answer = httpx.post(url, json=dict(told), headers=headers, timeout=15.0)
    except httpx.HTTPError as error:
        raise CrisiswatchError(f"no daemon answers at {host}:{web.port}; is it running? (`crisiswatch run`)") from error
    if answer.status_code == 200:
        said: dict[str, Any] = answer.json()
        return said
    raise CrisiswatchError(f"the daemon refused: {_said(answer)}")


def _said(answer: object) -> str:
    import httpx

    assert isinstance(answer, httpx.Response)
    try:
        said = answer.json()
    except ValueError:
        said = {}
    detail = said.get("error") if isinstance(said, dict) else None
    return clip(clean(str(detail or f"status {answer.status_code}")), 200)
