"""`python -m bench.detector`: the detector on invented brands, published series and recorded streams, beside others."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.detector import ablation, asked, calibration, real, simulated, speed, tweets
from bench.detector.goals import goals, print_goals
from bench.detector.ours import NAME
from bench.detector.report import print_part
from bench.detector.work import FULL, QUICK, Size
from crisiswatch.detector.surge import Surge

HERE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
RECORDED = tuple(each.file for each in (real.SPOTIFY, real.UNITED))


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    seeds: tuple[int, ...]
    dev_seeds: tuple[int, ...]
    nab: Path
    nab_thresholds: Path | None
    streams: Path
    jobs: int
    size: Size

    @property
    def has_nab(self) -> bool:
        return (self.nab / "windows.json").exists()

    @property
    def has_streams(self) -> bool:
        return all((self.streams / name).exists() for name in RECORDED)


def _speed(options: Options) -> dict[str, Any]:
    rows = speed.measure(options.size.seconds, {NAME: Surge})
    return {"rows": [asdict(row) for row in rows], "stored_bytes": _stored_bytes()}


def _stored_bytes() -> int:
    """Bytes of a series' numbers in the store's JSON, which writes whole ones short, after three weeks."""
    model = Surge()
    for x in speed.stream():
        model.learn_one(x)
    numbers = [int(value) if value == int(value) else value for value in model.state]
    return len(json.dumps(numbers, separators=(",", ":")).encode())


def _nab(options: Options) -> dict[str, Any]:
    given = None if options.nab_thresholds is None else tweets.thresholds_in(options.nab_thresholds)
    return tweets.measure(options.nab, given, options.size, options.jobs)


PARTS: dict[str, Callable[[Options], Any]] = {
    "simulator": lambda o: simulated.measure(o.seeds, o.dev_seeds, o.size, o.jobs),
    "trials": lambda o: asked.measure(o.seeds, o.size, o.jobs),
    "calibration": lambda o: calibration.measure(o.seeds, o.size, o.jobs),
    "nab": _nab,
    "streams": lambda o: real.measure(o.streams),
    "speed": _speed,
    "ablation": lambda o: ablation.measure(o.dev_seeds, o.nab if o.has_nab else None, o.size, o.jobs),
}


def main(arguments: list[str] | None = None) -> int:
    parser = _parser()
    given = parser.parse_args(arguments)
    options = Options(
        given.seeds, given.dev_seeds, given.nab, given.nab_thresholds, given.streams, given.jobs,
        QUICK if given.quick else FULL,
    )  # fmt: skip
    asked_for = given.parts or tuple(PARTS)
    absent = _absent(options)
    for name in asked_for:
        if name in absent:
            print(f"{name}: left out, {absent[name]}", file=sys.stderr)
    if given.parts and all(name in absent for name in given.parts):
        return 2
    parts: dict[str, Any] = {}
    result: dict[str, Any] = {"seeds": options.seeds, "dev_seeds": options.dev_seeds, "quick": given.quick}
    print("# The detector" + (" (quick: no figure here is worth quoting)" if given.quick else ""))
    for name in [each for each in PARTS if each in asked_for and each not in absent]:
        began = time.monotonic()
        parts[name] = PARTS[name](options)
        print_part(name, parts[name])
        print(f"\n({name}: {time.monotonic() - began:.0f} s)", flush=True)
        reached = goals(parts)
        if given.json is not None:
            written = {**result, "parts": parts, "goals": [goal.as_json() for goal in reached]}
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    print_goals(reached)
    return 0 if all(goal.met for goal in reached) else 1


def _absent(options: Options) -> dict[str, str]:
    """The parts that cannot be measured, and why."""
    absent = {}
    if not options.has_nab:
        absent["nab"] = f"there are no series in {options.nab}"
    if not options.has_streams:
        absent["streams"] = f"the recordings are not in {options.streams}"
    return absent


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.detector", description=__doc__)
    parser.add_argument("--parts", type=_parts, help=f"some of {','.join(PARTS)} (all)")
    parser.add_argument("--seeds", type=seeds, default=seeds("100-109"), help="of what is judged (100-109)")
    parser.add_argument("--dev-seeds", type=seeds, default=seeds("0-3"), help="of what is tuned on (0-3)")
    parser.add_argument("--nab", type=Path, default=HERE / "nab-tweets", help="*.csv and windows.json (%(default)s)")
    parser.add_argument("--nab-thresholds", type=Path, help="also judge with the thresholds in an earlier run's JSON")
    parser.add_argument("--streams", type=Path, default=HERE, help="where the recordings are (%(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="very little of everything, to see that it works")
    parser.add_argument("--json", type=Path, help="also write the results here")
    return parser


def _parts(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no part is called {', '.join(unknown)}: there are {', '.join(PARTS)}")
    return names


def seeds(text: str) -> tuple[int, ...]:
    """Seeds as written on the command line: ``100-109`` or ``0,3,5-7``."""
    found: list[int] = []
    for piece in text.split(","):
        written = re.fullmatch(r"(\d+)(?:-(\d+))?", piece.strip())
        numbers = range(int(written[1]), int(written[2] or written[1]) + 1) if written else range(0)
        if not numbers:
            raise argparse.ArgumentTypeError(f"{text!r} are no seeds: write them as 100-109 or 0,3,5-7")
        found.extend(numbers)
    return tuple(found)


if __name__ == "__main__":
    sys.exit(main())
