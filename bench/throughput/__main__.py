"""`python -m bench.throughput`: a large recorded stream through the whole path, one process, SQLite on disk."""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench.throughput.made import brand_names, write_stream
from bench.throughput.measure import Measured, stopwatches
from crisiswatch.config import load, write_starter
from crisiswatch.replay import Replay, Report
from crisiswatch.sentiment import scorer
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import Store
from crisiswatch.wiring import plan_for

GOAL = 20_000  # mentions a second with the scorer left out
FLAT = 40.0  # MiB that may come after the first quarter, however long the stream: the database's cache fills first


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.throughput", description=__doc__)
    parser.add_argument("--mentions", type=int, default=200_000)
    parser.add_argument("--days", type=float, default=14.0, help="how long the stream lasts")
    parser.add_argument("--brands", type=int, default=1)
    parser.add_argument("--scorer", choices=("none", "vader", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("--profile", action="store_true", help="also show the functions that take most (slows it down)")
    options = parser.parse_args()
    scorers = ("none", "vader") if options.scorer == "both" else (options.scorer,)
    with tempfile.TemporaryDirectory(prefix="crisiswatch-throughput-") as scratch:
        directory = Path(scratch)
        print(f"writing {options.mentions:,} mentions over {options.days:g} days", file=sys.stderr)
        stream = directory / "stream.jsonl"
        write_stream(stream, options.mentions, days=options.days, brands=options.brands, seed=options.seed)
        results = [_measure(directory, stream, name, options) for name in scorers]
    for result in results:
        _print(result)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    return 0 if all(result["flat"] for result in results) else 1


def _measure(directory: Path, stream: Path, name: str, options: argparse.Namespace) -> dict[str, object]:
    config = _config(directory, options.brands)
    plan = replace(plan_for(load(config)), scorer=scorer(name))
    measured = Measured(options.mentions)
    profile = cProfile.Profile() if options.profile else None
    with Store.open(f"sqlite:///{directory}/{name}.db") as store, stopwatches(measured):
        began, began_cpu = time.perf_counter(), time.process_time()
        if profile is not None:
            profile.enable()
        with arrivals([stream], source="made", now=datetime.now(UTC), folder=directory) as found:
            measured.stages["read"] = time.process_time() - began_cpu  # its first pass, over the lines' times
            replay = Replay(store, plan, observe=measured.observe)
            report = replay.run(measured.reading(found), monotonic=time.perf_counter)
        if profile is not None:
            profile.disable()
        seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    if profile is not None:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("tottime").print_stats(30)
    return _result(name, options, measured, report, (seconds, cpu))


def _config(directory: Path, brands: int) -> Path:
    """The starter's rules and alerts, and brands of our own."""
    names = brand_names(brands)
    listed = "\n".join(f"  - {{id: {each.lower()}, name: {each}}}" for each in names)
    config = write_starter(directory)
    config.write_text(
        f"version: 1\nbrands:\n{listed}\nreceivers:\n  - {{id: console, type: console}}\n"
        "routes:\n  - {receivers: [console]}\nsentiment: {scorer: none}\n"
    )
    return config


def _result(
    name: str, options: argparse.Namespace, measured: Measured, report: Report, took: tuple[float, float]
) -> dict[str, object]:
    seconds, cpu = took
    stages = {stage: round(spent, 2) for stage, spent in measured.stages.items()}
    stages["rest"] = round(cpu - sum(measured.stages.values()), 2)
    stages["waiting"] = round(seconds - cpu, 2)  # for the disk, and for a processor that others use too
    return {
        "scorer": name,
        "mentions": report.mentions,
        "days": options.days,
        "brands": options.brands,
        "incidents": len(report.incidents),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "per_second": round(report.mentions / seconds),
        "per_cpu_second": round(report.mentions / cpu),
        "stages": stages,
        "peak_mib": round(measured.peak, 1),
        "memory_curve": measured.curve,
        "memory_growth_mib": round(measured.growth, 1),
        "flat": measured.growth <= FLAT,
    }


def _print(result: dict[str, object]) -> None:
    stages, curve = result["stages"], result["memory_curve"]
    assert isinstance(stages, dict)
    assert isinstance(curve, list)
    seconds, mentions = float(str(result["seconds"])), int(str(result["mentions"]))
    goal = f" (the goal is {GOAL:,})" if result["scorer"] == "none" else ""
    print(
        f"\nscorer {result['scorer']}: {mentions:,} mentions of {result['brands']} brands over {result['days']:g} days"
    )
    print(f"  {result['per_second']:,} mentions a second{goal}, {seconds:.1f} s, {result['incidents']} incidents")
    print(f"  {result['per_cpu_second']:,} a second of the processor's time ({result['cpu_seconds']} s)")
    print(f"  {'stage':<10}{'seconds':>9}{'share':>8}{'us each':>9}")
    for stage, spent in stages.items():
        print(f"  {stage:<10}{spent:>9.2f}{spent / seconds:>8.0%}{spent / max(mentions, 1) * 1e6:>9.1f}")
    print(f"  peak memory {result['peak_mib']} MiB; after a quarter and at the end: {_quarter(curve)}", end="")
    print(f" ({'flat' if result['flat'] else 'NOT FLAT'})")
    print("  memory, MiB, each twentieth: " + " ".join(f"{mib:.0f}" for _, mib, _ in curve))


def _quarter(curve: list[tuple[int, float, float]]) -> str:
    return f"{curve[max(len(curve) // 4 - 1, 0)][1]:.0f} and {curve[-1][1]:.0f} MiB"


if __name__ == "__main__":
    sys.exit(main())
