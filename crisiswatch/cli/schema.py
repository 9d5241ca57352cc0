"""`crisiswatch schema`: the JSON Schema of a kind of file."""

from __future__ import annotations

from typing import Any

from crisiswatch.cli import page
from crisiswatch.config import json_schema
from crisiswatch.errors import CrisiswatchError

__all__ = ["schema"]

_TITLES = {
    "config": "crisiswatch.yaml",
    "rules": "a rule file",
    "alerts": "an alert file",
    "tests": "a rule test",
    "themes": "a themes file",
}
_KINDS = (*_TITLES, "all")


def schema(what: str) -> int:
    """Print the schema of a kind of file, with what it refers to; or of ``all``."""
    if what not in _KINDS:
        raise CrisiswatchError(f"there is no kind of file {what!r}; there are: {', '.join(_KINDS)}")
    whole = json_schema()
    page.print_json(whole if what == "all" else _one(whole, what))
    return 0


def _one(whole: dict[str, Any], what: str) -> dict[str, Any]:
    parts = whole["$defs"]
    root = parts["rule_tests" if what == "tests" else what]
    needed: set[str] = set()
    _follow(root, parts, needed)
    return {
        "$schema": whole["$schema"],
        "title": f"crisiswatch: {_TITLES[what]}",
        **root,
        "$defs": {name: parts[name] for name in sorted(needed)},
    }


def _follow(part: object, parts: dict[str, Any], needed: set[str]) -> None:
    """Note every definition that ``part`` refers to, however deep."""
    if isinstance(part, list):
        for each in part:
            _follow(each, parts, needed)
    elif isinstance(part, dict):
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if name in parts and name not in needed:
            needed.add(name)
            _follow(parts[name], parts, needed)
        for each in part.values():
            _follow(each, parts, needed)
