"""Counts without texts on their way: made one for each poll, written into the journal and read from it again."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from crisiswatch.model import VolumeSample
from crisiswatch.windows import minute_of

__all__ = ["COUNTED", "merged", "read", "written"]

COUNTED = "volume_sampled"
"""The kind of a journal entry that holds counts."""


def merged(samples: Sequence[VolumeSample], brands: Collection[str]) -> list[VolumeSample]:
    """One sample for each source and brand of ours, with its minutes: a poll is one sign of life, however fine it is.

    What was said while nobody could listen is apart, and comes first.
    """
    found: dict[tuple[str, str, bool], list[VolumeSample]] = {}
    for sample in samples:
        if sample.brand in brands:
            found.setdefault((sample.source, sample.brand, not sample.backfill), []).append(sample)
    return [_one(found[key]) for key in sorted(found)]


def _one(samples: Sequence[VolumeSample]) -> VolumeSample:
    """All of them as one, minute by minute where each of them is a minute; minutes without any hold nothing."""
    if len(samples) == 1:
        return samples[0]
    start = min(sample.start for sample in samples)
    counts: list[int] = []
    if all(sample.seconds == 60 for sample in samples):
        minutes = {minute_of(sample.start): 0 for sample in samples}
        for sample in samples:
            minutes[minute_of(sample.start)] += sample.count
        counts = [minutes.get(minute, 0) for minute in range(min(minutes), max(minutes) + 1)]
    return replace(
        samples[0],
        start=start,
        seconds=sum(sample.seconds for sample in samples),
        count=sum(sample.count for sample in samples),
        complete=all(sample.complete for sample in samples),
        counts=tuple(counts),
        sampled=any(sample.sampled for sample in samples),
    )


def written(sample: VolumeSample) -> str:
    """A sample as the JSON of a journal entry; the brand is the entry's."""
    told = {
        "source": sample.source,
        "start": sample.start.timestamp(),
        "seconds": sample.seconds,
        "count": sample.count,
        "counts": list(sample.counts),
        "complete": sample.complete,
        "sampled": sample.sampled,
        "backfill": sample.backfill,
    }
    return json.dumps(told, separators=(",", ":"))


def read(brand: str, payload: str) -> VolumeSample:
    """The sample that `written` made a journal entry of."""
    told = json.loads(payload)
    return VolumeSample(
        source=told["source"],
        brand=brand,
        start=datetime.fromtimestamp(told["start"], UTC),
        seconds=told["seconds"],
        count=told["count"],
        complete=told["complete"],
        counts=tuple(told["counts"]),
        sampled=told["sampled"],
        backfill=told["backfill"],
    )
