"""`python -m bench.detector.nab`: simple rules on the benchmark's tweet series, raw and behind the alert layers."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bench.detector.nab.baselines import BASELINES
from bench.detector.nab.series import load
from bench.detector.nab.table import measure, print_table

HERE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "nab-tweets"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.detector.nab", description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE, help="*.csv and windows.json (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write the results here")
    options = parser.parse_args()
    if not (options.folder / "windows.json").exists():
        print(f"there are no series in {options.folder}", file=sys.stderr)
        return 2
    series = load(options.folder)
    found = {name: measure(series, scorer) for name, scorer in BASELINES.items()}
    print_table(found)
    if options.json is not None:
        options.json.write_text(json.dumps({name: each.as_json() for name, each in found.items()}, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
