"""The commands of `crisiswatch silence`."""

from __future__ import annotations

from typing import Annotated

import typer

from crisiswatch.cli.commands import Answer, Config, config_path, silence_app
from crisiswatch.cli.page import Format

__all__ = ["silence_add", "silence_end", "silence_list"]

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who answers for it; else your login name.")]


@silence_app.command("add")
def silence_add(  # noqa: PLR0917  the command line names every one
    brand: Annotated[str, typer.Option(help="Whose incidents.")],
    lasting: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 90m, 4h, 2d; at most 30d.")],
    reason: Annotated[str, typer.Option(help="Why, for those who wonder.")],
    rule: Annotated[str, typer.Option(help="Only those of this rule.")] = "",
    level: Annotated[str, typer.Option(help="Up to this level: watch, warning or critical.")] = "warning",
    by: By = "",
    config: Config = None,
) -> int:
    """Silence incidents for a while: they are kept, and what is open at the end is told then.

    Those who would have been told hear that it begins and that it ends. Who heard of an incident before hears its end.
    """
    from crisiswatch.cli.silences import add

    said = {"brand": brand, "rule": rule, "level": level, "reason": reason, "by": by}
    return add(config_path(config), said, lasting)


@silence_app.command("list")
def silence_list(
    config: Config = None,
    answer: Answer = Format.TEXT,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> int:
    """List the silences in force."""
    from crisiswatch.cli.silences import list_silences

    return list_silences(config_path(config), answer, everything=everything)


@silence_app.command("end")
def silence_end(
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number, as the list shows it.")],
    by: By = "",
    config: Config = None,
) -> int:
    """End a silence now."""
    from crisiswatch.cli.silences import end

    return end(config_path(config), number, by)
