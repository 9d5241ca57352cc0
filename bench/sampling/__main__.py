"""`python -m bench.sampling`: what a budget for X buys in crises found, how soon, at equal false alarms.

Brands are followed for a week that is learned from and a month that is judged. Beside the plan there are everything
read, nothing read, the same money spent at one flat rate, and the plan's posts alone, each as often as it weighs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.detector.__main__ import seeds
from bench.detector.evaluate import Outcome, evaluate, sweep
from bench.detector.ours import OurScorer, stated
from bench.detector.simulator import simulate
from bench.detector.stream import BINS_PER_DAY, BrandStream, Floats
from bench.detector.work import progress, spread
from bench.sampling.month import Seen, counts_only, everything, flat, planned, weighed

BUDGETS = (25.0, 50.0, 100.0, 200.0, 400.0)
ALL, NONE = "everything read", "counts only"
DAYS = 37
PLANS: dict[str, Callable[[BrandStream, float, int], Seen]] = {
    "plan": planned,
    "flat rate": flat,
    "plan, weights alone": weighed,
}


@dataclass(frozen=True, slots=True)
class Task:
    """One ``way`` of reading, on the brands of one seed; ``budget`` is a month's US dollars, None for none."""

    way: str
    seed: int
    days: int
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    scores: list[Floats]
    seen: list[Seen]


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    days, budgets = (14, BUDGETS[2:3]) if given.quick else (DAYS, given.budgets)
    chosen = given.dev_seeds if given.dev else given.seeds
    ways = [(ALL, None), *((way, budget) for way in PLANS for budget in budgets), (NONE, None)]
    began = time.monotonic()
    rows = [_row(way, budget, chosen, days, given.jobs) for way, budget in ways]
    print("# A budget for X" + (" (quick: no figure here is worth quoting)" if given.quick else ""))
    brands = f"{12 * len(chosen)} invented brands for {days} days, seeds {chosen}"
    print(f"\n{brands}; one false alarm a brand-month for all.\n")
    _print(rows)
    wrong = [row["name"] for row in rows if row["budget"] is not None and row["dearest_month"] > row["budget"] + 1e-6]
    for name in wrong:
        print(f"\nMISSED: {name} spent more than its budget in a month")
    print(f"\n({time.monotonic() - began:.0f} s)")
    if given.json is not None:
        result = {"seeds": list(chosen), "days": days, "quick": given.quick, "rows": rows, "wrong": wrong}
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 1 if wrong else 0


def _row(way: str, budget: float | None, chosen: Sequence[int], days: int, jobs: int) -> dict[str, Any]:
    tasks = [Task(way, seed, days, budget) for seed in chosen]
    name = way if budget is None else f"{way}, ${budget:g}"
    done = list(progress(spread(_do, tasks, jobs), len(tasks), name))
    streams = [stream for seed in chosen for stream in simulate(seed, days)]
    scores = [score for each in done for score in each.scores]
    seen = [one for each in done for one in each.seen]
    costs = np.array([one.cost for one in seen])
    outcome = sweep(streams, scores, [1.0])[0]
    by_rate = {
        f"{rate:g}": {
            "cost": float(np.mean([cost for cost, stream in zip(costs, streams, strict=True) if stream.rate == rate])),
            "recall": outcome.by_rate.get(rate, float("nan")),
        }
        for rate in sorted({stream.rate for stream in streams})
    }
    busy = [at for at, stream in enumerate(streams) if stream.rate >= 150]
    intervals = sum(one.intervals for one in seen)
    return {
        "name": name,
        "way": way,
        "budget": budget,
        "cost": float(costs.mean()),
        "dearest_month": max(one.dearest for one in seen),
        "part_read": float(np.mean([one.read for one in seen])),
        "negatives": _told(seen, streams),
        "intervals": intervals,
        "held": sum(one.held for one in seen) / intervals if intervals else None,
        "at_one": outcome.as_json(),
        "stated": evaluate(streams, scores, stated(1.0)).as_json(),
        "busy": _busy(busy, streams, scores, outcome),
        "by_rate": by_rate,
    }


