"""One run over the stream: undisturbed, or with kills."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.recovery.feeder import Feeder
from bench.recovery.stream import Round
from bench.recovery.world import DELAY, Daemon, Fakes, World

__all__ = ["Outcome", "run"]

QUIET_AFTER = 90.0  # seconds for the last messages to go out
STARTING = 1.6  # seconds in which a daemon is still starting, about
READY_WITHIN = 60.0
OWED = (
    "SELECT count(*) FROM outbox WHERE status = 'leased' OR (status = 'pending' AND (attempts > 0 OR not_before <= ?))"
)
"""Messages that are due: a reminder that waits for its turn is no reason to wait."""
KINDS = (("any moment", 0.45), ("while starting", 0.15), ("while a message is under way", 0.4))


@dataclass(slots=True)
class Outcome:
    """What one run was like; what it came to is in its ``world``."""

    world: World
    kills: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    resent: int = 0
    startup: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run(directory: Path, rounds: Sequence[Round], *, kills: int, seed: int, tell: Callable[[str], None]) -> Outcome:
    """Feed ``rounds`` to a daemon that is killed ``kills`` times on the way, until everything is decided and sent."""
    outcome = Outcome(World(directory))
    started = time.monotonic()
    with Fakes(outcome.world):
        _Run(outcome, rounds, kills, random.Random(seed), tell).play()
    outcome.seconds = time.monotonic() - started
    return outcome


class _Run:
    def __init__(
        self, outcome: Outcome, rounds: Sequence[Round], kills: int, chance: random.Random, tell: Callable[[str], None]
    ) -> None:
        self._outcome = outcome
        self._world = outcome.world
        self._rounds = rounds
        self._kills = kills
        self._chance = chance
        self._tell = tell
        self._killed = 0
        self._daemon = Daemon(self._world)
        self._feeder = Feeder(self._world, rounds, lambda: self._daemon, self._may_go)

    def play(self) -> None:
        self._feeder.start()
        try:
            while self._killed < self._kills and not self._feeder.problem:
                self._kill_once()
            self._finish()
        finally:
            self._daemon.kill()

    def _may_go(self, number: int) -> bool:
        """Keep the stream from running out before the kills do: they are spread over all of it."""
        return self._killed >= self._kills or number < len(self._rounds) * (self._killed + 1) / (self._kills + 1)

    def _kill_once(self) -> None:
        kind = self._chance.choices([name for name, _ in KINDS], [weight for _, weight in KINDS])[0]
        if kind == "while starting":
            _sleep_until(self._daemon.born + self._chance.uniform(0.0, STARTING))
        elif not self._ready():
            return
        elif kind == "any moment":
            time.sleep(self._chance.uniform(0.0, 0.8))
        elif not self._message_under_way():
            kind = "any moment"
        if not self._daemon.kill():
            self._outcome.problems.append("a daemon ended by itself; see its log")
        self._killed += 1
        self._outcome.kills[kind] += 1
        self._tell(f"killed {self._killed} of {self._kills}, {self._feeder.done} of {len(self._rounds)} rounds")
        self._daemon = Daemon(self._world)

    def _ready(self) -> bool:
        until = time.monotonic() + READY_WITHIN
        while not self._daemon.port:
            if not self._daemon.alive or time.monotonic() > until:
                self._outcome.problems.append("a daemon did not start; see its log")
                self._feeder.problem = "no daemon"
                return False
            time.sleep(0.01)
        self._outcome.startup.append(time.monotonic() - self._daemon.born)
        return True

    def _message_under_way(self) -> bool:
        """Wait until a fake has taken a message and not said so yet; False if none comes for a while."""
        journals = (self._world.slack_journal, self._world.mail_journal)
        before = [journal.stat().st_size for journal in journals]
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            if [journal.stat().st_size for journal in journals] != before:
                time.sleep(self._chance.uniform(0.0, DELAY * 0.8))
                return True
            time.sleep(0.002)
        return False

    def _finish(self) -> None:
        if not self._feeder.problem and self._ready():
            self._feeder.join()
        self._outcome.resent = self._feeder.resent
        if self._feeder.problem:
            self._outcome.problems.append(self._feeder.problem)
            return
        until = time.monotonic() + QUIET_AFTER
        while self._world.query(OWED, self._world.look_at_the_clock()) != [(0,)]:
            if time.monotonic() > until:
                self._outcome.problems.append("messages were still waiting at the end")
                break
            time.sleep(0.05)
        code = self._daemon.end()
        if code != 0:
            self._outcome.problems.append(f"the last daemon ended with code {code} after SIGTERM")


def _sleep_until(moment: float) -> None:
    time.sleep(max(moment - time.monotonic(), 0.0))
