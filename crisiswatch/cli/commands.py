"""Every command with its arguments; what it does is imported only when it is called, so that help is there at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from crisiswatch import __version__
from crisiswatch.cli.page import Format

__all__ = ["app", "config_path"]

app = typer.Typer(
    name="crisiswatch",
    help="Warns a brand's people of a crisis on social media while it can still be met.",
    epilog="Exit codes: 0 good, 1 found something, 2 could not run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
incidents_app = typer.Typer(help="List, show, acknowledge and resolve incidents.", no_args_is_help=True)
app.add_typer(incidents_app, name="incidents")
silence_app = typer.Typer(help="Have nobody told of some incidents for a while.", no_args_is_help=True)
app.add_typer(silence_app, name="silence")
feedback_app = typer.Typer(help="Label mentions, take labels back, and learn from them.", no_args_is_help=True)
app.add_typer(feedback_app, name="feedback")

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration; else $CRISISWATCH_CONFIG, else ./crisiswatch.yaml."),
]
Answer = Annotated[Format, typer.Option("--format", help="Text for people, or JSON.")]


def config_path(given: Path | None) -> Path:
    """The configuration to use."""
    return given or Path(os.environ.get("CRISISWATCH_CONFIG") or "crisiswatch.yaml")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"crisiswatch {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Warns a brand's people of a crisis on social media while it can still be met."""


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it; made if it is not there.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
) -> int:
    """Write a commented configuration to start from."""
    from crisiswatch.cli.init import init as command

    return command(directory, force=force)


@app.command()
def check(
    config: Config = None,
    answer: Answer = Format.TEXT,
    code: Annotated[str, typer.Option("--explain", metavar="CODE", help="Only explain a problem's code (CW012).")] = "",
) -> int:
    """Find what is wrong with the configuration; say what it means."""
    from crisiswatch.cli.check import check as command
    from crisiswatch.cli.check import explain_problem

    return explain_problem(code) if code else command(config_path(config), answer)


@app.command()
def test(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATHS]...", help="*.test.yaml files or folders; else the rules'.")
    ] = None,
    run: Annotated[str, typer.Option("--run", metavar="REGEX", help="Only tests whose name matches.")] = "",
    config: Config = None,
    answer: Answer = Format.TEXT,
) -> int:
    """Run the tests that lie beside the rules."""
    from crisiswatch.cli.test import test as command

    return command(paths or [], run, config_path(config), answer)


@app.command()
def run(
    config: Config = None,
    stream_time: Annotated[bool, typer.Option("--stream-time", hidden=True)] = False,
    port_file: Annotated[Path | None, typer.Option("--port-file", hidden=True)] = None,
) -> int:
    """Run the daemon: SIGTERM ends it, SIGHUP reloads its files."""
    path = config_path(config)
    from crisiswatch.cli.open import must_exist

    must_exist(path)
    from crisiswatch.daemon import run as command

    return command(path, stream_time=stream_time, port_file=port_file)


@app.command()
def demo(
    fast: Annotated[bool, typer.Option("--fast", help="Without the pauses that let a person follow.")] = False,
) -> int:
    """Watch two weeks of an invented brand and one crisis, live."""
    from rich.console import Console

    from crisiswatch.demo import run_demo

    return run_demo(console=Console(), fast=fast)


@app.command()
def replay(
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="JSON Lines or CSV (also .gz), folders, - , or a crisiswatch *.db."),
    ],
    config: Config = None,
    answer: Answer = Format.TEXT,
    scorer: Annotated[str, typer.Option(help="Score texts with this scorer instead.")] = "",
) -> int:
    """Say what the rules would have noticed in recorded mentions.

    Nothing is sent; the answer says what would have been.
    """
    from crisiswatch.cli.replay import replay as command

    return command(inputs, config_path(config), answer, scorer)


