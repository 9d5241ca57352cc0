"""One JSON Schema for editors: completion, descriptions and red underlines while somebody types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from crisiswatch.config.schema_alerts import AlertFile, TestFile
from crisiswatch.config.schema_config import ConfigFile
from crisiswatch.config.schema_rules import RuleFile
from crisiswatch.config.schema_themes import ThemesFile

__all__ = ["json_schema", "references"]

_FILES: dict[str, type[BaseModel]] = {
    "config": ConfigFile,
    "rules": RuleFile,
    "alerts": AlertFile,
    "rule_tests": TestFile,
    "themes": ThemesFile,
}


def json_schema() -> dict[str, Any]:
    """The schema of all files. A file is described by ``#/$defs/`` and its kind: `_FILES`."""
    _, whole = models_json_schema([(model, "validation") for model in _FILES.values()])
    parts: dict[str, Any] = {name.removesuffix("Model"): _tidy(part) for name, part in whole["$defs"].items()}
    for name, model in _FILES.items():
        parts[name] = parts.pop(model.__name__)
    used = {name for part in parts.values() for name in references(part)} | set(_FILES)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "crisiswatch",
        "description": "The files of crisiswatch: crisiswatch.yaml, rules, alerts, rule tests and themes.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in _FILES],
        "$defs": {name: part for name, part in sorted(parts.items()) if name in used},
    }


def _tidy(part: Any) -> Any:
    """Without pydantic's made-up titles and without null, which no field takes; names as they are in the document."""
    if isinstance(part, list):
        return [_tidy(item) for item in part if item != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    found: dict[str, Any] = {}
    for key, value in part.items():
        if key == "properties":
            found[key] = {name: _tidy(item) for name, item in value.items()}
        elif key == "$ref":
            found[key] = value.removesuffix("Model")
        elif not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None):
            found[key] = _tidy(value)
    if len(only := found.get("anyOf", ())) == 1:
        del found["anyOf"]
        found = {**only[0], **found}
    return found


def references(part: Any) -> Iterator[str]:
    """Give the names of the `$defs` that a part of a JSON Schema refers to, in its order."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for item in part:
            yield from references(item)
