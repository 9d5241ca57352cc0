# ruff: noqa: INP001  (a script, no package; it works from a checkout where nothing is installed)
"""Make the reference pages from the program itself: ``python docs/reference/make.py`` (or ``make docs``).

What is described is read from the schema, the commands, the codes and the packages. A test compares the pages in this
folder with what this script makes.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections.abc import Mapping, Sequence
from enum import Enum
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import typer

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from crisiswatch.cli.commands_more import app
from crisiswatch.config import CODES, json_schema
from crisiswatch.config.json_schema import references
from crisiswatch.model.alert import PLACEHOLDERS, SHOWABLE
from crisiswatch.notifiers.incident_v1 import message_schema

__all__ = ["PUBLIC", "commands", "describe", "main", "pages", "public_names"]

HERE = Path(__file__).parent
MADE = "*Made by `docs/reference/make.py` from the program itself; do not edit.*"
PUBLIC = (
    "model",
    "engine",
    "config",
    "store",
    "outbox",
    "web",
    "sentiment",
    "matching",
    "detector",
    "alerts",
    "testing",
)
"""The packages whose exported names others may rely on."""
KINDS = {
    "config": ("Configuration", "`crisiswatch.yaml`: who is watched, and where alerts go."),
    "rules": ("Rules", "A file in `rules/`: when an incident opens and when it is over."),
    "rule_tests": (
        "Rule tests",
        "A file `NAME.test.yaml` beside a rule: stories that `crisiswatch test` plays through.",
    ),
    "themes": ("Themes", "The file that `themes` names: what mentions may be about, beside the themes that ship."),
    "alerts": ("Alerts", "A file in `alerts/`: what people are told, and what they do then."),
}
FOUND = {
    "check": "a file has an error",
    "test": "a test does not hold",
    "demo": "the demonstration did not see its crisis through",
    "explain": "the stored mentions no longer give the same figures",
    "doctor": "something has to be mended",
    "drill": "nobody took it",
    "feedback import": "lines are bad, so nothing was imported",
}
"""What exit code 1 means, for the commands that have it."""

_FORMATS = {"uri": "web address", "email": "e-mail address"}
_PATTERNS = {
    "[a-z]{2,3}": "language (`it`)",
    "[a-z0-9_-]": "id (`acme-coffee`)",
    r"\d+d": "length of time (`1h30m`)",
    "24:00": "time of day (`08:00`)",
}


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


def pages() -> dict[str, str]:
    """Every page by its file name."""
    schema = json_schema()
    return {
        "README.md": _index(),
        "alerts.md": _files(schema, ["alerts"]) + _alert_words(),
        "commands.md": _commands(),
        "configuration.md": _files(schema, ["config", "themes"]),
        "errors.md": _errors(),
        "incident.v1.schema.json": json.dumps(message_schema(), indent=2, ensure_ascii=False) + "\n",
        "python.md": _python(),
        "rules.md": _files(schema, ["rules", "rule_tests"]),
        "schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
    }


def _index() -> str:
    rows = [
        ["[configuration.md](configuration.md)", "every field of `crisiswatch.yaml` and of a themes file"],
        ["[rules.md](rules.md)", "every field of a rule and of a rule test"],
        ["[alerts.md](alerts.md)", "every field of an alert, and every placeholder"],
        ["[commands.md](commands.md)", "every command, its options and exit codes"],
        ["[errors.md](errors.md)", "every code of a problem, with cause and remedy"],
        ["[../metrics.md](../metrics.md)", "every metric"],
        ["[schema.json](schema.json)", "the JSON Schema of all files, as `crisiswatch schema all` prints it"],
        ["[incident.v1.schema.json](incident.v1.schema.json)", "the JSON Schema of what webhook receivers are sent"],
        ["[python.md](python.md)", "the names that Python code may import"],
    ]
    return f"# Reference\n\n{MADE}\n\n{_table(['page', 'what is in it'], rows)}"


# --- files, from the JSON Schema


def _files(schema: Mapping[str, Any], roots: Sequence[str]) -> str:
    parts, text = schema["$defs"], []
    for depth, root in enumerate(roots):
        title, intro = KINDS[root]
        text.append(f"#{'#' if depth else ''} {title}\n\n" + (f"{MADE}\n\n" if not depth else "") + f"{intro}\n\n")
        text.append(_section(parts[root]))
        text += [
            f"\n## {name}\n\n{parts[name]['description']}\n\n{_section(parts[name])}" for name in _below(parts, root)
        ]
        if depth + 1 < len(roots):
            text.append("\n")
    return "".join(text)


def _below(parts: Mapping[str, Any], root: str) -> list[str]:
    """The sections a file is made of, in the order in which they are met."""
    found: list[str] = []

    def follow(part: Mapping[str, Any]) -> None:
        new = [name for name in references(part) if name not in found]
        found.extend(dict.fromkeys(new))
        for name in new:
            follow(parts[name])

    follow(parts[root])
    return found


def _section(part: Mapping[str, Any]) -> str:
    rows = [
        [f"`{name}`", kind_of(field), _default(name, field, part.get("required", ())), describe(field)]
        for name, field in part["properties"].items()
    ]
    more = "\nAny other field is an option of the kind itself.\n" if part.get("additionalProperties") is True else ""
    return _table(["field", "type", "default", "what it is"], rows) + more


def describe(field: Mapping[str, Any]) -> str:
    """What a field is, in its own words or those of the section it refers to; empty if nobody says."""
    own = str(field.get("description", ""))
    if not own and "$ref" in field:
        own = str(json_schema()["$defs"][field["$ref"].rpartition("/")[2]].get("description", ""))
    return " ".join(own.split())


def _default(name: str, field: Mapping[str, Any], required: Sequence[str]) -> str:
    if name in required:
        return "**required**"
    default = field.get("default")
    if "$ref" in field:
        return "as below" if _complete(field) else "none"
    if default in (None, "", []):
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, list):
        return "`[" + ", ".join(str(item) for item in default) + "]`"
    return f"`{default}`"


def _complete(field: Mapping[str, Any]) -> bool:
    """Whether the section a field refers to has defaults that hold when the whole of it is left out."""
    section = json_schema()["$defs"][field["$ref"].rpartition("/")[2]]
    return "required" not in section and any(each.get("default") for each in section["properties"].values())


def kind_of(field: Mapping[str, Any]) -> str:
    """The type of a value in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    several = field.get("anyOf") or field.get("oneOf")
    if several:
        secret = [set(each.get("properties", ())) for each in several] == [{"env"}, {"file"}]
        return "secret: `{env: NAME}` or `{file: PATH}`" if secret else " or ".join(kind_of(each) for each in several)
    plain: dict[str, Any] = {"array": _list, "object": _mapping, "string": _text, "integer": _number, "number": _number}
    kind = field.get("type")
    if kind == "boolean":
        return "true or false"
    return str(plain[kind](field)) if isinstance(kind, str) else "text or secret"


