"""One JSON Schema for editors: completion, descriptions and red underlines while somebody types."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from crisiswatch.config.schema_alerts import AlertFile, TestFile
from crisiswatch.config.schema_config import ConfigFile
from crisiswatch.config.schema_rules import RuleFile

__all__ = ["json_schema"]

_FILES = {"config": ConfigFile, "rules": RuleFile, "alerts": AlertFile, "rule_tests": TestFile}


def json_schema() -> dict[str, Any]:
    """The schema of all files. A file is described by ``#/$defs/config``, ``rules``, ``alerts`` or ``rule_tests``."""
    _, whole = models_json_schema([(model, "validation") for model in _FILES.values()])
    parts: dict[str, Any] = {name.removesuffix("Model"): _tidy(part) for name, part in whole["$defs"].items()}
    for name, model in _FILES.items():
        parts[name] = parts.pop(model.__name__)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "crisiswatch",
        "description": "The files of crisiswatch: crisiswatch.yaml, rules, alerts and rule tests.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in _FILES],
        "$defs": dict(sorted(parts.items())),
    }


def _tidy(part: Any) -> Any:
    """Without pydantic's made-up titles; names as they are in the document."""
    if isinstance(part, list):
        return [_tidy(item) for item in part]
    if not isinstance(part, dict):
        return part
    found = {}
    for key, value in part.items():
        if key == "title" and isinstance(value, str):
            continue
        if key == "$ref":
            found[key] = value.removesuffix("Model")
        elif key == "properties":
            found[key] = {name: _tidy(item) for name, item in value.items()}
        else:
            found[key] = _tidy(value)
    return found
