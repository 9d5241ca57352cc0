"""How commands speak: JSON or text for people on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, JustifyMethod, RenderableType
    from rich.text import Text

__all__ = [
    "Format",
    "brief",
    "counted",
    "facts",
    "heading",
    "line",
    "note",
    "plain",
    "print_json",
    "steps",
    "table",
    "time_of",
    "utc",
]

WIDTH = 80
WIDEST = 110


class Format(StrEnum):
    """How a command answers."""

    TEXT = "text"
    JSON = "json"


def print_json(value: object) -> None:
    """Print one value as JSON, times as RFC 3339 UTC."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=plain_value) + "\n")


def note(text: str) -> None:
    """Say something beside the answer, on standard error."""
    sys.stderr.write(text + "\n")


def line(text: str = "", style: str = "", *, indent: int = 0, wrap: bool = True) -> None:
    """Print a line of text, wrapped at the width of the page unless it has a path in it."""
    from rich.padding import Padding
    from rich.text import Text

    shown = Text(text, style=style)
    _console().print(Padding(shown, (0, 0, 0, indent), expand=False) if indent else shown, soft_wrap=not wrap)


def plain(text: str) -> None:
    """Print text as it is, without wrapping: paths and carets must stay whole."""
    sys.stdout.write(f"{text}\n")


def steps(items: Iterable[tuple[str, str]]) -> None:
    """Print numbered steps, what to do above how."""
    for number, (what, how) in enumerate(items, 1):
        sys.stdout.write(f"  {number}. {what}\n       {how}\n")


def heading(text: str) -> None:
    """Print a title with an empty line above."""
    _console().print(f"\n{text}", style="bold")


def styled(text: str, style: str) -> Text:
    """Text in a colour, for the names of `facts`."""
    from rich.text import Text

    return Text(text, style=style)


def facts(pairs: Iterable[tuple[str | Text, str]], indent: int = 2) -> None:
    """Print names and values in two columns, long values wrapped in theirs."""
    from rich.padding import Padding
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    for name, value in pairs:
        grid.add_row(name, value)
    _print(Padding(grid, (0, 0, 0, indent)))


def table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = (), folds: Sequence[str] = ()
) -> None:
    """Print a table without lines; the columns in ``right`` are numbers, those in ``folds`` may take several lines."""
    from rich.padding import Padding
    from rich.table import Table

    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in columns:
        side: JustifyMethod = "right" if name in right else "left"
        made.add_column(name, justify=side, overflow="fold", no_wrap=bool(folds) and name not in folds)
    for row in rows:
        made.add_row(*row)
    _print(Padding(made, (0, 0, 0, 2)))


def _print(what: RenderableType) -> None:
    console = _console()
    with console.capture() as written:
        console.print(what)
    text = written.get()
    sys.stdout.write("".join(f"{each.rstrip()}\n" for each in text.splitlines()))


def _console() -> Console:
    """A console on standard output as it is now; 80 columns where it is no terminal."""
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False, width=None if terminal else WIDTH)
    if terminal and console.width > WIDEST:
        console.width = WIDEST
    return console


def counted(number: int, noun: str, plural: str = "") -> str:
    """``1 rule``, ``2 rules``, ``1,200 rules``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def utc(when: datetime | None) -> str | None:
    """A time as RFC 3339 UTC."""
    return None if when is None else when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def time_of(when: datetime | None) -> str:
    """A time for a table: ``2017-04-10 22:14``, UTC; a dash for none."""
    return "-" if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M}"


def brief(length: timedelta | None) -> str:
    """A length of time for a table: ``45s``, ``15m``, ``22h13m``, ``3d4h``; a dash for none."""
    if length is None:
        return "-"
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}s"
    hours, rest = divmod(round(seconds / 60), 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours}h" if hours else f"{days}d"
    return (f"{hours}h" if hours else "") + (f"{rest}m" if rest or not hours else "")


def plain_value(value: object) -> object:
    """What JSON can hold instead of ``value``."""
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)
