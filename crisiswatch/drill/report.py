"""How an exercise went: who had it after how long, what was done, what went out and what failed to arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from crisiswatch.alerts.words import clean, clip
from crisiswatch.drill.pace import DrillClock
from crisiswatch.model import Case, Incident, Notice, Stage
from crisiswatch.store import Body, OutboxRow, Store, body_from_json, body_to_json

__all__ = ["report_lines", "report_of", "rows_of_report"]

_MOST = 10_000
_EN = {
    "headline": "DRILL over: {what}",
    "had": "{who} had it {after} after it opened.",
    "nobody": "Nobody took it.",
    "steps": "{done} of {all} steps were done, {late} not in time.",
    "step": "- {step}: {who}, {after} after it opened",
    "undone": "- {step}: not done",
    "reminders": "{count} reminders went out: {kinds}.",
    "climbed": "It was escalated to {who}.",
    "verdict": "Verdict: {kind} ({who}).",
    "down": "{who} stood it down, {after} after it opened.",
    "undelivered": "Not delivered to {receiver}: {error}",
    "waiting": "Still waiting for {receiver}: {count} messages",
    "none": "No incident opened, so nobody was told anything.",
    "ended": "It ended because {why}.",
    "time": "its time was over",
    "stood_down": "people said so or it had calmed down",
    "asked": "somebody ended it",
    "speed": "Time ran {speed} times as fast; lengths are those of the clock on the wall.",
}
_IT = {
    "headline": "ESERCITAZIONE finita: {what}",
    "had": "{who} l'ha preso in carico {after} dopo l'apertura.",
    "nobody": "Nessuno l'ha preso in carico.",
    "steps": "{done} passi su {all} fatti, {late} in ritardo.",
    "step": "- {step}: {who}, {after} dopo l'apertura",
    "undone": "- {step}: non fatto",
    "reminders": "Promemoria inviati: {count} ({kinds}).",
    "climbed": "Sono stati avvisati anche: {who}.",
    "verdict": "Giudizio: {kind} ({who}).",
    "down": "{who} ha confermato la fine, {after} dopo l'apertura.",
    "undelivered": "Non consegnato a {receiver}: {error}",
    "waiting": "Ancora in attesa per {receiver}: {count} messaggi",
    "none": "Non si è aperto alcun incidente: nessuno è stato avvisato.",
    "ended": "È finita perché {why}.",
    "time": "il tempo era scaduto",
    "stood_down": "qualcuno lo ha detto o si era calmato",
    "asked": "qualcuno l'ha fermata",
    "speed": "Il tempo correva {speed} volte più veloce; le durate sono quelle dell'orologio.",
}


def report_of(
    store: Store, clock: DrillClock, head: Mapping[str, Any], outcomes: Mapping[str, Counter[str]]
) -> dict[str, Any]:
    """The whole report as JSON can hold it (with datetimes). ``..._seconds`` are of the clock on the wall.

    Times ``at`` are the exercise's own, which the messages show.
    """
    rows = store.outbox_rows(limit=_MOST)
    cases = {case.incident: case for case in store.cases()}
    found = sorted(store.incidents(limit=1000), key=lambda each: (each.opened_at, each.id))
    return {
        **head,
        "incidents": [_incident(each, cases.get(each.id), rows, store, clock) for each in found],
        "messages": {name: _messages(rows, name, outcomes.get(name)) for name in head["receivers"]},
    }


def _incident(
    incident: Incident, case: Case | None, rows: Sequence[OutboxRow], store: Store, clock: DrillClock
) -> dict[str, Any]:
    def after(at: datetime | None) -> float | None:
        return None if at is None else round((clock.real(at) - clock.real(incident.opened_at)).total_seconds(), 1)

    if case is None:
        return {"id": incident.id, "title": incident.title, "steps": [], "reminders": [], "log": []}
    return {
        "id": incident.id,
        "brand": incident.brand,
        "alert": incident.alert,
        "title": incident.title,
        "level": incident.peak_level.word,
        "opened_at": incident.opened_at,
        "acknowledged_by": case.acknowledged_by,
        "acknowledged_after_seconds": after(case.acknowledged_at),
        "assigned_to": case.assigned_to,
        "also": list(case.also),
        "steps": [
            {
                "step": step.step,
                "role": step.role,
                "done_by": step.done_by,
                "done_after_seconds": after(step.done_at),
                "overdue": step.overdue
                or (step.due is not None and step.done_at is not None and step.done_at > step.due),
            }
            for step in case.steps
        ],
        "reminders": _reminders(incident, rows, clock),
        "escalated_to": list(case.escalated_to),
        "rung": case.rung,
        "promises": [{"text": each.text, "by": each.by, "kept_by": each.kept_by} for each in case.promises],
        "verdict": None
        if case.verdict is None
        else {"kind": case.verdict.kind.value, "by": case.verdict.by, "reason": case.verdict.reason},
        "stood_down_by": case.stood_down_by,
        "ending": case.ending,
        "ended_after_seconds": after(case.closed_at),
        "log": [
            {"after_seconds": after(line.at), "actor": line.actor, "kind": line.kind, "text": line.text}
            for line in store.decisions(incident.id)
        ],
    }


def _reminders(incident: Incident, rows: Sequence[OutboxRow], clock: DrillClock) -> list[dict[str, Any]]:
    """What arrived because somebody had to look, each once, with those it went to."""
    found: dict[int, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda each: (each.version, each.receiver)):
        if row.incident != incident.id or row.stage is not Stage.REMINDED or row.status != "sent":
            continue
        body = body_from_json(row.body)
        if body.reminder is None:
            continue
        at = (row.created_at - (clock.let_go_at or row.created_at) - clock.real(incident.opened_at)).total_seconds()
        named = {"kind": body.reminder.kind, "subject": body.reminder.subject, "after_seconds": round(at, 1)}
        told = found.setdefault(row.version, {**named, "receivers": []})
        told["receivers"].append(row.receiver)
    return list(found.values())


def _messages(rows: Sequence[OutboxRow], receiver: str, outcomes: Counter[str] | None) -> dict[str, Any]:
    mine = [row for row in rows if row.receiver == receiver]
    count = Counter(row.status for row in mine)
    failed = [
        {"stage": row.stage.value, "error": row.last_error, "attempts": row.attempts}
        for row in mine
        if row.status == "dead" or (row.status in {"pending", "leased"} and row.last_error)
    ]
    return {
        "sent": count["sent"],
        "failed": count["dead"],
        "waiting": count["pending"] + count["leased"],
        "duplicates": 0 if outcomes is None else outcomes["duplicate"],
        "problems": failed,
    }


# -- in words ---------------------------------------------------------------------------------------------------------


def report_lines(report: Mapping[str, Any], lang: str = "en") -> list[str]:
    """The report for people, a headline first."""
    words = _IT if lang == "it" else _EN
    incidents = report["incidents"]
    what = ", ".join(dict.fromkeys(each["title"] for each in incidents)) or report["alert"] or report["scenario"]
    lines = [words["headline"].format(what=clip(clean(what), 120))]
    if report["ended"]:
        lines.append(words["ended"].format(why=words.get(report["ended"], clip(clean(report["ended"]), 300))))
    if not incidents:
        lines.append(words["none"])
    for each in incidents:
        lines += _told(each, words, named=len(incidents) > 1)
    for receiver, told in report["messages"].items():
        for problem in told["problems"]:
            error = clip(clean(problem["error"]), 300)
            lines.append(words["undelivered"].format(receiver=receiver, error=error))
        if told["waiting"] and not told["problems"]:
            lines.append(words["waiting"].format(receiver=receiver, count=told["waiting"]))
    if report["speed"] != 1:
        lines.append(words["speed"].format(speed=f"{report['speed']:g}"))
    return lines


def _told(each: Mapping[str, Any], words: Mapping[str, str], *, named: bool) -> list[str]:
    lines = [f"{each['id']}:"] if named else []
    if each.get("acknowledged_by"):
        lines.append(_by(words["had"], each["acknowledged_by"], each["acknowledged_after_seconds"]))
    else:
        lines.append(words["nobody"])
    steps = each["steps"]
    if steps:
        done = [step for step in steps if step["done_by"]]
        late = sum(step["overdue"] for step in steps)
        lines.append(words["steps"].format(done=len(done), all=len(steps), late=late))
        for step in steps:
            text = clip(clean(step["step"]), 160)
            key = "step" if step["done_by"] else "undone"
            lines.append(_by(words[key], step["done_by"], step["done_after_seconds"], step=text))
    if each["reminders"]:
        kinds = Counter(told["kind"].replace("_", " ") for told in each["reminders"])
        said = ", ".join(f"{kind} {count}" for kind, count in kinds.items())
        lines.append(words["reminders"].format(count=len(each["reminders"]), kinds=said))
    if each.get("escalated_to"):
        lines.append(words["climbed"].format(who=", ".join(each["escalated_to"])))
    if each.get("stood_down_by"):
        lines.append(_by(words["down"], each["stood_down_by"], each["ended_after_seconds"]))
    if verdict := each.get("verdict"):
        kind = verdict["kind"].replace("_", " ")
        lines.append(words["verdict"].format(kind=kind, who=clip(clean(verdict["by"]), 60)))
    return lines


def _by(template: str, who: str, seconds: float | None, **more: str) -> str:
    return template.format(who=clip(clean(who), 60), after=_length(seconds), **more)


def _length(seconds: float | None) -> str:
    """A length of time in signs that every language knows."""
    if seconds is None:
        return "?"
    whole = max(round(seconds), 0)
    if whole < 100:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def rows_of_report(
    report: Mapping[str, Any], store: Store, lang: str, receivers: Sequence[str], now: datetime
) -> list[OutboxRow]:
    """The report as a message to each of ``receivers``; none if there was no incident to hear of."""
    incidents = store.incidents(limit=1)
    if not incidents:
        return []
    headline, *lines = report_lines(report, lang)
    notice = Notice(
        id=str(report["id"]), kind="drill_report", at=now, headline=headline, lines=tuple(lines), language=lang
    )
    body = body_to_json(Body(incident=incidents[0], notice=notice, drill=True))
    return [
        OutboxRow(
            id=f"{notice.id}/{notice.version}/{one}",
            incident=notice.id,
            version=notice.version,
            receiver=one,
            stage=Stage.OPENED,
            priority=2,
            body=body,
            created_at=now,
        )
        for one in receivers
    ]
