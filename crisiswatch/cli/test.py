"""`crisiswatch test`: the stories beside the rules, played in virtual time."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from crisiswatch.cli import page
from crisiswatch.cli.open import load_config
from crisiswatch.cli.page import Format
from crisiswatch.config import RuleTestFile, load_rule_tests
from crisiswatch.errors import CrisiswatchError
from crisiswatch.ruletest import RuleTestResult, run_rule_tests

__all__ = ["test"]


def test(paths: Sequence[Path], pattern: str, config: Path, answer: Format) -> int:
    """0: every story went as it should; 1: one did not. Without ``paths``, those below the configured rules."""
    where = list(paths) or [load_config(config).settings.rules]
    files = [_chosen(each, _matcher(pattern)) for path in where for each in _load(path)]
    count = sum(len(each.tests) for each in files)
    if not count:
        named = ", ".join(_short(path) for path in where)
        raise CrisiswatchError(f"no test {'matches ' + repr(pattern) if pattern else 'lies'} in {named}")
    results = _played(files, answer)
    failed = sum(not each.passed for each in results)
    if answer is Format.JSON:
        page.print_json({"tests": count, "failed": failed, "results": [_json(each) for each in results]})
        return 1 if failed else 0
    page.line()
    if failed:
        page.line(f"{failed} of {page.counted(count, 'test')} failed", style="bold red")
    else:
        page.line(f"{page.counted(count, 'test')}, all good", style="bold green")
    return 1 if failed else 0


def _load(path: Path) -> tuple[RuleTestFile, ...]:
    """The stories of a file or folder; a rule file stands for the tests beside it."""
    if not path.exists():
        raise CrisiswatchError(f"there is no {path}")
    if path.is_file() and not path.name.endswith(".test.yaml"):
        beside = path.with_name(f"{path.stem}.test.yaml")
        if not beside.is_file():
            raise CrisiswatchError(f"{path} has no tests; they would stand in {beside.name} beside it")
        path = beside
    return load_rule_tests(path)


def _matcher(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise CrisiswatchError(f"--run {pattern!r} is not a regular expression: {error}") from error


def _chosen(file: RuleTestFile, matcher: re.Pattern[str]) -> RuleTestFile:
    return replace(file, tests=tuple(each for each in file.tests if matcher.search(each.name)))


def _played(files: Sequence[RuleTestFile], answer: Format) -> list[RuleTestResult]:
    """Play file by file, and say each file's results as soon as they are known."""
    results: list[RuleTestResult] = []
    for file in files:
        if not file.tests:
            continue
        found = run_rule_tests([file])
        results += found
        if answer is Format.TEXT:
            page.line(_short(file.path), style="bold", wrap=False)
            for result in found:
                _show(result)
    return results


def _show(result: RuleTestResult) -> None:
    mark = page.styled("ok", "green") if result.passed else page.styled("FAIL", "bold red")
    page.facts([(mark, "\n".join([result.name, *_failures(result)]))])


def _failures(result: RuleTestResult) -> Iterator[str]:
    for failure in result.failures:
        yield f"line {failure.line}: expected {failure.expected}"
        yield f"  {failure.happened}"


def _json(result: RuleTestResult) -> dict[str, object]:
    return {
        "file": _short(result.file),
        "line": result.line,
        "name": result.name,
        "passed": result.passed,
        "mentions": result.mentions,
        "failures": [
            {"line": each.line, "expected": each.expected, "happened": each.happened} for each in result.failures
        ],
    }


def _short(path: Path) -> str:
    """The path as seen from here, where that is shorter."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
