"""Alerts on a terminal: a panel of 80 columns, in colour where there is a terminal, plain where there is none."""

from __future__ import annotations

import io
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from crisiswatch.alerts.document import DRILL, Document, Quote, Reason, Task
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.render import Renderer
from crisiswatch.alerts.words import clean, clip, sparkline
from crisiswatch.alerts.words import language as named
from crisiswatch.errors import Rejected, TryLater
from crisiswatch.model import Capabilities, Delivery, Notice, Receipt, Stage

__all__ = ["ConsoleNotifier", "draw", "draw_notice"]

WIDTH = 80
_COLOURS = {"critical": "red", "warning": "dark_orange", "watch": "yellow", "calming": "cyan", "resolved": "green"}
_MARKS = {True: ("✓", "green"), False: ("✗", "dim"), None: ("?", "yellow")}


class ConsoleNotifier:
    """Prints each alert as a panel to `file` (default: standard output), one at a time.

    What was printed can't be changed: ``updated`` deliveries are receipted without a word, and a delivery whose
    outcome is uncertain is printed again and receipted as a duplicate. `width` is columns.
    """

    capabilities = Capabilities()

    def __init__(self, render: Renderer, file: TextIO | None = None, width: int = WIDTH) -> None:
        self._render = render
        self._file = file
        self._width = width
        self._lock = threading.Lock()

    def send(self, delivery: Delivery) -> Receipt:
        if delivery.stage is Stage.UPDATED:
            return Receipt(memory=dict(delivery.memory))
        file = self._file if self._file is not None else sys.stdout
        colour = _is_terminal(file)
        notice = delivery.notice
        text = (
            draw(self._render(delivery), self._width, colour=colour)
            if notice is None
            else draw_notice(notice, self._width, colour=colour, drill=delivery.drill)
        )
        with self._lock:
            _write(file, text)
        return Receipt(memory=dict(delivery.memory), duplicate=delivery.uncertain)


def draw(document: Document, width: int = WIDTH, *, colour: bool = False) -> str:
    """The panel as text with a final newline; with ANSI colours if `colour`."""
    colour_of = _COLOURS[document.mood]
    page = _page(width, colour=colour)
    mark = f"{document.drill_word} · " if document.drill else ""
    title = Text(f" {mark}{document.banner} ", style=f"bold {colour_of}")
    footer = Text(document.footer[-1], style="dim") if document.footer else None
    page.print(
        Panel(Group(*_body(document)), title=title, title_align="left", subtitle=footer, subtitle_align="right",
              border_style=colour_of, padding=(1, 2), width=width)
    )  # fmt: skip
    return _written(page)


def draw_notice(notice: Notice, width: int = WIDTH, *, colour: bool = False, drill: bool = False) -> str:
    """The same for a message that is about no single incident."""
    page = _page(width, colour=colour)
    lines = [DRILL] if drill else []
    lines += [clip(clean(line), 1000) for line in notice.lines]
    lines += [notice.link] if notice.link else []
    title = Text(f" {notice.kind.replace('_', ' ').upper()} ", style="bold cyan")
    body = Group(Text(clip(clean(notice.headline), 150), style="bold"), *(Text(line) for line in lines))
    page.print(Panel(body, title=title, title_align="left", border_style="cyan", padding=(1, 2), width=width))
    return _written(page)


def _page(width: int, *, colour: bool) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="256" if colour else None,
        legacy_windows=False,
        highlight=False,
        emoji=False,
        markup=False,
    )


def _written(page: Console) -> str:
    written = page.file
    return written.getvalue() if isinstance(written, io.StringIO) else ""


