"""From arguments to an exit code: 0 good, 1 found something, 2 could not run. No error leaves as a traceback."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from crisiswatch.cli import silence_commands as _silence_commands  # noqa: F401  it adds to the commands
from crisiswatch.cli.commands_more import app
from crisiswatch.errors import ConfigError, CrisiswatchError

if TYPE_CHECKING:
    from crisiswatch.model import Problem

__all__ = ["main"]

_Usage: type[Exception] = typer.BadParameter.__mro__[2]  # typer's root of all wrong usage, wherever it keeps it
_INTERRUPTED = 130
_EXPECTED = (CrisiswatchError, OSError, UnicodeError, KeyboardInterrupt, typer.Abort, _Usage)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; ``arguments`` are the process's own when not given."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = app(args=None if arguments is None else list(arguments), prog_name="crisiswatch", standalone_mode=False)
        sys.stdout.flush()
    except _EXPECTED as error:
        _tell(error)
        return 2
    except SystemExit:  # typer's own way with a reader that has gone away
        return 2
    if code == _INTERRUPTED:  # typer swallows the KeyboardInterrupt
        _say("interrupted")
        return 2
    return code if isinstance(code, int) else 0


def _tell(error: BaseException) -> None:
    if isinstance(error, BrokenPipeError):
        _close_stdout()
    elif isinstance(error, KeyboardInterrupt | typer.Abort):
        _say("interrupted")
    elif isinstance(error, ConfigError):
        _config(error.problems)
    elif isinstance(error, _Usage):
        _usage(error)
    elif isinstance(error, OSError):
        named = f"{error.filename}: " if error.filename else ""
        _say(f"{named}{error.strerror or error}")
    else:
        _say(str(error))


def _say(message: str) -> None:
    sys.stderr.write(f"crisiswatch: {message}\n")


def _config(problems: Sequence[Problem]) -> None:
    for problem in problems:
        sys.stderr.write(problem.render() + "\n")
    word = "problem" if len(problems) == 1 else "problems"
    _say(f"could not start: {len(problems)} {word} in the configuration, see above")


def _usage(error: Exception) -> None:
    said = getattr(error, "format_message", lambda: str(error))().rstrip(".").replace("Value error, ", "")
    if "\n" in said:  # a command without its subcommand: what is said is the help
        sys.stderr.write(f"{said}\n")
        return
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "crisiswatch"
    _say(f"{said[:1].lower()}{said[1:]}; see `{command} --help`")


def _close_stdout() -> None:
    """Whoever read our output has gone: let nothing be written to it at exit either."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
