"""What another scorer makes of the mentions that the one before has read, so that a change of scorer is no crisis.

And the same of one that only stands in now and then: the shipped scorer for a large model that has no time, or the
scorer without a brand's head for mentions of several brands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from crisiswatch.engine.calibration import NO_SCORERS, stream_of
from crisiswatch.matching import Matcher
from crisiswatch.model import Likened, Mention, Rescored, Score, Scorer
from crisiswatch.sentiment import score_mentions
from crisiswatch.sentiment.alike import FEW, alike
from crisiswatch.sentiment.budget import Budgeted
from crisiswatch.sentiment.priors import Classes, StreamPrior, corrected
from crisiswatch.sentiment.stage import Brandwise
from crisiswatch.store import Store, StoredMention

__all__ = ["ReadAgain", "likened", "model_of", "own_scorer", "rescored", "stand_ins", "without"]

SPAN = timedelta(days=14)
READ_AGAIN = 400
"""Mentions of a brand that are read again: a second or two of a slow scorer's time."""

ALONE = 60  # texts of a stream, from which on it is compared by itself

_NOTHING: Classes = (0.0, 0.0, 0.0)

Pair = tuple[StoredMention, Score]


@dataclass(frozen=True, slots=True)
class ReadAgain:
    """What a change of scorer means: ``rows`` for what is known, ``likened`` for the one before as a stand-in."""

    rows: tuple[Rescored, ...] = ()
    likened: tuple[Likened, ...] = ()


def own_scorer(scorer: Scorer, brand: str) -> Scorer:
    """What reads the mentions of one brand alone: the one whose scale its detectors are at."""
    own = scorer.for_brands((brand,)) if isinstance(scorer, Brandwise) else scorer
    return own.main if isinstance(own, Budgeted) else own


def stand_ins(scorer: Scorer, brand: str) -> tuple[Scorer, ...]:
    """What may read a mention of the brand in place of its own scorer: the fall-back, and what has no head of its."""
    own = own_scorer(scorer, brand)
    shared = scorer.for_brands(()) if isinstance(scorer, Brandwise) else scorer
    every = (shared.main, shared.fallback) if isinstance(shared, Budgeted) else (shared,)
    return tuple(each for each in every if each is not own)


def without(scorer: Scorer) -> str:
    """What a scorer, or the fall-back of one, has to do without, and why; empty if nothing."""
    every = (scorer.main, scorer.fallback) if isinstance(scorer, Budgeted) else (scorer,)
    return "; ".join(why for each in every if (why := getattr(each, "reduced", None)))


def model_of(scorer: Scorer) -> str:
    """The name and version a scorer gives its scores; empty for one that can't say, because it fails."""
    nothing = Mention(uid="none:0", source="none", created_at=datetime.fromtimestamp(0, UTC), text="")
    scores, failed = score_mentions(scorer, [nothing])
    return "" if failed else scores[0].model


def rescored(  # noqa: PLR0917 - one question, all of it needed
    store: Store,
    scorer: Scorer,
    matcher: Matcher,
    brand: str,
    before: str,
    priors: Mapping[str, StreamPrior],
    at: datetime,
) -> ReadAgain:
    """Let ``scorer`` read the newest mentions that the model ``before`` has scored; sums by source and language.

    Mentions whose text is gone can't be read again, and those that a stand-in reads this time tell nothing. What
    ``before`` said is corrected by ``priors`` as the detectors were told it.
    """
    usable = [each for each in _newest(store, brand, at) if each.score.model == before]
    model = model_of(own_scorer(scorer, brand))
    pairs = [(each, score) for each, score in _read(scorer, matcher, usable) if score.model == model]
    rows = []
    for key, group in groupby(sorted(pairs, key=_stream), key=_stream):
        mine = list(group)
        old = list(_masses([each.score for each, _ in mine], priors.get(key)))
        new = list(_masses([score for _, score in mine], None))
        source, lang = key.rsplit("|", 1)
        rows.append(Rescored(source, lang or None, len(mine), _sum(old), _sum(new), _squares(old), _squares(new)))
    return ReadAgain(tuple(rows), _compared(before, [(each.score, each, score) for each, score in pairs]))


def likened(store: Store, scorer: Scorer, matcher: Matcher, brand: str, at: datetime) -> tuple[Likened, ...]:
    """Compare the brand's stand-ins with its own scorer, on the newest mentions that this one has scored."""
    others = stand_ins(scorer, brand)
    model = model_of(own_scorer(scorer, brand)) if others else ""
    usable = [each for each in _newest(store, brand, at) if each.score.model == model] if model else []
    rows: list[Likened] = []
    for other in others:
        name = model_of(other)
        found = [(score, each, each.score) for each, score in _read(other, matcher, usable) if score.model == name]
        rows += _compared(name, found)
    return tuple(rows)


def _newest(store: Store, brand: str, at: datetime) -> list[StoredMention]:
    found = store.evidence_mentions(brand, at - SPAN, at + timedelta(minutes=2), READ_AGAIN)
    return [each for each in found if not each.purged]


def _read(scorer: Scorer, matcher: Matcher, usable: Sequence[StoredMention]) -> list[Pair]:
    """What a scorer makes of some mentions, as far as it makes anything of them."""
    terms = [matcher.mask_terms(each.brands) for each in usable]
    about = [each.brands for each in usable]
    scores, _ = score_mentions(scorer, [each.mention for each in usable], terms, about)
    return [pair for pair in zip(usable, scores, strict=True) if pair[1].model not in NO_SCORERS]


def _compared(model: str, found: Sequence[tuple[Score, StoredMention, Score]]) -> tuple[Likened, ...]:
    """How the scores of ``model``, the first of each row, compare with the others: on the whole, and by stream."""
    streams: dict[str, list[tuple[Score, StoredMention, Score]]] = {}
    for row in found:
        streams.setdefault(stream_of(row[1].mention.source, row[1].mention.lang), []).append(row)
    rows: list[Likened] = []
    for key, mine in [("|", list(found)), *sorted(streams.items())]:
        weights = alike([theirs for theirs, _, _ in mine], [ours for _, _, ours in mine])
        if weights is not None and len(mine) >= (FEW if key == "|" else ALONE):
            source, lang = key.rsplit("|", 1)
            rows.append(Likened(model, source, lang or None, len(mine), weights))
    return tuple(rows)


def _stream(pair: Pair) -> str:
    return stream_of(pair[0].mention.source, pair[0].mention.lang)


def _masses(scores: Iterable[Score], prior: StreamPrior | None) -> Iterable[Classes]:
    """What each score counts for each class: probabilities where they are calibrated, else its label alone."""
    for score in scores:
        parts = (score.negative, score.neutral, score.positive)
        if not score.calibrated:
            label = score.label.value
            yield (float(label == "negative"), float(label == "neutral"), float(label == "positive"))
        elif prior is not None:
            yield corrected(parts, prior.shares)
        else:
            yield parts


def _squares(masses: Iterable[Classes]) -> Classes:
    return _sum((negative**2, neutral**2, positive**2) for negative, neutral, positive in masses)


def _sum(masses: Iterable[Classes]) -> Classes:
    total = _NOTHING
    for each in masses:
        total = (total[0] + each[0], total[1] + each[1], total[2] + each[2])
    return total
