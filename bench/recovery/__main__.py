"""`python -m bench.recovery`: kill the daemon again and again, and hold what it did against an undisturbed run."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from bench.recovery.compare import compare, deliveries
from bench.recovery.run import Outcome, run
from bench.recovery.stream import LEARNING, TAIL, make_rounds

KILLS, SHORT = 100, 12


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.recovery", description=__doc__)
    parser.add_argument("--short", action="store_true", help=f"{SHORT} kills instead of {KILLS}")
    parser.add_argument("--kills", type=int, help="how many kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="also write the results here")
    parser.add_argument("--keep", type=Path, help="leave stores, journals and logs in this directory")
    options = parser.parse_args()
    kills = options.kills if options.kills is not None else SHORT if options.short else KILLS
    with tempfile.TemporaryDirectory(prefix="crisiswatch-recovery-") as scratch:
        return _bench(options.keep or Path(scratch), kills, options.seed, options.json)


def _bench(directory: Path, kills: int, seed: int, file: Path | None) -> int:
    rounds = make_rounds(LEARNING + TAIL + max(3 * kills, 80), seed)
    print(f"{len(rounds)} rounds of five minutes, seed {seed}; first a run that nobody disturbs", file=sys.stderr)
    calm = run(directory / "calm", rounds, kills=0, seed=seed, tell=_tell)
    print(f"that took {calm.seconds:.1f} s; now {kills} times kill -9", file=sys.stderr)
    killed = run(directory / "killed", rounds, kills=kills, seed=seed, tell=_tell)
    result = _result(calm, killed, kills, seed)
    _print(result)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(result, indent=2) + "\n")
    return 1 if result["failures"] else 0


def _tell(line: str) -> None:
    end = "\r" if sys.stderr.isatty() else "\n"
    print(f"  {line}   ", end=end, file=sys.stderr, flush=True)


def _result(calm: Outcome, killed: Outcome, kills: int, seed: int) -> dict[str, object]:
    counts, failures = compare(calm.world, killed.world)
    sent = {"undisturbed": deliveries(calm.world), "killed": deliveries(killed.world)}
    for name, run_ in (("undisturbed", calm), ("killed", killed)):
        found = sent[name]
        failures += [f"{name}: {problem}" for problem in run_.problems]
        failures += [f"{name}: not delivered: {each}" for each in found.unsent]
        failures += [f"{name}: said to be sent, but never arrived: {each}" for each in found.missing]
        failures += [f"{name}: unexplained duplicate: {each}" for each in found.unexplained]
    if sum(killed.kills.values()) < kills:
        failures.append(f"only {sum(killed.kills.values())} of {kills} kills happened")
    return {
        "seed": seed,
        "kills": dict(killed.kills),
        "seconds": {"undisturbed": round(calm.seconds, 1), "killed": round(killed.seconds, 1)},
        "startup_seconds": round(statistics.median(killed.startup), 2) if killed.startup else None,
        "batches_sent_again": killed.resent,
        "same": counts,
        "deliveries": {name: asdict(found) for name, found in sent.items()},
        "failures": failures,
    }


def _print(result: dict[str, object]) -> None:
    kills, same, sent = result["kills"], result["same"], result["deliveries"]
    assert isinstance(kills, dict)
    assert isinstance(same, dict)
    assert isinstance(sent, dict)
    print(f"\nkilled {sum(kills.values())} times: " + ", ".join(f"{number} {kind}" for kind, number in kills.items()))
    print(f"seconds: {result['seconds']}, start-up {result['startup_seconds']}, batches sent again:", end=" ")
    print(f"{result['batches_sent_again']}\n")
    print(f"{'compared':<28}{'how many':>10}")
    for name, number in same.items():
        print(f"  {name:<26}{number:>10}")
    print(f"\n{'deliveries':<28}{'undisturbed':>12}{'killed':>12}")
    for name in ("owed", "arrived", "superseded", "later", "uncertain", "duplicates", "edits"):
        print(f"  {name:<26}{sent['undisturbed'][name]:>12}{sent['killed'][name]:>12}")
    where = ", ".join(f"{number} in {name}" for name, number in sent["killed"]["duplicates_in"].items())
    print(f"\nduplicates, each of a message whose fate was unknown: {where or 'none'}")
    failures = result["failures"]
    assert isinstance(failures, list)
    print("\n" + ("\n".join(f"FAILED  {each}" for each in failures) or "no difference, nothing lost"))


if __name__ == "__main__":
    sys.exit(main())
