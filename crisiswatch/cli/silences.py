"""`crisiswatch silence`: nobody is told of some incidents for a while. Through the daemon, which alone writes."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from crisiswatch.alerts.words import clean
from crisiswatch.cli import page
from crisiswatch.cli.incidents import ask
from crisiswatch.cli.open import load_config, opened_store
from crisiswatch.cli.page import Format
from crisiswatch.config.fields import duration
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Silence
from crisiswatch.silencing import silence_view

__all__ = ["add", "end", "list_silences"]


def add(config: Path, said: Mapping[str, str], lasting: str) -> int:
    """Have the daemon begin one."""
    try:
        minutes = duration(lasting).total_seconds() / 60
    except ValueError as error:
        raise CrisiswatchError(f"--for {lasting}: write a time like 90m, 4h, 2d") from error
    begun = ask(config, "silences", {**said, "by": said["by"] or getpass.getuser(), "minutes": minutes})
    ends = datetime.fromisoformat(str(begun["ends"]))
    page.line(f"Silence {begun['id']} until {page.time_of(ends)} UTC: {clean(str(begun['brand']))}.", wrap=False)
    return 0


def end(config: Path, number: int, by: str) -> int:
    """Have the daemon end one now."""
    ask(config, f"silences/{number}/end", {"actor": by or getpass.getuser()})
    page.line(f"Silence {number} is over.")
    return 0


def list_silences(config: Path, answer: Format, *, everything: bool) -> int:
    """Print those in force, or all there ever were."""
    with opened_store(load_config(config)) as store:
        found = store.silences(open_only=not everything)
    if answer is Format.JSON:
        page.print_json({"silences": [silence_view(one) for one in found]})
    elif found:
        heads = ("id", "brand", "rule", "up to", "until (UTC)", "by", "reason")
        page.table(heads, [_row(one) for one in found], folds=("reason",))
    else:
        page.line("There was no silence yet." if everything else "No silence is in force.")
    return 0


def _row(one: Silence) -> tuple[str, ...]:
    over = one.ended_at is not None
    until = page.time_of(one.ended_at or one.ends) + (" (over)" if over else "")
    return (str(one.id), one.brand, one.rule or "any", one.level.word, until, clean(one.by), clean(one.reason))
