"""The replay with stopwatches in it: a few wrapped calls, so that what is measured is hardly slowed by measuring."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

from crisiswatch import pipeline
from crisiswatch.model import Mention, Refused
from crisiswatch.replay import Report
from crisiswatch.store import Store

__all__ = ["Measured", "stopwatches"]

SAMPLES = 20


@dataclass(slots=True)
class Measured:
    """Seconds by stage; and (mentions, MiB, seconds) twenty times on the way."""

    total: int
    stages: dict[str, float] = field(default_factory=dict)
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    started: float = field(default_factory=time.perf_counter)

    def observe(self, read: int, _: Report) -> None:
        """Sample the memory after each twentieth of the stream."""
        if read >= self.total * (len(self.curve) + 1) / SAMPLES:
            self.curve.append((read, round(resident(), 1), round(time.perf_counter() - self.started, 2)))

    def reading(self, stream: Iterable[Mention | Refused]) -> Iterator[Mention | Refused]:
        """Pass the stream on, and count the time that reading it takes, in slices so that the clock costs nothing."""
        source, clock = iter(stream), time.process_time
        while True:
            began = clock()
            slice_ = list(islice(source, 500))
            self.stages["read"] += clock() - began
            if not slice_:
                return
            yield from slice_

    @property
    def growth(self) -> float:
        """MiB more at the end than after a quarter."""
        quarter = self.curve[max(len(self.curve) // 4 - 1, 0)][1]
        return self.curve[-1][1] - quarter

    @property
    def peak(self) -> float:
        """MiB, at most, ever."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident() -> float:
    """Memory of this process now, MiB, without the pages of the database's file that are mapped and can be dropped."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


@contextmanager
def stopwatches(measured: Measured) -> Iterator[None]:
    """Have the stages of the pipeline timed while this is open."""
    with ExitStack() as stack:
        watched: tuple[tuple[str, Any, str], ...] = (
            ("dedupe", Store, "known"),
            ("match", pipeline.Pipeline, "_matched"),
            ("score", pipeline, "score_mentions"),
            ("engine", pipeline, "fold"),
            ("engine", pipeline, "encode"),
            ("store", Store, "commit"),
        )
        for stage, owner, name in watched:
            timed = _timed(measured.stages, stage, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, timed))
        yield


def _timed(stages: dict[str, float], stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
    clock = time.process_time
    stages.setdefault(stage, 0.0)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        began = clock()
        try:
            return call(*args, **kwargs)
        finally:
            stages[stage] += clock() - began

    return wrapped
