"""`crisiswatch doctor`: is everything in place that the daemon will need? With ``--online`` it tries the outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crisiswatch.alerts.words import clean, clip
from crisiswatch.cli import page
from crisiswatch.cli.coverage import coverage, reddit_notice
from crisiswatch.cli.open import must_exist, sqlite_file
from crisiswatch.cli.page import Format
from crisiswatch.clock import SystemClock
from crisiswatch.config import FilesOptions, Loaded, SlackOptions, SourceSettings, load
from crisiswatch.errors import ConfigError, CrisiswatchError, StoreError
from crisiswatch.model import Scorer
from crisiswatch.sources.records import is_input

__all__ = ["Finding", "doctor"]

_LEAST_FREE = 1 << 30
_MARKS = {"ok": "ok", "warn": "!", "bad": "X"}
_COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: ``ok``, ``warn`` (works, but look) or ``bad``; ``detail`` says what to do."""

    state: str
    what: str
    detail: str


def doctor(config: Path, answer: Format, *, online: bool) -> int:
    """0: all is well; 1: something is bad."""
    must_exist(config)
    findings = list(_all(config, online=online))
    bad = sum(each.state == "bad" for each in findings)
    if answer is Format.JSON:
        rows = [{"state": each.state, "what": each.what, "detail": each.detail} for each in findings]
        page.print_json({"good": not bad, "findings": rows})
    else:
        page.facts(
            (page.styled(_MARKS[each.state], _COLOURS[each.state]), f"{each.what}: {each.detail}") for each in findings
        )
        page.line()
        page.line(_verdict(bad, sum(each.state == "warn" for each in findings)), style="bold")
        if not online:
            page.line("Sources and receivers were not tried: `crisiswatch doctor --online` does.", style="dim")
    return 1 if bad else 0


def _verdict(bad: int, look: int) -> str:
    if bad:
        return f"{page.counted(bad, 'thing')} to mend"
    return f"Nothing is broken; {page.counted(look, 'thing')} to look at, marked !" if look else "All is well."


def _all(config: Path, *, online: bool) -> Iterator[Finding]:
    try:
        loaded = load(config)
    except ConfigError as error:
        detail = f"{page.counted(len(error.problems), 'problem')}: see `crisiswatch check --config {config}`"
        yield Finding("bad", "configuration", detail)
        return
    rules = page.counted(len(loaded.ruleset.rules), "rule")
    yield Finding("ok", "configuration", f"{rules}, {page.counted(len(loaded.problems), 'warning')}")
    yield from _secrets(loaded)
    yield from _reading(loaded)
    yield from _store(loaded)
    for source in loaded.settings.sources:
        yield _source(source)
    if not loaded.settings.sources:
        yield Finding("warn", "sources", "there is none, so nothing will be noticed")
    if not loaded.settings.receivers:
        yield Finding("warn", "receivers", "there is none, so nobody will be told")
    for receiver in loaded.settings.receivers:
        if isinstance(receiver.options, SlackOptions):
            state, detail = _buttons(receiver.options)
            yield Finding(state, f"receiver {receiver.id}, buttons", detail)
    if online:
        from crisiswatch.cli.online import try_all

        for state, what, detail in try_all(loaded):
            yield Finding(state, what, detail)


def _secrets(loaded: Loaded) -> Iterator[Finding]:
    secrets = loaded.settings.secrets()
    missing = [each for each in secrets if each.missing()]
    for each in missing:
        problem = each.problem()
        yield Finding("bad", f"secret at {problem.file}:{problem.line}", f"{problem.message}; {problem.hint}")
    if secrets and not missing:
        yield Finding("ok", "secrets", f"all {len(secrets)} can be read")


def _reading(loaded: Loaded) -> Iterator[Finding]:
    """What reads mentions. Opens the scorer, as the daemon will: a large model may take a while, so it does so once."""
    from crisiswatch.wiring import base_scorer

    try:
        made = base_scorer(loaded.settings)
    except CrisiswatchError as error:
        yield Finding("bad", "scorer", clip(clean(str(error)), 300))
        return
    yield _scorer(loaded, made)
    yield _themes(loaded, made)


