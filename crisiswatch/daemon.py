"""`crisiswatch run`: an `App` under signals and supervision.

SIGTERM and SIGINT drain and end the process within ten seconds whatever a library does; SIGHUP reloads; SIGUSR1 looks
at every source at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import structlog

from crisiswatch.app import App
from crisiswatch.logs import configure

__all__ = ["run"]

GRACE = 8.0
HARD_LIMIT = 9.5
SUPERVISE_EVERY = 0.5
log = structlog.get_logger("crisiswatch.daemon")


def run(config: Path, *, stream_time: bool = False, port_file: Path | None = None) -> int:
    """Run until a signal; returns the exit code: 0 after a clean stop, 2 if it had to give up.

    ``port_file`` is written with the web server's port once requests are answered.
    """
    app = App(config, stream_time=stream_time)
    configure(app.log_settings)
    wishes = _Wishes()
    app.start()
    if port_file is not None:
        _write_whole(port_file, f"{app.port}\n")
    code = _supervise(app, wishes)
    # A library's thread that hangs (a pool's workers are joined at exit) must not hold up the end.
    guard = threading.Timer(HARD_LIMIT, os._exit, (code,))
    guard.daemon = True
    guard.start()
    app.stop(GRACE)
    guard.cancel()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


class _Wishes:
    """What signals asked for. Handlers only set flags: nothing else is safe in them."""

    def __init__(self) -> None:
        self.stop = False
        self.reload = False
        self.look = False
        self._wake = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._on_reload)
            signal.signal(signal.SIGUSR1, self._on_look)

    def wait(self, seconds: float) -> None:
        """Sleep until a signal comes, or for ``seconds``."""
        self._wake.wait(seconds)
        self._wake.clear()

    def _on_stop(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.stop = True
        self._wake.set()

    def _on_reload(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.reload = True
        self._wake.set()

    def _on_look(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.look = True
        self._wake.set()


def _supervise(app: App, wishes: _Wishes) -> int:
    reloading: threading.Thread | None = None
    while not wishes.stop:
        wishes.wait(SUPERVISE_EVERY)
        if wishes.reload and (reloading is None or not reloading.is_alive()):
            # On a thread of its own: it waits for receivers, and a signal to stop must not wait with it.
            wishes.reload = False
            log.info("reloading")
            reloading = threading.Thread(target=app.reload, name="reload", daemon=True)
            reloading.start()
        if wishes.look:
            wishes.look = False
            app.look_now()
        if app.fenced_out:
            log.error("fenced_out", why="another crisiswatch has taken over this store")
            return 2
        if not app.worker.alive():
            log.error("engine_died", why="its thread ended; the supervisor of this process should start it again")
            return 2
    log.info("stopping")
    return 0


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is there as a whole or not at all."""
    draft = path.with_name(f"{path.name}.part")
    draft.write_text(text)
    draft.replace(path)
