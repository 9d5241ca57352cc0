"""`crisiswatch init`: the commented starter, written where the user wants it."""

from __future__ import annotations

from pathlib import Path

from crisiswatch.cli import page
from crisiswatch.config import starter_files, write_starter
from crisiswatch.errors import CrisiswatchError

__all__ = ["init"]

_NEXT = (
    ("name your brand, sources and receivers", "{config}"),
    ("check it", "crisiswatch check --config {config}"),
    ("try it on recorded mentions", "crisiswatch replay --config {config} mentions.jsonl"),
    ("start it", "crisiswatch run --config {config}"),
)


def init(directory: Path, *, force: bool = False) -> int:
    """Write the starter below ``directory``. Nothing is written if a file of it is there already, unless ``force``."""
    files = starter_files()
    there = [name for name in files if (directory / name).exists()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise CrisiswatchError(f"{directory / there[0]}{more} would be overwritten; use --force if you want that")
    write_starter(directory)
    page.line(f"Wrote {page.counted(len(files), 'file')} to {directory}:", style="bold", wrap=False)
    page.facts(_summary(list(files)))
    page.heading("Next")
    config = directory / "crisiswatch.yaml"
    page.steps((what, how.format(config=config)) for what, how in _NEXT)
    return 0


def _summary(names: list[str]) -> list[tuple[str, str]]:
    rules = sum(name.startswith("rules/") for name in names)
    alerts = sum(name.startswith("alerts/") for name in names)
    return [
        ("crisiswatch.yaml", "who is watched, where mentions come from, who is told"),
        ("rules/", f"when an incident opens ({page.counted(rules, 'file')}, with their tests)"),
        ("alerts/", f"what is said then, and the playbook ({page.counted(alerts, 'file')})"),
        ("inbox/", "where files of mentions can be put, to begin with"),
    ]