@app.command()
def explain(
    incident: Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id, as every alert ends with.")],
    config: Config = None,
    answer: Answer = Format.TEXT,
    posts: Annotated[int, typer.Option(min=0, max=1000, help="How many mentions to show.")] = 5,
) -> int:
    """Say why an incident was opened.

    Works its figures out again from what is stored.
    """
    from crisiswatch.cli.explain import explain as command

    return command(incident, config_path(config), answer, posts)


@app.command()
def score(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One text a line; - is standard input.")] = Path("-"),
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Its scorer is used, and its brands' names are hidden from the scorer."),
    ] = None,
    scorer: Annotated[str, typer.Option(metavar="NAME", help="Another scorer than the configured one.")] = "",
    lang: Annotated[
        str, typer.Option(metavar="CODE", help="The texts' language (it, en, ...); else it is found.")
    ] = "",
    answer: Annotated[
        Format, typer.Option("--format", help="Text for people, or a line of JSON for each.")
    ] = Format.TEXT,
) -> int:
    """Try the sentiment scorer on lines of text.

    Says which words made it think so: above zero they speak for negative.
    """
    from crisiswatch.cli.score import score as command

    return command(file, config, scorer, lang, answer)


@app.command()
def doctor(
    config: Config = None,
    answer: Answer = Format.TEXT,
    online: Annotated[
        bool, typer.Option("--online", help="Also try every source and receiver; sends nothing.")
    ] = False,
) -> int:
    """Look whether all that the daemon needs is in place."""
    from crisiswatch.cli.doctor import doctor as command

    return command(config_path(config), answer, online=online)


@app.command()
def schema(
    what: Annotated[
        str, typer.Argument(metavar="[config|rules|alerts|tests|all]", help="Which kind of file.")
    ] = "config",
) -> int:
    """Print the JSON Schema of a file, for editors."""
    from crisiswatch.cli.schema import schema as command

    return command(what)


@incidents_app.command("list")
def incidents_list(
    config: Config = None,
    answer: Answer = Format.TEXT,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that are not over.")] = False,
    brand: Annotated[str | None, typer.Option(help="Only this brand's.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest first.")] = 20,
) -> int:
    """List incidents, the newest first."""
    from crisiswatch.cli.incidents import list_incidents

    return list_incidents(config_path(config), answer, only_open=only_open, brand=brand, limit=limit)


Incident = Annotated[str, typer.Argument(metavar="INCIDENT", help="Its id.")]


@incidents_app.command("show")
def incidents_show(incident: Incident, config: Config = None, answer: Answer = Format.TEXT) -> int:
    """Show one with its history and what was sent about it."""
    from crisiswatch.cli.incidents import show_incident

    return show_incident(incident, config_path(config), answer)


Actor = Annotated[str, typer.Option("--as", metavar="NAME", help="Who does it; else your login name.")]


@incidents_app.command("ack")
def incidents_ack(incident: Incident, config: Config = None, actor: Actor = "") -> int:
    """Say that you have it; everybody who was told sees so."""
    from crisiswatch.cli.incidents import act

    return act(incident, "acknowledge", actor, config_path(config))


@incidents_app.command("resolve")
def incidents_resolve(incident: Incident, config: Config = None, actor: Actor = "") -> int:
    """Close an incident by hand."""
    from crisiswatch.cli.incidents import act

    return act(incident, "resolve", actor, config_path(config))


@incidents_app.command("post-mortem")
def incidents_post_mortem(
    incident: Incident,
    config: Config = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write it there with chart, posts and log, below its id.")
    ] = None,
) -> int:
    """Print its post-mortem as Markdown, or write all its records."""
    from crisiswatch.cli.records import print_post_mortem

    return print_post_mortem(incident, config_path(config), out)


