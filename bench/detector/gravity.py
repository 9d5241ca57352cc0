"""`python -m bench.detector.gravity`: how often complaints have grave words, in calm times and in a crisis.

The recordings are read as the product reads them: what is negative says VADER, the brand's own words hidden from it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.detector.real import HERE, SPOTIFY, UNITED, Recording
from crisiswatch.matching import BrandTerms, Matcher, grave, normalise
from crisiswatch.model import Mention
from crisiswatch.sentiment import VaderScorer, score_mentions
from crisiswatch.sources.ordering import arrivals

__all__ = ["Share", "main", "measure"]

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Share:
    """``marked`` of ``negative`` mentions of a stretch have grave words, and ``others`` of the ``rest``.

    ``scatter`` is the variance of the daily figures against what chance alone gives; 1 where days are alike.
    """

    name: str
    negative: int
    marked: int
    rest: int
    others: int
    scatter: float | None


@dataclass(frozen=True, slots=True)
class _Read:
    when: datetime
    negative: bool
    grave: bool


def _at(day: int, hour: int = 0, *, month: int, year: int = 2017) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


_UNITED_NEWS = (_at(6, 14, month=4), _at(6, 23, month=4))
_OUTAGE = (_at(28, 20, month=11), _at(29, 3, month=11))

STRETCHES: dict[Recording, dict[str, Callable[[datetime], bool]]] = {
    UNITED: {
        "United, calm": lambda when: when < _at(10, month=4) and not _UNITED_NEWS[0] <= when < _UNITED_NEWS[1],
        "United, the small incident": lambda when: _UNITED_NEWS[0] <= when < _UNITED_NEWS[1],
        "United, crisis": lambda when: when >= _at(10, month=4),
    },
    SPOTIFY: {
        "SpotifyCares, calm": lambda when: not _OUTAGE[0] <= when < _OUTAGE[1],
        "SpotifyCares, outage": lambda when: _OUTAGE[0] <= when < _OUTAGE[1],
    },
}


def measure(folder: Path) -> list[Share]:
    """Read both recordings of ``folder``; one row for each of their stretches."""
    rows = []
    for recording, stretches in STRETCHES.items():
        said = list(_read(folder, recording))
        rows += [_share(name, [each for each in said if inside(each.when)]) for name, inside in stretches.items()]
    return rows


def _read(folder: Path, recording: Recording) -> Iterator[_Read]:
    matcher = Matcher([BrandTerms(recording.brand, (recording.handle,), (recording.name, *recording.any))])
    scorer, mask = VaderScorer(), matcher.mask_terms([recording.brand])
    batch: list[Mention] = []
    with arrivals([folder / recording.file], source="bench", now=datetime.now(UTC)) as stream:
        for mention in stream:
            if matcher.brands_of_mention(mention):
                batch.append(mention)
            if len(batch) == BATCH:
                yield from _scored(scorer, mask, batch)
                batch = []
    yield from _scored(scorer, mask, batch)


def _scored(scorer: VaderScorer, mask: tuple[str, ...], batch: Sequence[Mention]) -> Iterator[_Read]:
    scores, _ = score_mentions(scorer, batch, [mask] * len(batch))
    for mention, score in zip(batch, scores, strict=True):
        yield _Read(mention.created_at, score.label.value == "negative", grave(normalise(mention.text)))


def _share(name: str, said: Sequence[_Read]) -> Share:
    negative, rest = [each for each in said if each.negative], [each for each in said if not each.negative]
    return Share(
        name,
        len(negative),
        sum(each.grave for each in negative),
        len(rest),
        sum(each.grave for each in rest),
        _scatter(negative),
    )


def _scatter(negative: Sequence[_Read]) -> float | None:
    """Pearson's chi-square of the daily shares over its degrees of freedom; None for less than three days."""
    asked = Counter(each.when.date() for each in negative)
    marked = Counter(each.when.date() for each in negative if each.grave)
    rate = marked.total() / max(asked.total(), 1)
    if len(asked) < 3 or not 0 < rate < 1:
        return None
    chance = [(marked[day] - rate * count) ** 2 / (count * rate * (1 - rate)) for day, count in asked.items()]
    return sum(chance) / (len(asked) - 1)


def _print(rows: Sequence[Share]) -> None:
    print(f"{'':<28}{'negative':>10}{'grave':>8}{'share':>8}{'scatter':>9}{'others':>10}{'grave':>8}{'share':>8}")
    for row in rows:
        scatter = "-" if row.scatter is None else f"{row.scatter:.1f}"
        print(f"{row.name:<28}{row.negative:>10,}{row.marked:>8,}{_percent(row.marked, row.negative):>8}", end="")
        print(f"{scatter:>9}{row.rest:>10,}{row.others:>8,}{_percent(row.others, row.rest):>8}")


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "-"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.detector.gravity", description=__doc__)
    parser.add_argument("--folder", type=Path, default=HERE, help="where the recordings are (%(default)s)")
    folder = parser.parse_args(arguments).folder
    if not all((folder / each.file).exists() for each in STRETCHES):
        print(f"skipped: the recordings are not in {folder}", file=sys.stderr)
        return 0
    _print(measure(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
