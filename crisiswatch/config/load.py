"""All files in one pass: read, validate, check against each other, compile."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crisiswatch.config import checks
from crisiswatch.config.compile_alerts import by_language, check_words, compile_alert
from crisiswatch.config.compile_rules import compile_rule
from crisiswatch.config.compile_settings import compile_calendar, compile_settings
from crisiswatch.config.document import Document, Where
from crisiswatch.config.load_themes import check_themed_rules, read_themes
from crisiswatch.config.reader import read
from crisiswatch.config.schema_alerts import AlertFile
from crisiswatch.config.schema_config import ConfigFile
from crisiswatch.config.schema_rules import RuleFile, RuleModel
from crisiswatch.config.settings import Settings
from crisiswatch.config.suspicions import check_findable, check_levels, check_use
from crisiswatch.config.translate import salvage, validate
from crisiswatch.errors import ConfigError
from crisiswatch.model import Problem
from crisiswatch.model.alert import AlertDefinition
from crisiswatch.rules.model import Rule, Ruleset
from crisiswatch.sentiment.described import Described

__all__ = ["Loaded", "load", "load_rules", "settle", "unresolved_secrets", "yaml_files"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A configuration that can be run. ``problems`` are warnings; ``fingerprint`` is SHA-256 over all files;
    ``alerts`` are found with `definition_for`; ``themes`` are those that mentions are looked through for, by id."""

    settings: Settings
    ruleset: Ruleset
    alerts: Mapping[str, AlertDefinition]
    themes: Mapping[str, Described]
    problems: tuple[Problem, ...]
    fingerprint: str


@dataclass(slots=True)
class _Files:
    """The documents that were read, in order, and what they held."""

    documents: list[Document]
    digest: hashlib._Hash

    def read(self, path: Path, name: str) -> Document:
        document, raw = read(path, name)
        self.documents.append(document)
        self.digest.update(f"{len(name)}:{name}:{len(raw)}:".encode("utf-8", "surrogateescape") + raw)
        return document


def load(path: Path) -> Loaded:
    """Read ``crisiswatch.yaml`` and all its rules and alerts. Raises `ConfigError` with every problem of every file."""
    path = Path(path)
    files = _Files([], hashlib.sha256())
    config = files.read(path, str(path))
    model = None if config.broken else validate(ConfigFile, config)
    rules = _directory(files, config, "rules")
    alerts = _directory(files, config, "alerts")
    themes = read_themes(config, files.read)
    check_themed_rules(rules, themes)
    found = _check(config, rules, alerts)
    if model is not None:
        checks.check_suspicions(model, config)
    if model is None or _errors(files.documents):
        raise ConfigError(settle(files.documents))
    settings = compile_settings(model, config)
    lateness = model.engine.lateness
    compiled = [compile_rule(one, document, where, settings.detector) for document, where, one in found]
    ruleset = Ruleset(tuple(compiled), lateness=lateness, calendar=compile_calendar(model))
    places = {one.id: (document, where) for document, where, one in found}
    for rule in compiled:
        check_levels(rule, *places[rule.id])
    check_use(settings, ruleset, config, places, alerts)
    check_findable(settings, ruleset, places)
    definitions = [compile_alert(AlertFile.model_validate(document.data)) for document in alerts]
    return Loaded(
        settings=settings,
        ruleset=ruleset,
        alerts=by_language(definitions),
        themes=themes,
        problems=tuple(settle(files.documents)),
        fingerprint=files.digest.hexdigest(),
    )


def load_rules(paths: Iterable[Path], *, detector: str = "surge", lateness: int = 5) -> Ruleset:
    """The rules of files, or of directories with all below them, by themselves: alerts and brands are not looked up.

    Raises `ConfigError` with every problem of every file.
    """
    documents: list[Document] = []
    for path in paths:
        inside = yaml_files(path) if path.is_dir() else [path]
        documents.extend(read(one, str(one))[0] for one in inside)
    found = [item for document in documents for item in _rules(document)]
    checks.check_rules(documents)
    if _errors(documents):
        raise ConfigError(settle(documents))
    rules: list[Rule] = [compile_rule(model, document, where, detector) for document, where, model in found]
    return Ruleset(tuple(rules), lateness=lateness)


def unresolved_secrets(settings: Settings, severity: str = "warning") -> list[Problem]:
    """A problem for each secret that can't be had here and now: a warning for ``check``, an error for ``run``."""
    return [secret.problem(severity) for secret in settings.secrets() if secret.missing()]


def yaml_files(directory: Path) -> list[Path]:
    """The YAML files below a directory in the order of their names, without tests and hidden ones."""
    found = [
        path
        for path in directory.rglob("*.y*ml")
        if checks.is_rule_file(path)
        and not any(part.startswith(".") for part in path.relative_to(directory).parts)
        and path.is_file()
    ]
    return sorted(found, key=lambda path: path.relative_to(directory).as_posix())


def settle(documents: Sequence[Document]) -> list[Problem]:
    """All problems, file by file and line by line, each once."""
    found: dict[Problem, None] = {}
    for document in documents:
        for problem in sorted(document.problems, key=lambda one: (one.line, one.column, one.code)):
            found.setdefault(problem)
    return list(found)


def _check(
    config: Document, rules: Sequence[Document], alerts: Sequence[Document]
) -> list[tuple[Document, Where, RuleModel]]:
    """Everything that can be said about the parts without the whole being right; gives the rules that are right."""
    found = [item for document in rules for item in _rules(document)]
    for document in alerts:
        if not document.broken:
            validate(AlertFile, document)
            check_words(document)
    checks.check_config(config)
    checks.check_rules(rules)
    checks.check_alerts(alerts)
    checks.check_references(config, rules, alerts)
    return found


def _rules(document: Document) -> list[tuple[Document, Where, RuleModel]]:
    if document.broken:
        return []
    validate(RuleFile, document)
    items = document.get(("rules",))
    places: list[Where] = [("rules", at) for at in range(len(items) if isinstance(items, list) else 0)]
    return [(document, where, model) for where in places if (model := salvage(RuleModel, document, where)) is not None]


def _directory(files: _Files, config: Document, part: str) -> list[Document]:
    """The documents of the directory that ``crisiswatch.yaml`` names, or of the default one."""
    written = config.get((part,))
    name = written if isinstance(written, str) and written.strip() and "\0" not in written else f"./{part}"
    directory = config.path.parent / name
    try:
        if directory.is_dir():
            paths = yaml_files(directory)
            return [files.read(path, str(path)) for path in paths]
    except OSError:
        pass
    if not config.broken:
        config.report("CW001", (part,), f"there is no directory {name}", "`crisiswatch init DIR` writes one")
    return []


def _errors(documents: Iterable[Document]) -> bool:
    return any(problem.severity == "error" for document in documents for problem in document.problems)
