"""Two recorded streams through the whole product: what the shipped rules would have opened, and what they missed.

``python -m bench.detector.real`` replays each as ``crisiswatch replay`` does, with the starter's own rules and the
default scorer and detector, and looks at nothing but the replay's report. `Recording` says what is known to have
happened in each. Times are UTC.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crisiswatch.config import load, write_starter
from crisiswatch.replay import Replay
from crisiswatch.rules.model import Block, Ruleset
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import Store
from crisiswatch.wiring import plan_for

__all__ = ["SPOTIFY", "UNITED", "Recording", "measure", "print_table", "replayed", "spotify", "united"]

Report = Mapping[str, Any]
"""What ``crisiswatch replay --format json`` prints, and ``detecting``: the ids of the rules that ask a detector."""

HERE = Path(__file__).resolve().parents[2].parent / "shared" / "data"

OUTAGE = (datetime(2017, 11, 28, 20, tzinfo=UTC), datetime(2017, 11, 29, 3, tzinfo=UTC))
GAP = (datetime(2017, 4, 10, tzinfo=UTC), datetime(2017, 4, 10, 22, 10, tzinfo=UTC))
AFTER = (GAP[1], datetime.max.replace(tzinfo=UTC))
BURSTS = (datetime(2017, 4, 8, tzinfo=UTC), datetime(2017, 4, 10, tzinfo=UTC))

MOST_FALSE_A_WEEK = 0.15
LATEST_OUTAGE = 50.0
FIRST_TICK = 5.0
"""Minutes: the detector looks every five minutes, so the first look after the gap comes within that."""
LEAST_BLIND = timedelta(hours=21)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded stream: the brand it is about, as a user would write it into the configuration, and the file."""

    brand: str
    name: str
    handle: str
    any: tuple[str, ...]
    file: str


UNITED = Recording(
    "united", "United Airlines", "@united", ("united", "unitedairlines"), "united-2017-04-06--11.jsonl.gz"
)
SPOTIFY = Recording("spotify", "Spotify", "@SpotifyCares", ("spotifycares",), "spotifycares-2017-q4.jsonl.gz")


def measure(folder: Path | str) -> dict[str, Any]:
    """Replay both recordings of ``folder`` and give the figures, every incident, and which goals are met."""
    home = Path(folder)
    return {"spotify": spotify(replayed(home, SPOTIFY)), "united": united(replayed(home, UNITED))}


def replayed(folder: Path, recording: Recording) -> dict[str, Any]:
    """Replay one recording with the starter's rules; give the report with ``detecting``, the rules with a detector."""
    with tempfile.TemporaryDirectory(prefix="crisiswatch-real-") as scratch:
        home = Path(scratch)
        loaded = load(_config(home, recording))
        with (
            Store.open(f"sqlite:///{home}/replay.db") as store,
            arrivals([folder / recording.file], source="replay", now=datetime.now(UTC), folder=home) as stream,
        ):
            report = Replay(store, plan_for(loaded)).run(stream, monotonic=time.monotonic)
    return {**report.as_json(), "detecting": sorted(_detecting(loaded.ruleset))}


def spotify(report: Report) -> dict[str, Any]:
    """Give false incidents a week and the delay of the outage: of every rule that sends, and of those with a detector.

    False is whatever opened outside 28 November 20:00 to 29 November 03:00. The delay is in minutes from 20:00.
    """
    weeks = (_time(report["last"]) - _time(report["first"])) / timedelta(days=7)
    figures = {group: _outage_figures(told, weeks) for group, told in _groups(report)}
    rate, delay = figures["detecting"]["false_a_week"], figures["detecting"]["delay_minutes"]
    goals = [
        _goal(f"at most {MOST_FALSE_A_WEEK} false incidents a week", rate <= MOST_FALSE_A_WEEK, f"{rate:.2f}"),
        _in_time(f"the outage within {LATEST_OUTAGE:.0f} min of 20:00", delay, LATEST_OUTAGE),
    ]
    return {**_common(report), "weeks": round(weeks, 2), "figures": figures, "goals": goals}


def united(report: Report) -> dict[str, Any]:
    """Give what opened after the gap, what opened on 8 and 9 April, and whether the gap was told as blind."""
    figures = {group: _gap_figures(told) for group, told in _groups(report)}
    ours, blind = figures["detecting"], _blind_in_the_gap(report)
    bursts = ours["bursts_above_watch"]
    goals = [
        _goal("one incident over the holes after the gap", ours["after_the_gap"] == 1, str(ours["after_the_gap"])),
        _in_time("opened at the first tick after the gap", ours["delay_minutes"], FIRST_TICK),
        _goal("blind reported for the gap", blind >= LEAST_BLIND, f"{blind / timedelta(hours=1):.1f} h"),
        _goal("8 and 9 April open nothing above watch", not bursts, ", ".join(bursts) or "nothing"),
    ]
    return {**_common(report), "figures": figures, "goals": goals}


