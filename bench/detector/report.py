"""The tables: each part's figures, as they also stand in the JSON, in Markdown that reads well on a terminal too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bench.detector import real
from bench.detector.nab import LAYERS, PROFILES
from bench.detector.ours import NAME

__all__ = ["grid", "print_part"]

Part = Mapping[str, Any]


def print_part(name: str, found: Any) -> None:
    """Print one part's tables under its heading."""
    print(f"\n## {_TITLES[name]}")
    _PRINTERS[name](found)


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with aligned columns: the first to the left, the others to the right."""
    rows = [list(row) for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *rows]) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        first, *others = (
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join([first, *others])} |"

    rule = "|".join(
        ["", *(("-" * (width + 2)) if not i else "-" * (width + 1) + ":" for i, width in enumerate(widths)), ""]
    )
    return "\n".join([line(head), rule, *(line(row) for row in rows)])


def _simulator(found: Part) -> None:
    ours, bound = found["ours"], found["bound"]
    print(f"\nSeeds {_seeds(found['seeds'])}: {found['crises']} crises in {found['months']:g} brand-months; ", end="")
    print("one threshold for all brands. FA: false alarms a brand and month.")
    print(f"Rivals `tuned` have the setting that did best on seeds {_seeds(found['dev_seeds'])}.\n")
    rows = [("clairvoyant bound", bound["1"])]
    rows += [(f"{NAME}, at {rate}", ours[rate]) for rate in ("0.5", "1", "2")]
    rows += [(f"{NAME}, stated 1", found["stated"]), (f"{NAME}, counts alone", found["counts_alone"]["1"])]
    rivals = sorted(found["rivals"], key=lambda row: -(row["at_one"]["recall"] or 0.0))
    rows += [(f"{row['name']}{_how(row['setting'], tuned=row['tuned'])}", row["at_one"]) for row in rivals]
    shapes = list(ours["1"]["by_shape"])
    print(
        grid(
            ["detector", "threshold", "FA", "recall", "median / p90 min", "in 1 h", *shapes],
            ([name, *_figures(row), *(_part(row["by_shape"].get(shape)) for shape in shapes)] for name, row in rows),
        )
    )
    _simulator_more(found, rows[:7])
    print("\nWhat the tuned rivals chose:\n")
    print(grid(["rule", "setting"], ([row["name"], row["setting"]] for row in rivals if row["tuned"])))


def _simulator_more(found: Part, rows: Sequence[tuple[str, Part]]) -> None:
    sizes = list(found["ours"]["1"]["by_rate"])
    print("\nRecall (false alarms) by mentions an hour:\n")
    print(
        grid(
            ["detector", *sizes],
            (
                [
                    name,
                    *(
                        f"{_part(row['by_rate'].get(size))} ({_number(row['false_alarms_by_rate'].get(size))})"
                        for size in sizes
                    ),
                ]
                for name, row in rows
            ),
        )
    )
    causes = sorted({cause for _, row in rows for cause in row["causes"]})
    print("\nFalse alarms by cause:\n")
    print(
        grid(
            ["detector", *causes],
            ([name, *(_number(row["causes"].get(each, 0.0)) for each in causes)] for name, row in rows),
        )
    )
    print("\nThe trade-off:\n")
    head = [
        "FA at most",
        "threshold",
        "FA",
        "recall",
        "median / p90 min",
        "in 1 h",
        "bound: recall",
        "bound: median",
        "bound: in 1 h",
    ]
    print(
        grid(
            head,
            (
                [
                    rate,
                    *_figures(row),
                    _part(there["recall"], 1),
                    _minutes(there["median_delay"]),
                    _part(there["within_hour"]),
                ]
                for (rate, row), there in zip(found["ours"].items(), found["bound"].values(), strict=True)
            ),
        )
    )


def _trials(found: Part) -> None:
    print(f"\nAt the stated threshold of one false alarm a month, {found['threshold']:.2f}.")
    print("A sharp crisis so many hours after the first mention ever:\n")
    print(
        grid(
            ["hours", "trials", "recall", "median min", "false alarms in all"],
            (
                [
                    hours,
                    str(row["trials"]),
                    _part(row["recall"], 1),
                    _minutes(row["median_delay"]),
                    str(row["false_alarms"]),
                ]
                for hours, row in found["cold"].items()
            ),
        )
    )
    week = found["first_week"]
    causes = ", ".join(f"{cause} {rate:.2f}" for cause, rate in week["causes"].items()) or "none"
    print(
        f"\nFirst week of {week['brands']} simulated brands: {week['false_alarms_per_month']:.2f} false alarms a ",
        end="",
    )
    print(f"brand-month ({causes}).\n")
    print(
        grid(
            ["opens an incident", "trials", "stated 10", "stated 1", "stated 0.1", "by chance at 1"],
            (
                [
                    name,
                    str(row["trials"]),
                    *(_part(row["opened"][rate], 1) for rate in ("10", "1", "0.1")),
                    _part(row["nominal"], 1),
                ]
                for name, row in (("neutral flood, volume x 3", found["flood"]), ("viral joy", found["joy"]))
            ),
        )
    )


def _calibration(found: Part) -> None:
    print(
        f"\nCalm brands, {found['months_a_rate']:g} brand-months a rate after the first fourteen days. Measured false"
    )
    print("alarms a month as a multiple of the stated ones (95 % interval), and all that the alert layer tells / opens")
    print("a month.\n")
    stated = list(found["pooled"])
    rows = [("all", found["pooled"]), *((f"{rate} an hour", row) for rate, row in found["by_rate"].items())]
    print(
        grid(
            ["brand", *(f"stated {rate}" for rate in stated), *(f"told / opened at {rate}" for rate in stated)],
            (
                [
                    name,
                    *(
                        f"x {row[rate]['factor']:.2f} ({row[rate]['low']:.2f}-{row[rate]['high']:.2f})"
                        for rate in stated
                    ),
                    *(f"{row[rate]['told']:.2f} / {row[rate]['opened']:.2f}" for rate in stated),
                ]
                for name, row in rows
            ),
        )
    )


def _nab(found: Part) -> None:
    print(
        f"\n{', '.join(found['series'])}. Profiles standard / low FP / low FN; no look ahead. `left out`: each series ",
        end="",
    )
    print("with the thresholds\nof the others.\n")
    names = [layer.name for layer in LAYERS]
    detectors = found["detectors"]
    extra = ["given thresholds"] if found["given"] else []
    print(
        grid(
            ["detector", "mean of layers", *extra, "left out", "raw", "found", "false rows", *names],
            (
                [
                    name,
                    _triple(row["mean_of_layers"]),
                    *([_triple(row["given"]) if "given" in row else "-"] if extra else []),
                    _triple(row["left_out"]),
                    _triple({profile: each["score"] for profile, each in row["raw"].items()}),
                    f"{row['hits']}/{row['windows']}",
                    str(row["false_rows"]),
                    *(
                        _triple({profile: each["score"] for profile, each in row["layers"][layer].items()})
                        for layer in names
                    ),
                ]
                for name, row in detectors.items()
            ),
        )
    )
    print(
        "\nThresholds behind the layers, for use on other series (the JSON has them in full, for --nab-thresholds):\n"
    )
    print(
        grid(
            ["detector", *names],
            (
                [
                    name,
                    *(
                        _triple({p: each["threshold"] for p, each in row["layers"][layer].items()}, ".4f")
                        for layer in names
                    ),
                ]
                for name, row in detectors.items()
            ),
        )
    )


def _speed(found: Part) -> None:
    print("\nOne core, one stream, one after the other; an update is one `score_one` and one `learn_one`.\n")
    print(
        grid(
            ["estimator", "updates/s", "live KiB", "encoded KiB"],
            (
                [
                    row["name"],
                    f"{row['updates_per_second']:,.0f}",
                    f"{row['live_bytes'] / 1024:.1f}",
                    f"{row['encoded_bytes'] / 1024:.1f} {row['encoded']}",
                ]
                for row in found["rows"]
            ),
        )
    )
    print(f"\nOurs as the store keeps it: {found['stored_bytes'] / 1024:.1f} KiB.")


def _ablation(found: Sequence[Part]) -> None:
    print("\nDevelopment streams. NAB: mean of four layers, standard / low FP / low FN.\n")
    print(
        grid(
            ["variant", "recall at 0.5", "at 1", "at 2", "median min", "in 1 h", "worst shape", "worst size", "NAB"],
            (
                [
                    row["name"],
                    *(_part(row["recall"][rate], 1) for rate in ("0.5", "1", "2")),
                    _minutes(row["at_one"]["median_delay"]),
                    _part(row["at_one"]["within_hour"]),
                    _part(min(row["at_one"]["by_shape"].values())),
                    _part(min(row["at_one"]["by_rate"].values())),
                    "-" if row["nab"] is None else _triple(row["nab"]),
                ]
                for row in found
            ),
        )
    )


def _how(setting: str, *, tuned: bool) -> str:
    if tuned:
        return " (tuned)"
    return " (first seed alone)" if setting.endswith("first seed alone") else ""


def _figures(row: Part) -> list[str]:
    threshold = row["threshold"]
    return [
        "never" if threshold is None else f"{threshold:.3g}",
        _number(row["false_alarms_per_month"]),
        _part(row["recall"], 1),
        f"{_minutes(row['median_delay'])} / {_minutes(row['p90_delay'])}",
        _part(row["within_hour"]),
    ]


def _part(part: float | None, digits: int = 0) -> str:
    return "-" if part is None else f"{100 * part:.{digits}f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _minutes(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _triple(row: Mapping[str, float | None], how: str = ".1f") -> str:
    values = [row[profile] for profile in PROFILES]
    return " / ".join("never" if value is None else format(value, how) for value in values)


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) > 1 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]}-{seeds[-1]}"
    return ", ".join(str(seed) for seed in seeds)


_TITLES = {
    "simulator": "Simulated brands",
    "trials": "Single questions",
    "calibration": "Stated against measured",
    "nab": "Tweet series of the Numenta Anomaly Benchmark",
    "streams": "Recorded streams through the whole product",
    "speed": "Speed and size",
    "ablation": "What carries the result",
}
_PRINTERS: dict[str, Callable[[Any], None]] = {
    "simulator": _simulator,
    "trials": _trials,
    "calibration": _calibration,
    "nab": _nab,
    "streams": real.print_table,
    "speed": _speed,
    "ablation": _ablation,
}
