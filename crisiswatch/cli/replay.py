"""`crisiswatch replay`: a recorded stream through the pipeline, and what came of it."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from crisiswatch.alerts.words import about, clean, clip, exact, moment, rarity, span
from crisiswatch.cli import page
from crisiswatch.cli.open import load_config, with_scorer
from crisiswatch.cli.page import Format
from crisiswatch.clock import SystemClock
from crisiswatch.config import Loaded
from crisiswatch.errors import CrisiswatchError
from crisiswatch.logs import configure
from crisiswatch.model import Mention, Stage, VolumeSampled
from crisiswatch.replay import Recorded, Replay, Report, Told
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import JournalEntry, Store, StoredMention
from crisiswatch.volumes import COUNTED, read
from crisiswatch.wiring import plan_for

__all__ = ["replay"]

_SQLITE = b"SQLite format 3\x00"
_STAGES = (Stage.OPENED, Stage.ESCALATED, Stage.UPDATED, Stage.CALMING, Stage.RESOLVED)
_SHOWN = 5
_SHORTER = (
    ("less than once in", "< 1 in"),
    ("about ", ""),
    ("once in", "1 in"),
    ("once", "1"),
    (" times", ""),
    (" months", " mo"),
    (" years", " y"),
)

Stream = Iterable[Recorded]


def replay(inputs: Sequence[str], config: Path, answer: Format, scorer: str = "") -> int:
    """Replay ``inputs`` and print the report; 0 whatever it found."""
    loaded = load_config(config)
    if scorer:
        loaded = with_scorer(loaded, scorer)
    configure(replace(loaded.settings.log, level="warning"))
    report = _run(inputs, loaded)
    if answer is Format.JSON:
        page.print_json(report.as_json())
    else:
        _show(report, loaded)
    return 0


def _run(inputs: Sequence[str], loaded: Loaded) -> Report:
    clock = SystemClock()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="crisiswatch-"))
        stream, total = _open(inputs, clock.now(), folder, stack)
        store = stack.enter_context(Store.open(f"sqlite:///{folder}/replay.db"))
        observe = stack.enter_context(_progress(total))
        return Replay(store, plan_for(loaded), observe=observe).run(stream, monotonic=clock.monotonic)


def _open(inputs: Sequence[str], now: datetime, folder: str, stack: ExitStack) -> tuple[Stream, int]:
    """The stream and how many records it has."""
    stores = [each for each in inputs if each != "-" and _is_store(Path(each))]
    if not stores:
        inputs, stdin = _piped(inputs, stack)
        found = stack.enter_context(arrivals(inputs, source="replay", now=now, folder=folder, stdin=stdin))
        return found, found.total
    if len(inputs) > 1:
        raise CrisiswatchError(f"{stores[0]} is a store: replay it alone, without other inputs")
    store = stack.enter_context(Store.open(f"sqlite:///{stores[0]}"))
    return _stored(store), store.last_seq()


def _piped(inputs: Sequence[str], stack: ExitStack) -> tuple[Sequence[str], BinaryIO | None]:
    """A named pipe, or what the shell makes of ``<(command)``, can be read only once: treat it as standard input."""
    pipes = [each for each in inputs if each != "-" and Path(each).exists() and _is_pipe(Path(each))]
    if not pipes:
        return inputs, None
    if len(pipes) > 1 or "-" in inputs:
        raise CrisiswatchError("only one input can be a pipe; write the others to files first")
    return [each if each != pipes[0] else "-" for each in inputs], stack.enter_context(Path(pipes[0]).open("rb"))


def _is_pipe(path: Path) -> bool:
    return not path.is_file() and not path.is_dir()


def _is_store(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) == _SQLITE


def _stored(store: Store) -> Iterator[Mention | VolumeSampled]:
    """Everything a store still has the text of, and the counts, in the order and at the times they came.

    What people did and which sources reported failures is not part of it: a replay asks what the rules would have done.
    """
    purged = acts = 0
    for event in store.stream():
        if isinstance(event, StoredMention) and event.purged:
            purged += 1
        elif isinstance(event, JournalEntry) and event.kind == COUNTED:
            yield VolumeSampled(event.at, read(event.brand, event.payload))
        elif isinstance(event, JournalEntry):
            acts += 1
        else:
            yield replace(event.mention, received_at=event.received_at)
    if acts:
        said = page.counted(acts, "note")
        page.note(f"{said} of what people did, of failing sources and of reloads are in the store and not replayed")
    if purged:
        page.note(f"{page.counted(purged, 'mention')} had lost the text to retention and could not be replayed")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int, Report], None] | None]:
    """A progress bar on standard error, where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[at]}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=total, at="")

        def observe(read: int, report: Report) -> None:
            bar.update(task, completed=read, at=page.time_of(report.last))

        yield observe


# -- for people -------------------------------------------------------------------------------------------------------


