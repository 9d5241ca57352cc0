"""A brand's state as bytes and back: versioned JSON, the same bytes for the same state, never a pickle."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime
from operator import index
from typing import Any

from crisiswatch.engine.rhythm import Rhythm
from crisiswatch.engine.state import AUTHORS_KEPT, BlindSpell, RuleState, SeriesState, State, Volume
from crisiswatch.errors import StateError
from crisiswatch.model import Reading, Reasons, SignalCounts
from crisiswatch.sentiment.priors import Classes, StreamPrior
from crisiswatch.windows import HASH_SPACE, Bucket, Crowd, Distinct, Lean, Series, Signalled, SlidingSum, Tally, Voices

__all__ = ["VERSION", "decode", "encode"]

VERSION = 2

_RHYTHM = tuple(Rhythm.__slots__)
_RULE_APART = {"levels", "authors", "sources", "peak", "dismissed_count"}
_RULE_PLAIN = tuple(name for name in RuleState.__slots__ if name not in _RULE_APART)
_READING = tuple(name for name in Reading.__slots__ if name not in {"reasons", "signals"})
_REASONS = tuple(Reasons.__slots__)
_SERIES = (
    "keep",
    "keep_bins",
    "author_size",
    "early_end",
    "final_end",
    "keeps_texts",
    "voices_from",
    "crowds_from",
)
_LEAN = tuple(Lean.__slots__)


def encode(state: State) -> bytes:
    """Give the state as compact UTF-8 JSON with its layout's version first."""
    body = {
        "v": VERSION,
        "brand": state.brand,
        "at": [state.now, state.closed, state.first, state.late],
        "series": {key: _series_out(kept) for key, kept in sorted(state.series.items())},
        "rules": {key: _rule_out(rule) for key, rule in sorted(state.rules.items())},
        "sources": {key: [getattr(r, name) for name in _RHYTHM] for key, r in sorted(state.sources.items())},
        "spells": [[s.source, s.since, s.until, s.reason] for s in state.spells],
    }
    if state.scorer:
        body["scorer"] = state.scorer
    if state.priors:
        body["priors"] = {key: _prior_out(prior) for key, prior in sorted(state.priors.items())}
    if state.stand_ins:
        body["stand_ins"] = {
            model: {key: list(weights) for key, weights in sorted(rows.items())}
            for model, rows in sorted(state.stand_ins.items())
        }
    if state.caught_up:
        body["caught_up"] = [list(span) for span in state.caught_up]
    if state.volumes:
        body["volumes"] = {key: _volume_out(volume) for key, volume in sorted(state.volumes.items())}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=True).encode()


