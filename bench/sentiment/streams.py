"""Two recorded streams through the whole product, read by VADER and by the default scorer: before and after.

What is known to have happened in them, and how an incident is judged, is `bench.detector.real`'s; the rules are those
that ``crisiswatch init`` writes. Beside the incidents stands how much of each stream a scorer takes for negative, by
its labels and by its probabilities added up (as they come, before the stream's shares are re-estimated), and how many
negatives were expected when the known event was told.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.detector.real import SPOTIFY, UNITED, Recording, spotify, united
from crisiswatch.config import load, write_starter
from crisiswatch.model import Score, Scorer, Sentiment, Text
from crisiswatch.replay import Replay
from crisiswatch.rules.model import Block, Ruleset
from crisiswatch.sentiment.registry import scorer
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import Store
from crisiswatch.wiring import plan_for

__all__ = ["RECORDINGS", "SCORERS", "Counting", "detecting", "measure", "missing", "print_streams", "starter"]

RECORDINGS = {"spotify": (SPOTIFY, spotify), "united": (UNITED, united)}
SCORERS = ("vader", "lite")


def missing(folder: Path) -> list[str]:
    """Recordings that the folder does not have."""
    return [recording.file for recording, _ in RECORDINGS.values() if not (folder / recording.file).exists()]


class Counting:
    """A scorer that adds up what it takes for negative, and reads no text twice."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._known: dict[Text, Score] = {}
        self.texts, self.labelled, self.summed = 0, 0, 0.0

    def score(self, texts: Sequence[Text]) -> list[Score]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._scorer.score(new), strict=True))
        found = [self._known[text] for text in texts]
        self.texts += len(found)
        self.labelled += sum(each.label is Sentiment.NEGATIVE for each in found)
        self.summed += sum(each.negative for each in found)
        return found


def measure(folder: Path, quick: bool = False) -> dict[str, Any]:
    """By recording and scorer the incidents and figures of `bench.detector.real`, and ``negative``: percent of texts.

    Quick: the smaller recording alone, by VADER.
    """
    names, readers = (["spotify"], SCORERS[:1]) if quick else (list(RECORDINGS), SCORERS)
    return {name: {reader: _replayed(folder, name, reader) for reader in readers} for name in names}


def _replayed(folder: Path, name: str, reader: str) -> dict[str, Any]:
    recording, figures = RECORDINGS[name]
    counting = Counting(scorer(reader))
    with tempfile.TemporaryDirectory(prefix="crisiswatch-streams-") as scratch:
        home = Path(scratch)
        loaded = load(starter(home, recording))
        plan = replace(plan_for(loaded), scorer=counting)
        with (
            Store.open(f"sqlite:///{home}/streams.db") as store,
            arrivals([folder / recording.file], source="replay", now=datetime.now(UTC), folder=home) as stream,
        ):
            report = Replay(store, plan).run(stream, monotonic=time.monotonic).as_json()
    found = figures({**report, "detecting": sorted(detecting(loaded.ruleset))})
    texts = max(1, counting.texts)
    share = {"labelled": 100.0 * counting.labelled / texts, "summed": 100.0 * counting.summed / texts}
    return {**found, "negative": share}


def starter(home: Path, recording: Recording) -> Path:
    """Write what ``crisiswatch init`` does, with one brand, and give the configuration's path."""
    config = write_starter(home)
    handles = f"handles: {{care: ['{recording.handle}']}}, " if recording.handle else ""
    config.write_text(
        f"version: 1\nbrands:\n  - {{id: {recording.brand}, name: {recording.name}, {handles}"
        f"any: [{', '.join(recording.any)}]}}\n"
        "receivers:\n  - {id: console, type: console}\nroutes:\n  - {receivers: [console]}\n",
        encoding="utf-8",
    )
    return config


def detecting(ruleset: Ruleset) -> set[str]:
    """The rules that ask a detector: those with ``surprise`` at any level."""

    def asks(block: Block) -> bool:
        return any(each.measure == "surprise" for each in block.conditions) or any(map(asks, block.any_of))

    return {rule.id for rule in ruleset.rules if any(asks(block) for _, block in rule.levels)}


def print_streams(found: Mapping[str, Any]) -> None:
    """Every incident of the rules with a detector, and one line of figures for each scorer."""
    print("\nRecorded streams with the shipped rules: one scorer, then the other")
    for name, readers in found.items():
        for reader, each in readers.items():
            told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in each["figures"]["detecting"].items())
            negative = each["negative"]
            print(f"\n  {name}, {reader}: {told}; taken for negative {negative['labelled']:.1f} % by label, ", end="")
            print(f"{negative['summed']:.1f} % summed")
            for incident in each["incidents"]:
                if incident["rule"] in each["detecting"] and not incident["trial"]:
                    usual = "-" if incident["expected"] is None else f"{incident['expected']:.1f}"
                    print(
                        f"      {incident['opened_at']:<21}{incident['rule']:<16}{incident['level']:<9} to "
                        f"{incident['peak_level']:<9}{incident['observed']:>6.0f} seen, {usual} expected"
                    )
            for goal in each["goals"]:
                print(f"      {'met   ' if goal['met'] else 'MISSED'} {goal['goal']}: {goal['said']}")
