"""What the detector has to reach, and whether it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Goal", "goals", "print_goals"]

Part = Mapping[str, Any]

NAB_AT_LEAST = {"standard": 84.0, "reward_low_FP_rate": 79.0, "reward_low_FN_rate": 87.0}
KIB = 1024


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing to reach, the figure measured for it, and whether that is enough."""

    part: str
    goal: str
    said: str
    met: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def goals(parts: Mapping[str, Any]) -> list[Goal]:
    """The goals of the parts that were measured, in their order."""
    return [goal for name, found in parts.items() if name in _GOALS for goal in _GOALS[name](found)]


def print_goals(found: list[Goal]) -> None:
    """One line each, in the order of the parts."""
    missed = sum(not goal.met for goal in found)
    print(f"\n## Goals: {len(found) - missed} met, {missed} missed\n")
    for goal in found:
        print(f"  {'met   ' if goal.met else 'MISSED'} {goal.part}: {goal.goal}: {goal.said}")


def _simulator(found: Part) -> Iterator[Goal]:
    one, half = found["ours"]["1"], found["ours"]["0.5"]
    yield _percent("simulator", "recall at 1 false alarm a brand-month, at least 95 %", one["recall"], 0.95)
    yield _percent("simulator", "recall at 0.5, at least 90 %", half["recall"], 0.90)
    delay = one["median_delay"]
    said = "none found" if delay is None else f"{delay:.0f} min"
    yield Goal("simulator", "median delay at 1, at most 45 min", said, delay is not None and delay <= 45)
    yield _percent("simulator", "found within the hour at 1, at least 60 %", one["within_hour"], 0.60)
    yield _worst("the worst crisis shape, at least 86 %", one["by_shape"], 0.86)
    yield _worst("the worst brand size, at least 90 %", one["by_rate"], 0.90)
    best = max(found["rivals"], key=lambda row: row["at_one"]["recall"] or 0.0, default=None)
    if best is not None:
        theirs = best["at_one"]["recall"] or 0.0
        said = f"{100 * one['recall']:.1f} % against {100 * theirs:.1f} % of {best['name']} ({best['setting']})"
        yield Goal("simulator", "ahead of every other detector", said, one["recall"] > theirs)


def _worst(goal: str, recalls: Mapping[str, float], least: float) -> Goal:
    name = min(recalls, key=lambda each: recalls[each])
    return Goal("simulator", goal, f"{100 * recalls[name]:.1f} % ({name})", recalls[name] >= least)


def _trials(found: Part) -> Iterator[Goal]:
    six = found["cold"]["6"]
    yield _percent("trials", "cold start: a crisis 6 h after the first mention, at least 85 %", six["recall"], 0.85)
    flood, joy = found["flood"]["opened"]["1"], found["joy"]["opened"]["1"]
    yield Goal("trials", "a neutral flood opens in at most 5 % of trials", f"{100 * flood:.1f} %", flood <= 0.05)
    yield Goal("trials", "a positive viral moment opens in none", f"{100 * joy:.1f} %", joy == 0.0)


def _calibration(found: Part) -> Iterator[Goal]:
    for stated, row in found["pooled"].items():
        said = f"x {row['factor']:.2f} ({row['count']} in all)"
        goal = f"{stated} a month stated, within a factor of two"
        yield Goal("calibration", goal, said, 0.5 <= row["factor"] <= 2.0)
    off = [
        f"{rate} an hour at {stated}: x {row['factor']:.2f}"
        for rate, rows in found["by_rate"].items()
        for stated, row in rows.items()
        if row["high"] < 0.5 or row["low"] > 2.0
    ]
    goal = "no brand size off by more than a factor of two beyond chance (95 %)"
    yield Goal("calibration", goal, "; ".join(off) or "none is", not off)


def _nab(found: Part) -> Iterator[Goal]:
    if found["given"]:
        return  # other series: there is nothing agreed to reach
    ours = next(iter(found["detectors"].values()))["mean_of_layers"]
    for profile, least in NAB_AT_LEAST.items():
        goal = f"{profile}, mean of four layers, at least {least:g}"
        yield Goal("nab", goal, f"{ours[profile]:.1f}", ours[profile] >= least)


def _streams(found: Part) -> Iterator[Goal]:
    for brand, result in found.items():
        for each in result["goals"]:
            yield Goal("streams", f"{brand}: {each['goal']}", each["said"], each["met"])


def _speed(found: Part) -> Iterator[Goal]:
    ours = found["rows"][0]
    updates, live, kept = ours["updates_per_second"], ours["live_bytes"], found["stored_bytes"]
    yield Goal("speed", "at least 50,000 updates a second on one core", f"{updates:,.0f}", updates >= 50_000)
    yield Goal("speed", "live state at most 32 KiB", f"{live / KIB:.1f} KiB", live <= 32 * KIB)
    yield Goal("speed", "encoded state at most 8 KiB", f"{kept / KIB:.1f} KiB", kept <= 8 * KIB)


def _percent(part: str, goal: str, figure: float, least: float) -> Goal:
    return Goal(part, goal, f"{100 * figure:.1f} %", figure >= least)


_GOALS: dict[str, Callable[[Part], Iterator[Goal]]] = {
    "simulator": _simulator,
    "trials": _trials,
    "calibration": _calibration,
    "nab": _nab,
    "streams": _streams,
    "speed": _speed,
}
