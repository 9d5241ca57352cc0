"""What ships: the starter passes its own check, every field is explained, and editors can use the schema."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crisiswatch.alerts.values import placeholder_values
from crisiswatch.config import json_schema, load, load_rule_tests, starter_files, write_starter
from crisiswatch.config.reader import parse
from crisiswatch.config.schema_receivers import RECEIVER_TYPES
from crisiswatch.config.schema_sources import SOURCE_TYPES
from crisiswatch.config.settings import ConsoleOptions, FilesOptions
from crisiswatch.model import Evidence, Incident, Level, Phase, Reading
from crisiswatch.model.alert import PLACEHOLDERS, SHOWABLE
from tests.config.config_base import FILES

TOP = Path(__file__).parents[2]
SCHEMA = json_schema()
FIRST_PACK = {"big-voice", "negative-wave", "product-safety", "slow-burn"}


@cache
def editor(kind: str) -> jsonschema.Draft202012Validator:
    """What an editor holds files of a kind against; made once, with the schema's own soundness looked at once."""
    part = {"$schema": SCHEMA["$schema"], "$ref": f"#/$defs/{kind}", "$defs": SCHEMA["$defs"]}
    jsonschema.Draft202012Validator.check_schema(part)
    return jsonschema.Draft202012Validator(part)


def data(content: str | bytes) -> Any:
    document = parse(content if isinstance(content, bytes) else content.encode(), Path("x"), "x")
    assert document.problems == []
    return document.data


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_starter(tmp_path)
    return tmp_path


def test_the_starter_passes_without_a_single_remark(home: Path):
    loaded = load(home / "crisiswatch.yaml")
    assert loaded.problems == ()
    assert {rule.id for rule in loaded.ruleset.rules} >= FIRST_PACK
    assert set(loaded.alerts) >= FIRST_PACK


def test_the_starter_runs_without_network_and_secrets(home: Path):
    settings = load(home / "crisiswatch.yaml").settings
    assert [source.options for source in settings.sources] == [FilesOptions(path=home / "inbox")]
    assert [receiver.options for receiver in settings.receivers] == [ConsoleOptions()]
    assert settings.secrets() == ()
    assert settings.web.host == "127.0.0.1"


def test_the_examples_in_the_starter_are_right_once_they_are_switched_on(home: Path):
    text = (home / "crisiswatch.yaml").read_text(encoding="utf-8")
    body = text.partition("version: 1")[2]
    body = re.sub(r"^# (escalation|quiet_hours):(.*)\n#   - ", r"\1:\2\n  - ", body, flags=re.MULTILINE)
    (home / "crisiswatch.yaml").write_text("version: 1" + re.sub(r"^  # ", "  ", body, flags=re.MULTILINE))
    settings = load(home / "crisiswatch.yaml").settings
    assert len(settings.escalation) == len(settings.quiet_hours) == 1
    assert sorted(source.type for source in settings.sources) == sorted(SOURCE_TYPES)
    assert [receiver.type for receiver in settings.receivers] == list(RECEIVER_TYPES)
    assert len(settings.routes) == 4


def test_every_shipped_rule_has_a_test_beside_it_and_every_alert_a_playbook(home: Path):
    for path in (home / "rules").rglob("*.yaml"):
        assert path.name.endswith(".test.yaml") or path.with_name(f"{path.stem}.test.yaml").is_file()
    files = load_rule_tests(home / "rules")
    assert len(files) == len(list((home / "rules").rglob("*.test.yaml"))) >= len(FIRST_PACK)
    assert all(len(file.tests) >= 2 for file in files)
    for alert in load(home / "crisiswatch.yaml").alerts.values():
        assert len(alert.playbook) >= 4
        assert all(step.role and step.within_minutes for step in alert.playbook)
        minutes = [step.within_minutes for step in alert.playbook]
        assert minutes == sorted(minutes)


def test_the_wheel_carries_what_init_writes():
    wheel = tomllib.loads((TOP / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"] == {
        name: f"crisiswatch/_starter/{name}" for name in ("rules", "alerts", "crisiswatch.yaml")
    }
    assert all((TOP / name).exists() for name in wheel["force-include"])


def fields(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        for name, field in node.get("properties", {}).items():
            yield f"{where}/{name}", field
        for key, value in node.items():
            yield from fields(value, f"{where}/{key}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from fields(value, f"{where}/{number}")


def description(field: dict[str, Any]) -> str:
    """A field's own words, or those of the section it is."""
    section = SCHEMA["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
    return field.get("description", section.get("description", ""))


def test_every_field_and_every_section_is_explained():
    found = dict(fields(SCHEMA))
    assert len(found) > 120
    undocumented = [where for where, field in found.items() if len(description(field)) < 8]
    assert undocumented == []
    assert [name for name, section in SCHEMA["$defs"].items() if not section.get("description")] == []


def test_the_schema_is_sound_and_stands_on_its_own():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert {"config", "rules", "alerts", "rule_tests"} <= set(SCHEMA["$defs"])
    assert "null" not in {str(field.get("type")) for _, field in fields(SCHEMA)}


KINDS = (("crisiswatch.yaml", "config"), ("rules/", "rules"), ("alerts/", "alerts"))


def kind_of(name: str) -> str:
    if name.endswith(".test.yaml"):
        return "rule_tests"
    return next(kind for start, kind in KINDS if name.startswith(start))


@pytest.mark.parametrize("name", sorted(starter_files()))
def test_editors_accept_every_shipped_file(name: str):
    editor(kind_of(name)).validate(data(starter_files()[name]))


@pytest.mark.parametrize("name", sorted(FILES))
def test_editors_accept_what_the_loader_accepts(name: str):
    editor(kind_of(name)).validate(data(FILES[name]))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("crisiswatch.yaml", "type: feed", "type: feed\n    ulr: x"),
        ("crisiswatch.yaml", "{env: HOOK_SECRET}", "plain"),
        ("crisiswatch.yaml", "    name: Acme Coffee\n", ""),
        ("rules/wave.yaml", "window: 15m", "window: 15"),
        ("rules/wave.yaml", "window: 15m", "window: 15 minutes"),
        ("rules/wave.yaml", "count: {at_least: 20}", "cuont: {at_least: 20}"),
        ("rules/wave.yaml", "surprise: {at_least: high}", "surprise: {at_least: hihg}"),
        ("alerts/wave.yaml", "[why, chart]", "[why, charts]"),
    ],
)
def test_editors_underline_what_the_loader_refuses(name: str, old: str, new: str):
    assert old in FILES[name]
    with pytest.raises(jsonschema.ValidationError):
        editor(kind_of(name)).validate(data(FILES[name].replace(old, new)))


def test_every_placeholder_is_explained_and_has_a_value(home: Path):
    from datetime import UTC, datetime

    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    reading = Reading(start=noon, end=noon, observed=1, total=1, authors=1, sources=("x",))
    incident = Incident(
        id="i", brand="b", rule="r", title="t", alert="a", version=1, phase=Phase.OPEN, level=Level.WATCH,
        peak_level=Level.WATCH, opened_at=noon, updated_at=noon, resolved_at=None, levels=((Level.WATCH, noon),),
        reading=reading, peak=reading, gates=(), mentions=1, authors=1,
    )  # fmt: skip
    values = placeholder_values(incident, Evidence(), "B", UTC)
    assert sorted(set(PLACEHOLDERS) - set(values)) == []
    assert all(len(words) > 10 for words in (*PLACEHOLDERS.values(), *SHOWABLE.values()))