def print_table(found: Mapping[str, Any]) -> None:
    """Print, for each recording: the incidents in order, the blind spells of an hour and more, figures and goals."""
    for brand, result in found.items():
        print(f"\n{brand}: {result['mentions']:,} mentions, {result['unmatched']:,} of them about no brand, ", end="")
        print(f"{result['seconds']:.0f} s; rules with a detector: {', '.join(result['detecting'])}")
        print(f"  {'opened':<21}{'rule':<16}{'opening':<10}{'peak':<10}{'seen':>6}{'usual':>8}  trial")
        for each in result["incidents"]:
            usual = "-" if each["expected"] is None else f"{each['expected']:.1f}"
            print(f"  {each['opened_at']:<21}{each['rule']:<16}{each['level']:<10}{each['peak_level']:<10}", end="")
            print(f"{each['observed']:>6.0f}{usual:>8}  {'yes' if each['trial'] else ''}")
        for each in result["blind"]:
            if each["hours"] is None or each["hours"] >= 1.0:
                print(f"  blind: {each['source']} from {each['from']} to {each['to']} ({each['reason']})")
        for group, figures in result["figures"].items():
            told = ", ".join(f"{name} {value}" for name, value in figures.items())
            print(f"  {'rules with a detector' if group == 'detecting' else 'every rule that sends'}: {told}")
        for each in result["goals"]:
            print(f"  {'met   ' if each['met'] else 'MISSED'} {each['goal']}: {each['said']}")


def _config(home: Path, recording: Recording) -> Path:
    """The starter as ``crisiswatch init`` writes it, with the recording's brand in the place of the example's."""
    config = write_starter(home)
    config.write_text(
        f"version: 1\nbrands:\n  - {{id: {recording.brand}, name: {recording.name}, "
        f"handles: {{care: ['{recording.handle}']}}, any: [{', '.join(recording.any)}]}}\n"
        "receivers:\n  - {id: console, type: console}\nroutes:\n  - {receivers: [console]}\n",
        encoding="utf-8",
    )
    return config


def _detecting(ruleset: Ruleset) -> set[str]:
    """The rules that ask a detector at any level: those with ``surprise``."""

    def measures(block: Block) -> Iterator[str]:
        yield from (each.measure for each in block.conditions)
        for inner in block.any_of:
            yield from measures(inner)

    return {rule.id for rule in ruleset.rules if any("surprise" in measures(block) for _, block in rule.levels)}


def _groups(report: Report) -> tuple[tuple[str, Sequence[Report]], ...]:
    """The incidents that were sent: of the rules with a detector, and of every rule."""
    sent = sorted(report["incidents"], key=lambda each: _time(each["opened_at"]))
    detecting = [each for each in sent if each["rule"] in report["detecting"]]
    return ("detecting", detecting), ("sending", sent)


def _outage_figures(told: Sequence[Report], weeks: float) -> dict[str, Any]:
    false = [each for each in told if not _within(each, OUTAGE)]
    return {
        "false": len(false),
        "false_a_week": round(len(false) / weeks, 3),
        "delay_minutes": _minutes_to_first(told, OUTAGE),
    }


def _gap_figures(told: Sequence[Report]) -> dict[str, Any]:
    loud = [each for each in told if _within(each, BURSTS) and each["peak_level"] != "watch"]
    return {
        "after_the_gap": len([each for each in told if _within(each, AFTER)]),
        "delay_minutes": _minutes_to_first(told, AFTER),
        "bursts_above_watch": [f"{each['rule']} {each['peak_level']} {each['opened_at']}" for each in loud],
    }


def _common(report: Report) -> dict[str, Any]:
    told = [{**each, "trial": trial} for trial, key in ((False, "incidents"), (True, "trial")) for each in report[key]]
    return {
        "mentions": report["mentions"],
        "unmatched": report["unmatched"],
        "seconds": report["seconds"],
        "detecting": report["detecting"],
        "incidents": [
            {
                **{
                    key: each[key] for key in ("rule", "opened_at", "resolved_at", "peak_level", "observed", "expected")
                },
                "level": each["levels"][0]["level"],
                "trial": each["trial"],
            }
            for each in sorted(told, key=lambda each: _time(each["opened_at"]))
        ],
        "blind": [{**each, "hours": _hours(each)} for each in report["blind"]],
    }


def _blind_in_the_gap(report: Report) -> timedelta:
    """The longest time within the gap that one spell of blindness covers."""
    spells = [(_time(each["from"]), GAP[1] if each["to"] is None else _time(each["to"])) for each in report["blind"]]
    covered = [min(end, GAP[1]) - max(start, GAP[0]) for start, end in spells]
    return max([each for each in covered if each > timedelta(0)], default=timedelta(0))


def _minutes_to_first(told: Sequence[Report], span: tuple[datetime, datetime]) -> float | None:
    within = [_time(each["opened_at"]) for each in told if _within(each, span)]
    return None if not within else round((min(within) - span[0]) / timedelta(minutes=1), 1)


def _within(incident: Report, span: tuple[datetime, datetime]) -> bool:
    return span[0] <= _time(incident["opened_at"]) < span[1]


def _hours(spell: Report) -> float | None:
    return None if spell["to"] is None else round((_time(spell["to"]) - _time(spell["from"])) / timedelta(hours=1), 2)


def _goal(goal: str, met: bool, said: str) -> dict[str, Any]:
    return {"goal": goal, "met": met, "said": said}


def _in_time(goal: str, minutes: float | None, latest: float) -> dict[str, Any]:
    said = "never" if minutes is None else f"{minutes:.0f} min"
    return _goal(goal, minutes is not None and minutes <= latest, said)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.detector.real", description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE, help="where the recordings are (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write the results here")
    options = parser.parse_args()
    if not all((options.folder / each.file).exists() for each in (SPOTIFY, UNITED)):
        print(f"the recordings are not in {options.folder}", file=sys.stderr)
        return 2
    found = measure(options.folder)
    print_table(found)
    if options.json is not None:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if all(goal["met"] for result in found.values() for goal in result["goals"]) else 1


if __name__ == "__main__":
    sys.exit(main())
