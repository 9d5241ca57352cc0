"""Much talk that is not about trouble, and another language: neither is a crisis, and the shipped rules must say so.

Streams of real tweets go through the daemon's pipeline (matching, the scorer, the re-estimated shares, the detector,
the rules of ``crisiswatch init``, a store in a temporary folder) in event time, as ``crisiswatch replay`` does it.
Counted are the incidents of the rules that ask the detector; those that open on certain words do so on any stream
where the words come.
The brand is one that the scorer has never heard of (see `heldout`), so that it errs as it does on a stranger's stream.
A stream has mentions at a rate an hour with a rhythm of the day, and the shares of classes that a watched brand has.

``flood``: ten days, then for an hour neutral mentions alone come on top until all are so many times the usual.
``switch``: ten days in Italian, then five in English with the same rate and the same shares.
``wave``: the contrast. The same as a flood, but what comes on top is negative; the rules should find it.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np

from bench.detector.real import Recording
from bench.sentiment.heldout import Split, held_out, scorer
from bench.sentiment.streams import Counting, detecting, starter
from crisiswatch.config import load
from crisiswatch.model import Mention, Scorer
from crisiswatch.replay import Replay
from crisiswatch.store import Store
from crisiswatch.wiring import plan_for

__all__ = ["Kind", "Trial", "measure", "print_flood", "trials"]

START = datetime(2026, 3, 2, tzinfo=UTC)
USUAL, SWITCHED = timedelta(days=10), timedelta(days=5)
AFTER = timedelta(hours=6)  # how long a flood may take to open something
BRAND = Recording("monti", "Monti", "", ("governo", "mariomonti"), "")
_AUTHORS = 4_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What happens: ``flood``, ``wave`` or ``switch``, and to how many times the usual volume."""

    what: str
    times: float = 1.0

    @property
    def name(self) -> str:
        return self.what if self.what == "switch" else f"{self.what} x{self.times:.0f}"


@dataclass(frozen=True, slots=True)
class Trial:
    """One stream: usual mentions an hour, the share of each class, the seed."""

    kind: Kind
    rate: float
    shares: tuple[float, float, float]
    seed: int


KINDS = (Kind("flood", 3), Kind("flood", 5), Kind("switch"), Kind("wave", 3))
RATES = (8.0, 25.0, 60.0)
SHARES = ((0.15, 0.6, 0.25), (0.35, 0.5, 0.15))


Pool = Mapping[str, Sequence[Sequence[str]]]
"""By language the negative, neutral and positive texts."""


def pools(split: Split) -> Pool:
    """The brand's own tweets in Italian, and in English tweets about anything, with the brand's name before them."""
    theirs = split.brands["Monti"]
    english = split.unseen.subset(np.arange(min(9_000, len(split.unseen))))
    return {
        "it": [
            [text for text, is_ in zip(theirs.texts, theirs.labels == label, strict=True) if is_] for label in range(3)
        ],
        "en": [
            [f"Monti: {text}" for text, is_ in zip(english.texts, english.labels == label, strict=True) if is_]
            for label in range(3)
        ],
    }


def trials(seeds: int, kinds: Sequence[Kind] = KINDS) -> list[Trial]:
    return [
        Trial(kind, rate, shares, seed)
        for kind in kinds
        for rate in RATES
        for shares in SHARES
        for seed in range(seeds)
    ]


def measure(folder: Path, quick: bool = False, cache: Path | None = None) -> dict[str, Any]:
    """Every trial with the incidents that opened because of what happened, and how many did before it."""
    split = held_out(folder)
    texts, reads = pools(split), Counting(scorer(split, cache))
    given = trials(1 if quick else 2)[:: 5 if quick else 1]
    return {"trials": [run(trial, texts, reads) for trial in given]}


def run(trial: Trial, texts: Pool, reads: Scorer) -> dict[str, Any]:
    """One stream through the pipeline."""
    started = time.monotonic()
    chance = np.random.default_rng([trial.seed, round(trial.rate), round(100 * trial.shares[0])])
    begins = START + USUAL + timedelta(hours=0 if trial.kind.what == "switch" else float(chance.uniform(7, 22)))
    stream = sorted(_stream(trial, texts, chance, begins), key=lambda mention: mention.created_at)
    with tempfile.TemporaryDirectory(prefix="crisiswatch-flood-") as scratch:
        home = Path(scratch)
        loaded = load(starter(home, BRAND))
        plan = replace(plan_for(loaded), scorer=reads)
        with Store.open(f"sqlite:///{home}/flood.db") as store:
            report = Replay(store, plan).run(stream, monotonic=time.monotonic).as_json()
    asking = detecting(loaded.ruleset)
    told: list[Any] = report["incidents"]  # type: ignore[assignment]
    opened = [each for each in told if each["rule"] in asking]
    ends = begins + (SWITCHED if trial.kind.what == "switch" else timedelta(hours=1) + AFTER)
    during = [each for each in opened if begins <= datetime.fromisoformat(each["opened_at"]) < ends]
    return {
        "kind": trial.kind.name,
        "rate": trial.rate,
        "negative": trial.shares[0],
        "seed": trial.seed,
        "mentions": report["mentions"],
        "begins": begins.isoformat(),
        "before": [_told(each) for each in opened if datetime.fromisoformat(each["opened_at"]) < begins],
        "opened": [_told(each) for each in during],
        "delay_minutes": min((_minutes(each, begins) for each in during), default=None),
        "by_words": len(told) - len(opened),
        "seconds": round(time.monotonic() - started, 2),
    }