def decode(data: bytes) -> State:
    """Give the state that `encode` wrote; raises StateError for anything else."""
    try:
        body = json.loads(data)
        version = body["v"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise StateError("the saved state is damaged: it is not what crisiswatch writes") from error
    if version != VERSION:
        raise StateError(f"the saved state has version {version!r}, this program reads version {VERSION}")
    try:
        return _state_in(body)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
        raise StateError(f"the saved state is damaged: {type(error).__name__}") from error


def _state_in(body: dict[str, Any]) -> State:
    now, closed, first, late = body["at"]
    return State(
        brand=body["brand"],
        now=now,
        closed=closed,
        first=first,
        late=late,
        series={key: _series_in(kept) for key, kept in body["series"].items()},
        rules={key: _rule_in(rule) for key, rule in body["rules"].items()},
        sources={key: Rhythm(**dict(zip(_RHYTHM, row, strict=True))) for key, row in body["sources"].items()},
        spells=[BlindSpell(*row) for row in body["spells"]],
        scorer=body.get("scorer", ""),
        priors={key: _prior_in(row) for key, row in body.get("priors", {}).items()},
        stand_ins={
            model: {key: _classes_in(row) for key, row in rows.items()}
            for model, rows in body.get("stand_ins", {}).items()
        },
        caught_up=[(index(start), index(end)) for start, end in body.get("caught_up", [])],
        volumes={key: _volume_in(row) for key, row in body.get("volumes", {}).items()},
    )


def _volume_out(volume: Volume) -> list[Any]:
    slots = [part for slot in volume.slots for part in slot]
    return [volume.since, volume.until, volume.at, int(volume.stirred), slots]


def _volume_in(row: list[Any]) -> Volume:
    since, until, at, stirred, slots = row
    pairs = zip(map(index, slots[::2]), map(index, slots[1::2]), strict=True)
    return Volume(index(since), index(until), index(at), tuple(pairs), bool(stirred))


def _tally_out(tally: Tally) -> list[Any]:
    known, read, here, parts = (
        dict(sorted(each.items())) for each in (tally.known, tally.read, tally.here, tally.parts)
    )
    return [tally.at, known, list(tally.usual), read, tally.squares, here, parts, int(tally.firm)]


def _tally_in(row: list[Any]) -> Tally:
    at, known, (matching, there), read, squares, here, parts, firm = row
    return Tally(
        index(at),
        {str(name): float(value) for name, value in known.items()},
        (float(matching), float(there)),
        _whole_in(read),
        index(squares),
        _whole_in(here),
        _whole_in(parts),
        bool(firm),
    )


def _whole_in(row: dict[str, Any]) -> dict[str, int]:
    return {str(name): index(value) for name, value in row.items()}


def _prior_out(prior: StreamPrior) -> list[Any]:
    cells = [part for cell, weight in sorted(prior.cells.items()) for part in (cell, _number(weight))]
    return [prior.version, list(prior.shares), list(prior.assumed), cells, prior.born, prior.latest]


def _prior_in(row: list[Any]) -> StreamPrior:
    version, shares, assumed, cells, born, latest = row
    weights = {index(cell): float(weight) for cell, weight in zip(cells[::2], cells[1::2], strict=True)}
    return StreamPrior(_classes_in(shares), _classes_in(assumed), index(version), weights, index(born), index(latest))


def _classes_in(row: list[Any]) -> Classes:
    negative, neutral, positive = map(float, row)
    return negative, neutral, positive


def _series_out(kept: SeriesState) -> dict[str, Any]:
    series = kept.series
    row: dict[str, Any] = {
        "keep": [getattr(series, name) for name in _SERIES],
        "early": [[w.length, w.count, w.total] for w in series.early.values()],
        "final": [[w.length, w.count, w.total] for w in series.final.values()],
        "buckets": [[minute, *_bucket_out(bucket)] for minute, bucket in sorted(series.buckets.items())],
        "crowds": _crowds_out(series.crowds),
        "bins": [part for item in sorted(series.bins.items()) for part in item],
        "learned": [kept.first, kept.learned, *([kept.held] if kept.held >= 0 else [])],
        "detector": None if kept.detector is None else [_number(x) for x in kept.detector],
    }
    if kept.tallies:
        row["tallies"] = {source: _tally_out(tally) for source, tally in sorted(kept.tallies.items())}
    return row


def _series_in(row: dict[str, Any]) -> SeriesState:
    series = Series.__new__(Series)
    series.forget_parts()
    for name, value in zip(_SERIES, row["keep"], strict=True):
        setattr(series, name, value)
    series.oldest = series.final_end - series.keep
    series.early = {w[0]: SlidingSum(*w) for w in row["early"]}
    series.final = {w[0]: SlidingSum(*w) for w in row["final"]}
    series.buckets = {index(b[0]): _bucket_in(b[1:]) for b in row["buckets"]}
    series.crowds = _crowds_in(row["crowds"])
    series.bins = dict(zip(map(index, row["bins"][::2]), row["bins"][1::2], strict=True))
    detector = row["detector"]
    first, learned, *held = row["learned"]
    known = None if detector is None else [float(x) for x in detector]
    tallies = {source: _tally_in(tally) for source, tally in row.get("tallies", {}).items()}
    return SeriesState(series, first, learned, known, index(held[0]) if held else -1, tallies=tallies)


def _bucket_out(bucket: Bucket) -> list[Any]:
    row = [
        bucket.count,
        bucket.total,
        bucket.reach,
        bucket.audience,
        dict(sorted(bucket.sources.items())),
        _voices_out(bucket.voices),
        None if bucket.lean is None else [getattr(bucket.lean, name) for name in _LEAN],
    ]
    if bucket.said is not None:
        said = bucket.said
        categories = dict(sorted(said.categories.items()))
        return [*row, bucket.marked, [said.complaints, said.questions, said.weight, categories]]
    return [*row, bucket.marked] if bucket.marked else row  # rare


def _bucket_in(row: list[Any]) -> Bucket:
    count, total, reach, audience, sources, voices, lean, *rest = row
    marked, *told = rest or (0,)
    (signalled,) = told or (None,)
    return Bucket(
        _voices_in(voices),
        count,
        total,
        reach,
        audience,
        _whole_in(sources),
        None if lean is None else Lean(*lean),
        marked,
        None if signalled is None else _signalled_in(signalled),
    )


def _signalled_in(row: list[Any]) -> Signalled:
    complaints, questions, weight, categories = row
    counts = {str(category): index(count) for category, count in categories.items()}
    return Signalled(index(complaints), index(questions), index(weight), counts)


def _crowds_out(crowds: dict[int, Crowd] | None) -> list[Any] | None:
    if crowds is None:
        return None
    return [[start, _voices_out(c.matching), _voices_out(c.others)] for start, c in sorted(crowds.items())]


def _crowds_in(rows: list[Any] | None) -> dict[int, Crowd] | None:
    if rows is None:
        return None
    return {
        index(start): Crowd(_voices_in(matching) or Voices(), _voices_in(others) or Voices())
        for start, matching, others in rows
    }


def _voices_out(voices: Voices | None) -> list[Any] | None:
    if voices is None or not voices.rows:
        return None
    return [voices.rows, voices.named, voices.worded, _distinct_out(voices.authors), _distinct_out(voices.texts)]


def _voices_in(row: list[Any] | None) -> Voices | None:
    if row is None:
        return None
    rows, named, worded, authors, texts = row
    return Voices(rows, named, worded, _distinct_in(authors), _distinct_in(texts))


def _distinct_out(sketch: Distinct | None) -> str | None:
    """Size and limit as hexadecimal numbers, then eight characters for each hash: most of a state is these."""
    if sketch is None:
        return None
    hashes = b"".join(value.to_bytes(6, "big") for value in sorted(sketch.hashes))
    return f"{sketch.size:x}.{sketch.limit % HASH_SPACE:x}.{b64encode(hashes).decode()}"


def _distinct_in(text: str | None) -> Distinct | None:
    if text is None:
        return None
    size, limit, hashes = text.split(".")
    data = b64decode(hashes, validate=True)
    values = [int.from_bytes(data[place : place + 6], "big") for place in range(0, len(data), 6)]
    return Distinct(int(size, 16), values, int(limit, 16) or HASH_SPACE)


def _rule_out(rule: RuleState) -> dict[str, Any]:
    rare = {} if rule.dismissed_count < 0 else {"dismissed_count": rule.dismissed_count}
    return {
        **rare,
        **{name: getattr(rule, name) for name in _RULE_PLAIN},
        "levels": [list(pair) for pair in rule.levels],
        "authors": _distinct_out(rule.authors) if rule.authors.hashes else None,
        "sources": sorted(rule.sources),
        "peak": None if rule.peak is None else _reading_out(rule.peak),
    }


def _rule_in(row: dict[str, Any]) -> RuleState:
    authors = row["authors"]
    return RuleState(
        **{name: row[name] for name in _RULE_PLAIN},
        levels=[(level, minute) for level, minute in row["levels"]],
        authors=_distinct_in(authors) or Distinct(AUTHORS_KEPT),
        sources=_names_in(row["sources"]),
        peak=None if row["peak"] is None else _reading_in(row["peak"]),
        dismissed_count=index(row.get("dismissed_count", -1)),
    )


def _names_in(names: list[Any]) -> set[str]:
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a source has a name")
    return set(names)


def _reading_out(reading: Reading) -> list[Any]:
    values = [getattr(reading, name) for name in _READING]
    why = reading.reasons
    reasons = None if why is None else [_plain(getattr(why, name)) for name in _REASONS]
    row = [*map(_plain, values), reasons]
    said = reading.signals
    if said is None:
        return row
    categories = [part for each in said.categories for part in each]
    return [*row, [said.complaints, said.questions, said.severity, *categories]]


def _reading_in(row: list[Any]) -> Reading:
    plain, (why, *said) = row[: len(_READING)], row[len(_READING) :]
    values = dict(zip(_READING, plain, strict=True))
    for name in ("start", "end"):
        values[name] = datetime.fromisoformat(values[name])
    values["sources"] = tuple(values["sources"])
    (signals,) = [_counts_in(each) for each in said] or (None,)
    return Reading(**values, reasons=None if why is None else _reasons_in(why), signals=signals)


def _counts_in(row: list[Any]) -> SignalCounts:
    complaints, questions, severity, *rest = row
    return SignalCounts(complaints, questions, severity, tuple(zip(rest[::2], rest[1::2], strict=True)))


def _reasons_in(row: list[Any]) -> Reasons:
    values = dict(zip(_REASONS, row, strict=True))
    if values["since"] is not None:
        values["since"] = datetime.fromisoformat(values["since"])
    return Reasons(**values)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _number(value: float) -> float | int:
    """Write whole numbers short; every float comes back as the very same float."""
    return int(value) if value == int(value) and abs(value) < 1e15 else value
