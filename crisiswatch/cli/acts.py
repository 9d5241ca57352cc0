"""`crisiswatch act` and `crisiswatch log`: what people do about an incident, and the proof of it."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from crisiswatch.alerts.words import clean
from crisiswatch.cli import page
from crisiswatch.cli.incidents import act, find
from crisiswatch.cli.open import load_config, opened_store
from crisiswatch.config.fields import duration
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Act
from crisiswatch.response import decision_to_dict, verified

__all__ = ["LogFormat", "do", "show_log"]


class LogFormat(StrEnum):
    """How a log is printed."""

    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


def do(incident: str, name: str, actor: str, config: Path, said: dict[str, str | None]) -> int:
    """Have the daemon do one act; ``said`` are the options by the names the acts know."""
    if name not in set(Act):
        raise CrisiswatchError(f"nobody can {name!r}; there are: {', '.join(Act)}")
    detail = {key: value for key, value in said.items() if value is not None}
    if "for" in detail and detail["for"] != "calm":
        detail["for"] = _minutes(detail["for"])
    if "due" in detail:
        detail["due"] = _due(detail["due"])
    return act(incident, name, actor, config, detail)


def show_log(incident: str, config: Path, answer: LogFormat, *, verify: bool) -> int:
    """Print the decision log of an incident; with ``verify`` the exit code is 1 where somebody has changed it."""
    with opened_store(load_config(config)) as store:
        find(store, incident)
        lines, case = store.decisions(incident), store.case(incident)
    wrong = verified(lines, case) if verify else ""
    if answer is LogFormat.JSON:
        shown = {"incident": incident, "decisions": [decision_to_dict(line) for line in lines]}
        page.print_json({**shown, "verified": not wrong, "fault": wrong} if verify else shown)
    elif answer is LogFormat.JSONL:
        for line in lines:
            page.line(json.dumps(decision_to_dict(line)), wrap=False)
    else:
        rows = [(page.time_of(line.at), clean(line.actor), line.kind, clean(line.text)) for line in lines]
        page.table(("at (UTC)", "who", "what", "words"), rows, folds=("words",))
        if verify:
            page.line(f"The log was changed: {wrong}." if wrong else f"Nobody has changed the log: {len(lines)} lines.")
    return 1 if wrong else 0


def _minutes(text: str) -> str:
    """``1h`` or ``90`` as a number of minutes."""
    if text.isdecimal():
        return text
    try:
        return str(round(duration(text).total_seconds() / 60))
    except ValueError as error:
        raise CrisiswatchError(f"--for {text}: write calm, or a time like 90m, 4h") from error


def _due(text: str) -> str:
    """A time as written; one without a zone is this machine's own."""
    try:
        return datetime.fromisoformat(text).astimezone().isoformat()
    except ValueError as error:
        raise CrisiswatchError(f"--due {text}: write a time like 2026-03-03T15:00") from error
