"""How fast each system is and what memory it takes: each in a process of its own, on one core, one thread.

Rates are texts a second of processor time, so that what else runs on the machine does not count. Loading is told in
seconds of processor time and by the clock, from the first import to the first score of a text with a language tag, and
of one without, which loads the language finder too. The texts that are timed carry no tag: finding the language is in
the rates. Memory is the peak of the whole process, interpreter included.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["measure"]

_BATCH = 64
_ROOT = Path(__file__).resolve().parents[2]
_ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def measure(folder: Path, names: list[str], quick: bool = False) -> dict[str, Any]:
    """System -> its speeds, or ``{"skipped": reason}``."""
    return {name: _measure_one(folder, name, 0.2 if quick else 3.0) for name in names}


def _measure_one(folder: Path, name: str, seconds: float) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.sentiment.speed", str(folder), name, str(seconds)],
        cwd=_ROOT,
        env={**os.environ, **_ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"skipped": done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _child(folder: Path, name: str, seconds: float) -> None:
    started, busy = time.perf_counter(), time.process_time()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from bench.sentiment.rivals import SYSTEMS, Unavailable
    from crisiswatch.model import Text

    try:
        score = SYSTEMS[name]()
    except Unavailable as error:
        print(json.dumps({"skipped": str(error)}))
        return
    score([Text("il treno è in ritardo, che vergogna", "it")])
    loaded, loaded_cpu = time.perf_counter() - started, time.process_time() - busy
    score([Text("il treno è in ritardo, che vergogna")])
    loaded_finder, loaded_finder_cpu = time.perf_counter() - started, time.process_time() - busy
    texts = _distinct(folder)
    rates, at = {}, 0
    for size in (1, _BATCH):
        done, from_ = 0, time.process_time()
        while (spent := time.process_time() - from_) < seconds:
            score(texts[at : at + size])
            done += size
            at = (at + size) % (len(texts) - size)
        rates[size] = done / spent
    print(
        json.dumps(
            {
                "one_by_one": rates[1],
                "in_batches": rates[_BATCH],
                "load_s": loaded,
                "load_cpu_s": loaded_cpu,
                "load_with_finder_s": loaded_finder,
                "load_with_finder_cpu_s": loaded_finder_cpu,
                "peak_mb": _peak_mb(),
            }
        )
    )


def _distinct(folder: Path) -> list[Any]:
    """Texts in all languages and in no order, none twice: of one that was seen, the encoder remembers the vector."""
    from bench.sentiment.data import VALIDATION, load
    from crisiswatch.model import Text

    texts = list(dict.fromkeys((*load(folder, VALIDATION).texts, *load(folder, "umsab-train").texts)))
    random.Random(1).shuffle(texts)
    return [Text(text) for text in texts]


def _peak_mb() -> float | None:
    """The most this process ever held; getrusage would tell the parent's, which outlives an exec."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    lines = [line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024


if __name__ == "__main__":
    _child(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
