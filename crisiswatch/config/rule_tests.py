"""Rule tests: stories beside a rule, read and checked; running them is somebody else's work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from crisiswatch.config.checks import ids
from crisiswatch.config.document import Document, did_you_mean, shown
from crisiswatch.config.load import settle
from crisiswatch.config.reader import read
from crisiswatch.config.schema_alerts import ExpectModel, MentionModel, TestFile
from crisiswatch.config.translate import validate
from crisiswatch.errors import ConfigError
from crisiswatch.model import Level

__all__ = ["Expectation", "MentionSpec", "RuleTest", "RuleTestFile", "load_rule_tests"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionSpec:
    """Mentions to make up. Times count from the start of the test.

    Either ``every`` (one mention every so often from ``at`` until just before ``until``), or ``count`` mentions from
    ``at``, spread evenly ``over`` a while. ``authors`` is how many accounts take turns; ``many``: each writes once.
    ``flags`` and ``severity`` follow from the text where they are None.
    """

    at: timedelta = timedelta(0)
    every: timedelta | None = None
    until: timedelta | None = None
    count: int = 1
    over: timedelta = timedelta(0)
    sentiment: str = "neutral"
    authors: int | str = "many"
    sources: tuple[str, ...] = ("test",)
    text: str | None = None
    audience: int | None = None
    lang: str | None = None
    flags: tuple[str, ...] | None = None
    severity: tuple[str, ...] | None = None
    themes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must be true ``by`` a time, or ``between`` two (one of them is given).

    ``incident`` is the rule whose incident is open, at ``level`` or above if given; ``none``: no incident is open.
    ``incidents``: how many were opened until ``by``, or ``between``. ``line`` is the line in the test's file.
    """

    by: timedelta | None = None
    between: tuple[timedelta, timedelta] | None = None
    incident: str | None = None
    level: Level | None = None
    incidents: int | None = None
    none: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which ``source`` could not be read, from the start of the test."""

    source: str
    at: timedelta
    until: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """One story."""

    name: str
    mentions: tuple[MentionSpec, ...]
    expect: tuple[Expectation, ...]
    outages: tuple[Outage, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTestFile:
    """The stories of one file; ``rules`` are the absolute paths of the rule files under test."""

    path: Path
    rules: tuple[Path, ...]
    tests: tuple[RuleTest, ...]


def load_rule_tests(path: Path) -> tuple[RuleTestFile, ...]:
    """The stories of a file, or of every ``*.test.yaml`` below a directory. Raises `ConfigError` with all problems."""
    paths = sorted(path.rglob("*.test.yaml")) if path.is_dir() else [path]
    documents = []
    found = []
    for one in paths:
        document, _ = read(one, str(one))
        documents.append(document)
        model = None if document.broken else validate(TestFile, document)
        if model is not None:
            _check_names(document, model)
            found.append(_compile(model, document))
    if any(document.problems for document in documents):
        problems = settle(documents)
        if any(problem.severity == "error" for problem in problems):
            raise ConfigError(problems)
    return tuple(found)


def _check_names(document: Document, model: TestFile) -> None:
    """The rule files are there, and expectations name their rules."""
    rules: set[str] = set()
    whole = True
    for at, name in enumerate(model.rules):
        path = document.path.parent / name
        if "\0" in name or not path.is_file():
            document.report("CW081", ("rules", at), f"there is no file {shown(name)}", "it is relative to this file")
            whole = False
            continue
        tested, _ = read(path, str(path))
        rules.update(one.id for one in ids(tested, ("rules",)))
        whole = whole and not tested.broken
    for case_at, case in enumerate(model.tests):
        for at, expect in enumerate(case.expect):
            if whole and expect.incident not in {None, "none", *rules}:
                where = ("tests", case_at, "expect", at, "incident")
                message = f"there is no rule {shown(expect.incident)} in these files"
                document.report("CW081", where, message, did_you_mean(expect.incident, sorted(rules)))


def _compile(model: TestFile, document: Document) -> RuleTestFile:
    home = document.path.absolute().parent
    cases = []
    for at, case in enumerate(model.tests):
        _, line, _ = document.place(("tests", at))
        expect = []
        for number, one in enumerate(case.expect):
            _, place, _ = document.place(("tests", at, "expect", number))
            expect.append(_expectation(one, place))
        mentions = tuple(_mentions(one) for one in case.mentions)
        outages = tuple(Outage(source=one.source, at=one.at, until=one.until) for one in case.outages)
        cases.append(RuleTest(name=case.name, mentions=mentions, expect=tuple(expect), outages=outages, line=line))
    return RuleTestFile(
        path=document.path.absolute(), rules=tuple(home / name for name in model.rules), tests=tuple(cases)
    )


def _mentions(model: MentionModel) -> MentionSpec:
    return MentionSpec(
        at=model.at or timedelta(0),
        every=model.every,
        until=model.until,
        count=model.count,
        over=model.over or timedelta(0),
        sentiment=model.sentiment,
        authors="many" if model.authors is None else model.authors,
        sources=model.sources,
        text=model.text,
        audience=model.audience,
        lang=model.lang,
        flags=model.flags,
        severity=model.severity,
        themes=model.themes,
    )


def _expectation(model: ExpectModel, line: int) -> Expectation:
    nothing = model.incident == "none"
    return Expectation(
        by=model.by,
        between=model.between,
        incident=None if nothing else model.incident,
        level=Level.from_word(model.level) if model.level else None,
        incidents=model.incidents,
        none=nothing,
        line=line,
    )
