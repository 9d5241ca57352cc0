"""What the demonstration shows: one line that moves, and above it what happened, in order.

The daemon's console receiver prints into `Screen.paper`; its panels come out between the lines, whole.
"""

from __future__ import annotations

import io
import queue
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from crisiswatch.model import MeterMoved

__all__ = ["Screen", "clock_words"]

ZONE = ZoneInfo("Europe/Rome")
NEW = "· new"  # what the console receiver writes on an incident's first panel
SECTIONS = ("Why this alert", "Themes", "What people say", "What to do now")


def clock_words(when: datetime) -> str:
    """``Thu 12 Mar 18:11``, in the brand's time zone."""
    return f"{when.astimezone(ZONE):%a %d %b %H:%M}"


class Paper(io.TextIOBase):
    """Where the console receiver writes. Whole panels are kept until the screen prints them; safe between threads."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._panels: queue.SimpleQueue[str] = queue.SimpleQueue()

    def isatty(self) -> bool:
        """Whether colours are welcome."""
        return self._colour

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, text: str) -> int:
        """Keep a panel."""
        self._panels.put(text)
        return len(text)

    def take(self) -> Iterable[str]:
        """Give the panels that came since the last call."""
        while True:
            try:
                yield self._panels.get_nowait()
            except queue.Empty:
                return


class Screen:
    """The terminal; a context manager. Without a terminal everything is plain lines and nothing is ever redrawn."""

    def __init__(self, console: Console, total: int) -> None:
        self._console = console
        self.paper = Paper(colour=console.is_terminal and not console.no_color)
        self._progress = Progress(
            TextColumn("[bold]{task.fields[when]}[/]"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}"),
            console=console,
            transient=True,
            refresh_per_second=8,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=total, when="", figures="")
        self._told = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def move(self, when: datetime, taken: int, meter: MeterMoved | None) -> None:
        """Show how far the story is. Off a terminal: one line a day."""
        figures = f"{taken:,} mentions"
        if meter is not None:
            usual = "still learning" if meter.expected is None else f"usual {meter.expected:.1f}"
            figures += f" · negative now {meter.observed:.0f}, {usual}"
        self._progress.update(self._task, completed=taken, when=clock_words(when), figures=figures)
        day = f"{when:%d}"
        if not self._console.is_terminal and day != self._told:
            self._told = day
            self.say(f"{clock_words(when)}  {figures}")

    def say(self, line: str, style: str = "") -> None:
        """Print a line above the one that moves."""
        self._console.print(Text(line, style=style), soft_wrap=True)

    def panels(self) -> int:
        """Print the alerts that came in since the last call, new ones whole; returns how many lines that were."""
        printed = 0
        for panel in self.paper.take():
            lines = _shortened(list(Text.from_ansi(panel.rstrip("\n")).split("\n", allow_blank=True)))
            self._console.print(Text("\n").join(lines), soft_wrap=True)
            printed += len(lines)
        return printed


def _shortened(lines: Sequence[Text]) -> list[Text]:
    """A panel without what its incident's first panel showed at length: reasons, posts and playbook."""
    if NEW in lines[0].plain:
        return list(lines)
    for number, line in enumerate(lines):
        if line.plain.strip(" │") in SECTIONS:
            return [*lines[:number], *lines[-1:]]
    return list(lines)