def _body(document: Document) -> Iterator[RenderableType]:
    if document.drill:
        yield Text(document.drill_line, style="bold magenta")
    yield Text(document.headline, style="bold")
    if document.reminder:
        yield _marked("▶", document.reminder, "bold red")
    if document.summary:
        yield Text(document.summary)
    for line, style in ((document.sector, "bold"), (document.status, "italic"), (document.note, "yellow")):
        if line:
            yield Text(line, style=style)
    say = partial(phrase, document.language)
    for warning in document.warnings:
        yield Text(f"! {warning}", style="bold yellow")
    if document.criteria:
        yield from _titled(say("criteria"), Group(*(Text(f"- {each}") for each in document.criteria)))
    yield from _titled(say("numbers"), _figures(document))
    yield from _titled(say("why"), _why(document))
    if document.themes:
        yield from _titled(say("themes"), Text(" · ".join(document.themes)))
    yield from _titled(say("posts"), _posts(document.posts))
    yield from _people(document)


def _people(document: Document) -> Iterator[RenderableType]:
    """What people have to do, have done and promised, and may publish."""
    say = partial(phrase, document.language)
    yield from _titled(say("steps"), _steps(document.steps, document.language))
    if document.promises:
        yield from _titled(say("promised"), Group(*(Text(promise) for promise in document.promises)))
    for language, text in document.statements:
        yield from _titled(say("statement", language=named(language, document.language)), Text(text))
    if document.link:
        yield Text()
        yield Text(say("link", link=document.link), overflow="fold")


def _titled(title: str, body: RenderableType | None) -> Iterator[RenderableType]:
    if body is not None:
        yield Text()
        yield Text(title, style="bold underline")
        yield body


def _figures(document: Document) -> RenderableType | None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", max_width=22)
    table.add_column(ratio=1)
    for fact in document.facts:
        table.add_row(Text(fact.label), Text(fact.value))
    if any(document.trend):
        table.add_row(Text(phrase(document.language, "trend")), Text(sparkline(document.trend, 44)))
    return table if table.row_count else None


def _why(document: Document) -> RenderableType | None:
    rows: list[RenderableType] = [Text(line) for line in (document.because, document.story) if line]
    if not document.why and not rows:
        return None
    return Group(*rows, *(_gate(reason) for reason in document.why))


def _gate(reason: Reason) -> RenderableType:
    mark, style = _MARKS[reason.held]
    return _marked(mark, reason.sentence, style)


def _marked(mark: str, sentence: str, style: str) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_row(Text(mark, style=style), Text(sentence))
    return row


def _posts(posts: tuple[Quote, ...]) -> RenderableType | None:
    if not posts:
        return None
    rows: list[RenderableType] = []
    for post in posts:
        rows += [Text(f"“{post.text}”"), Padding(Text(post.byline, style="dim"), (0, 0, 0, 2))]
        if post.url:
            rows.append(Padding(Text(post.url, style="dim", overflow="fold"), (0, 0, 0, 2)))
    return Group(*rows)


def _steps(steps: tuple[Task, ...], lang: str) -> RenderableType | None:
    if not steps:
        return None
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right")
    table.add_column(ratio=1)
    for number, task in enumerate(steps, 1):
        mark = Text("✓", style="green") if task.done else Text(f"{number}.", style="dim")
        told = Text(task.done or " · ".join(part for part in (task.role, task.due) if part), style="dim")
        if task.overdue and not task.done:
            late = Text(phrase(lang, "overdue"), style="bold red")
            told = Text(" · ").join((late, told)) if told else late
        table.add_row(mark, Group(Text(task.step, style="dim" if task.done else ""), *([told] if told else [])))
    return table


def _is_terminal(file: TextIO) -> bool:
    try:
        return file.isatty()
    except ValueError:  # closed
        return False


def _write(file: TextIO, text: str) -> None:
    encoding = getattr(file, "encoding", None) or "utf-8"
    try:
        file.write(text.encode(encoding, "replace").decode(encoding))
        file.flush()
    except BlockingIOError as error:
        raise TryLater("the terminal does not keep up") from error
    except (OSError, ValueError) as error:
        raise Rejected(f"the output can't be written: {type(error).__name__}") from error
