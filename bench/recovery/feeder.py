"""Feeds the rounds, one by one, to whatever daemon is alive: a round is over when both halves of it are committed."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bench.recovery.stream import Round
from bench.recovery.world import SECRET, Daemon, World
from crisiswatch.sources.webhook import sign

__all__ = ["Feeder"]

ROUNDS_A_FILE = 40
STUCK = 60.0  # seconds for one round


class Feeder(threading.Thread):
    """Runs on its own thread. ``daemon`` gives the present life, ``may_go`` says whether a round may begin yet."""

    def __init__(
        self, world: World, rounds: Sequence[Round], daemon: Callable[[], Daemon], may_go: Callable[[int], bool]
    ) -> None:
        super().__init__(name="feeder", daemon=True)
        self._world = world
        self._rounds = rounds
        self._daemon = daemon
        self._may_go = may_go
        self.done = 0
        self.resent = 0
        self.problem = ""

    def run(self) -> None:
        try:
            for each in self._rounds:
                while not self._may_go(each.number):
                    time.sleep(0.01)
                self._write(each)
                self._post(each)
                self._await(each)
                self.done = each.number + 1
        except TimeoutError as error:
            self.problem = str(error)

    def _write(self, each: Round) -> None:
        """Append to the file, with a pause in the middle of the last line now and then."""
        path = self._world.directory / "inbox" / f"export-{each.number // ROUNDS_A_FILE:04}.jsonl"
        data = "".join(f"{line}\n" for line in each.lines).encode()
        cut = len(data) - 20 if each.number % 9 == 4 else len(data)
        with path.open("ab") as file:
            file.write(data[:cut])
            file.flush()
            if cut < len(data):
                self._daemon().look()
                time.sleep(0.02)
                file.write(data[cut:])
        self._daemon().look()

    def _post(self, each: Round) -> None:
        """Send the signed batch until the answer is 202, whatever happens in between."""
        body = ("[" + ",".join(each.posted) + "]").encode()
        until, tries = time.monotonic() + STUCK, 0
        while time.monotonic() < until:
            tries += 1
            if self._post_once(body) == 202:
                self.resent += tries > 1
                return
            time.sleep(0.02)
        raise TimeoutError(f"round {each.number} was not taken by the webhook")

    def _post_once(self, body: bytes) -> int:
        port = self._daemon().port
        if not port:
            return 0
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5.0)
        try:
            headers = {"X-Crisiswatch-Signature": sign(SECRET, body, datetime.now(UTC))}
            connection.request("POST", "/hooks/desk", body, {**headers, "Content-Type": "application/json"})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def _await(self, each: Round) -> None:
        """Wait until the store has the last mention of both halves."""
        until, looked = time.monotonic() + STUCK, 0.0
        while time.monotonic() < until:
            found = self._world.query("SELECT count(*) FROM mention WHERE uid IN (?, ?)", *each.last)
            if found and found[0][0] == 2:
                return
            if time.monotonic() - looked > 0.1:
                looked = time.monotonic()
                self._daemon().look()
            time.sleep(0.005)
        raise TimeoutError(f"round {each.number} never came into the store")
