"""The reference pages say what the program is, and nobody can forget to describe a field, a command, a code or a name."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from crisiswatch.config import CODES, json_schema
from crisiswatch.sources.parse import FIELDS
from tests.support import ROOT

REFERENCE = ROOT / "docs" / "reference"


def load_maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_make", REFERENCE / "make.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


MAKE = load_maker()
PAGES = MAKE.pages()
NAMES = {module: names for package in MAKE.PUBLIC for module, names in MAKE.public_names(package).items()}


# --- the pages


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_committed_page_is_the_one_the_program_makes(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name], "run: make docs"


def test_the_reference_holds_no_page_that_nothing_makes() -> None:
    assert {path.name for path in REFERENCE.iterdir() if path.is_file()} == {*PAGES, "make.py"}


def test_the_pages_do_not_depend_on_the_terminal_or_the_folder(tmp_path: Path) -> None:
    script = (
        "import importlib.util as u, sys\n"
        f"s = u.spec_from_file_location('m', {str(REFERENCE / 'make.py')!r}); m = u.module_from_spec(s)\n"
        "s.loader.exec_module(m); sys.stdout.write(m.pages()['commands.md'])"
    )
    environment = {"COLUMNS": "40", "TERM": "dumb", "PATH": "/nowhere"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == PAGES["commands.md"]


# --- fields and the schema


def fields() -> list[tuple[str, dict[str, object]]]:
    parts = json_schema()["$defs"]
    return [(f"{name}.{key}", each) for name, part in parts.items() for key, each in part["properties"].items()]


def test_every_field_and_every_section_is_described() -> None:
    undescribed = [name for name, each in fields() if len(MAKE.describe(each)) < 8]
    assert undescribed == []
    assert [name for name, part in json_schema()["$defs"].items() if not part.get("description")] == []


def test_every_description_is_a_sentence_that_ends() -> None:
    assert [name for name, each in fields() if MAKE.describe(each)[-1] not in ".)"] == []


def test_every_field_stands_in_the_reference() -> None:
    tables = PAGES["configuration.md"] + PAGES["rules.md"] + PAGES["alerts.md"]
    assert [name for name, _ in fields() if f"| `{name.rpartition('.')[2]}` |" not in tables] == []


def test_the_schema_is_the_kept_one_and_the_one_the_command_prints() -> None:
    kept = (REFERENCE / "schema.json").read_text(encoding="utf-8")
    printed = subprocess.run(
        [sys.executable, "-m", "crisiswatch", "schema", "all"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert printed == kept
    assert json.loads(kept) == json_schema()


# --- codes


def codes_in_use() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "crisiswatch").rglob("*.py"):
        if path.name != "codes.py":
            found |= set(re.findall(r'"(CW\d{3})"', path.read_text(encoding="utf-8")))
    return found


def test_every_code_that_may_be_reported_is_explained_and_no_other() -> None:
    assert codes_in_use() == set(CODES)


def test_every_explanation_is_whole_sentences() -> None:
    for code, info in CODES.items():
        assert re.fullmatch(r"CW\d{3}", code)
        assert not info.title.endswith("."), code
        assert info.cause.endswith("."), code
        assert info.fix.endswith((".", "...")), code


# --- commands


def test_every_command_argument_and_option_has_help() -> None:
    for name, command in MAKE.commands().items():
        assert (command.help or "").strip().endswith("."), name
        for each in command.params:
            if not getattr(each, "hidden", False):
                assert (each.help or "").strip().endswith("."), f"{name}: {each.name}"


def test_every_meaning_of_exit_code_1_is_of_a_command_that_exists() -> None:
    assert set(MAKE.FOUND) <= set(MAKE.commands())


# --- names for Python code


@pytest.mark.parametrize("module", sorted(NAMES))
def test_what_a_module_exports_is_there_once_and_described(module: str) -> None:
    names, loaded = NAMES[module], importlib.import_module(module)
    assert names
    assert len(set(names)) == len(names)
    section = PAGES["python.md"].partition(f"\n## {module}\n")[2].partition("\n## ")[0]
    described = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section, re.MULTILINE))
    assert set(described) == set(names)
    for name in names:
        assert hasattr(loaded, name)
        assert described[name].strip(), f"{module}.{name} has no docstring"


@pytest.mark.parametrize("package", MAKE.PUBLIC)
def test_a_package_exports_whatever_it_imports_from_its_modules(package: str) -> None:
    module = importlib.import_module(f"crisiswatch.{package}")
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    groups = [node.names for node in tree.body if isinstance(node, ast.ImportFrom) and node.module != "__future__"]
    imported = {each.asname or each.name for group in groups for each in group}
    assert imported == set(getattr(module, "__all__", ()))


# --- the input contract


def test_the_webhook_page_names_every_field_of_a_mention() -> None:
    page = (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8").partition("## The fields of a mention")[2]
    cells = re.findall(r"^\| (`[^|]+) \|", page, re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == set(FIELDS)
