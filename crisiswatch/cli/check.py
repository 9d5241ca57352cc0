"""`crisiswatch check`: every problem with its place, then what the configuration means, in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crisiswatch.cli import page
from crisiswatch.cli.open import must_exist, sqlite_file
from crisiswatch.cli.page import Format
from crisiswatch.cli.words import block_words, counts_words, hours_words, minutes, settle_words, told_words
from crisiswatch.config import CODES, Loaded, explain_code, load, unresolved_secrets
from crisiswatch.errors import ConfigError, CrisiswatchError
from crisiswatch.model import Problem
from crisiswatch.rules.model import Rule

if TYPE_CHECKING:
    from crisiswatch.verdicts import Judged

__all__ = ["check", "explain_problem", "problem_json"]


def check(config: Path, answer: Format) -> int:
    """0: good, maybe with warnings; 1: there are errors."""
    must_exist(config)
    loaded: Loaded | None = None
    try:
        loaded = load(config)
    except ConfigError as error:
        problems = list(error.problems)
    else:
        problems = [*loaded.problems, *unresolved_secrets(loaded.settings)]
    if answer is Format.JSON:
        page.print_json(_json(config, loaded, problems))
    else:
        _show(config, loaded, problems)
    return 0 if loaded is not None else 1


def explain_problem(code: str) -> int:
    """Tell the whole story of a problem's code."""
    if code.upper() not in CODES:
        raise CrisiswatchError(f"there is no code {code!r}; they go from {min(CODES)} to {max(CODES)}")
    page.plain(explain_code(code).rstrip("\n"))
    return 0


def problem_json(problem: Problem) -> dict[str, object]:
    """A problem for programs."""
    return {
        "severity": problem.severity,
        "code": problem.code,
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "hint": problem.hint,
    }


def _json(config: Path, loaded: Loaded | None, problems: Sequence[Problem]) -> dict[str, object]:
    return {
        "good": loaded is not None,
        "config": str(config),
        "problems": [problem_json(each) for each in problems],
        "rules": [] if loaded is None else _rules_json(loaded),
    }


def _rules_json(loaded: Loaded) -> list[dict[str, object]]:
    history, rules = _history(loaded), loaded.ruleset.rules
    if not history:
        return [_rule_json(each, loaded, None) for each in rules]
    from crisiswatch.cli.calibrate import history_json

    return [_rule_json(each, loaded, history_json(each, history.get(each.id, []))) for each in rules]


def _rule_json(rule: Rule, loaded: Loaded, verdicts: dict[str, object] | None) -> dict[str, object]:
    settings = loaded.settings
    return {
        "id": rule.id,
        "title": rule.title,
        "status": rule.status,
        "alert": rule.alert,
        "counts": counts_words(rule.mentions, rule.brands),
        "window_minutes": rule.window,
        "hold_minutes": rule.hold,
        "levels": {level.word: block_words(block) for level, block in rule.levels},
        "settles": settle_words(rule),
        "told": told_words(rule, settings.routes, [brand.id for brand in settings.brands]),
        "verdicts": verdicts,
    }


# -- for people -------------------------------------------------------------------------------------------------------


def _show(config: Path, loaded: Loaded | None, problems: Sequence[Problem]) -> None:
    for problem in problems:
        _problem(problem)
    errors = sum(each.severity == "error" for each in problems)
    warnings = len(problems) - errors
    and_warnings = f" and {page.counted(warnings, 'warning')}" if warnings else ""
    if loaded is None:
        page.line(f"{config}: {page.counted(errors, 'error')}{and_warnings}", style="bold red", wrap=False)
        return
    page.line(f"{config} is good{and_warnings.replace(' and', ', with')}.", style="bold green", wrap=False)
    settings = loaded.settings
    page.facts(
        [
            ("watches", ", ".join(brand.name for brand in settings.brands)),
            ("reads", ", ".join(f"{each.id} ({each.type})" for each in settings.sources) or "nothing yet"),
            ("tells", ", ".join(f"{each.id} ({each.type})" for each in settings.receivers) or "nobody yet"),
        ]
    )
    history = _history(loaded)
    for rule in loaded.ruleset.rules:
        _rule(rule, loaded, _said(rule, history.get(rule.id, [])))


def _problem(problem: Problem) -> None:
    text = problem.render()
    if problem.severity != "error":
        text = text.replace(f"{problem.code}: ", f"{problem.code}: warning: ", 1)
    page.plain(text + "\n")


def _rule(rule: Rule, loaded: Loaded, history: str) -> None:
    settings = loaded.settings
    status = {"trial": " (on trial: sends nothing)", "off": " (off)"}.get(rule.status, "")
    page.heading(f"{rule.id}: {rule.title}{status}")
    hold = f"; must hold for {minutes(rule.hold)}" if rule.hold else ""
    rows = [
        ("counts", counts_words(rule.mentions, rule.brands)),
        ("over", f"the last {minutes(rule.window)}{hold}"),
        *((level.word, block_words(block)) for level, block in rule.levels),
        ("ends", settle_words(rule)),
    ]
    if rule.only_during is not None:
        rows.append(("only", hours_words(rule.only_during)))
    if rule.unless_open:
        rows.append(("unless", f"{', '.join(rule.unless_open)} has an open incident"))
    told = told_words(rule, settings.routes, [brand.id for brand in settings.brands])
    rows.append(("tells", "\n".join(told)))
    if history:
        rows.append(("so far", history))
    page.facts(rows)


def _history(loaded: Loaded) -> dict[str, list[Judged]]:
    """What people said of each rule's incidents, where there is a store; what reads it is imported only then."""
    try:
        file = sqlite_file(loaded.settings.store.reveal())
    except ConfigError:
        return {}
    if file is not None and not file.exists():
        return {}
    from crisiswatch.cli.calibrate import history_of

    return history_of(loaded)


def _said(rule: Rule, incidents: Sequence[Judged]) -> str:
    if not incidents:
        return ""
    from crisiswatch.cli.calibrate import advice_words, tally_words

    return "\n".join(part for part in (tally_words(incidents), advice_words(rule, incidents)) if part)