def _themes(loaded: Loaded, scorer: Scorer) -> Finding:
    """Whether themes can be found: without an encoder no mention has one, and nothing else is wrong."""
    from crisiswatch.wiring import reader_for

    finder = reader_for(loaded.themes, scorer).themes
    if finder is None:
        return Finding("ok", "themes", "none are looked for: the scorer has no sentence encoder")
    if finder.missing:
        return Finding("warn", "themes", finder.missing)
    return Finding("ok", "themes", f"{page.counted(len(finder.themes), 'theme')} looked for")


def _scorer(loaded: Loaded, scorer: Scorer) -> Finding:
    from crisiswatch.rescoring import model_of, own_scorer, without

    heavy = loaded.settings.heavy
    missing = without(scorer)
    name = loaded.settings.scorer if heavy is None else f"{model_of(own_scorer(scorer, ''))}, else {heavy.fallback},"
    if missing:
        return Finding("warn", "scorer", f"{name} works reduced: {clip(clean(missing), 200)}")
    return Finding("ok", "scorer", f"{name} is ready")


def _store(loaded: Loaded) -> Iterator[Finding]:
    try:
        url = loaded.settings.store.reveal()
    except ConfigError as error:
        yield Finding("bad", "store", str(error))
        return
    file = sqlite_file(url)
    if file is not None and not file.exists():
        yield _place(file.absolute().parent)
    else:
        yield _open(url)
    if file is not None:
        yield _room(file.absolute().parent)


def _place(folder: Path) -> Finding:
    """A store that is to be made."""
    if not folder.is_dir():
        return Finding("bad", "store", f"there is no folder {folder}; make it")
    if not os.access(folder, os.W_OK):
        return Finding("bad", "store", f"{folder} can't be written by this user")
    return Finding("ok", "store", f"not there yet; the daemon will make it in {folder}")


def _open(url: str) -> Finding:
    from crisiswatch.store import Store
    from crisiswatch.store.schema import HEAD

    try:
        with Store.open(url) as store:
            events = store.last_seq()
    except StoreError as error:
        return Finding("bad", "store", clip(clean(str(error)), 200))
    return Finding("ok", "store", f"opens, schema {HEAD}, {page.counted(events, 'event')} stored")


def _room(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("bad", "disk", f"there is no folder {folder}")
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE:
        return Finding("warn", "disk", f"only {free / (1 << 20):,.0f} MiB are free in {folder}")
    return Finding("ok", "disk", f"{free / (1 << 30):,.0f} GiB are free")


def _source(source: SourceSettings) -> Finding:
    what = f"source {source.id} ({source.type})"
    if source.type == "reddit":
        return Finding("warn", what, reddit_notice(SystemClock().now().date()))
    if not isinstance(source.options, FilesOptions):
        covers = coverage(source.type)
        return Finding("ok", what, "configured" if covers is None else f"configured; it covers {covers}")
    path = source.options.path
    if not path.exists():
        return Finding("warn", what, f"there is no {path} yet; nothing is read until it is there")
    if not os.access(path, os.R_OK):
        return Finding("bad", what, f"{path} can't be read by this user")
    if path.is_dir() and _nothing_to_read(path):
        return Finding("warn", what, f"no file in {path} is read: only *.jsonl, *.ndjson and *.csv are, also with .gz")
    return Finding("ok", what, f"{path} can be read")


def _nothing_to_read(folder: Path) -> bool:
    """Whether there are files in a folder, and none whose name says that it holds mentions."""
    names = [each.name for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")]
    return bool(names) and not any(map(is_input, names))


def _buttons(options: SlackOptions) -> tuple[str, str]:
    """Whether people can press something, and how that is heard."""
    if options.app_token is not None:
        if options.app_token.missing() or options.app_token.reveal().startswith("xapp-"):
            return "ok", "on, heard through Socket Mode"
        return "bad", "app_token does not begin with xapp-: make an app-level token with connections:write"
    if options.signing_secret is not None:
        if options.signing_secret.missing() or not options.signing_secret.reveal().startswith("xo"):
            return "ok", "on, heard at POST /slack/actions, which Slack has to reach over https"
        return "bad", "signing_secret is a token: take the signing secret from the app's basic information"
    return "ok", "off; an app_token switches them on, see docs/sre.md"