def _list(field: Mapping[str, Any]) -> str:
    if "prefixItems" in field:
        return f"list of {len(field['prefixItems'])}: {kind_of(field['prefixItems'][0])}"
    limits = [f"at least {field['minItems']}"] if "minItems" in field else []
    limits += [f"at most {field['maxItems']}"] if "maxItems" in field else []
    return f"list of {kind_of(field['items'])}" + (f" ({', '.join(limits)})" if limits else "")


def _mapping(field: Mapping[str, Any]) -> str:
    (pattern, value), *_ = field.get("patternProperties", {"": {"type": "string"}}).items()
    return f"mapping of {_text({'pattern': pattern})} to {kind_of(value)}"


def _text(field: Mapping[str, Any]) -> str:
    if named := _FORMATS.get(field.get("format", "")):
        return named
    if "Europe/Rome" in field.get("examples", ()):
        return "time zone (`Europe/Rome`)"
    pattern = field.get("pattern", "")
    return next((words for part, words in _PATTERNS.items() if part in pattern), "text")


def _number(field: Mapping[str, Any]) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "to"}
    limits = [f"{word} {field[name]}" for name, word in words.items() if name in field]
    return " ".join(["whole number" if field["type"] == "integer" else "number", *limits])


def _alert_words() -> str:
    words = [[f"`{{{name}}}`", meaning] for name, meaning in sorted(PLACEHOLDERS.items())]
    shown = [[f"`{name}`", meaning] for name, meaning in SHOWABLE.items()]
    return (
        "\n## Placeholders\n\nWhat may stand in braces in `headline` and `summary`. Any other name is an error of "
        "`crisiswatch check`.\n\n"
        + _table(["placeholder", "what stands there in a message"], words)
        + "\n## Parts of a message\n\nWhat `show` may name.\n\n"
        + _table(["part", "what it is"], shown)
    )


# --- codes


def _errors() -> str:
    intro = (
        "`crisiswatch check` and a refused start or reload name each problem by a code that stays the same, with file, "
        "line, column and what to write instead."
    )
    text = [f"# Codes of problems\n\n{MADE}\n\n{intro}\n"]
    for code, info in sorted(CODES.items()):
        text.append(f"\n## {code}\n\n**{info.title}.** {info.cause}\n\n*What to do:* {info.fix}\n")
    return "".join(text)


# --- commands


def commands() -> dict[str, Any]:
    """Every command that does something by its full name (``incidents list``), as the command line knows it."""
    found: dict[str, Any] = {}
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found.update({name: command} if inner is None else {f"{name} {each}": part for each, part in inner.items()})
    return found


