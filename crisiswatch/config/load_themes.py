"""The themes in force: those that ship, without those that are left out, and the user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from crisiswatch.config.checks import ids, known, unique
from crisiswatch.config.document import Document
from crisiswatch.config.schema_themes import ThemesFile
from crisiswatch.config.translate import validate
from crisiswatch.sentiment.described import Described, shipped_themes

__all__ = ["THEMES_FILE", "check_themed_rules", "read_themes"]

THEMES_FILE = "./themes.yaml"
"""Read where nothing else is written, and only if it is there."""


def read_themes(config: Document, read: Callable[[Path, str], Document]) -> dict[str, Described]:
    """The themes by id, and every problem of their file noted; ``read`` reads a file and keeps account of it."""
    found = shipped_themes()
    written = config.get(("themes",))
    name = written if isinstance(written, str) and written.strip() and "\0" not in written else THEMES_FILE
    path = config.path.parent / name
    if not path.is_file():
        if isinstance(written, str) and not config.broken:
            config.report("CW001", ("themes",), f"there is no file {name}", "write one, or delete the line")
        return found
    document = read(path, str(path))
    model = None if document.broken else validate(ThemesFile, document)
    unique(ids(document, ("themes",)), "theme")
    known(document, ("leave_out",), found, "CW064", "theme")
    if model is None:
        return found
    for gone in model.leave_out:
        found.pop(gone, None)
    found.update({one.id: Described(one.id, dict(one.sentences), dict(one.name)) for one in model.themes})
    return found


def check_themed_rules(rules: list[Document], themes: dict[str, Described]) -> None:
    """Rules name themes that are there."""
    for document in rules:
        items = document.get(("rules",))
        for at in range(len(items) if isinstance(items, list) else 0):
            known(document, ("rules", at, "mentions", "themes"), themes, "CW064", "theme")
