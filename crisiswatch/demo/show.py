"""The show itself: feed the real daemon two simulated weeks, and let a person see what it makes of them."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.panel import Panel

from crisiswatch.app import App
from crisiswatch.config import load
from crisiswatch.config.settings import LogSettings
from crisiswatch.demo.generator import CHAPTERS, END, START, Chapter, as_line, story
from crisiswatch.demo.screen import Screen, clock_words
from crisiswatch.demo.stage import set_up
from crisiswatch.demo.tale import summary, verdict
from crisiswatch.demo.watcher import Watcher
from crisiswatch.logs import configure
from crisiswatch.model import BlindChanged, Mention
from crisiswatch.pipeline import Pipeline, Result

__all__ = ["run_demo"]

CALM_STEP, CLOSE_STEP = timedelta(hours=3), timedelta(minutes=6)
CLOSE_PAUSE = 0.1  # seconds a close step is shown for
CALM_LAG, CLOSE_LAG = 300, 20  # mentions that the engine may be behind
PATIENCE = 60.0  # seconds without any progress after which the demonstration gives up


def run_demo(*, console: Console, fast: bool = False) -> int:
    """Run the demonstration; 0 if the crisis was noticed in time, rose, and was over, and nothing else was called one.

    ``fast`` leaves out the pauses that let a person follow.
    """
    configure(LogSettings(level="error"))
    with tempfile.TemporaryDirectory(prefix="crisiswatch-demo-") as directory:
        mentions = story()
        config = set_up(Path(directory))
        screen = Screen(console, len(mentions))
        app = App(config, stream_time=True, console=_as_file(screen))
        watcher = Watcher(app.metrics)
        app.observer = watcher
        app.start()
        try:
            with screen:
                _introduce(screen, app.port)
                show = _Show(app, watcher, screen, Path(directory) / "inbox" / "feed.jsonl", fast=fast)
                finished = show.play(mentions)
            lines = summary(watcher, app.store, load(config).ruleset, len(mentions))
        finally:
            app.stop(4.0)
    good = finished and verdict(watcher).good
    console.print(Panel("\n".join(lines), title=" What happened ", title_align="left", padding=(1, 2)), markup=False)
    console.print(
        "The crisis was noticed, followed and let go." if good else "The crisis was NOT handled as it should."
    )
    return 0 if good else 1


def _as_file(screen: Screen) -> TextIO:
    return screen.paper  # type: ignore[return-value]


def _introduce(screen: Screen, port: int) -> None:
    screen.say("Ombralta makes coffee machines. It does not exist; the daemon that watches over it is the real one.")
    screen.say(f"Two weeks from {clock_words(START)} pass in half a minute. Its pages: http://127.0.0.1:{port}/", "dim")
    screen.say("")


@dataclass(slots=True)
class _Step:
    """A stretch of the story that is fed at once."""

    end: datetime
    close: bool
    chapters: list[Chapter]


def _steps() -> list[_Step]:
    """Three hours at a time, and some minutes at a time around the crisis."""
    crisis = next(chapter for chapter in CHAPTERS if chapter.name == "crisis")
    close_from, close_to = crisis.start - timedelta(minutes=30), crisis.end + timedelta(hours=1.5)
    steps, at = [], START
    while at <= END:
        close = close_from <= at < close_to
        end = at + (CLOSE_STEP if close else CALM_STEP)
        if not close and at < close_from < end:
            end = close_from
        steps.append(_Step(end, close, [each for each in CHAPTERS if at <= each.start < end]))
        at = end
    return steps


class _Show:
    """One performance: what is fed, how fast, and what is printed meanwhile."""

    def __init__(self, app: App, watcher: Watcher, screen: Screen, feed: Path, *, fast: bool) -> None:
        self._app = app
        self._watcher = watcher
        self._screen = screen
        self._feed = feed
        self._fast = fast
        self._never = threading.Event()
        self._fed = 0

    def play(self, mentions: Sequence[Mention]) -> bool:
        """Feed everything and wait until the daemon is done with it; False if it never is."""
        for step in _steps():
            first = self._fed
            while self._fed < len(mentions) and _arrival(mentions[self._fed]) < step.end:
                self._fed += 1
            self._append(mentions[first : self._fed])
            for chapter in step.chapters:
                self._screen.say(f"{clock_words(chapter.start)}  {chapter.words}", "italic dim")
            if not self._keep_up(CLOSE_LAG if step.close else CALM_LAG):
                return False
            if step.close:  # what is told at once is seen before the next minutes take its place
                self._wait(lambda: not self._app.owes(), 2.0)
            self._show(step.end, pause=CLOSE_PAUSE if step.close else 0.0)
        return self._keep_up(0) and self._close(END + timedelta(hours=1))

    def _append(self, mentions: Sequence[Mention]) -> None:
        with self._feed.open("a", encoding="utf-8") as file:
            file.writelines(f"{as_line(mention)}\n" for mention in mentions)

    def _keep_up(self, lag: int) -> bool:
        """Wait until the engine is at most ``lag`` mentions behind; False if it stands still."""
        patience, before = PATIENCE, self._watcher.taken
        while self._fed - self._watcher.taken > lag:
            self._app.look_now()
            self._never.wait(0.03)
            patience = PATIENCE if self._watcher.taken != before else patience - 0.03
            before = self._watcher.taken
            if patience < 0 or not self._app.worker.alive():
                return False
        return True

    def _close(self, at: datetime) -> bool:
        """Let the last minutes end, and the last messages go out."""

        def job(pipeline: Pipeline) -> Result:
            return pipeline.tick(at)

        ticket = self._app.worker.submit("tick", job, seconds=5.0)
        if ticket is None or ticket.wait(PATIENCE) is None:
            return False
        done = self._wait(self._app.settled, 10.0)
        self._show(END, pause=0.0)
        return done

    def _wait(self, done: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is so; False if it is not within ``seconds``."""
        while not done():
            seconds -= 0.05
            if seconds < 0:
                return False
            self._never.wait(0.05)
        return True

    def _show(self, when: datetime, *, pause: float) -> None:
        self._screen.move(min(when, END), self._watcher.taken, self._watcher.meter)
        for effect in self._watcher.news():
            if isinstance(effect, BlindChanged):
                blind = effect.blind
                if blind.until is None:
                    words = f"{blind.source} has not said a word since {clock_words(blind.since)}: BLIND, not calm"
                else:
                    words = f"{blind.source} speaks again since {clock_words(blind.until)}"
                self._screen.say(f"{clock_words(effect.at)}  {words}", "bold yellow")
        lines = self._screen.panels()
        if not self._fast:
            self._never.wait(pause + min(lines * 0.045, 2.5))


def _arrival(mention: Mention) -> datetime:
    return mention.received_at or mention.created_at