@app.command("act")
def act_command(
    incident: Incident,
    act: Annotated[
        str, typer.Argument(metavar="ACT", help="acknowledge, assign, snooze, step_done, verdict, note ...")
    ],
    *,
    config: Config = None,
    actor: Actor = "",
    step: Annotated[str | None, typer.Option(metavar="N", help="Which step of the playbook, from 1.")] = None,
    to: Annotated[str | None, typer.Option(metavar="WHO", help="To whom it is assigned.")] = None,
    length: Annotated[str | None, typer.Option("--for", metavar="TIME", help="How long to snooze: calm, 1h.")] = None,
    kind: Annotated[str | None, typer.Option(help="The verdict: useful, false_alarm or not_a_crisis.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why.")] = None,
    text: Annotated[str | None, typer.Option(help="The words of a note or a promise.")] = None,
    due: Annotated[str | None, typer.Option(metavar="TIME", help="Until when it is promised.")] = None,
    promise: Annotated[str | None, typer.Option(metavar="N", help="Which promise was kept, from 1.")] = None,
) -> int:
    """Do something about an incident, through the running daemon."""
    from crisiswatch.cli.acts import do

    said = {"step": step, "to": to, "for": length, "kind": kind, "reason": reason, "text": text, "due": due}
    return do(incident, act, actor, config_path(config), {**said, "promise": promise})


@app.command("log")
def log_command(
    incident: Incident,
    config: Config = None,
    answer: Annotated[str, typer.Option("--format", help="text, json or jsonl.")] = "text",
    verify: Annotated[bool, typer.Option("--verify", help="Say whether somebody has changed it.")] = False,
) -> int:
    """Print what was decided about an incident, by whom and when."""
    from crisiswatch.cli.acts import LogFormat, show_log

    if answer not in set(LogFormat):
        raise typer.BadParameter(f"--format {answer} is none of: {', '.join(LogFormat)}")
    return show_log(incident, config_path(config), LogFormat(answer), verify=verify)


OneBrand = Annotated[str | None, typer.Option(help="Only this brand's.")]


@feedback_app.command("import")
def feedback_import(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV or JSON Lines with uid and label or theme; - is JSON Lines from a pipe."
        ),
    ],
    config: Config = None,
    answer: Answer = Format.TEXT,
    actor: Annotated[str, typer.Option("--as", metavar="NAME", help="Who labelled, where no column says.")] = "",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Import the good lines although others are bad.")
    ] = False,
) -> int:
    """Import labels (negative, neutral or not negative, positive) and themes (the id of one).

    Columns: uid, label or theme or both, and, if you like, actor, at, brand and via (file or audit). A line without a
    time has the file's. The same file may be imported again: what it said before changes nothing.
    """
    from crisiswatch.cli.feedback import import_labels

    return import_labels(file, config_path(config), answer, actor, skip_bad=skip_bad)


@feedback_app.command("list")
def feedback_list(
    config: Config = None,
    answer: Answer = Format.TEXT,
    brand: OneBrand = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many, the newest first.")] = 20,
) -> int:
    """List labels and themes, the last given first, and what was learned from the labels."""
    from crisiswatch.cli.feedback import list_labels

    return list_labels(config_path(config), answer, brand, limit)


@feedback_app.command("undo")
def feedback_undo(
    number: Annotated[int, typer.Argument(metavar="ID", help="Its number, as the list shows it.")],
    config: Config = None,
    answer: Answer = Format.TEXT,
) -> int:
    """Take a label or a theme back; what was said before it counts again."""
    from crisiswatch.cli.feedback import undo_label

    return undo_label(number, config_path(config), answer)


@feedback_app.command("learn")
def feedback_learn(config: Config = None, answer: Answer = Format.TEXT, brand: OneBrand = None) -> int:
    """Learn from the labels now, and say what came of it."""
    from crisiswatch.cli.feedback import learn

    return learn(config_path(config), answer, brand)


@feedback_app.command("audit")
def feedback_audit(
    config: Config = None,
    brand: OneBrand = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many mentions of each brand.")] = 10,
    answer: Annotated[Format, typer.Option("--format", help="CSV to fill in, or JSON.")] = Format.TEXT,
) -> int:
    """Draw today's sample to label: mentions of yesterday, at random.

    It is the same all day. Fill in the columns label and theme, either or both, and import the file.
    """
    from crisiswatch.cli.feedback import audit

    return audit(config_path(config), answer, brand, count)