def _told(incident: Mapping[str, Any]) -> dict[str, Any]:
    kept = ("rule", "opened_at", "peak_level", "observed", "expected", "organic", "false_alarms_per_month")
    return {key: incident[key] for key in kept}


def _minutes(incident: Mapping[str, Any], begins: datetime) -> float:
    return round((datetime.fromisoformat(incident["opened_at"]) - begins) / timedelta(minutes=1), 1)


def _stream(trial: Trial, texts: Pool, chance: np.random.Generator, begins: datetime) -> Iterator[Mention]:
    decks = {(lang, label): _Deck(texts[lang][label], chance) for lang in texts for label in range(3)}
    number = 0
    switched = trial.kind.what == "switch"
    end = begins + SWITCHED if switched else begins + timedelta(hours=1) + AFTER
    hours = int((end - START) / timedelta(hours=1)) + 1
    for hour in range(hours):
        at = START + timedelta(hours=hour)
        for _ in range(chance.poisson(trial.rate * _rhythm(at))):
            when = at + timedelta(seconds=float(chance.uniform(0, 3600)))
            if when < end:
                lang = "en" if switched and when >= begins else "it"
                number += 1
                yield _mention(number, when, lang, decks[lang, int(chance.choice(3, p=trial.shares))].draw(), chance)
    if not switched:
        label = 0 if trial.kind.what == "wave" else 1
        for _ in range(chance.poisson((trial.kind.times - 1.0) * trial.rate * _rhythm(begins))):
            when = begins + timedelta(seconds=float(chance.uniform(0, 3600)))
            number += 1
            yield _mention(number, when, "it", decks["it", label].draw(), chance)


def _rhythm(at: datetime) -> float:
    """How many times the mean rate is usual at this hour: 0.3 at four in the morning, 1.7 at four in the afternoon."""
    return 1.0 - 0.7 * cos(2 * pi * (at.hour - 4) / 24)


def _mention(number: int, when: datetime, lang: str, text: str, chance: np.random.Generator) -> Mention:
    author = f"u{chance.integers(_AUTHORS)}"
    return Mention(
        uid=f"x:{number}", source="x", created_at=when, text=text, author_id=author, author_followers=300, lang=lang
    )


class _Deck:
    """Texts in a random order, each once before any comes again."""

    def __init__(self, texts: Sequence[str], chance: np.random.Generator) -> None:
        self._texts = texts
        self._chance = chance
        self._left: list[int] = []

    def draw(self) -> str:
        if not self._left:
            self._left = self._chance.permutation(len(self._texts)).tolist()
        return self._texts[self._left.pop()]


def print_flood(found: Mapping[str, Any]) -> None:
    """By kind, rate and share: trials that opened an incident, which rules, and incidents in the ten days before."""
    print("\nNo crisis, and one for contrast (wave): trials in which an incident opened because of it\n")
    for name in dict.fromkeys(each["kind"] for each in found["trials"]):
        these = [each for each in found["trials"] if each["kind"] == name]
        hit = [each for each in these if each["opened"]]
        rules = Counter(incident["rule"] for each in these for incident in each["opened"])
        told = ", ".join(f"{rule} {count}" for rule, count in sorted(rules.items())) or "none"
        print(f"  {name}: {len(hit)} of {len(these)}; incidents: {told}")
        for rate, negative in dict.fromkeys((each["rate"], each["negative"]) for each in these):
            rows = [each for each in these if (each["rate"], each["negative"]) == (rate, negative)]
            opened = sum(bool(each["opened"]) for each in rows)
            print(f"      {rate:.0f} an hour, {100 * negative:.0f} % negative: {opened} of {len(rows)}")
    days = sum(USUAL / timedelta(days=1) for _ in found["trials"])
    before = Counter(incident["rule"] for each in found["trials"] for incident in each["before"])
    print(f"  before it, in {days:,.0f} days of usual talk: {sum(before.values())} incidents {dict(before)}")