def _told(seen: Sequence[Seen], streams: Sequence[BrandStream]) -> float:
    """How many negatives were reckoned for each that there was, once the first week had brought something to read."""
    late = slice(7 * BINS_PER_DAY, None)
    true = sum(float(stream.negative[late].sum()) for stream in streams)
    return sum(float(one.stream.negative[late].sum()) for one in seen) / true if true else float("nan")


def _busy(
    busy: Sequence[int], streams: Sequence[BrandStream], scores: Sequence[Floats], outcome: Outcome
) -> float | None:
    """The crises found at the same threshold among brands with 150 mentions an hour and more; None without such."""
    if not busy:
        return None
    return evaluate([streams[at] for at in busy], [scores[at] for at in busy], outcome.threshold).recall


def _do(task: Task) -> Done:
    scorer = OurScorer(grave=False)
    done = Done([], [])
    for number, stream in enumerate(simulate(task.seed, task.days)):
        if task.budget is None:
            seen = everything(stream) if task.way == ALL else counts_only(stream)
        else:
            seen = PLANS[task.way](stream, task.budget, 1000 * task.seed + number)
        done.scores.append(_when_told(scorer(seen.stream), seen))
        done.seen.append(replace(seen, stream=replace(seen.stream, mean_total=None, mean_negative=None)))
    return done


def _when_told(scores: Floats, seen: Seen) -> Floats:
    """Each score at the bin at whose end it could be known."""
    told = np.zeros_like(scores)
    np.maximum.at(told, seen.told, scores)
    return told


def _print(rows: Sequence[dict[str, Any]]) -> None:
    heads = ("reading", "$ a brand-month (dearest)", "posts read", "recall", "median / p90 min", "within 60 min")
    more = ("recall, 150 an hour and more", "false alarms at the stated one", "negatives told / true", "intervals held")
    print(f"| {' | '.join((*heads, *more))} |")
    print("| --- |" + " --- |" * (len(heads) + len(more) - 1))
    for row in rows:
        cost = f"{row['cost']:.0f} ({row['dearest_month']:.0f})"
        one, busy = row["at_one"], "-" if row["busy"] is None else f"{100 * row['busy']:.1f} %"
        held = "-" if row["held"] is None else f"{100 * row['held']:.1f} % of {row['intervals']}"
        print(
            f"| {row['name']} | {cost} | {100 * row['part_read']:.1f} % | {100 * one['recall']:.1f} % "
            f"| {one['median_delay'] or 0:.0f} / {one['p90_delay'] or 0:.0f} | {100 * one['within_hour']:.0f} % "
            f"| {busy} | {row['stated']['false_alarms_per_month']:.2f} | {row['negatives']:.2f} | {held} |"
        )
    print("\n| mentions an hour | " + " | ".join(row["name"] for row in rows) + " |")
    print("| --- |" + " --- |" * len(rows))
    for rate in rows[0]["by_rate"]:
        cells = [f"{100 * row['by_rate'][rate]['recall']:.0f} %, ${row['by_rate'][rate]['cost']:.0f}" for row in rows]
        print(f"| {rate} | " + " | ".join(cells) + " |")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.sampling", description=__doc__)
    parser.add_argument("--seeds", type=seeds, default=seeds("100-103"), help="of what is judged (100-103)")
    parser.add_argument("--dev-seeds", type=seeds, default=seeds("0-1"), help="of what is tuned on (0-1)")
    parser.add_argument("--dev", action="store_true", help="judge on the development seeds")
    parser.add_argument("--budgets", type=_budgets, default=BUDGETS, help="US dollars a month (25,50,100,200,400)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="very little of everything, to see that it works")
    parser.add_argument("--json", type=Path, help="also write the results here")
    return parser


def _budgets(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
