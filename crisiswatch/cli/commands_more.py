"""More commands, apart from the others only because a module can be too long: drills, previews, verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crisiswatch.cli.commands import Answer, Config, app, config_path
from crisiswatch.cli.page import Format

__all__ = ["app"]


@app.command()
def drill(
    *,
    alert: Annotated[str, typer.Option(metavar="ALERT", help="Invent an incident of this alert.")] = "",
    level: Annotated[str, typer.Option(help="How grave it becomes: watch, warning or critical.")] = "critical",
    scenario: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play this recording instead (JSON Lines or CSV).")
    ] = None,
    brand: Annotated[str, typer.Option(help="Whose crisis it is; else the first brand that fits.")] = "",
    receivers: Annotated[
        str, typer.Option(metavar="A,B", help="Tell these receivers; else those the routes name.")
    ] = "",
    speed: Annotated[float, typer.Option(help="Have time run so many times as fast.")] = 1.0,
    minutes: Annotated[float, typer.Option(help="End after so many minutes at the latest.")] = 30.0,
    pagers: Annotated[bool, typer.Option("--page", help="Tell Alertmanager, PagerDuty and webhooks too.")] = False,
    store: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keep the drill's store there (only without a daemon).")
    ] = None,
    config: Config = None,
    answer: Answer = Format.TEXT,
) -> int:
    """Play a crisis through the real receivers, marked as a drill.

    Ends when people say that it is over, after the minutes, or with Ctrl-C; then says who did what when. Exit code 1 if
    nobody took it.
    """
    from crisiswatch.cli.drill import drill as command

    told: dict[str, object] = {
        "alert": alert,
        "level": level,
        "scenario": "" if scenario is None else str(scenario.resolve()),
        "brand": brand,
        "receivers": [each.strip() for each in receivers.split(",") if each.strip()],
        "speed": speed,
        "minutes": minutes,
        "page": pagers,
    }
    return command(told, config_path(config), answer, store)


@app.command()
def calibrate(
    rule: Annotated[str, typer.Option(metavar="RULE", help="Only this rule; else all with verdicts.")] = "",
    days: Annotated[int, typer.Option(min=1, max=3650, help="Look back so many days.")] = 90,
    config: Config = None,
    answer: Answer = Format.TEXT,
) -> int:
    """Say which alerts other bounds would have kept.

    By what people said of the incidents. Reads only: no file is changed.
    """
    from crisiswatch.cli.calibrate import calibrate as command

    return command(rule, days, config_path(config), answer)


@app.command()
def preview(
    alert: Annotated[str, typer.Argument(metavar="ALERT", help="The alert's id.")],
    *,
    receiver: Annotated[
        str,
        typer.Option(
            help="console, slack, email, webhook, alertmanager, pagerduty or apprise, or the id of a configured one."
        ),
    ] = "console",
    stage: Annotated[
        str, typer.Option(help="opened, escalated, reminded, calming, resolved, digest or storm.")
    ] = "opened",
    language: Annotated[str, typer.Option(metavar="CODE", help="In this language instead of the brand's (it).")] = "",
    as_drill: Annotated[bool, typer.Option("--drill", help="Marked as a drill.")] = False,
    config: Config = None,
    answer: Annotated[str, typer.Option("--format", help="text, json, html or png (the chart).")] = "",
) -> int:
    """Show an alert as its reader will see it.

    The incident is invented, and nothing is sent.
    """
    from crisiswatch.cli.preview import preview as command

    return command(alert, receiver, stage, config_path(config), answer, language=language, drill=as_drill)