def _show(report: Report, loaded: Loaded) -> None:
    _counts(report)
    told = sorted(report.incidents.values(), key=lambda each: (each.incident.opened_at, each.incident.id))
    real = [each for each in told if not each.incident.trial and not each.incident.of_blindness]
    trial = [each for each in told if each.incident.trial]
    page.heading(page.counted(len(real), "incident") + (" (times are UTC)" if real else ""))
    _incidents(real)
    if trial:
        page.heading(f"{len(trial)} more by rules on trial, which send nothing")
        _incidents(trial)
    _blind(report, loaded)
    _deliveries(report, loaded)


def _counts(report: Report) -> None:
    if not report.mentions and not report.invalid and not report.duplicates:
        page.line("There was nothing to replay.")
        return
    speed = f" in {report.seconds:.1f} s" if sys.stdout.isatty() else ""
    page.line(f"Replayed {page.counted(report.mentions, 'mention')}{speed}", style="bold")
    if report.first is not None and report.last is not None:
        lasted = span(report.last - report.first)
        page.line(f"from {moment(report.first)} to {moment(report.last)} ({lasted})", indent=2)
    duplicates, late = page.counted(report.duplicates, "duplicate"), f"{report.late:,} late"
    page.line(f"{duplicates}, {report.invalid:,} invalid, {late}", indent=2)
    matched = report.mentions - report.unmatched
    if report.mentions and not matched:
        page.line(f"0 of {report.mentions:,} mentions matched any brand: add its names to `any` or `handles`", indent=2)
    else:
        page.line(f"{matched:,} of {report.mentions:,} are about a brand", indent=2)
    if report.unscored:
        page.line(f"! {report.unscored:,} could not be scored and count as neutral", indent=2)
    _refused(report)


def _refused(report: Report) -> None:
    for each in report.refused[:_SHOWN]:
        page.plain(f"  ! {clean(each.where)}: {clip(clean(each.detail), 120)}")
    if report.invalid > _SHOWN:
        page.line(f"! and {report.invalid - _SHOWN:,} more that can't be read", indent=2)


def _incidents(told: Sequence[Told]) -> None:
    brands = list(dict.fromkeys(each.incident.brand for each in told))
    for brand in sorted(brands):
        if len(brands) > 1:
            page.line(brand, style="bold", indent=2)
        rows = [_row(each) for each in told if each.incident.brand == brand]
        columns = ("opened", "lasted", "rule", "peak", "seen", "normal", "by chance")
        page.table(columns, rows, right=("seen", "normal"), folds=("rule",))


def _row(told: Told) -> tuple[str, ...]:
    incident, opening = told.incident, told.opening
    lasted = None if incident.resolved_at is None else incident.resolved_at - incident.opened_at
    return (
        page.time_of(incident.opened_at),
        "open" if lasted is None else page.brief(lasted),
        incident.rule,
        incident.peak_level.word,
        exact(opening.observed),
        "-" if opening.expected is None else about(opening.expected).replace("less than", "<"),
        "-" if opening.learning else _chance(opening.false_alarms_per_month),
    )


def _chance(per_month: float | None) -> str:
    """How often chance alone would bring it, for a table: ``1 in 14 mo``, ``2 a month``."""
    if per_month is None:
        return "-"
    words = rarity(per_month)
    for long, short in _SHORTER:
        words = words.replace(long, short)
    return words


def _blind(report: Report, loaded: Loaded) -> None:
    if not report.blind:
        return
    page.heading(f"{page.counted(len(report.blind), 'blind spell')}: no word from a source, which is not calm")
    many = len(loaded.settings.brands) > 1
    rows = [
        (
            clip(clean(each.source), 30),
            *([brand] if many else []),
            page.time_of(each.since),
            page.time_of(each.until),
            "to the end" if each.until is None else page.brief(each.until - each.since),
            each.reason,
        )
        for (brand, _, _), each in sorted(report.blind.items(), key=lambda each: (each[1].since, each[0]))
    ]
    page.table(("source", *(["for"] if many else []), "from", "to", "lasted", "why"), rows)


def _deliveries(report: Report, loaded: Loaded) -> None:
    if not loaded.settings.receivers:
        page.heading("There is no receiver, so nobody would have been told")
        return
    if not report.incidents:
        return
    if not report.deliveries:
        page.heading("Nothing would have been sent")
        return
    counts = Counter((each.receiver, each.stage) for each in report.deliveries)
    page.heading("Would have been sent (a replay sends nothing)")
    used = [stage for stage in _STAGES if any(stage is each for _, each in counts)]
    rows = [
        (receiver, *(str(counts[receiver, stage] or "-") for stage in used))
        for receiver in sorted({receiver for receiver, _ in counts})
    ]
    names = [stage.value for stage in used]
    page.table(("receiver", *names), rows, right=names)