def _commands() -> str:
    root: Any = typer.main.get_command(app)
    intro = (
        f"{root.help}\n\nExit codes: **0** good, **1** found something, **2** could not run. Answers go to standard "
        "output; logs, progress and errors go to standard error. `-h` and `--help` explain each command."
    )
    every = _table(["option", "value", "default", "what it does"], _options(root))
    text = [f"# Commands\n\n{MADE}\n\n{intro}\n\n{every}"]
    for name, command in commands().items():
        arguments = [each for each in command.params if each.param_type_name == "argument"]
        usage = " ".join(["crisiswatch", name, *(_metavar(each) for each in arguments)])
        text.append(f"\n## {name}\n\n{_paragraphs(command.help)}\n\n```sh\n{usage}\n```\n")
        if arguments:
            rows = [[f"`{_metavar(each)}`", _sentence(each.help)] for each in arguments]
            text.append("\n" + _table(["argument", "what it is"], rows))
        if rows := _options(command):
            text.append("\n" + _table(["option", "value", "default", "what it does"], rows))
        found = FOUND.get(name)
        text.append(f"\nExit codes: 0 good, {f'1 {found}, ' if found else ''}2 could not run.\n")
    return "".join(text)


def _options(command: Any) -> list[list[str]]:
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    return [
        [
            ", ".join(f"`{name}`" for name in sorted(each.opts, key=len)),
            "" if each.is_flag else _value(each),
            "" if each.is_flag or each.default in (None, "") else f"`{getattr(each.default, 'value', each.default)}`",
            _sentence(each.help),
        ]
        for each in options
    ]


def _value(option: Any) -> str:
    """What an option takes: its possible words, the name its author gave, or its kind."""
    kind = option.type_descriptor.annotation
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return ", ".join(f"`{each.value}`" for each in kind)
    if option.min is not None:
        return f"number from {option.min} to {option.max}"
    return f"`{option.metavar}`" if option.metavar else "path" if kind is Path else "word"


def _metavar(argument: Any) -> str:
    name = str(argument.metavar or argument.name.upper())
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (text or "").split("\n\n"))


# --- Python names


def public_names(package: str) -> dict[str, tuple[str, ...]]:
    """The exported names of each module to import from: the package itself, or its modules where it exports nothing."""
    whole = importlib.import_module(f"crisiswatch.{package}")
    if hasattr(whole, "__all__"):
        return {whole.__name__: tuple(whole.__all__)}
    names = sorted(each.name for each in pkgutil.iter_modules(whole.__path__))
    modules = [importlib.import_module(f"crisiswatch.{package}.{name}") for name in names]
    return {module.__name__: tuple(module.__all__) for module in modules}


def _python() -> str:
    intro = "What code outside the project, such as a plug-in, may import. Everything else may change without notice."
    text = [f"# Python names\n\n{MADE}\n\n{intro}\n"]
    for package in PUBLIC:
        for name, exported in public_names(package).items():
            module = importlib.import_module(name)
            first = _first(module.__doc__)
            rows = [[f"`{each}`", _say_what(module, each)] for each in sorted(exported, key=str.lower)]
            text.append(f"\n## {name}\n\n{first}\n\n{_table(['name', 'what it is'], rows)}")
    return "".join(text)


def _say_what(module: ModuleType, name: str) -> str:
    """The first sentence about a name: of its docstring, or of the text below the assignment that makes it."""
    value = getattr(module, name)
    if callable(value) and str(getattr(value, "__module__", "")).startswith("crisiswatch."):
        return _first(value.__doc__)
    package = module.__name__ if hasattr(module, "__path__") else module.__name__.rpartition(".")[0]
    folders = [Path(str(importlib.import_module(each).__file__)).parent for each in (package, "crisiswatch.model")]
    found = (_assigned(path, name) for folder in folders for path in sorted(folder.glob("*.py")))
    return next((said for said in found if said), "")


def _assigned(path: Path, name: str) -> str:
    """What a module says below the assignment to ``name``, else what it assigns; empty if it does not."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for node, after in pairwise([*body, ast.Pass()]):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            said = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
            return _first(str(said)) or _made_of(node.value)
    return ""


def _made_of(value: ast.expr) -> str:
    """A short value as code, a longer one by its kind."""
    code = ast.unparse(value)
    return f"`{code}`" if len(code) <= 150 else f"A constant ({type(value).__name__.lower()})."


def _first(docstring: str | None) -> str:
    """The first sentence of a docstring, as Markdown."""
    paragraph = " ".join((docstring or "").strip().partition("\n\n")[0].split()).replace("``", "`")
    return re.split(r"(?<=[.!?])\s+(?=[A-Z`])", paragraph, maxsplit=1)[0]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join("| " + " | ".join(cells).replace("  ", " ") + " |\n" for cells in lines)


if __name__ == "__main__":
    main()
